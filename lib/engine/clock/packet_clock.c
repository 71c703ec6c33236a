/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_branch_prediction.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "core/parse.h"
#include "engine/clock/packet_clock.h"

#define PIECES_MAX 40 /* of a frame: 64 KiB in buffers of 2 KiB, and a tag */

uint64_t mcr_packet_clock_ns(const struct mcr_packet_clock *c, const struct rte_mbuf *m)
{
	if ((m->ol_flags & c->rx_flag) == 0)
		return 0;
	return mcr_hw_clock_realtime(
	    &c->hw, *RTE_MBUF_DYNFIELD(m, c->offset, const rte_mbuf_timestamp_t *));
}

/* A frame of several buffers, or without the tag that the NIC took out, as it was on the wire. A
 * tag of another EtherType than 0x8100 makes the FCS wrong. */
static __rte_noinline uint64_t read_pieces(struct mcr_trailer_reader *reader,
					   const struct rte_mbuf *m, uint32_t behind,
					   uint64_t about_ns)
{
	struct mcr_piece pieces[PIECES_MAX];
	struct mcr_frame frame = {pieces, 0};
	const uint16_t tag[2] = {rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN),
				 rte_cpu_to_be_16(m->vlan_tci)};
	uint32_t from = 0;

	if ((m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0) {
		from = MCR_ETHER_HEADER - 2;
		pieces[frame.n++] = (struct mcr_piece){rte_pktmbuf_mtod(m, const uint8_t *), from};
		pieces[frame.n++] = (struct mcr_piece){(const uint8_t *)tag, sizeof(tag)};
	}
	for (; m && frame.n < PIECES_MAX; m = m->next) {
		pieces[frame.n++] = (struct mcr_piece){
		    rte_pktmbuf_mtod_offset(m, const uint8_t *, from), m->data_len - from};
		from = 0;
	}
	return mcr_trailer_read(reader, &frame, m ? 0 : behind, about_ns);
}

uint64_t mcr_packet_clock_trailer(const struct mcr_packet_clock *c, struct mcr_queue_trailers *t,
				  const struct rte_mbuf *m, uint32_t end, uint64_t rx_ns)
{
	const struct mcr_piece piece = {rte_pktmbuf_mtod(m, const uint8_t *), m->data_len};
	const struct mcr_frame frame = {&piece, 1};
	const uint32_t behind = m->pkt_len - end;
	const uint64_t about_ns =
	    c->hw.kind == MCR_HW_CLOCK_CAPTURE_US ? mcr_packet_clock_ns(c, m) : rx_ns;

	if (unlikely(m->nb_segs > 1 || (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0))
		return read_pieces(&t->reader, m, behind, about_ns);
	return mcr_trailer_read(&t->reader, &frame, behind, about_ns);
}
