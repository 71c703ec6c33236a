/* SPDX-License-Identifier: BSD-3-Clause */
/* What an engine says of itself while it runs, and after mcr_engine_stop. All functions belong to
 * the control thread. The *_info functions fill entry i, counted from 0, and return 0, or -ENOENT
 * past the last. */
#ifndef MCRING_INFO_H
#define MCRING_INFO_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/config.h>
#include <mcring/join.h>
#include <mcring/stats.h>
#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcr_engine;

/* mcr_engine_account: the sum over lcores. */
MCR_API void mcr_engine_account(const struct mcr_engine *e, struct mcr_account *out);

/* mcr_engine_drop_sample: the most recent over lcores. */
MCR_API void mcr_engine_drop_sample(const struct mcr_engine *e, enum mcr_drop reason,
				    struct mcr_drop_sample *out);

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
