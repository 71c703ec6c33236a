/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/transfer.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/error.h"
#include "socket/device.h"
#include "socket/interface.h"
#include "socket/kernel_join.h"
#include "socket/link.h"
#include "socket/real.h"
#include "socket/settings.h"

#define TEXT_MAX  4096
#define LOOP_MOST 64 /* own addresses that are looked for */

/* ---- the engine's side ---- */

/* A host's addresses only: from others nothing arrives. Returns how many, at most
 * MCR_JOIN_SOURCES_MAX
 * + 1. */
static uint32_t hosts_of(const struct mcr_joined *j, struct mcr_address *hosts)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < j->m.n_sources && n <= MCR_JOIN_SOURCES_MAX; i++)
		if (mcr_address_is_unicast(j->m.sources[i]) &&
		    mcr_address_is_ipv4(j->m.sources[i]) == j->is_ipv4)
			hosts[n++] = j->m.sources[i];
	return n;
}

/* Returns 1, or 0: there is nobody to receive from; or -E2BIG. */
static int text_of(const struct mcr_joined *j, char text[TEXT_MAX])
{
	struct mcr_address hosts[MCR_JOIN_SOURCES_MAX + 1];
	struct mcr_join join = {.group = j->m.group, .sources = hosts};

	join.mode = j->m.is_exclude ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE;
	join.n_sources = hosts_of(j, hosts);
	if (join.n_sources == 0 && !j->m.is_exclude)
		return 0;
	if (join.n_sources > MCR_JOIN_SOURCES_MAX) {
		if (!j->m.is_exclude)
			return -E2BIG;
		join.n_sources = 0; /* the socket's own filter leaves them out */
	}
	snprintf(join.interface, sizeof(join.interface), "%s", j->name);
	return mcr_join_format(text, TEXT_MAX, &join) < TEXT_MAX ? 1 : -E2BIG;
}

static int enter_engine(struct mcr_socket *s, struct mcr_joined *j, struct mcr_error *err)
{
	char text[TEXT_MAX];
	int ret = text_of(j, text);

	if (ret >= 0 && !s->cursor && mcr_socket_stand(s) < 0)
		return mcr_error_set(err, -EPIPE, "the rings cannot be read");

	if (ret < 0)
		return mcr_error_set(err, ret, "too many sources");
	j->life = mcr_link_life();
	return ret == 0 ? 0 : mcr_link_join(text, err);
}

static void leave_engine(const struct mcr_joined *j)
{
	char text[TEXT_MAX];

	/* A join ended with its attachment. */
	if (j->life == mcr_link_life() && text_of(j, text) > 0)
		mcr_link_leave(text);
}

/* ---- the kernel's side ---- */

static struct mcr_kernel_join kernel_join_of(const struct mcr_joined *j)
{
	return (struct mcr_kernel_join){.is_ipv4 = j->is_ipv4,
					.is_exclude = j->m.is_exclude,
					.ifindex = j->m.ifindex,
					.group = j->m.group,
					.sources = j->m.sources,
					.n_sources = j->m.n_sources};
}

static int is_in_kernel(const struct mcr_joined *j)
{
	return j && j->m.where == MCR_MEMBERSHIP_KERNEL && !mcr_membership_is_mute(&j->m);
}

/* The kernel's membership goes on, with other sources. */
static int is_changed_there(const struct mcr_joined *old, const struct mcr_joined *next)
{
	return is_in_kernel(old) && is_in_kernel(next) && old->m.ifindex == next->m.ifindex;
}

/* MCRING_LOOP: what this host sends to the group comes from the kernel. It is asked for the host's
 * own addresses as sources, so that it does not give a second copy of what others send. */
static void enter_loop(const struct mcr_socket *s, struct mcr_joined *j)
{
	struct mcr_address own[LOOP_MOST];
	char device[IF_NAMESIZE] = "lo";
	uint32_t most = mcr_join_limits_get()->sources[j->is_ipv4], n, used = 0;
	struct mcr_kernel_join join = kernel_join_of(j);

	if (!mcr_settings_get()->takes_loop)
		return;
	join.ifindex = j->m.ifindex != 0 ? j->m.ifindex : if_nametoindex(device);
	if_indextoname(join.ifindex, device);
	n = mcr_device_own_addresses(own, LOOP_MOST, j->is_ipv4, device);
	for (uint32_t i = 0; i < n && used < most; i++)
		if (mcr_filter_has_source(&j->m, own[i]) != j->m.is_exclude)
			own[used++] = own[i];
	join.is_exclude = 0;
	join.sources = own;
	join.n_sources = used;
	if (used > 0 && mcr_kernel_join(s->fd, &join) == 0)
		j->loop = join.ifindex;
}

static void leave_loop(const struct mcr_socket *s, struct mcr_joined *j)
{
	struct mcr_kernel_join join = kernel_join_of(j);

	join.ifindex = j->loop;
	if (j->loop != 0)
		mcr_kernel_leave(s->fd, &join);
	j->loop = 0;
}

static int enter_kernel(struct mcr_socket *s, struct mcr_joined *old, const struct mcr_joined *next)
{
	struct mcr_kernel_join join = kernel_join_of(next);

	if (is_changed_there(old, next))
		return mcr_kernel_change(s->fd, &join);
	if (old)
		leave_loop(s, old);
	return mcr_kernel_join(s->fd, &join);
}

/* ---- both ---- */

static int enter(struct mcr_socket *s, struct mcr_joined *old, struct mcr_joined *next,
		 struct mcr_error *err)
{
	int ret;

	if (!next || mcr_membership_is_mute(&next->m))
		return 0;
	if (next->m.where == MCR_MEMBERSHIP_ENGINE)
		return enter_engine(s, next, err);
	if (next->m.where != MCR_MEMBERSHIP_KERNEL)
		return 0;
	ret = enter_kernel(s, old, next);
	return ret < 0 ? mcr_error_set(err, ret, "%s", strerror(-ret)) : 0;
}

static void leave(struct mcr_socket *s, struct mcr_joined *old, const struct mcr_joined *next)
{
	struct mcr_kernel_join join;

	if (!old || mcr_membership_is_mute(&old->m))
		return;
	leave_loop(s, old);
	if (old->m.where == MCR_MEMBERSHIP_ENGINE)
		leave_engine(old);
	if (!is_in_kernel(old) || is_changed_there(old, next))
		return;
	join = kernel_join_of(old);
	mcr_kernel_leave(s->fd, &join);
}

/* From here on datagrams are judged by next. */
static int begin(struct mcr_socket *s, struct mcr_joined *old, struct mcr_joined *next)
{
	const struct mcr_filter_rule rule = s->newest->rule;
	int64_t version = mcr_filter_change(s, &rule);
	int ret;

	if (version < 0)
		return (int)version;
	if (next) {
		next->m.since = (uint32_t)version;
		ret = mcr_filter_add(s, &next->m);
		if (ret < 0)
			return ret;
		s->n_joined[next->m.where]++;
	}
	if (old) {
		old->m.until = (uint32_t)version;
		s->n_ended++;
		s->n_joined[old->m.where]--;
	}
	return 0;
}

/* Whether something may come out of the rings. */
static int is_on_engine(const struct mcr_socket *s)
{
	return s->n_joined[MCR_MEMBERSHIP_ENGINE] > 0 || s->n_joined[MCR_MEMBERSHIP_NOWHERE] > 0;
}

/* Whether others' groups come from the rings: also for a socket that has joined nothing. */
static int takes_rings(const struct mcr_socket *s)
{
	if (is_on_engine(s))
		return 1;
	return s->n_joined[MCR_MEMBERSHIP_KERNEL] == 0 && mcr_link_has_joins();
}

void mcr_transfer_set_all(struct mcr_socket *s)
{
	int takes = takes_rings(s), ipv4 = s->all_ipv4 && !takes, ipv6 = s->all_ipv6 && !takes;

	mcr_real.setsockopt(s->fd, IPPROTO_IP, IP_MULTICAST_ALL, &ipv4, sizeof(ipv4));
	if (s->family == AF_INET6)
		mcr_real.setsockopt(s->fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &ipv6, sizeof(ipv6));
}

int mcr_transfer(struct mcr_socket *s, struct mcr_joined *old, struct mcr_joined *next,
		 struct mcr_error *err)
{
	int was_on_engine = is_on_engine(s), ret = enter(s, old, next, err);

	if (ret < 0)
		return ret;
	ret = begin(s, old, next);
	if (ret < 0) {
		leave(s, next, NULL);
		return mcr_error_set(err, ret, "no memory");
	}
	leave(s, old, next);
	if (next && next->m.where == MCR_MEMBERSHIP_ENGINE && !mcr_membership_is_mute(&next->m))
		enter_loop(s, next);
	if (was_on_engine != is_on_engine(s))
		mcr_transfer_set_all(s);
	return 0;
}

void mcr_transfer_end(struct mcr_socket *s)
{
	for (struct mcr_membership *m = s->memberships; m; m = m->next)
		if (mcr_membership_is_live(m) && m->where == MCR_MEMBERSHIP_ENGINE &&
		    !mcr_membership_is_mute(m))
			leave_engine(mcr_joined_of(m));
}
