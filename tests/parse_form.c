/* SPDX-License-Identifier: BSD-3-Clause */
/* One form of mcr_parse_plain as a function of its own: compiled once for each form. */
#include "parse_form.h"

#if MCR_PARSE_VECTOR != (defined(__x86_64__) && !defined(MCR_PARSE_PORTABLE))
#error "not the form that was asked for"
#endif

int FORM(struct mcr_packet *packet, uint64_t *flow, const uint8_t *head, uint16_t head_len,
	 uint32_t stripped_vlan, uint64_t own)
{
	return mcr_parse_plain(packet, flow, head, head_len, stripped_vlan, own);
}
