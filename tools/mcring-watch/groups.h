/* SPDX-License-Identifier: BSD-3-Clause */
/* The groups of a channel, and which of them are silent, in the time of arrivals. */
#ifndef MCR_WATCH_GROUPS_H
#define MCR_WATCH_GROUPS_H

#include <stdint.h>

#include "core/address_hash.h"
#include "watch.h"

#define GROUPS_NONE UINT32_MAX /* there is no room for it */

/* Where a group stands: its index + 1; 0 = none. */
struct group_table {
	uint32_t *places; /* n, a power of two */
	uint32_t n;
	struct mcr_address_hash hash;
	uint64_t port_multiplier;
};

/* groups_create: seeds are secrets. Returns 0 or -ENOMEM. groups_destroy frees the groups too. */
int groups_create(struct group_table *t, const uint64_t seeds[2]);
void groups_destroy(struct group_table *t, struct watch_channel *c);

/* groups_find finds the group of a message, or adds it. interface: as in struct watch_group.
 * Returns its index, or GROUPS_NONE. */
uint32_t groups_find(struct group_table *t, struct watch_channel *c, const struct mcr_msg *m,
		     uint16_t interface);

/* groups_judge finds those that are silent at c->until_ns. sure_ns: since when nothing was missed.
 */
void groups_judge(struct watch *w, struct watch_channel *c, uint64_t sure_ns);

/* groups_hear: a message of a group that is silent, or may have been. */
void groups_hear(struct watch *w, struct watch_channel *c, struct watch_group *g, uint64_t ns,
		 uint64_t sure_ns);

/* groups_go_back: time begins again at ns, as with a capture that is served again. */
void groups_go_back(struct watch_channel *c, uint64_t ns);

/* groups_end ends the silences. */
void groups_end(struct watch *w, struct watch_channel *c);

#endif
