/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcring/config.h>
#include <mcring/info.h>

#include "engine/plan/port_wish.h"
#include "engine/port/port.h"
#include "engine/port/port_trailers.h"

#define JUDGE_NS      UINT64_C(10000000000)
#define JUDGE_PACKETS MCR_TRAILER_TRIAL /* fewer say nothing */

int mcr_port_trailers_of_switch(unsigned hw_time)
{
	return hw_time == MCR_HW_TIME_METAMAKO || hw_time == MCR_HW_TIME_EXABLAZE_HPT;
}

int mcr_port_trailers_open(struct mcr_port *port, unsigned hw_time)
{
	const size_t bytes = port->n_queues * sizeof(struct mcr_queue_trailers);
	struct mcr_queue_trailers *queues;

	if (!mcr_port_trailers_of_switch(hw_time))
		return 0;
	queues = aligned_alloc(_Alignof(struct mcr_queue_trailers), bytes);
	if (!queues)
		return -ENOMEM;
	memset(queues, 0, bytes);
	for (uint16_t q = 0; q < port->n_queues; q++)
		queues[q].reader.form = hw_time == MCR_HW_TIME_METAMAKO ? MCR_TRAILER_METAMAKO
									: MCR_TRAILER_EXABLAZE_HPT;
	port->trailers.queues = queues;
	return 0;
}

void mcr_port_trailers_close(struct mcr_port *port)
{
	free(port->trailers.queues);
	port->trailers.queues = NULL;
}

struct mcr_queue_trailers *mcr_port_trailers_of(const struct mcr_port *port, uint16_t queue)
{
	return port->trailers.queues ? &port->trailers.queues[queue] : NULL;
}

void mcr_port_trailers_count(const struct mcr_port *port, uint64_t *counts)
{
	for (unsigned v = 0; v < MCR_TRAILER_VERDICTS; v++) {
		counts[v] = 0;
		for (uint16_t q = 0; port->trailers.queues && q < port->n_queues; q++)
			counts[v] += __atomic_load_n(&port->trailers.queues[q].reader.counts[v],
						     __ATOMIC_RELAXED);
	}
}

void mcr_port_trailers_info(const struct mcr_port *port, struct mcr_port_info *out)
{
	uint64_t counts[MCR_TRAILER_VERDICTS];

	mcr_port_trailers_count(port, counts);
	snprintf(out->hw_time, sizeof(out->hw_time), "%s", mcr_hw_time_name(port->clock.wanted));
	out->has_trailers = port->trailers.queues != NULL;
	out->hw_time_ok = counts[MCR_TRAILER_OK];
	out->hw_time_none = counts[MCR_TRAILER_NONE];
	out->hw_time_bad = counts[MCR_TRAILER_BAD];
}

/* Says of the packets since the last judgement what they lack, or no more. */
static int describe(const struct mcr_port *port, const uint64_t *since, uint64_t all, char *line,
		    size_t cap)
{
	const char *form = mcr_hw_time_name(port->clock.wanted);

	if (!port->trailers.is_lacking) {
		snprintf(line, cap, "port %s: most packets have a good %s trailer again",
			 port->name, form);
		return 1;
	}
	snprintf(line, cap,
		 "port %s: of %" PRIu64 " packets, %" PRIu64 " have no %s trailer and %" PRIu64
		 " a bad one: those have no hw_ns. Does the switch append it on this link, is it "
		 "the last to change frames, and is its clock right?",
		 port->name, all, since[MCR_TRAILER_NONE], form, since[MCR_TRAILER_BAD]);
	return -1;
}

int mcr_port_trailers_judge(struct mcr_port *port, uint64_t now_ns, char *line, size_t cap)
{
	struct mcr_port_trailers *t = &port->trailers;
	uint64_t counts[MCR_TRAILER_VERDICTS], since[MCR_TRAILER_VERDICTS], all = 0;
	int was_lacking = t->is_lacking;

	if (!t->queues || (t->judged_ns != 0 && now_ns - t->judged_ns < JUDGE_NS))
		return 0;
	mcr_port_trailers_count(port, counts);
	for (unsigned v = 0; v < MCR_TRAILER_VERDICTS; v++)
		all += since[v] = counts[v] - t->counts[v];
	if (all < JUDGE_PACKETS)
		return 0;
	memcpy(t->counts, counts, sizeof(t->counts));
	t->judged_ns = now_ns;
	t->is_lacking = since[MCR_TRAILER_OK] < all - since[MCR_TRAILER_OK];
	return t->is_lacking == was_lacking ? 0 : describe(port, since, all, line, cap);
}
