/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/kernel_join.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "socket/real.h"

void mcr_kernel_address(struct sockaddr_storage *out, struct mcr_address address, int is_ipv4)
{
	memset(out, 0, sizeof(*out));
	out->ss_family = is_ipv4 ? AF_INET : AF_INET6;
	if (is_ipv4)
		((struct sockaddr_in *)out)->sin_addr.s_addr = mcr_address_ipv4_be(address);
	else
		memcpy(&((struct sockaddr_in6 *)out)->sin6_addr, address.octets, sizeof(address));
}

static int set(int fd, const struct mcr_kernel_join *j, int name, const void *value, size_t len)
{
	int level = j->is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6;

	return mcr_real.setsockopt(fd, level, name, value, (socklen_t)len) < 0 ? -errno : 0;
}

static int set_group(int fd, const struct mcr_kernel_join *j, int name)
{
	struct group_req req = {.gr_interface = j->ifindex};

	mcr_kernel_address(&req.gr_group, j->group, j->is_ipv4);
	return set(fd, j, name, &req, sizeof(req));
}

int mcr_kernel_change(int fd, const struct mcr_kernel_join *j)
{
	size_t len = GROUP_FILTER_SIZE(j->n_sources);
	struct group_filter *filter = calloc(1, len);
	int ret;

	if (!filter)
		return -ENOBUFS;
	filter->gf_interface = j->ifindex;
	filter->gf_fmode = j->is_exclude ? MCAST_EXCLUDE : MCAST_INCLUDE;
	filter->gf_numsrc = j->n_sources;
	mcr_kernel_address(&filter->gf_group, j->group, j->is_ipv4);
	for (uint32_t i = 0; i < j->n_sources; i++)
		mcr_kernel_address(&filter->gf_slist[i], j->sources[i], j->is_ipv4);
	ret = set(fd, j, MCAST_MSFILTER, filter, len);
	free(filter);
	return ret;
}

/* With its first source, so that not all sources are asked of the network for a moment. */
static int join_source(int fd, const struct mcr_kernel_join *j)
{
	struct group_source_req req = {.gsr_interface = j->ifindex};

	mcr_kernel_address(&req.gsr_group, j->group, j->is_ipv4);
	mcr_kernel_address(&req.gsr_source, j->sources[0], j->is_ipv4);
	return set(fd, j, MCAST_JOIN_SOURCE_GROUP, &req, sizeof(req));
}

int mcr_kernel_join(int fd, const struct mcr_kernel_join *j)
{
	int ret = j->is_exclude ? set_group(fd, j, MCAST_JOIN_GROUP) : join_source(fd, j);

	if (ret < 0 || j->n_sources <= !j->is_exclude)
		return ret;
	ret = mcr_kernel_change(fd, j);
	if (ret < 0)
		mcr_kernel_leave(fd, j);
	return ret;
}

void mcr_kernel_leave(int fd, const struct mcr_kernel_join *j)
{
	(void)set_group(fd, j, MCAST_LEAVE_GROUP);
}
