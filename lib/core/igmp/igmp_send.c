/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds messages of what is due and sends them at a limited pace. Nothing here allocates: a change
 * of a group reserves the room. State counts as reported once its message is built; a message that
 * is built is kept until it is sent, or until a change of version cancels it. */
#include "core/igmp/igmp_state.h"

/* The slot being filled is queue.n; it is empty while queue.records is 0. */
static uint8_t *slot(struct mcr_igmp *igmp)
{
	return igmp->queue.bytes + igmp->queue.n * igmp->queue.stride;
}

static size_t room(const struct mcr_igmp *igmp)
{
	const struct mcr_igmp_queue *q = &igmp->queue;

	return q->records ? igmp->cfg.mtu - (size_t)q->lengths[q->n] : mcr_igmp_capacity(igmp);
}

static void close_report(struct mcr_igmp *igmp)
{
	struct mcr_igmp_queue *q = &igmp->queue;

	if (!q->records)
		return;
	mcr_igmp_finish_v3(slot(igmp), q->lengths[q->n], igmp->address, q->records);
	igmp->stats.tx_records += q->records;
	q->records = 0;
	q->n++;
}

static void put_record(struct mcr_igmp *igmp, enum mcr_record type, uint32_t group,
		       const uint32_t *sources, size_t n)
{
	struct mcr_igmp_queue *q = &igmp->queue;

	if (room(igmp) < MCR_IGMP_RECORD_HEADER + 4 * n)
		close_report(igmp);
	if (!q->records)
		q->lengths[q->n] = MCR_IGMP_HEADERS;
	uint8_t *end = slot(igmp) + q->lengths[q->n];

	q->lengths[q->n] =
	    (uint16_t)(q->lengths[q->n] + mcr_igmp_write_record(end, type, group, sources, n));
	q->records++;
}

/* RFC 9776 §4.2.17: a record that is too long is split over reports of its own, but EXCLUDE lists
 * are cut: always to the lowest addresses, so that each copy names the same ones. */
static void append_record(struct mcr_igmp *igmp, enum mcr_record type, uint32_t group,
			  const uint32_t *sources, size_t n)
{
	size_t max = mcr_igmp_sources_max(igmp);

	if (n > max && (type == MCR_RECORD_IS_EX || type == MCR_RECORD_TO_EX))
		n = max;
	if (n <= max) {
		put_record(igmp, type, group, sources, n);
		return;
	}
	for (size_t done = 0; done < n; done += max) {
		close_report(igmp);
		put_record(igmp, type, group, sources + done, n - done < max ? n - done : max);
		close_report(igmp);
	}
}

/* Appends a record with the sources that its type selects, but no empty ALLOW or BLOCK. */
static void append_selected(struct mcr_igmp *igmp, const struct mcr_igmp_group *g,
			    enum mcr_record type)
{
	size_t n = mcr_membership_select(&g->membership, type, igmp->scratch);

	if (n || type <= MCR_RECORD_TO_EX)
		append_record(igmp, type, g->address, igmp->scratch, n);
}

static enum mcr_record by_mode(const struct mcr_igmp_group *g, enum mcr_record in,
			       enum mcr_record ex)
{
	return g->membership.mode == MCR_FILTER_EXCLUDE ? ex : in;
}

/* RFC 9776 §5.1: a change of mode is reported with the whole list, other changes as differences. */
static void append_change(struct mcr_igmp *igmp, struct mcr_igmp_group *g)
{
	if (g->membership.mode_left) {
		append_selected(igmp, g, by_mode(g, MCR_RECORD_TO_IN, MCR_RECORD_TO_EX));
	} else {
		append_selected(igmp, g, MCR_RECORD_ALLOW);
		append_selected(igmp, g, MCR_RECORD_BLOCK);
	}
	mcr_membership_reported(&g->membership);
}

/* RFC 9776 §5.2: there is no answer about what is no longer wanted. */
static void append_answer(struct mcr_igmp *igmp, struct mcr_igmp_group *g)
{
	if (!mcr_membership_wanted(&g->membership))
		return;
	if (!g->n_recorded) {
		append_selected(igmp, g, by_mode(g, MCR_RECORD_IS_IN, MCR_RECORD_IS_EX));
		return;
	}
	size_t n = mcr_membership_answer(&g->membership, g->recorded, g->n_recorded);

	if (n)
		append_record(igmp, MCR_RECORD_IS_IN, g->address, g->recorded, n);
}

/* At most what the group's records will take now, but never more than one message. */
static size_t octets_needed(const struct mcr_igmp *igmp, const struct mcr_igmp_group *g,
			    uint64_t now_ns)
{
	const struct mcr_membership *m = &g->membership;
	size_t n = 0;

	if (g->change_due_ns <= now_ns && m->mode_left)
		n += MCR_IGMP_RECORD_HEADER + 4 * (size_t)m->n_listed;
	else if (g->change_due_ns <= now_ns)
		for (unsigned type = MCR_RECORD_ALLOW; type <= MCR_RECORD_BLOCK; type++) {
			size_t k = mcr_membership_select(m, (enum mcr_record)type, NULL);

			n += k ? MCR_IGMP_RECORD_HEADER + 4 * k : 0;
		}
	if (g->answer_due_ns <= now_ns)
		n += MCR_IGMP_RECORD_HEADER +
		     4 * (size_t)(g->n_recorded ? g->n_recorded : m->n_listed);
	return n < mcr_igmp_capacity(igmp) ? n : mcr_igmp_capacity(igmp);
}

/* The time of the next copy: one draw for all groups that were due together, so that what was
 * packed into one report is repeated in one report (each gap is uniform in (0, URI] all the same).
 */
static uint64_t next_copy_ns(struct mcr_igmp *igmp, uint64_t due_ns, uint64_t now_ns)
{
	if (!igmp->wave_valid || igmp->wave_from_ns != due_ns || igmp->wave_next_ns <= now_ns) {
		igmp->wave_valid = 1;
		igmp->wave_from_ns = due_ns;
		igmp->wave_next_ns = now_ns + mcr_igmp_delay(igmp, MCR_IGMP_URI_V3_NS);
	}
	return igmp->wave_next_ns;
}

/* Appends the records of a group that is due, and sets its next time. */
static void report_v3(struct mcr_igmp *igmp, struct mcr_igmp_group *g, uint64_t now_ns)
{
	if (g->change_due_ns <= now_ns) {
		uint64_t due_ns = g->change_due_ns;

		append_change(igmp, g);
		g->unsent = 0;
		g->last_reporter = 1;
		g->change_due_ns = mcr_membership_pending(&g->membership)
				       ? next_copy_ns(igmp, due_ns, now_ns)
				       : MCR_IGMP_NEVER;
	}
	if (g->answer_due_ns <= now_ns) {
		append_answer(igmp, g);
		mcr_igmp_forget_answer(igmp, g);
	}
	g->last_report_ns = now_ns;
	if (!mcr_membership_wanted(&g->membership) && g->change_due_ns == MCR_IGMP_NEVER)
		mcr_igmp_drop_group(igmp, g);
	else
		mcr_igmp_groups_wake(&igmp->groups, g);
}

/* One report, with as many due groups as fit; several when the list of one group has to be split.
 */
static void build_v3(struct mcr_igmp *igmp, uint64_t now_ns)
{
	struct mcr_igmp_group *g;

	while ((g = mcr_igmp_groups_first_due(&igmp->groups)) && mcr_igmp_group_due(g) <= now_ns) {
		if (igmp->queue.n ||
		    (igmp->queue.records && octets_needed(igmp, g, now_ns) > room(igmp)))
			break;
		report_v3(igmp, g, now_ns);
	}
	close_report(igmp);
}

static void put_v12(struct mcr_igmp *igmp, uint8_t type, uint32_t group)
{
	struct mcr_igmp_queue *q = &igmp->queue;

	mcr_igmp_write_v12(slot(igmp), type, igmp->address, group);
	q->lengths[q->n++] = MCR_IGMP_V2_PACKET;
}

/* RFC 2236 §6: "send report", "start timer" and "send leave" for the group that is due. */
static void build_v12(struct mcr_igmp *igmp, uint64_t now_ns)
{
	struct mcr_igmp_group *g = mcr_igmp_groups_first_due(&igmp->groups);

	if (!mcr_membership_wanted(&g->membership)) {
		/* RFC 1112 has no leave; in v2 only the last reporter need send it. */
		if (igmp->version == 2 && g->last_reporter)
			put_v12(igmp, MCR_IGMP_TYPE_V2_LEAVE, g->address);
		mcr_igmp_drop_group(igmp, g);
		return;
	}
	put_v12(igmp, igmp->version == 1 ? MCR_IGMP_TYPE_V1_REPORT : MCR_IGMP_TYPE_V2_REPORT,
		g->address);
	if (g->copies)
		g->copies--;
	g->unsent = 0;
	g->last_reporter = 1;
	g->last_report_ns = now_ns;
	g->change_due_ns = MCR_IGMP_NEVER;
	g->answer_due_ns =
	    g->copies ? now_ns + mcr_igmp_delay(igmp, MCR_IGMP_URI_V2_NS) : MCR_IGMP_NEVER;
	mcr_igmp_groups_wake(&igmp->groups, g);
}

/* One message of a general answer; the rest is left for its slots of the response time. */
static void build_sweep(struct mcr_igmp *igmp, uint64_t now_ns)
{
	struct mcr_igmp_sweep *s = &igmp->sweep;

	while (s->left && !igmp->queue.n) {
		struct mcr_igmp_group *g = s->cursor ? s->cursor : igmp->groups.first;
		size_t need = MCR_IGMP_RECORD_HEADER + 4 * (size_t)g->membership.n_listed;

		if (g->swept != s->number) {
			if (igmp->queue.records && room(igmp) < need)
				break;
			if (mcr_membership_wanted(&g->membership)) {
				append_selected(igmp, g,
						by_mode(g, MCR_RECORD_IS_IN, MCR_RECORD_IS_EX));
				g->last_report_ns = now_ns;
				g->last_reporter = 1;
			}
			g->swept = s->number;
			s->left--;
		}
		s->cursor = g->next;
	}
	close_report(igmp);
	if (!s->left) {
		s->due_ns = MCR_IGMP_NEVER;
		return;
	}
	s->from_ns += s->slot_ns * (igmp->queue.n ? igmp->queue.n : 1);
	s->due_ns = s->from_ns + mcr_igmp_delay(igmp, s->slot_ns);
	if (s->due_ns > s->end_ns)
		s->due_ns = s->end_ns;
}

/* Pacing: `burst` messages in a tick. Returns 0 once they are spent, and sets when to go on. */
static int has_budget(struct mcr_igmp *igmp, uint64_t now_ns)
{
	if (now_ns - igmp->tick_ns >= MCR_IGMP_TICK_NS) {
		igmp->tick_ns = now_ns;
		igmp->tick_sent = 0;
	}
	if (igmp->tick_sent < igmp->cfg.burst)
		return 1;
	igmp->blocked_ns = igmp->tick_ns + MCR_IGMP_TICK_NS;
	return 0;
}

/* Hands messages to the port. Returns 1 when none is left, or 0 when the rest has to wait. */
static int drain(struct mcr_igmp *igmp, uint64_t now_ns, mcr_igmp_send send, void *ctx)
{
	struct mcr_igmp_queue *q = &igmp->queue;

	for (; q->head < q->n; q->head++) {
		const uint8_t *packet = q->bytes + q->head * q->stride;

		if (!has_budget(igmp, now_ns))
			return 0;
		if (send(ctx, packet, q->lengths[q->head]) != 0) {
			igmp->stats.tx_retries++;
			igmp->blocked_ns = now_ns + MCR_IGMP_TICK_NS;
			return 0;
		}
		igmp->tick_sent++;
		if (packet[MCR_IGMP_IP_HEADER] == MCR_IGMP_TYPE_V2_LEAVE)
			igmp->stats.tx_leaves++;
		else
			igmp->stats.tx_reports++;
	}
	q->head = q->n = 0;
	return 1;
}

static int is_due(const struct mcr_igmp *igmp, uint64_t now_ns)
{
	const struct mcr_igmp_group *g = mcr_igmp_groups_first_due(&igmp->groups);

	return (g && mcr_igmp_group_due(g) <= now_ns) || igmp->sweep.due_ns <= now_ns;
}

static void build(struct mcr_igmp *igmp, uint64_t now_ns)
{
	const struct mcr_igmp_group *g = mcr_igmp_groups_first_due(&igmp->groups);

	if (!g || mcr_igmp_group_due(g) > now_ns)
		build_sweep(igmp, now_ns);
	else if (igmp->version == 3)
		build_v3(igmp, now_ns);
	else
		build_v12(igmp, now_ns);
}

/* Messages are built as late as possible, so that each says what holds when it goes out, unless the
 * port refuses it. */
void mcr_igmp_pump(struct mcr_igmp *igmp, uint64_t now_ns, mcr_igmp_send send, void *ctx)
{
	if (now_ns < igmp->blocked_ns)
		return;
	while (drain(igmp, now_ns, send, ctx)) {
		if (!is_due(igmp, now_ns)) {
			igmp->wave_valid = 0;
			return;
		}
		if (!has_budget(igmp, now_ns))
			return;
		build(igmp, now_ns);
	}
}

static void earlier(uint64_t *deadline, uint64_t other)
{
	if (other < *deadline)
		*deadline = other;
}

uint64_t mcr_igmp_deadline(const struct mcr_igmp *igmp, uint64_t now_ns)
{
	const struct mcr_igmp_group *g = mcr_igmp_groups_first_due(&igmp->groups);
	uint64_t deadline = igmp->sweep.due_ns;

	if (g)
		earlier(&deadline, mcr_igmp_group_due(g));
	if (igmp->queue.n)
		deadline = 0;
	if (deadline < igmp->blocked_ns)
		deadline = igmp->blocked_ns;
	if (igmp->v1_until_ns)
		earlier(&deadline, igmp->v1_until_ns);
	if (igmp->v2_until_ns)
		earlier(&deadline, igmp->v2_until_ns);
	if (igmp->cfg.repeat_s != MCR_IGMP_NO_REPEAT && igmp->n_wanted)
		earlier(&deadline, igmp->repeat_due_ns);
	return deadline > now_ns ? deadline : now_ns + MCR_IGMP_TICK_NS;
}
