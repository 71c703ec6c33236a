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

#include <mcring/join.h>
#include <mcring/stats.h>
#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcr_engine;
struct mcr_sockets;

#define MCR_INTERFACES_MAX  64
#define MCR_CHANNELS_MAX    64
#define MCR_LCORES_MAX      32
#define MCR_QUEUES_MAX      64     /* rx queues of a port */
#define MCR_MEMBERSHIPS_MAX 65536  /* (interface, group) pairs */
#define MCR_JOINS_MAX       262144 /* elementary joins, of all owners together */
#define MCR_DEVICE_NAME_MAX 16     /* octets of a kernel device's name with its 0 */

enum mcr_igmp_mode {       /* what an interface speaks */
	MCR_IGMP_AUTO = 0, /* v3, older when an older querier is heard (RFC 3376 §7.2) */
	MCR_IGMP_V1 = 1,
	MCR_IGMP_V2 = 2,
	MCR_IGMP_V3 = 3,
	MCR_IGMP_OFF = 4, /* no reports; ARP and ICMP echo are still answered */
};

enum mcr_idle {                /* what an rx lcore does while its queues are empty */
	MCR_IDLE_BUSY = 0,     /* polls */
	MCR_IDLE_ADAPTIVE = 1, /* sleeps briefly, the one exception to "no syscall" */
};

enum mcr_udp_checksum {
	MCR_UDP_CHECKSUM_NIC =
	    0, /* drop only what the NIC called bad (RTE_MBUF_F_RX_L4_CKSUM_BAD) */
	MCR_UDP_CHECKSUM_OFF = 1,
	MCR_UDP_CHECKSUM_VERIFY = 2, /* compute; a checksum of 0 means none (RFC 768) */
};

enum mcr_hw_time {              /* hw_ns of messages: the time of arrival that the NIC says */
	MCR_HW_TIME_OFF = 0,    /* none */
	MCR_HW_TIME_ON = 1,     /* where the driver has it (docs/nics.md): MCR_FLAG_HW_TIME */
	MCR_HW_TIME_SYNCED = 2, /* and the operator vouches that the NIC's clock is right */
};

/* An interface = a DPDK port, a VLAN and a local address. */
struct mcr_interface_config {
	char name[MCR_NAME_MAX];
	char port[64]; /* DPDK device name ("net_af_packet0", "0000:01:00.0") or port number */
	uint32_t address_be;  /* 0 = none: reports leave from 0.0.0.0, nothing answers ARP */
	uint8_t prefix_len;   /* of address_be, 0..32 */
	uint8_t igmp;         /* enum mcr_igmp_mode */
	uint8_t tx_never;     /* 1: this interface sends no frame whatsoever */
	uint8_t udp_checksum; /* enum mcr_udp_checksum; the port's first interface decides */
	uint16_t vlan;        /* 1..4094; 0 = untagged */
	/* A device of this name is made in the kernel (CAP_NET_ADMIN): it gets what no channel
	 * wants and answers for itself, and what the kernel sends on it leaves through the port. ""
	 * = none, and ARP and ICMP echo for address_be are answered here. */
	char kernel[MCR_DEVICE_NAME_MAX];

	/* IGMP by the letter or by experience; all zero is good (docs/igmp.md). */
	uint8_t igmp_strict;     /* 1: ignore queries that a strict reading forbids */
	uint8_t igmp_robustness; /* copies of a change, 1..7; 0 = 2; a v3 querier's QRV beats it */
	uint8_t igmp_robustness_floor;  /* copies at least, whatever a querier says, 1..7; 0 = 1 */
	uint32_t igmp_compat_timeout_s; /* until an older querier is forgotten; 0 = by the RFC */
	uint32_t igmp_repeat_s;         /* without a querier all is reported each so often; 0 = 60,
					   UINT32_MAX = never */

	/* Of the port: interfaces that share it say the same or nothing. */
	uint16_t n_queues; /* rx queues, 1..MCR_QUEUES_MAX; 0 = one for each lcore that may poll it,
			    * or, where the driver has no RSS, every queue of the device */
	uint16_t n_lcores; /* its queues go to these rx lcores only; 0 = those of its NUMA node, or
			    * all when there are none */
	uint16_t lcores[MCR_LCORES_MAX];
	uint8_t hw_time; /* enum mcr_hw_time */
};

/* Who may: a process whose effective user is listed, or whose effective or a supplementary group
 * is, at the time of its connect. Nothing listed = everybody. */
#define MCR_ACCESS_IDS_MAX 32
struct mcr_access {
	uint32_t uids[MCR_ACCESS_IDS_MAX], gids[MCR_ACCESS_IDS_MAX];
	uint32_t n_uids, n_gids;
};

/* The inline consumer: a handler that the rx lcore calls with the messages of a burst for one
 * channel, before it publishes them, or instead. It sees a payload where the NIC put it: no copy,
 * no hop to another core, and while it runs nothing else is received on this lcore.
 *
 * So it must not block, wait for a lock, make a system call or allocate. All it is given is
 * borrowed for the call. It runs on every rx lcore that receives the channel, on several at the
 * same time: `ring` is the lcore's index, for state that belongs to one of them. It may not call
 * the engine's functions, but for mcr_inline_copy. mcr_channel_info says how long it took. */
struct mcr_inline_msg {
	const uint8_t *data; /* the payload, or the first data_len octets of it ... */
	uint32_t data_len;   /* ... less than len when the packet is in several segments, as some
			      * drivers bring jumbo frames: mcr_inline_copy gives all of it */
	uint32_t len;        /* octets of payload */
	uint64_t rx_ns;      /* CLOCK_REALTIME */
	uint64_t hw_ns;      /* the NIC's, if MCR_FLAG_HW_TIME is set; else 0 */
	uint32_t group_be, source_be;
	uint32_t id;                 /* user id of the join that took it */
	uint16_t dst_port, src_port; /* UDP, host order */
	uint16_t vlan;               /* 0 = untagged */
	uint16_t flags;              /* enum mcr_msg_flags of mcring/consumer.h */
	uint8_t ttl;
	uint32_t offset;    /* of the payload in the packet, */
	const void *packet; /* the struct rte_mbuf, borrowed too */
};

#define MCR_HANDLER_SLOW_NS 10000 /* a call above it is slow, unless the channel says otherwise */

struct mcr_channel_config {
	char name[MCR_NAME_MAX];
	uint32_t depth; /* messages a ring holds: a power of two, 64..2^24; 0 = 65536 */
	uint64_t
	    bytes; /* payload bytes a ring holds: a power of two, 64 KiB..2^36; 0 = 256 * depth */
	uint32_t consumers_max;    /* attached at a time; 0 = as many as the engine takes */
	struct mcr_access readers; /* who may attach, of those who can open the socket */
	struct mcr_access joiners; /* which readers may join groups; none listed = nobody */
	uint8_t has_lcore;         /* 1: its groups go to a queue that rx lcore `lcore` polls, on */
	uint16_t lcore;            /* ports that can steer by group; a warning says where not */

	/* NULL = none. n: 1 to 32 messages in the order of arrival; ring: index of the rx lcore. */
	void (*handler)(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring);
	void *handler_ctx;
	uint8_t handler_only;     /* 1: instead of publishing: nothing is copied, nobody attaches */
	uint32_t handler_slow_ns; /* a call that takes longer is counted; 0 = MCR_HANDLER_SLOW_NS */
};

#define MCR_CONSUMERS_MAX 1024 /* attached at a time, all channels */

/* The attach socket: who can connect to it, and how many. */
struct mcr_attach_config {
	uint32_t mode;          /* permission bits; 0660 */
	uint32_t gid;           /* its group; UINT32_MAX = the process's own */
	uint32_t consumers_max; /* attached at a time; 0 = MCR_CONSUMERS_MAX, which is the most */
	uint32_t consumers_per_uid; /* of one user at a time; 0 = no limit of its own */
};

enum mcr_log_level {
	MCR_LOG_ERROR,
	MCR_LOG_WARNING,
	MCR_LOG_INFO,
	MCR_LOG_DEBUG
};

#define MCR_RELOAD_LATER 1 /* of reload(): the answer comes with mcr_engine_reload_done */

struct mcr_engine_config {
	size_t size; /* sizeof(struct mcr_engine_config), set by mcr_engine_config_init */
	char name[MCR_NAME_MAX]; /* "mcring" */
	char run_dir[96];        /* holds the sockets `attach` and `control`; "" = no sockets */
	struct mcr_attach_config attach;
	const unsigned
	    *lcores; /* worker lcores, for the length of the call; NULL = every EAL worker */
	unsigned n_lcores;
	uint8_t idle;             /* enum mcr_idle */
	uint8_t keep_memberships; /* 1: mcr_engine_stop leaves no group on the wire */
	/* Packets of a burst that are published before the rest, which follows in chunks that grow;
	 * 0 = default, 1. A loop that is behind publishes bursts whole. */
	uint16_t first_chunk;
	const struct mcr_interface_config *interfaces;
	unsigned n_interfaces;
	const struct mcr_channel_config *channels; /* "default" is made when no channel is named */
	unsigned n_channels;
	/* Called on the control thread, for the length of the call; what waits in it keeps control
	 * away. NULL = stderr, which waits for its reader when it is a pipe that is full. */
	void (*log)(void *ctx, enum mcr_log_level level, const char *line);
	/* mcring-ctl reload; NULL = "this engine has no configuration file". dry_run: report only.
	 * Called on the control thread by mcr_engine_poll. Returns 0 or -errno with a one-line
	 * account of the change, or of the failure, in *report; or MCR_RELOAD_LATER, and goes on in
	 * mcr_engine_run until it has an answer for mcr_engine_reload_done. A second request that
	 * comes meanwhile is refused. */
	int (*reload)(void *ctx, int dry_run, struct mcr_error *report);
	void *ctx;
	/* mcr_sockets_note from before EAL probed its devices; for the length of mcr_engine_create.
	 * NULL = it is not known which packet sockets are the drivers' own, and what net_af_packet
	 * before DPDK 25.03 loses stays unknown. */
	struct mcr_sockets *sockets_before;
};

/* mcr_sockets_note lists the packet sockets (AF_PACKET) that the process has now. Called before
 * rte_eal_init, it tells the engine which sockets are drivers': those that came later. It reads,
 * and by that resets, the kernel's count of what they lost. Thread: any. Errors: -ENOMEM, or what
 * /proc/self/fd gave. */
MCR_API int mcr_sockets_note(struct mcr_sockets **out, struct mcr_error *err);

/* mcr_sockets_destroy frees a list. NULL is allowed. */
MCR_API void mcr_sockets_destroy(struct mcr_sockets *sockets);

/* mcr_engine_config_init fills in the defaults. */
MCR_API void mcr_engine_config_init(struct mcr_engine_config *cfg);

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

/* mcr_inline_copy copies up to cap octets of a payload, from however many segments, into buf. For a
 * handler, during its call. Returns how many. */
MCR_API uint32_t mcr_inline_copy(const struct mcr_inline_msg *m, void *buf, uint32_t cap);

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

/* ---- what is going on ---- */

/* mcr_engine_account: the sum over lcores. */
MCR_API void mcr_engine_account(const struct mcr_engine *e, struct mcr_account *out);

/* mcr_engine_drop_sample: the most recent over lcores. */
MCR_API void mcr_engine_drop_sample(const struct mcr_engine *e, enum mcr_drop reason,
				    struct mcr_drop_sample *out);

/* The *_info functions below fill entry i, counted from 0, and return 0, or -ENOENT past the end.
 */

struct mcr_lcore_info {
	unsigned lcore;
	struct mcr_account account;
	uint64_t polls, bursts; /* rx_burst calls; those that returned packets */
	uint64_t busy_cycles;   /* TSC cycles spent in non-empty bursts, the driver's included */
	uint64_t tsc_hz;
	uint64_t longest_gap_ns;    /* between two polls of the rx loop */
	uint64_t longest_gap_at_ns; /* when it ended; 0 = none yet */
};

/* mcr_engine_lcore_info fills in an rx lcore. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_lcore_info(const struct mcr_engine *e, size_t i, struct mcr_lcore_info *out);

struct mcr_control_info {          /* the control thread, in mcr_engine_poll */
	uint64_t rounds;           /* from one sleep to the next */
	uint64_t longest_round_ns; /* less the time that the scheduler ran others meanwhile, as far
				    * as the kernel says it (/proc/thread-self/schedstat) */
	uint64_t longest_round_at_ns; /* when it ended; 0 = none yet */
};

/* mcr_engine_control_info: a round that is long, but for the scheduler's part, waited for
 * something or had too much to do. While it lasts there is no heartbeat, no report, no answer. */
MCR_API void mcr_engine_control_info(const struct mcr_engine *e, struct mcr_control_info *out);

struct mcr_port_info { /* a DPDK port and its NIC counters (rte_eth_stats), looked at each 100 ms */
	char name[64];
	uint16_t dpdk_port;
	char driver[32];
	uint8_t mac[6];
	uint8_t link_up;
	uint8_t promiscuous, all_multicast;
	uint16_t n_queues;
	uint16_t mtu;
	uint32_t speed_mbps;           /* 0 = unknown */
	uint64_t rx_packets, rx_bytes; /* ipackets, ibytes */
	uint64_t rx_missed, rx_errors; /* imissed, ierrors */
	uint64_t rx_nombuf;
	uint64_t tx_packets, tx_errors;
	uint64_t link_changes;
	int32_t numa_node; /* of the device; -1 = unknown */
	uint16_t n_lcores; /* rx lcores that poll it: lcores[0..n_lcores) */
	uint16_t lcores[MCR_LCORES_MAX];
	uint32_t rx_descs;     /* of each rx queue */
	uint32_t buffers;      /* packet buffers of the port's pool */
	uint32_t buffers_used; /* those that are not in it, but in queues and in hands */
	uint64_t buffer_bytes; /* memory of all of them, headers included */
	uint8_t removed;       /* 1: the device is gone; counters are those of its end */
	char rung[24]; /* how it lets in: "mac-list", ..., "rte-flow" where it is isolated */
	char rung_reason[192]; /* why not better; "" = it is the best */
	size_t macs;           /* multicast MAC addresses wanted */
	size_t flow_rules;     /* in the NIC */
	size_t flow_refused;   /* groups for which it took no rule */
	/* The kernel's interface that the port sits on, as it is now; "" = none, as under vfio. */
	char kernel_name[MCR_DEVICE_NAME_MAX];
	uint32_t kernel_mtu;
	uint32_t carrier_downs; /* how often it lost its carrier since it was made */
	uint8_t kernel_moved;   /* 1: it moved to another network namespace */
};

/* mcr_engine_port_info fills in a DPDK port that an interface uses. Returns 0, or -ENOENT past the
 * last. */
MCR_API int mcr_engine_port_info(const struct mcr_engine *e, size_t i, struct mcr_port_info *out);

#define MCR_IGMP_RX_KINDS 15 /* what can become of a received IGMP packet: exactly one of them */

/* mcr_engine_igmp_rx_name: "query", "bad_checksum", ... (docs/igmp.md); NULL beyond the last. */
MCR_API const char *mcr_engine_igmp_rx_name(unsigned kind);

struct mcr_interface_info {
	struct mcr_interface_config config;
	uint16_t dpdk_port;
	uint8_t mac[6];
	uint8_t igmp_version;    /* spoken now: 1, 2, 3; 0 = off */
	char igmp_reason[64];    /* why this version: "configured", "default", "v2 querier heard" */
	uint32_t querier_be;     /* its address; a snooping switch may query from 0.0.0.0 */
	uint64_t querier_age_ns; /* since its last query; UINT64_MAX = none heard */
	uint64_t tx_packets;     /* sent by the control thread: IGMP, ARP, ICMP */
	uint64_t tx_retries;     /* the Tx queue was full, sent later */
	uint64_t tx_dropped; /* answers to ARP and ICMP given up because the Tx queue was full */
	uint8_t kernel_up;   /* config.kernel's device is there: nobody removed it */
	uint64_t kernel_rx;  /* frames that the kernel was given: part of punted, and IGMP again */
	uint64_t
	    kernel_rx_dropped; /* of punted: the kernel did not take them (device down, gone) */
	uint64_t kernel_tx;    /* frames from the kernel that the port took */
	uint64_t kernel_tx_dropped; /* from the kernel, not sent: tx=never, or IGMP with igmp=off */
	uint64_t igmp_rx, igmp_rx_bad;       /* IGMP messages; those that were malformed */
	uint64_t igmp_queries, igmp_reports; /* valid queries received; reports and leaves sent */
	size_t groups;

	/* The querier and the timers that follow from it. Durations; 0 = not running. */
	uint8_t querier_version;   /* of its last general query; 0 = none heard */
	uint8_t igmp_robustness;   /* copies of each change, now */
	uint32_t query_interval_s; /* as the querier says, or 125 */
	uint64_t querier_left_ns;  /* until it counts as gone */
	uint64_t v1_left_ns;       /* until a v1 querier is forgotten */
	uint64_t v2_left_ns;       /* until a v2 querier is forgotten */
	uint64_t repeat_left_ns;   /* until all is reported anew for want of a querier; 0 = at
				      once, UINT64_MAX = it will not be */
	uint64_t igmp_rx_by[MCR_IGMP_RX_KINDS]; /* igmp_rx by mcr_engine_igmp_rx_name */
	uint64_t igmp_rx_v1_queries; /* of igmp_queries: what an SSM receiver cannot work with */
	uint64_t igmp_rx_v2_queries; /* general ones */
	uint64_t igmp_rx_v2_ssm_queries; /* for a group in 232.0.0.0/8 */
	uint64_t igmp_suppressed;        /* reports not sent because another host reported */
	uint64_t igmp_cancelled;         /* messages given up at a change of version */
	uint64_t igmp_version_changes, igmp_repeats;
	uint64_t igmp_bytes; /* memory of the IGMP state */
};

/* mcr_engine_interface_info fills in an interface. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_interface_info(const struct mcr_engine *e, size_t i,
				      struct mcr_interface_info *out);

struct mcr_channel_info {
	char name[MCR_NAME_MAX];
	uint32_t depth;
	uint64_t bytes;
	unsigned n_rings;
	uint64_t epoch;
	uint64_t published; /* messages, all rings */
	uint64_t published_bytes;
	uint64_t too_large; /* messages that did not fit a quarter of bytes, so not published */
	unsigned consumers;
	size_t joins;
	uint8_t huge_pages; /* 1: every ring is on huge pages */

	/* The handler's watchdog; all 0 without one. */
	uint8_t has_handler;
	uint64_t handler_calls, handler_messages;
	uint64_t handler_slow;       /* calls that took longer than handler_slow_ns */
	uint64_t handler_longest_ns; /* of one call */
};

/* mcr_engine_channel_info fills in a channel. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_channel_info(const struct mcr_engine *e, size_t i,
				    struct mcr_channel_info *out);

/* A membership: one group on one interface, the union of its joins. */
struct mcr_group_info {
	char interface[MCR_NAME_MAX];
	uint32_t group_be;
	uint8_t mode;       /* enum mcr_filter_mode of the union */
	unsigned n_sources; /* of the union; the first MCR_JOIN_SOURCES_MAX are in sources_be */
	uint32_t sources_be[MCR_JOIN_SOURCES_MAX];
	unsigned joins;          /* how many joins stand behind it */
	uint64_t packets, bytes; /* delivered; payload bytes */
	uint64_t joined_ns;
	uint64_t first_ns,
	    last_ns;   /* arrival of the first and the last delivered packet; 0 = none */
	char rung[24]; /* how the port filters it: "rte-flow", "mac-list", ... (docs/nics.md) */
	char rung_reason[192];   /* why not better; "" = it is the best */
	int queue;               /* of the port, that it is steered to; -1 = the NIC spreads it */
	char igmp_state[24];     /* "idle", "reporting", "off", ... */
	uint64_t last_report_ns; /* 0 = none sent */
	uint64_t last_query_ns;  /* last query that asked for it; 0 = none */
	unsigned joins_of[MCR_JOIN_MAKERS]; /* of joins: by enum mcr_join_maker */
};

/* mcr_engine_group_info fills in a membership. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_group_info(const struct mcr_engine *e, size_t i, struct mcr_group_info *out);

/* A consumer as it describes itself in its page: untrusted but for id, channel, pid and uid. What
 * it says is cut to what its rings allow. */
struct mcr_consumer_info {
	uint64_t id; /* of this attachment: counts up in the life of the engine */
	char channel[MCR_NAME_MAX];
	char label[MCR_LABEL_MAX]; /* printable ASCII only */
	int32_t pid;               /* SO_PEERCRED */
	uint32_t uid;
	uint64_t received, lost;
	uint64_t skipped;          /* messages that it did not select */
	uint64_t cursor;           /* messages of its rings that it is done with ... */
	uint64_t published;        /* ... of these */
	uint64_t headroom;         /* messages until the slowest ring laps it, or a few more */
	uint64_t headroom_min;     /* the lowest ever, looked at each 10 ms */
	uint64_t heartbeat_age_ns; /* since its last poll */
};

/* mcr_engine_consumer_info fills in an attached consumer. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_consumer_info(const struct mcr_engine *e, size_t i,
				     struct mcr_consumer_info *out);

/* mcr_engine_join_info: the joins themselves, in the order they were added, with the names of
 * interface and channel filled in and the sources in order. */
MCR_API int mcr_engine_join_info(const struct mcr_engine *e, size_t i, struct mcr_join *out);

/* mcr_engine_join_owner: whose join i is. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_join_owner(const struct mcr_engine *e, size_t i, struct mcr_join_owner *out);

#ifdef __cplusplus
}
#endif
#endif
