/* SPDX-License-Identifier: BSD-3-Clause */
/* merge_delay [SECONDS [PERIOD_US]]: what MCR_ORDER_MERGED adds to the delay of a message. One
 * thread plays two rx lcores, which mark their time each 100 us as the real ones do; two consumers
 * in another, one round robin and one merged, see each message a while apart: that is printed. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <mcring/consumer.h>

#include "../../tools/common/clock.h"
#include "core/ring.h"
#include "engine/attach/attach_server.h"
#include "engine/os/region.h"

#define RINGS       2
#define BYTES       (UINT64_C(4) << 20)
#define DEPTH       65536 /* messages remembered */
#define SAMPLES_MAX 4000000
#define MARK_NS     100000

struct bench {
	struct mcr_region regions[RINGS];
	struct mcr_ring_writer writers[RINGS];
	struct mcr_attach_server *server;
	uint64_t period_ns[RINGS]; /* between two messages; 0 = idle */
	int stop;

	struct {
		uint64_t seq, ns;
	} seen[RINGS][DEPTH]; /* when the round robin consumer saw a seq */
	uint64_t *samples;
	size_t n;
	uint64_t lost, stalls;
};

static void publish(struct mcr_ring_writer *w, uint64_t rx_ns)
{
	struct mcr_record record = {.rx_ns = rx_ns};

	mcr_ring_put(w, &record, "");
	mcr_ring_publish(w);
}

/* Both lcores' loops, a round of one after a round of the other. */
static void *play_lcores(void *arg)
{
	struct bench *b = arg;
	uint64_t due[RINGS] = {0}, marked[RINGS] = {0}, beat = 0;

	while (!__atomic_load_n(&b->stop, __ATOMIC_RELAXED)) {
		for (unsigned i = 0; i < RINGS; i++) {
			uint64_t now = realtime_ns();

			if (b->period_ns[i] != 0 && now >= due[i]) {
				publish(&b->writers[i], now);
				due[i] = now + b->period_ns[i];
			}
			if (now - marked[i] >= MARK_NS)
				mcr_ring_set_polled(&b->writers[i], marked[i] = now);
			if (now - beat >= 10000000) {
				for (unsigned k = 0; k < RINGS; k++)
					mcr_ring_set_heartbeat(b->regions[k].mem, monotonic_ns());
				beat = now;
			}
		}
	}
	return NULL;
}

static struct mcr_consumer *consumer_open(struct bench *b, uint32_t order)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *c;
	struct mcr_error err;

	opts.fd = mcr_attach_server_open(b->server, "bench", "bench", monotonic_ns(), &err);
	opts.order = order;
	if (opts.fd < 0 || mcr_consumer_open(&c, &opts, &err) < 0) {
		fprintf(stderr, "merge_delay: %s\n", err.text);
		exit(1);
	}
	return c;
}

static void compare(struct bench *b, struct mcr_consumer *plain, struct mcr_consumer *merged)
{
	struct mcr_msg msgs[64];
	int n = mcr_consumer_poll(plain, msgs, 64);
	uint64_t now = monotonic_ns();

	for (int i = 0; i < n; i++) {
		b->seen[msgs[i].pos.ring][msgs[i].pos.seq % DEPTH].seq = msgs[i].pos.seq;
		b->seen[msgs[i].pos.ring][msgs[i].pos.seq % DEPTH].ns = now;
	}
	mcr_consumer_release(plain);
	n = mcr_consumer_poll(merged, msgs, 64);
	now = monotonic_ns();
	for (int i = 0; i < n; i++) {
		uint64_t seq = msgs[i].pos.seq;
		int known = b->seen[msgs[i].pos.ring][seq % DEPTH].seq == seq;

		b->lost += msgs[i].kind == MCR_LOST ? msgs[i].lost : 0;
		b->stalls += msgs[i].kind == MCR_STALL;
		if (msgs[i].kind != MCR_DATA || b->n == SAMPLES_MAX)
			continue;
		/* Not known: published between the two polls. */
		b->samples[b->n++] = known ? now - b->seen[msgs[i].pos.ring][seq % DEPTH].ns : 0;
	}
	mcr_consumer_release(merged);
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void run(struct bench *b, const char *what, uint64_t period_0, uint64_t period_1,
		double seconds)
{
	struct mcr_consumer *plain = consumer_open(b, MCR_ORDER_RINGS);
	struct mcr_consumer *merged = consumer_open(b, MCR_ORDER_MERGED);
	uint64_t end = monotonic_ns() + (uint64_t)(seconds * 1e9);
	pthread_t lcores;

	memset(b->seen, 0, sizeof(b->seen));
	b->n = b->lost = b->stalls = 0;
	b->period_ns[0] = period_0;
	b->period_ns[1] = period_1;
	b->stop = 0;
	if (pthread_create(&lcores, NULL, play_lcores, b) != 0)
		exit(1);
	while (monotonic_ns() < end)
		compare(b, plain, merged);
	__atomic_store_n(&b->stop, 1, __ATOMIC_RELAXED);
	pthread_join(lcores, NULL);
	mcr_consumer_close(plain);
	mcr_consumer_close(merged);
	qsort(b->samples, b->n, sizeof(*b->samples), ascending);
	if (b->n == 0)
		exit(1);
	printf(
	    "%-26s %8zu messages, added delay us: p50 %6.1f p99 %6.1f max %8.1f, lost %llu, stalls "
	    "%llu\n",
	    what, b->n, (double)b->samples[b->n / 2] / 1e3,
	    (double)b->samples[b->n - 1 - b->n / 100] / 1e3, (double)b->samples[b->n - 1] / 1e3,
	    (unsigned long long)b->lost, (unsigned long long)b->stalls);
}

int main(int argc, char **argv)
{
	static struct bench b;
	double seconds = argc > 1 ? atof(argv[1]) : 2;
	uint64_t period_ns = (uint64_t)((argc > 2 ? atof(argv[2]) : 10) * 1e3);
	const struct mcr_attach_config attach = {.mode = 0600};
	const struct mcr_channel_config channel = {.name = "bench"};
	const void *mems[RINGS];
	int fds[RINGS];
	struct mcr_error err;

	b.samples = malloc(SAMPLES_MAX * sizeof(*b.samples));
	if (!b.samples || mcr_attach_server_create(&b.server, NULL, &attach, &err) < 0)
		return 1;
	for (unsigned i = 0; i < RINGS; i++) {
		if (mcr_region_create(&b.regions[i], mcr_ring_footprint(BYTES), -1, "bench", NULL,
				      &err) < 0)
			return 1;
		mcr_ring_format(b.regions[i].mem, BYTES, 1, i, RINGS);
		mcr_ring_writer_attach(&b.writers[i], b.regions[i].mem);
		mems[i] = b.regions[i].mem;
		fds[i] = b.regions[i].fd;
	}
	if (mcr_attach_server_add_channel(b.server, &channel, fds, mems, RINGS, 1) < 0)
		return 1;
	run(&b, "the other ring is idle:", period_ns, 0, seconds);
	run(&b, "the other ring is slow:", period_ns, 50 * period_ns, seconds);
	run(&b, "the other ring is as busy:", period_ns, period_ns, seconds);
	mcr_attach_server_destroy(b.server);
	for (unsigned i = 0; i < RINGS; i++)
		mcr_region_destroy(&b.regions[i]);
	free(b.samples);
	return 0;
}
