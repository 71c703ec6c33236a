/* SPDX-License-Identifier: BSD-3-Clause */
/* One writer flat out, consumers in other processes that are lapped all the time:
 *
 *     stress_consumers [SECONDS]           60 by default, in rounds of up to 2 s
 *     stress_consumers --messages N        until the consumers have received so many
 *
 * Each octet of a payload is a function of the message's position and of its place in it; a message
 * that mcr_consumer_read or mcr_consumer_take returns or mcr_consumer_intact passes and that
 * differs is wrong. Where a record of the next lap may start, a payload spells a tag. For each
 * consumer, received + lost must be what was published. Each round passes 2^32 messages and 2^32
 * octets early on. Exit status 0: nothing wrong, nothing unaccounted for. */
#include "crowd.h"

#define PUBLISH_MAX 32
#define WORDS_MAX   2043 /* of the largest payload: a quarter of 64 KiB */
#define ROUND_NS    UINT64_C(2000000000)
#define BEFORE_2_32 ((UINT64_C(1) << 32) - 100000)

/* long_of_64: of 64 messages so many may be as long as the ring takes, at most WORDS_MAX words. The
 * smallest ring has nothing else: each burst of more than 3 is larger than the area. */
static const struct shape {
	uint64_t bytes;
	unsigned consumers, long_of_64;
} SHAPES[] = {
    {4096, 1, 64},  {1 << 20, 1, 1}, {8192, 2, 1},    {4096, 2, 0},
    {65536, 1, 64}, {16384, 3, 1},   {1 << 17, 2, 1}, {65536, 4, 1},
};

/* Of the round: set before the consumers' processes begin. */
static const struct shape *shape;

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 31)) * UINT64_C(0x7fb5d329728ea185);
	x = (x ^ (x >> 27)) * UINT64_C(0x81dadef4bc2dd44d);
	return x ^ (x >> 33);
}

/* Mostly short, as market data is; any number of octets. Long ones are among the longest. */
static uint32_t len_of(uint64_t position)
{
	uint64_t h = mix(position), most = shape->bytes / 4 - MCR_RECORD_BYTES;

	if (most > WORDS_MAX * 8)
		most = WORDS_MAX * 8;
	if (h % 64 >= shape->long_of_64)
		return (uint32_t)(h / 64 % 129);
	return (uint32_t)(h / 64 % 2 == 0 ? most - h / 128 % 9 : h / 128 % (most + 1));
}

static uint64_t word_of(uint64_t position, uint64_t place)
{
	uint64_t word = (position ^ place << 52) * UINT64_C(0x9e3779b97f4a7c15) + place;

	if ((MCR_RECORD_BYTES + place * 8) % MCR_RING_LINE == 0) {
		word &= ~MCR_WORD_AT(UINT32_MAX, 0, 4);
		word |= MCR_WORD_AT(mcr_ring_tag(position + 2 + (position + place) % 61), 0, 4);
	}
	return word;
}

/* 0 when these are the payload's octets. */
static uint64_t differs(const uint8_t *payload, uint32_t len, uint64_t position)
{
	uint64_t diff = 0, word, expected;
	uint32_t i = 0;

	for (; i + 8 <= len; i += 8) {
		memcpy(&word, payload + i, 8);
		diff |= word ^ word_of(position, i / 8);
	}
	if (i < len) {
		word = 0;
		expected = word_of(position, i / 8);
		memcpy(&word, payload + i, len - i);
		diff |= word ^ (expected & (UINT64_MAX >> (64 - 8 * (len - i))));
	}
	return diff;
}

/* ---- a consumer's process ---- */

static void check(struct mcr_consumer *c, const struct mcr_msg *m, int is_taken,
		  struct crowd_result *out)
{
	uint8_t buf[WORDS_MAX * 8];
	uint64_t position = m->pos.seq - 1, diff;
	int whole;

	out->wrong += m->len != len_of(position) || m->rx_ns != mix(position + 1);
	if (m->len > sizeof(buf))
		return;
	if (is_taken) {
		whole = 1;
		diff = differs(m->data, m->len, position);
	} else if (position % 2 == 0) {
		whole = mcr_consumer_read(c, m, buf, sizeof(buf)) >= 0;
		diff = whole ? differs(buf, m->len, position) : 0;
	} else { /* in place: nothing may come of it before intact */
		diff = differs(m->data, m->len, position);
		whole = mcr_consumer_intact(c, m);
	}
	out->whole += (uint64_t)whole;
	out->stale += (uint64_t)!whole;
	out->wrong += whole && diff != 0;
}

/* Even ones read as fast as they can; odd ones take little at a time and rest now and then. */
static void consume(struct mcr_consumer *c, unsigned index, struct crowd_result *out)
{
	static _Alignas(8) uint8_t batch[MCR_TAKE_ROOM * 4];
	struct mcr_msg msgs[64];
	uint64_t next = BEFORE_2_32 + 1;
	int n, is_taken = 0, most = index % 2 == 0 ? 64 : 5;

	for (;; is_taken = !is_taken) {
		n = is_taken ? mcr_consumer_take(c, msgs, most, batch, sizeof(batch))
			     : mcr_consumer_poll(c, msgs, most);
		if (n < 0)
			break;
		for (int i = 0; i < n; i++) {
			out->wrong += msgs[i].pos.seq != next;
			if (msgs[i].kind == MCR_LOST) {
				out->lost += msgs[i].lost;
				out->gaps++;
				next = msgs[i].pos.seq + msgs[i].lost;
			} else {
				out->received++;
				next = msgs[i].pos.seq + 1;
				check(c, &msgs[i], is_taken, out);
			}
		}
		mcr_consumer_release(c);
		if (index % 2 == 1 && out->received % 1024 < 5)
			sched_yield();
	}
	out->end = (uint64_t)-n;
}

/* ---- the writer ---- */

static void put(struct mcr_ring_writer *w)
{
	struct mcr_record record = {.len = (uint16_t)len_of(w->next)};
	uint64_t payload[WORDS_MAX];

	record.rx_ns = mix(w->next + 1);
	for (uint32_t i = 0; i < (record.len + 7u) / 8; i++)
		payload[i] = word_of(w->next, i);
	mcr_ring_put(w, &record, payload);
}

static void publish_chunk(struct mcr_ring_writer *w)
{
	unsigned n = 1 + (unsigned)(mix(w->next + 77) % PUBLISH_MAX);

	for (unsigned i = 0; i < n; i++)
		put(w);
	mcr_ring_publish(w);
}

/* Flat out for a while, then with pauses that let consumers catch up, by turns of 5 ms. */
static void write_for(struct mcr_ring_writer *w, uint64_t duration_ns)
{
	uint64_t begin = monotonic_ns(), now;

	while ((now = monotonic_ns()) - begin < duration_ns) {
		unsigned pause = (unsigned)((now - begin) / 5000000 % 4) * 400;

		for (int chunks = 0; chunks < 16; chunks++) {
			publish_chunk(w);
			for (volatile unsigned spin = 0; spin < pause; spin++)
				;
		}
	}
}

/* ---- a round ---- */

static void add(struct crowd_result *sum, const struct crowd_result *r)
{
	sum->received += r->received;
	sum->lost += r->lost;
	sum->gaps += r->gaps;
	sum->whole += r->whole;
	sum->stale += r->stale;
	sum->wrong += r->wrong;
}

static void print(const char *who, const struct crowd_result *r)
{
	printf("%s: received %llu lost %llu whole %llu stale %llu gaps %llu wrong %llu\n", who,
	       (unsigned long long)r->received, (unsigned long long)r->lost,
	       (unsigned long long)r->whole, (unsigned long long)r->stale,
	       (unsigned long long)r->gaps, (unsigned long long)r->wrong);
	fflush(stdout);
}

static int run_round(uint64_t duration_ns, struct crowd_result *sum, uint64_t *published)
{
	struct crowd_member members[CROWD_MAX];
	struct small_engine e;
	uint64_t n;
	int failed = 0;
	char who[128];

	small_engine_create(&e, 1, shape->bytes);
	ring_begin_at(&e.writers[0], BEFORE_2_32,
		      BEFORE_2_32 + mix(*published) % shape->bytes / MCR_RING_LINE * MCR_RING_LINE);
	for (unsigned i = 0; i < shape->consumers; i++)
		crowd_start(&members[i], &e, i, -1, consume);
	write_for(&e.writers[0], duration_ns);
	mcr_ring_set_state(e.regions[0].mem, MCR_RING_STOPPED);
	n = mcr_ring_newest(e.regions[0].mem) - BEFORE_2_32;
	for (unsigned i = 0; i < shape->consumers; i++) {
		struct crowd_result r = {0};
		int lived = crowd_join(&members[i], &r);
		int exact = r.received + r.lost == n && r.whole + r.stale == r.received;

		failed |= !lived || !exact || r.wrong != 0 || r.end != EPIPE || r.whole == 0;
		snprintf(who, sizeof(who),
			 "bytes %llu, %u of 64 long, consumer %u: published %llu%s%s",
			 (unsigned long long)shape->bytes, shape->long_of_64, i,
			 (unsigned long long)n, lived ? "" : " DIED", exact ? "" : " NOT EXACT");
		print(who, &r);
		add(sum, &r);
	}
	*published += n;
	small_engine_destroy(&e);
	return failed;
}

int main(int argc, char **argv)
{
	int by_messages = argc == 3 && strcmp(argv[1], "--messages") == 0;
	uint64_t messages = by_messages ? strtoull(argv[2], NULL, 0) : 0, published = 0;
	uint64_t left = (uint64_t)((argc == 2 ? atof(argv[1]) : 60) * 1e9), round_ns = ROUND_NS;
	size_t n = sizeof(SHAPES) / sizeof(SHAPES[0]);
	struct crowd_result sum = {0};
	int failed = 0;

	if (argc > 2 && !by_messages)
		return 2;
	if (!by_messages && left / n < ROUND_NS)
		round_ns = left / n;
	for (size_t i = 0; by_messages ? sum.received < messages : left > 0 && round_ns > 0; i++) {
		shape = &SHAPES[i % n];
		failed |= run_round(round_ns, &sum, &published);
		left -= left < round_ns ? left : round_ns;
	}
	failed |= sum.gaps == 0;
	printf("published %llu, to all consumers together: ", (unsigned long long)published);
	print("sum", &sum);
	return failed || published == 0;
}
