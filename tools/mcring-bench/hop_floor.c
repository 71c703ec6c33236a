/* SPDX-License-Identifier: BSD-3-Clause */
/* What the machine allows: a cache line bounced between two cores, the least that a message can be,
 * one line or two, and when a reader sees what needs no carrying. */
#include "hop.h"

#include <stdio.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include "../common/fail.h"
#include "../common/samples.h"

#define LINE_ROUNDS 1000
#define LINE_REPEAT 200

/* ---- one line bounced ---- */

struct line {
	uint64_t word __rte_cache_aligned;
	uint64_t pad[15]; /* the adjacent line goes with it */
};

/* Answers each odd number with the even one behind it. */
static int answer(void *arg)
{
	struct line *line = arg;
	uint64_t last = 2 * (uint64_t)LINE_ROUNDS * LINE_REPEAT;

	for (uint64_t n = 1; n < last; n += 2) {
		while (__atomic_load_n(&line->word, __ATOMIC_ACQUIRE) != n)
			;
		__atomic_store_n(&line->word, n + 1, __ATOMIC_RELEASE);
	}
	return 0;
}

static int ask(void *arg)
{
	struct line *line = ((void **)arg)[0];
	uint32_t *cycles = ((void **)arg)[1];
	uint64_t n = 1;

	for (unsigned i = 0; i < LINE_REPEAT; i++) {
		uint64_t start = rte_rdtsc();

		for (unsigned k = 0; k < LINE_ROUNDS; k++, n += 2) {
			__atomic_store_n(&line->word, n, __ATOMIC_RELEASE);
			while (__atomic_load_n(&line->word, __ATOMIC_ACQUIRE) != n + 1)
				;
		}
		cycles[i] = (uint32_t)((rte_rdtsc() - start) / (2 * LINE_ROUNDS));
	}
	return 0;
}

int hop_bounce(unsigned writer, unsigned reader)
{
	static struct line line;
	uint32_t cycles[LINE_REPEAT];
	void *args[] = {&line, cycles};
	double to_ns = 1e9 / (double)rte_get_tsc_hz();

	if (rte_eal_remote_launch(answer, &line, reader) < 0 ||
	    rte_eal_remote_launch(ask, args, writer) < 0)
		return fail("an lcore is busy");
	rte_eal_wait_lcore(writer);
	rte_eal_wait_lcore(reader);
	samples_sort(cycles, LINE_REPEAT);
	printf("{\"one_way_ns\": %.1f, \"best_ns\": %.1f}\n", cycles[LINE_REPEAT / 2] * to_ns,
	       cycles[0] * to_ns);
	return 0;
}

/* ---- a message of one line, or of two ---- */

#define LINES 64

/* Nothing is held up and nothing is kept: a reader that is late sees the newest. */
struct line_carrier {
	struct line newest; /* one line: the stamp itself; two: how many stamps there were */
	struct line stamps[LINES];
	uint64_t sent;
};

static int lines_make(struct hop *h)
{
	return hop_make_memory(h, sizeof(struct line_carrier));
}

static unsigned one_line_send(struct hop *h, unsigned n)
{
	struct line_carrier *c = h->carrier;

	__atomic_store_n(&c->newest.word, *(const uint64_t *)(const void *)h->payload,
			 __ATOMIC_RELEASE);
	return n;
}

static unsigned two_lines_send(struct hop *h, unsigned n)
{
	struct line_carrier *c = h->carrier;

	__atomic_store_n(&c->stamps[c->sent % LINES].word,
			 *(const uint64_t *)(const void *)h->payload, __ATOMIC_RELAXED);
	__atomic_store_n(&c->newest.word, ++c->sent, __ATOMIC_RELEASE);
	return n;
}

static int one_line_write(void *h)
{
	return hop_write(h, one_line_send);
}

static int two_lines_write(void *h)
{
	return hop_write(h, two_lines_send);
}

static __rte_always_inline int lines_read(struct hop *h, int two)
{
	struct line_carrier *c = h->carrier;
	uint64_t last = 0, newest, stamp;

	while (!__atomic_load_n(&h->stop_reader, __ATOMIC_RELAXED)) {
		newest = __atomic_load_n(&c->newest.word, __ATOMIC_ACQUIRE);
		if (newest == last)
			continue;
		last = newest;
		stamp =
		    two ? __atomic_load_n(&c->stamps[(newest - 1) % LINES].word, __ATOMIC_RELAXED)
			: newest;
		hop_took(h, (const uint8_t *)&stamp);
	}
	return 0;
}

static int one_line_read(void *h)
{
	return lines_read(h, 0);
}

static int two_lines_read(void *h)
{
	return lines_read(h, 1);
}

const struct hop_carrier hop_one_line = {"one_line", lines_make, hop_free_memory, one_line_write,
					 one_line_read};
const struct hop_carrier hop_two_lines = {"two_lines", lines_make, hop_free_memory, two_lines_write,
					  two_lines_read};

/* ---- no message: only a deadline ---- */

static int clock_make(struct hop *h)
{
	return h->options->rate ? 0 : fail("--peer clock: give a --rate");
}

static int clock_write(void *arg)
{
	struct hop *h = arg;

	while (!__atomic_load_n(&h->stop_writer, __ATOMIC_RELAXED))
		rte_pause();
	return 0;
}

/* A message is there when it is due. One that comes while the machine keeps the reader from its
 * core is late, and so are those behind it. */
static int clock_read(void *arg)
{
	struct hop *h = arg;
	uint64_t interval = rte_get_tsc_hz() / h->options->rate;
	uint64_t due = rte_rdtsc() + interval;

	while (!__atomic_load_n(&h->stop_reader, __ATOMIC_RELAXED)) {
		if (rte_rdtsc() < due)
			continue;
		hop_took(h, (const uint8_t *)&due);
		due += interval;
	}
	return 0;
}

const struct hop_carrier hop_clock = {"clock", clock_make, hop_free_memory, clock_write,
				      clock_read};
