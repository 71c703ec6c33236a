/* SPDX-License-Identifier: BSD-3-Clause */
/* The payload that mcring's senders write and its tests and benchmarks read: a sequence number and
 * the time of sending, in network byte order, then a pattern. */
#ifndef MCR_TOOLS_PROBE_H
#define MCR_TOOLS_PROBE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define PROBE_MIN_BYTES 16

/* probe_stamp writes the numbered head of a payload.
 * seq: counts from 1 in each flow (group and UDP port). sent_ns: CLOCK_REALTIME. */
static inline void probe_stamp(uint8_t *payload, uint64_t seq, uint64_t sent_ns)
{
	uint64_t head[2] = {htobe64(seq), htobe64(sent_ns)};

	memcpy(payload, head, sizeof(head));
}

/* probe_fill writes the pattern behind the head: octet i of the payload is i modulo 256. */
static inline void probe_fill(uint8_t *payload, uint32_t len)
{
	for (uint32_t i = PROBE_MIN_BYTES; i < len; i++)
		payload[i] = (uint8_t)i;
}

#endif
