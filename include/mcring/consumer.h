/* SPDX-License-Identifier: BSD-3-Clause */
/* The consumer: reads the rings of one channel. Needs libmcring-client only, no DPDK.
 *
 *     struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
 *     opts.channel = "md";
 *     mcr_consumer_open(&c, &opts, &err);
 *     while ((n = mcr_consumer_poll(c, msgs, 32)) >= 0) {
 *             for (i = 0; i < n; i++)
 *                     if (msgs[i].kind == MCR_DATA)
 *                             len = mcr_consumer_read(c, &msgs[i], buf, sizeof(buf));
 *             mcr_consumer_release(c);
 *     }
 *
 * A consumer is mapped read-only and never holds up the engine: when it falls a whole ring behind
 * it is lapped, and the next poll starts with an MCR_LOST that says exactly how many messages it
 * missed. One consumer belongs to one thread at a time; several consumers are independent. */
#ifndef MCRING_CONSUMER_H
#define MCRING_CONSUMER_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcr_consumer;

/* Where a message stands: epoch is random for each ring's life, seq counts from 1 without gaps. */
struct mcr_pos {
	uint64_t epoch, seq;
	uint32_t ring, pad;
};

enum mcr_kind {
	MCR_DATA = 0,
	MCR_LOST = 1, /* this consumer was lapped: `lost` messages, the first of them at pos */
	MCR_LINK = 2, /* a port's link changed: MCR_FLAG_LINK_UP, MCR_FLAG_LINK_GONE or neither; id
		       * is the DPDK port. It stands in order with the data of each ring that the
		       * port can write into, and in no other: a channel of several rings gets one
		       * from each. What was on the wire meanwhile is lost, and nobody counts it. */
	MCR_RESTART = 3, /* mcr_consumer_reattach found a new engine: what arrived after since_ns
			  * and before rx_ns may be missing, nobody knows how much. pos.epoch is the
			  * new one. */
	MCR_STALL = 4,   /* MCR_ORDER_MERGED: ring pos.ring was silent for hold_ns, since rx_ns. The
			  * others no longer wait for it; what it brings late is flagged. */
	MCR_ENGINE_STALL = 5, /* the engine gives no sign of life since since_ns, as of rx_ns, but
			       * its process is there: its control thread hangs, or it was
			       * stopped. With MCR_FLAG_STALL_OVER: it goes on, and nobody was
			       * detached. What its rx lcores publish comes in between, too. */
};

enum mcr_msg_flags {
	MCR_FLAG_RX_TIME_TSC = 1 << 0,    /* rx_ns: one clock reading per burst, not per packet */
	MCR_FLAG_CLOCK_STEP = 1 << 1,     /* CLOCK_REALTIME was stepped since the message before */
	MCR_FLAG_HW_TIME = 1 << 2,        /* hw_ns is valid */
	MCR_FLAG_HW_TIME_SYNCED = 1 << 3, /* the operator vouches for the NIC's clock */
	MCR_FLAG_LINK_UP = 1 << 4,        /* MCR_LINK: the link is up now */
	MCR_FLAG_LINK_GONE = 1 << 5, /* MCR_LINK: the port was removed, and will not come back */
	MCR_FLAG_LATE =
	    1 << 6, /* MCR_ORDER_MERGED: arrived before a message that was polled earlier */
	MCR_FLAG_STALL_OVER = 1 << 7, /* MCR_ENGINE_STALL: it lasted from since_ns to rx_ns */
};

struct mcr_msg {
	const uint8_t
	    *data; /* in the ring: may be overwritten until mcr_consumer_intact says it was not */
	uint32_t len;   /* octets of payload */
	uint16_t kind;  /* enum mcr_kind */
	uint16_t flags; /* enum mcr_msg_flags */
	struct mcr_pos pos;
	uint64_t rx_ns, hw_ns; /* CLOCK_REALTIME; hw_ns 0 = unknown */
	uint64_t lost;         /* MCR_LOST: messages missed */
	uint32_t group_be, source_be;
	uint32_t id;                 /* user id of the join that took it; MCR_LINK: DPDK port */
	uint16_t dst_port, src_port; /* UDP, host order */
	uint16_t vlan;               /* 0 = untagged */
	uint8_t ttl;
	uint8_t family;       /* AF_INET */
	uint64_t offset;      /* of the payload among all bytes of the ring: for intact and read */
	uint64_t since_ns;    /* MCR_RESTART, MCR_ENGINE_STALL: CLOCK_REALTIME; 0 = unknown */
	uint64_t reserved[3]; /* 0 */
};

enum mcr_start {
	MCR_START_NEWEST = 0, /* what is published after the attach */
	MCR_START_OLDEST = 1, /* everything that the rings still hold */
	MCR_START_SEQ = 2,    /* opts.seq of ring opts.ring; the next to come is allowed too. A
			       * channel of one ring needs no opts.ring. */
};

#define MCR_ALL_RINGS UINT32_MAX

enum mcr_order {              /* of the messages of several rings */
	MCR_ORDER_RINGS = 0,  /* round robin: order holds within a ring */
	MCR_ORDER_MERGED = 1, /* by rx_ns, equal times by ring: docs/ring.md has what it delays */
};

struct mcr_consumer_opts {
	size_t size;         /* sizeof(struct mcr_consumer_opts): set by MCR_CONSUMER_OPTS_INIT */
	const char *run_dir; /* the engine's run directory; NULL = /run/mcring/NAME */
	const char *name;    /* the engine's name; NULL = "mcring" */
	const char *channel; /* NULL = "default" */
	const char *label;   /* shown in statistics; NULL = the program's name */
	int fd; /* >= 0: a socket from mcr_engine_attach in place of run_dir, name, channel and
		 * label; the consumer owns it from now on, also when open fails */
	uint32_t start; /* enum mcr_start */
	uint32_t ring;  /* read this ring only; MCR_ALL_RINGS = every ring, round robin */
	uint64_t seq;   /* MCR_START_SEQ */

	/* A part of the channel, as mcr_consumer_select takes it; borrowed for the call. */
	const uint32_t *groups_be, *ids;
	size_t n_groups, n_ids;

	uint32_t order;   /* enum mcr_order */
	uint32_t pad;     /* 0 */
	uint64_t hold_ns; /* MCR_ORDER_MERGED: how long others wait for a silent ring; 0 = 100 ms */
	uint64_t stall_ns; /* how long an engine that is there may give no sign of life until poll
			    * says -EPIPE; 0 = 10 s, UINT64_MAX = for ever; up to 1 s: no
			    * MCR_ENGINE_STALL comes before, as in programs without this option */
};
#ifdef __cplusplus
#define MCR_CONSUMER_OPTS_INIT                                                               \
	{                                                                                    \
		sizeof(struct mcr_consumer_opts), nullptr, nullptr, nullptr, nullptr, -1, 0, \
		    MCR_ALL_RINGS, 0, nullptr, nullptr, 0, 0, 0, 0, 0, 0                     \
	}
#else
#define MCR_CONSUMER_OPTS_INIT                                                                     \
	{                                                                                          \
		sizeof(struct mcr_consumer_opts), NULL, NULL, NULL, NULL, -1, 0, MCR_ALL_RINGS, 0, \
		    NULL, NULL, 0, 0, 0, 0, 0, 0                                                   \
	}
#endif

/* mcr_consumer_open attaches to a channel. Blocks for at most 5 s. *out is set on success only.
 * Errors: -ENOENT (no engine there, or unknown channel: err lists the channels), -ECONNREFUSED
 * (stale run directory), -EACCES, -EINVAL (options; a seq without its ring), -ERANGE (seq is not
 * held: err has the available range), -EPROTO (not an engine, or another ABI), -EBUSY (the engine
 * takes no more consumers), -ETIMEDOUT, -EMFILE, -ENOMEM. */
MCR_API int mcr_consumer_open(struct mcr_consumer **out, const struct mcr_consumer_opts *opts,
			      struct mcr_error *err);

/* mcr_consumer_poll fills up to n messages, without a system call as long as the engine gives signs
 * of life; they stay readable until mcr_consumer_release. It validates each descriptor, so data and
 * len lie in the ring. Returns how many (0: nothing new, or many in a row that were not selected);
 * -EPIPE when the engine stopped, its process ended, or it gave no sign of life for opts.stall_ns
 * (an MCR_ENGINE_STALL comes after 1 s), and everything published before was polled; -EPROTO when
 * the ring's content makes no sense (a broken or hostile engine). */
MCR_API int mcr_consumer_poll(struct mcr_consumer *c, struct mcr_msg *msgs, int n);

/* mcr_consumer_read copies a payload out and checks that it was whole. It is the default way.
 * Returns the payload's length (that of the message, also when only cap octets were copied),
 * -ESTALE when the writer overtook it (count it as lost: the next MCR_LOST does not include it). */
MCR_API int64_t mcr_consumer_read(struct mcr_consumer *c, const struct mcr_msg *m, void *buf,
				  size_t cap);

/* mcr_consumer_intact: 1 when nothing that was read through m->data before this call had been
 * overwritten, else 0. For in-place users, before any side effect. */
MCR_API int mcr_consumer_intact(const struct mcr_consumer *c, const struct mcr_msg *m);

/* mcr_consumer_release: the messages of the last poll are done with. */
MCR_API void mcr_consumer_release(struct mcr_consumer *c);

/* mcr_consumer_reattach goes on, after -EPIPE, with the engine that runs now: it asks in the same
 * run directory for the same channel and ring, under the same label. What was selected stays
 * selected, what was polled before must not be touched any more (read says -ESTALE). A new engine:
 * the next messages are an MCR_RESTART with the time of which nothing is known, then everything
 * that its rings hold, after an MCR_LOST for what they do not hold any more. since_ns is up to when
 * the old engine had published all that arrived, if all of that was polled, else the time of the
 * last message polled. The same engine, which did not beat for a while: goes on where it was, as if
 * nothing had happened. Blocks for at most 5 s. Thread: the consumer's. Errors, the consumer as it
 * was (try again): those of mcr_consumer_open, above all -ENOENT and -ECONNREFUSED while no engine
 * runs; -EINVAL for a consumer that was opened from a descriptor, or when the new channel has no
 * such ring. */
MCR_API int mcr_consumer_reattach(struct mcr_consumer *c, struct mcr_error *err);

#define MCR_SELECT_MAX 65536 /* groups and ids of a selection */

/* mcr_consumer_select asks for a part of the channel from the next poll on: the messages of these
 * groups (network byte order), and those that bear one of these ids. No group and no id = all. The
 * others are skipped: poll looks at their descriptors only, and they never count as lost. `lost` of
 * an MCR_LOST counts all messages of the ring, so it is an upper bound for the part. Events that
 * are not MCR_DATA always come. Thread: the consumer's. Allocates.
 * Errors, the selection unchanged: -EINVAL (an address that is not multicast), -E2BIG (more than
 * MCR_SELECT_MAX), -ENOMEM. */
MCR_API int mcr_consumer_select(struct mcr_consumer *c, const uint32_t *groups_be, size_t n_groups,
				const uint32_t *ids, size_t n_ids, struct mcr_error *err);

/* mcr_consumer_skipped: how many messages poll passed over because they were not selected. */
MCR_API uint64_t mcr_consumer_skipped(const struct mcr_consumer *c);

/* mcr_consumer_wait sleeps until there may be something to poll. It costs no rx lcore anything; the
 * control thread wakes it, 50 us or so after the message while anybody sleeps. timeout_ns:
 * UINT64_MAX = for ever.
 * Returns 1: poll now, which may find nothing (only messages that are not selected, or the end: it
 * says -EPIPE then) or an event; 0: the time is over; -EINTR: a signal came. */
MCR_API int mcr_consumer_wait(struct mcr_consumer *c, uint64_t timeout_ns);

/* mcr_consumer_fd gives a descriptor for poll, epoll or io_uring (IORING_OP_POLL_ADD): it becomes
 * readable some time after a mcr_consumer_arm that returned 0, when there may be something to poll,
 * or when the engine has ended. Ask for readability, level triggered; do not read from it, and do
 * not close it: it is the consumer's. An engine that is there but hangs does not make it readable:
 * poll now and then, each second or so, to learn of that (MCR_ENGINE_STALL). */
MCR_API int mcr_consumer_fd(const struct mcr_consumer *c);

/* mcr_consumer_arm announces that the consumer is about to sleep on mcr_consumer_fd.
 * Returns 0: armed, the next message makes the descriptor readable; 1: there is something already,
 * so poll instead. The next poll takes the announcement back. */
MCR_API int mcr_consumer_arm(struct mcr_consumer *c);

/* mcr_consumer_join has the engine join groups into this consumer's channel, for as long as the
 * consumer lives or until it leaves them; every consumer of the channel gets their messages.
 * join: a text as mcr_join_parse reads it, "239.1.1.1:5000@10.0.0.7,id=3"; it may expand to several
 * joins, all or none of which take effect. The same join of several consumers, or of one several
 * times, stays until it was left as often. mcr_consumer_leave takes the same text. A new engine
 * (MCR_RESTART) knows nothing of them. Takes back a mcr_consumer_arm: arm after it.
 * Blocks for at most 5 s, for the engine's answer. Thread: the consumer's.
 * Errors: -EACCES (the channel's `joiners` do not list this user; another channel), -EINVAL (not
 * understood, or not multicast), -ENOENT (no such interface; to leave: not joined), -ENOSPC (a
 * consumer has 256 joins at most), -E2BIG, -ENOMEM, -ESHUTDOWN, -EPIPE (the engine is gone),
 * -ETIMEDOUT. */
MCR_API int mcr_consumer_join(struct mcr_consumer *c, const char *join, struct mcr_error *err);
MCR_API int mcr_consumer_leave(struct mcr_consumer *c, const char *join, struct mcr_error *err);

/* mcr_consumer_headroom: messages until the fullest ring laps this consumer, or a few more (1/128
 * of the ring). 0 = it has, or the next one does. */
MCR_API uint64_t mcr_consumer_headroom(const struct mcr_consumer *c);

/* mcr_consumer_rings: how many rings the channel has. */
MCR_API uint32_t mcr_consumer_rings(const struct mcr_consumer *c);

/* mcr_consumer_close detaches and frees. NULL is allowed. */
MCR_API void mcr_consumer_close(struct mcr_consumer *c);

#ifdef __cplusplus
}
#endif
#endif
