/* SPDX-License-Identifier: BSD-3-Clause */
/* A place between two messages of a lane: what a position is made of. */
#ifndef MCR_SINK_PLACE_H
#define MCR_SINK_PLACE_H

#include <stdint.h>

struct sink_place {
	uint64_t epoch[2];   /* of the channel (the second is 0), or of the feed's stream */
	uint64_t generation; /* of a feed's numbers within the epoch, as ns; 0 = the first */
	uint64_t next;       /* seq or number of the message behind the place */
};

#endif
