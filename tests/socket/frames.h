/* SPDX-License-Identifier: BSD-3-Clause */
/* What others send: Ethernet frames with UDP in them. */
#ifndef MCR_TEST_FRAMES_H
#define MCR_TEST_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include "universe.h"

#define FRAME_MAX    1514
#define PAYLOAD_MAX  1472
#define PAYLOAD_MAX6 1452

/* The MAC addresses of the hosts and of those who send to them. */
#define MAC_OF_HOST                             \
	{                                       \
		0x02, 0x00, 0x00, 0x00, 0x00, 2 \
	}
#define MAC_OF_SENDERS                          \
	{                                       \
		0x02, 0x00, 0x00, 0x00, 0x00, 1 \
	}

struct datagram {
	enum place to, from;
	uint16_t to_port, from_port;
	uint8_t ttl, tos;
	size_t len;
	const void *payload;
};

/* frame_fill writes the frame; returns its length. */
size_t frame_fill(uint8_t frame[FRAME_MAX], const struct datagram *d);

#endif
