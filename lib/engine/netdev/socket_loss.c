/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <linux/if_packet.h>

#include "core/error.h"
#include "engine/netdev/socket_loss.h"

/* Sockets are known by inode, because a descriptor's number is used again. */
struct mcr_sockets {
	ino_t *inodes;
	size_t n, cap;
};

static int is_packet_socket(int fd)
{
	socklen_t len = sizeof(int);
	int domain;

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_PACKET;
}

static int is_bound_to(int fd, uint32_t interface)
{
	struct sockaddr_ll address = {0};
	socklen_t len = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
	       address.sll_family == AF_PACKET && address.sll_ifindex == (int)interface;
}

static int add(struct mcr_sockets *s, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		ino_t *inodes = realloc(s->inodes, cap * sizeof(*inodes));

		if (!inodes)
			return -ENOMEM;
		s->inodes = inodes;
		s->cap = cap;
	}
	s->inodes[s->n++] = st.st_ino;
	return 0;
}

static int has(const struct mcr_sockets *s, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return 1;
	for (size_t i = 0; i < s->n; i++)
		if (s->inodes[i] == st.st_ino)
			return 1;
	return 0;
}

/* Returns the next packet socket of the process, or -1: there is none. */
static int next_socket(DIR *dir)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);

		if (*end == '\0' && end != entry->d_name && is_packet_socket((int)fd))
			return (int)fd;
	}
	return -1;
}

int mcr_sockets_note(struct mcr_sockets **out, struct mcr_error *err)
{
	struct mcr_sockets *s = calloc(1, sizeof(*s));
	DIR *dir;
	int fd, ret = 0;

	if (!s)
		return mcr_error_set(err, -ENOMEM, "no memory to note the sockets");
	dir = opendir("/proc/self/fd");
	if (!dir) {
		ret = mcr_error_set(err, -errno, "/proc/self/fd: %s", strerror(errno));
		mcr_sockets_destroy(s);
		return ret;
	}
	while (ret == 0 && (fd = next_socket(dir)) >= 0)
		ret = add(s, fd);
	closedir(dir);
	if (ret == 0) {
		*out = s;
		return 0;
	}
	mcr_sockets_destroy(s);
	return mcr_error_set(err, ret, "cannot note the sockets: %s", strerror(-ret));
}

void mcr_sockets_destroy(struct mcr_sockets *s)
{
	if (!s)
		return;
	free(s->inodes);
	free(s);
}

int mcr_socket_loss_claim(struct mcr_socket_loss *loss, struct mcr_sockets *before,
			  uint32_t interface, unsigned max)
{
	int fd, ret = 0;
	DIR *dir;

	*loss = (struct mcr_socket_loss){0};
	if (!before)
		return 0;
	if (max > MCR_QUEUES_MAX)
		max = MCR_QUEUES_MAX;
	dir = opendir("/proc/self/fd");
	if (!dir)
		return -errno;
	while (ret == 0 && loss->n < max && (fd = next_socket(dir)) >= 0) {
		if (!is_bound_to(fd, interface) || has(before, fd))
			continue;
		ret = add(before, fd);
		if (ret == 0)
			loss->fds[loss->n++] = fd;
	}
	closedir(dir);
	if (ret < 0)
		loss->n = 0;
	return ret;
}

/* Each ring version writes its own struct, and tpacket_stats_v3 begins as the older one does. */
static uint64_t take_drops(int fd)
{
	struct tpacket_stats_v3 stats = {0};
	socklen_t len = sizeof(stats);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) < 0)
		return 0;
	return stats.tp_drops;
}

void mcr_socket_loss_begin(struct mcr_socket_loss *loss)
{
	for (unsigned i = 0; i < loss->n; i++)
		take_drops(loss->fds[i]);
	loss->dropped = 0;
}

uint64_t mcr_socket_loss_read(struct mcr_socket_loss *loss)
{
	for (unsigned i = 0; i < loss->n; i++)
		loss->dropped += take_drops(loss->fds[i]);
	return loss->dropped;
}

void mcr_socket_loss_end(struct mcr_socket_loss *loss)
{
	mcr_socket_loss_read(loss);
	loss->n = 0;
}
