/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps that set a socket up. */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "options.h"
#include "universe.h"
#include "worker.h"

/* a[0]: family of 4 or 6, [1]: SOCK_NONBLOCK, [2]: SOCK_CLOEXEC */
void run_socket(struct text *t, const struct step *s)
{
	int flags = (s->a[1] ? SOCK_NONBLOCK : 0) | (s->a[2] ? SOCK_CLOEXEC : 0);
	int fd = socket(s->a[0] == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | flags, 0);

	say_slot(t, s->slot);
	say(t, " = socket(AF_INET%s, SOCK_DGRAM%s%s)", s->a[0] == 6 ? "6" : "",
	    s->a[1] ? "|SOCK_NONBLOCK" : "", s->a[2] ? "|SOCK_CLOEXEC" : "");
	if (fd < 0)
		say_result(t, fd);
	slot_put(t, s->slot, fd);
}

/* How long a bind or connect says that its address is. */
static socklen_t said_length(socklen_t len, int variant)
{
	const socklen_t lengths[] = {len, 2, 8, sizeof(struct sockaddr_storage), 0};

	return lengths[variant];
}

/* a[0]: place, [1]: port's index, [2]: variant of the length */
void run_bind(struct text *t, const struct step *s)
{
	struct sockaddr_storage a;
	socklen_t len = place_fill(&a, (enum place)s->a[0], ports[s->a[1]]);

	len = said_length(len, s->a[2]);
	say(t, "bind(");
	say_slot(t, s->slot);
	say(t, ", %s:%u, %u)", place_text((enum place)s->a[0]), ports[s->a[1]], len);
	say_result(t, call(bind)(slot_fds[s->slot], (struct sockaddr *)&a, len));
}

/* a[0]: place, [1]: index of a sender's port, [2]: variant of the length */
void run_connect(struct text *t, const struct step *s)
{
	struct sockaddr_storage a;
	socklen_t len = place_fill(&a, (enum place)s->a[0], sender_ports[s->a[1]]);

	len = said_length(len, s->a[2]);
	say(t, "connect(");
	say_slot(t, s->slot);
	say(t, ", %s:%u, %u)", place_text((enum place)s->a[0]), sender_ports[s->a[1]], len);
	say_result(t, call(connect)(slot_fds[s->slot], (struct sockaddr *)&a, len));
}

/* a[0]: 1 = the peer's, [1]: room for it */
void run_name(struct text *t, const struct step *s)
{
	struct sockaddr_storage a;
	socklen_t len = (socklen_t)s->a[1];
	int result;

	memset(&a, 0xee, sizeof(a));
	say(t, "%s(", s->a[0] ? "getpeername" : "getsockname");
	say_slot(t, s->slot);
	result = s->a[0] ? getpeername(slot_fds[s->slot], (struct sockaddr *)&a, &len)
			 : getsockname(slot_fds[s->slot], (struct sockaddr *)&a, &len);
	say(t, ")");
	say_result(t, result);
	if (result == 0)
		say_address(t, &a, (socklen_t)s->a[1], len);
}

union value {
	int number;
	struct timeval time;
	char device[16];
	uint8_t octets[128];
};

static socklen_t fill_value(union value *v, const struct option *o, int value)
{
	static const struct timeval times[TIMEOUTS] = {{0, 0}, {0, 5000}, {3600, 0}, {0, 2000000}};

	memset(v, 0, sizeof(*v));
	switch (o->kind) {
	case OPTION_TIMEOUT:
		v->time = times[value];
		return sizeof(v->time);
	case OPTION_DEVICE:
		if (value != BY_ROUTE)
			snprintf(v->device, sizeof(v->device), "%s", where_names[value]);
		return (socklen_t)strlen(v->device) + 1;
	default:
		v->number = value;
		return sizeof(v->number);
	}
}

/* Lengths of an option that are right, short, long; NULL for its value. */
enum {
	LENGTH_RIGHT,
	LENGTH_1,
	LENGTH_2,
	LENGTH_0,
	LENGTH_LONG,
	LENGTH_NULL
};

static socklen_t option_length(socklen_t right, int variant)
{
	const socklen_t lengths[] = {right, 1, 2, 0, right + 8, right};

	return lengths[variant];
}

/* a[0]: option, [1]: value, [2]: variant of the length */
void run_set(struct text *t, const struct step *s)
{
	const struct option *o = &options[s->a[0]];
	union value v;
	socklen_t len = option_length(fill_value(&v, o, s->a[1]), s->a[2]);

	say(t, "setsockopt(");
	say_slot(t, s->slot);
	say(t, ", %s, ", o->text);
	if (s->a[2] == LENGTH_NULL)
		say(t, "NULL");
	else if (o->kind == OPTION_TIMEOUT)
		say(t, "{%ld, %ld}", (long)v.time.tv_sec, (long)v.time.tv_usec);
	else if (o->kind == OPTION_DEVICE)
		say(t, "\"%s\"", v.device);
	else
		say(t, "%d", v.number);
	say(t, ", %u)", len);
	say_result(t, call(setsockopt)(slot_fds[s->slot], o->level, o->name,
				       s->a[2] == LENGTH_NULL ? NULL : &v, len));
}

/* a[0]: option, [1]: room */
void run_get(struct text *t, const struct step *s)
{
	const struct option *o = &options[s->a[0]];
	union value v;
	socklen_t len = (socklen_t)s->a[1];
	int result;

	memset(&v, 0xee, sizeof(v));
	result = call(getsockopt)(slot_fds[s->slot], o->level, o->name, &v, &len);
	say(t, "getsockopt(");
	say_slot(t, s->slot);
	say(t, ", %s, %d)", o->text, s->a[1]);
	say_result(t, result);
	if (result < 0)
		return;
	say(t, " [%u]", len);
	for (socklen_t i = 0; i < len + 2 && i < sizeof(v); i++)
		say(t, "%s%02x", i % 4 ? "" : " ", v.octets[i]);
}

/* ---- memberships ---- */

struct membership {
	const char *text;
	int name;
	enum {
		MREQ,
		MREQN,
		SOURCE4,
		GROUP_REQ,
		SOURCE_REQ,
		MREQ6
	} form;
};

static const struct membership memberships[] = {
    {"IP_ADD_MEMBERSHIP", IP_ADD_MEMBERSHIP, MREQ},
    {"IP_DROP_MEMBERSHIP", IP_DROP_MEMBERSHIP, MREQ},
    {"IP_ADD_MEMBERSHIP", IP_ADD_MEMBERSHIP, MREQN},
    {"IP_DROP_MEMBERSHIP", IP_DROP_MEMBERSHIP, MREQN},
    {"IP_ADD_SOURCE_MEMBERSHIP", IP_ADD_SOURCE_MEMBERSHIP, SOURCE4},
    {"IP_DROP_SOURCE_MEMBERSHIP", IP_DROP_SOURCE_MEMBERSHIP, SOURCE4},
    {"IP_BLOCK_SOURCE", IP_BLOCK_SOURCE, SOURCE4},
    {"IP_UNBLOCK_SOURCE", IP_UNBLOCK_SOURCE, SOURCE4},
    {"MCAST_JOIN_GROUP", MCAST_JOIN_GROUP, GROUP_REQ},
    {"MCAST_LEAVE_GROUP", MCAST_LEAVE_GROUP, GROUP_REQ},
    {"MCAST_JOIN_SOURCE_GROUP", MCAST_JOIN_SOURCE_GROUP, SOURCE_REQ},
    {"MCAST_LEAVE_SOURCE_GROUP", MCAST_LEAVE_SOURCE_GROUP, SOURCE_REQ},
    {"MCAST_BLOCK_SOURCE", MCAST_BLOCK_SOURCE, SOURCE_REQ},
    {"MCAST_UNBLOCK_SOURCE", MCAST_UNBLOCK_SOURCE, SOURCE_REQ},
    {"IPV6_JOIN_GROUP", IPV6_JOIN_GROUP, MREQ6},
    {"IPV6_LEAVE_GROUP", IPV6_LEAVE_GROUP, MREQ6},
};

union request {
	struct ip_mreq mreq;
	struct ip_mreqn mreqn;
	struct ip_mreq_source source4;
	struct group_req group;
	struct group_source_req source;
	struct ipv6_mreq mreq6;
};

static struct in_addr address4(enum place place)
{
	struct sockaddr_storage a;

	place_fill(&a, place, 0);
	return ((struct sockaddr_in *)&a)->sin_addr;
}

static socklen_t fill_request(union request *r, int form, const struct step *s)
{
	enum place group = (enum place)s->a[1], source = (enum place)s->a[3];
	enum where where = (enum where)s->a[2];
	struct sockaddr_storage a;

	memset(r, 0, sizeof(*r));
	switch (form) {
	case MREQ:
		r->mreq.imr_multiaddr = address4(group);
		r->mreq.imr_interface = address4(where_address(where));
		return sizeof(r->mreq);
	case MREQN:
		r->mreqn.imr_multiaddr = address4(group);
		r->mreqn.imr_ifindex = (int)where_index(where);
		return sizeof(r->mreqn);
	case SOURCE4:
		r->source4.imr_multiaddr = address4(group);
		r->source4.imr_interface = address4(where_address(where));
		r->source4.imr_sourceaddr = address4(source);
		return sizeof(r->source4);
	case GROUP_REQ:
		r->group.gr_interface = where_index(where);
		place_fill(&r->group.gr_group, group, 0);
		return sizeof(r->group);
	case SOURCE_REQ:
		r->source.gsr_interface = where_index(where);
		place_fill(&r->source.gsr_group, group, 0);
		place_fill(&r->source.gsr_source, source, 0);
		return sizeof(r->source);
	default:
		r->mreq6.ipv6mr_interface = where_index(where);
		place_fill(&a, group, 0);
		r->mreq6.ipv6mr_multiaddr = ((struct sockaddr_in6 *)&a)->sin6_addr;
		return sizeof(r->mreq6);
	}
}

/* a[0]: of memberships, [1]: group's place, [2]: interface, [3]: source's place, [4]: variant of
 * the length, [5]: the level is the other one */
void run_member(struct text *t, const struct step *s)
{
	const struct membership *m = &memberships[s->a[0]];
	int is_ipv6 = m->form == MREQ6 ||
		      (m->form >= GROUP_REQ && place_family((enum place)s->a[1]) == AF_INET6);
	int level = is_ipv6 != s->a[5] ? IPPROTO_IPV6 : IPPROTO_IP;
	union request r;
	socklen_t len = option_length(fill_request(&r, m->form, s), s->a[4]);

	say(t, "setsockopt(");
	say_slot(t, s->slot);
	say(t, ", %s, %s, {%s, %s", level == IPPROTO_IP ? "IPPROTO_IP" : "IPPROTO_IPV6", m->text,
	    place_text((enum place)s->a[1]), where_names[s->a[2]]);
	if (m->form == SOURCE4 || m->form == SOURCE_REQ)
		say(t, ", %s", place_text((enum place)s->a[3]));
	say(t, "}, %s%u)", s->a[4] == LENGTH_NULL ? "NULL, " : "", len);
	say_result(t, call(setsockopt)(slot_fds[s->slot], level, m->name,
				       s->a[4] == LENGTH_NULL ? NULL : &r, len));
}

/* ---- source lists ---- */

union list {
	struct ip_msfilter of_ipv4;
	struct group_filter of_both;
	uint8_t room[GROUP_FILTER_SIZE(8)];
};

/* Their lists, which are longer than their types say. */
static struct in_addr *list4(union list *list)
{
	return (struct in_addr *)(list->room + offsetof(struct ip_msfilter, imsf_slist));
}

static struct sockaddr_storage *list_both(union list *list)
{
	return (struct sockaddr_storage *)(list->room + offsetof(struct group_filter, gf_slist));
}

/* The senders of a mask's bits. */
static unsigned listed(int mask, int family, enum place *out)
{
	unsigned n = 0;

	for (int i = 0; i < 3; i++) {
		if (!(mask & 1 << i))
			continue;
		if (family == AF_INET6 && i == 2)
			out[n++] = ABSENT6;
		else
			out[n++] = (enum place)(family == AF_INET6 ? SENDER6_0 + i : SENDER0 + i);
	}
	return n;
}

static void get_sources(struct text *t, const struct step *s, int level, int name, union list *list,
			socklen_t len)
{
	int result = call(getsockopt)(slot_fds[s->slot], level, name, list, &len);
	uint32_t mode = name == IP_MSFILTER ? list->of_ipv4.imsf_fmode : list->of_both.gf_fmode;
	uint32_t n = name == IP_MSFILTER ? list->of_ipv4.imsf_numsrc : list->of_both.gf_numsrc;

	say(t, ")");
	say_result(t, result);
	if (result < 0)
		return;
	say(t, " mode %u [%u] %u:", mode, len, n);
	for (uint32_t i = 0; i < n && i < (uint32_t)s->a[5]; i++) {
		struct sockaddr_storage *a = &list_both(list)[i];

		if (name == IP_MSFILTER)
			say(t, " %08x", ntohl(list4(list)[i].s_addr));
		else
			say_address(t, a, sizeof(*a),
				    a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
							     : sizeof(struct sockaddr_in));
	}
}

/* a[0]: 0 IP_MSFILTER, 1 MCAST_MSFILTER; +2: get, [1]: group's place, [2]: interface, [3]: mode,
 * [4]: mask of sources, [5]: get: room for so many; set: so many more are said to be there */
void run_sources(struct text *t, const struct step *s)
{
	enum place group = (enum place)s->a[1], sources[3];
	int family = place_family(group), is_get = s->a[0] & 2;
	int name = s->a[0] & 1 ? MCAST_MSFILTER : IP_MSFILTER;
	int level = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
	unsigned n = listed(s->a[4], family, sources), said;
	union list list;
	socklen_t len;

	memset(&list, 0, sizeof(list));
	said = is_get ? (unsigned)s->a[5] : n + (unsigned)s->a[5];
	if (name == IP_MSFILTER) {
		list.of_ipv4.imsf_multiaddr = address4(group);
		list.of_ipv4.imsf_interface = address4(where_address((enum where)s->a[2]));
		list.of_ipv4.imsf_fmode = (uint32_t)s->a[3];
		list.of_ipv4.imsf_numsrc = said;
		for (unsigned i = 0; i < n; i++)
			list4(&list)[i] = address4(sources[i]);
		len = (socklen_t)IP_MSFILTER_SIZE(is_get ? said : n);
	} else {
		list.of_both.gf_interface = where_index((enum where)s->a[2]);
		place_fill(&list.of_both.gf_group, group, 0);
		list.of_both.gf_fmode = (uint32_t)s->a[3];
		list.of_both.gf_numsrc = said;
		for (unsigned i = 0; i < n; i++)
			place_fill(&list_both(&list)[i], sources[i], 0);
		len = (socklen_t)GROUP_FILTER_SIZE(is_get ? said : n);
	}
	say(t, "%cetsockopt(", is_get ? 'g' : 's');
	say_slot(t, s->slot);
	say(t, ", %s, {%s, %s, %s, %u sources, mask %d}",
	    name == IP_MSFILTER ? "IP_MSFILTER" : "MCAST_MSFILTER", place_text(group),
	    where_names[s->a[2]],
	    s->a[3] == MCAST_INCLUDE   ? "INCLUDE"
	    : s->a[3] == MCAST_EXCLUDE ? "EXCLUDE"
				       : "mode?",
	    said, s->a[4]);
	if (is_get) {
		get_sources(t, s, level, name, &list, len);
	} else {
		say(t, ")");
		say_result(t, call(setsockopt)(slot_fds[s->slot], level, name, &list, len));
	}
}

/* a[0]: how */
void run_shutdown(struct text *t, const struct step *s)
{
	say(t, "shutdown(");
	say_slot(t, s->slot);
	say(t, ", %d)", s->a[0]);
	say_result(t, call(shutdown)(slot_fds[s->slot], s->a[0]));
}

/* a[0]: form, [1]: place, [2]: length */
void run_send_out(struct text *t, const struct step *s)
{
	static const char *const names[] = {"send", "sendto", "sendmsg", "write"};
	static uint8_t data[2000];
	struct sockaddr_storage to;
	socklen_t len = place_fill(&to, (enum place)s->a[1], sender_ports[0]);
	size_t size = (size_t)s->a[2];
	struct iovec iov = {data, size};
	struct msghdr msg = {.msg_name = &to, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1};
	int fd = slot_fds[s->slot];
	ssize_t result;

	switch (s->a[0]) {
	case 0:
		result = call(send)(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	case 1:
		result = call(sendto)(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT,
				      (struct sockaddr *)&to, len);
		break;
	case 2:
		result = call(sendmsg)(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	default:
		result = write(fd, data, size);
		break;
	}
	say(t, "%s(", names[s->a[0]]);
	say_slot(t, s->slot);
	say(t, ", %zu, %s)", size, place_text((enum place)s->a[1]));
	say_result(t, result);
}
