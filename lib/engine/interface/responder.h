/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers ARP requests (RFC 826) and ICMP echo (RFC 792) for one address, so that those who run the
 * network can ping what they feed. Nothing else of IP: no fragments, no options. */
#ifndef MCR_ENGINE_RESPONDER_H
#define MCR_ENGINE_RESPONDER_H

#include <stdint.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "core/parse.h"

/* mcr_responder_answer turns a request for address_be into its reply, in place. packet: what
 * mcr_parse made of it. mac: the port's. Returns 1, or 0 when m is no such request (m unchanged).
 * Thread: control. */
int mcr_responder_answer(struct rte_mbuf *m, const struct mcr_packet *packet,
			 const struct rte_ether_addr *mac, uint32_t address_be);

#endif
