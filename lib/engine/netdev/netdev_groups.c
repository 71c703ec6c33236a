/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/netdev/netdev_groups.h"

#define IGMP_PATH  "/proc/thread-self/net/igmp"
#define IGMP6_PATH "/proc/thread-self/net/igmp6"
#define FILE_MAX   (1u << 20)

static void add(struct mcr_netdev_groups *to, struct mcr_address group)
{
	if (to->n == MCR_NETDEV_GROUPS_MAX)
		to->is_more = 1;
	else
		to->list[to->n++] = group;
}

/* Takes the next line off *text. Returns 0 at the end. */
static int next_line(char line[128], const char **text)
{
	size_t len = strcspn(*text, "\n");

	if (**text == '\0')
		return 0;
	snprintf(line, 128, "%.*s", (int)len, *text);
	*text += len + ((*text)[len] == '\n');
	return 1;
}

/* A line of a device has its index in front; those of its groups follow, each with the address as
 * a number that has the octets of the wire in memory. */
void mcr_netdev_groups_add_igmp(struct mcr_netdev_groups *out, const char *text, uint32_t index)
{
	char line[128];
	int is_ours = 0;
	unsigned number;

	while (next_line(line, &text))
		if (line[0] != '\t' && line[0] != ' ')
			is_ours = sscanf(line, "%u", &number) == 1 && number == index;
		else if (is_ours && sscanf(line, " %8x", &number) == 1)
			add(out, mcr_address_from_ipv4(number));
}

/* Each line has index, device and the address in hexadecimal digits. */
void mcr_netdev_groups_add_igmp6(struct mcr_netdev_groups *out, const char *text, uint32_t index)
{
	char line[128], digits[33];
	struct mcr_address group;
	unsigned number;

	while (next_line(line, &text)) {
		unsigned i = 0;

		if (sscanf(line, "%u %*15s %32[0-9a-f]", &number, digits) != 2 || number != index ||
		    strlen(digits) != 32)
			continue;
		while (i < 16 && sscanf(digits + (size_t)2 * i, "%2hhx", &group.octets[i]) == 1)
			i++;
		if (i == 16)
			add(out, group);
	}
}

/* Returns the whole text, allocated, or NULL. */
static char *read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : malloc(FILE_MAX);
	size_t len = 0;
	ssize_t got = -1;

	while (text && len < FILE_MAX - 1) {
		got = read(fd, text + len, FILE_MAX - 1 - len);
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	if (got != 0) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

void mcr_netdev_groups_look(struct mcr_netdev_groups *out, uint32_t index)
{
	static const struct {
		const char *path;
		void (*add)(struct mcr_netdev_groups *, const char *, uint32_t);
	} files[] = {{IGMP_PATH, mcr_netdev_groups_add_igmp},
		     {IGMP6_PATH, mcr_netdev_groups_add_igmp6}};

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *text = read_file(files[i].path);

		if (text)
			files[i].add(out, text, index);
		else if (access(files[i].path, F_OK) ==
			 0) /* a kernel without the family has none */
			out->is_more = 1;
		free(text);
	}
}

int mcr_netdev_groups_has(const struct mcr_netdev_groups *groups, struct mcr_address group)
{
	for (size_t i = 0; i < groups->n; i++)
		if (mcr_address_is_equal(groups->list[i], group))
			return 1;
	return groups->is_more;
}
