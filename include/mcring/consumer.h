/* SPDX-License-Identifier: BSD-3-Clause */
/* The consumer: reads the rings of one channel. It needs only libmcring-client, not DPDK.
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
 * In C++, mcring/consumer.hpp adds owners, ranges, spans and errors to it.
 *
 * A consumer maps the rings read-only and never holds up the engine. When it falls a whole ring
 * behind, the writer laps it, and the next poll starts with an MCR_LOST that gives the exact number
 * of messages missed.
 *
 * Only one thread at a time may use a consumer. Consumers are independent of each other, and so are
 * a consumer and its cursors (mcr_consumer_cursor). No function is async-signal-safe. A forked
 * child may close the consumers, cursors and holds that it inherited, which changes nothing for the
 * parent, and poll and read the cursors; a consumer of the parent's it must not use otherwise. The
 * engine takes a consumer for attached as long as any process has its descriptors open. A function
 * that returns int gives 0 or -errno unless its comment says otherwise, and those that take a
 * struct mcr_error fill it when they fail. */
#ifndef MCRING_CONSUMER_H
#define MCRING_CONSUMER_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>
#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcr_consumer;

/* The position of a message. epoch is a random number that a channel gets when the engine creates
 * it. ring is the index of the ring in the channel. seq counts the messages of the ring from 1,
 * without gaps. Positions of different epochs cannot be compared. */
struct mcr_pos {
	uint64_t epoch, seq;
	uint32_t ring, pad;
};

/* What poll returns: data, or an event. */
enum mcr_kind {
	MCR_DATA = 0,
	MCR_LOST = 1,    /* The writer lapped this consumer: `lost` messages are gone, the first of
			  * them is the one at pos. */
	MCR_LINK = 2,    /* A port's link changed: MCR_FLAG_LINK_UP, MCR_FLAG_LINK_GONE or neither
			  * (down); id is the DPDK port. The event is in order with the data of
			  * each ring that the port can write to, and in no other ring: a consumer
			  * of several rings gets one from each. Packets sent while the link was
			  * down are lost, and nothing counts them. */
	MCR_RESTART = 3, /* mcr_consumer_reattach found a new engine. What arrived after since_ns
			  * and before rx_ns may be missing; the number is unknown. pos.epoch is
			  * the new epoch. */
	MCR_STALL = 4,   /* MCR_ORDER_MERGED: ring pos.ring held the others up for hold_ns and has
			  * been silent since rx_ns. The others no longer wait for it; what it
			  * brings late bears MCR_FLAG_LATE. */
	MCR_ENGINE_STALL = 5, /* The engine has shown no sign of life for more than 1 s, from
			       * since_ns to rx_ns, but its process still exists: its control
			       * thread hangs, or the process was stopped. With
			       * MCR_FLAG_STALL_OVER: it runs again, and the consumer stayed
			       * attached. Messages that its rx lcores publish meanwhile still
			       * come. */
};

enum mcr_msg_flags {
	MCR_FLAG_RX_TIME_TSC = 1 << 0,    /* rx_ns is one clock reading per burst or piece */
	MCR_FLAG_CLOCK_STEP = 1 << 1,     /* CLOCK_REALTIME was stepped since the ring's message
					   * before this one */
	MCR_FLAG_HW_TIME = 1 << 2,        /* hw_ns is valid */
	MCR_FLAG_HW_TIME_SYNCED = 1 << 3, /* the operator vouches for the NIC's clock */
	MCR_FLAG_LINK_UP = 1 << 4,        /* MCR_LINK: the link is up now */
	MCR_FLAG_LINK_GONE = 1 << 5,      /* MCR_LINK: the port was removed and will not return */
	MCR_FLAG_LATE = 1 << 6,           /* MCR_ORDER_MERGED: this message arrived before one that
					   * was returned earlier */
	MCR_FLAG_STALL_OVER = 1 << 7,     /* MCR_ENGINE_STALL: it lasted from since_ns to rx_ns */
};

/* A message or an event, filled in by poll. Members that do not apply to its kind mean nothing. */
struct mcr_msg {
	const uint8_t *data; /* payload in the ring, at a multiple of 8 octets, which the writer may
			      * overwrite at any time: use mcr_consumer_read, or
			      * mcr_consumer_intact after reading; mapped until mcr_consumer_close
			      * or mcr_consumer_reattach */
	uint32_t len;        /* octets of payload */
	uint16_t kind;       /* enum mcr_kind */
	uint16_t flags;      /* enum mcr_msg_flags */
	struct mcr_pos pos;
	uint64_t rx_ns;  /* CLOCK_REALTIME of the burst or piece; never goes back within a ring */
	uint64_t hw_ns;  /* the NIC's time of arrival, CLOCK_REALTIME; 0 = unknown */
	uint64_t offset; /* for mcr_consumer_read and mcr_consumer_intact */
	struct mcr_address group, source;
	uint32_t id;                 /* user id of the join that took it; MCR_LINK: DPDK port */
	uint16_t dst_port, src_port; /* UDP, host order */
	uint16_t vlan;               /* 0 = untagged */
	uint16_t interface;          /* index of the interface on which it arrived */
	uint8_t ttl;                 /* IPv4 TTL, IPv6 hop limit */
	uint8_t traffic_class;       /* IPv4 TOS (RFC 2474 §3), IPv6 traffic class */
	uint8_t pad[2];              /* 0 */
	union {
		uint64_t lost;     /* MCR_LOST: messages missed */
		uint64_t since_ns; /* MCR_RESTART, MCR_ENGINE_STALL: CLOCK_REALTIME; 0 = unknown */
	};
	uint64_t reserved; /* 0 */
};

/* Where a consumer starts in each ring. */
enum mcr_start {
	MCR_START_NEWEST = 0, /* at what is published after the attach */
	MCR_START_OLDEST = 1, /* at the oldest message that the ring still holds */
	MCR_START_SEQ = 2,    /* at opts.seq, which the ring must hold, or at the next message to be
			       * published; a channel of several rings needs opts.ring too */
};

#define MCR_ALL_RINGS UINT32_MAX /* opts.ring: every ring of the channel */

/* The order of messages from several rings. */
enum mcr_order {
	MCR_ORDER_RINGS = 0,  /* round robin: in order within each ring only */
	MCR_ORDER_MERGED = 1, /* by rx_ns, then by ring; docs/ring.md says what it delays */
};

/* The messages of a group to one UDP port, or to any. */
struct mcr_select_group {
	struct mcr_address group;
	uint16_t port; /* 0 = any */
};

/* Options of mcr_consumer_open. Start from MCR_CONSUMER_OPTS_INIT. Pointers are borrowed for the
 * call. */
struct mcr_consumer_opts {
	uint32_t size;       /* sizeof(struct mcr_consumer_opts) and ... */
	uint32_t msg_size;   /* ... sizeof(struct mcr_msg), set by MCR_CONSUMER_OPTS_INIT: how the
			      * program was compiled */
	const char *run_dir; /* the engine's run directory; NULL = /run/mcring/NAME */
	const char *name;    /* the engine's name; NULL = what the environment variable
			      * MCRING_RUN_DIR says, else "mcring" */
	const char *channel; /* NULL = "default" */
	const char *label;   /* shown in statistics; NULL = the program's name */
	int fd;              /* >= 0: a socket from mcr_engine_attach, in place of run_dir, name,
			      * channel and label. open takes it over, also when it fails, except
			      * for a wrong size or msg_size. */
	uint32_t start;      /* enum mcr_start */
	uint32_t ring;       /* the only ring to read; MCR_ALL_RINGS = every ring */
	uint32_t order;      /* enum mcr_order */
	uint64_t seq;        /* MCR_START_SEQ */

	/* The part of the channel to read, as mcr_consumer_select takes it. */
	const struct mcr_select_group *groups;
	const uint32_t *ids;
	size_t n_groups, n_ids;

	uint64_t hold_ns;  /* MCR_ORDER_MERGED: how long the others wait for a silent ring; 0 = 100
			    * ms */
	uint64_t stall_ns; /* how long an engine whose process exists may show no sign of life
			    * before poll returns -EPIPE; 0 = 10 s, UINT64_MAX = for ever. With 1
			    * s or less no MCR_ENGINE_STALL comes first. */

	uint64_t answer_ns; /* how long the connection, and each answer of the engine, may take; 0 =
			     * 5 s */
	uint32_t no_wait;   /* 1: no call waits for the engine. mcr_consumer_open then attaches
			     * nowhere, unless fd is given: poll returns -EPIPE, and
			     * mcr_consumer_reattach attaches, for the first time with no
			     * MCR_RESTART and where `start` says. mcr_consumer_join, leave and
			     * interface_info return -EAGAIN until the answer has come: call the
			     * same again when the descriptor is readable, and nothing else
			     * meanwhile. */
	uint32_t pad;
};
#ifdef __cplusplus
#define MCR_CONSUMER_OPTS_INIT                                                                     \
	{                                                                                          \
		sizeof(struct mcr_consumer_opts), sizeof(struct mcr_msg), nullptr, nullptr,        \
		    nullptr, nullptr, -1, 0, MCR_ALL_RINGS, 0, 0, nullptr, nullptr, 0, 0, 0, 0, 0, \
		    0, 0                                                                           \
	}
#else
#define MCR_CONSUMER_OPTS_INIT                                                                    \
	{                                                                                         \
		sizeof(struct mcr_consumer_opts), sizeof(struct mcr_msg), NULL, NULL, NULL, NULL, \
		    -1, 0, MCR_ALL_RINGS, 0, 0, NULL, NULL, 0, 0, 0, 0, 0, 0, 0                   \
	}
#endif

/* mcr_consumer_open attaches to a channel. It waits at most opts.answer_ns for the connection,
 * and as long for the engine's answer. The caller owns *out, which is set on success only, and
 * frees it with mcr_consumer_close. Errors: -ENOENT (no engine there, or no such channel: err lists
 * the channels), -ECONNREFUSED (the engine has ended or is ending), -EACCES (the socket's mode and
 * group, or the channel's readers), -EINVAL (options; a seq without its ring), -ERANGE (the ring
 * does not hold seq: err gives what it holds), -EPROTO (not an engine, or another ABI), -EBUSY (the
 * engine takes no more consumers), -E2BIG (more than MCR_SELECT_MAX groups and ids), -ETIMEDOUT (no
 * answer), -EMFILE (no descriptor left in this process), -ENOMEM, or the error of a system call. */
MCR_API int mcr_consumer_open(struct mcr_consumer **out, const struct mcr_consumer_opts *opts,
			      struct mcr_error *err);

/* mcr_consumer_poll fills in up to n messages and events. It makes no system call as long as the
 * engine shows signs of life, and it validates each message's header, so that data and len lie in
 * the ring. Use the messages before mcr_consumer_release.
 *
 * Returns how many it filled in. 0 means that there is nothing new, or that it passed over many
 * messages in a row that were not selected. Fewer than n do not mean that there are no more: from a
 * ring that it had read to the end it first takes only what the engine published together, because
 * a look behind that would take away the cache line that the engine is about to write. So poll
 * until 0 before you sleep; mcr_consumer_arm and mcr_consumer_wait look for themselves.
 *
 * Errors: -EPIPE (the engine stopped, its process ended, or it showed no sign of life for
 * opts.stall_ns, and everything published before has been returned), -EPROTO (the ring's content
 * makes no sense: the engine is broken or hostile). */
MCR_API int mcr_consumer_poll(struct mcr_consumer *c, struct mcr_msg *msgs, int n);

/* mcr_consumer_read copies up to cap octets of a payload into buf, then checks that the writer did
 * not overwrite it meanwhile. This is the default way to use a payload.
 *
 * Returns the length of the message's payload, which may exceed cap.
 *
 * Errors: -ESTALE (the writer overwrote it, or it is from before a mcr_consumer_reattach: count it
 * as lost, no MCR_LOST includes it). */
MCR_API int64_t mcr_consumer_read(struct mcr_consumer *c, const struct mcr_msg *m, void *buf,
				  size_t cap);

/* mcr_consumer_intact checks a payload that was read in place. Call it after reading through
 * m->data and before any side effect.
 *
 * Returns 1 if nothing that was read through m->data before the call had been overwritten, else 0.
 */
MCR_API int mcr_consumer_intact(const struct mcr_consumer *c, const struct mcr_msg *m);

/* mcr_consumer_release marks the messages of the last poll as done: headroom and the engine's
 * statistics count from here. */
MCR_API void mcr_consumer_release(struct mcr_consumer *c);

#define MCR_TAKE_ROOM 65536 /* octets, into which the payload of any message fits */

/* mcr_consumer_take polls, reads and releases in one call, which is for languages in which a call
 * costs much. It fills in up to n messages and events as poll does, until nothing is there any
 * more, and copies each payload into buf, one behind the other, each at a multiple of 8 octets of
 * it: m->data points to the copy, which is whole, lasts as long as buf does, and is not for
 * mcr_consumer_read or mcr_consumer_intact. It takes nothing more while less than MCR_TAKE_ROOM
 * octets of buf are free. A message that the writer overwrote before it was copied is an MCR_LOST
 * at its pos, with lost = 1.
 *
 * buf: cap octets, at least MCR_TAKE_ROOM, at a multiple of 8. It is quickest while 32 times
 * MCR_TAKE_ROOM are free, and polls few messages at a time when less is.
 *
 * Returns how many it filled in. Errors: those of mcr_consumer_poll, -EINVAL (buf, cap). */
MCR_API int mcr_consumer_take(struct mcr_consumer *c, struct mcr_msg *msgs, int n, void *buf,
			      size_t cap);

/* mcr_consumer_reattach attaches again after -EPIPE, to the engine that runs now: in the same run
 * directory, to the same channel and ring, under the same label. The selection and the descriptor
 * (mcr_consumer_fd) stay. It takes one step and waits for nobody. Call it until it returns 0: in an
 * event loop when the descriptor is readable, otherwise
 *
 *     while (mcr_consumer_reattach(c, &err) < 0)
 *             mcr_consumer_wait(c, UINT64_MAX);
 *
 * From the first call to the one that returns 0, the descriptor becomes readable, and
 * mcr_consumer_wait returns 1, when the next step is due: at once when an engine is back, otherwise
 * after 1 s at most. mcr_consumer_arm returns 1 meanwhile.
 *
 * Messages polled before it returned 0 must not be touched any more afterwards (mcr_consumer_read
 * returns -ESTALE for them). If the engine is a new one, an MCR_RESTART comes next, then an
 * MCR_LOST for what its rings no longer hold, then everything that they hold. since_ns of the
 * MCR_RESTART: if the consumer had polled everything, the time up to which the old engine had
 * published all arrivals; otherwise the time of the last message polled. If it is the old engine,
 * which had been stopped or starved, the consumer continues where it was and no event comes.
 *
 * Errors (the consumer is as before): -EAGAIN (an engine has been asked and has opts.answer_ns to
 * answer, or cannot be asked at this moment), -ENOENT (no engine runs), -ECONNREFUSED (the engine
 * has ended), -ETIMEDOUT (it did not answer: the next call asks again), -EINVAL (the consumer was
 * opened from a descriptor, which nothing can change; or the new channel has no such ring), or
 * another error of mcr_consumer_open, which the next engine may not give. */
MCR_API int mcr_consumer_reattach(struct mcr_consumer *c, struct mcr_error *err);

/* mcr_consumer_cursor makes a cursor: another consumer over what c has mapped, with a position, a
 * selection and an order of its own. It costs neither a connection nor another mapping, so a
 * program may have many. Of opts only start, ring, order, seq, groups, ids, n_groups, n_ids and
 * hold_ns count; ring is of the channel's, whatever c reads. The caller owns *out, which is set on
 * success only.
 *
 * Each cursor may be used by a thread of its own while another one uses c. poll, read, intact,
 * release, take, hold, seek, select, skipped, ring_info, until, rings, headroom, reattach and close
 * work on it. What needs the connection is c's: on a cursor mcr_consumer_cursor, fd, arm, wait,
 * join, leave and interface_info are -EINVAL. To sleep, seek c to MCR_START_NEWEST, arm it, and
 * then poll the cursors once more.
 *
 * A cursor does not look whether the engine lives: c does, when it is polled, also with n = 0. So
 * poll c about as often as you would without cursors. The MCR_ENGINE_STALL is c's. On a cursor poll
 * returns -EPIPE when it has returned everything and c has found the end of the engine, was
 * reattached, or was closed. Then mcr_consumer_reattach on the cursor returns
 *
 *     0        it goes on in the rings that c reads now, by the rules of a consumer: with an
 *              MCR_RESTART, or without an event if the engine is the same
 *     -EAGAIN  c has no engine yet
 *     -EPIPE   c was closed
 *
 * or -EINVAL, -ENOMEM, -EPROTO as for a consumer, and waits for nothing. Close c and its cursors in
 * any order. In the statistics they are one consumer: the position of the slowest, which c is too
 * if it is neither polled nor moved by mcr_consumer_seek, and the sum of what they counted (of
 * which the engine shows no more than it published), as of c's last poll or release.
 *
 * Errors: -EINVAL (options; c is a cursor), -ERANGE, -E2BIG, -EPROTO, -ENOMEM as for
 * mcr_consumer_open. */
MCR_API int mcr_consumer_cursor(struct mcr_consumer **out, struct mcr_consumer *c,
				const struct mcr_consumer_opts *opts, struct mcr_error *err);

/* mcr_consumer_seek goes to another place in each ring: MCR_START_NEWEST, to what is published from
 * now on, and never back; MCR_START_OLDEST, to the oldest message that the ring holds, which may
 * have been polled before. What it passes over counts as neither lost nor skipped. The messages of
 * the last poll are done with, and a mcr_consumer_arm is withdrawn. An event that is due comes
 * still. It makes no system call but to withdraw.
 *
 * Errors: -EINVAL (start), -EPROTO (a ring's content makes no sense). */
MCR_API int mcr_consumer_seek(struct mcr_consumer *c, uint32_t start);

#define MCR_SELECT_MAX 65536 /* groups and ids in one selection */

/* mcr_consumer_select limits the next polls to a part of the channel: the messages of these groups,
 * and those with one of these ids. No group and no id selects everything. The call replaces the
 * selection, copies both lists and allocates.
 *
 * poll skips the other messages: it looks only at their headers, and they never count as lost.
 * `lost` of an MCR_LOST counts all messages of the ring, so it is an upper bound for the selected
 * ones. Events always come.
 *
 * Errors (the selection is as before): -EINVAL (an address is not multicast), -E2BIG (more than
 * MCR_SELECT_MAX), -ENOMEM. */
MCR_API int mcr_consumer_select(struct mcr_consumer *c, const struct mcr_select_group *groups,
				size_t n_groups, const uint32_t *ids, size_t n_ids,
				struct mcr_error *err);

/* mcr_consumer_skipped returns how many messages poll has skipped because they were not selected.
 */
MCR_API uint64_t mcr_consumer_skipped(const struct mcr_consumer *c);

/* mcr_consumer_wait sleeps until there may be something to poll, for at most timeout_ns (UINT64_MAX
 * = for ever). It costs the rx lcores nothing: the engine's control thread wakes the consumer,
 * about 50 us after the message, or up to 1 ms after it if no consumer has slept in the last 10 ms.
 *
 * Returns 1 to call poll, which may find messages, an event, the end (-EPIPE) or nothing, or to
 * call mcr_consumer_reattach again; 0 when the time is over.
 *
 * Errors: -EINTR (a signal arrived). */
MCR_API int mcr_consumer_wait(struct mcr_consumer *c, uint64_t timeout_ns);

/* mcr_consumer_fd returns a descriptor for poll, epoll or io_uring (IORING_OP_POLL_ADD), the same
 * from mcr_consumer_open to mcr_consumer_close. After a mcr_consumer_arm that returned 0 it becomes
 * readable when there may be something to poll, or when the engine has ended; after a
 * mcr_consumer_reattach that failed, when the next one is due. Watch it for reading, level
 * triggered. The consumer owns it: do not read from it or close it.
 *
 * An engine that hangs does not make it readable. Call poll about once a second as well, to see the
 * MCR_ENGINE_STALL. */
MCR_API int mcr_consumer_fd(const struct mcr_consumer *c);

/* mcr_consumer_arm announces that the consumer is about to sleep on mcr_consumer_fd. The next poll
 * withdraws the announcement.
 *
 * Returns 0 if the next message will make the descriptor readable; 1 if there is something already,
 * or the engine has ended: call poll instead. */
MCR_API int mcr_consumer_arm(struct mcr_consumer *c);

/* mcr_consumer_join makes the engine join groups into this consumer's channel. Every consumer of
 * the channel gets their messages. The joins last until mcr_consumer_leave with the same text, or
 * until the consumer ends. join: a text as mcr_join_parse reads it, at most 4087 octets, such as
 * "239.1.1.1:5000@10.0.0.7,id=3". It may expand to several joins, which take effect together or not
 * at all. Equal joins of this or other consumers add up: the engine leaves a group when the last of
 * its joins ends. A new engine (MCR_RESTART) has none of them: join again.
 *
 * Both calls wait at most opts.answer_ns for the engine's answer, and withdraw a mcr_consumer_arm:
 * arm after them.
 *
 * Errors: -EACCES (the channel's `joiners` do not list this user, or the text names another
 * channel), -EINVAL (not understood, or not multicast), -ENOENT (no
 * such interface; leave: this consumer has no such join), -ENOSPC (the consumer or its
 * user has as many elementary joins as the engine's configuration allows, or the engine has no
 * room), -E2BIG (too many sources, or the text expands to
 * too many joins), -ENOMEM, -ESHUTDOWN (the engine is stopping), -EPIPE (the engine is gone),
 * -ETIMEDOUT (no answer; the join may still take effect). */
MCR_API int mcr_consumer_join(struct mcr_consumer *c, const char *join, struct mcr_error *err);
MCR_API int mcr_consumer_leave(struct mcr_consumer *c, const char *join, struct mcr_error *err);

/* An interface of the engine. */
struct mcr_consumer_interface {
	uint32_t size;  /* sizeof(struct mcr_consumer_interface), set by the program */
	uint32_t index; /* from 0, as in `interface` of a message */
	char name[MCR_NAME_MAX];
	struct mcr_address address; /* its own; none = it has none */
	uint8_t prefix_len;         /* of address */
	uint8_t pad;
	uint16_t vlan;      /* 0 = untagged */
	uint16_t dpdk_port; /* as in MCR_LINK */
	uint16_t pad2;
	char port[64];   /* DPDK's name of the port */
	char netdev[16]; /* the kernel's interface below the port; "" = there is none, as with vfio
			  */
	char kernel[16]; /* the device that the engine made in the kernel for the interface
			  * (`kernel=`); "" = none */
};

/* mcr_consumer_interface_info asks the engine for its interface i, counted from 0. Whoever may read
 * a channel may ask. It waits at most opts.answer_ns for the answer, and withdraws a
 * mcr_consumer_arm.
 *
 * Errors: -ENOENT (past the last), -EINVAL (out->size), -EPIPE (the engine is gone), -ETIMEDOUT (no
 * answer). */
MCR_API int mcr_consumer_interface_info(struct mcr_consumer *c, uint32_t i,
					struct mcr_consumer_interface *out, struct mcr_error *err);

/* Where a ring is, and where the consumer is in it. Positions are those of struct mcr_pos: the same
 * number is the same message. */
struct mcr_consumer_ring {
	uint32_t size; /* sizeof(struct mcr_consumer_ring), set by the program */
	uint32_t ring;
	uint64_t epoch;
	uint64_t oldest; /* seq of the oldest message that is offered; head = none */
	uint64_t next;   /* seq that poll returns next, if it is not lapped before */
	uint64_t head;   /* seq that the engine publishes next: head - next are left to poll */
	uint64_t watermark_ns;   /* CLOCK_REALTIME: everything that arrived before is published,
				  * with a seq below head; 0 = unknown */
	uint64_t host_lost;      /* packets of any group that reached the host and were lost before
				  * the ring: the ports of its lcore missed them, or had no buffer.
				  * Counts from the engine's start, or earlier */
	uint64_t host_looked_ns; /* CLOCK_REALTIME: all that were lost before are counted; the
				  * engine looks each 100 ms. 0 = unknown */
};

/* mcr_consumer_ring_info describes a ring that the consumer reads. It makes no system call.
 *
 * Errors: -ENOENT (no such ring), -EINVAL (out->size). */
MCR_API int mcr_consumer_ring_info(const struct mcr_consumer *c, uint32_t ring,
				   struct mcr_consumer_ring *out, struct mcr_error *err);

/* mcr_consumer_until returns the time, CLOCK_REALTIME, up to which everything that arrived in a
 * ring has been polled: rx_ns of the last message polled or, if nothing is left to poll, the ring's
 * watermark, whichever is later. 0 = unknown, or no such ring. It makes no system call, and is made
 * for timeouts in the time of arrivals: what has not come by then did not come in time, however
 * slowly this program reads. */
MCR_API uint64_t mcr_consumer_until(const struct mcr_consumer *c, uint32_t ring);

/* mcr_consumer_headroom returns how many messages the writer can publish before it overwrites a
 * message that the consumer has not released, in the ring where that is fewest. It is an estimate:
 * the octets until then, divided by the mean size of the messages that were not released or, if
 * there are none, of all so far. The octets may be too few by 1/128 of the ring. 0 means that the
 * writer has done so, or that the next message may. */
MCR_API uint64_t mcr_consumer_headroom(const struct mcr_consumer *c);

/* mcr_consumer_rings returns how many rings the channel has. */
MCR_API uint32_t mcr_consumer_rings(const struct mcr_consumer *c);

struct mcr_hold;

/* mcr_consumer_hold keeps mapped what c, a consumer or a cursor, has mapped now, until
 * mcr_hold_release: so m->data of its messages can be read also after mcr_consumer_reattach and
 * mcr_consumer_close, though nothing is known of what it reads then. This is for languages in which
 * a garbage collector decides how long a view of a payload lives. The memory of the rings is not
 * freed before. *out is set on success only.
 *
 * Errors: -EPIPE (nothing is mapped: c was never attached), -ENOMEM. */
MCR_API int mcr_consumer_hold(struct mcr_hold **out, struct mcr_consumer *c);

/* mcr_hold_release ends a hold. Thread: any. NULL is allowed. */
MCR_API void mcr_hold_release(struct mcr_hold *hold);

/* mcr_consumer_close detaches the consumer, unmaps the rings and frees it. The engine then leaves
 * the groups that it joined. NULL is allowed. */
MCR_API void mcr_consumer_close(struct mcr_consumer *c);

#ifdef __cplusplus
}
#endif
#endif
