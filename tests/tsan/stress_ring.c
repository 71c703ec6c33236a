/* SPDX-License-Identifier: BSD-3-Clause */
/* One writer flat out, readers that are lapped again and again: no payload that the reader calls
 * whole may be wrong, and lost + received must be what was published.
 *
 *     stress_ring [SECONDS [READERS]]      3 seconds and 2 readers by default
 *
 * Each payload word is a function of the message's position and the word's place in it, so a word
 * of another message, of an older lap or of another place shows. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/ring_reader.h"

#define READERS_MAX 16
#define WORDS_MAX   40
#define PUBLISH_MAX 32

struct shape {
	uint32_t depth;
	uint64_t bytes;
};

/* Lapped by descriptors, by bytes, by either. */
static const struct shape SHAPES[] = {{64, 65536}, {1024, 4096}, {64, 4096}, {256, 32768}};

struct run {
	uint8_t *mem;
	size_t size;
	int stop;
};

struct reader {
	struct run *run;
	struct mcr_ring_reader ring;
	pthread_t thread;
	unsigned index;
	uint64_t received, lost, stale, laps, wrong;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 31)) * UINT64_C(0x7fb5d329728ea185);
	x = (x ^ (x >> 27)) * UINT64_C(0x81dadef4bc2dd44d);
	return x ^ (x >> 33);
}

static uint64_t word_of(uint64_t position, uint64_t place)
{
	return (position << 8 ^ place) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint32_t len_of(uint64_t position)
{
	return (uint32_t)(mix(position) % (WORDS_MAX + 1)) * 8;
}

static void put(struct mcr_ring_writer *w)
{
	struct mcr_desc desc = {.len = len_of(w->next), .family = AF_INET};
	uint64_t payload[WORDS_MAX];

	desc.rx_ns = word_of(w->next, 1000);
	for (uint32_t i = 0; i < desc.len / 8; i++)
		payload[i] = word_of(w->next, i);
	mcr_ring_copy(mcr_ring_put(w, &desc, desc.len), payload, desc.len);
}

static void write_until(struct mcr_ring_writer *w, uint64_t end_ns)
{
	while (now_ns() < end_ns) {
		for (int bursts = 0; bursts < 64; bursts++) {
			unsigned n = 1 + (unsigned)(mix(w->next + 77) % PUBLISH_MAX);

			for (unsigned i = 0; i < n; i++)
				put(w);
			mcr_ring_publish(w);
			/* A pause now and then, so that readers catch up too. */
			if (mix(w->next) % 64 == 0)
				for (volatile int spin = 0; spin < 2000; spin++)
					;
		}
	}
}

static void check(struct reader *r, const struct mcr_desc *desc)
{
	uint64_t payload[WORDS_MAX], position = desc->seq - 1;

	if (desc->len != len_of(position) || desc->rx_ns != word_of(position, 1000)) {
		r->wrong++;
		return;
	}
	mcr_ring_copy_out(payload, mcr_ring_reader_bytes(&r->ring, desc->offset), desc->len);
	if (mcr_ring_reader_overrun(&r->ring, position, desc->offset)) {
		r->stale++;
		return;
	}
	for (uint32_t i = 0; i < desc->len / 8; i++)
		r->wrong += payload[i] != word_of(position, i);
}

static void *read_all(void *arg)
{
	struct reader *r = arg;
	struct mcr_desc descs[64];
	uint64_t lost;

	for (;;) {
		int stop = __atomic_load_n(&r->run->stop, __ATOMIC_ACQUIRE);
		int want = r->index % 2 == 0 ? 64 : 3;
		int n = mcr_ring_reader_poll(&r->ring, descs, want, &lost);

		if (n < 0) {
			r->wrong++;
			return NULL;
		}
		r->lost += lost;
		r->laps += lost > 0;
		r->received += (uint64_t)n;
		for (int i = 0; i < n; i++)
			check(r, &descs[i]);
		if (n == 0 && lost == 0 && stop)
			return NULL;
	}
}

static int run_shape(const struct shape *shape, unsigned n_readers, uint64_t duration_ns)
{
	struct reader readers[READERS_MAX] = {0};
	struct run run = {.size = mcr_ring_footprint(shape->depth, shape->bytes)};
	struct mcr_ring_writer w;
	const char *why;
	int failed = 0;

	run.mem = aligned_alloc(4096, (run.size + 4095) / 4096 * 4096);
	if (!run.mem)
		return 1;
	memset(run.mem, 0, run.size);
	mcr_ring_format(run.mem, shape->depth, shape->bytes, 1, 0, 1);
	mcr_ring_writer_attach(&w, run.mem);
	for (unsigned i = 0; i < n_readers; i++) {
		readers[i].run = &run;
		readers[i].index = i;
		if (mcr_ring_reader_attach(&readers[i].ring, run.mem, run.size, &why) != 0 ||
		    pthread_create(&readers[i].thread, NULL, read_all, &readers[i]) != 0)
			abort();
	}
	write_until(&w, now_ns() + duration_ns);
	__atomic_store_n(&run.stop, 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < n_readers; i++) {
		struct reader *r = &readers[i];
		int exact;

		pthread_join(r->thread, NULL);
		exact = r->lost + r->received == mcr_ring_published(run.mem);
		failed |= r->wrong != 0 || !exact || r->received == 0;
		printf("depth %u bytes %llu reader %u: published %llu received %llu lost %llu%s "
		       "stale %llu laps %llu wrong %llu\n",
		       shape->depth, (unsigned long long)shape->bytes, i,
		       (unsigned long long)mcr_ring_published(run.mem),
		       (unsigned long long)r->received, (unsigned long long)r->lost,
		       exact ? "" : " (NOT EXACT)", (unsigned long long)r->stale,
		       (unsigned long long)r->laps, (unsigned long long)r->wrong);
	}
	free(run.mem);
	return failed;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 3;
	unsigned n_readers = argc > 2 ? (unsigned)atoi(argv[2]) : 2;
	size_t n = sizeof(SHAPES) / sizeof(SHAPES[0]);
	int failed = 0;

	if (n_readers < 1 || n_readers > READERS_MAX)
		return 2;
	for (size_t i = 0; i < n; i++)
		failed |= run_shape(&SHAPES[i], n_readers, (uint64_t)(seconds * 1e9 / (double)n));
	return failed;
}
