/* SPDX-License-Identifier: BSD-3-Clause */
/* The host side of group membership for one interface and family, IGMP or MLD: a pure state
 * machine. It sees bytes and times, never a port, an mbuf or a clock.
 *
 * Implements RFC 9776 (IGMPv3, host part), RFC 2236 (IGMPv2), RFC 1112 App. I (IGMPv1), RFC 9777
 * (MLDv2, host part), RFC 2710 and 3590 (MLDv1), the compatibility rules of RFC 9776 §7.2 and RFC
 * 9777 §8.2, and the SSM rules of RFC 4604 and 4607. Leaves out the router side.
 * docs/igmp.md has the decisions, and which test shows which rule.
 *
 * Thread: control, for every call. Times are nanoseconds of one monotonic clock. */
#ifndef MCR_CORE_GMP_H
#define MCR_CORE_GMP_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/join.h>

#include "core/source_filter.h"

struct mcr_gmp;

#define MCR_GMP_NEVER     UINT64_MAX
#define MCR_GMP_NO_REPEAT UINT32_MAX /* of repeat_s: no repetition */

#define MCR_GMP_TICK_NS  1000000u /* pacing, retries and the delay of "at once" answers: 1 ms */
#define MCR_GMP_REPEAT_S 60u      /* default of repeat_s */
#define MCR_GMP_BURST    16u      /* default of burst */

enum mcr_gmp_family {
	MCR_GMP_IGMP, /* IPv4 */
	MCR_GMP_MLD,  /* IPv6 */
};

/* All-zero is a good configuration of IGMP on an interface without an address. All addresses are of
 * the family, here and in each call. */
struct mcr_gmp_config {
	uint64_t seed;              /* of the generator of random delays */
	struct mcr_address address; /* source of reports; none yet: 0.0.0.0 or ::. MLD: link-local,
				     * and valid: RFC 9777 §5.2.14 */
	struct mcr_address other_address; /* of the interface, to which queries may come; or none */
	uint16_t mtu;      /* of the link, octets of IP packet; 0 = 1500; at least 68, MLD 1280 */
	uint8_t family;    /* enum mcr_gmp_family */
	uint8_t version;   /* 0 = follow the querier, else 1, 2 or, of IGMP, 3 */
	uint8_t strict_rx; /* D2, IGMP: 1 = demand TTL 1, Router Alert and a proper destination.
			    * MLD: 0, as what it demands is part of the protocol */

	uint8_t robustness;       /* copies of a change, until a querier sets another; 0 = 2 */
	uint8_t robustness_floor; /* copies at least, whatever a querier sets; 0 = 1 */
	uint16_t burst;           /* messages handed to send in one tick at most; 0 = 16 */
	uint32_t
	    compat_timeout_s; /* D1: time until an older querier is forgotten; 0 = by the RFC */
	uint32_t repeat_s; /* without a querier we report everything again each repeat_s; 0 = 60 */

	/* draw chooses a delay in (0, max_ns]; NULL: the built-in generator. For tests. */
	uint64_t (*draw)(void *ctx, uint64_t max_ns);
	void *draw_ctx;
};

/* Sends one packet (from the IP header on, checksums done) to the MAC address of its destination.
 * Returns 0, or -EAGAIN: the Tx queue is full; the machine keeps the message and tries again at its
 * next deadline. */
typedef int (*mcr_gmp_send)(void *ctx, const uint8_t *packet, size_t len);

/* mcr_gmp_create. Returns 0, -EINVAL (no such family or version, mtu below the least
 * that IPv4 or IPv6 needs) or -ENOMEM. */
int mcr_gmp_create(struct mcr_gmp **out, const struct mcr_gmp_config *cfg, uint64_t now_ns);

/* mcr_gmp_destroy frees everything and sends nothing. gmp may be NULL. */
void mcr_gmp_destroy(struct mcr_gmp *gmp);

/* mcr_gmp_set_filter: the interface state of a group is now this (RFC 3376 §3.2: the caller merged
 * its joins). INCLUDE with n 0 is the leave, which cannot fail. sources: distinct, any order,
 * copied. The same state again sends nothing. Changes made before the next mcr_gmp_poll go out in
 * as few reports as fit. 224.0.0.1 and ff02::1 are accepted and never reported.
 * Returns 0, -EINVAL (a group that mcr_group_fault refuses with this mode; a source that is not
 * unicast; an address of the other family), -ENOMEM (state unchanged). Thread: control. */
int mcr_gmp_set_filter(struct mcr_gmp *gmp, struct mcr_address group, enum mcr_filter_mode mode,
		       const struct mcr_address *sources, size_t n, uint64_t now_ns);

/* mcr_gmp_input: one received packet with a message of IGMP or MLD, from the IP header on; len may
 * include Ethernet padding. Returns 0 (used or rightly ignored) or -EBADMSG (malformed; state
 * unchanged).
 */
int mcr_gmp_input(struct mcr_gmp *gmp, const uint8_t *packet, size_t len, uint64_t now_ns);

/* mcr_gmp_poll sends what is due. Returns the next deadline, always after now_ns, or
 * MCR_GMP_NEVER. Allocates nothing. */
uint64_t mcr_gmp_poll(struct mcr_gmp *gmp, uint64_t now_ns, mcr_gmp_send send, void *ctx);

/* mcr_gmp_announce reports everything again: the link came up, or the MAC or IP address changed
 * (H-SC-12, M-9). */
void mcr_gmp_announce(struct mcr_gmp *gmp, struct mcr_address address, uint64_t now_ns);

/* mcr_gmp_wants fills filter with what is wanted of a group; its sources are valid until the next
 * call with gmp. */
void mcr_gmp_wants(struct mcr_gmp *gmp, struct mcr_address group, struct mcr_source_filter *filter);

/* mcr_gmp_defend reports a group again in the next tick, as if it were new, if it is wanted:
 * somebody who speaks for this host says that it is not. Not at once: that may be heard here
 * before it is on the wire, and must not be overtaken. */
void mcr_gmp_defend(struct mcr_gmp *gmp, struct mcr_address group, uint64_t now_ns);

/* mcr_gmp_set_other_address: other_address of the configuration is now this one. */
void mcr_gmp_set_other_address(struct mcr_gmp *gmp, struct mcr_address address);

/* mcr_gmp_set_mtu limits messages to another MTU of the link. Messages that are built and wait
 * keep their length: announce afterwards to report the same in shorter ones. Returns 0, -EINVAL
 * (below the least: mcr_gmp_config) or -ENOMEM (as it was). */
int mcr_gmp_set_mtu(struct mcr_gmp *gmp, uint16_t mtu);

/* mcr_gmp_leave_all: every group's state becomes INCLUDE{}; poll sends the leaves at once. */
void mcr_gmp_leave_all(struct mcr_gmp *gmp, uint64_t now_ns);

/* What became of a packet given to mcr_gmp_input: each ends in exactly one of these. */
enum mcr_gmp_rx {
	MCR_GMP_RX_QUERY,  /* a query that was acted on */
	MCR_GMP_RX_REPORT, /* another host's report of IGMPv1, IGMPv2 or MLDv1 (heeded in operation
			    * of these versions only) */
	/* Rightly ignored. */
	MCR_GMP_RX_TYPE,            /* a type that hosts do not read */
	MCR_GMP_RX_NOT_JOINED,      /* a query for a group that is not ours */
	MCR_GMP_RX_DESTINATION,     /* sent to an address that is not ours */
	MCR_GMP_RX_BAD_GROUP,       /* the group field is neither 0 nor multicast */
	MCR_GMP_RX_GENERAL_SOURCES, /* a general query with sources */
	MCR_GMP_RX_NO_SOURCE,       /* a group-and-source query without one unicast source */
	MCR_GMP_RX_STRICT_TTL,      /* strict_rx: TTL is not 1 */
	MCR_GMP_RX_STRICT_ALERT,    /* strict_rx: v2 or v3 query without Router Alert */
	MCR_GMP_RX_SOURCE,          /* MLD: the source is not link-local */
	MCR_GMP_RX_HOP_LIMIT,       /* MLD: hop limit is not 1 */
	MCR_GMP_RX_NO_ALERT,        /* MLD: no Router Alert */
	/* Malformed: mcr_gmp_input returned -EBADMSG. */
	MCR_GMP_RX_MALFORMED,
	MCR_GMP_RX_BAD_IP =
	    MCR_GMP_RX_MALFORMED, /* the IP header, its options or extension headers */
	MCR_GMP_RX_FRAGMENT,
	MCR_GMP_RX_BAD_LENGTH,
	MCR_GMP_RX_BAD_SOURCES, /* more sources announced than there are octets */
	MCR_GMP_RX_BAD_CHECKSUM,
	MCR_GMP_RX_COUNT,
};

/* mcr_gmp_rx_name: a short name for counters, such as "bad_checksum"; NULL beyond the last. */
const char *mcr_gmp_rx_name(unsigned rx);

/* Why the version in use is in use. */
enum mcr_gmp_reason {
	MCR_GMP_REASON_DEFAULT, /* the newest: no older querier is present */
	MCR_GMP_REASON_FORCED,
	MCR_GMP_REASON_V2_QUERIER,
	MCR_GMP_REASON_V1_QUERIER,
};

/* mcr_gmp_reason_text: for people, such as "a v2 querier is present". */
const char *mcr_gmp_reason_text(enum mcr_gmp_reason reason);

/* The interface at a glance. Times on the machine's clock, 0 = never. */
struct mcr_gmp_info {
	uint8_t version;            /* in use: of IGMP 1, 2, 3; of MLD 1, 2 */
	uint8_t reason;             /* enum mcr_gmp_reason */
	uint8_t robustness;         /* copies of each change (QRV, if a querier set it) */
	uint8_t querier_present;    /* 1: a general query was heard within the last timeout */
	uint8_t querier_version;    /* of the last general query */
	struct mcr_address querier; /* source of the last general query, 0.0.0.0 too */
	uint32_t query_interval_s;  /* QQIC, if a querier set it */
	uint64_t last_query_ns;     /* last general query */
	uint64_t querier_until_ns;  /* when the querier counts as gone */
	uint64_t v1_until_ns;       /* older version querier present timers, 0 = not running */
	uint64_t v2_until_ns;       /* IGMP */
	uint64_t repeat_due_ns;     /* next repetition for want of a querier, or MCR_GMP_NEVER */

	size_t groups;         /* that are wanted */
	size_t leaving;        /* that are not wanted any more, while their leaves are reported */
	size_t unsent;         /* groups whose last change has not gone out once */
	size_t pending;        /* messages kept, groups with copies to send, answers under way; 0 =
				* nothing to send unless something new happens */
	uint64_t memory_bytes; /* held by this instance */

	uint64_t rx[MCR_GMP_RX_COUNT]; /* packets by what became of them */
	/* Worth a log line: an SSM host cannot work with them (RFC 4604). */
	uint64_t rx_v1_queries;      /* of IGMPv1; general ones of MLDv1 */
	uint64_t rx_v2_queries;      /* general ones of IGMPv2 */
	uint64_t rx_old_ssm_queries; /* group queries of IGMPv2 in 232/8, of MLDv1 in ff3x::/32 */
	uint64_t absorbed;           /* queries that an answer under way covers */
	uint64_t suppressed;         /* reports not sent because another host reported */
	uint64_t tx_reports, tx_leaves; /* messages sent */
	uint64_t tx_records;            /* group records in reports of IGMPv3 and MLDv2 */
	uint64_t tx_retries;            /* send returned an error and the message was kept */
	uint64_t tx_cancelled;          /* messages given up at a change of version */
	uint64_t version_changes, repeats;
};

/* mcr_gmp_get_info looks at every group: for statistics, not for each poll. */
void mcr_gmp_get_info(const struct mcr_gmp *gmp, uint64_t now_ns, struct mcr_gmp_info *out);

/* What can be asked in each round: it touches no group. */
struct mcr_gmp_brief {
	uint8_t version, reason; /* as in mcr_gmp_info */
	struct mcr_address querier;
	uint64_t old_queries;    /* rx_v1_queries + rx_v2_queries + rx_old_ssm_queries */
	uint8_t querier_version; /* as in mcr_gmp_info, like the next two */
	size_t groups;
	uint64_t last_query_ns;
	uint64_t querier_timeout_ns; /* after a general query: Other Querier Present Interval */
};

void mcr_gmp_get_brief(const struct mcr_gmp *gmp, struct mcr_gmp_brief *out);

enum mcr_gmp_group_state {
	MCR_GMP_GROUP_IDLE,      /* reported, nothing pending */
	MCR_GMP_GROUP_REPORTING, /* a change is still being reported */
	MCR_GMP_GROUP_DELAYING,  /* an answer to a query waits for its time */
	MCR_GMP_GROUP_LEAVING,   /* not wanted any more, its leave is still being reported */
};

const char *mcr_gmp_group_state_name(enum mcr_gmp_group_state state);

struct mcr_gmp_group_info {
	struct mcr_address group;
	uint32_t sources;        /* in the current list */
	uint32_t recorded;       /* sources that a pending group-and-source answer is about */
	uint8_t state;           /* enum mcr_gmp_group_state */
	uint8_t mode;            /* enum mcr_filter_mode */
	uint8_t last_reporter;   /* IGMPv1, v2, MLDv1: nobody reported after us */
	uint8_t unsent;          /* 1: the last change has not gone out once */
	uint64_t last_report_ns; /* last message about the group, 0 = none */
	uint64_t last_query_ns;  /* last query that asked about it, general or not, 0 = none */
	uint64_t next_change_ns; /* next unsolicited report; 0 = at once, or MCR_GMP_NEVER */
	uint64_t next_answer_ns; /* next answer, or MCR_GMP_NEVER */
};

/* mcr_gmp_get_group. Returns 0 or -ENOENT. */
int mcr_gmp_get_group(const struct mcr_gmp *gmp, struct mcr_address group,
		      struct mcr_gmp_group_info *out);

/* mcr_gmp_pending returns 0 when nothing waits to be sent. An orderly stop polls until then, at
 * most a second per copy, so that the last copies of its leaves go out. Cheap. */
size_t mcr_gmp_pending(const struct mcr_gmp *gmp);

#endif
