/* SPDX-License-Identifier: BSD-3-Clause */
/* One writer flat out, readers that are lapped again and again: no message that the reader calls
 * whole may be wrong, lost + received must be what was published, and no poll may find nothing
 * where something was published. One reader more goes from place to place, by marks and by the
 * latch.
 *
 *     stress_ring [SECONDS [READERS]]      3 seconds and 2 readers by default
 *
 * Each payload word is a function of the message's position and the word's place in it, so a word
 * of another message, of an older lap or of another place shows. Where a record of the next lap may
 * start it is a tag, often the very one that is looked for there. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/ring_reader.h"

#define READERS_MAX 16
#define WORDS_MAX   2043 /* a quarter of 64 KiB */
#define PUBLISH_MAX 32

/* most: octets of the longest payload. One burst in four has such only. */
struct shape {
	uint64_t bytes;
	uint32_t most;
};

/* Records of one line, so that there is no pad; the longest ones, of which a burst is larger than
 * the area; and between. */
static const struct shape SHAPES[] = {{4096, 24}, {4096, 984}, {16384, 400}, {65536, 16344}};

struct run {
	const struct shape *shape;
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
	uint64_t word = (position << 12 ^ place) * UINT64_C(0x9e3779b97f4a7c15);

	if ((MCR_RECORD_BYTES + place * 8) % MCR_RING_LINE == 0) {
		word &= ~MCR_WORD_AT(UINT32_MAX, 0, 4);
		word |= MCR_WORD_AT(mcr_ring_tag(position + 2 + mix(position + place) % 64), 0, 4);
	}
	return word;
}

static uint32_t len_of(const struct shape *shape, uint64_t position)
{
	uint32_t words = shape->most / 8;

	if (mix(position / PUBLISH_MAX) % 4 == 0)
		return words * 8;
	if (mix(position) % 4 != 0 && words > 16)
		words = 16;
	return (uint32_t)(mix(position + 1) % (words + 1)) * 8;
}

static void put(const struct shape *shape, struct mcr_ring_writer *w)
{
	struct mcr_record record = {.rx_ns = mix(w->next), .len = (uint16_t)len_of(shape, w->next)};
	uint64_t payload[WORDS_MAX];

	for (uint32_t i = 0; i < record.len / 8u; i++)
		payload[i] = word_of(w->next, i);
	mcr_ring_put(w, &record, payload);
}

static void write_until(const struct shape *shape, struct mcr_ring_writer *w, uint64_t end_ns)
{
	while (now_ns() < end_ns) {
		for (int bursts = 0; bursts < 64; bursts++) {
			unsigned n = 1 + (unsigned)(mix(w->next + 77) % PUBLISH_MAX);

			for (unsigned i = 0; i < n; i++)
				put(shape, w);
			mcr_ring_publish(w);
			/* A pause now and then, so that readers catch up too. */
			if (mix(w->next) % 64 == 0)
				for (volatile int spin = 0; spin < 2000; spin++)
					;
		}
	}
}

static void check(struct reader *r, const struct mcr_ring_message *m)
{
	uint64_t payload[WORDS_MAX], position = m->at.position;

	if (m->record.len != len_of(r->run->shape, position) || m->record.rx_ns != mix(position)) {
		r->wrong++;
		return;
	}
	mcr_ring_copy_out(payload, mcr_ring_reader_payload(&r->ring, m), m->record.len);
	if (mcr_ring_reader_overrun(&r->ring, m->at.offset)) {
		r->stale++;
		return;
	}
	for (uint32_t i = 0; i < m->record.len / 8u; i++)
		r->wrong += payload[i] != word_of(position, i);
}

/* Polls once. Returns 1 when there was something. */
static int poll_once(struct reader *r, int want)
{
	uint64_t newest = mcr_ring_reader_published(&r->ring), lost;
	struct mcr_ring_message messages[64];
	int n = mcr_ring_reader_poll(&r->ring, messages, want, &lost);

	/* A protocol error; or nothing, of a message that is published. */
	if (n < 0 || (n == 0 && lost == 0 && r->ring.at.position < newest)) {
		r->wrong++;
		return 1;
	}
	r->lost += lost;
	r->laps += lost > 0;
	r->received += (uint64_t)n;
	for (int i = 0; i < n; i++)
		check(r, &messages[i]);
	return n > 0 || lost > 0;
}

static void *read_all(void *arg)
{
	struct reader *r = arg;

	for (;;) {
		int stop = __atomic_load_n(&r->run->stop, __ATOMIC_ACQUIRE);

		if (!poll_once(r, r->index % 2 == 0 ? 64 : 3) && stop)
			return NULL;
	}
}

/* What is published and where it ends belong together: of records of one line each it is known. */
static void check_latch(struct reader *r)
{
	struct mcr_ring_published newest;

	for (int i = 0; i < 512 && r->run->shape->most <= 24; i++)
		if (mcr_ring_reader_newest(&r->ring, &newest))
			r->wrong += newest.end != newest.messages * MCR_RING_LINE;
}

/* Goes to a place that a mark or the latch gives. */
static void go_somewhere(struct reader *r, uint64_t random)
{
	struct mcr_ring_mark oldest = mcr_ring_reader_oldest(&r->ring);
	struct mcr_ring_published newest;
	uint64_t position;

	if (!mcr_ring_reader_newest(&r->ring, &newest) || oldest.position > newest.messages)
		return; /* the latch's pair is not as new as the mark */
	position = oldest.position + random / 8 % (newest.messages - oldest.position + 1);
	if (random % 8 == 0)
		mcr_ring_reader_go(&r->ring, oldest);
	else if (random % 8 == 1)
		mcr_ring_reader_go(&r->ring, (struct mcr_ring_mark){newest.messages, newest.end});
	else if (mcr_ring_reader_seek(&r->ring, position))
		r->wrong += r->ring.at.position != position;
	else
		r->stale++;
}

/* Wherever it goes, there is the message of that position. */
static void *go_about(void *arg)
{
	struct reader *r = arg;

	for (uint64_t i = 0; !__atomic_load_n(&r->run->stop, __ATOMIC_ACQUIRE); i++) {
		check_latch(r);
		go_somewhere(r, mix(i));
		poll_once(r, 8);
	}
	return NULL;
}

static void start(struct reader *r, struct run *run, unsigned index, void *(*fn)(void *))
{
	const char *why;

	r->run = run;
	r->index = index;
	if (mcr_ring_reader_attach(&r->ring, run->mem, run->size, &why) != 0 ||
	    pthread_create(&r->thread, NULL, fn, r) != 0)
		abort();
}

/* Returns 1 when something is wrong with what it did. */
static int finish(struct reader *r, const char *who, uint64_t published, int counts)
{
	int exact;

	pthread_join(r->thread, NULL);
	exact = !counts || r->lost + r->received == published;
	printf("%llu octets, payloads up to %u, %s %u: published %llu received %llu lost %llu%s "
	       "stale %llu laps %llu wrong %llu\n",
	       (unsigned long long)r->run->shape->bytes, r->run->shape->most, who, r->index,
	       (unsigned long long)published, (unsigned long long)r->received,
	       (unsigned long long)r->lost, exact ? "" : " (NOT EXACT)",
	       (unsigned long long)r->stale, (unsigned long long)r->laps,
	       (unsigned long long)r->wrong);
	return r->wrong != 0 || !exact || r->received == 0;
}

static int run_shape(const struct shape *shape, unsigned n_readers, uint64_t duration_ns)
{
	struct reader readers[READERS_MAX] = {0}, wanderer = {0};
	struct run run = {.shape = shape, .size = mcr_ring_footprint(shape->bytes)};
	struct mcr_ring_writer w;
	int failed;

	run.mem = aligned_alloc(4096, run.size);
	if (!run.mem)
		return 1;
	memset(run.mem, 0, run.size);
	mcr_ring_format(run.mem, shape->bytes, 1, 0, 1);
	mcr_ring_writer_attach(&w, run.mem);
	for (unsigned i = 0; i < n_readers; i++)
		start(&readers[i], &run, i, read_all);
	start(&wanderer, &run, 0, go_about);
	write_until(shape, &w, now_ns() + duration_ns);
	__atomic_store_n(&run.stop, 1, __ATOMIC_RELEASE);
	failed = finish(&wanderer, "wanderer", w.published, 0);
	for (unsigned i = 0; i < n_readers; i++)
		failed |= finish(&readers[i], "reader", w.published, 1);
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
