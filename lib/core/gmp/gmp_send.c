/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds messages of what is due and sends them at a limited pace. Nothing here allocates: a change
 * of a group reserves the room. State counts as reported once its message is built; a message that
 * is built is kept until it is sent, or until a change of version cancels it. */
#include "core/gmp/gmp_state.h"

/* The slot being filled is queue.n; it is empty while queue.records is 0. */
static uint8_t *slot(struct mcr_gmp *gmp)
{
	return gmp->queue.bytes + gmp->queue.n * gmp->queue.stride;
}

static size_t room(const struct mcr_gmp *gmp)
{
	const struct mcr_gmp_queue *q = &gmp->queue;

	return q->records ? gmp->cfg.mtu - (size_t)q->lengths[q->n] : mcr_gmp_capacity(gmp);
}

static void close_report(struct mcr_gmp *gmp)
{
	struct mcr_gmp_queue *q = &gmp->queue;

	if (!q->records)
		return;
	gmp->wire->finish(slot(gmp), q->lengths[q->n], gmp->address, q->records);
	gmp->stats.tx_records += q->records;
	q->records = 0;
	q->n++;
}

static void put_record(struct mcr_gmp *gmp, enum mcr_record type, struct mcr_address group,
		       const struct mcr_address *sources, size_t n)
{
	struct mcr_gmp_queue *q = &gmp->queue;

	if (room(gmp) < mcr_gmp_record_octets(gmp->wire, n))
		close_report(gmp);
	if (!q->records)
		q->lengths[q->n] = (uint16_t)mcr_gmp_headers(gmp);
	uint8_t *end = slot(gmp) + q->lengths[q->n];

	size_t len = mcr_gmp_write_record(gmp->wire, end, type, group, sources, n);

	q->lengths[q->n] = (uint16_t)(q->lengths[q->n] + len);
	q->records++;
}

/* RFC 9776 §4.2.17: a record that is too long is split over reports of its own, but EXCLUDE lists
 * are cut: always to the lowest addresses, so that each copy names the same ones. */
static void append_record(struct mcr_gmp *gmp, enum mcr_record type, struct mcr_address group,
			  const struct mcr_address *sources, size_t n)
{
	size_t max = mcr_gmp_sources_max(gmp);

	if (n > max && (type == MCR_RECORD_IS_EX || type == MCR_RECORD_TO_EX))
		n = max;
	if (n <= max) {
		put_record(gmp, type, group, sources, n);
		return;
	}
	for (size_t done = 0; done < n; done += max) {
		close_report(gmp);
		put_record(gmp, type, group, sources + done, n - done < max ? n - done : max);
		close_report(gmp);
	}
}

/* Appends a record with the sources that its type selects, but no empty ALLOW or BLOCK. */
static void append_selected(struct mcr_gmp *gmp, const struct mcr_gmp_group *g,
			    enum mcr_record type)
{
	size_t n = mcr_membership_select(&g->membership, type, gmp->scratch);

	if (n || type <= MCR_RECORD_TO_EX)
		append_record(gmp, type, g->address, gmp->scratch, n);
}

static enum mcr_record by_mode(const struct mcr_gmp_group *g, enum mcr_record in,
			       enum mcr_record ex)
{
	return g->membership.mode == MCR_FILTER_EXCLUDE ? ex : in;
}

/* RFC 9776 §5.1: a change of mode is reported with the whole list, other changes as differences. */
static void append_change(struct mcr_gmp *gmp, struct mcr_gmp_group *g)
{
	if (g->membership.mode_left) {
		append_selected(gmp, g, by_mode(g, MCR_RECORD_TO_IN, MCR_RECORD_TO_EX));
	} else {
		append_selected(gmp, g, MCR_RECORD_ALLOW);
		append_selected(gmp, g, MCR_RECORD_BLOCK);
	}
	mcr_membership_reported(&g->membership);
}

/* RFC 9776 §5.2: there is no answer about what is no longer wanted. */
static void append_answer(struct mcr_gmp *gmp, struct mcr_gmp_group *g)
{
	if (!mcr_membership_wanted(&g->membership))
		return;
	if (!g->n_recorded) {
		append_selected(gmp, g, by_mode(g, MCR_RECORD_IS_IN, MCR_RECORD_IS_EX));
		return;
	}
	size_t n = mcr_membership_answer(&g->membership, g->recorded, g->n_recorded);

	if (n)
		append_record(gmp, MCR_RECORD_IS_IN, g->address, g->recorded, n);
}

/* At most what the group's records will take now, but never more than one message. */
static size_t octets_needed(const struct mcr_gmp *gmp, const struct mcr_gmp_group *g,
			    uint64_t now_ns)
{
	const struct mcr_membership *m = &g->membership;
	size_t n = 0;

	if (g->change_due_ns <= now_ns && m->mode_left)
		n += mcr_gmp_record_octets(gmp->wire, m->n_listed);
	else if (g->change_due_ns <= now_ns)
		for (unsigned type = MCR_RECORD_ALLOW; type <= MCR_RECORD_BLOCK; type++) {
			size_t k = mcr_membership_select(m, (enum mcr_record)type, NULL);

			n += k ? mcr_gmp_record_octets(gmp->wire, k) : 0;
		}
	if (g->answer_due_ns <= now_ns)
		n += mcr_gmp_record_octets(gmp->wire, g->n_recorded ? g->n_recorded : m->n_listed);
	return n < mcr_gmp_capacity(gmp) ? n : mcr_gmp_capacity(gmp);
}

/* The time of the next copy: one draw for all groups that were due together, so that what was
 * packed into one report is repeated in one report (each gap is uniform in (0, URI] all the same).
 */
static uint64_t next_copy_ns(struct mcr_gmp *gmp, uint64_t due_ns, uint64_t now_ns)
{
	if (!gmp->wave_valid || gmp->wave_from_ns != due_ns || gmp->wave_next_ns <= now_ns) {
		gmp->wave_valid = 1;
		gmp->wave_from_ns = due_ns;
		gmp->wave_next_ns = now_ns + mcr_gmp_delay(gmp, MCR_GMP_URI_NS);
	}
	return gmp->wave_next_ns;
}

/* Appends the records of a group that is due, and sets its next time. */
static void report_group(struct mcr_gmp *gmp, struct mcr_gmp_group *g, uint64_t now_ns)
{
	if (g->change_due_ns <= now_ns) {
		uint64_t due_ns = g->change_due_ns;

		append_change(gmp, g);
		g->unsent = 0;
		g->last_reporter = 1;
		g->change_due_ns = mcr_membership_pending(&g->membership)
				       ? next_copy_ns(gmp, due_ns, now_ns)
				       : MCR_GMP_NEVER;
	}
	if (g->answer_due_ns <= now_ns) {
		append_answer(gmp, g);
		mcr_gmp_forget_answer(gmp, g);
	}
	g->last_report_ns = now_ns;
	if (!mcr_membership_wanted(&g->membership) && g->change_due_ns == MCR_GMP_NEVER)
		mcr_gmp_drop_group(gmp, g);
	else
		mcr_gmp_groups_wake(&gmp->groups, g);
}

/* One report, with as many due groups as fit; several when the list of one group has to be split.
 */
static void build_report(struct mcr_gmp *gmp, uint64_t now_ns)
{
	struct mcr_gmp_group *g;

	while ((g = mcr_gmp_groups_first_due(&gmp->groups)) && mcr_gmp_group_due(g) <= now_ns) {
		if (gmp->queue.n ||
		    (gmp->queue.records && octets_needed(gmp, g, now_ns) > room(gmp)))
			break;
		report_group(gmp, g, now_ns);
	}
	close_report(gmp);
}

static void put_old(struct mcr_gmp *gmp, uint8_t type, struct mcr_address group)
{
	const struct mcr_gmp_wire *wire = gmp->wire;
	struct mcr_gmp_queue *q = &gmp->queue;

	wire->write_old(slot(gmp), type, gmp->address, group);
	q->lengths[q->n++] = (uint16_t)(wire->ip_octets + wire->old_octets);
}

/* RFC 2236 §6, RFC 2710 §4: "send report", "start timer" and "send leave" (Done) for the group that
 * is due. */
static void build_old(struct mcr_gmp *gmp, uint64_t now_ns)
{
	struct mcr_gmp_group *g = mcr_gmp_groups_first_due(&gmp->groups);

	if (!mcr_membership_wanted(&g->membership)) {
		/* RFC 1112 has no leave; at level 2 only the last reporter need send it. */
		if (gmp->level == 2 && g->last_reporter)
			put_old(gmp, gmp->wire->leave_type, g->address);
		mcr_gmp_drop_group(gmp, g);
		return;
	}
	put_old(gmp, gmp->wire->report_types[gmp->level], g->address);
	if (g->copies)
		g->copies--;
	g->unsent = 0;
	g->last_reporter = 1;
	g->last_report_ns = now_ns;
	g->change_due_ns = MCR_GMP_NEVER;
	g->answer_due_ns =
	    g->copies ? now_ns + mcr_gmp_delay(gmp, MCR_GMP_URI_OLD_NS) : MCR_GMP_NEVER;
	mcr_gmp_groups_wake(&gmp->groups, g);
}

/* One message of a general answer; the rest is left for its slots of the response time. */
static void build_sweep(struct mcr_gmp *gmp, uint64_t now_ns)
{
	struct mcr_gmp_sweep *s = &gmp->sweep;

	while (s->left && !gmp->queue.n) {
		struct mcr_gmp_group *g = s->cursor ? s->cursor : gmp->groups.first;
		size_t need = mcr_gmp_record_octets(gmp->wire, g->membership.n_listed);

		if (g->swept != s->number) {
			if (gmp->queue.records && room(gmp) < need)
				break;
			if (mcr_membership_wanted(&g->membership)) {
				append_selected(gmp, g,
						by_mode(g, MCR_RECORD_IS_IN, MCR_RECORD_IS_EX));
				g->last_report_ns = now_ns;
				g->last_reporter = 1;
			}
			g->swept = s->number;
			s->left--;
		}
		s->cursor = g->next;
	}
	close_report(gmp);
	if (!s->left) {
		s->due_ns = MCR_GMP_NEVER;
		return;
	}
	s->from_ns += s->slot_ns * (gmp->queue.n ? gmp->queue.n : 1);
	s->due_ns = s->from_ns + mcr_gmp_delay(gmp, s->slot_ns);
	if (s->due_ns > s->end_ns)
		s->due_ns = s->end_ns;
}

/* Hands messages to the port. Returns 1 when none is left, or 0 when the rest has to wait. */
static int drain(struct mcr_gmp *gmp, uint64_t now_ns, mcr_gmp_send send, void *ctx)
{
	struct mcr_gmp_queue *q = &gmp->queue;

	for (; q->head < q->n; q->head++) {
		const uint8_t *packet = q->bytes + q->head * q->stride;

		if (!mcr_gmp_pace_allows(&gmp->pace, gmp->cfg.burst, now_ns))
			return 0;
		if (send(ctx, packet, q->lengths[q->head]) != 0) {
			gmp->stats.tx_retries++;
			mcr_gmp_pace_refused(&gmp->pace, now_ns);
			return 0;
		}
		gmp->pace.sent++;
		if (packet[gmp->wire->ip_octets] == gmp->wire->leave_type)
			gmp->stats.tx_leaves++;
		else
			gmp->stats.tx_reports++;
	}
	q->head = q->n = 0;
	return 1;
}

static int is_due(const struct mcr_gmp *gmp, uint64_t now_ns)
{
	const struct mcr_gmp_group *g = mcr_gmp_groups_first_due(&gmp->groups);

	return (g && mcr_gmp_group_due(g) <= now_ns) || gmp->sweep.due_ns <= now_ns;
}

static void build(struct mcr_gmp *gmp, uint64_t now_ns)
{
	const struct mcr_gmp_group *g = mcr_gmp_groups_first_due(&gmp->groups);

	if (!g || mcr_gmp_group_due(g) > now_ns)
		build_sweep(gmp, now_ns);
	else if (gmp->level == MCR_GMP_LEVEL_NEWEST)
		build_report(gmp, now_ns);
	else
		build_old(gmp, now_ns);
}

/* Messages are built as late as possible, so that each says what holds when it goes out, unless the
 * port refuses it. */
void mcr_gmp_pump(struct mcr_gmp *gmp, uint64_t now_ns, mcr_gmp_send send, void *ctx)
{
	if (now_ns < gmp->pace.blocked_ns)
		return;
	while (drain(gmp, now_ns, send, ctx)) {
		if (!is_due(gmp, now_ns)) {
			gmp->wave_valid = 0;
			return;
		}
		if (!mcr_gmp_pace_allows(&gmp->pace, gmp->cfg.burst, now_ns))
			return;
		build(gmp, now_ns);
	}
}

static void earlier(uint64_t *deadline, uint64_t other)
{
	if (other < *deadline)
		*deadline = other;
}

uint64_t mcr_gmp_deadline(const struct mcr_gmp *gmp, uint64_t now_ns)
{
	const struct mcr_gmp_group *g = mcr_gmp_groups_first_due(&gmp->groups);
	uint64_t deadline = gmp->sweep.due_ns;

	if (g)
		earlier(&deadline, mcr_gmp_group_due(g));
	if (gmp->queue.n)
		deadline = 0;
	if (deadline < gmp->pace.blocked_ns)
		deadline = gmp->pace.blocked_ns;
	for (unsigned level = 1; level < MCR_GMP_LEVEL_NEWEST; level++)
		if (gmp->until_ns[level])
			earlier(&deadline, gmp->until_ns[level]);
	if (gmp->cfg.repeat_s != MCR_GMP_NO_REPEAT && gmp->n_wanted)
		earlier(&deadline, gmp->repeat_due_ns);
	return deadline > now_ns ? deadline : now_ns + MCR_GMP_TICK_NS;
}
