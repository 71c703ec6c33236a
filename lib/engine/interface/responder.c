/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_arp.h>
#include <rte_ip.h>

#include "core/address.h"
#include "engine/interface/responder.h"
#include "engine/port/dpdk_compat.h"

#define TTL 64

static void turn_ether(struct rte_mbuf *m, const struct rte_ether_addr *mac)
{
	struct rte_ether_hdr *ether = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);

	ether->dst_addr = ether->src_addr;
	ether->src_addr = *mac;
}

static int answer_arp(struct rte_mbuf *m, uint16_t offset, const struct rte_ether_addr *mac,
		      uint32_t address_be)
{
	struct rte_arp_hdr *arp = rte_pktmbuf_mtod_offset(m, struct rte_arp_hdr *, offset);
	struct rte_arp_ipv4 *d = &arp->arp_data;

	if (m->data_len < offset + sizeof(*arp) ||
	    arp->arp_hardware != rte_cpu_to_be_16(RTE_ARP_HRD_ETHER) ||
	    arp->arp_protocol != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) ||
	    arp->arp_hlen != RTE_ETHER_ADDR_LEN || arp->arp_plen != sizeof(d->arp_tip) ||
	    arp->arp_opcode != rte_cpu_to_be_16(RTE_ARP_OP_REQUEST) || d->arp_tip != address_be)
		return 0;
	arp->arp_opcode = rte_cpu_to_be_16(RTE_ARP_OP_REPLY);
	d->arp_tha = d->arp_sha;
	d->arp_tip = d->arp_sip;
	d->arp_sha = *mac;
	d->arp_sip = address_be;
	turn_ether(m, mac);
	return 1;
}

static int answer_echo(struct rte_mbuf *m, uint16_t offset, const struct rte_ether_addr *mac,
		       uint32_t address_be)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, offset);
	struct rte_icmp_hdr *icmp = (struct rte_icmp_hdr *)(ip + 1);
	struct rte_ether_hdr *ether = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	uint32_t sum;

	/* mcr_parse checked the IP header and its lengths. An echo from a group's or no
	 * address would be answered to many hosts (RFC 1122 §3.2.2.6). */
	if (ip->version_ihl != RTE_IPV4_VHL_DEF ||
	    rte_be_to_cpu_16(ip->total_length) < sizeof(*ip) + sizeof(*icmp) ||
	    ip->dst_addr != address_be || !mcr_ipv4_is_host(ip->src_addr) ||
	    ip->next_proto_id != IPPROTO_ICMP || icmp->icmp_type != RTE_ICMP_TYPE_ECHO_REQUEST ||
	    icmp->icmp_code != 0 || !rte_is_same_ether_addr(&ether->dst_addr, mac))
		return 0;
	/* RFC 1624: only the type changes, so the checksum is adjusted, not computed again. */
	icmp->icmp_type = RTE_ICMP_TYPE_ECHO_REPLY;
	sum = (uint16_t)~icmp->icmp_cksum;
	sum += (uint16_t)~rte_cpu_to_be_16(RTE_ICMP_TYPE_ECHO_REQUEST << 8);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	icmp->icmp_cksum = (uint16_t)~sum;
	/* 0xffff is the same number, and right for all-zero messages, too. */
	if (icmp->icmp_cksum == 0)
		icmp->icmp_cksum = 0xffff;
	ip->dst_addr = ip->src_addr;
	ip->src_addr = address_be;
	ip->time_to_live = TTL;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	turn_ether(m, mac);
	return 1;
}

int mcr_responder_answer(struct rte_mbuf *m, const struct mcr_packet *packet,
			 const struct rte_ether_addr *mac, uint32_t address_be)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);

	if (m->nb_segs != 1 || !rte_is_unicast_ether_addr(&ether->src_addr))
		return 0;
	if (packet->ether_type == RTE_ETHER_TYPE_ARP)
		return answer_arp(m, packet->l3_offset, mac, address_be);
	return answer_echo(m, packet->l3_offset, mac, address_be);
}
