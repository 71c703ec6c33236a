/* SPDX-License-Identifier: BSD-3-Clause */
/* Both forms of mcr_parse_plain in one program. Where there is no vector form, both are portable.
 */
#ifndef PARSE_FORM_H
#define PARSE_FORM_H

#include "core/parse.h"

int parse_portable(struct mcr_packet *packet, uint64_t *flow, const uint8_t *head,
		   uint16_t head_len, uint32_t stripped_vlan, uint64_t own);
int parse_vector(struct mcr_packet *packet, uint64_t *flow, const uint8_t *head, uint16_t head_len,
		 uint32_t stripped_vlan, uint64_t own);

/* Whether mcr_parse_plain_ipv6, when it takes a frame, says what the walk says if its group is one.
 */
static inline int parse_plain_ipv6_agrees(const struct mcr_packet *walked, const uint8_t *head,
					  uint16_t head_len, uint16_t stripped, const uint8_t *mac,
					  int *plain)
{
	struct mcr_packet p;

	*plain = mcr_parse_plain_ipv6(&p, head, head_len, mcr_parse_own_ipv6(mac));
	if (!*plain || head[MCR_PLAIN_IPV6_GROUP] != 0xff)
		return 1;
	p.vlan = stripped;
	return memcmp(p.words, walked->words, 3 * sizeof(p.words[0])) == 0 &&
	       walked->verdict == MCR_PARSED_UDP && mcr_packet_is_ipv6(walked) &&
	       walked->payload_offset == MCR_PLAIN_IPV6_HEADERS;
}

/* Whether both forms say the same of a frame, and the same as the walk when they take it and its
 * group is one. *plain: whether they take it. */
static inline int parse_forms_agree(const struct mcr_packet *walked, const uint8_t *head,
				    uint32_t head_len, uint16_t stripped, const uint8_t *mac,
				    int *plain)
{
	const uint64_t own = mcr_parse_own(mac);
	struct mcr_packet a, b;
	uint64_t flow_a, flow_b;

	*plain = 0;
	if (head_len > UINT16_MAX)
		return 1;
	*plain = parse_portable(&a, &flow_a, head, (uint16_t)head_len, stripped, own);
	if (parse_vector(&b, &flow_b, head, (uint16_t)head_len, stripped, own) != *plain)
		return 0;
	if (!*plain)
		return parse_plain_ipv6_agrees(walked, head, (uint16_t)head_len, stripped, mac,
					       plain);
	return memcmp(&a, &b, sizeof(a)) == 0 && flow_a == flow_b &&
	       flow_a ==
		   ((uint64_t)be32toh(a.group_be) << 32 | (uint32_t)a.source_port << 16 | a.port) &&
	       (!mcr_ipv4_is_multicast(a.group_be) || memcmp(&a, walked, sizeof(a)) == 0);
}

#endif
