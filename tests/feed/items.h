/* SPDX-License-Identifier: BSD-3-Clause */
/* What a feed hands out, as text: one item a line, for the driver and for feed_print. */
#ifndef ITEMS_H
#define ITEMS_H

#include <stdint.h>
#include <stdio.h>

#include <mcring/feed.h>

typedef unsigned long long item_number;

static inline const char *item_gap_why(uint32_t why)
{
	static const char *const names[] = {"?", "timeout", "passed", "window", "flush"};

	return names[why < 5 ? why : 0];
}

static inline const char *item_whose(uint32_t whose)
{
	static const char *const names[] = {"?", "wire", "host", "ring"};

	return names[whose < 4 ? whose : 0];
}

static inline const char *item_reset_why(uint32_t why)
{
	static const char *const names[] = {"?", "explicit", "session", "implicit", "resume"};

	return names[why < 5 ? why : 0];
}

static inline const char *item_down_why(uint32_t why)
{
	static const char *const names[] = {"?", "silent", "never", "engine", "link"};

	return names[why < 5 ? why : 0];
}

static inline void print_data(const struct mcr_feed_msg *m)
{
	static const char *const flags[] = {"late",      "after-gap",    "held",       "inserted",
					    "duplicate", "out-of-order", "unsequenced"};

	printf("data %u %u %llu+%u skip=%u", m->key, m->line, (item_number)m->seq, m->count,
	       m->skip);
	for (unsigned i = 0; i < 7; i++)
		if (m->flags & 1u << i)
			printf(" %s", flags[i]);
	putchar('\n');
}

static inline void print_gap(const char *kind, const struct mcr_feed_msg *m)
{
	const struct mcr_feed_gap *g = &m->gap;

	printf("%s %u %llu..%llu %s %s opened=%llu at=%llu", kind, m->key, (item_number)g->first,
	       (item_number)g->last, item_gap_why(g->why), item_whose(g->whose),
	       (item_number)g->opened_ns, (item_number)g->declared_ns);
	if (g->whose == MCR_FEED_HOST_MAYBE)
		printf(" lost=%llu", (item_number)g->host_lost);
	putchar('\n');
}

static inline void print_item(const struct mcr_feed_msg *m)
{
	item_number ns = m->ns, seq = m->seq;

	switch (m->kind) {
	case MCR_FEED_DATA:
		print_data(m);
		break;
	case MCR_FEED_START:
		printf("start %u %u %llu at=%llu\n", m->key, m->line, seq, ns);
		break;
	case MCR_FEED_GAP:
		print_gap("gap", m);
		break;
	case MCR_FEED_GAP_HOST:
		print_gap("gap-host", m);
		break;
	case MCR_FEED_FILLED_LATE:
		printf("late %u %u %llu..%llu at=%llu\n", m->key, m->line,
		       (item_number)m->late.first, (item_number)m->late.last, ns);
		break;
	case MCR_FEED_RESET:
	case MCR_FEED_CYCLE:
		printf("%s %u %u %llu->%llu", m->kind == MCR_FEED_RESET ? "reset" : "cycle", m->key,
		       m->line, (item_number)m->reset.old_next, (item_number)m->reset.new_next);
		if (m->kind == MCR_FEED_RESET)
			printf(" %s", item_reset_why(m->reset.why));
		printf(" at=%llu\n", ns);
		break;
	case MCR_FEED_LINE_DOWN:
		printf("down %u %s at=%llu\n", m->line, item_down_why(m->down.why), ns);
		break;
	case MCR_FEED_LINE_UP:
		printf("up %u at=%llu\n", m->line, ns);
		break;
	case MCR_FEED_LINE_SWITCH:
		printf("switch %u %u\n", m->key, m->line);
		break;
	case MCR_FEED_SILENCE:
		printf("silence at=%llu\n", ns);
		break;
	case MCR_FEED_SILENCE_END:
		printf("silence-end at=%llu\n", ns);
		break;
	case MCR_FEED_MISMATCH:
		printf("mismatch %u %u %llu first=%u at=%llu\n", m->key, m->line,
		       (item_number)m->mismatch.seq, m->mismatch.first_line, ns);
		break;
	case MCR_FEED_END_OF_SESSION:
		printf("end %u %llu at=%llu\n", m->key, seq, ns);
		break;
	case MCR_FEED_IMPLAUSIBLE:
		printf("implausible %u %u %llu at=%llu\n", m->key, m->line,
		       (item_number)m->mismatch.seq, ns);
		break;
	case MCR_FEED_KEYS_FULL:
		printf("keys-full\n");
		break;
	default:
		printf("item of kind %u\n", m->kind);
	}
}

static inline void print_feed(const struct mcr_feed_stats *s)
{
	printf("feed packets=%llu messages=%llu gaps=%llu gap_messages=%llu late_messages=%llu "
	       "opened=%llu filled=%llu resets=%llu cycles=%llu switches=%llu mismatches=%llu "
	       "silences=%llu held=%u keys=%u refused=%llu\n",
	       (item_number)s->packets, (item_number)s->messages, (item_number)s->gaps,
	       (item_number)s->gap_messages, (item_number)s->late_messages,
	       (item_number)s->gaps_opened, (item_number)s->gaps_filled, (item_number)s->resets,
	       (item_number)s->cycles, (item_number)s->switches, (item_number)s->mismatches,
	       (item_number)s->silences, s->held, s->keys, (item_number)s->keys_refused);
}

static inline void print_line(uint32_t i, const struct mcr_feed_line *l)
{
	printf("line %u packets=%llu first=%llu duplicates=%llu mismatches=%llu late=%llu "
	       "out_of_order=%llu stale=%llu before_start=%llu implausible=%llu heartbeats=%llu "
	       "unsequenced=%llu not_tracked=%llu malformed=%llu ended=%llu lost=%llu "
	       "unsettled=%llu filled=%llu up=%u\n",
	       i, (item_number)l->packets, (item_number)l->first, (item_number)l->duplicates,
	       (item_number)l->mismatches, (item_number)l->late, (item_number)l->out_of_order,
	       (item_number)l->stale, (item_number)l->before_start, (item_number)l->implausible,
	       (item_number)l->heartbeats, (item_number)l->unsequenced, (item_number)l->not_tracked,
	       (item_number)l->malformed, (item_number)l->ended, (item_number)l->lost,
	       (item_number)l->unsettled, (item_number)l->filled, l->is_up);
}

#endif
