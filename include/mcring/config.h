/* SPDX-License-Identifier: BSD-3-Clause */
/* What an engine is made from: its interfaces, channels, sockets and limits. */
#ifndef MCRING_CONFIG_H
#define MCRING_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/inline.h>
#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

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

#define MCR_HANDLER_SLOW_NS 10000 /* a call above it is slow, unless the channel says otherwise */

struct mcr_channel_config {
	char name[MCR_NAME_MAX];
	uint32_t depth; /* messages a ring holds: a power of two, 64..2^24; 0 = 65536 */
	uint64_t bytes; /* payload bytes a ring holds: a power of two, 64 KiB..2^36;
			 * 0 = 256 * depth, at least 64 KiB */
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

/* mcr_engine_config_init fills in the defaults. */
MCR_API void mcr_engine_config_init(struct mcr_engine_config *cfg);

#ifdef __cplusplus
}
#endif
#endif
