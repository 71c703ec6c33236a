/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine: receives UDP multicast from DPDK ports, speaks IGMP, publishes into rings.
 *
 * The application calls rte_eal_init, creates an engine, starts it on the worker lcores that it
 * names, and then calls mcr_engine_poll from its own loop. All functions belong to one thread, the
 * control thread, the one that called mcr_engine_create, unless they say otherwise. None of them is
 * async-signal-safe.
 *
 * A function that returns int gives 0 or -errno; those that take a struct mcr_error fill it when
 * they fail. Strings are copied. Times are nanoseconds of CLOCK_REALTIME unless they say otherwise.
 */
#ifndef MCRING_ENGINE_H
#define MCRING_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/config.h>
#include <mcring/info.h>
#include <mcring/inline.h>
#include <mcring/join.h>
#include <mcring/stats.h>
#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcr_engine;
struct mcr_sockets;

/* mcr_sockets_note lists the packet sockets (AF_PACKET) that the process has now. Called before
 * rte_eal_init, it tells the engine which sockets are drivers': those that came later. It reads,
 * and by that resets, the kernel's count of what they lost. Thread: any. Errors: -ENOMEM, or what
 * /proc/self/fd gave. */
MCR_API int mcr_sockets_note(struct mcr_sockets **out, struct mcr_error *err);

/* mcr_sockets_destroy frees a list. NULL is allowed. */
MCR_API void mcr_sockets_destroy(struct mcr_sockets *sockets);

/* mcr_engine_create opens ports, rings and sockets; nothing is received or sent yet. It starts one
 * thread, "mcring-device", which makes the calls that may wait for the kernel or for memory, so
 * that mcr_engine_poll does not: that thread has the signal mask, CPUs and scheduling policy of the
 * caller (under SCHED_FIFO, a caller that never sleeps starves it on its CPU), calls nothing of the
 * application's but what mcr_engine_run gives it, and ends in mcr_engine_destroy. Errors: -EINVAL
 * (the configuration), -ENODEV (no such port), -EBUSY (port taken, or a live engine holds run_dir),
 * -EACCES, -ENOMEM, or what DPDK or a system call gave. */
MCR_API int mcr_engine_create(struct mcr_engine **out, const struct mcr_engine_config *cfg,
			      struct mcr_error *err);

/* mcr_engine_start starts the ports, launches the rx loop on the worker lcores and announces the
 * memberships. Joins made before are in the table before the first burst. */
MCR_API int mcr_engine_start(struct mcr_engine *e, struct mcr_error *err);

/* mcr_engine_poll does the control thread's work that is due (IGMP, ARP, sockets, link events,
 * heartbeat) and returns after at most timeout_ns, sleeping in between; 0 = never sleeps. Call it
 * at least every 10 ms: consumers get an MCR_ENGINE_STALL after 1 s without, and end after their
 * stall_ns. A child that this process forks and that does not exec keeps the sockets: docs/ring.md,
 * "When there is nothing more"; it has no device thread, so it must not stop or destroy the engine.
 */
MCR_API void mcr_engine_poll(struct mcr_engine *e, uint64_t timeout_ns);

/* mcr_engine_stop leaves all groups (unless keep_memberships), stops lcores and ports and tells
 * the consumers. It waits for what the device thread has begun. Counters can still be read. */
MCR_API void mcr_engine_stop(struct mcr_engine *e);

/* mcr_engine_destroy stops if need be, joins the device thread and frees everything. It closes the
 * DPDK ports, as a create that fails after opening them does: EAL must probe such a device again
 * (rte_eal_hotplug_remove, rte_eal_hotplug_add) before another engine can use it. NULL is allowed.
 */
MCR_API void mcr_engine_destroy(struct mcr_engine *e);

/* mcr_engine_update removes and adds joins as one change: either all or none takes effect, groups
 * that stay lose no packet, and several changes of one group make one report. A join may be added
 * several times and stays until it was removed as often. Joins are compared as the engine
 * understands them: the only interface named or not, the channel "default" named or not, sources in
 * any order.
 * These joins are the application's: what mcring-ctl or a consumer joined is not removed, equal or
 * not. The work of a change grows with the number of all joins, n log n.
 * Errors: -EINVAL, -ENOENT (unknown interface, channel, or join to remove: err says who else holds
 * it), -ENOSPC (MCR_JOINS_MAX, MCR_MEMBERSHIPS_MAX), -ENOMEM, -ESHUTDOWN (after mcr_engine_stop).
 */
MCR_API int mcr_engine_update(struct mcr_engine *e, const struct mcr_join *remove, size_t n_remove,
			      const struct mcr_join *add, size_t n_add, struct mcr_error *err);
MCR_API int mcr_engine_join(struct mcr_engine *e, const struct mcr_join *join,
			    struct mcr_error *err);
MCR_API int mcr_engine_leave(struct mcr_engine *e, const struct mcr_join *join,
			     struct mcr_error *err);

/* mcr_engine_update_as is mcr_engine_update for another owner: an application that has a
 * configuration file or an operator of its own keeps their joins apart, and mcring-ctl shows whose
 * they are. The operator may remove the configuration's joins too, its own first.
 * Errors: also -EINVAL for MCR_JOINED_BY_CONSUMER, which only consumers are. */
MCR_API int mcr_engine_update_as(struct mcr_engine *e, enum mcr_join_maker owner,
				 const struct mcr_join *remove, size_t n_remove,
				 const struct mcr_join *add, size_t n_add, struct mcr_error *err);

/* mcr_engine_channel_add makes a channel at run time; it can be joined and attached to at once. It
 * fills the rings' memory before it returns, which takes seconds for each GiB, and meanwhile only
 * the heartbeat goes on: consumers stay, IGMP and sockets wait. For more than some MiB on a running
 * engine mcr_engine_channel_prepare is the better way. Other engines that the same thread polls
 * wait as well. Errors: -EEXIST, -EINVAL, -ENOSPC, -ENOMEM, -ESHUTDOWN (after mcr_engine_stop). */
MCR_API int mcr_engine_channel_add(struct mcr_engine *e, const struct mcr_channel_config *channel,
				   struct mcr_error *err);

/* mcr_engine_run has work(ctx) called on the engine's device thread, beside which control goes on,
 * and then done(ctx) on the control thread, by mcr_engine_poll, mcr_engine_stop or
 * mcr_engine_destroy. For what may wait: a file, a name service, memory. Of the engine's functions
 * work may call mcr_engine_channel_prepare only. The engine's own jobs (filters, links) and
 * other works wait until work returns. ctx is the caller's and stays until done is called.
 * Returns 0, or -ENOMEM: then neither is called. */
MCR_API int mcr_engine_run(struct mcr_engine *e, void (*work)(void *ctx), void (*done)(void *ctx),
			   void *ctx);

/* A channel that has its memory and is none of the engine's yet. */
struct mcr_channel;

/* mcr_engine_channel_prepare makes a channel's rings and fills their memory; between slices of it
 * the engine's own jobs go on. *out is then for mcr_engine_channel_put or
 * mcr_engine_channel_discard, before mcr_engine_destroy. Thread: the device thread, in work() of
 * mcr_engine_run. Errors: -EINVAL, -ENOMEM, -EMFILE, -ECANCELED (the engine stops). */
MCR_API int mcr_engine_channel_prepare(struct mcr_engine *e,
				       const struct mcr_channel_config *config,
				       struct mcr_channel **out, struct mcr_error *err);

/* mcr_engine_channel_put makes a prepared channel one of the engine's, as mcr_engine_channel_add
 * does, and owns it then. It never waits. Errors as there: the channel is still the caller's. */
MCR_API int mcr_engine_channel_put(struct mcr_engine *e, struct mcr_channel *channel,
				   struct mcr_error *err);

/* mcr_engine_channel_discard frees a prepared channel, on the device thread. NULL is allowed. */
MCR_API void mcr_engine_channel_discard(struct mcr_engine *e, struct mcr_channel *channel);

/* mcr_engine_channel_remove drops a channel with its joins, whoever made them; its consumers see
 * -EPIPE. Errors: -ENOENT, -ENOMEM. */
MCR_API int mcr_engine_channel_remove(struct mcr_engine *e, const char *channel,
				      struct mcr_error *err);

/* mcr_engine_channel_access: who may attach to a channel from now on, how many, and who may join
 * groups; who is attached stays, and keeps what it joined. Of config count name, consumers_max,
 * readers and joiners. Errors: -ENOENT, -EINVAL. */
MCR_API int mcr_engine_channel_access(struct mcr_engine *e, const struct mcr_channel_config *config,
				      struct mcr_error *err);

/* mcr_engine_reload_done answers the request for which reload() returned MCR_RELOAD_LATER: result
 * and report are what reload() returns and writes otherwise. Does nothing when there is none, or
 * when who asked has gone. */
MCR_API void mcr_engine_reload_done(struct mcr_engine *e, int result,
				    const struct mcr_error *report);

/* mcr_engine_interface_address gives an interface another local address, 0 = none: what it reports
 * and answers has it from now on, and all memberships are told anew. Errors: -ENOENT, -EINVAL. */
MCR_API int mcr_engine_interface_address(struct mcr_engine *e, const char *interface,
					 uint32_t address_be, uint8_t prefix_len,
					 struct mcr_error *err);

/* mcr_engine_port_remove takes a port out while the engine runs: its lcores stop polling it, then
 * it is closed; the other ports go on. Consumers are told (MCR_FLAG_LINK_GONE), its groups and its
 * interfaces stay and say so. Call it before rte_eal_hotplug_remove: that pulls a device away under
 * whoever polls it. The engine does the same by itself when EAL or the kernel tells that a device
 * went. port: its DPDK name or number, as an interface names it.
 * Errors: -ENOENT (this engine has no such port), -ETIMEDOUT (an lcore did not answer, or the
 * device was not closed, for a second: the port goes as soon as that is done). */
MCR_API int mcr_engine_port_remove(struct mcr_engine *e, const char *port, struct mcr_error *err);

/* mcr_engine_ports_left: how many ports were not removed. */
MCR_API unsigned mcr_engine_ports_left(const struct mcr_engine *e);

/* mcr_engine_attach gives a connected socket for mcr_consumer_opts.fd: the way to read a channel in
 * the engine's own process, or to hand one channel to a sandboxed child.
 * Returns the descriptor, owned by the caller, or -errno (-ENOENT: unknown channel). */
MCR_API int mcr_engine_attach(struct mcr_engine *e, const char *channel, const char *label,
			      struct mcr_error *err);

#ifdef __cplusplus
}
#endif
#endif
