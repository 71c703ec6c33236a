/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/netdev/netdev_hold.h"

static struct sockaddr_storage sockaddr_of(struct mcr_address address)
{
	struct sockaddr_storage out = {0};
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&out;
	struct sockaddr_in *four = (struct sockaddr_in *)&out;

	if (mcr_address_is_ipv4(address)) {
		four->sin_family = AF_INET;
		four->sin_addr.s_addr = mcr_address_ipv4_be(address);
	} else {
		six->sin6_family = AF_INET6;
		memcpy(&six->sin6_addr, address.octets, sizeof(six->sin6_addr));
	}
	return out;
}

/* Returns 0 when the kernel has joined all that is wanted. */
static int join(int fd, uint32_t index, const struct mcr_held_group *g)
{
	int level = mcr_address_is_ipv4(g->group) ? IPPROTO_IP : IPPROTO_IPV6, ret = 0;
	const struct group_req any = {.gr_interface = index, .gr_group = sockaddr_of(g->group)};

	if (g->n == 0)
		return setsockopt(fd, level, MCAST_JOIN_GROUP, &any, sizeof(any));
	for (uint32_t i = 0; ret == 0 && i < g->n; i++) {
		const struct group_source_req one = {.gsr_interface = index,
						     .gsr_group = sockaddr_of(g->group),
						     .gsr_source = sockaddr_of(g->sources[i])};

		ret = setsockopt(fd, level, MCAST_JOIN_SOURCE_GROUP, &one, sizeof(one));
	}
	return ret;
}

/* Returns a descriptor, or -1. */
static int hold(uint32_t index, const struct mcr_held_group *g)
{
	int family = mcr_address_is_ipv4(g->group) ? AF_INET : AF_INET6;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || join(fd, index, g) == 0)
		return fd;
	close(fd);
	return -1;
}

static size_t find(const struct mcr_netdev_hold *h, struct mcr_address group)
{
	size_t i = 0;

	while (i < h->n && !mcr_address_is_equal(h->groups[i].group, group))
		i++;
	return i;
}

void mcr_netdev_hold_set(struct mcr_netdev_hold *h, uint32_t index,
			 const struct mcr_held_group *groups, size_t n)
{
	struct mcr_netdev_hold next = {.index = index};

	for (size_t k = 0; k < n; k++) {
		size_t i = find(h, groups[k].group);
		int is_held = i < h->n && h->index == index;
		int fd = -1;

		if (!is_held || memcmp(&h->groups[i], &groups[k], sizeof(groups[k])) != 0)
			fd = hold(index, &groups[k]);
		next.groups[next.n] = groups[k];
		if (fd < 0 && is_held) { /* as it is, or as it was */
			fd = h->fds[i];
			next.groups[next.n] = h->groups[i];
			h->fds[i] = -1;
		}
		if (fd >= 0)
			next.fds[next.n++] = fd;
	}
	for (size_t i = 0; i < h->n; i++)
		if (h->fds[i] >= 0)
			close(h->fds[i]);
	*h = next;
}
