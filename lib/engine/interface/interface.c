/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <rte_ether.h>

#include "core/address.h"
#include "core/device_name.h"
#include "core/error.h"
#include "engine/interface/interface.h"
#include "engine/interface/responder.h"
#include "engine/plan/limits.h"
#include "engine/port/port_netdev.h"

#define OLD_QUERIES_NS UINT64_C(60000000000) /* between log lines of queries in old versions */

int mcr_interface_check(const struct mcr_interface_config *config, struct mcr_error *err)
{
	if (config->name[0] == '\0' || !memchr(config->name, '\0', sizeof(config->name)))
		return mcr_error_set(err, -EINVAL, "an interface needs a name of 1 to %d octets",
				     MCR_NAME_MAX - 1);
	if (!memchr(config->port, '\0', sizeof(config->port)))
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": its port's name is not terminated",
				     config->name);
	if (config->vlan > MCR_VLAN_ID_MAX)
		return mcr_error_set(err, -EINVAL, "interface \"%s\": VLAN %u is not in 1..%d",
				     config->name, config->vlan, MCR_VLAN_ID_MAX);
	if ((!mcr_address_is_none(config->address) &&
	     !mcr_ipv4_is_unicast(mcr_address_ipv4_be(config->address))) ||
	    config->prefix_len > 32)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": its address is not a unicast IPv4 one",
				     config->name);
	if (config->igmp > MCR_IGMP_OFF || config->udp_checksum > MCR_UDP_CHECKSUM_VERIFY ||
	    config->hw_time > MCR_HW_TIME_SYNCED || config->pieces > MCR_PIECES_OFF)
		return mcr_error_set(
		    err, -EINVAL,
		    "interface \"%s\": unknown igmp, udp_checksum, hw_time or pieces mode",
		    config->name);
	if (config->kernel[0] != '\0' && !mcr_device_name_ok(config->kernel))
		return mcr_error_set(
		    err, -EINVAL,
		    "interface \"%s\": kernel=%.16s: Linux takes no such name of a "
		    "network device: 1 to %d octets, no '/', ':', '%%' or space",
		    config->name, config->kernel, MCR_DEVICE_NAME_MAX - 1);
	if (config->igmp_robustness > MCR_IGMP_ROBUSTNESS_MAX ||
	    config->igmp_robustness_floor > MCR_IGMP_ROBUSTNESS_MAX)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": IGMP robustness is not in 1..%d",
				     config->name, MCR_IGMP_ROBUSTNESS_MAX);
	if (config->n_queues > MCR_QUEUES_MAX || config->n_lcores > MCR_LCORES_MAX)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": at most %d queues and %d lcores",
				     config->name, MCR_QUEUES_MAX, MCR_LCORES_MAX);
	return 0;
}

/* A packet that we send lies in one buffer, while a port of jumbo frames may chain small ones. */
static uint16_t longest_packet(const struct mcr_port *port)
{
	uint16_t room = rte_pktmbuf_data_room_size(port->mempool) - RTE_PKTMBUF_HEADROOM -
			sizeof(struct rte_ether_hdr) - sizeof(struct rte_vlan_hdr);

	return RTE_MIN(mcr_port_tx_mtu(port), room);
}

static int make_igmp(struct mcr_interface *i, uint64_t now_ns, struct mcr_error *err)
{
	struct mcr_gmp_config cfg = {
	    .address = i->config.address,
	    .mtu = longest_packet(i->port),
	    .version = i->config.igmp, /* enum mcr_igmp_mode: 0 follows the querier */
	    .strict_rx = i->config.igmp_strict,
	    .robustness = i->config.igmp_robustness,
	    .robustness_floor = i->config.igmp_robustness_floor,
	    .compat_timeout_s = i->config.igmp_compat_timeout_s,
	    .repeat_s = i->config.igmp_repeat_s,
	};
	int ret;

	if (i->config.igmp == MCR_IGMP_OFF || i->config.tx_never)
		return 0;
	if (getrandom(&cfg.seed, sizeof(cfg.seed), 0) != sizeof(cfg.seed))
		cfg.seed = now_ns;
	ret = mcr_gmp_create(&i->igmp, &cfg, now_ns);
	i->logged_version = cfg.version ? cfg.version : 3;
	return ret == 0 ? 0
			: mcr_error_set(err, ret, "interface \"%s\": cannot start IGMP: %s",
					i->config.name, strerror(-ret));
}

int mcr_interface_init(struct mcr_interface *i, const struct mcr_interface_config *config,
		       struct mcr_port *port, uint8_t index, uint64_t now_ns, struct mcr_error *err)
{
	int ret;

	*i = (struct mcr_interface){.config = *config, .port = port, .igmp_due_ns = MCR_GMP_NEVER};
	if (port->interface_of_vlan[config->vlan] != MCR_NO_INTERFACE)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": port %s has another interface %s already; "
				     "give each a vlan= of its own",
				     config->name, port->name,
				     config->vlan ? "on this VLAN" : "without a VLAN");
	ret = make_igmp(i, now_ns, err);
	if (ret == 0 && config->kernel[0] != '\0')
		ret = mcr_kernel_path_create(&i->kernel, config, port, err);
	if (ret < 0)
		mcr_interface_fini(i);
	else
		port->interface_of_vlan[config->vlan] = index;
	return ret;
}

size_t mcr_interface_own_groups(const struct mcr_interface *i,
				struct mcr_address groups[MCR_INTERFACE_OWN_GROUPS])
{
	return 0; /* it does not speak IPv6 yet */
}

void mcr_interface_fini(struct mcr_interface *i)
{
	mcr_gmp_destroy(i->igmp);
	mcr_kernel_path_destroy(i->kernel);
	i->igmp = NULL;
	i->kernel = NULL;
}

static int transmit(struct mcr_interface *i, struct rte_mbuf *m)
{
	if (rte_eth_tx_burst(i->port->id, 0, &m, 1) == 1) {
		i->tx_packets++;
		return 0;
	}
	rte_pktmbuf_free(m);
	return -EAGAIN;
}

/* Puts an Ethernet header in front of an IPv4 packet of ours, which is to a group. Pads it to the
 * 60 octets that a frame has at least: vdevs do not pad, as hardware does. */
static struct rte_mbuf *make_frame(const struct mcr_interface *i, const uint8_t *packet, size_t len)
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
	mcr_group_mac(ether->dst_addr.addr_bytes, mcr_address_from_ipv4(mcr_load32(packet + 16)));
	ether->src_addr = i->port->mac;
	ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
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

/* mcr_gmp_send: the machine keeps what does not go out now, and sends it later. */
static int send_igmp(void *ctx, const uint8_t *packet, size_t len)
{
	struct mcr_interface *i = ctx;
	struct rte_mbuf *m = make_frame(i, packet, len);

	if (m && transmit(i, m) == 0)
		return 0;
	i->tx_retries++;
	return -EAGAIN;
}

/* Something has changed for the machine, which says at the next poll when it is due again. */
static void wake_igmp(struct mcr_interface *i)
{
	i->igmp_due_ns = 0;
}

int mcr_interface_set_filter(struct mcr_interface *i, struct mcr_address group,
			     const struct mcr_source_filter *filter, uint64_t now_ns)
{
	if (!i->igmp || mcr_address_is_ipv6(group))
		return 0;
	wake_igmp(i);
	return mcr_gmp_set_filter(i->igmp, group, filter->mode, filter->sources, filter->n, now_ns);
}

void mcr_interface_leave_all(struct mcr_interface *i, uint64_t now_ns)
{
	if (!i->igmp)
		return;
	mcr_gmp_leave_all(i->igmp, now_ns);
	wake_igmp(i);
}

void mcr_interface_announce(struct mcr_interface *i, uint64_t now_ns)
{
	if (!i->igmp)
		return;
	mcr_gmp_announce(i->igmp, i->config.address, now_ns);
	wake_igmp(i);
}

int mcr_interface_set_mtu(struct mcr_interface *i)
{
	return i->igmp ? mcr_gmp_set_mtu(i->igmp, longest_packet(i->port)) : 0;
}

void mcr_interface_poll(struct mcr_interface *i, uint64_t now_ns)
{
	if (i->igmp && i->port->started && now_ns >= i->igmp_due_ns)
		i->igmp_due_ns = mcr_gmp_poll(i->igmp, now_ns, send_igmp, i);
}

static void input_igmp(struct mcr_interface *i, const struct rte_mbuf *m,
		       const struct mcr_packet *p, uint64_t now_ns)
{
	uint8_t copy[9216];
	uint32_t len = m->pkt_len - p->l3_offset;
	const uint8_t *packet;

	if (len > sizeof(copy))
		len = sizeof(copy);
	packet = rte_pktmbuf_read(m, p->l3_offset, len, copy);
	if (!packet)
		return;
	mcr_gmp_input(i->igmp, packet, len, now_ns);
	wake_igmp(i);
}

void mcr_interface_input(struct mcr_interface *i, struct rte_mbuf *m,
			 const struct mcr_packet *packet, uint64_t now_ns)
{
	int igmp = packet->verdict == MCR_PARSED_MEMBERSHIP;

	if (igmp && i->igmp)
		input_igmp(i, m, packet, now_ns);
	if (mcr_kernel_path_is_up(i->kernel)) {
		if (igmp) /* other frames reach it through the kernel's ring */
			mcr_kernel_path_give(i->kernel, m);
	} else if (!igmp && !i->config.tx_never && i->port->started &&
		   !mcr_address_is_none(i->config.address) &&
		   mcr_responder_answer(m, packet, &i->port->mac,
					mcr_address_ipv4_be(i->config.address))) {
		if ((m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) && rte_vlan_insert(&m) < 0) {
			i->tx_dropped++;
			rte_pktmbuf_free(m);
			return;
		}
		m->ol_flags &= RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT; /* the data's owner */
		if (transmit(i, m) < 0)
			i->tx_dropped++;
		return;
	}
	rte_pktmbuf_free(m);
}

/* RFC 9776 §7.2.1 wants such queries logged, rate-limited: they take away the choice of sources. */
static void old_queries_line(struct mcr_interface *i, uint64_t now_ns, char *line, size_t cap)
{
	char querier[MCR_ADDRESS_TEXT];
	struct mcr_gmp_info igmp;

	mcr_gmp_get_info(i->igmp, now_ns, &igmp);
	snprintf(line, cap,
		 "interface %s: old IGMP queries so far: %" PRIu64 " of version 1, %" PRIu64
		 " general of version 2, %" PRIu64
		 " of version 2 for groups in 232.0.0.0/8; last general query from %s, version %u",
		 i->config.name, igmp.rx_v1_queries, igmp.rx_v2_queries, igmp.rx_old_ssm_queries,
		 mcr_address_format(querier, igmp.querier), igmp.querier_version);
}

int mcr_interface_watch(struct mcr_interface *i, uint64_t now_ns, char *line, size_t cap)
{
	struct mcr_gmp_brief igmp;

	if (!i->igmp)
		return 0;
	mcr_gmp_get_brief(i->igmp, &igmp);
	if (igmp.version != i->logged_version) {
		i->logged_version = igmp.version;
		snprintf(line, cap, "interface %s: speaks IGMP version %u now: %s", i->config.name,
			 igmp.version, mcr_gmp_reason_text(igmp.reason));
		return 1;
	}
	if (igmp.old_queries != i->logged_old_queries && now_ns >= i->old_queries_due_ns) {
		i->logged_old_queries = igmp.old_queries;
		i->old_queries_due_ns = now_ns + OLD_QUERIES_NS;
		old_queries_line(i, now_ns, line, cap);
		return 1;
	}
	return 0;
}
