/* SPDX-License-Identifier: BSD-3-Clause */
/* What a consumer and its cursors have in common. The consumer's thread makes the objects, those of
 * the cursors come and go at any time, and nobody waits for anybody: there is no lock that a fork
 * could leave locked in the child. Maps and seats are used again and not freed before the last of
 * the consumer and its cursors has gone, so that who holds an old pointer to one reads memory of
 * its kind. */
#ifndef MCR_CLIENT_SHARE_H
#define MCR_CLIENT_SHARE_H

#include <stdint.h>

#include "client/attach.h"
#include "core/consumer_page.h"

/* An object that stays when it is given back, so that it can be taken again. */
struct mcr_client_lasting {
	struct mcr_client_lasting *next; /* of all */
	int is_taken;
};

/* The mapped memory of one attachment. */
struct mcr_client_map {
	struct mcr_client_lasting lasting; /* first; given back when it is unmapped */
	uint32_t users;                    /* who read it or hold it; the last one unmaps it */
	int is_over; /* the consumer's: the engine ended, or is no longer its own */
	struct mcr_attachment mapped; /* the socket is the consumer's and not in it */
};

/* Where a cursor shows what the consumer reports for all of them. */
struct mcr_client_seat {
	struct mcr_client_lasting lasting; /* first; given back when the cursor is closed */
	uint64_t epoch;                    /* of the channel that page is about */
	struct mcr_consumer_page page;     /* as if it were the engine's; the cursor's */
};

struct mcr_client_share {
	uint32_t users; /* the consumer, its cursors and its holds */
	/* The consumer's thread alone, or the last user. */
	struct mcr_client_lasting *maps, *seats;
	struct mcr_client_map *now; /* the consumer's; NULL: it is closed */
};

/* mcr_client_give_back: whoever took it has done with it. Thread: any. */
void mcr_client_give_back(struct mcr_client_lasting *one);

/* mcr_client_map_add gives the memory of an attachment to a map with one user, the caller, who is
 * the consumer's thread. Returns NULL when there is no memory: it stays the caller's. */
struct mcr_client_map *mcr_client_map_add(struct mcr_client_share *s,
					  const struct mcr_attachment *a);

/* mcr_client_map_enter makes the caller a user of the consumer's map. Returns NULL when there is
 * none, which may change at once. Thread: any. */
struct mcr_client_map *mcr_client_map_enter(struct mcr_client_share *s);
void mcr_client_map_leave(struct mcr_client_map *map);

/* mcr_client_seat_take finds a seat for a new cursor. Thread: the consumer's. Returns NULL when
 * there is no memory. */
struct mcr_client_seat *mcr_client_seat_take(struct mcr_client_share *s);

/* mcr_client_share_leave frees all with the last user. NULL is allowed. */
void mcr_client_share_leave(struct mcr_client_share *s);

/* mcr_client_map_end says whether the engine has ended. Release: who acquires it sees what the
 * engine published before, and where the consumer went. Thread: the consumer's. */
static inline void mcr_client_map_end(struct mcr_client_map *map, int is_over)
{
	if (map->is_over != is_over) /* the line stays where it is read */
		__atomic_store_n(&map->is_over, is_over, __ATOMIC_RELEASE);
}

static inline int mcr_client_map_is_over(const struct mcr_client_map *map)
{
	return __atomic_load_n(&map->is_over, __ATOMIC_ACQUIRE);
}

#endif
