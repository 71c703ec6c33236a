/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_ether.h>

#include "core/address.h"
#include "core/gmp/gmp_spare.h"
#include "engine/interface/interface_send.h"
#include "engine/port/port_netdev.h"
#include "engine/port/port_send.h"

int mcr_interface_transmit(struct mcr_interface *i, struct rte_mbuf *m)
{
	if (mcr_port_send(i->port, &m, 1) == 1) {
		i->tx_packets++;
		return 0;
	}
	rte_pktmbuf_free(m);
	return -EAGAIN;
}

static int is_ipv6(const uint8_t *packet)
{
	return packet[0] >> 4 == 6;
}

/* Puts an Ethernet header in front of an IP packet of ours. Pads it to the 60 octets that a frame
 * has at least: vdevs do not pad, as hardware does. */
static struct rte_mbuf *make_frame(const struct mcr_interface *i, const uint8_t mac[6],
				   const uint8_t *packet, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(i->port->mempool);
	size_t tag = i->config.vlan ? sizeof(struct rte_vlan_hdr) : 0;
	size_t total = sizeof(struct rte_ether_hdr) + tag + len;
	struct rte_ether_hdr *ether;
	uint8_t *to;

	if (!m)
		return NULL;
	if (total < RTE_ETHER_MIN_LEN - RTE_ETHER_CRC_LEN)
		total = RTE_ETHER_MIN_LEN - RTE_ETHER_CRC_LEN;
	to = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)total);
	if (!to) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	memset(to, 0, total);
	ether = (struct rte_ether_hdr *)to;
	to += sizeof(*ether);
	memcpy(&ether->dst_addr, mac, sizeof(ether->dst_addr));
	ether->src_addr = i->port->mac;
	ether->ether_type =
	    rte_cpu_to_be_16(is_ipv6(packet) ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4);
	if (tag != 0) {
		struct rte_vlan_hdr *vlan = (struct rte_vlan_hdr *)to;

		vlan->vlan_tci = rte_cpu_to_be_16(i->config.vlan);
		vlan->eth_proto = ether->ether_type;
		ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN);
		to += tag;
	}
	memcpy(to, packet, len);
	return m;
}

static int send_to(struct mcr_interface *i, const uint8_t mac[6], const uint8_t *packet, size_t len)
{
	struct rte_mbuf *m = make_frame(i, mac, packet, len);

	return m ? mcr_interface_transmit(i, m) : -EAGAIN;
}

static struct mcr_address destination_of(const uint8_t *packet)
{
	struct mcr_address group;

	if (!is_ipv6(packet))
		return mcr_address_from_ipv4(mcr_load32(packet + 16));
	memcpy(group.octets, packet + MCR_IPV6_GROUP, sizeof(group.octets));
	return group;
}

/* Of what programs want of a group that they have joined, mcring knows no more: so they may want
 * all. The kernel has another interface for a VLAN than the one that the port sits on. */
static void kernel_wants(void *interface, struct mcr_address group, struct mcr_source_filter *out)
{
	const struct mcr_interface *i = interface;
	int has_joined = mcr_kernel_path_has_joined(i->kernel, group) ||
			 (i->config.vlan == 0 && mcr_port_has_kernel_joined(i->port, group));

	*out = (struct mcr_source_filter){.mode =
					      has_joined ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE};
}

const uint8_t *mcr_interface_spare_report(const struct mcr_interface *i,
					  uint8_t copy[MCR_REPORT_MAX], const uint8_t *packet,
					  size_t *len)
{
	const struct mcr_gmp_other kernel = {.wants = kernel_wants, .ctx = (void *)(uintptr_t)i};

	if (*len > MCR_REPORT_MAX)
		return packet;
	memcpy(copy, packet, *len);
	if (mcr_gmp_spare(is_ipv6(packet) ? MCR_GMP_MLD : MCR_GMP_IGMP, copy, len, &kernel) ==
	    MCR_GMP_SILENT)
		return NULL;
	return copy;
}

int mcr_interface_send_packet(struct mcr_interface *i, const uint8_t *packet, size_t len)
{
	uint8_t mac[6];

	mcr_group_mac(mac, destination_of(packet));
	return mcr_interface_send_probe(i, mac, packet, len);
}

void mcr_interface_give_kernel(struct mcr_interface *i, const uint8_t *packet, size_t len)
{
	struct rte_mbuf *m;
	uint8_t mac[6];

	if (!mcr_kernel_path_is_up(i->kernel))
		return;
	mcr_group_mac(mac, destination_of(packet));
	m = make_frame(i, mac, packet, len);
	if (m)
		mcr_kernel_path_give(i->kernel, m);
	rte_pktmbuf_free(m);
}

int mcr_interface_send_probe(void *interface, const uint8_t mac[6], const uint8_t *packet,
			     size_t len)
{
	struct mcr_interface *i = interface;
	int ret = send_to(i, mac, packet, len);

	i->tx_retries += ret < 0;
	return ret;
}

int mcr_interface_send_answer(void *interface, const uint8_t mac[6], const uint8_t *packet,
			      size_t len)
{
	struct mcr_interface *i = interface;
	int ret = send_to(i, mac, packet, len);

	i->tx_dropped += ret < 0;
	return ret;
}
