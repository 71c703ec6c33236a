/* SPDX-License-Identifier: BSD-3-Clause */
/* Socket options: joins are join.c's, what a socket has joined and IP_MULTICAST_ALL are ours, the
 * rest is the kernel's, and then we look what it has changed. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "core/address.h"
#include "socket/calls.h"
#include "socket/join.h"
#include "socket/kernel_join.h"
#include "socket/real.h"
#include "socket/receive.h"
#include "socket/socket.h"
#include "socket/transfer.h"

/* The program's value of such an option of this socket's; NULL: it is another option. */
static uint8_t *all_of(struct mcr_socket *s, int level, int name)
{
	if (level == IPPROTO_IP && name == IP_MULTICAST_ALL)
		return &s->all_ipv4;
	if (level == IPPROTO_IPV6 && name == IPV6_MULTICAST_ALL && s->family == AF_INET6)
		return &s->all_ipv6;
	return NULL;
}

static int fail(int error)
{
	errno = error;
	return -1;
}

/* IPv4 takes an octet, too, and of values only 0 and 1. */
static int set_all(struct mcr_socket *s, int level, uint8_t *all, const void *value, socklen_t len)
{
	int wanted = 0, is_ipv4 = level == IPPROTO_IP;
	uint8_t octet = 0;

	if (len > INT32_MAX || (is_ipv4 && len < 1) || (!is_ipv4 && len < sizeof(wanted)))
		return fail(EINVAL);
	if (!is_ipv4 && !value) { /* Linux takes it for 0 */
		wanted = 0;
	} else if (len >= sizeof(wanted)) {
		if (!mcr_join_copy_in(&wanted, value, sizeof(wanted)))
			return fail(EFAULT);
	} else {
		if (!mcr_join_copy_in(&octet, value, sizeof(octet)))
			return fail(EFAULT);
		wanted = octet;
	}
	if (is_ipv4 && wanted != 0 && wanted != 1)
		return fail(EINVAL);
	*all = wanted != 0;
	mcr_transfer_set_all(s);
	return 0;
}

int mcr_sock_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	struct mcr_socket *s;
	uint8_t *all;
	int result;

	if (mcr_join_option(fd, level, name, value, len, &result))
		return result;
	s = mcr_socket_hold(fd);
	if (!s)
		return mcr_real.setsockopt(fd, level, name, value, len);
	all = all_of(s, level, name);
	result = all ? set_all(s, level, all, value, len)
		     : mcr_real.setsockopt(fd, level, name, value, len);
	if (result == 0) {
		mcr_socket_wants(s);
		mcr_filter_refresh(s);
	}
	mcr_socket_release(s);
	return result;
}

/* ---- getsockopt ---- */

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The kernel writes as many sources as the program says that there is room for, whatever *len is.
 */
static int get_msfilter(struct mcr_socket *s, void *value, socklen_t *len)
{
	struct mcr_interface_asked asked = {0};
	struct ip_msfilter head;
	struct mcr_joined *j;
	uint32_t n;

	if (*len < IP_MSFILTER_SIZE(0) || !mcr_join_copy_in(&head, value, IP_MSFILTER_SIZE(0)))
		return 0;
	asked.address_be = head.imsf_interface.s_addr;
	j = mcr_join_find(s, mcr_address_from_ipv4(head.imsf_multiaddr.s_addr), 1, &asked, 0);
	if (!j)
		return 0;
	n = smaller(head.imsf_numsrc, j->n_listed);
	head.imsf_fmode = j->m.is_exclude ? MCAST_EXCLUDE : MCAST_INCLUDE;
	head.imsf_numsrc = j->n_listed;
	memcpy(value, &head, IP_MSFILTER_SIZE(0));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t ipv4_be = mcr_address_ipv4_be(j->listed[i]);

		memcpy((char *)value + IP_MSFILTER_SIZE(i), &ipv4_be, sizeof(ipv4_be));
	}
	*len = IP_MSFILTER_SIZE(n);
	return 1;
}

static int group_of(struct mcr_address *group, const struct sockaddr_storage *from, int is_ipv4)
{
	if (from->ss_family != (is_ipv4 ? AF_INET : AF_INET6))
		return 0;
	if (is_ipv4)
		*group = mcr_address_from_ipv4(((const struct sockaddr_in *)from)->sin_addr.s_addr);
	else
		memcpy(group, &((const struct sockaddr_in6 *)from)->sin6_addr, sizeof(*group));
	return 1;
}

static int get_group_filter(struct mcr_socket *s, int is_ipv4, void *value, socklen_t *len)
{
	struct mcr_interface_asked asked = {0};
	struct group_filter head;
	struct mcr_address group;
	struct mcr_joined *j;
	uint32_t n;

	if (*len < GROUP_FILTER_SIZE(0) || !mcr_join_copy_in(&head, value, GROUP_FILTER_SIZE(0)) ||
	    !group_of(&group, &head.gf_group, is_ipv4))
		return 0;
	asked.ifindex = head.gf_interface;
	j = mcr_join_find(s, group, is_ipv4, &asked, 1);
	if (!j)
		return 0;
	n = smaller(head.gf_numsrc, j->n_listed);
	head.gf_fmode = j->m.is_exclude ? MCAST_EXCLUDE : MCAST_INCLUDE;
	head.gf_numsrc = j->n_listed;
	memcpy(value, &head, GROUP_FILTER_SIZE(0));
	for (uint32_t i = 0; i < n; i++) {
		struct sockaddr_storage source;

		mcr_kernel_address(&source, j->listed[i], is_ipv4);
		memcpy((char *)value + GROUP_FILTER_SIZE(i), &source, sizeof(source));
	}
	*len = GROUP_FILTER_SIZE(n);
	return 1;
}

/* The kernel cuts an int to the room that there is. */
static void put_all(uint8_t all, void *value, socklen_t len)
{
	int whole = all;

	if (len == 1)
		memcpy(value, &all, 1);
	else
		memcpy(value, &whole, smaller(len, sizeof(whole)));
}

/* Returns 1: the answer is ours; 0: the kernel's. */
static int answer(struct mcr_socket *s, int level, int name, void *value, socklen_t *len)
{
	if (level == IPPROTO_IP && name == IP_MSFILTER)
		return get_msfilter(s, value, len);
	if (name == MCAST_MSFILTER && (level == IPPROTO_IP || level == IPPROTO_IPV6))
		return get_group_filter(s, level == IPPROTO_IP, value, len);
	return 0;
}

int mcr_sock_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	struct mcr_socket *s = mcr_socket_hold(fd);
	const uint8_t *all;
	socklen_t room;
	int result = 0;

	if (!s)
		return mcr_real.getsockopt(fd, level, name, value, len);
	if (!mcr_join_copy_in(&room, len, sizeof(room)) || !answer(s, level, name, value, len)) {
		all = all_of(s, level, name);
		result = mcr_real.getsockopt(fd, level, name, value, len);
		if (all && result == 0)
			put_all(*all, value, *len);
	}
	mcr_socket_release(s);
	return result;
}
