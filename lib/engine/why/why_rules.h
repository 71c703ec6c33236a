/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules: pure, evidence in, findings out. */
#ifndef MCR_ENGINE_WHY_RULES_H
#define MCR_ENGINE_WHY_RULES_H

#include "engine/why/why_evidence.h"
#include "engine/why/why_state.h"
#include "engine/why/why_verdict.h"

/* How a membership is, as far as the question is about it. */
struct mcr_why_look {
	enum mcr_why_code code; /* why nothing arrives; MCR_WHY_CODE_COUNT = it does, or may yet */
	enum mcr_why_state state;
	int interface;                   /* index */
	uint64_t last_ns;                /* of the last datagram; 0 = none came */
	const struct mcr_why_flow *flow; /* that shows the cause; NULL = none does */
};

/* ---- why_rules_port.c ---- */

/* mcr_why_port_root: why nothing at all arrives at an interface's port; MCR_WHY_CODE_COUNT = it
 * does, as far as is known. joined_ns: since then somebody waits. */
enum mcr_why_code mcr_why_port_root(const struct mcr_why_evidence *evidence, int interface,
				    uint64_t joined_ns);

/* mcr_why_port_has_rung: the port's filter could be programmed. */
int mcr_why_port_has_rung(const struct mcr_port_info *port);

/* mcr_why_port_find adds the findings on a port of the evidence. */
void mcr_why_port_find(const struct mcr_why_evidence *evidence, const struct mcr_port_info *port,
		       struct mcr_why_verdict *verdict);

/* ---- why_rules_membership.c ---- */

/* mcr_why_membership_root: why the network does not know that an interface wants a group that does
 * not flow; MCR_WHY_CODE_COUNT = it should. */
enum mcr_why_code mcr_why_membership_root(const struct mcr_why_evidence *evidence, int interface,
					  const struct mcr_group_info *group);

/* mcr_why_is_on_link: whether a source is of the subnet of an interface; 0 when that is unknown. */
int mcr_why_is_on_link(const struct mcr_why_interface *interface, struct mcr_address source);

/* mcr_why_membership_explain fills in the texts of such a finding. */
void mcr_why_membership_explain(const struct mcr_why_evidence *evidence, int interface, int is_ipv6,
				struct mcr_why_finding *finding);

/* mcr_why_membership_warn adds what will break or lose on an interface whose groups flow.
 * has_sources: some of those that the question is about are joined for some sources. */
void mcr_why_membership_warn(const struct mcr_why_evidence *evidence, int interface, int is_ipv6,
			     int has_sources, struct mcr_why_verdict *verdict);

/* ---- why_rules_group.c ---- */

/* mcr_why_look_at looks for the cause that nothing arrives of a membership. */
void mcr_why_look_at(const struct mcr_why_evidence *evidence, const struct mcr_group_info *group,
		     struct mcr_why_look *out);

/* mcr_why_frame_code: what a drop reason means of a packet whose group, port and source are wanted;
 * MCR_WHY_CODE_COUNT = nothing. */
enum mcr_why_code mcr_why_frame_code(unsigned drop);

/* mcr_why_join_takes: port 0 and source none = whatever it is. */
int mcr_why_join_takes(const struct mcr_join *join, uint16_t port, struct mcr_address source);

/* mcr_why_is_stray: the flow is of a group that nobody has joined where it arrives. */
int mcr_why_is_stray(const struct mcr_why_flow *flow);

/* mcr_why_lose_at looks for a loss of a membership that flows, after the one in *out (code
 * MCR_WHY_CODE_COUNT = from the start). Returns 1, or 0: there is none more. */
int mcr_why_lose_at(const struct mcr_why_evidence *evidence, const struct mcr_group_info *group,
		    struct mcr_why_look *out);

/* mcr_why_loss_severity: of such a loss. */
enum mcr_why_severity mcr_why_loss_severity(enum mcr_why_code code);

/* ---- why_rules_reader.c ---- */

/* mcr_why_readers_find adds what keeps the readers of a channel from their data, which flows into
 * it. is_asked: the question is about the channel, or about a group that goes into it. Returns how
 * many findings it added. */
unsigned mcr_why_readers_find(const struct mcr_why_evidence *evidence,
			      const struct mcr_channel_info *channel, int is_asked,
			      struct mcr_why_verdict *verdict);

/* ---- why_explain.c ---- */

/* mcr_why_explain fills in the texts of the finding of a look. */
void mcr_why_explain(const struct mcr_why_evidence *evidence, const struct mcr_group_info *group,
		     const struct mcr_why_look *look, struct mcr_why_finding *finding);

/* mcr_why_explain_flow adds what the last packet of a flow looked like. */
void mcr_why_explain_flow(const struct mcr_why_evidence *evidence, const struct mcr_why_flow *flow,
			  struct mcr_why_lines *lines);

/* ---- why_todo.c ---- */

/* A join that is missing. */
struct mcr_why_join {
	struct mcr_address group, source; /* source: none = any, or, where one has to be named, one
					   * that nobody knows */
	uint16_t port;                    /* 0 = any */
	const char *interface;            /* NULL = there is but one */
};

/* mcr_why_todo_join adds how to make it. */
void mcr_why_todo_join(const struct mcr_why_evidence *evidence, const struct mcr_why_join *join,
		       struct mcr_why_lines *todo);

/* ---- why_candidates.c ---- */

/* mcr_why_prove adds what is proven about a membership of which nothing arrives, and what remains
 * to be looked at elsewhere. */
void mcr_why_prove(const struct mcr_why_evidence *evidence, const struct mcr_group_info *group,
		   const struct mcr_why_look *look, struct mcr_why_verdict *verdict);

/* mcr_why_hide says what a port's filter hides. */
void mcr_why_hide(const struct mcr_why_evidence *evidence, const struct mcr_port_info *port,
		  struct mcr_why_verdict *verdict);

/* ---- why_one.c, why_whole.c: the verdict ---- */

/* mcr_why_one answers about a group. */
void mcr_why_one(const struct mcr_why_evidence *evidence, struct mcr_why_verdict *verdict);

#endif
