/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine: receives UDP multicast from DPDK ports, speaks IGMP and MLD, publishes into
 * rings.
 *
 * This header includes the others: config.h for what an engine is created with, inline.h for a
 * handler on the rx lcores, info.h for what a running engine reports, join.h and stats.h.
 *
 * The application calls rte_eal_init, creates an engine with the worker lcores that are to receive,
 * starts it, and then calls mcr_engine_poll from its own loop. The thread that calls
 * mcr_engine_create is the control thread: it alone may call the engine's functions, unless a
 * comment says otherwise. None of them is async-signal-safe.
 *
 * A function that returns int gives 0 or -errno unless its comment says otherwise, and one that
 * takes a struct mcr_error fills it when it fails. The engine copies strings and structures that it
 * is given. Times are nanoseconds of CLOCK_REALTIME unless a comment says otherwise.
 *
 * Structures grow from one version to the next without a new ABI, at their ends. One that may
 * begins with `size`, by which the library knows how the program was compiled: set it to sizeof of
 * the structure, and all members that are not used to 0, before the structure goes to a function,
 * also to one that fills it in:
 *
 *     struct mcr_port_info info = {.size = sizeof(info)};
 *     for (i = 0; mcr_engine_port_info(e, i, &info) == 0; i++)
 *
 * Such a function gives -EINVAL if size is not set. A newer program that runs with an older library
 * gets 0 in the members that the library does not know, and -EINVAL if it sets them. The others do
 * not grow: struct mcr_join and struct mcr_inline_msg have reserved members, struct mcr_account has
 * room. */
#ifndef MCRING_ENGINE_H
#define MCRING_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>
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
 * rte_eal_init, it lets the engine find the sockets of the drivers, which are those that come later
 * (sockets_before of struct mcr_engine_config). The engine reads, and thereby resets, the kernel's
 * count of what those lost. The caller owns *out and frees it with mcr_sockets_destroy. Thread:
 * any.
 *
 * Errors: -ENOMEM, or why /proc/self/fd cannot be read. */
MCR_API int mcr_sockets_note(struct mcr_sockets **out, struct mcr_error *err);

/* mcr_sockets_destroy frees a list. NULL is allowed. Thread: any. */
MCR_API void mcr_sockets_destroy(struct mcr_sockets *sockets);

/* mcr_engine_create opens ports, rings and sockets. Nothing is received or sent yet. The caller
 * owns *out, which is set on success only, and frees it with mcr_engine_destroy.
 *
 * It starts one thread, "mcring-device", for the calls that may wait for the kernel, for memory or
 * for a file, so that mcr_engine_poll never waits for them. This thread inherits the caller's
 * signal mask, CPUs and scheduling policy: under SCHED_FIFO, a caller that never sleeps starves it
 * on the same CPU. It runs no code of the application but what mcr_engine_run hands it. It ends in
 * mcr_engine_destroy.
 *
 * Errors: -EINVAL (the configuration), -ENODEV (no such port), -EBUSY (the port is taken, or a live
 * engine holds run_dir), -EACCES, -ENOMEM, or the error of DPDK or of a system call. */
MCR_API int mcr_engine_create(struct mcr_engine **out, const struct mcr_engine_config *cfg,
			      struct mcr_error *err);

/* mcr_engine_start starts the ports, launches the rx loop on the worker lcores and reports the
 * memberships. The table that the first burst meets has all joins made before. An engine starts
 * once; after an error, destroy it.
 *
 * Errors: -EINVAL (it was started before), -EBUSY (an lcore runs something else), -ENOMEM, or the
 * driver's error. */
MCR_API int mcr_engine_start(struct mcr_engine *e, struct mcr_error *err);

/* mcr_engine_poll does the control thread's work as it falls due (IGMP, MLD, ARP, neighbour
 * discovery, sockets, links, heartbeat), sleeps in between, and returns after timeout_ns; 0 = one
 * round without sleep. Call it at least every 10 ms. Consumers get an MCR_ENGINE_STALL after 1 s
 * without a call, and -EPIPE after their stall_ns.
 *
 * A child that this process forks has no device thread: it must not stop or destroy the engine. As
 * long as it does not exec it also keeps the engine's sockets open: docs/ring.md, "When there is
 * nothing more", says what consumers then see. */
MCR_API void mcr_engine_poll(struct mcr_engine *e, uint64_t timeout_ns);

/* mcr_engine_stop leaves all groups (unless keep_memberships is set), stops lcores and ports, and
 * marks the rings as stopped, so that consumers get -EPIPE when they have read everything. It waits
 * for what the device thread has begun, and up to 1.5 s for the second copies of the leaves. The
 * functions of mcring/info.h still work. */
MCR_API void mcr_engine_stop(struct mcr_engine *e);

/* mcr_engine_destroy stops the engine if it runs, joins the device thread and frees everything. It
 * closes the DPDK ports, as mcr_engine_create does if it fails after opening them: EAL must probe
 * such a device again (rte_eal_hotplug_remove, rte_eal_hotplug_add) before another engine can use
 * it. NULL is allowed. */
MCR_API void mcr_engine_destroy(struct mcr_engine *e);

/* mcr_engine_update removes and adds joins as one change: all of it takes effect, or none.
 * mcr_engine_join adds one join, mcr_engine_leave removes one. Groups that stay lose no packet, and
 * several changes of one group make one report. A join that was added several times must be removed
 * as often.
 *
 * The engine compares joins by what they mean: the only interface and the channel "default" may be
 * named or not, and the order of sources does not matter. The joins belong to the application: the
 * call removes none that mcring-ctl or a consumer made, even if it is equal. The cost of a change
 * grows with the number n of all joins, as n log n.
 *
 * Errors (nothing has changed): -EINVAL (a join makes no sense, or needs an interface's name),
 * -ENOENT (no such interface, channel or join: err says who else holds it), -ENOSPC (MCR_JOINS_MAX,
 * MCR_MEMBERSHIPS_MAX), -ENOMEM, -ESHUTDOWN (after mcr_engine_stop). */
MCR_API int mcr_engine_update(struct mcr_engine *e, const struct mcr_join *remove, size_t n_remove,
			      const struct mcr_join *add, size_t n_add, struct mcr_error *err);
MCR_API int mcr_engine_join(struct mcr_engine *e, const struct mcr_join *join,
			    struct mcr_error *err);
MCR_API int mcr_engine_leave(struct mcr_engine *e, const struct mcr_join *join,
			     struct mcr_error *err);

/* mcr_engine_update_as is mcr_engine_update for another owner. An application that has a
 * configuration file or an operator of its own keeps their joins apart with it, and mcring-ctl
 * shows whose they are. The operator's removal also takes joins of the configuration, after its
 * own.
 *
 * Errors (nothing has changed): -EINVAL (also for MCR_JOINED_BY_CONSUMER: only a consumer makes
 * those), or the other errors of mcr_engine_update. */
MCR_API int mcr_engine_update_as(struct mcr_engine *e, enum mcr_join_maker owner,
				 const struct mcr_join *remove, size_t n_remove,
				 const struct mcr_join *add, size_t n_add, struct mcr_error *err);

/* mcr_engine_channel_add makes a channel, which can be joined and attached to at once.
 *
 * It fills the memory of the rings before it returns, which takes seconds for each GiB. Meanwhile
 * only the heartbeat goes on: consumers stay attached, but IGMP, MLD and sockets wait, and so do
 * other engines that the same thread polls. On a running engine use mcr_engine_channel_prepare for
 * more than a few MiB.
 *
 * Errors: -EEXIST (a channel has this name), -EINVAL (the configuration), -ENOSPC
 * (MCR_CHANNELS_MAX), -ENOMEM, -ESHUTDOWN (after mcr_engine_stop), or the error of a system call.
 */
MCR_API int mcr_engine_channel_add(struct mcr_engine *e, const struct mcr_channel_config *channel,
				   struct mcr_error *err);

/* mcr_engine_run calls work(ctx) on the engine's device thread, while control goes on, and then
 * done(ctx) on the control thread, in mcr_engine_poll, mcr_engine_stop or mcr_engine_destroy. It is
 * for what may wait: a file, a name service, memory. Of the engine's functions work may call only
 * mcr_engine_channel_prepare. The engine's own jobs (filters, links), other works and programs that
 * wait for a channel (per_program) wait until work returns. ctx stays the caller's, and must be
 * valid until done is called.
 *
 * Errors: -ENOMEM (neither is called). */
MCR_API int mcr_engine_run(struct mcr_engine *e, void (*work)(void *ctx), void (*done)(void *ctx),
			   void *ctx);

/* A channel that has its memory, but does not belong to the engine yet. */
struct mcr_channel;

/* mcr_engine_channel_prepare makes the rings of a channel and fills their memory; in between, the
 * engine's own jobs go on. The caller owns *out and gives it to mcr_engine_channel_put or
 * mcr_engine_channel_discard before mcr_engine_destroy. Thread: the device thread, in work() of
 * mcr_engine_run.
 *
 * Errors: -EINVAL (the configuration), -ENOMEM, -EMFILE (no descriptor left in this process),
 * -ECANCELED (the engine is stopping), or the error of a system call. */
MCR_API int mcr_engine_channel_prepare(struct mcr_engine *e,
				       const struct mcr_channel_config *config,
				       struct mcr_channel **out, struct mcr_error *err);

/* mcr_engine_channel_put adds a prepared channel to the engine, which owns it from then on. It
 * never waits.
 *
 * Errors (the channel stays the caller's): -EEXIST, -EINVAL, -ENOSPC, -ENOMEM or -ESHUTDOWN, as for
 * mcr_engine_channel_add. */
MCR_API int mcr_engine_channel_put(struct mcr_engine *e, struct mcr_channel *channel,
				   struct mcr_error *err);

/* mcr_engine_channel_discard frees a prepared channel; the device thread does the work. NULL is
 * allowed. */
MCR_API void mcr_engine_channel_discard(struct mcr_engine *e, struct mcr_channel *channel);

/* mcr_engine_channel_remove removes a channel with all joins for it, whoever made them. Its
 * consumers get -EPIPE. With per_program, the programs that are attached stay.
 *
 * Errors (the channel stays): -ENOENT (no such channel), -ENOMEM, -ESHUTDOWN (after
 * mcr_engine_stop). */
MCR_API int mcr_engine_channel_remove(struct mcr_engine *e, const char *channel,
				      struct mcr_error *err);

/* mcr_engine_channel_access changes who may attach to a channel, how many, and who may join groups.
 * It reads only name, consumers_max, readers, joiners, joins_max and programs_max of config.
 * Consumers that are attached stay, and keep what they joined. With per_program, what they may join
 * from then on changes, too.
 *
 * Errors: -ENOENT (no such channel), -EINVAL (a list is too long). */
MCR_API int mcr_engine_channel_access(struct mcr_engine *e, const struct mcr_channel_config *config,
				      struct mcr_error *err);

/* The declarations of feeds, for mcr_engine_feeds_put. */
struct mcr_feeds;

/* mcr_feeds_create reads n texts, each the declaration of one feed (docs/feeds.md). The caller owns
 * *out and gives it to mcr_engine_feeds_put or mcr_feeds_destroy. Thread: any.
 *
 * Errors: -EBADMSG (err has the line and what was expected), -EEXIST (two of one name), -ENOSPC
 * (MCR_FEEDS_MAX), -ENOMEM, or the error of a system call. */
MCR_API int mcr_feeds_create(struct mcr_feeds **out, const char *const *texts, size_t n,
			     struct mcr_error *err);
MCR_API void mcr_feeds_destroy(struct mcr_feeds *feeds); /* NULL is allowed */

/* mcr_engine_feeds_keep prepares for mcr_engine_feeds_put: whoever has a feed open that is gone
 * from feeds, or has changed, goes on receiving what it has. The joins of the old feed become those
 * of a consumer, too, until the last such reader is gone. Call it before mcr_engine_update removes
 * them.
 *
 * Errors: those of mcr_engine_update. */
MCR_API int mcr_engine_feeds_keep(struct mcr_engine *e, const struct mcr_feeds *feeds,
				  struct mcr_error *err);

/* mcr_engine_feeds_put has the engine declare these feeds, which it owns from then on (NULL: none),
 * in the place of those before. Who opens one (mcring/feed.h) is handed its declaration, if it may
 * read all of its channels. Who has one open that is gone or has changed gets a MCR_FEED_CHANGED,
 * and goes on with what it has. Joins are made by mcr_engine_update: this makes none. */
MCR_API void mcr_engine_feeds_put(struct mcr_engine *e, struct mcr_feeds *feeds);

/* mcr_engine_shard_put has mcring-ctl and monitors see this host's share of joins that several
 * hosts have among them (info.h); NULL: nothing is shared. It changes no join.
 *
 * Thread: control. */
MCR_API void mcr_engine_shard_put(struct mcr_engine *e, const struct mcr_shard_info *info);

/* mcr_engine_reload_done answers the request for which reload() returned MCR_RELOAD_LATER. result
 * and report are what reload() would have returned and written. If there is no such request, or its
 * client has gone, nothing is sent. */
MCR_API void mcr_engine_reload_done(struct mcr_engine *e, int result,
				    const struct mcr_error *report);

/* mcr_engine_interface_address changes the local address of an interface: address6 if it is an IPv6
 * one, else address, which may be none. Reports and answers use it from then on, IPv6 ones once it
 * is found that no other host has it (RFC 4862), and all memberships are reported again.
 *
 * Errors (the address is as before): -ENOENT (no such interface), -EINVAL (not a unicast address,
 * or a link-local one), -ENOMEM. */
MCR_API int mcr_engine_interface_address(struct mcr_engine *e, const char *interface,
					 struct mcr_address address, uint8_t prefix_len,
					 struct mcr_error *err);

/* mcr_engine_open_filter lets all multicast in at the ports of an interface (NULL: of all
 * interfaces) for so many seconds, 1 to 60, and then filters as before: to see what the NIC's
 * filter hides (mcr_engine_sighting). Nothing that is not joined is delivered because of it. A call
 * while it is open moves the end. The device thread does it: struct mcr_port_info says when it is
 * open. The receive queues get what the LAN carries, which may be more than they can hold.
 *
 * Errors: -ENOENT (no such interface), -ENODEV (its port was removed), -EINVAL (seconds), -ENOTSUP
 * (all of them let everything in as it is, or the driver cannot). */
MCR_API int mcr_engine_open_filter(struct mcr_engine *e, const char *interface, unsigned seconds,
				   struct mcr_error *err);

/* mcr_engine_port_remove takes a port out while the engine runs: the lcores stop polling it, then
 * it is closed. The other ports go on. Consumers get an MCR_LINK with MCR_FLAG_LINK_GONE. The
 * port's groups and interfaces stay, and mcring/info.h shows that their port is gone. port: its
 * DPDK name or number, as in struct mcr_interface_config.
 *
 * Call it before rte_eal_hotplug_remove, which would pull the device away from under the lcores
 * that poll it. The engine removes a port by itself when EAL or the kernel reports that the device
 * is gone.
 *
 * Errors: -ENOENT (this engine has no such port), -ETIMEDOUT (for 1 s an lcore did not let it go,
 * or the device did not close: the port goes as soon as that happens). */
MCR_API int mcr_engine_port_remove(struct mcr_engine *e, const char *port, struct mcr_error *err);

/* mcr_engine_ports_left returns how many ports have not been removed. */
MCR_API unsigned mcr_engine_ports_left(const struct mcr_engine *e);

/* mcr_engine_attach makes a connected socket for the option fd of mcr_consumer_open: to read a
 * channel in the engine's own process, or to hand one channel to a sandboxed child. channel: NULL =
 * "default"; not one with per_program. label: shown in statistics. The channel's readers and
 * joiners do not apply to it.
 *
 * Returns the descriptor, which the caller owns.
 *
 * Errors: -ENOENT (no such channel), -EOPNOTSUPP (its rings are made per program), -EBUSY (the
 * engine or the channel takes no more consumers), -ENOMEM, or the error of a system call. */
MCR_API int mcr_engine_attach(struct mcr_engine *e, const char *channel, const char *label,
			      struct mcr_error *err);

#ifdef __cplusplus
}
#endif
#endif
