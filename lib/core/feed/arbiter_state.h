/* SPDX-License-Identifier: BSD-3-Clause */
/* What an arbiter knows. A stream's state is two structs, in two arrays: what each packet needs
 * (with two lines one cache line), and the rest; together 256 octets with two lines. */
#ifndef MCR_CORE_FEED_ARBITER_STATE_H
#define MCR_CORE_FEED_ARBITER_STATE_H

#include "core/feed/arbiter.h"
#include "core/feed/recent.h"
#include "core/feed/span_tree.h"
#include "core/rng.h"

#define MCR_NONE             MCR_SPAN_NONE
#define MCR_ARBITER_RANGES   4096 /* given-up and missing ranges that are remembered */
#define MCR_ARBITER_EVENTS   256
#define MCR_ARBITER_GAPS     64 /* of which a later look may say that the host lost them */
#define MCR_ARBITER_LOOKS    64
#define MCR_ARBITER_STALL_NS 1000000000ull /* after which nobody is behind, but elsewhere */

/* What each packet needs. `slow` has a bit for each line whose packets need more than the fast
 * path looks at. */
struct mcr_stream {
	uint64_t scope[2], epoch[2];
	uint64_t next; /* to hand out */
	uint32_t id;   /* of this generation: no two are the same */
	uint8_t slow;
	uint8_t line;      /* that the last packet was handed out from */
	uint8_t is_wished; /* the program chose where it goes on: what is below is no restart */
	uint8_t pad;
	uint64_t hi[]; /* of each line: behind its highest number */
};

/* Packets that prove nothing alone: reset_run of them in a row do. */
enum mcr_run_kind {
	MCR_RUN_NONE = 0,
	MCR_RUN_BACK,   /* numbers far below the line's own: a restart? */
	MCR_RUN_BEHIND, /* far below what was handed out, which no longer goes on */
	MCR_RUN_AHEAD,  /* too far ahead to be believed */
	MCR_RUN_OLD,    /* of the generation before */
};

struct mcr_stream_line {
	uint64_t run_next; /* behind the run's last packet */
	uint32_t run;      /* its packets, newest first: a list by `left` */
	uint32_t missing;  /* tree: what did not come on this line */
	uint8_t run_n, run_kind;
	uint8_t since_reset; /* packets since the last that said so, and one; 0 = many */
	uint8_t behind;      /* generations that began since the line was in one */
	uint32_t was;        /* hash of the epoch that the line was in before */
};

enum mcr_stream_flags {
	MCR_STREAM_HOLE = 1 << 0,      /* a number is missing, and later ones are held */
	MCR_STREAM_AFTER_GAP = 1 << 1, /* the next data come behind a gap */
	MCR_STREAM_ENDING = 1 << 2,    /* END_OF_SESSION is due at end_at */
	MCR_STREAM_ENDED = 1 << 3,
	MCR_STREAM_EXPLICIT = 1 << 4, /* a flag or a message began this generation */
	MCR_STREAM_MESSAGE = 1 << 5,  /* ... a message, which has the number */
	MCR_STREAM_SESSION = 1 << 6,  /* the epoch's octets began it */
	MCR_STREAM_OLD = 1 << 7,      /* there is a generation before: old_epoch, old_next */
};

struct mcr_stream_more {
	uint64_t start; /* below are numbers before the join point */
	uint64_t old_next, old_epoch[2];
	uint64_t held_end; /* behind the highest number held */
	uint64_t end_at, told;
	uint64_t front_next, front_ns; /* when `next` was last seen to move, by who is behind */
	uint64_t said_ns;              /* when a packet last said that this generation began */
	uint64_t ring_from, ring_to;   /* where the reader was lapped */
	uint64_t given_end;            /* behind the highest number given up */
	uint64_t gap_messages, late_messages;
	uint32_t gaps, resets;
	uint32_t held, given; /* trees */
	uint32_t heap;        /* its place among the holes */
	uint8_t in;           /* lines that are in this generation */
	uint8_t heard;        /* lines that have a number */
	uint8_t lapped;       /* lines on which nothing came since the reader was lapped */
	uint8_t flags;
	struct mcr_stream_line line[];
};

enum mcr_held_flags {
	MCR_HELD_MARK = 1 << 0,     /* no packet: a heartbeat's number */
	MCR_HELD_GHOST = 1 << 1,    /* handed out already (MCR_FEED_AS_THEY_COME) */
	MCR_HELD_INSERTED = 1 << 2, /* line is MCR_FEED_LINES_MAX */
	MCR_HELD_RUN = 1 << 3,      /* in a run */
	MCR_HELD_END = 1 << 4,      /* with MARK: the end of the session */
	MCR_RANGE_SETTLED = 1 << 5, /* of a range that a line lacks: counted as lost */
};

struct mcr_held {
	struct mcr_msg msg;
	uint64_t held;       /* the caller's */
	uint64_t hash;       /* of the payload */
	uint64_t passed;     /* other lines had passed what is below when it was held */
	uint32_t prev, next; /* in the order of arrival */
};

struct mcr_arbiter_line {
	uint64_t last_ns, packets, bytes, first, duplicates;
	uint32_t is_up;
	uint32_t stream; /* of its last packet */
	uint64_t behind_max_ns;
	uint64_t behind[MCR_FEED_LEADS];
	uint64_t heartbeats, mismatches, late, out_of_order, stale, before_start, implausible;
	uint64_t malformed, unsequenced, not_tracked, ended, lost, unsettled, ring_lost;
	uint64_t lapped_at; /* packets at that time, and one */
	uint64_t looked_ns;
	uint16_t is_down, was_heard;
	uint32_t copied; /* place in `recent` behind the last that it had a copy of */
	uint64_t filled;
};

/* The packet at hand. */
struct mcr_arrival {
	const struct mcr_feed_packet *packet;
	const struct mcr_msg *msg;
	unsigned line;
	uint32_t key;
	struct mcr_stream *s;
	struct mcr_stream_more *m;
	struct mcr_stream_line *sl;
	uint64_t x, end;
	uint16_t flags; /* MCR_FEED_AS_THEY_COME: of the item */
	uint8_t held_flags;
};

struct mcr_arbiter {
	struct mcr_arbiter_head head;
	/* What the fast path reads. */
	uint8_t *streams;
	uint32_t *table; /* of streams, by hash */
	uint32_t table_mask;
	uint32_t n_streams;
	uint32_t stride, n_lines;
	uint8_t unwrap_shift, wraps_to_one, is_as_they_come, compare;
	uint32_t events;
	uint64_t turn; /* how many numbers; 0 = they do not wrap */
	uint64_t switches;
	uint64_t seed;
	struct mcr_recent recent;
	struct mcr_arbiter_line lines[MCR_FEED_LINES_MAX];
	/* The rest. */
	struct mcr_arbiter_config cfg;
	uint8_t *more;
	uint32_t more_stride, ids;
	uint64_t time_ns, at_ns, awake_ns, line_due_ns;
	uint8_t is_started, is_awake, is_silent, told_keys_full, has_late, is_flush;
	uint8_t has_after, is_after_next; /* `after`; ... it moves its stream on */
	struct mcr_rng rng;
	/* Held packets: nodes, and beside them what they hold. */
	struct mcr_span *nodes;
	struct mcr_held *held;
	uint32_t n_nodes, free_nodes, spent_nodes, oldest, newest;
	uint32_t n_runs; /* of those held: in a run */
	uint32_t n_made; /* their order */
	void (*forget)(void *ctx, uint64_t held);
	void *forget_ctx;
	/* Ranges: of the last that were made. */
	struct mcr_span *ranges;
	uint32_t range_next, range_settled;
	/* Holes, the one that is due first on top. */
	uint32_t *heap;
	uint64_t *heap_due;
	uint32_t n_heap;
	/* What is to be handed out. */
	struct mcr_feed_msg queue[MCR_ARBITER_EVENTS];
	uint32_t queue_head, queue_n;
	uint32_t active;     /* the stream whose held packets are looked at */
	uint64_t force_to;   /* ... and whose gaps are declared up to here */
	uint64_t timeout_ns; /* ... of which those are due that had their time by then */
	struct {
		uint64_t next, epoch[2], hash;
		uint32_t key, line, why;
		uint8_t flags, is_end, says_so;
	} reset;
	struct {
		const struct mcr_msg *msg;
		uint64_t x, from, end, held;
		uint32_t key;
		uint16_t flags;
		uint8_t line, is_data;
	} late;
	struct mcr_feed_msg after; /* behind all that */
	/* Whose loss. */
	struct {
		uint64_t from_ns, to_ns, packets;
	} looks[MCR_ARBITER_LOOKS];
	struct mcr_feed_msg gaps[MCR_ARBITER_GAPS];
	uint32_t n_looks, n_gaps;
	uint64_t lapped_ns; /* when the first packet came behind the last lap */
	struct mcr_feed_stats stats;
};

static inline struct mcr_stream *mcr_stream_at(const struct mcr_arbiter *a, uint32_t key)
{
	return (struct mcr_stream *)(void *)(a->streams + (size_t)key * a->stride);
}

static inline struct mcr_stream_more *mcr_more_at(const struct mcr_arbiter *a, uint32_t key)
{
	return (struct mcr_stream_more *)(void *)(a->more + (size_t)key * a->more_stride);
}

static inline int mcr_arbiter_wants(const struct mcr_arbiter *a, unsigned kind)
{
	return a->events >> kind & 1;
}

/* mcr_unlike: 0 = number x is seq on the wire. */
static inline uint64_t mcr_unlike(const struct mcr_arbiter *a, uint64_t x, uint64_t seq)
{
	if (__builtin_expect(a->wraps_to_one, 0))
		return mcr_arbiter_wire_of(64u - a->unwrap_shift, 1, x) ^ seq;
	return (seq - x) << a->unwrap_shift;
}

/* mcr_unwrap: the 64-bit number nearest to ref that is seq on the wire. */
static inline uint64_t mcr_unwrap(const struct mcr_arbiter *a, uint64_t ref, uint64_t seq)
{
	if (!a->wraps_to_one)
		return ref +
		       (uint64_t)((int64_t)((seq - ref) << a->unwrap_shift) >> a->unwrap_shift);
	int64_t d = (int64_t)(seq - mcr_arbiter_wire_of(64u - a->unwrap_shift, 1, ref));
	int64_t half = (int64_t)(a->turn / 2);

	if (d > half)
		d -= (int64_t)a->turn;
	else if (d < -half)
		d += (int64_t)a->turn;
	return ref + (uint64_t)d;
}

/* mcr_first_turn: the number of a stream that begins. */
static inline uint64_t mcr_first_turn(const struct mcr_arbiter *a, uint64_t seq)
{
	return a->turn + seq;
}

#endif
