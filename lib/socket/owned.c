/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/owned.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "socket/device.h"
#include "socket/real.h"

#define RUN_DIRS "/run/mcring"
#define DEPTH    4 /* of VLAN devices on VLAN devices */

static int read_file(const char *path, char *text, size_t cap)
{
	size_t len = 0;
	ssize_t n = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	while (n > 0 && len < cap) {
		n = mcr_real.read(fd, text + len, cap - len);
		len += n > 0 ? (size_t)n : 0;
	}
	n = n < 0 ? -errno : n;
	mcr_real.close(fd);
	return n < 0 ? (int)n : (int)len;
}

int mcr_owned_read(struct mcr_listed_interface out[MCR_OWNED_MAX], const char *run_dir)
{
	char path[PATH_MAX], *text = malloc(MCR_INTERFACE_LIST_BYTES);
	int n;

	if (!text)
		return -ENOMEM;
	snprintf(path, sizeof(path), "%s/%s", run_dir, MCR_INTERFACE_LIST_FILE);
	n = read_file(path, text, MCR_INTERFACE_LIST_BYTES);
	if (n >= 0)
		n = mcr_interface_list_parse(out, MCR_OWNED_MAX, text, (size_t)n);
	free(text);
	return n;
}

/* Whether a list says that the device is an engine's alone: itself, or what it stands on. */
static int is_alone_in(const char *dir, const char *device)
{
	struct mcr_listed_interface *list = calloc(MCR_OWNED_MAX, sizeof(*list));
	char at[IF_NAMESIZE], below[IF_NAMESIZE];
	int n = list ? mcr_owned_read(list, dir) : 0, is_alone = 0, is_more = 1;

	snprintf(at, sizeof(at), "%s", device);
	for (int depth = 0; depth < DEPTH && is_more && n > 0; depth++) {
		for (int i = 0; i < n; i++)
			is_alone |= strcmp(list[i].netdev, at) == 0 && !list[i].is_shared;
		is_more = mcr_device_below(below, at) != 0;
		memcpy(at, below, is_more ? sizeof(at) : 0);
	}
	free(list);
	return is_alone;
}

int mcr_owned_alone(const char *device, const char *run_dir)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dirs;
	int is_alone = is_alone_in(run_dir, device);

	dirs = is_alone ? NULL : opendir(RUN_DIRS);
	while (dirs && !is_alone && (entry = readdir(dirs))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), RUN_DIRS "/%s", entry->d_name);
		is_alone = is_alone_in(path, device);
	}
	if (dirs)
		closedir(dirs);
	return is_alone;
}
