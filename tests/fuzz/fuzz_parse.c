/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames. The first octets choose how the frame is handed over; their bits also choose
 * what is written into it (fix_frame.h). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <core/drop.h>
#include <core/parse.h>

#include "fix_frame.h"
#include "parse_form.h"

#define PREFIX 4u

static const uint8_t own_mac[6] = {2, 0, 0, 0, 0, 1};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

/* What a sample of drops shows of any packet lies in the octets that were handed over. */
static void check_addresses(const struct mcr_packet *p, const uint8_t *head)
{
	const struct mcr_address group = mcr_packet_group(p, head),
				 source = mcr_packet_source_address(p, head);

	check(p->verdict != MCR_PARSED_UDP ||
	      mcr_address_is_ipv6(source) == mcr_address_is_ipv6(group) ||
	      mcr_address_is_none(source));
}

static void check_udp(const struct mcr_packet *p, const uint8_t *head, uint32_t head_len,
		      uint32_t frame_len)
{
	check(p->l3_offset >= 14 && p->l3_offset <= 22);
	check(p->payload_offset >= p->l3_offset + (mcr_packet_is_ipv6(p) ? 48 : 28));
	check(p->payload_offset <= head_len);
	check((uint32_t)p->payload_offset + p->payload_len <= frame_len);
	check((head[0] & 1) != 0 || mcr_same_mac(head, own_mac));
	if (mcr_packet_is_ipv6(p)) {
		check(head[p->l3_offset + 24] == 0xff);
		check(mcr_ipv6_may_send(head + p->l3_offset + 8, head + p->l3_offset + 24));
		check(mcr_load16(head + p->payload_offset - 2) != 0);
		check(p->group_be == 0 && p->source_be == 0);
	} else {
		check(mcr_ipv4_is_multicast(p->group_be));
		check(mcr_ipv4_may_send(p->source_be, p->group_be));
		check(p->ether_type == 0x0800);
	}
	check(mcr_load_be16(head + p->payload_offset - 8) == p->source_port);
	check(mcr_load_be16(head + p->payload_offset - 6) == p->port);
	if (head_len == frame_len)
		check(mcr_udp_checksum_ok(p, head) <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcr_packet p, walked;
	uint32_t frame_len, head_len;
	uint16_t stripped;
	uint8_t *head;
	int plain;

	if (size < PREFIX)
		return 0;
	head_len = (uint32_t)(size - PREFIX);
	frame_len = head_len + (data[0] & 1 ? data[1] * 40u : 0);
	stripped = data[0] & 2 ? (uint16_t)((data[2] << 8 | data[3]) & 0xfff) : 0;
	head = malloc(head_len + !head_len); /* its end is the sanitizer's fence */
	check(head != NULL);
	memcpy(head, data + PREFIX, head_len);
	if (data[0] & 8)
		(data[0] & 32 ? make_plain_ipv6 : make_plain)(head, head_len);
	if (data[0] & 16)
		(data[0] & 32 ? fit_lengths_ipv6 : fit_lengths)(head, head_len);
	if (data[0] & 4)
		repair_ipv4_checksum(head, head_len);
	memset(&p, 0, sizeof(p));
	memset(&walked, 0, sizeof(walked));
	mcr_parse(&p, head, head_len, frame_len, stripped, own_mac);
	mcr_parse_walk(&walked, head, head_len, frame_len, stripped, own_mac);
	check(!memcmp(&p, &walked, sizeof(p)));
	check(parse_forms_agree(&walked, head, head_len, stripped, own_mac, &plain));
	check(p.verdict <= MCR_PARSED_DROP);
	if (p.verdict == MCR_PARSED_DROP)
		check((MCR_DROPS_OF_PARSER >> p.drop & 1) != 0);
	else
		check(p.drop == 0);
	check(p.vlan < 4096);
	check_addresses(&p, head);
	if (p.verdict == MCR_PARSED_UDP)
		check_udp(&p, head, head_len, frame_len);
	free(head);
	return 0;
}
