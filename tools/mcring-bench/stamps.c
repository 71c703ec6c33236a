/* SPDX-License-Identifier: BSD-3-Clause */
#include "stamps.h"

#include <unistd.h>

#include <rte_mbuf_dyn.h>

#include <mcring/consumer.h>
#include <mcring/engine.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "engine/state/state.h"

#define PATIENCE_NS 1000000000

/* As mcr_port_clock_open and place_queue leave them for such a NIC. The device thread gives the
 * clock its time each 100 ms; before that, stamps count as none. */
int stamps_create(struct stamps *stamps, struct mcr_engine *engine, uint16_t port)
{
	struct mcr_packet_clock *clock = &engine->port_by_id[port]->clock.packets;

	if (rte_mbuf_dyn_rx_timestamp_register(&stamps->offset, &stamps->flag) < 0)
		return fail("the mbuf has no room left for a timestamp");
	clock->offset = stamps->offset;
	clock->rx_flag = stamps->flag;
	clock->flags = MCR_FLAG_HW_TIME;
	mcr_hw_clock_init(&clock->hw, MCR_HW_CLOCK_NIC);
	for (unsigned i = 0; i < engine->n_workers; i++)
		for (unsigned q = 0; q < engine->workers[i]->n_queues; q++)
			if (engine->workers[i]->queues[q].port == port)
				engine->workers[i]->queues[q].clock = clock;
	return 0;
}

void stamps_put(const struct stamps *stamps, struct rte_mbuf **mbufs, unsigned n)
{
	uint64_t now_ns = realtime_ns();

	for (unsigned i = 0; i < n; i++) {
		mbufs[i]->ol_flags |= stamps->flag;
		*RTE_MBUF_DYNFIELD(mbufs[i], stamps->offset, rte_mbuf_timestamp_t *) = now_ns;
	}
}

static int has_times(struct mcr_consumer *consumer)
{
	uint64_t end_ns = monotonic_ns() + PATIENCE_NS;
	struct mcr_msg m;

	while (monotonic_ns() < end_ns) {
		int n = mcr_consumer_poll(consumer, &m, 1);
		int is_data = n > 0 && m.kind == MCR_DATA;

		mcr_consumer_release(consumer);
		if (is_data)
			return (m.flags & MCR_FLAG_HW_TIME) != 0 && m.hw_ns != 0;
	}
	return 0;
}

int stamps_check(struct mcr_engine *engine, const char *channel)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *consumer = NULL;
	struct mcr_error err = {""};
	int ret;

	opts.fd = mcr_engine_attach(engine, channel, "stamps", &err);
	if (opts.fd < 0 || mcr_consumer_open(&consumer, &opts, &err) < 0)
		return fail("%s", err.text);
	ret = has_times(consumer) ? 0 : fail("--hw-times: the messages have no hw_ns");
	mcr_consumer_close(consumer);
	return ret;
}
