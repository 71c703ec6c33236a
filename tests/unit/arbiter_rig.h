/* SPDX-License-Identifier: BSD-3-Clause */
/* An arbiter, fed packet by packet. What it hands out is written down as one text, which a test
 * compares: "1" is data of number 1, "2-4" of 2 to 4, events have names. */
#ifndef ARBITER_RIG_H
#define ARBITER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/feed/arbiter.h"

#define US UINT64_C(1000)
#define MS (1000 * US)
#define A  0u
#define B  1u

struct rig {
	struct mcr_arbiter *arbiter;
	char text[4096];
	uint64_t ns;                /* of what comes next */
	struct mcr_feed_msg last;   /* item */
	uint16_t flags;             /* of all items */
	struct mcr_msg msgs[16384]; /* those that were put */
	unsigned n;
};

static struct rig rig;

static inline const char *event_name(const struct mcr_feed_msg *m)
{
	static const char *const names[] = {"",        "start",    "gap", "host",        "late",
					    "reset",   "down",     "up",  "switch",      "silence",
					    "heard",   "mismatch", "end", "implausible", "full",
					    "changed", "cycle"};

	return names[m->kind];
}

static inline void note(const struct mcr_feed_msg *m)
{
	size_t n = strlen(rig.text), room = sizeof(rig.text) - n;
	const char *space = n ? " " : "";
	uint64_t first = m->seq, last = m->seq + m->count - 1;

	rig.last = *m;
	rig.flags |= m->kind == MCR_FEED_DATA ? m->flags : 0;
	if (m->kind == MCR_FEED_GAP || m->kind == MCR_FEED_GAP_HOST) {
		first = m->gap.first;
		last = m->gap.last;
	} else if (m->kind == MCR_FEED_FILLED_LATE) {
		first = m->late.first;
		last = m->late.last;
	} else if (m->kind == MCR_FEED_RESET || m->kind == MCR_FEED_CYCLE) {
		first = last = m->reset.new_next;
	} else if (m->kind != MCR_FEED_DATA) {
		last = first;
	}
	first = mcr_arbiter_wire(rig.arbiter, first);
	last = mcr_arbiter_wire(rig.arbiter, last);
	if (m->kind >= MCR_FEED_LINE_DOWN && m->kind <= MCR_FEED_SILENCE_END)
		snprintf(rig.text + n, room, "%s%s:%u", space, event_name(m), m->line);
	else if (first != last)
		snprintf(rig.text + n, room, "%s%s%llu-%llu", space, event_name(m),
			 (unsigned long long)first, (unsigned long long)last);
	else
		snprintf(rig.text + n, room, "%s%s%llu", space, event_name(m),
			 (unsigned long long)first);
	if (m->kind == MCR_FEED_GAP && m->gap.whose == MCR_FEED_RING)
		strncat(rig.text, "-ring", sizeof(rig.text) - strlen(rig.text) - 1);
}

static inline void drain(void)
{
	int is_pending = mcr_arbiter_pending(rig.arbiter), n = 0;
	struct mcr_feed_msg item;

	while (mcr_arbiter_next(rig.arbiter, &item)) {
		note(&item);
		n++;
	}
	assert_true(is_pending || n == 0);
	assert_false(mcr_arbiter_pending(rig.arbiter));
}

/* Everything before rig.ns was read. */
static inline void pass(uint64_t ns)
{
	rig.ns += ns;
	mcr_arbiter_time(rig.arbiter, rig.ns);
	drain();
}

static inline void put(unsigned line, struct mcr_feed_packet packet)
{
	struct mcr_feed_msg item;
	struct mcr_msg *msg = &rig.msgs[rig.n++ % 16384];

	*msg = (struct mcr_msg){.rx_ns = rig.ns, .len = 100};
	if (mcr_arbiter_put(rig.arbiter, line, &packet, msg, &item)) {
		assert_ptr_equal(item.msg, msg);
		assert_int_equal(item.kind, MCR_FEED_DATA);
		note(&item);
	}
	drain();
}

static inline void data_of(unsigned line, uint64_t scope, uint64_t seq, uint32_t count)
{
	put(line,
	    (struct mcr_feed_packet){.seq = seq, .count = count, .scope = {scope}, .hash = seq});
}

static inline void data(unsigned line, uint64_t seq)
{
	data_of(line, 0, seq, 1);
}

/* Numbers first to last, each on all lines of the bits. */
static inline void run(unsigned lines, uint64_t first, uint64_t last)
{
	for (uint64_t seq = first; seq <= last; seq++)
		for (unsigned line = 0; lines >> line; line++)
			if (lines >> line & 1)
				data(line, seq);
}

static inline void mark(unsigned line, uint8_t kind, uint64_t seq)
{
	put(line, (struct mcr_feed_packet){.seq = seq, .kind = kind});
}

static inline void session(unsigned line, uint64_t epoch, uint64_t seq)
{
	put(line, (struct mcr_feed_packet){
		      .seq = seq, .count = 1, .epoch = {epoch, 7 * epoch}, .hash = seq});
}

static inline void make(struct mcr_arbiter_config config)
{
	struct mcr_error err;

	if (!config.n_lines)
		config.n_lines = 2;
	mcr_arbiter_destroy(rig.arbiter);
	memset(&rig, 0, sizeof(rig));
	rig.ns = 1000 * MS;
	assert_int_equal(mcr_arbiter_create(&rig.arbiter, &config, &err), 0);
}

static inline int unmake(void **state)
{
	(void)state;
	mcr_arbiter_destroy(rig.arbiter);
	rig.arbiter = NULL;
	return 0;
}

static inline struct mcr_feed_packet flagged(uint64_t seq)
{
	return (struct mcr_feed_packet){.seq = seq, .count = 1, .resets = 1, .hash = seq};
}

#define HANDED_OUT(expected)                             \
	do {                                             \
		assert_string_equal(rig.text, expected); \
		rig.text[0] = '\0';                      \
	} while (0)

static inline struct mcr_feed_line line_of(unsigned line)
{
	struct mcr_feed_line l = {.size = sizeof(l)};

	assert_int_equal(mcr_arbiter_line_info(rig.arbiter, line, &l), 0);
	return l;
}

static inline struct mcr_feed_key key_of(uint32_t key)
{
	struct mcr_feed_key k = {.size = sizeof(k)};

	assert_int_equal(mcr_arbiter_key_info(rig.arbiter, key, &k), 0);
	return k;
}

static inline struct mcr_feed_stats stats(void)
{
	struct mcr_feed_stats s = {.size = sizeof(s)};

	mcr_arbiter_stats(rig.arbiter, &s);
	return s;
}

#endif
