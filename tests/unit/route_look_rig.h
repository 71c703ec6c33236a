/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames for tests of what the relay looks at. */
#ifndef ROUTE_LOOK_RIG_H
#define ROUTE_LOOK_RIG_H

#include "core/route/route_look.h"
/* Behind it, since it has a name of its own for what is an argument there. */
#include "parse_rig.h"

/* All forms, on heap copies of exactly the octets that they may read. They must agree. */
static inline int look4(struct mcr_route_packet *p, const uint8_t *bytes, uint32_t head_len,
			uint32_t frame_len, uint16_t stripped)
{
	uint8_t *head = malloc(head_len ? head_len : 1);
	struct mcr_route_packet any, plain;
	int ok, ok_any;

	assert_non_null(head);
	memcpy(head, bytes, head_len);
	memset(p, 0, sizeof(*p));
	memset(&any, 0, sizeof(any));
	memset(&plain, 0, sizeof(plain));
	ok = mcr_route_look(p, head, head_len, frame_len, stripped, own_mac);
	ok_any = mcr_route_look_any(&any, head, head_len, frame_len, stripped, own_mac);
	assert_int_equal(ok, ok_any);
	if (ok)
		assert_memory_equal(p, &any, sizeof(any));
	if (mcr_route_look_plain(&plain, head, head_len, frame_len, stripped, own_mac)) {
		assert_true(ok_any);
		assert_memory_equal(&plain, &any, sizeof(any));
	}
	free(head);
	return ok;
}

static inline int look(struct mcr_route_packet *p, const struct frame *f)
{
	return look4(p, f->bytes, f->len, f->len, 0);
}

/* After a change to the IP header: its checksum is made right first. */
static inline int takes(struct frame *f)
{
	struct mcr_route_packet p;

	fill_ip_checksum(f);
	return look(&p, f);
}

static inline int is_plain(const struct frame *f)
{
	struct mcr_route_packet p;

	return mcr_route_look_plain(&p, f->bytes, f->len, f->len, 0, own_mac);
}

#endif
