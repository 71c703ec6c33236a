/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/join.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "socket/bystander.h"
#include "socket/interface.h"
#include "socket/link.h"
#include "socket/process.h"
#include "socket/report.h"
#include "socket/settings.h"
#include "socket/signals.h"
#include "socket/transfer.h"
#include "socket/wait.h"

static void renew(struct mcr_socket *s);

static const struct mcr_socket_owner owner = {
    .renew = renew, .end = mcr_transfer_end, .hand_over = mcr_join_hand_over};

/* ---- which membership is meant ---- */

/* How a request's interface is compared. */
enum by {
	BY_ASKED,   /* the program names it in the same way */
	BY_PLACE,   /* it is the same interface */
	BY_INDEX,   /* the program names the kernel's index */
	BY_ADDRESS, /* what it named beside the index, too */
	BY_GROUP,   /* on whatever interface */
};

static int matches(const struct mcr_joined *j, enum by by, const struct mcr_interface_asked *asked,
		   const struct mcr_place *place)
{
	switch (by) {
	case BY_ASKED:
		return j->asked.ifindex == asked->ifindex &&
		       (asked->ifindex != 0 || j->asked.address_be == asked->address_be);
	case BY_ADDRESS:
		return j->asked.address_be == asked->address_be;
	case BY_PLACE:
		return place->ifindex != 0 ? j->m.ifindex == place->ifindex
					   : j->m.ifindex == 0 && strcmp(j->name, place->name) == 0;
	case BY_INDEX:
		return j->m.ifindex == asked->ifindex;
	default:
		return 1;
	}
}

/* The newest that matches. */
static struct mcr_joined *find(struct mcr_socket *s, struct mcr_address group, int is_ipv4,
			       enum by by, const struct mcr_interface_asked *asked,
			       const struct mcr_place *place)
{
	struct mcr_joined *found = NULL;

	for (struct mcr_membership *m = mcr_filter_of_group(s, group); m; m = m->next_of_hash) {
		struct mcr_joined *j = mcr_joined_of(m);

		if (mcr_membership_is_live(m) && mcr_address_is_equal(m->group, group) &&
		    j->is_ipv4 == is_ipv4 && matches(j, by, asked, place) &&
		    (!found || found->order < j->order))
			found = j;
	}
	return found;
}

/* As the kernel looks for what a request means. IPv6 takes any interface when none is named, but
 * for a filter. */
static struct mcr_joined *find_for(struct mcr_socket *s, const struct mcr_join_request *r)
{
	int is_leave = r->op == MCR_OP_FILTER && !r->is_exclude && r->n_sources == 0;
	struct mcr_joined *j;
	struct mcr_place place;

	if (!r->is_ipv4 && r->op == MCR_OP_FILTER && !is_leave)
		return find(s, r->group, 0, BY_INDEX, &r->asked, NULL);
	if (!r->is_ipv4 && r->asked.ifindex == 0)
		return find(s, r->group, 0, BY_GROUP, &r->asked, NULL);
	j = find(s, r->group, r->is_ipv4, BY_ASKED, &r->asked, NULL);
	if (j || !mcr_filter_of_group(s, r->group))
		return j;
	mcr_interface_find(&place, s->fd, r->group, &r->asked, 0);
	j = find(s, r->group, r->is_ipv4, BY_PLACE, &r->asked, &place);
	/* An address that no interface has any more leaves what was joined with it. */
	if (!j && r->op == MCR_OP_LEAVE && r->asked.address_be != 0 && place.ifindex == 0)
		j = find(s, r->group, r->is_ipv4, BY_ADDRESS, &r->asked, NULL);
	return j;
}

struct mcr_joined *mcr_join_find(struct mcr_socket *s, struct mcr_address group, int is_ipv4,
				 const struct mcr_interface_asked *asked, int by_index)
{
	struct mcr_join_request r = {
	    .op = MCR_OP_LEAVE, .is_ipv4 = (uint8_t)is_ipv4, .group = group, .asked = *asked};

	return by_index ? find(s, group, is_ipv4, BY_INDEX, asked, NULL) : find_for(s, &r);
}

/* ---- join ---- */

static struct mcr_joined *make(const struct mcr_next *next, struct mcr_address group)
{
	return mcr_joined_make(group, next->is_exclude, next->has_list, next->listed, next->n);
}

static void put_at(struct mcr_joined *j, const struct mcr_choice *c)
{
	j->m.where = c->where;
	j->m.why = c->why;
	j->m.wants_engine = c->where != MCR_MEMBERSHIP_ENGINE;
	j->m.interface = c->place.interface;
	j->m.ifindex = c->place.ifindex;
	memcpy(j->name, c->place.name, sizeof(j->name));
}

/* Joins where it was decided or, if the engine refuses, where else it may be. */
static int enter(struct mcr_socket *s, struct mcr_joined *old, struct mcr_joined *j,
		 struct mcr_choice *c)
{
	struct mcr_error err = {{0}};
	int ret;

	put_at(j, c);
	ret = mcr_transfer(s, old, j, &err);
	if (ret == 0 || c->where != MCR_MEMBERSHIP_ENGINE)
		return ret;
	ret = mcr_choose_instead(c, j->m.group, ret, err.text);
	if (ret < 0)
		return ret;
	put_at(j, c);
	return mcr_transfer(s, old, j, &err);
}

static int is_full(const struct mcr_socket *s, const struct mcr_join_request *r)
{
	uint32_t n = 0, most = mcr_join_limits_get()->memberships;

	if (!r->is_ipv4 || s->n_memberships < most)
		return 0;
	for (struct mcr_membership *m = s->memberships; m; m = m->next)
		n += mcr_membership_is_live(m) && mcr_joined_of(m)->is_ipv4;
	return n >= most;
}

static int join(struct mcr_socket *s, const struct mcr_join_request *r, struct mcr_choice *c)
{
	static uint32_t order;
	struct mcr_next next = {0};
	int ret = is_full(s, r) ? -ENOBUFS : mcr_membership_next(&next, NULL, r);
	struct mcr_joined *j = ret == 0 ? make(&next, r->group) : NULL;

	free(next.listed);
	if (!j)
		return ret < 0 ? ret : -ENOBUFS;
	j->is_ipv4 = r->is_ipv4;
	j->asked = r->asked;
	j->order = __atomic_add_fetch(&order, 1, __ATOMIC_RELAXED);
	ret = enter(s, NULL, j, c);
	if (ret < 0)
		mcr_joined_free(j);
	return ret;
}

/* ---- changes ---- */

static struct mcr_joined *copy(const struct mcr_joined *old, const struct mcr_next *next)
{
	struct mcr_joined *j = make(next, old->m.group);

	if (!j)
		return NULL;
	j->is_ipv4 = old->is_ipv4;
	j->asked = old->asked;
	j->order = old->order;
	return j;
}

static void choice_of(struct mcr_choice *out, const struct mcr_joined *j)
{
	memset(out, 0, sizeof(*out));
	out->where = j->m.where;
	out->why = j->m.why;
	out->place.interface = j->m.interface;
	out->place.ifindex = j->m.ifindex;
	memcpy(out->place.name, j->name, sizeof(out->place.name));
	if (j->m.ifindex == 0 || !if_indextoname(j->m.ifindex, out->place.device))
		out->place.device[0] = '\0';
}

static int replace(struct mcr_socket *s, struct mcr_joined *old, const struct mcr_next *next)
{
	struct mcr_joined *j = copy(old, next);
	struct mcr_choice c;
	int ret;

	if (!j)
		return -ENOBUFS;
	choice_of(&c, old);
	ret = enter(s, old, j, &c);
	if (ret < 0)
		mcr_joined_free(j);
	return ret;
}

static int change(struct mcr_socket *s, struct mcr_joined *old, const struct mcr_join_request *r)
{
	struct mcr_next next;
	int ret = mcr_membership_next(&next, old, r), done = 0;

	/* Nobody would receive the new source: no success that is silence. */
	if (ret == 0 && r->op == MCR_OP_ADD_SOURCE && old->m.where == MCR_MEMBERSHIP_NOWHERE)
		done = -ENETDOWN;
	else if (next.kind == MCR_NEXT_GONE)
		done = mcr_transfer(s, old, NULL, NULL);
	else if (next.kind == MCR_NEXT_CHANGED)
		done = replace(s, old, &next);
	free(next.listed);
	return done < 0 ? done : ret;
}

/* ---- the option ---- */

static int is_join(const struct mcr_join_request *r)
{
	return r->op == MCR_OP_JOIN || r->op == MCR_OP_ADD_SOURCE;
}

/* A new membership, of a socket that may be ours only from now on. */
static int join_adopted(int fd, const struct mcr_join_request *r, struct mcr_choice *c)
{
	struct mcr_socket *s = mcr_socket_adopt(fd, &owner);
	struct mcr_joined *old;
	int ret;

	if (!s)
		return -errno;
	old = find_for(s, r); /* another thread may have been here */
	ret = old ? change(s, old, r) : join(s, r, c);
	mcr_transfer_set_all(s);
	if (ret == 0)
		mcr_wait_socket_joined(s, fd);
	mcr_socket_release(s);
	return ret;
}

/* Returns 1 with *result, or 0: it is the kernel's. */
static int join_new(int fd, struct mcr_socket *s, const struct mcr_join_request *r, int *result)
{
	struct mcr_choice c;

	if (s)
		mcr_socket_release(s);
	*result = mcr_choose(&c, fd, r);
	if (*result == 0 && !c.is_plain) {
		*result = join_adopted(fd, r, &c);
		if (*result == 0)
			mcr_bystander_begin(&owner);
	}
	return *result < 0 || !c.is_plain;
}

static int apply(int fd, const struct mcr_join_request *r, int *result)
{
	struct mcr_socket *s = mcr_socket_hold(fd);
	struct mcr_joined *old;

	if (s)
		mcr_filter_prune(s);
	old = s ? find_for(s, r) : NULL;
	if (old) {
		*result = change(s, old, r);
		mcr_socket_release(s);
		return 1;
	}
	if (is_join(r))
		return join_new(fd, s, r, result);
	if (s)
		mcr_socket_release(s);
	return 0;
}

/* Returns 1 with the result, or 0. */
static int take(int fd, int level, int name, const void *value, socklen_t len, int *result)
{
	struct mcr_join_request r;
	int family = mcr_socket_family(fd), is_ours;

	if (family == 0 || (family == AF_INET && level == IPPROTO_IPV6) ||
	    mcr_process_is_borrowed() || !mcr_join_read(&r, level, name, value, len))
		return 0;
	is_ours = apply(fd, &r, result);
	mcr_join_request_free(&r);
	return is_ours;
}

int mcr_join_option(int fd, int level, int name, const void *value, socklen_t len, int *result)
{
	int saved = errno, is_ours;

	if (!mcr_join_is_option(level, name))
		return 0;
	mcr_signal_enter(); /* a handler that receives would wait for malloc */
	is_ours = take(fd, level, name, value, len, result);
	mcr_signal_leave();
	errno = is_ours && *result < 0 ? -*result : saved;
	if (is_ours && *result < 0)
		*result = -1;
	return is_ours;
}

/* ---- the engine came or went ---- */

static int put_in_place(struct mcr_socket *s, struct mcr_joined *old, struct mcr_choice *c)
{
	const struct mcr_next same = {.is_exclude = old->m.is_exclude,
				      .has_list = old->has_list,
				      .n = old->n_listed,
				      .listed = old->listed};
	struct mcr_joined *j = copy(old, &same);
	int ret;

	if (!j)
		return -ENOMEM;
	ret = enter(s, old, j, c);
	if (ret < 0)
		mcr_joined_free(j);
	return ret;
}

/* Moves a membership to where it belongs now, or to nowhere. */
static void move(struct mcr_socket *s, struct mcr_joined *old, struct mcr_choice *c)
{
	int was_engines = old->m.where == MCR_MEMBERSHIP_ENGINE;

	if (c->place.ifindex == 0)
		c->place.ifindex = old->m.ifindex;
	if (!c->place.name[0])
		memcpy(c->place.name, old->name, sizeof(old->name));
	if (put_in_place(s, old, c) == 0 || !was_engines)
		return;
	c->where = MCR_MEMBERSHIP_NOWHERE;
	put_in_place(s, old, c);
}

static void look_again(struct mcr_socket *s, struct mcr_joined *j)
{
	int was_engines = j->m.where == MCR_MEMBERSHIP_ENGINE;
	struct mcr_choice c = {.where = MCR_MEMBERSHIP_NOWHERE};

	if (was_engines && j->life == mcr_link_life())
		return;
	if (j->m.where == MCR_MEMBERSHIP_KERNEL && s->stays_in_kernel)
		return;
	mcr_interface_find(&c.place, s->fd, j->m.group, &j->asked, 0);
	if (c.place.interface == MCR_NO_INTERFACE && j->name[0])
		mcr_interface_find_named(&c.place, j->name);
	/* Without an engine there is nothing better for what was the kernel's or nobody's. */
	if (was_engines || c.place.interface != MCR_NO_INTERFACE) {
		mcr_choose_again(&c, j->m.group);
		move(s, j, &c);
	}
}

static void renew(struct mcr_socket *s)
{
	struct mcr_membership *m, *next;

	if (mcr_link_state() == MCR_LINK_ATTACHED && mcr_socket_stand(s) < 0) {
		s->life = 0; /* no memory: again with the next call */
		return;
	}
	for (m = s->memberships; m; m = next) {
		next = m->next; /* what comes in its place stands before it */
		if (mcr_membership_is_live(m))
			look_again(s, mcr_joined_of(m));
	}
	mcr_transfer_set_all(s);
}

/* ---- to the kernel for good ---- */

void mcr_join_hand_over(struct mcr_socket *s)
{
	struct mcr_membership *m, *next;

	for (m = s->memberships; m; m = next) {
		char text[MCR_ADDRESS_TEXT];
		struct mcr_choice c;

		next = m->next;
		if (!mcr_membership_is_live(m) || m->where == MCR_MEMBERSHIP_KERNEL)
			continue;
		choice_of(&c, mcr_joined_of(m));
		c.where = MCR_MEMBERSHIP_KERNEL;
		c.why = MCR_WHY_ASKED;
		mcr_address_format(text, m->group);
		if (c.place.ifindex == 0 || put_in_place(s, mcr_joined_of(m), &c) < 0)
			mcr_log("%s: the kernel cannot receive it", text);
	}
	s->stays_in_kernel = 1;
	mcr_transfer_set_all(s);
}

void mcr_join_take_back(struct mcr_socket *s)
{
	s->stays_in_kernel = 0;
	renew(s);
}
