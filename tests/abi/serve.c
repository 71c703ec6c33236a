/* SPDX-License-Identifier: BSD-3-Clause */
/* serve N: an engine for one client. Prints its run directory, waits for a consumer of its channel
 * "md", publishes N messages whose payload is their seq, stops the ring, and ends with its standard
 * input. */
#include "small_engine.h"

#include <poll.h>

static int wanted(int wait_ms)
{
	struct pollfd in = {.fd = 0, .events = POLLIN};

	return poll(&in, 1, wait_ms) == 0;
}

int main(int argc, char **argv)
{
	unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
	struct small_engine e;

	small_engine_create(&e, 1, 65536);
	puts(e.dir);
	fflush(stdout);
	while (small_engine_count(&e) == 0 && wanted(1))
		;
	small_engine_publish_seqs(&e, 0, n);
	mcr_ring_set_state(e.regions[0].mem, MCR_RING_STOPPED);
	wanted(-1);
	small_engine_destroy(&e);
	return 0;
}
