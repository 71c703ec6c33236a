/* SPDX-License-Identifier: BSD-3-Clause */
/* Hands channels to consumers, who attach over a socket of the run directory (core/attach_wire.h).
 * Sockets only: no DPDK, no threads. All calls belong to the control thread, and none blocks.
 * now_ns is CLOCK_MONOTONIC everywhere. A client that sends garbage, too much or nothing is cut
 * off, and the others do not notice. What a consumer writes about itself is never trusted.
 *
 * Here stands what the rest of the engine calls, by source file; attach_state.h says what each file
 * is for. */
#ifndef MCR_ENGINE_ATTACH_SERVER_H
#define MCR_ENGINE_ATTACH_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/engine.h>

#define MCR_ATTACH_HALF_OPEN_MAX     64 /* connected, hello not yet seen; more wait in the backlog */
#define MCR_ATTACH_HALF_OPEN_PER_UID 16                   /* a user with more loses its oldest */
#define MCR_ATTACH_HELLO_NS          UINT64_C(2000000000) /* then a silent client is cut off */
#define MCR_ATTACH_PATIENCE_NS       UINT64_C(100000000) /* sooner, when others wait for its place */
#define MCR_ATTACH_WAIT_NS           UINT64_C(30000000000) /* for a channel that is being made */

struct mcr_attach_server;
struct mcr_wire_interface;

/* ---- attach_server.c ---- */

/* mcr_attach_server_create listens at path, or on nothing when path is NULL: then only
 * mcr_attach_server_open attaches. path must not exist: whether to take over a stale one is the
 * caller's decision. Errors: -EINVAL (config), -ENAMETOOLONG, -EADDRINUSE, -ENOENT (no such
 * directory), -EACCES, -EPERM (the group is not the process's own, and it may not give files away;
 * or the directory: see run_dir.h), -ENOMEM, -EMFILE. */
int mcr_attach_server_create(struct mcr_attach_server **out, const char *path,
			     const struct mcr_attach_config *config, struct mcr_error *err);

/* mcr_attach_server_destroy cuts off everybody and removes its socket file, unless another engine
 * has put its own there. NULL is allowed. */
void mcr_attach_server_destroy(struct mcr_attach_server *s);

/* mcr_attach_server_fd: an epoll descriptor that is readable when mcr_attach_server_poll has work;
 * owned by the server. */
int mcr_attach_server_fd(const struct mcr_attach_server *s);

/* mcr_attach_server_poll accepts, answers and cuts off, a bounded amount per call. Call it without
 * work, too, every 100 ms or so, because time alone ends half-open connections. */
void mcr_attach_server_poll(struct mcr_attach_server *s, uint64_t now_ns);

/* mcr_attach_server_descriptors returns how many the server may come to need, by its limits, and
 * the rings of programs. */
unsigned mcr_attach_server_descriptors(const struct mcr_attach_server *s);

/* ---- attach_channels.c ---- */

/* mcr_attach_server_add_channel lets consumers attach to a channel, as config's readers and
 * consumers_max allow; with per_program, to channels that are made for them, of n_rings rings: then
 * ring_fds and ring_mems are NULL. ring_fds are what they are given, ring_mems the engine's maps of
 * them; both, but not the arrays, are borrowed until the channel is removed. 1 <= n_rings <=
 * MCR_LCORES_MAX. Errors: -EEXIST, -EINVAL (a region that holds no ring), -ENOSPC, -ENOMEM. */
int mcr_attach_server_add_channel(struct mcr_attach_server *s,
				  const struct mcr_channel_config *config, const int *ring_fds,
				  const void *const *ring_mems, unsigned n_rings, uint64_t epoch);

/* mcr_attach_server_set_access changes who may attach to a channel from now on, how many, and who
 * may join, also in the channels that were made of it. Nothing else in the engine keeps the change.
 * Errors: -ENOENT. */
int mcr_attach_server_set_access(struct mcr_attach_server *s,
				 const struct mcr_channel_config *config);

/* mcr_attach_server_remove_channel cuts off the channel's consumers, who keep what they have
 * mapped, and refuses those that wait for one of their own; programs that have theirs stay. Set the
 * rings' state to stopped first. Errors: -ENOENT. */
int mcr_attach_server_remove_channel(struct mcr_attach_server *s, const char *name);

/* mcr_attach_server_count returns the consumers of one channel and of those that were made of it,
 * or all when channel is NULL. */
unsigned mcr_attach_server_count(const struct mcr_attach_server *s, const char *channel);

/* mcr_attach_server_had_any: 1 when any consumer was ever attached, however short. */
int mcr_attach_server_had_any(const struct mcr_attach_server *s);

/* mcr_attach_server_programs_max returns how many programs a channel with per_program takes. */
unsigned mcr_attach_server_programs_max(const struct mcr_attach_server *s, const char *channel);

/* ---- attach_feeds.c ---- */

/* mcr_attach_server_put_feeds has the engine declare these feeds, which the server owns from then
 * on (NULL: none), in the place of those before. Who was handed a declaration that is there no
 * longer, or has changed, gets a notice once, and keeps what it has. engine: the name of the engine
 * in the feeds' lines. It never waits, and cannot fail. */
void mcr_attach_server_put_feeds(struct mcr_attach_server *s, struct mcr_feeds *feeds,
				 const char *engine);

/* mcr_attach_server_feed_info describes feed i. Returns 0, or -ENOENT past the last. */
int mcr_attach_server_feed_info(const struct mcr_attach_server *s, size_t i,
				struct mcr_feed_info *out);

/* ---- attach_kept.c ---- */

/* mcr_attach_server_keep_feeds prepares for mcr_attach_server_put_feeds: whoever has a feed open
 * that next does not have, or has otherwise, goes on receiving what it has, also when the joins of
 * the old feed are left. They become joins of a consumer (mcr_attach_server_joins), which ends with
 * the last of these readers. Without mcr_attach_server_joins nothing is kept. Errors: those of
 * mcr_attach_joining's update. */
int mcr_attach_server_keep_feeds(struct mcr_attach_server *s, const struct mcr_feeds *next,
				 struct mcr_error *err);

/* ---- attach_program.c ---- */

/* Channels for one program each go through these. make has the engine make one as config says, and
 * call mcr_attach_server_answer later, not in the call; -errno with err filled: it does not.
 * cancel: nobody waits for it any more, but the answer is due all the same. end has the engine
 * remove the channel of a program that ended (mcr_attach_server_remove_channel); after -ENOMEM it
 * is called again. */
struct mcr_attach_programs {
	int (*make)(void *ctx, uint64_t id, const struct mcr_channel_config *config,
		    struct mcr_error *err);
	void (*cancel)(void *ctx, uint64_t id);
	int (*end)(void *ctx, const char *channel);
};

/* mcr_attach_server_programs lets consumers attach to channels with per_program. programs is
 * borrowed. */
void mcr_attach_server_programs(struct mcr_attach_server *s,
				const struct mcr_attach_programs *programs, void *ctx);

/* mcr_attach_server_add_program is mcr_attach_server_add_channel for the channel that was made for
 * this id. -ESRCH: nobody waits for it. */
int mcr_attach_server_add_program(struct mcr_attach_server *s, uint64_t id,
				  const struct mcr_channel_config *config, const int *ring_fds,
				  const void *const *ring_mems, unsigned n_rings, uint64_t epoch);

/* mcr_attach_server_answer says once for each id how the making ended: status 0, and the channel
 * was added; or -errno with a text for the client. */
void mcr_attach_server_answer(struct mcr_attach_server *s, uint64_t id, int status,
			      const char *text, uint64_t now_ns);

/* ---- attach_session.c ---- */

/* mcr_attach_server_open attaches without the listening socket: it returns a socket with the
 * welcome already in it, for mcr_consumer_opts.fd. The process itself may read every channel,
 * whatever the readers and the limit of a user are; whom it hands the socket to is its own
 * decision. The caller owns the descriptor. Errors: -ENOENT (err lists the channels), -EOPNOTSUPP
 * (one with per_program), -EBUSY (too many consumers), -ENOMEM, -EMFILE. */
int mcr_attach_server_open(struct mcr_attach_server *s, const char *channel, const char *label,
			   uint64_t now_ns, struct mcr_error *err);

/* ---- attach_join.c ---- */

/* What consumers join and leave themselves goes through these. update is as mcr_engine_update, for
 * the consumer of this id. ended leaves what consumers joined that are gone: all but the living (n
 * ids, ascending); after -ENOMEM it is called again. */
struct mcr_attach_joining {
	int (*update)(void *ctx, uint64_t consumer, const struct mcr_join *remove, size_t n_remove,
		      const struct mcr_join *add, size_t n_add, struct mcr_error *err);
	int (*ended)(void *ctx, const uint64_t *living, size_t n);
};

/* mcr_attach_server_joins lets consumers join that their channel's joiners list. Before, nobody
 * may. joining is borrowed. per_uid: joins_per_uid of struct mcr_engine_config. */
void mcr_attach_server_joins(struct mcr_attach_server *s, const struct mcr_attach_joining *joining,
			     void *ctx, uint32_t per_uid);

/* ---- attach_request.c ---- */

/* mcr_attach_server_interfaces lets consumers ask for the engine's interfaces: describe fills in
 * the one of this index and returns 0, or -ENOENT past the last. */
typedef int (*mcr_attach_interface)(void *ctx, uint32_t index, struct mcr_wire_interface *out);
void mcr_attach_server_interfaces(struct mcr_attach_server *s, mcr_attach_interface describe,
				  void *ctx);

/* ---- attach_log.c ---- */

/* mcr_attach_server_log has lines about users that take too much, and about descriptors that run
 * out, go to log, a few every 10 s at most. */
typedef void (*mcr_attach_log)(void *ctx, const char *line);
void mcr_attach_server_log(struct mcr_attach_server *s, mcr_attach_log log, void *ctx);

/* ---- attach_info.c ---- */

/* mcr_attach_server_look notes how much headroom each consumer has, and whether it has received or
 * lost any since the last look; call it every 10 ms or so. now_ns: CLOCK_REALTIME. */
void mcr_attach_server_look(struct mcr_attach_server *s, uint64_t now_ns);

/* mcr_attach_server_behind: octets of records that the slowest consumer of a channel has not
 * released, by what it says of itself; UINT64_MAX while one has not said where it is. 0 if there is
 * none. */
uint64_t mcr_attach_server_behind(const struct mcr_attach_server *s, const char *channel);

/* mcr_attach_server_info describes consumer i, counted from 0. Its numbers are clamped to what the
 * rings allow. Returns 0, or -ENOENT past the end. */
int mcr_attach_server_info(const struct mcr_attach_server *s, size_t i, uint64_t now_ns,
			   struct mcr_consumer_info *out);

/* mcr_attach_server_describe writes who a consumer is, as `"LABEL" (pid N)`; "" when it is gone. */
void mcr_attach_server_describe(const struct mcr_attach_server *s, uint64_t id, char *text,
				size_t cap);

/* ---- attach_sockets.c ---- */

/* mcr_attach_server_sockets gives what consumer i, counted as by mcr_attach_server_info, says of
 * its sockets. Returns 0, or -ENOENT past the end. */
int mcr_attach_server_sockets(const struct mcr_attach_server *s, size_t i, uint64_t now_ns,
			      struct mcr_consumer_sockets *out);

/* ---- attach_wake.c ---- */

/* mcr_attach_server_wake wakes the consumers that sleep and have messages. Returns 1 while somebody
 * still sleeps: call it again in 50 us or so; 0: nobody does. While nobody sleeps it costs a look
 * at one word of each consumer's page. */
int mcr_attach_server_wake(struct mcr_attach_server *s);

#endif
