/* SPDX-License-Identifier: BSD-3-Clause */
/* mcr_arbiter_put_run gives what mcr_arbiter_put gives of the same packets, one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/feed/arbiter.h"
#include "core/rng.h"

#define BATCH 32

struct side {
	struct mcr_arbiter *a;
	struct mcr_feed_msg items[4096];
	unsigned n;
};

static void take(struct side *s)
{
	while (mcr_arbiter_next(s->a, &s->items[s->n]))
		assert_true(++s->n < 4096);
}

static void put_one(struct side *s, unsigned line, const struct mcr_feed_packet *p,
		    const struct mcr_msg *m)
{
	s->n += (unsigned)mcr_arbiter_put(s->a, line, p, m, &s->items[s->n]);
	take(s);
}

static int is_plain(const struct mcr_feed_packet *p)
{
	return p->kind == MCR_FEED_PACKET_DATA && !p->resets;
}

static void tell_what_follows(const uint8_t *lines, struct mcr_feed_packet *packets, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		struct mcr_feed_packet *p = &packets[i], *before = p - 1;

		p->follows = is_plain(p) && is_plain(before) && lines[i] == lines[i - 1] &&
			     memcmp(p->scope, before->scope, sizeof(p->scope)) == 0 &&
			     memcmp(p->epoch, before->epoch, sizeof(p->epoch)) == 0;
	}
}

/* As lib/feed does. cap: room for items. */
static void put_batch(struct side *s, const uint8_t *lines, struct mcr_feed_packet *packets,
		      const struct mcr_msg *msgs, unsigned n, uint64_t limit_ns, int cap)
{
	tell_what_follows(lines, packets, n);
	for (unsigned i = 0; i < n;) {
		int given = 0;

		i += mcr_arbiter_put_run(s->a, lines + i, packets + i, msgs + i, n - i, limit_ns,
					 s->items + s->n, cap, &given);
		s->n += (unsigned)given;
		assert_true(given <= cap);
		take(s);
		if (i < n && given < cap) {
			put_one(s, lines[i], &packets[i], &msgs[i]);
			i++;
		}
	}
}

static void expect_same(const struct side *x, const struct side *y)
{
	struct mcr_feed_stats a = {.size = sizeof(a)}, b = {.size = sizeof(b)};

	assert_int_equal(x->n, y->n);
	for (unsigned i = 0; i < x->n; i++) {
		assert_int_equal(x->items[i].kind, y->items[i].kind);
		assert_int_equal(x->items[i].seq, y->items[i].seq);
		assert_int_equal(x->items[i].line, y->items[i].line);
		assert_int_equal(x->items[i].key, y->items[i].key);
		if (x->items[i].kind != MCR_FEED_DATA) {
			assert_int_equal(x->items[i].ns, y->items[i].ns);
			continue;
		}
		assert_int_equal(x->items[i].count, y->items[i].count);
		assert_int_equal(x->items[i].skip, y->items[i].skip);
		assert_int_equal(x->items[i].flags, y->items[i].flags);
	}
	mcr_arbiter_stats(x->a, &a);
	mcr_arbiter_stats(y->a, &b);
	assert_memory_equal(&a, &b, sizeof(a));
	for (unsigned i = 0; i < 3; i++) {
		struct mcr_feed_line p = {.size = sizeof(p)}, q = {.size = sizeof(q)};

		mcr_arbiter_line_info(x->a, i, &p);
		mcr_arbiter_line_info(y->a, i, &q);
		assert_memory_equal(&p, &q, sizeof(p));
	}
}

/* Three streams on three lines, each line a little behind the other; now and then something is
 * lost, swapped, repeated, of another session or differs. */
static void any_feed(uint64_t seed, struct mcr_arbiter_config config)
{
	static struct side x, y;
	static struct mcr_feed_packet packets[BATCH];
	static struct mcr_msg msgs[BATCH];
	uint8_t lines[BATCH];
	uint64_t next[3][3] = {{0}}, session[3] = {0}, ns = 1000000;
	struct mcr_rng rng;

	mcr_rng_seed(&rng, seed);
	x.n = y.n = 0;
	assert_int_equal(mcr_arbiter_create(&x.a, &config, NULL), 0);
	assert_int_equal(mcr_arbiter_create(&y.a, &config, NULL), 0);
	for (int round = 0; round < 60; round++) {
		const unsigned line = (unsigned)(mcr_rng_next(&rng) % 3);
		const unsigned n = 1 + (unsigned)(mcr_rng_next(&rng) % BATCH);
		const unsigned odd = 1 + (unsigned)(mcr_rng_next(&rng) % 100);

		for (unsigned i = 0; i < n; i++) {
			const unsigned stream =
			    round % 4 == 0 ? (unsigned)(mcr_rng_next(&rng) % 3) : 0;
			uint64_t *at = &next[line][stream];
			const uint32_t count =
			    1 + (uint32_t)(mcr_rng_next(&rng) % 2) * (*at % 3 == 0);

			if (mcr_rng_next(&rng) % odd == 1)
				*at += mcr_rng_next(&rng) % 4 - 1;
			if (mcr_rng_next(&rng) % (odd * 8) == 1)
				session[stream]++, *at = 0;
			lines[i] = (uint8_t)(mcr_rng_next(&rng) % 50 == 0 ? 2 : line);
			ns += mcr_rng_next(&rng) % 3000;
			packets[i] = (struct mcr_feed_packet){
			    .seq = mcr_arbiter_wire_of(config.bits, config.wraps_to_one, *at + 950),
			    .scope = {stream, 7},
			    .epoch = {session[stream], 0},
			    .count = count,
			    .hash = mcr_rng_next(&rng) % 64 == 0 ? 1 : *at,
			};
			if (packets[i].seq == 1 && mcr_rng_next(&rng) % 2)
				packets[i].seq = 0; /* nothing that wraps to 1 has it */
			if (mcr_rng_next(&rng) % 40 == 0) {
				packets[i].kind = MCR_FEED_PACKET_HEARTBEAT;
				packets[i].count = 0;
			} else {
				*at += count;
			}
			msgs[i] = (struct mcr_msg){.rx_ns = ns, .len = 40 + i};
			put_one(&x, lines[i], &packets[i], &msgs[i]);
		}
		put_batch(&y, lines, packets, msgs, n, UINT64_MAX,
			  1 + (int)(mcr_rng_next(&rng) % BATCH));
		expect_same(&x, &y);
		if (round % 5 == 0) {
			mcr_arbiter_time(x.a, ns);
			mcr_arbiter_time(y.a, ns);
			take(&x);
			take(&y);
		}
	}
	mcr_arbiter_destroy(x.a);
	mcr_arbiter_destroy(y.a);
}

static void a_run_is_the_same_as_its_packets_one_by_one(void **state)
{
	for (uint64_t seed = 0; seed < 2000; seed++) {
		struct mcr_arbiter_config config = {
		    .n_lines = 3,
		    .bits = seed % 3 == 0 ? 64 : 10,
		    .wraps_to_one = seed % 3 == 1,
		    .order = seed % 7 == 0,
		    .compare = seed % 2,
		    .events = seed % 5 == 0 ? UINT32_MAX : 0,
		    .window = 64,
		    .reset_run = 3,
		    .held_max = 256,
		    .keys_max = 8,
		    .gap_timeout_ns = 20000,
		    .silence_ns = seed % 4 == 0 ? 100000 : 0,
		    .reset_back = 20,
		    .jump_max = 1000,
		};

		any_feed(seed, config);
	}
}

static void a_run_ends_at_the_limit_at_a_timer_and_when_there_is_no_room(void **state)
{
	const struct mcr_arbiter_config config = {.n_lines = 1,
						  .bits = 64,
						  .window = 64,
						  .reset_run = 3,
						  .held_max = 64,
						  .keys_max = 8,
						  .gap_timeout_ns = 1000,
						  .silence_ns = 5000,
						  .reset_back = 20,
						  .jump_max = 1000};
	struct mcr_feed_packet packets[8];
	struct mcr_msg msgs[8];
	struct mcr_feed_msg out[8];
	const uint8_t lines[8] = {0, 0, 0, 0, 0, 0, 0, 0xff};
	struct side s = {.n = 0};
	int given = 0;

	assert_int_equal(mcr_arbiter_create(&s.a, &config, NULL), 0);
	for (unsigned i = 0; i < 8; i++) {
		packets[i] = (struct mcr_feed_packet){.seq = i + 1, .count = 1};
		msgs[i] = (struct mcr_msg){.rx_ns = 1000 + 100 * i, .len = 40};
	}
	put_one(&s, 0, &packets[0], &msgs[0]);
	assert_int_equal(
	    mcr_arbiter_put_run(s.a, lines + 1, packets + 1, msgs + 1, 7, 1200, out, 8, &given), 2);
	assert_int_equal(given, 2);
	assert_int_equal(mcr_arbiter_put_run(s.a, lines + 3, packets + 3, msgs + 3, 5, UINT64_MAX,
					     out, 4, &given),
			 2); /* two were given before */
	assert_int_equal(given, 4);
	given = 0;
	assert_int_equal(mcr_arbiter_put_run(s.a, lines + 5, packets + 5, msgs + 5, 3, UINT64_MAX,
					     out, 8, &given),
			 2); /* the last one is of no line */
	packets[7].seq = 8;
	msgs[7].rx_ns = 1000000;
	assert_int_equal(
	    mcr_arbiter_put_run(s.a, lines, packets + 7, msgs + 7, 1, UINT64_MAX, out, 8, &given),
	    0); /* silence comes first */
	mcr_arbiter_destroy(s.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_run_is_the_same_as_its_packets_one_by_one),
	    cmocka_unit_test(a_run_ends_at_the_limit_at_a_timer_and_when_there_is_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
