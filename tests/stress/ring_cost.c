/* SPDX-License-Identifier: BSD-3-Clause */
/* What consumers cost the writer: nanoseconds a message of 86 octets, published in two chunks
 * (4 of a burst of 32, then 28), with consumers in other processes.
 *
 *     ring_cost [ROUNDS [RATE]]      5 rounds, flat out; RATE: messages a second
 *
 * Writer on CPU 0, consumers on CPU 1, ahead of others where that is allowed. The cases take turns,
 * so that what else the machine does meets all of them. A round's figure is the median over its
 * bursts, so that a burst in which the writer lost its core does not count; shown are the median
 * round, and the least and the most. */
#include "crowd.h"

#include <sys/resource.h>

#define BURST       32
#define FIRST_CHUNK 4
#define LEN         86
#define BURSTS      100000
#define BYTES       (UINT64_C(1) << 20)
#define ROUNDS_MAX  100

/* active ones poll and read; idle ones are attached and do nothing. */
static const struct situation {
	unsigned active, idle;
} CASES[] = {{0, 0}, {0, 1}, {0, 64}, {1, 0}, {2, 0}, {4, 0}, {1, 63}};

#define N_CASES (sizeof(CASES) / sizeof(CASES[0]))

static void consume(struct mcr_consumer *c, unsigned index, struct crowd_result *out)
{
	struct mcr_msg msgs[32];
	uint8_t buf[LEN];
	int n;

	while ((n = mcr_consumer_poll(c, msgs, 32)) >= 0) {
		for (int i = 0; i < n; i++) {
			if (msgs[i].kind == MCR_LOST)
				out->lost += msgs[i].lost;
			else if (mcr_consumer_read(c, &msgs[i], buf, sizeof(buf)) >= 0)
				out->whole++;
			else
				out->stale++;
		}
		mcr_consumer_release(c);
	}
}

/* Sleeps until the ring stops, and looks at nothing but that. */
static void idle(struct mcr_consumer *c, unsigned index, struct crowd_result *out)
{
	struct mcr_msg msg;

	pause();
	mcr_consumer_poll(c, &msg, 0);
}

static void publish_chunk(struct mcr_ring_writer *w, const uint8_t *payload, unsigned n)
{
	struct mcr_record record = {.len = LEN, .port = 5000};

	for (unsigned i = 0; i < n; i++) {
		record.rx_ns = w->next;
		mcr_ring_put(w, &record, payload);
	}
	mcr_ring_publish(w);
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Publishes BURSTS bursts, each at its time, and returns the median of what one took, a message. */
static double publish_all(struct mcr_ring_writer *w, double rate)
{
	static double took[BURSTS];
	uint8_t payload[LEN] = {1};
	uint64_t begin = monotonic_ns(), start, due;

	for (unsigned i = 0; i < BURSTS; i++) {
		due = rate > 0 ? begin + (uint64_t)((double)i * BURST * 1e9 / rate) : 0;
		do
			start = monotonic_ns();
		while (start < due);
		publish_chunk(w, payload, FIRST_CHUNK);
		publish_chunk(w, payload, BURST - FIRST_CHUNK);
		took[i] = (double)(monotonic_ns() - start) / BURST;
	}
	qsort(took, BURSTS, sizeof(took[0]), compare);
	return took[BURSTS / 2];
}

static double run_case(const struct situation *s, double rate, uint64_t *whole)
{
	struct crowd_member members[CROWD_MAX];
	struct crowd_result result;
	struct small_engine e;
	unsigned n = 0;
	double cost;

	small_engine_create(&e, 1, BYTES);
	for (unsigned i = 0; i < s->active; i++)
		crowd_start(&members[n++], &e, i, 1, consume);
	for (unsigned i = 0; i < s->idle; i++)
		crowd_start(&members[n++], &e, i, 1, idle);
	cost = publish_all(&e.writers[0], rate);
	mcr_ring_set_state(e.regions[0].mem, MCR_RING_STOPPED);
	for (unsigned i = 0; i < n; i++) {
		if (i >= s->active)
			kill(members[i].pid, SIGKILL);
		if (crowd_join(&members[i], &result))
			*whole += result.whole;
	}
	small_engine_destroy(&e);
	return cost;
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 5;
	double rate = argc > 2 ? atof(argv[2]) : 0;
	static double cost[N_CASES][ROUNDS_MAX];
	uint64_t whole[N_CASES] = {0};

	if (rounds < 1 || rounds > ROUNDS_MAX)
		return 2;
	crowd_pin(0);
	setpriority(PRIO_PROCESS, 0, -20);
	for (unsigned r = 0; r < rounds; r++)
		for (size_t i = 0; i < N_CASES; i++)
			cost[i][r] = run_case(&CASES[i], rate, &whole[i]);
	for (size_t i = 0; i < N_CASES; i++) {
		qsort(cost[i], rounds, sizeof(double), compare);
		printf("%u active, %2u idle: %.1f ns a message (%.1f to %.1f), %.0f %% of the "
		       "messages read\n",
		       CASES[i].active, CASES[i].idle, cost[i][rounds / 2], cost[i][0],
		       cost[i][rounds - 1],
		       CASES[i].active == 0
			   ? 0.0
			   : 100.0 * (double)whole[i] / CASES[i].active / rounds / BURSTS / BURST);
	}
	return 0;
}
