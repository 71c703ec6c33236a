/* SPDX-License-Identifier: BSD-3-Clause */
/* The router side of group membership for one interface and family, IGMP or MLD: a pure state
 * machine. It asks who wants what, and knows the answers. It sees bytes and times, never a port, an
 * mbuf or a clock.
 *
 * Implements RFC 9776 §6 and §7.3 (IGMPv3, router part), RFC 2236 §3 and §7 (IGMPv2), RFC 1112
 * App. I (IGMPv1), RFC 9777 §7 and §8.3 (MLDv2, router part), RFC 2710 §4 to §6 (MLDv1), and the
 * SSM rules of RFC 4604. docs/routing.md has the decisions, and which test shows which rule.
 *
 * Thread: control, for every call. Times are nanoseconds of one monotonic clock. */
#ifndef MCR_CORE_QUERIER_H
#define MCR_CORE_QUERIER_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/types.h>

#include "core/gmp/gmp.h"
#include "core/source_filter.h"

struct mcr_querier;

#define MCR_QUERIER_NEVER UINT64_MAX

/* Defaults (RFC 9776 §8; RFC 9777 §9 has the same values). */
#define MCR_QUERIER_ROBUSTNESS              2u
#define MCR_QUERIER_INTERVAL_S              125u
#define MCR_QUERIER_RESPONSE_MS             10000u
#define MCR_QUERIER_LAST_MEMBER_INTERVAL_MS 1000u
/* Ours. */
#define MCR_QUERIER_GROUPS      16384u /* of an interface and family */
#define MCR_QUERIER_SOURCES     128u   /* of a group */
#define MCR_QUERIER_SOURCES_ALL 65536u /* of all groups together: not to be set */
#define MCR_QUERIER_BURST       16u    /* messages in one tick (MCR_GMP_TICK_NS) */

/* All-zero but the family is a good configuration of a querier that has no address yet. */
struct mcr_querier_config {
	uint64_t seed;              /* of the hash of groups */
	struct mcr_address address; /* source of queries; none: it sends nothing. MLD: link-local,
				     * and valid: RFC 9777 §5.1.14 */
	uint16_t mtu;       /* of the link, octets of IP packet; 0 = 1500; at least 68, MLD 1280 */
	uint8_t prefix_len; /* IGMP: of the address; who is on the subnet. 0 = everybody */
	uint8_t family;     /* enum mcr_gmp_family */
	uint8_t version;    /* 0 = the newest, else 1, 2 or, of IGMP, 3 */
	uint8_t is_auto;    /* 1: asks only while nobody else does, whatever the addresses */
	uint8_t strict_rx;  /* IGMP: 1 = demand TTL 1 and, of versions 2 and 3, Router Alert */
	uint8_t fast_leave; /* 1: a leave ends the membership at once, and nobody is asked */
	uint8_t robustness; /* 0 = 2 */
	uint8_t startup_query_count;            /* 0 = robustness */
	uint8_t last_member_query_count;        /* 0 = robustness */
	uint16_t burst;                         /* messages handed to send in one tick; 0 = 16 */
	uint32_t query_interval_s;              /* 0 = 125 */
	uint32_t query_response_interval_ms;    /* 0 = 10 s */
	uint32_t startup_query_interval_ms;     /* 0 = a quarter of the query interval */
	uint32_t last_member_query_interval_ms; /* 0 = 1 s */
	uint32_t groups_max;                    /* 0 = 16,384 */
	uint32_t sources_max;                   /* of a group; 0 = 128 */

	/* NULL, or called from input and poll when what is to be forwarded of a group is another
	 * than before: mcr_querier_filter says what. A refresh calls nothing. It must not call the
	 * querier's functions but that one. */
	void (*changed)(void *ctx, struct mcr_address group);
	void *changed_ctx;
};

/* What a configuration comes to: values that no message can carry are rounded down to the next that
 * can (RFC 9776 §4.1.1, §4.1.7), and the rest follows. ns unless said. */
struct mcr_querier_timing {
	uint8_t version;
	uint8_t robustness, qrv; /* qrv: in messages, 0 = more than 7 */
	uint8_t qqic;
	uint16_t response_code, last_member_code; /* of general queries, of the others */
	uint32_t startup_count, last_member_count;
	uint64_t interval_ns, response_ns, startup_interval_ns, last_member_interval_ns;
	uint64_t last_member_ns;   /* LMQT */
	uint64_t membership_ns;    /* GMI */
	uint64_t other_querier_ns; /* OQPI */
	uint64_t older_host_ns;    /* OHPI */
};

/* mcr_querier_timing_of computes it. name: of the interface, for the error. Returns 0, or -EINVAL
 * with err filled: a value out of range, or one that another does not allow; it names the keys of
 * the configuration file. */
int mcr_querier_timing_of(struct mcr_querier_timing *out, const struct mcr_querier_config *cfg,
			  const char *name, struct mcr_error *err);

/* mcr_querier_create. Returns 0, -EINVAL (no such family, an mtu below the least, what
 * mcr_querier_timing_of refuses) or -ENOMEM. */
int mcr_querier_create(struct mcr_querier **out, const struct mcr_querier_config *cfg,
		       uint64_t now_ns);

/* mcr_querier_destroy frees everything and sends nothing: no message says that a querier stops. q
 * may be NULL. */
void mcr_querier_destroy(struct mcr_querier *q);

/* Where a packet comes from. */
enum mcr_querier_from {
	MCR_QUERIER_FROM_WIRE, /* messages with our own address are another's mistake, or an echo */
	MCR_QUERIER_FROM_HOST, /* this host's own reports: it is a member like all others */
};

/* mcr_querier_input: one packet with a message of IGMP or MLD, from the IP header on; len may
 * include Ethernet padding. Returns 0 (used or rightly ignored) or -EBADMSG (malformed). */
int mcr_querier_input(struct mcr_querier *q, const uint8_t *packet, size_t len,
		      enum mcr_querier_from from, uint64_t now_ns);

/* mcr_querier_poll sends what is due, and lets end what has timed out. send: as of mcr_gmp_poll; a
 * message that it does not take is sent again in the next tick, and moves no timer. Returns the
 * next deadline, always after now_ns, or MCR_QUERIER_NEVER. Allocates nothing. */
uint64_t mcr_querier_poll(struct mcr_querier *q, uint64_t now_ns, mcr_gmp_send send, void *ctx);

/* mcr_querier_restart: the link came up, or the interface has this address now (none: it sends
 * nothing until it has one). It starts over (RFC 9776 §8.6), and keeps the table. */
void mcr_querier_restart(struct mcr_querier *q, struct mcr_address address, uint8_t prefix_len,
			 uint64_t now_ns);

/* mcr_querier_set_mtu limits messages to another MTU of the link. Returns 0, or -EINVAL (below the
 * least). */
int mcr_querier_set_mtu(struct mcr_querier *q, uint16_t mtu);

/* mcr_querier_filter: what is to be forwarded of a group to this interface now: INCLUDE{} when
 * nobody is a member, or the group never leaves a link (224.0.0.0/24, ff02::/16). The sources of
 * EXCLUDE are those that nobody wants. They are valid until the next call with q. */
void mcr_querier_filter(struct mcr_querier *q, struct mcr_address group,
			struct mcr_source_filter *out);

/* What became of a packet given to mcr_querier_input: each ends in exactly one of these. Records of
 * a report are counted apart. */
enum mcr_querier_rx {
	MCR_QUERIER_RX_QUERY,  /* another router's query that counts */
	MCR_QUERIER_RX_REPORT, /* of any version */
	MCR_QUERIER_RX_LEAVE,  /* of IGMPv2, a Done of MLDv1 */
	/* Rightly ignored. */
	MCR_QUERIER_RX_TYPE,        /* a type that routers do not read */
	MCR_QUERIER_RX_OWN,         /* our own address or none of ours on the wire */
	MCR_QUERIER_RX_NO_ADDRESS,  /* a query from 0.0.0.0: a snooping switch (RFC 4541 §2.1.1) */
	MCR_QUERIER_RX_OFF_SUBNET,  /* query, or report of version 1 or 2, from off the subnet */
	MCR_QUERIER_RX_DESTINATION, /* sent to an address where such a message does not belong */
	MCR_QUERIER_RX_BAD_GROUP, /* of a query or an old report: not multicast, or never asked for
				   */
	MCR_QUERIER_RX_SSM,       /* an old report or leave of a group that needs sources */
	MCR_QUERIER_RX_STRICT,    /* strict_rx */
	MCR_QUERIER_RX_SOURCE,    /* MLD: the source is not link-local */
	MCR_QUERIER_RX_HOP_LIMIT, /* MLD: hop limit is not 1 */
	MCR_QUERIER_RX_NO_ALERT,  /* MLD: no Router Alert */
	/* Malformed: mcr_querier_input returned -EBADMSG. */
	MCR_QUERIER_RX_MALFORMED,
	MCR_QUERIER_RX_BAD_IP = MCR_QUERIER_RX_MALFORMED,
	MCR_QUERIER_RX_FRAGMENT,
	MCR_QUERIER_RX_BAD_LENGTH,
	MCR_QUERIER_RX_BAD_RECORDS, /* more records or sources announced than there are octets; the
				     * whole records before them were used */
	MCR_QUERIER_RX_BAD_CHECKSUM,
	MCR_QUERIER_RX_COUNT,
};

/* mcr_querier_rx_name: a short name for counters; NULL beyond the last. */
const char *mcr_querier_rx_name(unsigned rx);

enum mcr_querier_role {
	MCR_QUERIER_SILENT,  /* it has no address to speak from */
	MCR_QUERIER_WAITING, /* is_auto: hears whether another asks, and asks after OQPI if not */
	MCR_QUERIER_OTHER,   /* another is the querier */
	MCR_QUERIER_US,
};

/* mcr_querier_role_name: "no address", "waiting", "other", "us". */
const char *mcr_querier_role_name(enum mcr_querier_role role);

/* The interface at a glance. Times on the machine's clock. */
struct mcr_querier_state {
	uint8_t role;    /* enum mcr_querier_role */
	uint8_t version; /* in use; less than configured while an older querier is heard */
	struct mcr_address querier;       /* ours or the other's; none: nobody is known */
	uint64_t other_until_ns;          /* when the other counts as gone; 0: there is none */
	uint64_t older_until_ns;          /* when an older version is forgotten; 0: none is heard */
	uint64_t next_query_ns;           /* our next general query, waiting: the first if nobody
					   * else asks; MCR_QUERIER_NEVER: none */
	uint32_t startup_left;            /* general queries of the start that are still to come */
	struct mcr_querier_timing timing; /* in use: of the configuration, or what the other says */

	size_t groups, sources;
	uint32_t groups_max, sources_max;
	uint64_t memory_bytes;

	uint64_t rx[MCR_QUERIER_RX_COUNT]; /* packets by what became of them */
	uint64_t records;                  /* of reports, old ones and leaves too, that were used */
	uint64_t records_unknown;          /* of a type that we do not know */
	uint64_t records_bad_group;        /* not multicast, or never reported (224.0.0.1) */
	uint64_t records_ssm;              /* without sources, in a group that needs sources */
	uint64_t refused_groups;           /* records for which groups_max left no room */
	uint64_t refused_sources;          /* sources for which there was no room, or no memory */
	uint64_t refused_leaves; /* not heeded, as more questions wait than can be asked in time */
	uint64_t newer_queries;  /* of a version above the configured one */
	uint64_t older_queries;  /* general ones below it */
	uint64_t tx_general, tx_group, tx_sources; /* queries sent */
	uint64_t tx_retries; /* send returned an error and the message was kept */
	uint64_t changes;    /* calls of `changed`, made or not */
	uint64_t elections;  /* changes of role between us and another */
	struct mcr_address last_ssm_group, last_ssm_source; /* of the last that records_ssm or
							     * RX_SSM counted: who */
	/* Sources of the last that RX_OFF_SUBNET, newer_queries, older_queries counted. */
	struct mcr_address last_off_subnet, last_newer, last_older;
};

/* mcr_querier_get_state: as the last input or poll left it. It touches no group: it can be asked in
 * each round. */
void mcr_querier_get_state(const struct mcr_querier *q, struct mcr_querier_state *out);

/* One group of the table. */
struct mcr_querier_group {
	struct mcr_address group;
	uint8_t version;      /* of its oldest member: of IGMP 1, 2, 3; of MLD 1, 2 */
	uint8_t mode;         /* enum mcr_filter_mode of the router (RFC 9776 §6.2.1) */
	uint8_t queries_left; /* group queries that are still to be sent, this leave's */
	uint32_t n_sources;
	uint64_t until_ns;    /* EXCLUDE: the group timer; INCLUDE: 0 */
	uint64_t v1_until_ns; /* IGMP: a v1 host is present; 0 = none */
	uint64_t v2_until_ns; /* a host of IGMPv2 or MLDv1 is present; 0 = none */
	uint64_t since_ns;    /* when the entry was made */
	uint64_t last_report_ns;
	struct mcr_address last_reporter; /* 0.0.0.0 is one, too */
};

struct mcr_querier_source {
	struct mcr_address address;
	uint64_t until_ns;    /* 0: the timer has run out: EXCLUDE blocks it */
	uint8_t is_forwarded; /* 1: packets from it are */
	uint8_t queries_left;
};

/* mcr_querier_get_group: entry i, counted from 0, in the order of the addresses. Returns 0, or
 * -ENOENT past the last. Going through all of them costs n log n once while the table does not
 * change. */
int mcr_querier_get_group(struct mcr_querier *q, size_t i, struct mcr_querier_group *out);

/* mcr_querier_get_sources copies the first cap sources of entry i, ascending. Returns how many
 * there are, or -ENOENT. */
int mcr_querier_get_sources(struct mcr_querier *q, size_t i, struct mcr_querier_source *out,
			    size_t cap);

#endif
