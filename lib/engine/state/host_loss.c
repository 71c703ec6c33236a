/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/state/host_loss.h"

#include "core/ring.h"
#include "engine/state/state.h"

/* A port counts for all of its queues together, so its loss counts for each lcore that polls it. A
 * port that was removed loses nothing any more. */
static uint64_t loss_of(const struct mcr_engine *e, unsigned worker, uint64_t *looked_ns)
{
	uint64_t lost = 0;

	*looked_ns = UINT64_MAX;
	for (size_t p = 0; p < e->n_ports; p++) {
		const struct mcr_port *port = e->ports[p];

		if (!(port->pollers >> worker & 1))
			continue;
		lost += port->seen.stats.imissed + port->seen.stats.rx_nombuf;
		if (!port->removed && port->seen.counted_ns < *looked_ns)
			*looked_ns = port->seen.counted_ns;
	}
	return lost;
}

void mcr_engine_show_host_loss(struct mcr_engine *e)
{
	for (unsigned worker = 0; worker < e->n_workers; worker++) {
		uint64_t looked_ns, lost = loss_of(e, worker, &looked_ns);

		if (looked_ns == UINT64_MAX) /* it polls no port, so nothing was lost there */
			looked_ns = mcr_clock_now_realtime();
		for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
			if (e->channels[i] && worker < e->channels[i]->rings.n)
				mcr_ring_set_host_loss(e->channels[i]->rings.regions[worker].mem,
						       lost, looked_ns);
	}
}
