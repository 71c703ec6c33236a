/* SPDX-License-Identifier: BSD-3-Clause */
/* Linux's rules for one membership of a socket: what may follow what, and what becomes of its
 * sources. Pure. */
#ifndef MCR_SOCKET_MEMBERSHIP_H
#define MCR_SOCKET_MEMBERSHIP_H

#include <mcring/types.h>

#include "socket/filter.h"
#include "socket/join_parse.h"

/* A membership, and what is known of it besides what a filter needs. */
struct mcr_joined {
	struct mcr_membership m; /* first: it is freed as that */
	uint8_t is_ipv4;         /* the family of the option, whatever the socket is */
	struct mcr_interface_asked asked;
	uint32_t order;          /* grows with each membership; a change of sources keeps it */
	char name[MCR_NAME_MAX]; /* the engine's interface; "" = not known to be one */
	uint32_t life;           /* mcr_link_life when it was joined on the engine */
	uint32_t loop;     /* MCRING_LOOP: the kernel's interface where local senders are heard */
	uint8_t has_list;  /* a source was listed once, so its mode cannot change */
	uint32_t n_listed; /* as the program listed them: in its order, with repeats. In */
	struct mcr_address *listed; /* the same memory as m.sources. */
};

static inline struct mcr_joined *mcr_joined_of(struct mcr_membership *m)
{
	return (struct mcr_joined *)m;
}

static inline int mcr_membership_is_live(const struct mcr_membership *m)
{
	return m->until == MCR_VERSION_OPEN;
}

/* mcr_membership_is_mute: no sender is wanted, so nobody needs to join it. */
static inline int mcr_membership_is_mute(const struct mcr_membership *m)
{
	return !m->is_exclude && m->n_sources == 0;
}

enum mcr_next_kind {
	MCR_NEXT_SAME,
	MCR_NEXT_CHANGED, /* its mode, its sources, or it is new */
	MCR_NEXT_GONE,
};

/* What follows from a request. */
struct mcr_next {
	uint8_t kind; /* enum mcr_next_kind */
	uint8_t is_exclude, has_list;
	uint32_t n;
	struct mcr_address *listed; /* the caller's to free */
};

/* mcr_membership_next applies a request to a membership; old is NULL when there is none, which only
 * a join may have. Returns 0 or -errno, and fills *next in any case: Linux changes some things
 * before it finds an error. */
int mcr_membership_next(struct mcr_next *next, const struct mcr_joined *old,
			const struct mcr_join_request *request);

/* mcr_joined_make makes a membership with these sources. NULL: no memory. Free it with
 * mcr_joined_free until mcr_filter_add has it. */
struct mcr_joined *mcr_joined_make(struct mcr_address group, int is_exclude, int has_list,
				   const struct mcr_address *listed, uint32_t n);
void mcr_joined_free(struct mcr_joined *j);

#endif
