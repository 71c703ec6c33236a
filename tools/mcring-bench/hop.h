/* SPDX-License-Identifier: BSD-3-Clause */
/* From a writer on one core to a reader on another: the same two loops around different carriers.
 */
#ifndef MCR_BENCH_HOP_H
#define MCR_BENCH_HOP_H

#include <stdint.h>
#include <string.h>

#include <rte_atomic.h>
#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_pause.h>

#include "bench.h"

#define HOP_BURST 32

struct hop {
	const struct bench_options *options;
	void *carrier; /* what create of the carrier made */
	uint8_t
	    payload[BENCH_PAYLOAD_MAX]; /* what the writer sends; the first 8 octets are the TSC */

	/* Writer: main, before and after. */
	int stop_writer __rte_cache_aligned;
	int stop_reader;

	uint64_t sent __rte_cache_aligned; /* the writer's lcore */

	/* The reader's lcore; of echo the writer's, to which the messages come back. */
	uint64_t received __rte_cache_aligned;
	uint64_t lost;
	uint64_t first_tsc, last_tsc; /* when the first and the last message were read */
	uint32_t *samples;            /* cycles from stamp to read */
	uint64_t n_samples, max_samples;
};

/* A way to carry messages. Each loop returns 0 or -1. */
struct hop_carrier {
	const char *name;
	int (*create)(struct hop *hop);
	void (*destroy)(struct hop *hop);
	int (*write)(void *hop); /* runs on the writer's lcore until stop_writer */
	int (*read)(void *hop);  /* runs on the reader's lcore until stop_reader */
};

extern const struct hop_carrier hop_mcring, hop_echo, hop_rte_ring, hop_bytes, hop_unix,
    hop_one_line, hop_two_lines, hop_clock;

/* hop_make_lines gives memory on cache lines of its own, zeroed, so that no page faults later, or
 * NULL after a line on stderr. The caller frees it. */
void *hop_make_lines(size_t size);

/* create and destroy of carriers that are nothing but such memory. hop_make_memory returns 0, or -1
 * after a line on stderr. */
int hop_make_memory(struct hop *hop, size_t size);
void hop_free_memory(struct hop *hop);

/* hop_bounce prints what one line takes from core to core, one way. Returns 0 or -1. */
int hop_bounce(unsigned writer, unsigned reader);

/* hop_took: the reader has the whole message in private memory. */
static inline void hop_took(struct hop *h, const uint8_t *payload)
{
	uint64_t now, stamp;

	rte_rmb(); /* lfence: rdtsc alone would not wait until the payload is here */
	now = rte_rdtsc();
	memcpy(&stamp, payload, sizeof(stamp));
	if (h->received++ == 0)
		h->first_tsc = now;
	h->last_tsc = now;
	if (h->n_samples < h->max_samples)
		h->samples[h->n_samples++] = (uint32_t)RTE_MIN(now - stamp, UINT32_MAX);
}

/* The writer's loop. send gives n messages, stamped, to the reader and returns how many it took:
 * a carrier that is full takes fewer. Paced: one at a time when it is due. */
static __rte_always_inline int hop_write(struct hop *h, unsigned (*send)(struct hop *, unsigned))
{
	uint64_t rate = h->options->rate, interval = rate ? rte_get_tsc_hz() / rate : 0;
	uint64_t due = rte_rdtsc() + interval;
	unsigned n = rate ? 1 : HOP_BURST;

	while (!__atomic_load_n(&h->stop_writer, __ATOMIC_RELAXED)) {
		uint64_t now = rte_rdtsc();

		if (now < due) {
			rte_pause();
			continue;
		}
		/* After a pause of the machine it goes on from here: a heap of late messages would
		 * measure the pause again and again. */
		if (now - due > 100 * interval)
			due = now;
		due += interval;
		memcpy(h->payload, &now, sizeof(now));
		h->sent += send(h, n);
	}
	return 0;
}

#endif
