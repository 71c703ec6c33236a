/* SPDX-License-Identifier: BSD-3-Clause */
/* What the takes of the consumer and of the feed have in common: payloads copied one behind the
 * other. */
#ifndef MCR_CLIENT_TAKE_H
#define MCR_CLIENT_TAKE_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/consumer.h>

#define MCR_TAKE_CHUNK 32 /* messages polled at a time */

/* The octets of the buffer that a payload takes: the next one begins at a multiple of 8, as in the
 * ring. */
static inline size_t mcr_take_span(uint32_t len)
{
	return ((size_t)len + 7) & ~(size_t)7;
}

static inline int mcr_take_is_usable(const void *buf, size_t cap)
{
	return cap >= MCR_TAKE_ROOM && (uintptr_t)buf % 8 == 0;
}

/* How many of n messages may be polled: the payloads of so many surely fit into the room. 0: poll
 * finds nothing then. */
static inline int mcr_take_most(int n, size_t room)
{
	size_t most = room / MCR_TAKE_ROOM;

	most = most < MCR_TAKE_CHUNK ? most : MCR_TAKE_CHUNK;
	return n < (int)most ? n : (int)most;
}

#endif
