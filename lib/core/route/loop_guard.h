/* SPDX-License-Identifier: BSD-3-Clause */
/* Knows a packet again that was relayed before: the same source, group and content with a lower TTL
 * is a copy that came back in a loop. Nothing is bound to the first that comes: a forged packet can
 * only hide MCR_LOOP_COPIES that have its content, its source and its group, and come within
 * MCR_LOOP_MS with a lower TTL. So not even a flow that says the same in each packet can be
 * stopped. The IP id is no part of the content that counts: Linux sends 0. Entries are forgotten
 * after MCR_LOOP_MS, so that a sender that says the same again over a longer path is heard.
 *
 * One table for all lcores: a loop may bring a packet back on another one. An entry is two words,
 * read and written each by itself, relaxed; halves of two packets do not fit each other. So what
 * two lcores write at the same time costs an entry, which is made again when the packet comes back
 * once more. Likewise a packet costs the entry of another one in its place: the table is right for
 * what goes round within the time of MCR_LOOP_ENTRIES packets. Pure. */
#ifndef MCR_CORE_LOOP_GUARD_H
#define MCR_CORE_LOOP_GUARD_H

#include <stdint.h>

#include "core/route/route_look.h"

#ifndef MCR_LOOP_ENTRIES /* a test has few, so that its threads meet there */
#define MCR_LOOP_ENTRIES 65536
#endif
#define MCR_LOOP_MS     1000
#define MCR_LOOP_COPIES 4 /* of a packet that come back: by so many ways at a time */

struct mcr_loop_guard;

int mcr_loop_guard_create(struct mcr_loop_guard **out, uint64_t seed); /* 0 or -ENOMEM */
void mcr_loop_guard_destroy(struct mcr_loop_guard *guard);

/* mcr_loop_guard_is_back: whether the packet is one that was seen with a higher TTL within
 * MCR_LOOP_MS, and came back fewer than MCR_LOOP_COPIES times since; else it is remembered. What it
 * holds is compared by a digest of 64 bits over all of its payload that is in one piece, and what
 * its header says that no router changes: not TTL, checksum, TOS, options and id. ip: its IP
 * header, followed by as much of the packet as is in one piece; in_one: octets from the header on,
 * p->header at least. now_ns: monotonic. Thread: any rx lcore. */
int mcr_loop_guard_is_back(struct mcr_loop_guard *guard, const struct mcr_route_packet *p,
			   const uint8_t *ip, uint32_t in_one, uint64_t now_ns);

#endif
