/* SPDX-License-Identifier: BSD-3-Clause */
/* consumer RUN_DIR ROUNDS take|read|place: what the bindings are compared with, by the rules that
 * tools/benchmarks/bindings.py states. */
#include <endian.h>
#include <inttypes.h>
#include <mcring/consumer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 1000
#define ROOM  (4 << 20)

struct total {
	uint64_t messages, sum;
};

static struct mcr_msg msgs[BATCH];
static _Alignas(8) uint8_t octets[ROOM];

static void add(struct total *t, const uint8_t *payload, uint32_t len)
{
	uint64_t first;

	memcpy(&first, payload, sizeof(first));
	t->sum += le64toh(first) + len;
	t->messages++;
}

static void require(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "consumer: %s\n", what);
	exit(1);
}

static int take(struct mcr_consumer *c, struct total *t)
{
	const int n = mcr_consumer_take(c, msgs, BATCH, octets, sizeof(octets));

	for (int i = 0; i < n; i++) {
		require(msgs[i].kind == MCR_DATA, "an event came");
		add(t, msgs[i].data, msgs[i].len);
	}
	return n;
}

static int read_each(struct mcr_consumer *c, struct total *t)
{
	const int n = mcr_consumer_poll(c, msgs, BATCH);

	for (int i = 0; i < n; i++) {
		require(msgs[i].kind == MCR_DATA, "an event came");
		require(mcr_consumer_read(c, &msgs[i], octets, sizeof(octets)) == msgs[i].len,
			"overwritten");
		add(t, octets, msgs[i].len);
	}
	mcr_consumer_release(c);
	return n;
}

static int in_place(struct mcr_consumer *c, struct total *t)
{
	const int n = mcr_consumer_poll(c, msgs, BATCH);

	for (int i = 0; i < n; i++) {
		require(msgs[i].kind == MCR_DATA, "an event came");
		add(t, msgs[i].data, msgs[i].len);
		require(mcr_consumer_intact(c, &msgs[i]), "overwritten");
	}
	mcr_consumer_release(c);
	return n;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(struct mcr_consumer *c, int rounds,
		    int (*batch)(struct mcr_consumer *, struct total *))
{
	double *ns = calloc((size_t)rounds, sizeof(*ns));
	struct total all = {0};
	int n;

	require(ns != NULL, "no memory");
	for (int i = 0; i < rounds; i++) {
		struct total t = {0};
		uint64_t since;

		require(mcr_consumer_seek(c, MCR_START_OLDEST) == 0, "seek");
		since = now_ns();
		while ((n = batch(c, &t)) > 0)
			;
		ns[i] = (double)(now_ns() - since) / (double)t.messages;
		require(n == 0, "the engine has ended");
		all.messages += t.messages;
		all.sum += t.sum;
	}
	qsort(ns, (size_t)rounds, sizeof(*ns), by_size);
	printf("messages %" PRIu64 " sum %" PRIu64 " ns %.2f\n", all.messages, all.sum,
	       ns[rounds / 2]);
	free(ns);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*batch)(struct mcr_consumer *c, struct total *t);
	} ways[] = {{"take", take}, {"read", read_each}, {"place", in_place}};
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	const char *way = argc > 3 ? argv[3] : "";
	struct mcr_consumer *c;
	struct mcr_error err;

	opts.run_dir = argc > 1 ? argv[1] : NULL;
	opts.start = MCR_START_OLDEST;
	require(argc == 4 && atoi(argv[2]) > 0, "usage: consumer RUN_DIR ROUNDS take|read|place");
	require(mcr_consumer_open(&c, &opts, &err) == 0, err.text);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(way, ways[i].name) == 0)
			measure(c, atoi(argv[2]), ways[i].batch);
	}
	mcr_consumer_close(c);
	return 0;
}
