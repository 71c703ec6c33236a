/* SPDX-License-Identifier: BSD-3-Clause */
/* What an engine says about its relay: where packets go, and what became of the copies
 * (docs/routing.md). As in mcring/info.h: copies for the caller, structures begin with `size`.
 * Thread: control. */
#ifndef MCRING_RELAY_H
#define MCRING_RELAY_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>
#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcr_engine;

/* What became of the copies for one output of the relay: offered is the sum of the others, in every
 * reading. */
struct mcr_relay_counts {
	uint64_t offered;      /* copies that were to go there */
	uint64_t tx;           /* that the driver took */
	uint64_t tx_full;      /* for which the Tx queue, or the way to its lcore, had no room */
	uint64_t tx_mtu;       /* longer than the port's MTU: no ICMP is sent (RFC 1112 §7.2) */
	uint64_t tx_ttl;       /* whose TTL or hop limit was not above ttl_threshold */
	uint64_t tx_no_buffer; /* for which there was no packet buffer */
	uint64_t tx_down;      /* while the link was down, or after the port was removed */
};

/* An interface of the relay. */
struct mcr_relay_info {
	uint32_t size; /* sizeof(struct mcr_relay_info) */
	char interface[MCR_NAME_MAX];
	uint8_t role;                  /* enum mcr_relay_role */
	uint8_t forward_when;          /* enum mcr_forward_when in use */
	uint8_t ttl_threshold;         /* in use */
	uint8_t forwards[2];           /* IPv4, IPv6: 1 = packets are forwarded to it now */
	char why[64];                  /* why not; "" = they are */
	struct mcr_relay_counts out;   /* of all lcores */
	uint64_t wrong_interface;      /* packets that came in here and would have been relayed, but
					* for their source */
	uint64_t looped;               /* that the loop guard knew */
	uint64_t flows, flows_evicted; /* of those that came in here: whose counters are kept; that
					* had to make room */
	uint16_t tx_queues;            /* of its port */
	uint16_t tx_shared;   /* of the lcores that relay: those that have no queue of their
			       * own there, so that another lcore sends for them */
	uint64_t reserved[4]; /* 0 */
};

/* mcr_engine_relay_info describes interface i, counted among those that have a role. Returns 0, or
 * -ENOENT past the last. */
MCR_API int mcr_engine_relay_info(const struct mcr_engine *e, size_t i, struct mcr_relay_info *out);

/* mcr_engine_relay_lcore gives the copies that rx lcore `lcore` (its index, as in
 * mcr_engine_lcore_info) made for that interface. What it handed to another lcore counts there.
 * Returns 0, or -ENOENT past the last of either. */
MCR_API int mcr_engine_relay_lcore(const struct mcr_engine *e, size_t i, size_t lcore,
				   struct mcr_relay_counts *out);

/* A route: (S, G) that was relayed, or (*, G) or (S, G) that would be, of which no packet came. */
struct mcr_route_info {
	uint32_t size;                    /* sizeof(struct mcr_route_info) */
	struct mcr_address source, group; /* source: none = * */
	char interface[MCR_NAME_MAX];     /* by which its packets come in */
	uint64_t packets, bytes;          /* that an output was for; octets of IP packet */
	uint64_t wrong_interface;   /* that came in here though the source belongs elsewhere */
	uint64_t first_ns, last_ns; /* CLOCK_REALTIME; 0 = no packet came */
	unsigned n_outputs;         /* mcr_engine_route_outputs */
	uint64_t reserved[4];       /* 0 */
};

/* mcr_engine_route_info describes a route, in the order of groups, sources and interfaces. Entry 0
 * collects them: the others are of that instant. That takes some milliseconds for each rx lcore
 * that counts many flows. Returns 0, -ENOENT past the last, or -ENOMEM. */
MCR_API int mcr_engine_route_info(struct mcr_engine *e, size_t i, struct mcr_route_info *out);

/* mcr_engine_routes_collect collects them in steps of less than a millisecond, for programs that
 * run mcr_engine_poll between the steps. *ticket: 0 before the first, for a collection that begins
 * then or later; all who wait share one. Returns 1 when it is there for mcr_engine_route_collected,
 * which shows the last that ended, 0 when there is more to do, -ENOENT without a relay, or -ENOMEM.
 */
MCR_API int mcr_engine_routes_collect(struct mcr_engine *e, uint64_t *ticket);

/* mcr_engine_route_collected is mcr_engine_route_info without collecting. Returns 0, or -ENOENT
 * past the last. */
MCR_API int mcr_engine_route_collected(const struct mcr_engine *e, size_t i,
				       struct mcr_route_info *out);

/* An output of a route. */
struct mcr_route_output {
	char interface[MCR_NAME_MAX];
	uint64_t packets;      /* of the route that were for it */
	uint8_t is_forwarded;  /* 1: the next one is; 0: nobody wants it any more, or the interface
				* does not forward now */
	uint8_t ttl_threshold; /* of the interface */
};

/* mcr_engine_route_outputs copies the first cap outputs of route i, in the order of interfaces.
 * outputs may be NULL if cap is 0.
 *
 * Returns how many there are, which may exceed cap, or -ENOENT past the last route. */
MCR_API int mcr_engine_route_outputs(struct mcr_engine *e, size_t i,
				     struct mcr_route_output *outputs, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
