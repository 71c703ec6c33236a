/* SPDX-License-Identifier: BSD-3-Clause */
/* What an engine is created with: interfaces, channels, sockets and lcores. Start a struct
 * mcr_engine_config with mcr_engine_config_init, the others with all members 0 but size. The engine
 * copies what it needs: what pointers point to is borrowed for the call. */
#ifndef MCRING_CONFIG_H
#define MCRING_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>
#include <mcring/inline.h>
#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcr_sockets;

#define MCR_INTERFACES_MAX  64
#define MCR_CHANNELS_MAX    64
#define MCR_FEEDS_MAX       64     /* that an engine declares */
#define MCR_LCORES_MAX      32     /* rx lcores */
#define MCR_QUEUES_MAX      64     /* rx queues of a port */
#define MCR_MEMBERSHIPS_MAX 65536  /* (interface, group) pairs */
#define MCR_JOINS_MAX       262144 /* elementary joins, of all owners together */
#define MCR_DEVICE_NAME_MAX 16     /* octets of a kernel device's name, with the NUL */

/* The IGMP version that an interface speaks. */
enum mcr_igmp_mode {
	MCR_IGMP_AUTO = 0, /* v3, or an older version while an older querier is present (RFC 9776
			    * §7.2.1) */
	MCR_IGMP_V1 = 1,
	MCR_IGMP_V2 = 2,
	MCR_IGMP_V3 = 3,
	MCR_IGMP_OFF = 4, /* no reports; ARP and ICMP echo are still answered */
};

/* The MLD version that an interface speaks. */
enum mcr_mld_mode {
	MCR_MLD_AUTO = 0, /* v2, or v1 while a querier of v1 is present (RFC 9777 §8.2.1) */
	MCR_MLD_V1 = 1,
	MCR_MLD_V2 = 2,
	MCR_MLD_OFF = 3, /* no reports; solicitations and echo are still answered */
};

/* Whether an interface asks who wants which group, as routers do (docs/routing.md). */
enum mcr_querier_mode {
	MCR_QUERIER_OFF = 0,
	MCR_QUERIER_AUTO = 1, /* while nobody else does, whatever the addresses */
	MCR_QUERIER_ON = 2,   /* unless one with a lower address does (RFC 9776 §6.6.2) */
};

/* An interface's part in the relay (docs/routing.md). */
enum mcr_relay_role {
	MCR_RELAY_NONE = 0,
	MCR_RELAY_UPSTREAM = 1,   /* towards the sources: where the host joins what is wanted
				   * downstream (RFC 4605 §3). One interface at most */
	MCR_RELAY_DOWNSTREAM = 2, /* towards the members */
};

/* When packets are forwarded to an interface. */
enum mcr_forward_when {
	MCR_FORWARD_DEFAULT = 0, /* MCR_FORWARD_QUERIER; upstream: MCR_FORWARD_ALWAYS */
	MCR_FORWARD_QUERIER = 1, /* while mcring is the querier there (RFC 4605 §3): downstream */
	MCR_FORWARD_ALWAYS = 2,  /* whoever asks: there is no other forwarder */
	MCR_FORWARD_NEVER = 3,
};

#define MCR_PREFIXES_MAX      8   /* of a list of prefixes */
#define MCR_STATIC_GROUPS_MAX 256 /* of an interface */

/* A range of addresses. */
struct mcr_prefix {
	struct mcr_address address; /* bits behind len are 0 */
	uint8_t len;                /* 0..32 of IPv4, 0..128 of IPv6 */
};

/* A group that an interface gets though nobody reports it. */
struct mcr_static_group {
	struct mcr_address group, source; /* source: none = any */
};

/* What an rx lcore does while its queues are empty. */
enum mcr_idle {
	MCR_IDLE_BUSY = 0,     /* polls */
	MCR_IDLE_ADAPTIVE = 1, /* sleeps about 50 us at a time after 1,024 empty rounds */
};

/* Which UDP checksums are checked. */
enum mcr_udp_checksum {
	MCR_UDP_CHECKSUM_NIC = 0,    /* drop what the NIC marked bad (RTE_MBUF_F_RX_L4_CKSUM_BAD) */
	MCR_UDP_CHECKSUM_OFF = 1,    /* none */
	MCR_UDP_CHECKSUM_VERIFY = 2, /* compute each; a checksum of 0 means none (RFC 768) */
};

/* hw_ns of messages: the NIC's time of arrival, or that of a switch before it. */
enum mcr_hw_time {
	MCR_HW_TIME_OFF = 0,    /* none */
	MCR_HW_TIME_ON = 1,     /* where the driver has it (docs/nics.md): MCR_FLAG_HW_TIME */
	MCR_HW_TIME_SYNCED = 2, /* also MCR_FLAG_HW_TIME_SYNCED: the operator vouches that the
				 * NIC's clock is right */
	/* Of the trailer that a switch appends to each frame: MCR_FLAG_HW_TIME. A frame without
	 * one, or with a bad one, has no time. */
	MCR_HW_TIME_METAMAKO = 3,     /* Metamako, Arista 7130 */
	MCR_HW_TIME_EXABLAZE_HPT = 4, /* Exablaze Fusion HPT, Cisco Nexus 3550-T */
};

/* Whether a queue that is behind is received in pieces of 8 packets. Each piece has its own rx_ns,
 * and 32 packets are published together. */
enum mcr_pieces {
	MCR_PIECES_AUTO = 0, /* no: no driver is known that gains by it (docs/benchmarks.md) */
	MCR_PIECES_ON = 1,
	MCR_PIECES_OFF = 2,
};

/* An interface: a DPDK port, a VLAN and a local address. */
struct mcr_interface_config {
	uint32_t size; /* sizeof(struct mcr_interface_config) */
	char name[MCR_NAME_MAX];
	char port[64]; /* DPDK device name ("net_af_packet0", "0000:01:00.0") or port number */
	struct mcr_address address; /* IPv4. None: reports come from 0.0.0.0, and ARP is not
				     * answered */
	uint8_t prefix_len;         /* of address, 0..32 */
	uint8_t igmp;               /* enum mcr_igmp_mode */
	uint8_t tx_never;           /* 1: this interface sends no frame at all */
	uint8_t udp_checksum;       /* enum mcr_udp_checksum; the port's first interface decides */
	uint16_t vlan;              /* 1..4094; 0 = untagged */
	/* The engine makes a device of this name in the kernel (which takes CAP_NET_ADMIN). The
	 * kernel gets what no channel wants and answers ARP, neighbour solicitations and echo
	 * itself; what it sends on the device leaves through the port. "" = no device: mcring
	 * answers those for its addresses. */
	char kernel[MCR_DEVICE_NAME_MAX];

	/* IGMP details; all 0 is a good choice (docs/igmp.md). */
	uint8_t igmp_strict;            /* 1: ignore queries that a strict reading forbids */
	uint8_t igmp_robustness;        /* copies of each change, 1..7; 0 = 2; the QRV of a v3
					 * querier has precedence */
	uint8_t igmp_robustness_floor;  /* least number of copies, whatever a querier says, 1..7;
					 * 0 = 1 */
	uint32_t igmp_compat_timeout_s; /* seconds until an older querier is forgotten; 0 = by the
					 * RFC */
	uint32_t igmp_repeat_s;         /* seconds between reports of everything while there is no
					 * querier; 0 = 60, UINT32_MAX = never */

	/* These belong to the port: interfaces that share it give the same values, or 0. */
	uint16_t n_queues; /* rx queues, 1..MCR_QUEUES_MAX; 0 = one for each lcore that may poll the
			    * port or, where the driver has no RSS, every queue of the device */
	uint16_t n_lcores; /* entries of lcores; 0 = the rx lcores of the port's NUMA node, or all
			    * if there are none */
	uint16_t lcores[MCR_LCORES_MAX]; /* the only rx lcores that may poll the port */
	uint8_t hw_time;                 /* enum mcr_hw_time */
	uint8_t pieces;                  /* enum mcr_pieces */

	/* IPv6, which the interface speaks once it has address6, a querier of MLD or the first join
	 * of an IPv6 group: then it has a link-local address, too. Members that begin with igmp_
	 * hold for MLD as well, but for igmp_strict. */
	struct mcr_address address6; /* none = the link-local address alone */
	uint8_t prefix6_len;         /* of address6, 0..128 */
	uint8_t mld;                 /* enum mcr_mld_mode */
	uint8_t dad_off;             /* 1: addresses are used at once, without duplicate address
				      * detection (RFC 4862 §5.4) */

	/* The router's side of IGMP and MLD (docs/routing.md). 0 = the default of the RFC, but for
	 * the limits. Values that a message cannot carry are rounded down to the next that it can.
	 */
	uint32_t query_interval_s;              /* 1..31744; 0 = 125 */
	uint32_t query_response_interval_ms;    /* below query_interval_s; 0 = 10 s */
	uint32_t startup_query_interval_ms;     /* 0 = a quarter of query_interval_s */
	uint32_t last_member_query_interval_ms; /* 0 = 1 s */
	uint32_t querier_groups;     /* groups that each of the two knows at most; 0 = 16384 */
	uint32_t querier_sources;    /* sources of a group at most; 0 = 128 */
	uint8_t querier;             /* enum mcr_querier_mode of IGMP: takes an address */
	uint8_t mld_querier;         /* of MLD: speaks from the link-local address */
	uint8_t querier_version;     /* of IGMP, 1..3; 0 = 3 */
	uint8_t mld_querier_version; /* of MLD, 1..2; 0 = 2 */
	uint8_t querier_robustness;  /* 1..255; 0 = 2 */
	uint8_t startup_query_count, last_member_query_count; /* 0 = querier_robustness */
	uint8_t fast_leave; /* 1: a leave ends a membership at once, whoever else is a member */

	/* The relay (docs/routing.md). */
	uint8_t role;          /* enum mcr_relay_role */
	uint8_t forward_when;  /* enum mcr_forward_when */
	uint8_t ttl_threshold; /* to here only what came with a TTL or hop limit above it; 0 = 1 */
	uint8_t loop_guard;    /* 1: what comes in here is compared with what was relayed lately */
	uint8_t has_scopes;    /* 1: scopes holds, even if empty; 0 = 239.255.0.0/16 */
	uint8_t n_scopes;      /* of groups that are relayed neither from here nor to here */
	struct mcr_prefix scopes[MCR_PREFIXES_MAX];
	uint8_t n_rpf_sources; /* downstream: sources behind it, beside those of its subnets */
	struct mcr_prefix rpf_sources[MCR_PREFIXES_MAX];
	uint16_t n_static_groups; /* downstream: as if a member that never leaves were there */
	struct mcr_static_group static_groups[MCR_STATIC_GROUPS_MAX];
};

#define MCR_ACCESS_IDS_MAX 32 /* users, and groups, of an access list */

/* An access list. It admits a process if its effective user, effective group or a supplementary
 * group was listed when the process connected. An empty list admits everybody, or nobody where
 * the member says so. Sockets from mcr_engine_attach are always admitted. */
struct mcr_access {
	uint32_t uids[MCR_ACCESS_IDS_MAX], gids[MCR_ACCESS_IDS_MAX];
	uint32_t n_uids, n_gids;
};

#define MCR_HANDLER_SLOW_NS 10000 /* default of handler_slow_ns */
#define MCR_CONSUMER_JOINS  4096  /* default of joins_max */
#define MCR_PROGRAMS        16    /* default of programs_max */

/* A channel: a set of groups with one ring for each rx lcore. */
struct mcr_channel_config {
	uint32_t size; /* sizeof(struct mcr_channel_config) */
	char name[MCR_NAME_MAX];
	uint64_t bytes;            /* of a ring: a power of two, 64 KiB..2^36; 0 = 16 MiB. A message
				    * takes 40 octets and its payload, rounded up to 64 */
	uint32_t consumers_max;    /* consumers at a time; 0 = as many as the engine takes */
	struct mcr_access readers; /* who may attach, of those who can open the socket */
	struct mcr_access joiners; /* which readers may join groups; an empty list admits nobody */
	uint8_t has_lcore;         /* 1: steer its groups to a queue that rx lcore `lcore` polls, on
				    * ports that can steer by group; a warning names the others */
	uint16_t lcore;

	/* The inline consumer (mcring/inline.h); NULL = none. n: 1 to 32 messages in the order of
	 * arrival. ring: index of the rx lcore that calls. */
	void (*handler)(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring);
	void *handler_ctx;        /* passed to handler as ctx */
	uint8_t handler_only;     /* 1: do not publish: nothing is copied, and nobody can attach */
	uint32_t handler_slow_ns; /* a longer call counts as slow; 0 = MCR_HANDLER_SLOW_NS */
	uint32_t joins_max; /* elementary joins that one consumer may make; 0 = MCR_CONSUMER_JOINS
			     */
	/* The channel is a template: each program that attaches to it over the engine's socket gets
	 * a channel of its own, with rings of `bytes`, until it ends. Nobody else can attach to
	 * that, and nobody can join into the template. Its memory is filled on the device thread,
	 * so the answer to the program takes as long. Takes no handler and no consumers_max; the
	 * name has at most 20 octets: the program's channel is NAME/PID in statistics. */
	uint16_t programs_max; /* such channels at a time, at most MCR_CHANNELS_MAX - 1; 0 =
				* MCR_PROGRAMS */
	uint8_t per_program;   /* 1: do so */
};

#define MCR_CONSUMERS_MAX 1024  /* consumers at a time, of all channels */
#define MCR_USER_JOINS    16384 /* default of joins_per_uid */

/* The attach socket: who can connect to it, and how many. */
struct mcr_attach_config {
	uint32_t mode;          /* permission bits; mcr_engine_config_init sets 0660 */
	uint32_t gid;           /* its group; UINT32_MAX = the process's own */
	uint32_t consumers_max; /* consumers at a time, up to MCR_CONSUMERS_MAX; 0 = that many */
	uint32_t consumers_per_uid; /* consumers of one user at a time; 0 = no such limit */
};

/* The socket `stats` in run_dir, for monitors: whoever can connect reads what the engine says of
 * itself, and can change nothing. */
struct mcr_stats_config {
	uint32_t mode; /* permission bits; mcr_engine_config_init sets 0660 */
	uint32_t gid;  /* its group; UINT32_MAX = the process's own */
};

/* Levels of log lines. */
enum mcr_log_level {
	MCR_LOG_ERROR,
	MCR_LOG_WARNING,
	MCR_LOG_INFO,
	MCR_LOG_DEBUG
};

#define MCR_RELOAD_LATER 1 /* reload() returns it: mcr_engine_reload_done gives the answer */

/* What mcr_engine_create takes. */
struct mcr_engine_config {
	uint32_t size; /* sizeof(struct mcr_engine_config), set by mcr_engine_config_init */
	char name[MCR_NAME_MAX]; /* "mcring" */
	char run_dir[96]; /* directory of the sockets `attach`, `control` and `stats`; "" = no
			   * sockets */
	struct mcr_attach_config attach;
	const unsigned *lcores; /* EAL worker lcores that receive; NULL = all of them */
	unsigned n_lcores;
	uint8_t idle;             /* enum mcr_idle */
	uint8_t keep_memberships; /* 1: mcr_engine_stop sends no leaves */
	/* Packets of a burst that are published first; the rest follows in chunks that grow. 0 = 1.
	 * An rx loop that is behind publishes each burst as a whole. */
	uint16_t first_chunk;
	const struct mcr_interface_config *interfaces; /* at least one */
	unsigned n_interfaces;
	const struct mcr_channel_config *channels; /* none = the engine makes one, "default" */
	unsigned n_channels;
	/* Takes a log line, which is borrowed for the call. Thread: control, which waits until it
	 * returns. NULL = errors and warnings go to stderr; a full pipe there stops control. */
	void (*log)(void *ctx, enum mcr_log_level level, const char *line);
	/* Carries out `mcring-ctl reload`; dry_run: only report what would change. Thread: control,
	 * in mcr_engine_poll when it serves no client: reload may change the engine, but not poll,
	 * stop or destroy it, nor call mcr_engine_port_remove, which polls it. Returns 0 or -errno,
	 * with one line about the change or the failure in *report; or MCR_RELOAD_LATER, and then
	 * continues in mcr_engine_run and answers with mcr_engine_reload_done. The engine refuses
	 * other reloads until then. NULL = this engine has no configuration file. */
	int (*reload)(void *ctx, int dry_run, struct mcr_error *report);
	void *ctx; /* passed to log and reload */
	/* From mcr_sockets_note before EAL probed its devices; borrowed for mcr_engine_create,
	 * which adds the sockets that it finds. NULL = the engine cannot know which packet sockets
	 * belong to drivers, and does not count what net_af_packet before DPDK 25.03 loses. */
	struct mcr_sockets *sockets_before;
	/* Elementary joins that the consumers of one user may have made together, in all channels;
	 * 0 = MCR_USER_JOINS. Those of sockets from mcr_engine_attach do not count. */
	uint32_t joins_per_uid;
	/* 1: the ports stay visible for what lists those that nobody in this process owns: DPDK's
	 * telemetry (/ethdev/list), dpdk-dumpcap, dpdk-proc-info, RTE_ETH_FOREACH_DEV. Nothing else
	 * in the process may then use them, which DPDK no longer sees to. 0: they are owned. */
	uint8_t list_ports;
	uint8_t reserved[3]; /* 0 */
	struct mcr_stats_config stats;
	/* To take the place of an engine that runs. mcr_engine_create calls it, with ctx, when all
	 * is ready but the run directory and the ports: it returns 0 when the other engine is gone
	 * and the DPDK devices are there, or -errno with err filled, which create then returns.
	 * NULL = mcr_engine_create waits for nobody. */
	int (*take_over)(void *ctx, struct mcr_error *err);
};

/* mcr_engine_config_init fills in the defaults: everything 0 but size, name, attach,
 * stats and first_chunk. size: sizeof(struct mcr_engine_config) in the program. Thread: any. */
MCR_API void mcr_engine_config_init(struct mcr_engine_config *cfg, size_t size);

#ifdef __cplusplus
}
#endif
#endif
