/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/join_parse.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/address.h"

/* ---- the program's memory ---- */

#define PROBE 8u /* octets of a signal set, as the kernel has it */

/* The kernel copies the set before it refuses what is to be done with it. NULL is no set. */
static int is_readable(const char *at)
{
	return at && (syscall(SYS_rt_sigprocmask, -1, at, NULL, PROBE) == 0 || errno != EFAULT);
}

int mcr_join_copy_in(void *to, const void *from, size_t len)
{
	const uintptr_t page = 4096, first = (uintptr_t)from, end = first + len;
	int saved = errno;

	if (first < PROBE) /* for the kernel, NULL is no set at all */
		return 0;
	/* A probe may reach beyond what is asked: it begins at a multiple of its size, so it stays
	 * in the page. */
	for (uintptr_t at = first & ~(uintptr_t)(PROBE - 1); at < end;
	     at = (at & ~(page - 1)) + page)
		if (!is_readable((const char *)at))
			return 0;
	errno = saved;
	memcpy(to, from, len);
	return 1;
}

/* ---- limits ---- */

static struct mcr_join_limits limits;
static pthread_once_t limits_once = PTHREAD_ONCE_INIT;

static uint32_t read_limit(const char *path, uint32_t otherwise)
{
	FILE *f = fopen(path, "re");
	unsigned value = otherwise;

	if (!f)
		return otherwise;
	if (fscanf(f, "%u", &value) != 1)
		value = otherwise;
	fclose(f);
	return value;
}

static void read_limits(void)
{
	limits.memberships = read_limit("/proc/sys/net/ipv4/igmp_max_memberships", 20);
	limits.sources[1] = read_limit("/proc/sys/net/ipv4/igmp_max_msf", 10);
	limits.sources[0] = read_limit("/proc/sys/net/ipv6/mld_max_msf", 64);
	limits.option_octets = read_limit("/proc/sys/net/core/optmem_max", 131072);
}

const struct mcr_join_limits *mcr_join_limits_get(void)
{
	pthread_once(&limits_once, read_limits);
	return &limits;
}

/* ---- the options ---- */

struct option {
	int level, name;
	uint8_t op;
	int (*read)(struct mcr_join_request *out, const void *value, size_t len);
};

static int set_group(struct mcr_join_request *out, struct mcr_address group)
{
	out->group = group;
	return mcr_address_is_ipv4(group) ? mcr_ipv4_is_multicast(mcr_address_ipv4_be(group))
					  : mcr_ipv6_is_multicast(group.octets);
}

static int set_source(struct mcr_join_request *out, struct mcr_address source)
{
	out->sources = malloc(sizeof(*out->sources));
	if (!out->sources)
		return 0;
	out->sources[0] = source;
	out->n_sources = 1;
	return 1;
}

static int read_mreqn(struct mcr_join_request *out, const void *value, size_t len)
{
	struct ip_mreqn mreq = {0};

	if (len < sizeof(struct ip_mreq))
		return 0;
	len = len < sizeof(mreq) ? sizeof(struct ip_mreq) : sizeof(mreq);
	if (!mcr_join_copy_in(&mreq, value, len))
		return 0;
	out->asked.ifindex = (uint32_t)mreq.imr_ifindex;
	out->asked.address_be = mreq.imr_address.s_addr;
	return set_group(out, mcr_address_from_ipv4(mreq.imr_multiaddr.s_addr));
}

static int read_mreq_source(struct mcr_join_request *out, const void *value, size_t len)
{
	struct ip_mreq_source mreq;

	if (len != sizeof(mreq) || !mcr_join_copy_in(&mreq, value, sizeof(mreq)))
		return 0;
	out->asked.address_be = mreq.imr_interface.s_addr;
	return set_group(out, mcr_address_from_ipv4(mreq.imr_multiaddr.s_addr)) &&
	       set_source(out, mcr_address_from_ipv4(mreq.imr_sourceaddr.s_addr));
}

static int read_ipv6_mreq(struct mcr_join_request *out, const void *value, size_t len)
{
	struct ipv6_mreq mreq;
	struct mcr_address group;

	if (len < sizeof(mreq) || !mcr_join_copy_in(&mreq, value, sizeof(mreq)))
		return 0;
	memcpy(group.octets, &mreq.ipv6mr_multiaddr, sizeof(group));
	out->asked.ifindex = mreq.ipv6mr_interface;
	return set_group(out, group);
}

/* Reads a socket address of the option's family. IPv6 does not always look at the family. */
static int read_address(const struct mcr_join_request *out, struct mcr_address *address,
			const struct sockaddr_storage *from, int is_strict)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;

	if (is_strict && from->ss_family != (out->is_ipv4 ? AF_INET : AF_INET6))
		return 0;
	if (out->is_ipv4)
		*address = mcr_address_from_ipv4(in->sin_addr.s_addr);
	else
		memcpy(address->octets, &in6->sin6_addr, sizeof(*address));
	return 1;
}

static int read_group_req(struct mcr_join_request *out, const void *value, size_t len)
{
	struct group_req req;
	struct mcr_address group;

	if (len < sizeof(req) || !mcr_join_copy_in(&req, value, sizeof(req)))
		return 0;
	out->asked.ifindex = req.gr_interface;
	return read_address(out, &group, &req.gr_group, 1) && set_group(out, group);
}

static int read_group_source_req(struct mcr_join_request *out, const void *value, size_t len)
{
	struct group_source_req req;
	struct mcr_address group, source;

	if (len < sizeof(req) || (out->is_ipv4 && len != sizeof(req)) ||
	    !mcr_join_copy_in(&req, value, sizeof(req)))
		return 0;
	out->asked.ifindex = req.gsr_interface;
	return read_address(out, &group, &req.gsr_group, 1) &&
	       read_address(out, &source, &req.gsr_source, 1) && set_group(out, group) &&
	       set_source(out, source);
}

/* Takes the sources of a filter, which stand behind the first `head` octets, each in `size`. */
static int take_sources(struct mcr_join_request *out, const char *list, uint32_t n, size_t size)
{
	struct sockaddr_storage address;

	out->sources = calloc((size_t)n + 1, sizeof(*out->sources));
	if (!out->sources)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		memcpy(&address, list + i * size, size);
		if (size == sizeof(struct in_addr)) {
			uint32_t ipv4_be;

			memcpy(&ipv4_be, &address, sizeof(ipv4_be));
			out->sources[i] = mcr_address_from_ipv4(ipv4_be);
		} else if (!read_address(out, &out->sources[i], &address, out->is_ipv4)) {
			return 0;
		}
	}
	out->n_sources = n;
	return 1;
}

static int set_mode(struct mcr_join_request *out, uint32_t mode)
{
	out->is_exclude = mode == MCAST_EXCLUDE;
	return mode == MCAST_EXCLUDE || mode == MCAST_INCLUDE;
}

/* The whole option, of which the program says how long it is. NULL: not readable, or too long. */
static char *copy_filter(const void *value, size_t len)
{
	char *copy = len <= mcr_join_limits_get()->option_octets ? malloc(len) : NULL;

	if (copy && !mcr_join_copy_in(copy, value, len)) {
		free(copy);
		return NULL;
	}
	return copy;
}

static int is_count_ok(const struct mcr_join_request *out, uint32_t n)
{
	return n <= mcr_join_limits_get()->sources[out->is_ipv4];
}

static int read_msfilter(struct mcr_join_request *out, const void *value, size_t len)
{
	struct ip_msfilter head;
	char *copy;
	int ok;

	if (len < IP_MSFILTER_SIZE(0))
		return 0;
	copy = copy_filter(value, len);
	if (!copy)
		return 0;
	memcpy(&head, copy, IP_MSFILTER_SIZE(0));
	out->asked.address_be = head.imsf_interface.s_addr;
	ok =
	    is_count_ok(out, head.imsf_numsrc) && IP_MSFILTER_SIZE(head.imsf_numsrc) <= len &&
	    set_mode(out, head.imsf_fmode) &&
	    set_group(out, mcr_address_from_ipv4(head.imsf_multiaddr.s_addr)) &&
	    take_sources(out, copy + IP_MSFILTER_SIZE(0), head.imsf_numsrc, sizeof(struct in_addr));
	free(copy);
	return ok;
}

static int read_group_filter(struct mcr_join_request *out, const void *value, size_t len)
{
	struct group_filter head;
	struct mcr_address group;
	char *copy;
	int ok;

	if (len < GROUP_FILTER_SIZE(0))
		return 0;
	copy = copy_filter(value, len);
	if (!copy)
		return 0;
	memcpy(&head, copy, GROUP_FILTER_SIZE(0));
	out->asked.ifindex = head.gf_interface;
	ok = is_count_ok(out, head.gf_numsrc) && GROUP_FILTER_SIZE(head.gf_numsrc) <= len &&
	     set_mode(out, head.gf_fmode) &&
	     read_address(out, &group, &head.gf_group, out->is_ipv4) && set_group(out, group) &&
	     take_sources(out, copy + GROUP_FILTER_SIZE(0), head.gf_numsrc,
			  sizeof(struct sockaddr_storage));
	free(copy);
	return ok;
}

static const struct option options[] = {
    {IPPROTO_IP, IP_ADD_MEMBERSHIP, MCR_OP_JOIN, read_mreqn},
    {IPPROTO_IP, IP_DROP_MEMBERSHIP, MCR_OP_LEAVE, read_mreqn},
    {IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, MCR_OP_ADD_SOURCE, read_mreq_source},
    {IPPROTO_IP, IP_DROP_SOURCE_MEMBERSHIP, MCR_OP_DROP_SOURCE, read_mreq_source},
    {IPPROTO_IP, IP_BLOCK_SOURCE, MCR_OP_BLOCK, read_mreq_source},
    {IPPROTO_IP, IP_UNBLOCK_SOURCE, MCR_OP_UNBLOCK, read_mreq_source},
    {IPPROTO_IP, IP_MSFILTER, MCR_OP_FILTER, read_msfilter},
    {IPPROTO_IPV6, IPV6_JOIN_GROUP, MCR_OP_JOIN, read_ipv6_mreq},
    {IPPROTO_IPV6, IPV6_LEAVE_GROUP, MCR_OP_LEAVE, read_ipv6_mreq},
    {-1, MCAST_JOIN_GROUP, MCR_OP_JOIN, read_group_req},
    {-1, MCAST_LEAVE_GROUP, MCR_OP_LEAVE, read_group_req},
    {-1, MCAST_JOIN_SOURCE_GROUP, MCR_OP_ADD_SOURCE, read_group_source_req},
    {-1, MCAST_LEAVE_SOURCE_GROUP, MCR_OP_DROP_SOURCE, read_group_source_req},
    {-1, MCAST_BLOCK_SOURCE, MCR_OP_BLOCK, read_group_source_req},
    {-1, MCAST_UNBLOCK_SOURCE, MCR_OP_UNBLOCK, read_group_source_req},
    {-1, MCAST_MSFILTER, MCR_OP_FILTER, read_group_filter},
};

/* Level -1 stands for both. */
static const struct option *find(int level, int name)
{
	if (level != IPPROTO_IP && level != IPPROTO_IPV6)
		return NULL;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].name == name && (options[i].level == level || options[i].level < 0))
			return &options[i];
	return NULL;
}

int mcr_join_is_option(int level, int name)
{
	return find(level, name) != NULL;
}

int mcr_join_read(struct mcr_join_request *out, int level, int name, const void *value,
		  socklen_t len)
{
	const struct option *o = find(level, name);

	memset(out, 0, sizeof(*out));
	if (!o || len > INT32_MAX)
		return 0;
	out->op = o->op;
	out->is_ipv4 = level == IPPROTO_IP;
	if (o->read(out, value, len))
		return 1;
	mcr_join_request_free(out);
	return 0;
}

void mcr_join_request_free(struct mcr_join_request *request)
{
	free(request->sources);
	request->sources = NULL;
	request->n_sources = 0;
}
