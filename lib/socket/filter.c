/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "socket/interface.h"
#include "socket/link.h"
#include "socket/real.h"
#include "socket/socket.h"

#define ENDED_MOST 64 /* ended memberships that are not looked through */

/* ---- memberships ---- */

static uint32_t hash_of(struct mcr_address group, unsigned bits)
{
	uint64_t a, b;

	memcpy(&a, group.octets, 8);
	memcpy(&b, group.octets + 8, 8);
	return (uint32_t)(((a ^ b) * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - bits));
}

static void link_in(struct mcr_socket *s, struct mcr_membership *m)
{
	struct mcr_membership **chain = &s->hash[hash_of(m->group, s->hash_bits)];

	m->next_of_hash = *chain;
	*chain = m;
}

/* Without memory the chains stay as long as they are. */
static void hash_again(struct mcr_socket *s, unsigned bits)
{
	struct mcr_membership **hash = calloc((size_t)1 << bits, sizeof(struct mcr_membership *));

	if (!hash)
		return;
	free(s->hash);
	s->hash = hash;
	s->hash_bits = bits;
	for (struct mcr_membership *m = s->memberships; m; m = m->next)
		link_in(s, m);
}

int mcr_filter_add(struct mcr_socket *s, struct mcr_membership *m)
{
	if (!s->hash)
		hash_again(s, 3);
	if (!s->hash)
		return -ENOMEM;
	m->next = s->memberships;
	s->memberships = m;
	link_in(s, m);
	if (++s->n_memberships > (2u << s->hash_bits))
		hash_again(s, s->hash_bits + 2);
	return 0;
}

struct mcr_membership *mcr_filter_of_group(const struct mcr_socket *s, struct mcr_address group)
{
	return s->hash ? s->hash[hash_of(group, s->hash_bits)] : NULL;
}

static void unlink_from(struct mcr_socket *s, const struct mcr_membership *m)
{
	struct mcr_membership **at = &s->hash[hash_of(m->group, s->hash_bits)];

	while (*at != m)
		at = &(*at)->next_of_hash;
	*at = m->next_of_hash;
}

static void free_membership(struct mcr_membership *m)
{
	free(m->sources);
	free(m);
}

/* Frees those that ended before a version, and those that nothing can have come to. */
static void free_ended(struct mcr_socket *s, uint32_t version)
{
	struct mcr_membership **at = &s->memberships, *m;

	s->n_ended = 0;
	while ((m = *at)) {
		if (m->until > version && m->since < m->until) {
			s->n_ended += m->until != MCR_VERSION_OPEN;
			at = &m->next;
			continue;
		}
		*at = m->next;
		unlink_from(s, m);
		s->n_memberships--;
		free_membership(m);
	}
}

int mcr_filter_has_source(const struct mcr_membership *m, struct mcr_address source)
{
	uint32_t low = 0, high = m->n_sources;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = memcmp(&m->sources[middle], &source, sizeof(source));

		if (order == 0)
			return 1;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* ---- versions ---- */

static uint64_t head_of(const struct mcr_socket *s, uint32_t ring)
{
	struct mcr_consumer_ring info = {.size = sizeof(info)};

	if (!s->cursor || mcr_consumer_ring_info(s->cursor, ring, &info, NULL) < 0)
		return 0;
	return info.head;
}

/* Whether nothing was published under the last version. */
static int is_fresh(const struct mcr_socket *s)
{
	uint32_t n = s->cursor ? mcr_consumer_rings(s->cursor) : 0;

	for (uint32_t i = 0; i < n; i++)
		if (head_of(s, i) != s->newest->from[i])
			return 0;
	return 1;
}

int64_t mcr_filter_change(struct mcr_socket *s, const struct mcr_filter_rule *rule)
{
	struct mcr_filter_version *v;
	uint32_t n = s->cursor ? mcr_consumer_rings(s->cursor) : 0;

	if (s->newest && is_fresh(s)) {
		s->newest->rule = *rule;
		return s->newest->number;
	}
	v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->rule = *rule;
	v->number = s->newest ? s->newest->number + 1 : 1;
	for (uint32_t i = 0; i < n; i++)
		v->from[i] = head_of(s, i);
	if (s->newest)
		s->newest->next = v;
	else
		s->oldest = v;
	s->newest = v;
	return v->number;
}

static void drop_oldest(struct mcr_socket *s)
{
	struct mcr_filter_version *v = s->oldest;

	s->oldest = v->next;
	free(v);
}

/* Without memory, what is unread of the rings before is judged as what comes now. */
static void keep_versions(struct mcr_socket *s)
{
	struct mcr_filter_version *v = calloc(1, sizeof(*v));

	mcr_filter_forget_past(s);
	if (!v)
		return;
	v->rule = s->newest->rule;
	v->number = s->newest->number + 1;
	s->past_versions = s->oldest;
	s->oldest = s->newest = v;
}

void mcr_filter_reset(struct mcr_socket *s, int keeps_past)
{
	if (!s->newest)
		return;
	if (keeps_past)
		keep_versions(s);
	while (s->oldest != s->newest)
		drop_oldest(s);
	for (uint32_t i = 0; i < MCR_RINGS_MAX; i++)
		s->newest->from[i] =
		    s->cursor && i < mcr_consumer_rings(s->cursor) ? head_of(s, i) : 0;
	if (!s->past_versions)
		free_ended(s, s->newest->number);
}

void mcr_filter_forget_past(struct mcr_socket *s)
{
	while (s->past_versions) {
		struct mcr_filter_version *v = s->past_versions;

		s->past_versions = v->next;
		free(v);
	}
}

/* Whether everything before a version has been read. */
static int is_behind(const struct mcr_socket *s, const struct mcr_filter_version *v)
{
	uint32_t n = s->cursor ? mcr_consumer_rings(s->cursor) : 0;

	for (uint32_t i = 0; i < n; i++) {
		struct mcr_consumer_ring info = {.size = sizeof(info)};

		if (mcr_consumer_ring_info(s->cursor, i, &info, NULL) == 0 &&
		    info.next < v->from[i])
			return 0;
	}
	return 1;
}

void mcr_filter_drop_past(struct mcr_socket *s)
{
	uint32_t n = s->past ? mcr_consumer_rings(s->past) : 0;

	s->lost += (uint64_t)(s->n - s->at);
	s->at = s->n = 0;
	for (uint32_t i = 0; i < n && i < MCR_RINGS_MAX; i++) {
		struct mcr_consumer_ring info = {.size = sizeof(info)};

		if (mcr_consumer_ring_info(s->past, i, &info, NULL) == 0 &&
		    info.next < s->past_end[i])
			s->lost += s->past_end[i] - info.next;
	}
	mcr_consumer_close(s->past);
	s->past = NULL;
	mcr_filter_forget_past(s);
}

/* So that a socket which changes for ever and is never read does not grow. */
static void forget_unread(struct mcr_socket *s)
{
	uint32_t n = s->cursor ? mcr_consumer_rings(s->cursor) : 0;

	mcr_filter_drop_past(s);
	for (uint32_t i = 0; i < n; i++) {
		struct mcr_consumer_ring info = {.size = sizeof(info)};

		if (mcr_consumer_ring_info(s->cursor, i, &info, NULL) == 0)
			s->lost += info.head - info.next;
	}
	if (s->cursor)
		mcr_consumer_seek(s->cursor, MCR_START_NEWEST);
}

void mcr_filter_prune(struct mcr_socket *s)
{
	const struct mcr_filter_version *first = s->past_versions ? s->past_versions : s->oldest;
	uint32_t before;

	if (!first || (first == s->newest && s->n_ended == 0))
		return;
	before = first->number;
	if (s->scout && s->oldest->next)
		mcr_filter_scout(s); /* it judges by the versions, too */
	if (s->newest->number - before >= MCR_FILTER_VERSIONS_MOST)
		forget_unread(s);
	if (s->at >= s->n && !s->past)
		while (s->oldest->next && is_behind(s, s->oldest->next))
			drop_oldest(s);
	first = s->past_versions ? s->past_versions : s->oldest;
	/* Not each time, in a socket that has many. */
	if (first->number != before || first == s->newest ||
	    s->n_ended > ENDED_MOST + s->n_memberships / 2)
		free_ended(s, first->number);
}

void mcr_filter_clear(struct mcr_socket *s)
{
	mcr_filter_forget_past(s);
	while (s->oldest)
		drop_oldest(s);
	s->newest = NULL;
	free_ended(s, UINT32_MAX);
	free(s->hash);
	s->hash = NULL;
}

/* ---- what is accepted ---- */

static int rule_accepts(const struct mcr_filter_rule *r, const struct mcr_msg *m, int is_ipv4)
{
	if (r->port != m->dst_port || r->port == 0 || !(is_ipv4 ? r->ipv4 : r->ipv6))
		return 0;
	if (!r->bound_any && !mcr_address_is_equal(r->bound, m->group))
		return 0;
	if (r->peer_port != 0 && r->peer_port != m->src_port)
		return 0;
	if (!mcr_address_is_none(r->peer) && !mcr_address_is_equal(r->peer, m->source))
		return 0;
	return !r->is_elsewhere &&
	       (r->interface == MCR_NO_INTERFACE || r->interface == m->interface);
}

/* Linux looks for a membership of the group: in IPv4 on the interface of arrival, in IPv6 on any.
 */
static const struct mcr_membership *find(const struct mcr_socket *s, uint32_t version,
					 const struct mcr_msg *m, int is_ipv4)
{
	const struct mcr_membership *at = mcr_filter_of_group(s, m->group);

	for (; at; at = at->next_of_hash)
		if (at->since <= version && version < at->until &&
		    mcr_address_is_equal(at->group, m->group) &&
		    (!is_ipv4 || at->interface == m->interface))
			return at;
	return NULL;
}

int mcr_filter_accepts(const struct mcr_socket *s, const struct mcr_filter_version *v,
		       const struct mcr_msg *m)
{
	const struct mcr_membership *joined;
	int is_ipv4 = mcr_address_is_ipv4(m->group);

	if (!v)
		return 0;
	while (v->next && m->pos.ring < MCR_RINGS_MAX && m->pos.seq >= v->next->from[m->pos.ring])
		v = v->next;
	if (!rule_accepts(&v->rule, m, is_ipv4))
		return 0;
	joined = find(s, v->number, m, is_ipv4);
	if (!joined)
		return is_ipv4 ? v->rule.all_ipv4 : v->rule.all_ipv6;
	/* What the kernel gives is not taken twice. */
	return joined->where == MCR_MEMBERSHIP_ENGINE &&
	       mcr_filter_has_source(joined, m->source) != joined->is_exclude;
}

/* ---- what the kernel says ---- */

/* The wildcard address is none. */
static void take_address(const struct sockaddr_storage *from, struct mcr_address *address,
			 uint16_t *port)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;

	memset(address, 0, sizeof(*address));
	*port = 0;
	if (from->ss_family == AF_INET) {
		if (in->sin_addr.s_addr != 0)
			*address = mcr_address_from_ipv4(in->sin_addr.s_addr);
		*port = ntohs(in->sin_port);
	} else if (from->ss_family == AF_INET6) {
		memcpy(address, &in6->sin6_addr, sizeof(*address));
		*port = ntohs(in6->sin6_port);
		if (mcr_address_is_ipv4(*address) && mcr_address_ipv4_be(*address) == 0)
			memset(address, 0, sizeof(*address));
	}
}

/* A socket of IPv6 that is bound to an IPv4 address, be it the wildcard, receives IPv4 only. */
static int is_mapped(const struct sockaddr_storage *from)
{
	return from->ss_family == AF_INET6 &&
	       IN6_IS_ADDR_V4MAPPED(&((const struct sockaddr_in6 *)from)->sin6_addr);
}

static int option(const struct mcr_socket *s, int level, int name, int otherwise)
{
	int value = otherwise;
	socklen_t len = sizeof(value);

	return mcr_real.getsockopt(s->fd, level, name, &value, &len) == 0 ? value : otherwise;
}

static void take_device(const struct mcr_socket *s, struct mcr_filter_rule *out)
{
	int ifindex = option(s, SOL_SOCKET, SO_BINDTOIFINDEX, 0);

	out->interface = MCR_NO_INTERFACE;
	if (ifindex > 0) {
		out->interface = mcr_interface_by_ifindex((uint32_t)ifindex);
		out->is_elsewhere = out->interface == MCR_NO_INTERFACE;
	}
}

void mcr_filter_read(const struct mcr_socket *s, struct mcr_filter_rule *out)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);
	int is_only6;

	memset(out, 0, sizeof(*out));
	if (getsockname(s->fd, (struct sockaddr *)&address, &len) == 0)
		take_address(&address, &out->bound, &out->port);
	out->ipv6 = s->family == AF_INET6 && !is_mapped(&address);
	out->bound_any = (uint8_t)mcr_address_is_none(out->bound);
	address = (struct sockaddr_storage){0};
	len = sizeof(address);
	if (getpeername(s->fd, (struct sockaddr *)&address, &len) == 0)
		take_address(&address, &out->peer, &out->peer_port);
	is_only6 = s->family == AF_INET6 && option(s, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	out->ipv4 = (uint8_t)!is_only6;
	out->all_ipv4 = s->all_ipv4;
	out->all_ipv6 = s->all_ipv6;
	take_device(s, out);
}

int mcr_filter_refresh(struct mcr_socket *s)
{
	struct mcr_filter_rule rule;

	mcr_filter_prune(s);
	mcr_filter_read(s, &rule);
	if (s->newest && memcmp(&rule, &s->newest->rule, sizeof(rule)) == 0)
		return 0;
	return mcr_filter_change(s, &rule) < 0 ? -ENOMEM : 0;
}

/* ---- edges ---- */

uint64_t mcr_filter_scout(struct mcr_socket *s)
{
	struct mcr_msg msgs[MCR_SOCKET_BATCH];
	int n;

	if (!s->scout && mcr_link_cursor(&s->scout, NULL) < 0)
		return s->arrivals;
	while ((n = mcr_consumer_poll(s->scout, msgs, MCR_SOCKET_BATCH)) > 0)
		for (int i = 0; i < n; i++)
			s->arrivals += msgs[i].kind == MCR_LOST ||
				       (msgs[i].kind == MCR_DATA &&
					mcr_filter_accepts(s, s->oldest, &msgs[i]));
	mcr_consumer_release(s->scout);
	return s->arrivals;
}
