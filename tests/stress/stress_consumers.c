/* SPDX-License-Identifier: BSD-3-Clause */
/* One writer flat out, consumers in other processes that are lapped all the time:
 *
 *     stress_consumers [SECONDS]      60 by default, in rounds of up to 2 s
 *
 * Each octet of a payload is a function of the message's position and of its place in it; a message
 * that mcr_consumer_read returns or mcr_consumer_intact passes and that differs is wrong. For each
 * consumer, received + lost must be what was published. Each round passes 2^32 messages and 2^32
 * bytes early on. Exit status 0: nothing wrong, nothing unaccounted for. */
#include "crowd.h"

#define PUBLISH_MAX 32
#define WORDS_MAX   192
#define ROUND_NS    UINT64_C(2000000000)
#define BEFORE_2_32 ((UINT64_C(1) << 32) - 100000)

/* Lapped by descriptors, by bytes, by either. */
static const struct shape {
	uint32_t depth;
	uint64_t bytes;
	unsigned consumers;
} SHAPES[] = {
    {64, 65536, 1},    {1024, 1 << 20, 1}, {64, 8192, 2},     {1024, 8192, 1},
    {256, 1 << 18, 1}, {128, 16384, 3},    {512, 1 << 17, 2}, {1024, 65536, 4},
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 31)) * UINT64_C(0x7fb5d329728ea185);
	x = (x ^ (x >> 27)) * UINT64_C(0x81dadef4bc2dd44d);
	return x ^ (x >> 33);
}

/* Mostly short, as market data is; one in 64 long; any number of octets. */
static uint32_t len_of(uint64_t position)
{
	uint64_t h = mix(position);

	return (uint32_t)(h % 64 == 0 ? h / 64 % (WORDS_MAX * 8 + 1) : h / 64 % 129);
}

static uint64_t word_of(uint64_t position, uint64_t place)
{
	return (position ^ place << 56) * UINT64_C(0x9e3779b97f4a7c15) + place;
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

static void check(struct mcr_consumer *c, const struct mcr_msg *m, struct crowd_result *out)
{
	uint8_t buf[WORDS_MAX * 8];
	uint64_t position = m->pos.seq - 1, diff;
	int whole;

	out->wrong += m->len != len_of(position) || m->rx_ns != mix(position + 1);
	if (m->len > sizeof(buf))
		return;
	if (position % 2 == 0) {
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
	struct mcr_msg msgs[64];
	uint64_t next = BEFORE_2_32 + 1;
	int n;

	while ((n = mcr_consumer_poll(c, msgs, index % 2 == 0 ? 64 : 5)) >= 0) {
		for (int i = 0; i < n; i++) {
			out->wrong += msgs[i].pos.seq != next;
			if (msgs[i].kind == MCR_LOST) {
				out->lost += msgs[i].lost;
				out->gaps++;
				next = msgs[i].pos.seq + msgs[i].lost;
			} else {
				out->received++;
				next = msgs[i].pos.seq + 1;
				check(c, &msgs[i], out);
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
	struct mcr_desc desc = {.len = len_of(w->next), .family = AF_INET};
	uint64_t payload[WORDS_MAX];

	desc.rx_ns = mix(w->next + 1);
	for (uint32_t i = 0; i < (desc.len + 7) / 8; i++)
		payload[i] = word_of(w->next, i);
	mcr_ring_copy(mcr_ring_put(w, &desc, desc.len), payload, desc.len);
}

static void publish_chunk(struct mcr_ring_writer *w)
{
	unsigned n = 1 + (unsigned)(mix(w->next + 77) % PUBLISH_MAX);

	for (unsigned i = 0; i < n; i++)
		put(w);
	mcr_ring_publish(w);
}

/* Flat out for a while, then with pauses that let consumers catch up, by turns. */
static void write_for(struct mcr_ring_writer *w, uint64_t duration_ns)
{
	uint64_t end = monotonic_ns() + duration_ns;

	for (unsigned turn = 0; monotonic_ns() < end; turn++) {
		for (int chunks = 0; chunks < 256; chunks++) {
			publish_chunk(w);
			if (turn / 64 % 4 != 0)
				for (volatile unsigned spin = 0; spin < turn / 64 % 4 * 400; spin++)
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

static int run_round(const struct shape *shape, uint64_t duration_ns, struct crowd_result *sum,
		     uint64_t *published)
{
	struct crowd_member members[CROWD_MAX];
	struct small_engine e;
	uint64_t n;
	int failed = 0;
	char who[128];

	small_engine_create(&e, 1, shape->depth, shape->bytes);
	crowd_begin_at(&e, BEFORE_2_32, BEFORE_2_32 * 8 % shape->bytes + BEFORE_2_32);
	for (unsigned i = 0; i < shape->consumers; i++)
		crowd_start(&members[i], &e, i, -1, consume);
	write_for(&e.writers[0], duration_ns);
	mcr_ring_set_state(e.regions[0].mem, MCR_RING_STOPPED);
	n = mcr_ring_published(e.regions[0].mem) - BEFORE_2_32;
	for (unsigned i = 0; i < shape->consumers; i++) {
		struct crowd_result r = {0};
		int lived = crowd_join(&members[i], &r);
		int exact = r.received + r.lost == n && r.whole + r.stale == r.received;

		failed |= !lived || !exact || r.wrong != 0 || r.end != EPIPE || r.whole == 0;
		snprintf(who, sizeof(who), "depth %u bytes %llu consumer %u: published %llu%s%s",
			 shape->depth, (unsigned long long)shape->bytes, i, (unsigned long long)n,
			 lived ? "" : " DIED", exact ? "" : " NOT EXACT");
		print(who, &r);
		add(sum, &r);
	}
	*published += n;
	small_engine_destroy(&e);
	return failed;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 60;
	uint64_t left = (uint64_t)(seconds * 1e9), published = 0, round_ns;
	size_t n = sizeof(SHAPES) / sizeof(SHAPES[0]);
	struct crowd_result sum = {0};
	int failed = 0;

	round_ns = left / n < ROUND_NS ? left / n : ROUND_NS;
	for (size_t i = 0; left > 0 && round_ns > 0; i++) {
		failed |= run_round(&SHAPES[i % n], round_ns, &sum, &published);
		left -= left < round_ns ? left : round_ns;
	}
	failed |= sum.gaps == 0;
	printf("published %llu, to all consumers together: ", (unsigned long long)published);
	print("sum", &sum);
	return failed || published == 0;
}
