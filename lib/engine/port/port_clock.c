/* SPDX-License-Identifier: BSD-3-Clause */
/* The sources of DPDK 22.11.11 say what drivers stamp. */
#define ALLOW_EXPERIMENTAL_API /* rte_eth_read_clock */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf_dyn.h>

#include <mcring/consumer.h>

#include "engine/plan/port_wish.h"
#include "engine/port/port.h"
#include "engine/port/port_clock.h"
#include "engine/port/port_trailers.h"

/* Drivers whose unit and epoch are known. Not here: net_ice (nanoseconds of a clock that starts
 * where PTP put it, and which DPDK 22.11 cannot read), net_iavf (the same of its PF), net_hns3 and
 * net_bnxt (PTP packets only), net_nfb (seconds and nanoseconds in halves that the API does not
 * know of). */
static const struct stamping {
	const char *driver;
	enum mcr_hw_clock_kind kind;
	uint8_t is_always; /* it stamps without the offload, which it does not offer */
} known[] = {
    /* eth_pcap_rx: tv_sec * 10^6 + tv_usec; the file is opened without nanoseconds, so
     * libpcap cuts them. eth_pcap_rx_infinite (infinite_rx=1) stamps nothing. */
    {"net_pcap", MCR_HW_CLOCK_CAPTURE_US, 1},
    /* rxq_cq_to_mbuf: nanoseconds of UTC in the NIC's real-time mode (mlx5_rt_timestamp_config),
     * else the raw counter. Only the values show which. */
    {"mlx5_pci", MCR_HW_CLOCK_NIC, 0},
    {"mlx5_auxiliary", MCR_HW_CLOCK_NIC, 0},
};

static const struct stamping *find(const char *driver)
{
	for (size_t i = 0; i < RTE_DIM(known); i++)
		if (strcmp(known[i].driver, driver) == 0)
			return &known[i];
	return NULL;
}

/* A capture's own times say where those of its trailers are expected. */
static uint64_t open_switch(struct mcr_port_clock *c, const struct stamping *s)
{
	c->packets.flags = MCR_FLAG_HW_TIME;
	if (s && s->kind == MCR_HW_CLOCK_CAPTURE_US &&
	    rte_mbuf_dyn_rx_timestamp_register(&c->packets.offset, &c->packets.rx_flag) == 0)
		mcr_hw_clock_init(&c->packets.hw, s->kind);
	return 0;
}

uint64_t mcr_port_clock_open(struct mcr_port *port, uint64_t rx_offload_capa, unsigned wanted)
{
	const struct stamping *s = find(port->driver);
	struct mcr_port_clock *c = &port->clock;

	c->wanted = (uint8_t)wanted;
	mcr_hw_clock_init(&c->packets.hw, MCR_HW_CLOCK_NONE);
	if (wanted == MCR_HW_TIME_OFF)
		return 0;
	if (mcr_port_trailers_of_switch(wanted))
		return open_switch(c, s);
	if (!s) {
		c->lack = (rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP) != 0
			      ? "the unit and epoch of its driver's timestamps are unknown"
			      : "its driver stamps no packets";
		return 0;
	}
	if (!s->is_always && (rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP) == 0) {
		c->lack = "this NIC stamps no packets";
		return 0;
	}
	/* The driver's field is the same one, whoever registers it first. */
	if (rte_mbuf_dyn_rx_timestamp_register(&c->packets.offset, &c->packets.rx_flag) < 0) {
		c->lack = "the mbuf has no room left for a timestamp";
		return 0;
	}
	c->packets.flags = MCR_FLAG_HW_TIME;
	if (wanted == MCR_HW_TIME_SYNCED)
		c->packets.flags |= MCR_FLAG_HW_TIME_SYNCED;
	mcr_hw_clock_init(&c->packets.hw, s->kind);
	return s->is_always ? 0 : RTE_ETH_RX_OFFLOAD_TIMESTAMP;
}

/* Reads both clocks at nearly one instant: the tightest of a few tries, as any may be interrupted.
 */
static int read_pair(uint16_t port, uint64_t *ticks, uint64_t *ns)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 4; i++) {
		uint64_t before = mcr_clock_now_realtime(), now, after;

		if (rte_eth_read_clock(port, &now) != 0)
			return -ENOTSUP;
		after = mcr_clock_now_realtime();
		if (after - before < best) { /* not when CLOCK_REALTIME stepped back in between */
			best = after - before;
			*ticks = now;
			*ns = before + (after - before) / 2;
		}
	}
	return best == UINT64_MAX ? -ENOTSUP : 0;
}

int mcr_port_clock_update(struct mcr_port *port)
{
	struct mcr_hw_clock *clock = &port->clock.packets.hw;
	uint64_t ticks = 0, ns = 0;
	int ret;

	if (clock->kind != MCR_HW_CLOCK_NIC)
		return 0;
	ret = read_pair(port->id, &ticks, &ns);
	if (ret == 0)
		mcr_hw_clock_update(clock, ticks, ns);
	else
		mcr_hw_clock_set_now(clock, mcr_clock_now_realtime());
	return ret;
}

int mcr_port_clock_describe(struct mcr_port *port, char *line, size_t cap)
{
	const struct mcr_port_clock *c = &port->clock;

	if (c->wanted == MCR_HW_TIME_OFF)
		return 0;
	if (c->lack) {
		snprintf(line, cap,
			 "port %s (%s): hw-time is wanted, but %s: messages have none (hw_ns 0)",
			 port->name, port->driver, c->lack);
		return -1;
	}
	if (mcr_port_trailers_of_switch(c->wanted)) {
		snprintf(line, cap, "port %s: hw_ns is the time in the %s trailer of each frame",
			 port->name, mcr_hw_time_name(c->wanted));
		return 1;
	}
	/* mlx5 reads its clock through the kernel, which it cannot do where flows are isolated, or
	 * from the device, which has it in real-time mode only (mlx5_txpp_read_clock). */
	if (mcr_port_clock_update(port) < 0) {
		snprintf(line, cap,
			 "port %s (%s): its driver cannot read the NIC's clock, so messages have "
			 "hw_ns only if the NIC stamps real time (mlx5: REAL_TIME_CLOCK_ENABLE=1)",
			 port->name, port->driver);
		return -1;
	}
	snprintf(line, cap, "port %s: hw_ns is %s%s", port->name,
		 c->packets.hw.kind == MCR_HW_CLOCK_CAPTURE_US
		     ? "the capture's time, in microseconds"
		     : "the NIC's time",
		 c->wanted == MCR_HW_TIME_SYNCED ? ", taken as synchronised" : "");
	return 1;
}

const struct mcr_packet_clock *mcr_port_clock_of(const struct mcr_port *port)
{
	const struct mcr_packet_clock *packets = &port->clock.packets;

	return packets->hw.kind != MCR_HW_CLOCK_NONE || port->trailers.queues ? packets : NULL;
}
