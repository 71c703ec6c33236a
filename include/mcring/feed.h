/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed: the same numbered messages on one to eight lines, handed out once and in order, with what
 * is missing named. It needs libmcring-feed and libmcring-client, not DPDK.
 *
 *     struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
 *     opts.feed = "itch";
 *     mcr_feed_open(&f, &opts, &err);
 *     while ((n = mcr_feed_poll(f, msgs, 32)) >= 0) {
 *             for (i = 0; i < n; i++)
 *                     if (msgs[i].kind == MCR_FEED_DATA)
 *                             len = mcr_feed_read(f, &msgs[i], buf, sizeof(buf));
 *                     else if (msgs[i].kind == MCR_FEED_GAP)
 *                             recover(msgs[i].gap.first, msgs[i].gap.last);
 *             mcr_feed_release(f);
 *     }
 *
 * In C++, mcring/feed.hpp adds owners, ranges, spans and errors to it.
 *
 * What the feed is, is declared once, by those who run the host (docs/feeds.md): how a packet is
 * numbered, the lines, the timeouts. The engine hands the declaration to whoever may read all of
 * the feed's channels.
 *
 * Only one thread at a time may use a feed; feeds are independent of each other. No function is
 * async-signal-safe. A function that returns int gives 0 or -errno unless its comment says
 * otherwise, and those that take a struct mcr_error fill it when they fail. */
#ifndef MCRING_FEED_H
#define MCRING_FEED_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/consumer.h>
#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcr_feed;

#define MCR_FEED_LINES_MAX 8

/* What poll returns: data, or an event in its place between the data. */
enum mcr_feed_kind {
	MCR_FEED_DATA = 0,
	MCR_FEED_START = 1,    /* the first packet of a stream: seq is where it starts */
	MCR_FEED_GAP = 2,      /* `gap`: these numbers came on no line in time, and are given up */
	MCR_FEED_GAP_HOST = 3, /* `gap`: of an earlier MCR_FEED_GAP, whose loss is now known to be
				* perhaps the host's */
	MCR_FEED_FILLED_LATE = 4, /* `late`: numbers of a gap came after it was given up */
	MCR_FEED_RESET = 5,       /* `reset`: the stream's numbers start anew */
	MCR_FEED_LINE_DOWN =
	    6, /* `down`: nothing came on `line` for too long, or its engine is gone */
	MCR_FEED_LINE_UP = 7,     /* a packet came on `line`, which was down */
	MCR_FEED_LINE_SWITCH = 8, /* data come from `line` now: not by default (opts.events) */
	MCR_FEED_SILENCE = 9,     /* all lines are down */
	MCR_FEED_SILENCE_END = 10,
	MCR_FEED_MISMATCH = 11,       /* `mismatch`: two lines had other octets under one number */
	MCR_FEED_END_OF_SESSION = 12, /* seq is the next number that would have come */
	MCR_FEED_IMPLAUSIBLE = 13,    /* `mismatch`: a number too far ahead to be believed, which
				       * moved nothing */
	MCR_FEED_KEYS_FULL = 14,      /* a packet of one stream more than opts.keys_max: such are
				       * counted and not handed out */
	MCR_FEED_CHANGED = 15,        /* the engine has another declaration of this feed now; this
				       * one goes on with the old: close and open for the new */
	MCR_FEED_CYCLE = 16,          /* a stream that is sent in a loop began again */
};

/* Why a gap was declared. */
enum mcr_feed_gap_why {
	MCR_FEED_GAP_TIMEOUT = 1,
	MCR_FEED_GAP_PASSED = 2, /* every line that is not down has passed it */
	MCR_FEED_GAP_WINDOW = 3, /* no room to hold more */
	MCR_FEED_GAP_FLUSH = 4,  /* before a reset, mcr_feed_resume or the end of the session */
	MCR_FEED_GAP_OVERWRITTEN = 5, /* in the ring, before mcr_feed_take copied it */
};

/* Whose loss a gap is. */
enum mcr_feed_whose {
	MCR_FEED_WIRE = 1,       /* it did not reach this host's ports, as far as known */
	MCR_FEED_HOST_MAYBE = 2, /* a port lost packets meanwhile: gap.host_lost */
	MCR_FEED_RING = 3,       /* this program was lapped (MCR_LOST) meanwhile, on some line */
};

enum mcr_feed_reset_why {
	MCR_FEED_RESET_EXPLICIT = 1, /* a flag or a message said so */
	MCR_FEED_RESET_SESSION = 2,  /* the session, or what else makes an epoch, changed */
	MCR_FEED_RESET_IMPLICIT = 3, /* opts.reset_run packets in a row ascend far from the next */
	MCR_FEED_RESET_RESUME = 4,   /* mcr_feed_resume */
};

enum mcr_feed_down_why {
	MCR_FEED_DOWN_SILENT = 1,
	MCR_FEED_DOWN_NEVER = 2,  /* it was never heard */
	MCR_FEED_DOWN_ENGINE = 3, /* its engine ended, hangs, or declares another feed */
	MCR_FEED_DOWN_LINK = 4,   /* the link of its port is down, or the port was removed */
};

enum mcr_feed_msg_flags {
	MCR_FEED_FLAG_LATE = 1 << 0,      /* fills a gap that was declared (opts.late) */
	MCR_FEED_FLAG_AFTER_GAP = 1 << 1, /* the first data behind a gap */
	MCR_FEED_FLAG_HELD = 1 << 2,      /* waited for what was missing before it */
	MCR_FEED_FLAG_INSERTED = 1 << 3,  /* from mcr_feed_insert */
	MCR_FEED_FLAG_DUPLICATE = 1
				  << 4, /* MCR_FEED_AS_THEY_COME: all of it was handed out before */
	MCR_FEED_FLAG_OUT_OF_ORDER = 1 << 5, /* MCR_FEED_AS_THEY_COME: behind what is missing, or
					      * below what was handed out */
	MCR_FEED_FLAG_UNSEQUENCED = 1 << 6,  /* it has no number (opts.unsequenced): seq and count
					      * are 0 */
};

struct mcr_feed_gap {
	uint64_t first, last; /* numbers, inclusive */
	uint64_t opened_ns, declared_ns;
	uint64_t host_lost; /* packets, over all groups of the port */
	uint32_t why;       /* enum mcr_feed_gap_why */
	uint32_t whose;     /* enum mcr_feed_whose */
};

struct mcr_feed_late {
	uint64_t first, last; /* inclusive */
};

struct mcr_feed_reset {
	uint64_t old_next, new_next;
	uint32_t why; /* enum mcr_feed_reset_why */
	uint32_t pad;
};

struct mcr_feed_mismatch {
	uint64_t seq;
	uint32_t first_line; /* whose copy stands */
	uint32_t pad;
};

struct mcr_feed_down {
	uint32_t why; /* enum mcr_feed_down_why */
	uint32_t pad;
};

/* A packet of the feed, or an event. Members that do not apply to its kind mean nothing. */
struct mcr_feed_msg {
	const struct mcr_msg *msg; /* the packet; of an event: NULL. Valid until the next poll */
	uint64_t seq;              /* number of the first message to take, unwrapped to 64 bits */
	uint32_t count;            /* messages to take; 1 where a number counts packets */
	uint32_t skip;             /* messages at the packet's start that were handed out before */
	uint32_t key;   /* of the stream: mcr_feed_key_info. Counts from 0 in the order of START */
	uint8_t kind;   /* enum mcr_feed_kind */
	uint8_t line;   /* index; of an inserted packet: MCR_FEED_LINES_MAX */
	uint16_t flags; /* enum mcr_feed_msg_flags */
	uint64_t held;  /* where a held payload is; for mcr_feed_read and mcr_feed_intact */
	uint64_t ns;    /* events: when, in the time of the feed (CLOCK_REALTIME of arrivals) */
	union {
		struct mcr_feed_gap gap;           /* GAP, GAP_HOST */
		struct mcr_feed_late late;         /* FILLED_LATE */
		struct mcr_feed_reset reset;       /* RESET */
		struct mcr_feed_mismatch mismatch; /* MISMATCH, IMPLAUSIBLE */
		struct mcr_feed_down down;         /* LINE_DOWN */
	};
};

enum mcr_feed_order {
	MCR_FEED_IN_ORDER = 0,     /* each message once, in the order of the numbers */
	MCR_FEED_AS_THEY_COME = 1, /* each packet when it comes, duplicates too, with flags */
};

/* Options of mcr_feed_open. Start from MCR_FEED_OPTS_INIT. Pointers are borrowed for the call.
 * Where 0 means the declaration's value, the declaration has a default, too (docs/feeds.md). */
struct mcr_feed_opts {
	uint32_t size;      /* sizeof(struct mcr_feed_opts) and ... */
	uint32_t msg_size;  /* ... sizeof(struct mcr_feed_msg), set by MCR_FEED_OPTS_INIT */
	const char *feed;   /* its name; NULL: the only feed of the engine, or of `config` */
	const char *config; /* the declaration's text (docs/feeds.md), for a program that brings its
			     * own; NULL: the engine's */
	const char *run_dir; /* as in struct mcr_consumer_opts: the engine that is asked */
	const char *name;
	const char *label;    /* shown in statistics; NULL = the program's name */
	uint32_t order;       /* enum mcr_feed_order */
	uint32_t late;        /* 1: data that fills a declared gap is handed out, with FLAG_LATE */
	uint32_t compare;     /* 1: payloads under one number are compared */
	uint32_t hold_on_gap; /* 1: a stream stops at its gap until mcr_feed_insert fills it or
			       * mcr_feed_resume gives it up; not with MCR_FEED_AS_THEY_COME */
	uint32_t unsequenced; /* 1: packets without a number are handed out, too */
	uint32_t events;      /* bits 1 << kind of the events wanted; 0: all but LINE_SWITCH */
	uint32_t held_max;    /* packets held at a time; 0 = 4,096 */
	uint32_t keys_max;    /* streams; 0 = 1,024 */
	uint64_t arena_bytes; /* for payloads of held packets that leave the ring; 0 = 4 MiB */
	uint64_t gap_timeout_ns; /* 0 = the declaration's */
	uint64_t start_seq; /* the first number wanted, of every stream; 0 = the first that comes */
	uint32_t start;     /* enum mcr_start: where in the rings, newest or oldest */
	uint32_t pad;
};
#ifdef __cplusplus
#define MCR_FEED_OPTS_INIT                                                                   \
	{                                                                                    \
		sizeof(struct mcr_feed_opts), sizeof(struct mcr_feed_msg), nullptr, nullptr, \
		    nullptr, nullptr, nullptr, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0         \
	}
#else
#define MCR_FEED_OPTS_INIT                                                                         \
	{                                                                                          \
		sizeof(struct mcr_feed_opts), sizeof(struct mcr_feed_msg), NULL, NULL, NULL, NULL, \
		    NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                                    \
	}
#endif

/* mcr_feed_open asks the engine for the feed's declaration, attaches to the channels of its lines,
 * on engines of their own too, and allocates all that the feed will use. A line whose engine does
 * not run is down; it comes up when the engine does. The caller owns *out, which is set on success
 * only, and frees it with mcr_feed_close. Errors: those of mcr_consumer_open for the engine that is
 * asked, -ENOENT (no such feed: err lists those that the user may read), -EACCES (a channel of the
 * feed is not for this user), -EBADMSG (bad text in opts.config: err has line and what was
 * expected), -ESTALE (two engines declare the feed in different ways: err names the difference),
 * -EINVAL (options), -ENOMEM. */
MCR_API int mcr_feed_open(struct mcr_feed **out, const struct mcr_feed_opts *opts,
			  struct mcr_error *err);

/* mcr_feed_poll fills in up to n messages and events. What it hands out stays valid until the next
 * poll, insert or resume; payloads may be overwritten by the writer as those of a consumer.
 *
 * Returns how many. 0: nothing is due. Errors: -EPIPE (no engine of any line runs any more and all
 * was handed out: mcr_feed_reattach). An engine of which a ring's content makes no sense counts as
 * gone. */
MCR_API int mcr_feed_poll(struct mcr_feed *f, struct mcr_feed_msg *msgs, int n);

/* mcr_feed_read copies up to cap octets of a packet's payload, all messages of it, and checks that
 * it was whole, as mcr_consumer_read. Returns its length. Errors: -ESTALE (overwritten: treat its
 * numbers as lost; a MCR_FEED_GAP does not name them). */
MCR_API int64_t mcr_feed_read(struct mcr_feed *f, const struct mcr_feed_msg *m, void *buf,
			      size_t cap);

/* mcr_feed_intact checks a payload that was read in place, through m->msg->data: 1 or 0. */
MCR_API int mcr_feed_intact(const struct mcr_feed *f, const struct mcr_feed_msg *m);

/* mcr_feed_release: the messages of the last poll are done with. */
MCR_API void mcr_feed_release(struct mcr_feed *f);

/* mcr_feed_take polls, reads and releases in one call, as mcr_consumer_take: it fills in up to n
 * items, and for the packet of item i msgs[i], of which data is the copy in buf; items[i].msg
 * points there. All of it lasts as long as the three arrays do, and mcr_feed_read and
 * mcr_feed_intact, which it does not need, work on it.
 *
 * A packet that the writer overwrote before it was copied is an MCR_FEED_GAP of its messages in its
 * place, why = MCR_FEED_GAP_OVERWRITTEN and whose = MCR_FEED_RING, whatever opts.events says; it is
 * left out if it has no number or was handed out before. The stream is past it: no statistics count
 * this gap, mcr_feed_insert cannot fill it, and opts.hold_on_gap does not hold there.
 *
 * Returns how many items. Errors: those of mcr_feed_poll, -EINVAL (buf, cap). */
MCR_API int mcr_feed_take(struct mcr_feed *f, struct mcr_feed_msg *items, struct mcr_msg *msgs,
			  int n, void *buf, size_t cap);

/* mcr_feed_wait sleeps until something may be due, a timeout of the feed's own included, for at
 * most timeout_ns (UINT64_MAX = for ever). An engine that hangs is found 1 to 2 s after its last
 * sign of life: its lines are down then. Returns 1: poll; 0: the time is over. Errors: -EINTR. */
MCR_API int mcr_feed_wait(struct mcr_feed *f, uint64_t timeout_ns);

/* mcr_feed_fd returns a descriptor for poll and epoll, the same for as long as the feed is open.
 * After a mcr_feed_arm that returned 0 it becomes readable when mcr_feed_poll may have something.
 * The feed owns it. An engine that hangs does not make it readable: call poll about once a second
 * as well. */
MCR_API int mcr_feed_fd(const struct mcr_feed *f);

/* mcr_feed_arm announces that the program is about to sleep on mcr_feed_fd; the next poll withdraws
 * that. Returns 0, or 1: there may be something already, call poll instead. */
MCR_API int mcr_feed_arm(struct mcr_feed *f);

/* mcr_feed_reattach attaches again the lines whose engines ended: one step, as
 * mcr_consumer_reattach; poll does so for single lines by itself. Returns 0 when at least one line
 * is attached. */
MCR_API int mcr_feed_reattach(struct mcr_feed *f, struct mcr_error *err);

/* mcr_feed_wire: number seq, as it was handed out, as the feed's packets write it, which is how a
 * request for retransmission has to name it: numbers of fewer than 64 bits are counted on when they
 * wrap, and begin in the second turn. */
MCR_API uint64_t mcr_feed_wire(const struct mcr_feed *f, uint64_t seq);

/* mcr_feed_insert gives the feed messages that were retransmitted: count messages of stream key
 * from number seq on, len octets (65,535 at most) at data, which are copied. They are deduplicated
 * and ordered as those of a line, and handed out by the next polls. Errors: -ENOENT (no such
 * stream), -ENOSPC (no room to hold them), -EALREADY (all were handed out before), -EINVAL (also
 * with MCR_FEED_AS_THEY_COME, where nothing is put in order), -EAGAIN (items of calls before are
 * due: poll, then call again). */
MCR_API int mcr_feed_insert(struct mcr_feed *f, uint32_t key, uint64_t seq, uint32_t count,
			    const void *data, size_t len);

/* mcr_feed_resume goes on at number next, after a snapshot that covers all below: what is below is
 * given up without a gap, what is held from next on is handed out, behind an MCR_FEED_RESET with
 * why = MCR_FEED_RESET_RESUME. A number that is not ahead changes nothing. Errors: -ENOENT, -EAGAIN
 * (as mcr_feed_insert). */
MCR_API int mcr_feed_resume(struct mcr_feed *f, uint32_t key, uint64_t next);

/* What mcr_feed_key_info tells of a stream. */
struct mcr_feed_key {
	uint32_t size; /* sizeof(struct mcr_feed_key), set by the program */
	uint32_t key;
	uint64_t next;     /* the next number to hand out */
	uint64_t hole_ns;  /* since when a number is missing; 0 = none is */
	uint64_t scope[2]; /* the octets of the key fields, in memory order, zeros behind */
	uint64_t epoch[2]; /* likewise of what makes an epoch, as the session */
	uint64_t resets, gaps, gap_messages, late_messages;
	char text[64]; /* the key for a person: "unit=15", "session=000012345" */
};

/* mcr_feed_key_info describes a stream. Errors: -ENOENT (no such key), -EINVAL (out->size). */
MCR_API int mcr_feed_key_info(const struct mcr_feed *f, uint32_t key, struct mcr_feed_key *out);

#define MCR_FEED_LEADS 32

/* A line. Counters are packets since the feed was opened, over all streams, unless they say
 * otherwise. */
struct mcr_feed_line {
	uint32_t size; /* sizeof(struct mcr_feed_line), set by the program */
	uint32_t line;
	char name[MCR_LABEL_MAX];
	uint32_t is_up, was_heard;
	uint64_t last_ns; /* arrival of the last packet */
	uint64_t packets, bytes, heartbeats;
	uint64_t first;      /* handed out from this line */
	uint64_t duplicates; /* another line had it before */
	uint64_t mismatches, late, out_of_order, stale, before_start, implausible;
	uint64_t malformed, unsequenced, not_tracked, ended;
	uint64_t lost;      /* messages missing on this line, settled (rule 7 of docs/feeds.md) */
	uint64_t unsettled; /* messages of which nobody can say: the reader was lapped meanwhile */
	uint64_t ring_lost; /* messages of its rings that this program was lapped by */
	/* By how much this line was behind the one that had a number first: behind[i] counts those
	 * of less than 2^i * 16 ns and not less than half of that. */
	uint64_t behind[MCR_FEED_LEADS];
	uint64_t behind_max_ns;
	uint64_t filled; /* messages handed out from this line that another one, which had passed
			  * them, lacked */
};

/* mcr_feed_line_info describes a line. Errors: -ENOENT (no such line), -EINVAL (out->size). */
MCR_API int mcr_feed_line_info(const struct mcr_feed *f, uint32_t line, struct mcr_feed_line *out);

/* The feed as a whole. */
struct mcr_feed_stats {
	uint32_t size; /* sizeof(struct mcr_feed_stats), set by the program */
	uint32_t lines, keys;
	uint32_t held;              /* packets, now */
	uint64_t packets, messages; /* handed out */
	uint64_t gaps_opened, gaps_filled, gaps, gap_messages, late_messages;
	uint64_t resets, cycles, switches, mismatches, not_comparable, silences;
	uint64_t keys_refused; /* packets */
	uint64_t held_copied;  /* packets that left the ring for the arena */
	uint64_t held_lost;    /* packets that were overwritten while they were held */
	uint64_t time_ns;      /* the feed's time: everything that arrived before was read */
	uint64_t digest;       /* of the declaration */
};

/* mcr_feed_stats_info describes the feed as a whole. Errors: -EINVAL (out->size). */
MCR_API int mcr_feed_stats_info(const struct mcr_feed *f, struct mcr_feed_stats *out);

/* mcr_feed_config_text returns the declaration as the engine gave it; owned by the feed. */
MCR_API const char *mcr_feed_config_text(const struct mcr_feed *f);

/* mcr_feed_close detaches and frees. NULL is allowed. */
MCR_API void mcr_feed_close(struct mcr_feed *f);

#ifdef __cplusplus
}
#endif
#endif
