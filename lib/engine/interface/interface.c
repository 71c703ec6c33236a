/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <rte_ether.h>

#include "core/address.h"
#include "core/device_name.h"
#include "core/error.h"
#include "core/gmp/gmp_spare.h"
#include "engine/interface/interface.h"
#include "engine/interface/interface_ipv6.h"
#include "engine/interface/interface_querier.h"
#include "engine/interface/interface_send.h"
#include "engine/interface/responder.h"
#include "engine/plan/limits.h"
#include "engine/port/port_netdev.h"

#define IPV6_MTU_MIN 1280 /* that every link carries: RFC 8200 §5 */
#define READ_MAX     9216 /* octets of a packet that are read in one piece */

/* A packet that we send lies in one buffer, while a port of jumbo frames may chain small ones. */
static uint16_t longest_packet(const struct mcr_port *port)
{
	uint16_t room = rte_pktmbuf_data_room_size(port->mempool) - RTE_PKTMBUF_HEADROOM -
			sizeof(struct rte_ether_hdr) - sizeof(struct rte_vlan_hdr);

	return RTE_MIN(mcr_port_tx_mtu(port), room);
}

static uint64_t seed(uint64_t now_ns)
{
	uint64_t random;

	return getrandom(&random, sizeof(random), 0) == sizeof(random) ? random : now_ns;
}

static uint16_t longest_report6(const struct mcr_port *port)
{
	return RTE_MAX(longest_packet(port), IPV6_MTU_MIN);
}

static int make_machine(struct mcr_interface *i, struct mcr_gmp **gmp, struct mcr_gmp_config *cfg,
			uint64_t now_ns, struct mcr_error *err)
{
	struct mcr_gmp_brief brief;
	int ret;

	cfg->robustness = i->config.igmp_robustness;
	cfg->robustness_floor = i->config.igmp_robustness_floor;
	cfg->compat_timeout_s = i->config.igmp_compat_timeout_s;
	cfg->repeat_s = i->config.igmp_repeat_s;
	cfg->seed = seed(now_ns);
	ret = mcr_gmp_create(gmp, cfg, now_ns);
	if (ret < 0)
		return mcr_error_set(err, ret, "interface \"%s\": cannot start %s: %s",
				     i->config.name, gmp == &i->mld ? "MLD" : "IGMP",
				     strerror(-ret));
	mcr_gmp_get_brief(*gmp, &brief);
	(gmp == &i->mld ? &i->logged_mld : &i->logged_igmp)->version = brief.version;
	return 0;
}

static int make_igmp(struct mcr_interface *i, uint64_t now_ns, struct mcr_error *err)
{
	struct mcr_gmp_config cfg = {
	    .family = MCR_GMP_IGMP,
	    .address = i->config.address,
	    .mtu = longest_packet(i->port),
	    .version = i->config.igmp, /* enum mcr_igmp_mode: 0 follows the querier */
	    .strict_rx = i->config.igmp_strict,
	};

	if (i->config.igmp == MCR_IGMP_OFF || i->config.tx_never)
		return 0;
	return make_machine(i, &i->igmp, &cfg, now_ns, err);
}

/* Its link-local address follows. Without a group it says nothing. */
static int make_mld(struct mcr_interface *i, uint64_t now_ns, struct mcr_error *err)
{
	struct mcr_gmp_config cfg = {
	    .family = MCR_GMP_MLD,
	    .mtu = longest_report6(i->port),
	    .version = i->config.mld, /* enum mcr_mld_mode: 0 follows the querier */
	};

	if (i->config.mld == MCR_MLD_OFF || i->config.tx_never)
		return 0;
	return make_machine(i, &i->mld, &cfg, now_ns, err);
}

static void hear_kernels_report(void *interface, const uint8_t *packet, size_t len, uint64_t now_ns)
{
	mcr_interface_querier_input(interface, packet, len, MCR_QUERIER_FROM_HOST, now_ns);
}

int mcr_interface_init(struct mcr_interface *i, const struct mcr_interface_config *config,
		       struct mcr_port *port, uint8_t index, uint64_t now_ns, struct mcr_error *err)
{
	int ret;

	*i = (struct mcr_interface){.config = *config, .port = port};
	if (port->interface_of_vlan[config->vlan] != MCR_NO_INTERFACE)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": port %s has another interface %s already; "
				     "give each a vlan= of its own",
				     config->name, port->name,
				     config->vlan ? "on this VLAN" : "without a VLAN");
	ret = make_igmp(i, now_ns, err);
	if (ret == 0)
		ret = make_mld(i, now_ns, err);
	if (ret == 0)
		ret = mcr_interface_querier_init(i, seed(now_ns), longest_packet(port),
						 longest_report6(port), now_ns, err);
	if (ret == 0 && config->kernel[0] != '\0')
		ret = mcr_kernel_path_create(&i->kernel, config, port, err);
	if (ret < 0) {
		mcr_interface_fini(i);
		return ret;
	}
	if (i->kernel) {
		i->kernel->igmp = i->igmp;
		i->kernel->mld = i->mld;
		i->kernel->reported = hear_kernels_report;
		i->kernel->reported_ctx = i;
	}
	mcr_interface_ipv6_init(i, seed(now_ns), longest_packet(port), now_ns);
	port->interface_of_vlan[config->vlan] = index;
	return 0;
}

void mcr_interface_fini(struct mcr_interface *i)
{
	mcr_interface_querier_fini(i);
	mcr_gmp_destroy(i->igmp);
	mcr_gmp_destroy(i->mld);
	mcr_kernel_path_destroy(i->kernel);
	i->igmp = i->mld = NULL;
	i->kernel = NULL;
}

/* Something has changed for a machine, which says at the next poll when it is due again. */
static void wake(struct mcr_interface *i)
{
	i->due_ns = 0;
}

static struct mcr_gmp *machine_of(const struct mcr_interface *i, struct mcr_address group)
{
	return mcr_address_is_ipv6(group) ? i->mld : i->igmp;
}

int mcr_interface_set_filter(struct mcr_interface *i, struct mcr_address group,
			     const struct mcr_source_filter *filter, uint64_t now_ns)
{
	struct mcr_gmp *gmp = machine_of(i, group);

	if (mcr_address_is_ipv6(group) && !i->nd.is_on)
		mcr_interface_ipv6_tell(i, 1, longest_packet(i->port), now_ns);
	/* What the host itself listens to, it listens to from all. */
	if (!gmp || mcr_interface_ipv6_has_joined(i, group) ||
	    mcr_interface_querier_has_joined(i, group))
		return 0;
	wake(i);
	return mcr_gmp_set_filter(gmp, group, filter->mode, filter->sources, filter->n, now_ns);
}

void mcr_interface_leave_all(struct mcr_interface *i, uint64_t now_ns)
{
	i->is_leaving = 1;
	if (i->igmp)
		mcr_gmp_leave_all(i->igmp, now_ns);
	if (i->mld)
		mcr_gmp_leave_all(i->mld, now_ns);
	wake(i);
}

size_t mcr_interface_pending(const struct mcr_interface *i)
{
	return (i->igmp ? mcr_gmp_pending(i->igmp) : 0) + (i->mld ? mcr_gmp_pending(i->mld) : 0);
}

void mcr_interface_follow_addresses(struct mcr_interface *i, uint64_t now_ns)
{
	mcr_interface_ipv6_tell(i, 0, longest_packet(i->port), now_ns);
}

void mcr_interface_announce(struct mcr_interface *i, int is_link_new, uint64_t now_ns)
{
	mcr_interface_follow_addresses(i, now_ns);
	if (is_link_new)
		mcr_interface_ipv6_restart(i, now_ns);
	if (i->igmp)
		mcr_gmp_announce(i->igmp, i->config.address, now_ns);
	if (i->mld)
		mcr_gmp_announce(i->mld, i->mld_source, now_ns);
	mcr_interface_querier_follow(i, now_ns);
	for (unsigned family = 0; is_link_new && family < RTE_DIM(i->queriers); family++)
		mcr_interface_querier_restart(i, family, now_ns);
	wake(i);
}

size_t mcr_interface_own_groups(const struct mcr_interface *i,
				struct mcr_address groups[MCR_INTERFACE_OWN_GROUPS])
{
	memcpy(groups, i->own, i->n_own * sizeof(*groups));
	return i->n_own;
}

int mcr_interface_take_groups(struct mcr_interface *i)
{
	int are_new = i->are_groups_new;

	i->are_groups_new = 0;
	return are_new;
}

int mcr_interface_set_mtu(struct mcr_interface *i, uint64_t now_ns)
{
	int ret = i->igmp ? mcr_gmp_set_mtu(i->igmp, longest_packet(i->port)) : 0;

	if (ret == 0 && i->mld)
		ret = mcr_gmp_set_mtu(i->mld, longest_report6(i->port));
	if (ret == 0)
		ret = mcr_interface_querier_set_mtu(i, longest_packet(i->port),
						    longest_report6(i->port));
	mcr_interface_follow_addresses(i, now_ns);
	return ret;
}

/* For the callback of mcr_gmp_poll. */
struct reporting {
	struct mcr_interface *i;
	uint64_t now_ns;
};

/* Our own querier hears what really goes out. */
static int send_report(void *reporting, const uint8_t *packet, size_t len)
{
	const struct reporting *r = reporting;
	uint8_t copy[MCR_REPORT_MAX];
	const uint8_t *report = mcr_interface_spare_report(r->i, copy, packet, &len);
	int ret;

	if (!report)
		return 0;
	ret = mcr_interface_send_packet(r->i, report, len);
	if (ret == 0)
		mcr_interface_querier_input(r->i, report, len, MCR_QUERIER_FROM_HOST, r->now_ns);
	return ret;
}

void mcr_interface_poll(struct mcr_interface *i, uint64_t now_ns)
{
	struct reporting reporting = {.i = i, .now_ns = now_ns};
	uint64_t due_ns;

	if (!i->port->started || now_ns < i->due_ns)
		return;
	due_ns = mcr_interface_ipv6_poll(i, now_ns); /* first: it joins groups */
	i->due_ns = UINT64_MAX; /* what wakes it from now on is due in the next round */
	due_ns = RTE_MIN(due_ns, mcr_interface_querier_poll(i, now_ns));
	if (i->igmp)
		due_ns = RTE_MIN(due_ns, mcr_gmp_poll(i->igmp, now_ns, send_report, &reporting));
	if (i->mld)
		due_ns = RTE_MIN(due_ns, mcr_gmp_poll(i->mld, now_ns, send_report, &reporting));
	i->due_ns = RTE_MIN(i->due_ns, due_ns);
}

/* Answers ARP or an echo in its own frame. Returns 1 if it did, and m is gone. */
static int answer_ipv4(struct mcr_interface *i, struct rte_mbuf *m, const struct mcr_packet *packet)
{
	if (i->config.tx_never || !i->port->started || mcr_address_is_none(i->config.address) ||
	    !mcr_responder_answer(m, packet, &i->port->mac, mcr_address_ipv4_be(i->config.address)))
		return 0;
	if ((m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) && rte_vlan_insert(&m) < 0) {
		i->tx_dropped++;
		rte_pktmbuf_free(m);
		return 1;
	}
	m->ol_flags &= RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT; /* the data's owner */
	if (mcr_interface_transmit(i, m) < 0)
		i->tx_dropped++;
	return 1;
}

static void input_ipv6(struct mcr_interface *i, const struct rte_mbuf *m,
		       const struct mcr_packet *p, uint8_t *packet, uint32_t len, uint64_t now_ns)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	const struct mcr_nd_frame message = {
	    .mac_to = frame,
	    .mac_from = frame + RTE_ETHER_ADDR_LEN,
	    .packet = packet,
	    .len = len,
	    .icmp_offset = (size_t)p->payload_offset - p->l3_offset,
	};

	if (!i->config.tx_never && i->port->started)
		mcr_interface_ipv6_input(i, &message, now_ns);
}

/* Hears what takes a packet in one piece: reports, and neighbour discovery. */
static void input_packet(struct mcr_interface *i, const struct rte_mbuf *m,
			 const struct mcr_packet *p, uint64_t now_ns)
{
	struct mcr_gmp *gmp = mcr_packet_is_ipv6(p) ? i->mld : i->igmp;
	uint8_t copy[READ_MAX];
	uint32_t len = RTE_MIN(m->pkt_len - p->l3_offset, sizeof(copy));
	const uint8_t *packet = rte_pktmbuf_read(m, p->l3_offset, len, copy);

	if (!packet)
		return;
	if (p->verdict != MCR_PARSED_MEMBERSHIP)
		input_ipv6(i, m, p, (uint8_t *)(uintptr_t)packet, len, now_ns);
	else if (gmp)
		mcr_gmp_input(gmp, packet, len, now_ns);
	if (p->verdict == MCR_PARSED_MEMBERSHIP)
		mcr_interface_querier_input(i, packet, len, MCR_QUERIER_FROM_WIRE, now_ns);
	wake(i);
}

/* For the callbacks of mcr_gmp_spare. */
struct heard {
	struct mcr_gmp *gmp;
	uint64_t now_ns;
};

static void we_want(void *heard, struct mcr_address group, struct mcr_source_filter *out)
{
	mcr_gmp_wants(((const struct heard *)heard)->gmp, group, out);
}

static void defend(void *heard, struct mcr_address group)
{
	const struct heard *h = heard;

	mcr_gmp_defend(h->gmp, group, h->now_ns);
}

void mcr_interface_hear_kernel(struct mcr_interface *i, uint8_t *packet, size_t len,
			       uint64_t now_ns)
{
	const int ipv6 = packet[0] >> 4 == 6;
	struct heard heard = {.gmp = ipv6 ? i->mld : i->igmp, .now_ns = now_ns};
	const struct mcr_gmp_other us = {.wants = we_want, .spared = defend, .ctx = &heard};

	mcr_interface_querier_input(i, packet, len, MCR_QUERIER_FROM_HOST, now_ns);
	if (heard.gmp &&
	    mcr_gmp_spare(ipv6 ? MCR_GMP_MLD : MCR_GMP_IGMP, packet, &len, &us) != MCR_GMP_HARMLESS)
		wake(i);
}

void mcr_interface_input(struct mcr_interface *i, struct rte_mbuf *m,
			 const struct mcr_packet *packet, uint64_t now_ns)
{
	int is_report = packet->verdict == MCR_PARSED_MEMBERSHIP;
	int is_kernels = mcr_kernel_path_is_up(i->kernel);

	if (is_report || (mcr_packet_is_ipv6(packet) && !is_kernels))
		input_packet(i, m, packet, now_ns);
	else if (!is_kernels && answer_ipv4(i, m, packet))
		return;
	if (is_report && is_kernels) /* other frames reach it through the kernel's ring */
		mcr_kernel_path_give(i->kernel, m);
	rte_pktmbuf_free(m);
}
