/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_ether.h>

#include "core/address.h"
#include "core/error.h"
#include "core/gmp/gmp_spare.h"
#include "core/parse.h"
#include "engine/kernel/kernel_path.h"
#include "engine/port/port_send.h"

#define TAG          sizeof(struct rte_vlan_hdr)
#define ADDRESSES    (2 * RTE_ETHER_ADDR_LEN) /* a tag follows them */
#define SEGMENTS_MAX 64
#define TX_DESCS_MAX 4096 /* where the driver does not report how many it has */
#define FRAME_MIN    (RTE_ETHER_MIN_LEN - RTE_ETHER_CRC_LEN)

/* The kernel's frames have a pool of their own, so that those in the Tx queue take no buffers from
 * receiving. */
static int make_pool(struct mcr_port *port)
{
	unsigned room = RTE_PKTMBUF_HEADROOM + port->mtu + RTE_ETHER_HDR_LEN + TAG;
	struct rte_eth_txq_info queue = {.nb_desc = TX_DESCS_MAX};
	char name[RTE_MEMPOOL_NAMESIZE];

	if (port->kernel_pool) /* of another interface on the port */
		return 0;
	rte_eth_tx_queue_info_get(port->id, 0, &queue);
	snprintf(name, sizeof(name), "mcr_kernel%u", port->id);
	port->kernel_pool = rte_pktmbuf_pool_create(
	    name, queue.nb_desc + 2 * MCR_KERNEL_BURST * MCR_INTERFACES_MAX, 0, 0,
	    (uint16_t)RTE_MAX(room, (unsigned)RTE_MBUF_DEFAULT_BUF_SIZE),
	    rte_eth_dev_socket_id(port->id));
	return port->kernel_pool ? 0 : -ENOMEM;
}

/* For the first time: later mcr_kernel_path_sync does. */
static int look_at_addresses(struct mcr_kernel_path *k, struct mcr_error *err)
{
	int ret = mcr_netdev_address_open(&k->sync.address, k->device.index);

	if (ret < 0)
		return mcr_error_set(err, ret, "kernel=%s: cannot look at its addresses: %s",
				     k->device.name, strerror(-ret));
	mcr_netdev_address_look(&k->sync.address);
	k->addresses = k->sync.address.found;
	return 0;
}

int mcr_kernel_path_create(struct mcr_kernel_path **out, const struct mcr_interface_config *config,
			   struct mcr_port *port, struct mcr_error *err)
{
	struct mcr_kernel_path *k = calloc(1, sizeof(*k));
	int ret;

	if (!k || make_pool(port) < 0) {
		free(k);
		return mcr_error_set(err, -ENOMEM,
				     "kernel=%s: no memory for its frames: give EAL more (-m "
				     "MEGABYTES)",
				     config->kernel);
	}
	k->port = port;
	k->vlan = config->vlan;
	k->is_quiet = config->tx_never;
	k->is_igmp_off = config->igmp == MCR_IGMP_OFF;
	k->is_mld_off = config->mld == MCR_MLD_OFF;
	k->sync.address.socket.fd = -1;
	k->sync.device_carrier = 1;
	k->sync.device_mac = port->mac;
	ret = mcr_kernel_device_open(&k->device, config->kernel, port->mac.addr_bytes, port->mtu,
				     err);
	if (ret == 0)
		ret = look_at_addresses(k, err);
	if (ret < 0) {
		mcr_kernel_path_destroy(k);
		return ret;
	}
	*out = k;
	return 0;
}

void mcr_kernel_path_destroy(struct mcr_kernel_path *k)
{
	if (!k)
		return;
	mcr_kernel_device_close(&k->device);
	mcr_netdev_address_close(&k->sync.address);
	rte_pktmbuf_free_bulk(k->held, k->n_held);
	free(k);
}

int mcr_kernel_path_has_joined(const struct mcr_kernel_path *k, struct mcr_address group)
{
	uint64_t number;
	uint8_t mac[6];

	if (!mcr_kernel_path_is_up(k))
		return 0;
	mcr_group_mac(mac, group);
	number = mcr_mac_number(mac);
	for (size_t g = 0; g < k->n_groups; g++)
		if (k->groups[g] == number)
			return 1;
	return mcr_mac_is_for_all(mac);
}

/* ---- to the kernel ---- */

/* Lists the pieces of a frame. cut: leaves out the tag behind the addresses. Returns how many, or 0
 * when the frame is too short or has too many. */
static int pieces_of(struct iovec *iov, const struct rte_mbuf *m, int cut)
{
	size_t skip = 0;
	int n = 0;

	if (cut) {
		if (m->data_len < ADDRESSES + TAG)
			return 0;
		iov[n].iov_base = rte_pktmbuf_mtod(m, void *);
		iov[n++].iov_len = ADDRESSES;
		skip = ADDRESSES + TAG;
	}
	for (; m; m = m->next, skip = 0) {
		if (n == SEGMENTS_MAX)
			return 0;
		iov[n].iov_base = rte_pktmbuf_mtod_offset(m, void *, skip);
		iov[n++].iov_len = m->data_len - skip;
	}
	return n;
}

/* The device's descriptor stays open until the device thread closes it, which may wait. */
static void note_loss(struct mcr_kernel_path *k, int ret)
{
	k->is_lost |= ret == -ENODEV;
}

void mcr_kernel_path_give(struct mcr_kernel_path *k, const struct rte_mbuf *m)
{
	int cut = k->vlan != 0 && !(m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED);
	struct iovec iov[SEGMENTS_MAX];
	int n = pieces_of(iov, m, cut);
	int ret = -EMSGSIZE;

	if (!mcr_kernel_path_is_up(k))
		ret = -ENODEV;
	else if (n > 0)
		ret = mcr_kernel_device_write(&k->device, iov, n);
	note_loss(k, ret);
	if (ret < 0)
		k->rx_dropped++;
	else
		k->rx++;
}

/* ---- from the kernel ---- */

static void wants(void *gmp, struct mcr_address group, struct mcr_source_filter *out)
{
	mcr_gmp_wants(gmp, group, out);
}

/* vdevs do not pad, as hardware does. */
static void set_length(struct rte_mbuf *m, size_t len)
{
	if (len < FRAME_MIN)
		memset(rte_pktmbuf_mtod_offset(m, uint8_t *, len), 0, FRAME_MIN - len);
	m->data_len = (uint16_t)RTE_MAX(len, (size_t)FRAME_MIN);
	m->pkt_len = m->data_len;
}

/* Whether a message of IGMP or MLD may go out, without what would take something away from us. */
static int may_report(const struct mcr_kernel_path *k, struct rte_mbuf *m,
		      const struct mcr_packet *p)
{
	const int ipv6 = mcr_packet_is_ipv6(p);
	const struct mcr_gmp_other us = {.wants = wants, .ctx = ipv6 ? k->mld : k->igmp};
	size_t len = m->data_len - p->l3_offset;

	if (ipv6 ? k->is_mld_off : k->is_igmp_off)
		return 0;
	if (!us.ctx)
		return 1;
	switch (mcr_gmp_spare(ipv6 ? MCR_GMP_MLD : MCR_GMP_IGMP,
			      rte_pktmbuf_mtod_offset(m, uint8_t *, p->l3_offset), &len, &us)) {
	case MCR_GMP_SILENT:
		return 0;
	case MCR_GMP_SPARED:
		set_length(m, p->l3_offset + len);
		break;
	default:
		break;
	}
	return 1;
}

static int may_go_out(struct mcr_kernel_path *k, struct rte_mbuf *m, uint64_t now_ns)
{
	static const uint8_t nobody[RTE_ETHER_ADDR_LEN];
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	struct mcr_packet p;

	if (k->is_quiet || !k->port->started)
		return 0;
	if ((frame[0] & 1) == 0)
		return 1;
	mcr_parse(&p, frame, m->data_len, m->pkt_len, 0, nobody);
	if (p.verdict != MCR_PARSED_MEMBERSHIP)
		return 1;
	k->is_news = 1;
	if (!may_report(k, m, &p))
		return 0;
	if (k->reported)
		k->reported(k->reported_ctx, frame + p.l3_offset, m->data_len - p.l3_offset,
			    now_ns);
	return 1;
}

/* Reads one frame and puts the interface's tag into it. Returns 1, 0 (there is none) or -errno. */
static int read_frame(struct mcr_kernel_path *k, struct rte_mbuf *m)
{
	size_t tag = k->vlan != 0 ? TAG : 0;
	uint8_t *to = rte_pktmbuf_mtod(m, uint8_t *);
	struct iovec iov[2] = {
	    {.iov_base = to, .iov_len = ADDRESSES},
	    {.iov_base = to + ADDRESSES + tag,
	     .iov_len = rte_pktmbuf_tailroom(m) - ADDRESSES - tag},
	};
	int len = mcr_kernel_device_read(&k->device, iov, 2);
	size_t total;

	if (len < 0)
		return len == -EAGAIN ? 0 : len;
	total = (size_t)len + tag;
	if (tag != 0) {
		to[ADDRESSES] = RTE_ETHER_TYPE_VLAN >> 8;
		to[ADDRESSES + 1] = RTE_ETHER_TYPE_VLAN & 0xff;
		to[ADDRESSES + 2] = (uint8_t)(k->vlan >> 8);
		to[ADDRESSES + 3] = (uint8_t)k->vlan;
	}
	set_length(m, total);
	return 1;
}

/* Reads a burst into held, and drops what may not go out. Returns how many frames it read. */
static unsigned read_burst(struct mcr_kernel_path *k, uint64_t now_ns)
{
	unsigned n = 0;

	for (; n < MCR_KERNEL_BURST && k->n_held < MCR_KERNEL_BURST; n++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(k->port->kernel_pool);
		int ret = m ? read_frame(k, m) : 0;

		if (ret <= 0) {
			rte_pktmbuf_free(m);
			note_loss(k, ret);
			break;
		}
		if (!may_go_out(k, m, now_ns)) {
			rte_pktmbuf_free(m);
			k->tx_dropped++;
		} else {
			k->held[k->n_held++] = m;
		}
	}
	return n;
}

/* Frames that the port does not take stay held, in order, and the kernel's queue fills up behind
 * them. */
static void send_held(struct mcr_kernel_path *k)
{
	uint16_t sent;

	if (k->n_held == 0 || !k->port->started)
		return;
	sent = mcr_port_send(k->port, k->held, (uint16_t)k->n_held);
	k->tx += sent;
	k->n_held -= sent;
	memmove(k->held, k->held + sent, k->n_held * sizeof(k->held[0]));
}

unsigned mcr_kernel_path_send(struct mcr_kernel_path *k, uint64_t now_ns)
{
	unsigned moved = 0, n;

	send_held(k);
	while (k->n_held == 0 && moved < MCR_KERNEL_ROUND && mcr_kernel_path_is_up(k)) {
		n = read_burst(k, now_ns);
		send_held(k);
		moved += n;
		if (n < MCR_KERNEL_BURST)
			break;
	}
	return moved;
}

/* ---- what changes ---- */

void mcr_kernel_path_prepare(struct mcr_kernel_path *k)
{
	k->sync.is_end = k->is_lost;
	k->sync.carrier = k->port->link_up;
	k->sync.mac = k->port->mac;
}

void mcr_kernel_path_sync(struct mcr_kernel_path *k)
{
	struct mcr_kernel_sync *t = &k->sync;

	if (t->is_end) {
		mcr_kernel_device_close(&k->device);
		return;
	}
	/* If one fails, the next sync tries again. */
	if (t->carrier != t->device_carrier &&
	    mcr_kernel_device_set_carrier(&k->device, t->carrier) == 0)
		t->device_carrier = t->carrier;
	if (!rte_is_same_ether_addr(&t->mac, &t->device_mac) &&
	    mcr_kernel_device_set_mac(&k->device, t->mac.addr_bytes) == 0)
		t->device_mac = t->mac;
	t->n_groups = mcr_kernel_device_groups(&k->device, t->groups, MCR_KERNEL_GROUPS_MAX);
	mcr_netdev_address_look(&t->address);
}

static int take_groups(struct mcr_kernel_path *k)
{
	const struct mcr_kernel_sync *t = &k->sync;
	size_t n;

	/* An up device wants 224.0.0.1 at least: one without any is not in our namespace. */
	if (t->n_groups <= 0)
		return 0;
	n = (size_t)t->n_groups;
	if (n == k->n_groups && memcmp(t->groups, k->groups, n * sizeof(k->groups[0])) == 0)
		return 0;
	memcpy(k->groups, t->groups, n * sizeof(k->groups[0]));
	k->n_groups = n;
	return 1;
}

unsigned mcr_kernel_path_take(struct mcr_kernel_path *k)
{
	const struct mcr_netdev_addresses *found = &k->sync.address.found;
	unsigned changed;

	if (k->sync.is_end)
		return 0;
	changed = take_groups(k) ? MCR_KERNEL_GROUPS : 0;
	if (memcmp(found, &k->addresses, sizeof(*found)) == 0)
		return changed;
	k->addresses = *found;
	return changed | MCR_KERNEL_ADDRESSES;
}
