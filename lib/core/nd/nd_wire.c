/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/nd/nd_wire.h"

#include <string.h>

#include "core/address.h"
#include "core/icmp6.h"

#define ND_HOP_LIMIT   255 /* so a router has not passed it on: RFC 4861 §7.1 */
#define ECHO_HOP_LIMIT 64
#define ND_MIN         24u
#define ECHO_MIN       8u
#define OPTION         8u /* octets in a unit of an option's length */
#define OPTION_SOURCE  1
#define OPTION_TARGET  2
#define OPTION_NONCE   14
#define FLAG_SOLICITED 0x40
#define FLAG_OVERRIDE  0x20

/* ---- what comes in ---- */

static struct mcr_address address_at(const uint8_t *p)
{
	struct mcr_address address;

	memcpy(address.octets, p, sizeof(address.octets));
	return address;
}

/* Returns the length of the frame's ICMPv6 message if it is whole, has code 0, a right checksum and
 * the octets that the shortest one has, else 0. */
static size_t message_len(const struct mcr_nd_frame *frame)
{
	const uint8_t *p = frame->packet, *message = p + frame->icmp_offset;
	size_t end;

	if (frame->icmp_offset < MCR_IPV6_HEADER || frame->len < frame->icmp_offset)
		return 0;
	end = MCR_IPV6_HEADER + (size_t)(p[4] << 8 | p[5]);
	if (end > frame->len || end < frame->icmp_offset + ECHO_MIN || message[1] != 0 ||
	    mcr_icmp6_checksum(p + 8, message, end - frame->icmp_offset) != 0)
		return 0;
	return end - frame->icmp_offset;
}

/* Returns 0 when an option has no length, or ends beyond the message: RFC 4861 §4.6. */
static int take_options(struct mcr_nd_message *out, const uint8_t *at, const uint8_t *end,
			int *has_source)
{
	for (size_t len; at < end; at += len) {
		if (end - at < (ptrdiff_t)OPTION || at[1] == 0)
			return 0;
		len = at[1] * OPTION;
		if (len > (size_t)(end - at))
			return 0;
		if (at[0] == OPTION_NONCE && at[1] == 1)
			out->nonce = at + 2;
		*has_source |= at[0] == OPTION_SOURCE;
	}
	return 1;
}

static int is_solicited_node(struct mcr_address address)
{
	return mcr_address_is_equal(address, mcr_address_solicited_node(address));
}

/* RFC 4861 §7.1.1 and §7.1.2. */
static int parse_discovery(struct mcr_nd_message *out, const struct mcr_nd_frame *frame)
{
	const uint8_t *p = frame->packet, *message = p + frame->icmp_offset;
	struct mcr_address destination = address_at(p + 24);
	int has_source = 0;

	/* RFC 6980 §5 forbids messages in fragments, even in one that is whole; nobody sends them
	 * behind other extension headers. */
	if (out->len < ND_MIN || frame->icmp_offset != MCR_IPV6_HEADER || p[7] != ND_HOP_LIMIT)
		return 0;
	out->target = address_at(message + 8);
	if (mcr_ipv6_is_multicast(out->target.octets) ||
	    !take_options(out, message + ND_MIN, message + out->len, &has_source))
		return 0;
	if (out->type == MCR_ICMP6_ADVERT)
		return !mcr_ipv6_is_multicast(destination.octets) || !(message[4] & FLAG_SOLICITED);
	return !mcr_address_is_none(out->source) || (is_solicited_node(destination) && !has_source);
}

int mcr_nd_parse(struct mcr_nd_message *out, const struct mcr_nd_frame *frame)
{
	const uint8_t *p = frame->packet;
	size_t len = message_len(frame);

	if (len == 0)
		return 0;
	*out = (struct mcr_nd_message){
	    .type = p[frame->icmp_offset], .source = address_at(p + 8), .len = len};
	if (!mcr_address_is_none(out->source) && !mcr_address_is_host(out->source))
		return 0;
	if (out->type == MCR_ICMP6_SOLICITATION || out->type == MCR_ICMP6_ADVERT)
		return parse_discovery(out, frame);
	out->target = address_at(p + 24);
	return out->type == MCR_ICMP6_ECHO_REQUEST;
}

/* ---- what goes out ---- */

/* Puts a header in front of a message of ICMPv6, and the checksum into it. */
static void finish(uint8_t *packet, size_t len, struct mcr_ipv6_header header)
{
	uint16_t sum;

	header.next = MCR_IPV6_PROTO_ICMP;
	header.payload_len = (uint16_t)len;
	mcr_ipv6_put_header(packet, &header);
	memset(packet + MCR_IPV6_HEADER + 2, 0, sizeof(sum));
	sum = mcr_icmp6_checksum(packet + 8, packet + MCR_IPV6_HEADER, len);
	memcpy(packet + MCR_IPV6_HEADER + 2, &sum, sizeof(sum));
}

const uint8_t *mcr_nd_echo_reply(const struct mcr_nd_frame *frame,
				 const struct mcr_nd_message *message)
{
	const uint8_t *p = frame->packet;
	uint8_t *reply = frame->packet + frame->icmp_offset - MCR_IPV6_HEADER;
	const struct mcr_ipv6_header header = {
	    .source = message->target,
	    .destination = message->source,
	    .hop_limit = ECHO_HOP_LIMIT,
	    .traffic_class = (uint8_t)(p[0] << 4 | p[1] >> 4),
	};

	reply[MCR_IPV6_HEADER] = MCR_ICMP6_ECHO_REPLY;
	finish(reply, message->len, header);
	return reply;
}

/* The part that solicitation and advertisement share. */
static uint8_t *put_message(uint8_t *packet, unsigned type, struct mcr_address target)
{
	uint8_t *message = packet + MCR_IPV6_HEADER;

	memset(packet, 0, MCR_ND_PACKET);
	message[0] = (uint8_t)type;
	memcpy(message + 8, target.octets, sizeof(target.octets));
	return message;
}

static void put_option(uint8_t *at, unsigned type, const uint8_t data[6])
{
	at[0] = (uint8_t)type;
	at[1] = 1;
	memcpy(at + 2, data, 6);
}

void mcr_nd_put_probe(uint8_t packet[MCR_ND_PACKET], struct mcr_address target,
		      const uint8_t nonce[MCR_ND_NONCE])
{
	uint8_t *message = put_message(packet, MCR_ICMP6_SOLICITATION, target);

	put_option(message + ND_MIN, OPTION_NONCE, nonce);
	finish(packet, ND_MIN + OPTION,
	       (struct mcr_ipv6_header){.destination = mcr_address_solicited_node(target),
					.hop_limit = ND_HOP_LIMIT});
}

void mcr_nd_put_advert(uint8_t packet[MCR_ND_PACKET], struct mcr_address target,
		       struct mcr_address asker, const uint8_t mac[6])
{
	uint8_t *message = put_message(packet, MCR_ICMP6_ADVERT, target);
	int is_asked = !mcr_address_is_none(asker);

	message[4] = is_asked ? FLAG_SOLICITED | FLAG_OVERRIDE : FLAG_OVERRIDE;
	put_option(message + ND_MIN, OPTION_TARGET, mac);
	finish(packet, ND_MIN + OPTION,
	       (struct mcr_ipv6_header){.source = target,
					.destination = is_asked ? asker : MCR_ADDRESS_ALL_NODES,
					.hop_limit = ND_HOP_LIMIT});
}
