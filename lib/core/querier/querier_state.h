/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the querier share. A file calls those above it:
 *
 *     members*.c         the table of members (members.h)
 *     querier_config.c   what a configuration comes to
 *     querier_role.c     who is the querier, which version is in use, and so which times hold
 *     querier_ask.c      queries that are due
 *     querier_input.c    what arrives
 *     querier_info.c     statistics
 *     querier.c          the machine's life
 *
 * Private to lib/core/querier/. */
#ifndef MCR_CORE_QUERIER_STATE_H
#define MCR_CORE_QUERIER_STATE_H

#include "core/address.h"
#include "core/gmp/gmp_pace.h"
#include "core/gmp/gmp_wire.h"
#include "core/querier/members.h"
#include "core/querier/querier.h"

#define MCR_QUERIER_SECOND_NS 1000000000ull

/* Another router that asks, as it was heard last. */
struct mcr_querier_other {
	struct mcr_address address;
	uint64_t until_ns; /* when it counts as gone; 0: there is none */
	/* What it says; 0: nothing, so that the configured value holds. */
	uint8_t robustness;
	uint64_t interval_ns, response_ns;
};

struct mcr_querier {
	struct mcr_querier_config cfg; /* mtu, burst and the limits without their zeros; address
					* and prefix_len are the present ones */
	const struct mcr_gmp_wire *wire;
	struct mcr_members *members;

	uint8_t role; /* enum mcr_querier_role */
	uint8_t configured_level,
	    level; /* gmp_wire.h: of the configured version, of the one in use */
	struct mcr_querier_timing timing; /* in use */
	struct mcr_querier_other other;
	uint64_t yield_ns; /* when we step down for `other`, though we are the querier; 0: never */
	uint64_t older_until_ns[MCR_GMP_LEVEL_NEWEST]; /* by level: when it is forgotten; 0: not
							* heard */
	uint64_t next_query_ns;   /* general; WAITING: the first, if nobody else asks */
	uint64_t last_general_ns; /* when the last one was sent */
	uint32_t startup_left;

	uint8_t *packet; /* the query being sent: room for one about all sources of a group */
	size_t packet_octets;
	struct mcr_address *scratch; /* sources of one message: n_scratch entries */
	size_t n_scratch;

	struct mcr_gmp_pace pace;

	struct mcr_querier_state stats; /* counters only */
};

/* ---- querier_config.c ---- */

/* mcr_querier_level_of: of the version that is configured. */
uint8_t mcr_querier_level_of(const struct mcr_gmp_wire *wire, const struct mcr_querier_config *cfg);

/* mcr_querier_timing_at: what holds while messages of this level are sent. other: whose values take
 * the place of the configured ones; or NULL. */
void mcr_querier_timing_at(struct mcr_querier_timing *out, const struct mcr_querier_config *cfg,
			   uint8_t level, const struct mcr_querier_other *other);

/* ---- querier_role.c ---- */

/* mcr_querier_start: it knows of nobody, and begins. */
void mcr_querier_start(struct mcr_querier *q, uint64_t now_ns);

/* mcr_querier_advance lets happen what is due by now: another counts as gone, and so on. */
void mcr_querier_advance(struct mcr_querier *q, uint64_t now_ns);

/* mcr_querier_hear: another router's query that counts. is_general: gmp_wire.h has the rest. */
void mcr_querier_hear(struct mcr_querier *q, const struct mcr_gmp_message *query, int is_general,
		      uint64_t now_ns);

/* mcr_querier_role_due: when mcr_querier_advance has something to do. */
uint64_t mcr_querier_role_due(const struct mcr_querier *q);

/* mcr_querier_rules: what holds for the table now. */
struct mcr_members_rules mcr_querier_rules(const struct mcr_querier *q);

/* ---- querier_ask.c ---- */

/* mcr_querier_ask sends what is due. */
void mcr_querier_ask(struct mcr_querier *q, uint64_t now_ns, mcr_gmp_send send, void *ctx);

/* mcr_querier_ask_due: when there is something to be sent, or the table to be looked at. */
uint64_t mcr_querier_ask_due(const struct mcr_querier *q, uint64_t now_ns);

#endif
