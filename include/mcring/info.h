/* SPDX-License-Identifier: BSD-3-Clause */
/* What an engine says about itself, while it runs and after mcr_engine_stop. The functions make
 * copies for the caller. Counters are never reset. The functions that take an index i fill in entry
 * i, counted from 0, and return 0, or -ENOENT past the last entry. Those that take a structure with
 * `size` return -EINVAL if it is not set (mcring/engine.h). Thread: control. */
#ifndef MCRING_INFO_H
#define MCRING_INFO_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>
#include <mcring/config.h>
#include <mcring/join.h>
#include <mcring/relay.h>
#include <mcring/sighting.h>
#include <mcring/stats.h>
#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcr_engine;

/* mcr_engine_account gives the account of all rx lcores together. */
MCR_API void mcr_engine_account(const struct mcr_engine *e, struct mcr_account *out);

/* mcr_engine_drop_sample gives the last packet that any rx lcore dropped for a reason. Returns 0.
 */
MCR_API int mcr_engine_drop_sample(const struct mcr_engine *e, enum mcr_drop reason,
				   struct mcr_drop_sample *out);

/* An rx lcore. */
struct mcr_lcore_info {
	uint32_t size; /* sizeof(struct mcr_lcore_info) */
	unsigned lcore;
	struct mcr_account account;
	uint64_t polls, bursts; /* calls of rte_eth_rx_burst; those that returned packets */
	uint64_t busy_cycles;   /* TSC cycles spent in non-empty bursts, including the driver */
	uint64_t tsc_hz;
	uint64_t longest_gap_ns;    /* longest time between two rounds of the rx loop, naps of
				     * MCR_IDLE_ADAPTIVE excluded */
	uint64_t longest_gap_at_ns; /* when it ended; 0 = none yet */
};

/* mcr_engine_lcore_info describes an rx lcore. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_lcore_info(const struct mcr_engine *e, size_t i, struct mcr_lcore_info *out);

/* The control thread, in mcr_engine_poll. A round lasts from one sleep to the next. While it lasts
 * there is no heartbeat, no report of IGMP or MLD and no answer on a socket. */
struct mcr_control_info {
	uint32_t size; /* sizeof(struct mcr_control_info) */
	uint64_t rounds;
	uint64_t longest_round_ns;    /* excludes the time in which the thread was ready but other
				       * threads ran, where the kernel counts that
				       * (/proc/thread-self/schedstat): a long round waited for
				       * something, or had too much to do */
	uint64_t longest_round_at_ns; /* when it ended; 0 = none yet */
	uint64_t views; /* how often it has shown the rx lcores something new: joins, links, routes
			 */
};

/* mcr_engine_control_info describes the control thread. Returns 0. */
MCR_API int mcr_engine_control_info(const struct mcr_engine *e, struct mcr_control_info *out);

/* A DPDK port with its NIC counters (rte_eth_stats). The device thread reads link and counters each
 * 100 ms, or later while the kernel keeps it waiting. */
struct mcr_port_info {
	uint32_t size; /* sizeof(struct mcr_port_info) */
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
	uint64_t rx_missed, rx_errors; /* imissed with what net_af_packet's sockets lost; ierrors */
	uint64_t rx_nombuf;
	uint64_t tx_packets, tx_errors;
	uint64_t link_changes;
	int32_t numa_node; /* of the device; -1 = unknown */
	uint16_t n_lcores; /* rx lcores that poll it: lcores[0..n_lcores) */
	uint16_t lcores[MCR_LCORES_MAX];
	uint32_t rx_descs;     /* descriptors of each rx queue */
	uint32_t buffers;      /* packet buffers in the port's pool */
	uint32_t buffers_used; /* buffers that are in queues or in use */
	uint64_t buffer_bytes; /* memory of all buffers, including headers */
	uint8_t removed;       /* 1: the device is gone, and the counters are its last ones */
	char rung[24];         /* what lets frames in: "mac-list", ... or "rte-flow" if the port is
				* isolated (docs/nics.md) */
	char rung_reason[192]; /* why not a better one; "" = it is the best */
	size_t macs;           /* multicast MAC addresses wanted */
	size_t flow_rules;     /* flow rules in the NIC */
	size_t flow_refused;   /* groups for which the NIC took no rule */
	/* The kernel's interface below the port, under its present name; "" = none, as with vfio.
	 */
	char kernel_name[MCR_DEVICE_NAME_MAX];
	uint32_t kernel_mtu;
	uint32_t carrier_downs; /* how often it lost its carrier since it was created */
	uint8_t kernel_moved;   /* 1: it moved to another network namespace */
	/* When the device thread last saw it; CLOCK_REALTIME, 0 = never. */
	uint64_t rx_last_ns;     /* rx_packets had risen */
	uint64_t missed_last_ns; /* rx_missed had risen */
	uint64_t nombuf_last_ns; /* rx_nombuf had risen */
	uint64_t errors_last_ns; /* rx_errors had risen */
	uint64_t link_since_ns;  /* since then the link is as link_up says; 0 = since the start */
	uint32_t rx_frame_max;   /* octets of the longest frame that arrives whole; 0 = unknown */
	uint32_t macs_refused;  /* addresses of the last list, or slots, that the NIC refused, until
				 * it takes one; 0 = it did */
	uint64_t open_until_ns; /* until then the filter lets everything in
				 * (mcr_engine_open_filter); 0 = it does not */
	char hw_time[16];       /* as the configuration spells it: "off", ..., "metamako" */
	uint8_t has_trailers;   /* 1: hw_time is a switch's, which appends it to each frame */
	/* Then: packets that a channel took, with a time, without a trailer, and with a bad one. */
	uint64_t hw_time_ok, hw_time_none, hw_time_bad;
};

/* mcr_engine_port_info describes a DPDK port that an interface uses. Returns 0, or -ENOENT past the
 * last. */
MCR_API int mcr_engine_port_info(const struct mcr_engine *e, size_t i, struct mcr_port_info *out);

#define MCR_IGMP_RX_KINDS 18 /* outcomes of a received IGMP or MLD packet: each has one */

/* mcr_engine_igmp_rx_name returns the name of an outcome: "query", "bad_checksum", ...
 * (docs/igmp.md); NULL from MCR_IGMP_RX_KINDS on. Thread: any. */
MCR_API const char *mcr_engine_igmp_rx_name(unsigned kind);

/* IGMP or MLD of an interface. Members named *_left_ns and *_age_ns are durations. */
struct mcr_membership_info {
	uint8_t version; /* spoken now; 0 = none */
	char reason[64]; /* why this version: "no older querier is present", "a v2 querier is
			  * present", "a v1 querier is present", "set by the configuration",
			  * "igmp=off", "mld=off", "tx=never", "IPv6 is not spoken" */
	struct mcr_address querier; /* its address, 0.0.0.0 for a switch that queries without one;
				     * none = no general query heard */
	uint64_t querier_age_ns;    /* since its last general query; UINT64_MAX = none heard */
	uint64_t rx, rx_bad;        /* messages received; those that were malformed */
	uint64_t queries, reports;  /* valid queries received; reports and leaves sent */

	/* The querier, and the timers that follow from it. 0 = not running. */
	uint8_t querier_version;           /* version of its last general query; 0 = none heard */
	uint8_t robustness;                /* copies of each change */
	uint32_t query_interval_s;         /* the querier's, or 125 */
	uint64_t querier_left_ns;          /* until the querier counts as gone */
	uint64_t v1_left_ns;               /* until a v1 querier is forgotten */
	uint64_t v2_left_ns;               /* until a v2 querier is forgotten; IGMP only */
	uint64_t repeat_left_ns;           /* until everything is reported again because there is no
					    * querier; 0 = at once, UINT64_MAX = never */
	uint64_t rx_by[MCR_IGMP_RX_KINDS]; /* rx by outcome (mcr_engine_igmp_rx_name) */
	uint64_t rx_v1_queries;      /* v1 queries: these three defeat source-specific joins */
	uint64_t rx_v2_queries;      /* v2 general queries; IGMP only */
	uint64_t rx_old_ssm_queries; /* older ones for a group of a source-specific range */
	uint64_t suppressed;         /* reports not sent because another host reported */
	uint64_t cancelled;          /* messages given up when the version changed */
	uint64_t version_changes, repeats;
	uint64_t bytes;       /* memory of the state */
	uint64_t reserved[4]; /* 0 */
};

/* An interface. */
struct mcr_interface_info {
	uint32_t size; /* sizeof(struct mcr_interface_info) */
	char name[MCR_NAME_MAX];
	uint16_t dpdk_port;
	uint8_t mac[6];
	uint64_t tx_packets; /* sent by mcring: IGMP, MLD, ARP, ICMP, neighbour discovery */
	uint64_t tx_retries; /* reports that had to wait for the Tx queue or for a buffer */
	uint64_t tx_dropped; /* answers that the Tx queue did not take */
	uint8_t kernel_up;   /* 1: the device that `kernel` of its configuration names exists */
	uint64_t kernel_rx; /* frames given to the kernel: they count as `punted`, or as `delivered`
			     * if a channel took them as well */
	uint64_t kernel_rx_dropped; /* frames that the kernel did not take (device down or gone),
				     * and packets that a channel took while the kernel's ring had
				     * no room for them */
	uint64_t kernel_tx;         /* frames from the kernel that the port took */
	uint64_t kernel_tx_dropped; /* frames from the kernel that were not sent: tx_never, IGMP
				     * with igmp=off, MLD with mld=off, leaves of what mcring
				     * wants, or the port was removed */
	size_t groups;              /* of both families */
	struct mcr_membership_info igmp, mld;

	/* IPv6, which is spoken from an address6, a querier of MLD or the first join of an IPv6
	 * group on. States:
	 * "off", "kernel" (it is the kernel's, which answers for it), "tentative", "valid",
	 * "duplicate" (another host has it: docs/igmp.md). */
	struct mcr_address link_local; /* what MLD speaks from; none = there is none */
	char link_local_state[16], address6_state[16];

	/* Groups of both families whose last join or leave has not been reported yet: it waits for
	 * the filter, the Tx queue or the link. */
	size_t unreported;
};

/* mcr_engine_interface_info describes an interface. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_interface_info(const struct mcr_engine *e, size_t i,
				      struct mcr_interface_info *out);

/* mcr_engine_interface_config gives the configuration of interface i, with the address that it has
 * now. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_interface_config(const struct mcr_engine *e, size_t i,
					struct mcr_interface_config *out);

/* mcr_engine_interface_groups copies the first cap groups that interface i is a member of by
 * itself, whatever is joined: 224.0.0.1, those of a querier, ff02::1, and the solicited-node groups
 * of its addresses. groups may be NULL if cap is 0.
 *
 * Returns how many there are, which may exceed cap, or -ENOENT past the last interface. */
MCR_API int mcr_engine_interface_groups(const struct mcr_engine *e, size_t i,
					struct mcr_address *groups, size_t cap);

/* A channel. */
struct mcr_channel_info {
	uint32_t size; /* sizeof(struct mcr_channel_info) */
	char name[MCR_NAME_MAX];
	uint64_t bytes; /* of a ring */
	unsigned n_rings;
	uint64_t epoch;
	uint64_t published;       /* messages, in all rings */
	uint64_t published_bytes; /* their octets of payload */
	uint64_t too_large;       /* messages larger than a quarter of bytes, which no ring takes */
	unsigned consumers;
	size_t joins;
	uint8_t huge_pages; /* 1: every ring is on huge pages, reserved or transparent ones */

	/* The watchdog of the handler. */
	uint8_t has_handler; /* 0: the members below are 0 */
	uint64_t handler_calls, handler_messages;
	uint64_t handler_slow;       /* calls that took longer than handler_slow_ns */
	uint64_t handler_longest_ns; /* longest call */

	/* Of a channel with per_program, which has no rings: how many programs it takes. Its
	 * consumers are those of the channels that were made for programs, called NAME/PID. 0 = it
	 * is another channel. */
	uint32_t programs_max;
};

/* mcr_engine_channel_info describes a channel. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_channel_info(const struct mcr_engine *e, size_t i,
				    struct mcr_channel_info *out);

/* A membership: one group on one interface, the union of its joins (RFC 3376 §3.2). */
struct mcr_group_info {
	uint32_t size; /* sizeof(struct mcr_group_info) */
	char interface[MCR_NAME_MAX];
	struct mcr_address group;
	uint8_t mode;               /* enum mcr_filter_mode of the union */
	unsigned n_sources;         /* sources of the union: mcr_engine_group_sources */
	unsigned joins;             /* elementary joins of this group */
	uint64_t packets, bytes;    /* delivered packets; their octets of payload */
	uint64_t joined_ns;         /* when the membership began */
	uint64_t first_ns, last_ns; /* arrival of the first and the last delivered packet; 0 = none
				     */
	char rung[24];              /* how the port filters the group: "rte-flow", "mac-list", ...
				     * (docs/nics.md); "removed" = the port is gone */
	char rung_reason[192];      /* why not a better one; "" = it is the best */
	int queue;                  /* queue that the NIC steers it to; -1 = the NIC spreads it */
	char igmp_state[24];        /* of IGMP or MLD: "idle", "reporting", "delaying",
				     * "unreported" or "off" (docs/control.md) */
	uint64_t last_report_ns;    /* 0 = none sent */
	uint64_t last_query_ns;     /* last query that asked for it; 0 = none */
	unsigned joins_of[MCR_JOIN_MAKERS]; /* joins by enum mcr_join_maker */
};

/* mcr_engine_group_info describes a membership. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_group_info(const struct mcr_engine *e, size_t i, struct mcr_group_info *out);

/* mcr_engine_group_sources copies the first cap sources of membership i, ascending. sources may be
 * NULL if cap is 0.
 *
 * Returns how many there are, which may exceed cap, or -ENOENT past the last membership. */
MCR_API int mcr_engine_group_sources(const struct mcr_engine *e, size_t i,
				     struct mcr_address *sources, size_t cap);

/* mcr_engine_groups_to_show copies the indices (of mcr_engine_group_info) of at most cap
 * memberships, ascending: those of the configuration, then those with the most packets.
 *
 * Returns how many it copied. */
MCR_API size_t mcr_engine_groups_to_show(const struct mcr_engine *e, size_t *indices, size_t cap);

/* An attached consumer. The engine vouches for id, channel, pid, uid and published; the consumer
 * supplies the rest, cut to what its rings allow. */
struct mcr_consumer_info {
	uint32_t size; /* sizeof(struct mcr_consumer_info) */
	uint64_t id;   /* counts attachments from 1 in the life of the engine */
	char channel[MCR_NAME_MAX];
	char label[MCR_LABEL_MAX]; /* printable ASCII only */
	int32_t pid;               /* from SO_PEERCRED, as uid */
	uint32_t uid;
	uint64_t received, lost;
	uint64_t skipped;          /* messages that it did not select */
	uint64_t cursor;           /* messages of its rings that it has passed ... */
	uint64_t published;        /* ... out of these */
	uint64_t headroom;         /* messages of mean size until its slowest ring laps it */
	uint64_t headroom_min;     /* the lowest headroom, sampled each 10 ms; 0 if it lost any */
	uint64_t heartbeat_age_ns; /* since its last poll */
	/* When the engine saw it, each 10 ms; CLOCK_REALTIME, 0 = never. */
	uint64_t received_last_ns; /* `received` had risen */
	uint64_t lost_last_ns;     /* `lost` had risen */
	/* The oldest and the newest version of the attach exchange that its library reads
	 * (docs/ring.md); 0 = unknown: it has a socket of mcr_engine_attach. */
	uint32_t attach_oldest, attach_newest;
};

/* mcr_engine_consumer_info describes an attached consumer. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_consumer_info(const struct mcr_engine *e, size_t i,
				     struct mcr_consumer_info *out);

#define MCR_QUERIER_RX_KINDS 19 /* outcomes of a packet that a querier received */

/* mcr_engine_querier_rx_name returns the name of an outcome: "report", "off_subnet", ...
 * (docs/routing.md); NULL from MCR_QUERIER_RX_KINDS on. Thread: any. */
MCR_API const char *mcr_engine_querier_rx_name(unsigned kind);

/* The router's side of IGMP or MLD of an interface. Members named *_left_ns are durations. */
struct mcr_querier_info {
	uint32_t size; /* sizeof(struct mcr_querier_info) */
	char interface[MCR_NAME_MAX];
	uint8_t is_mld;
	uint8_t mode;    /* enum mcr_querier_mode */
	char role[16];   /* "us", "other", "waiting" (whether somebody else asks), "no address" */
	uint8_t version; /* in use */
	uint8_t configured_version;
	uint8_t robustness; /* in use: of the querier, whoever that is; as the intervals below */
	uint8_t fast_leave;
	struct mcr_address querier;  /* none = nobody is known */
	uint64_t other_left_ns;      /* until the other querier counts as gone; 0 = there is none */
	uint64_t older_left_ns;      /* until the older version is forgotten; 0 = none is heard */
	uint64_t next_query_left_ns; /* until our next general query; UINT64_MAX = none */
	uint64_t query_interval_ns, query_response_interval_ns, last_member_query_interval_ns;
	uint64_t membership_interval_ns; /* how long a report keeps a group */
	uint64_t other_querier_interval_ns, last_member_query_time_ns;
	size_t groups, sources;
	uint32_t groups_max, sources_max;     /* sources_max: of a group */
	uint64_t sources_all_max;             /* of all groups together */
	uint64_t bytes;                       /* memory of the table */
	uint64_t rx, rx_bad;                  /* packets; those that were malformed */
	uint64_t rx_by[MCR_QUERIER_RX_KINDS]; /* mcr_engine_querier_rx_name */
	uint64_t records;                     /* of reports, that were used */
	uint64_t records_unknown, records_bad_group, records_ssm; /* and those that were not */
	uint64_t refused_groups, refused_sources;                 /* for which there was no room */
	uint64_t
	    refused_leaves; /* not heeded: too many questions waited to ask about them in time */
	uint64_t newer_queries, older_queries;     /* heard, of another version than ours */
	uint64_t tx_general, tx_group, tx_sources; /* queries sent */
	uint64_t tx_retries;
	uint64_t changes;   /* of what is to be forwarded of a group */
	uint64_t elections; /* changes between us and another */
	struct mcr_address last_ssm_group, last_ssm_source; /* of the last that records_ssm or
							     * "ssm" counted: who it was */
	/* Who sent the last that "off_subnet", newer_queries, older_queries counted. */
	struct mcr_address last_off_subnet, last_newer, last_older;
	uint64_t reserved[4]; /* 0 */
};

/* mcr_engine_querier_info describes a querier: IGMP's, then MLD's of each interface that has them.
 * Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_querier_info(const struct mcr_engine *e, size_t i,
				    struct mcr_querier_info *out);

/* A group that hosts of an interface are members of. */
struct mcr_member_info {
	uint32_t size; /* sizeof(struct mcr_member_info) */
	char interface[MCR_NAME_MAX];
	struct mcr_address group;
	uint8_t is_mld;
	uint8_t version;   /* of the oldest member, in the terms of IGMP or MLD */
	uint8_t mode;      /* enum mcr_filter_mode of the router: RFC 9776 §6.2.1 */
	uint8_t is_asking; /* 1: somebody left, and more questions about the group are to come */
	unsigned n_sources;
	uint64_t left_ns;    /* the group timer; INCLUDE: 0 */
	uint64_t v1_left_ns; /* until a v1 host is forgotten; 0 = none, IGMP only */
	uint64_t v2_left_ns; /* until a host of IGMPv2 or MLDv1 is forgotten; 0 = none */
	uint64_t since_ns, last_report_ns; /* CLOCK_REALTIME */
	struct mcr_address last_reporter;
};

/* mcr_engine_member_info describes a group that has members, in the order of the queriers, then of
 * the addresses. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_member_info(const struct mcr_engine *e, size_t i,
				   struct mcr_member_info *out);

/* A source of such a group. */
struct mcr_member_source {
	struct mcr_address address;
	uint64_t left_ns;     /* 0: nobody wants it */
	uint8_t is_forwarded; /* 1: its packets are for the members */
};

/* mcr_engine_member_sources copies the first cap sources of group i, ascending. sources may be NULL
 * if cap is 0.
 *
 * Returns how many there are, which may exceed cap, -ENOENT past the last group, or -ENOMEM. */
MCR_API int mcr_engine_member_sources(const struct mcr_engine *e, size_t i,
				      struct mcr_member_source *sources, size_t cap);

#define MCR_SOCKETS_TEXT 4088

/* What a consumer says of its sockets, if it is a program that was written for sockets. */
struct mcr_consumer_sockets {
	uint32_t size;   /* sizeof(struct mcr_consumer_sockets) */
	uint64_t id;     /* of the consumer */
	uint64_t age_ns; /* of the report; UINT64_MAX = none, then text is "" */
	/* A line for each socket, as docs/control.md says: printable ASCII and line feeds only,
	 * else whatever the consumer sent. */
	char text[MCR_SOCKETS_TEXT];
};

/* mcr_engine_consumer_sockets gives the last report of attached consumer i. Returns 0, or -ENOENT
 * past the last. */
MCR_API int mcr_engine_consumer_sockets(const struct mcr_engine *e, size_t i,
					struct mcr_consumer_sockets *out);

/* mcr_engine_join_info gives a join, in the order in which they were added, with the names of
 * interface and channel filled in and the sources sorted. The sources belong to the engine and are
 * valid until the next call that may change joins: mcr_engine_poll, mcr_engine_update and those
 * like it, mcr_engine_channel_remove, mcr_engine_stop and mcr_engine_destroy. mcr_join_list_add
 * copies them. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_join_info(const struct mcr_engine *e, size_t i, struct mcr_join *out);

/* mcr_engine_join_owner gives the owner of join i. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_join_owner(const struct mcr_engine *e, size_t i, struct mcr_join_owner *out);

/* A line of a feed. */
struct mcr_feed_info_line {
	char name[MCR_NAME_MAX];
	char engine[MCR_NAME_MAX]; /* "" = whichever engine is asked */
	char channel[MCR_NAME_MAX];
	uint32_t joins;  /* elementary ones */
	uint32_t is_own; /* 1: this engine receives it */
};

/* A feed that the engine declares. */
struct mcr_feed_info {
	uint32_t size; /* sizeof(struct mcr_feed_info) */
	uint32_t n_lines;
	char name[MCR_NAME_MAX];
	char declaration[1024]; /* how its packets are numbered: all fields */
	uint64_t digest;
	uint32_t readers;     /* that have it open */
	uint32_t old_readers; /* that opened it before a change, and go on with what it was */
	struct mcr_feed_info_line lines[8];
};

/* mcr_engine_feed_info describes feed i. Returns 0, or -ENOENT past the last. */
MCR_API int mcr_engine_feed_info(const struct mcr_engine *e, size_t i, struct mcr_feed_info *out);

/* This host's share of joins that several hosts have among them. Whoever runs the engine makes the
 * share, and says it with mcr_engine_shard_put; the engine only shows it. */
struct mcr_shard_info {
	uint32_t size;                /* sizeof(struct mcr_shard_info) */
	uint32_t hosts;               /* that share */
	uint32_t copies;              /* how many of them make each join */
	char me[100];                 /* this host's name among them */
	uint64_t digest;              /* equal on hosts that share in the same way */
	uint64_t joins, joins_of_all; /* elementary ones: of this host, of all */
	uint64_t leaving;  /* joins that are left later, since other hosts have them now */
	uint64_t leave_ns; /* CLOCK_REALTIME: when the next of them are left; 0 = none waits */
};

/* mcr_engine_shard_info gives what was put last. Returns 0, or -ENOENT: nothing is shared. */
MCR_API int mcr_engine_shard_info(const struct mcr_engine *e, struct mcr_shard_info *out);

#ifdef __cplusplus
}
#endif
#endif
