/* SPDX-License-Identifier: BSD-3-Clause */
/* One call for programs that receive multicast: it joins, and calls back with each message, on the
 * engine if there is one, or else on sockets of the kernel. Link libmcring-socket.
 *
 *     static int on_message(void *ctx, const struct mcr_msg *m, const void *payload)
 *     {
 *             if (m->kind == MCR_DATA)
 *                     handle(payload, m->len);
 *             return 0;
 *     }
 *
 *     const char *const joins[] = {"239.1.1.1:5000"};
 *     struct mcr_receive_opts opts = MCR_RECEIVE_OPTS_INIT;
 *     opts.joins = joins;
 *     opts.n_joins = 1;
 *     ret = mcr_receive(&opts, on_message, NULL, &err);
 *
 * The engine gives the best, the kernel what it can. A join never succeeds without data: where
 * neither can receive it, that is an error. docs/sockets.md has the rules. */
#ifndef MCRING_RECEIVE_H
#define MCRING_RECEIVE_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/consumer.h>
#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a callback gets besides the kinds of enum mcr_kind. The first three say who receives a join:
 * each join has one before its first message, and another when that changes. `id` of the message is
 * the join's index in opts.joins, `group` and `dst_port` are the first that it names, payload is a
 * text of `len` octets and a NUL that says where and why. What arrived between since_ns and rx_ns
 * may be missing; since_ns is 0 the first time. */
enum mcr_receive_kind {
	MCR_RECEIVE_ENGINE = 64,  /* the engine */
	MCR_RECEIVE_KERNEL = 65,  /* the kernel */
	MCR_RECEIVE_NOWHERE = 66, /* nobody at the moment: the engine is gone, or refuses it now,
				   * and the kernel cannot. It is tried again each second. */
	MCR_RECEIVE_IDLE = 67,    /* nothing has come for opts.idle_ns, or a signal arrived */
};

/* In `flags` of what a socket of the kernel received. Of such a message
 * - pos: epoch is 0, ring counts the sockets, seq the socket's datagrams with those that it lost;
 * - rx_ns is when the kernel got the datagram from the driver (SO_TIMESTAMPNS); hw_ns is 0;
 * - vlan is 0; interface is the engine's index of it, or MCR_RECEIVE_NO_INTERFACE.
 * An MCR_LOST of the kernel's counts what the socket's buffer had no room for (SO_RXQ_OVFL). The
 * numbers may include datagrams that fail their checksum. */
#define MCR_FLAG_KERNEL          (1 << 15)
#define MCR_RECEIVE_NO_INTERFACE UINT16_MAX

/* When the kernel may receive in place of the engine. */
enum mcr_receive_fallback {
	MCR_RECEIVE_AUTO = 0,   /* where it sees the interface: no engine owns that alone */
	MCR_RECEIVE_ALWAYS = 1, /* also where perhaps nothing arrives */
	MCR_RECEIVE_NEVER = 2,  /* not at all */
};

/* Options of mcr_receive. Start from MCR_RECEIVE_OPTS_INIT. Pointers are borrowed until it returns.
 */
struct mcr_receive_opts {
	uint32_t size;            /* sizeof(struct mcr_receive_opts) and ... */
	uint32_t msg_size;        /* ... sizeof(struct mcr_msg), set by MCR_RECEIVE_OPTS_INIT */
	const char *const *joins; /* texts as mcr_join_parse reads them, without a channel */
	size_t n_joins;           /* at least one */
	const char *run_dir, *name, *label; /* as in struct mcr_consumer_opts */
	const char *channel;                /* NULL = "sockets" */
	uint32_t fallback;                  /* enum mcr_receive_fallback */
	uint32_t buffer_bytes; /* SO_RCVBUF of each socket of the kernel's; 0 = 16 MiB. The kernel
				* gives at most net.core.rmem_max to who may not force it. */
	uint64_t spin_ns;      /* how long to look for more before it sleeps; UINT64_MAX = always */
	uint64_t idle_ns;      /* after how much silence MCR_RECEIVE_IDLE comes; 0 = 1 s, UINT64_MAX
				* = never. Rounded up to a millisecond. */
};
#ifdef __cplusplus
#define MCR_RECEIVE_OPTS_INIT                                                                 \
	{                                                                                     \
		sizeof(struct mcr_receive_opts), sizeof(struct mcr_msg), nullptr, 0, nullptr, \
		    nullptr, nullptr, nullptr, 0, 0, 0, 0                                     \
	}
#else
#define MCR_RECEIVE_OPTS_INIT                                                                 \
	{                                                                                     \
		sizeof(struct mcr_receive_opts), sizeof(struct mcr_msg), NULL, 0, NULL, NULL, \
		    NULL, NULL, 0, 0, 0, 0                                                    \
	}
#endif

/* mcr_receive joins what opts says and calls fn with all that comes, until fn returns something
 * else than 0. It leaves the groups before it returns.
 *
 * fn: ctx is what mcr_receive was given. m: a message or an event, of enum mcr_kind or enum
 * mcr_receive_kind. payload: its m->len octets, copied and intact; m->data is the same pointer.
 * Both are borrowed for the call. fn runs in the calling thread, may take its time (a ring that
 * overtakes it is reported as MCR_LOST), and must not longjmp out of it.
 *
 * There is no other thread. Calls in several threads are independent of each other. To end it from
 * a signal handler, let the handler set a flag and let fn look at it: a signal that arrives while
 * it sleeps brings an MCR_RECEIVE_IDLE at once, one that arrives just before is seen with the next
 * message, or after opts.idle_ns.
 *
 * When the engine ends, the kernel receives meanwhile, if it may; mcr_receive attaches to the next
 * engine and joins there again. While a join moves between the two, a message may come twice.
 *
 * Returns what fn returned: let it be positive, to know it from an error. err->text is empty then.
 *
 * Errors, which come before the first call of fn but for the last one: -EINVAL (options; a join is
 * not understood; a join for any port, which only an engine can receive), -ENODEV (no such
 * interface, or no route to the group), -ENETDOWN (no engine, and the kernel does not see the
 * interface), -EACCES, -ENOSPC and others of mcr_consumer_join (the engine refuses, and the kernel
 * may not or cannot), -EMFILE (too many sockets of the kernel's: a socket takes one port and 20
 * groups), -ENOMEM, -EPROTO (the ring's content makes no sense). */
MCR_API int mcr_receive(const struct mcr_receive_opts *opts,
			int (*fn)(void *ctx, const struct mcr_msg *m, const void *payload),
			void *ctx, struct mcr_error *err);

#ifdef __cplusplus
}
#endif
#endif
