/* SPDX-License-Identifier: BSD-3-Clause */
#include "pcapng.h"

#include <endian.h>
#include <string.h>

#include <mcring/address.h>

#include "core/address.h"

#define ETHERNET     1u
#define NANOSECONDS  9u
#define ETHER_LEN    14u
#define VLAN_LEN     4u
#define IPV4_LEN     20u
#define IPV6_LEN     40u
#define UDP_LEN      8u
#define UDP_PROTOCOL 17u
#define HEADERS_MAX  (ETHER_LEN + VLAN_LEN + IPV6_LEN + UDP_LEN)
#define STAMP_LEN    8u

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
};

enum option {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_IF_NAME = 2,
	OPTION_IF_DESCRIPTION = 3,
	OPTION_IF_RESOLUTION = 9,
	OPTION_SECTION_APPLICATION = 4,
	OPTION_PACKET_DROPS = 4,
	OPTION_STATISTICS_DROPS = 7, /* isb_osdrop: between the interface and who reads it */
};

/* ---- blocks: as this host writes numbers ---- */

static uint32_t padded(uint32_t len)
{
	return (len + 3) / 4 * 4;
}

static void write_32(struct pcapng *p, uint32_t value)
{
	fwrite(&value, sizeof(value), 1, p->out);
}

static void write_padded(struct pcapng *p, const void *data, uint32_t len)
{
	static const uint8_t zeros[4];

	fwrite(data, 1, len, p->out);
	fwrite(zeros, 1, padded(len) - len, p->out);
}

/* Options, put together before their block is written, which begins with its length. */
struct options {
	uint8_t at[PCAPNG_COMMENTS_MAX * (4 + PCAPNG_COMMENT_LEN) + 256];
	uint32_t len;
};

static void add_option(struct options *o, enum option code, const void *value, size_t len)
{
	const uint16_t head[] = {(uint16_t)code, (uint16_t)len};

	if (sizeof(head) + padded((uint32_t)len) > sizeof(o->at) - o->len)
		return;
	memcpy(o->at + o->len, head, sizeof(head));
	memset(o->at + o->len + sizeof(head), 0, padded((uint32_t)len));
	if (len > 0)
		memcpy(o->at + o->len + sizeof(head), value, len);
	o->len += (uint32_t)sizeof(head) + padded((uint32_t)len);
}

static void add_text(struct options *o, enum option code, const char *text)
{
	if (text[0] != '\0')
		add_option(o, code, text, strlen(text));
}

/* A block of a body that is at hand, and options. */
static void write_block(struct pcapng *p, enum block_type type, const void *body, uint32_t body_len,
			struct options *o)
{
	uint32_t len;

	if (o->len > 0)
		add_option(o, OPTION_END, NULL, 0);
	len = 12 + padded(body_len) + o->len;
	write_32(p, type);
	write_32(p, len);
	write_padded(p, body, body_len);
	fwrite(o->at, 1, o->len, p->out);
	write_32(p, len);
}

/* ---- interfaces ---- */

/* Writes an interface. Returns its number in the file. */
static uint32_t write_interface(struct pcapng *p, int32_t index,
				const struct mcr_consumer_interface *it)
{
	static const struct {
		uint16_t link_type, reserved;
		uint32_t limit;
	} body = {ETHERNET, 0, 0};
	static const uint8_t resolution = NANOSECONDS;
	struct options o = {.len = 0};

	add_text(&o, OPTION_IF_NAME, it->name);
	add_text(&o, OPTION_IF_DESCRIPTION, it->netdev[0] ? it->netdev : it->port);
	add_option(&o, OPTION_IF_RESOLUTION, &resolution, sizeof(resolution));
	write_block(p, BLOCK_INTERFACE, &body, sizeof(body), &o);
	memcpy(p->names[p->n_interfaces], it->name, sizeof(it->name));
	p->indices[p->n_interfaces] = index;
	return p->n_interfaces++;
}

/* Which interface of the file the engine's is. An engine that has ended cannot say how it is called
 * any more. */
static uint32_t interface_of(struct pcapng *p, int32_t index)
{
	struct mcr_consumer_interface it = {.size = sizeof(it)};

	for (unsigned i = 0; i < p->n_interfaces; i++)
		if (p->indices[i] == index)
			return i;
	if (mcr_consumer_interface_info(p->consumer, (uint32_t)index, &it, NULL) < 0)
		snprintf(it.name, sizeof(it.name), "interface-%d", index);
	for (unsigned i = 0; i < p->n_interfaces; i++)
		if (p->indices[i] < 0 && strcmp(p->names[i], it.name) == 0) {
			p->indices[i] = index;
			return i;
		}
	return p->n_interfaces < PCAPNG_INTERFACES_MAX ? write_interface(p, index, &it) : 0;
}

/* All that the engine has: some readers want to know them before the first packet. */
static void write_interfaces(struct pcapng *p)
{
	struct mcr_consumer_interface it = {.size = sizeof(it)};

	for (uint32_t i = 0; i < PCAPNG_INTERFACES_MAX &&
			     mcr_consumer_interface_info(p->consumer, i, &it, NULL) == 0;
	     i++)
		write_interface(p, (int32_t)i, &it);
}

void pcapng_begin(struct pcapng *p)
{
	static const struct {
		uint32_t order;
		uint16_t major, minor;
		int64_t len;
	} section = {0x1a2b3c4d, 1, 0, -1}; /* -1: it is not known before the end */
	struct options o = {.len = 0};

	add_text(&o, OPTION_SECTION_APPLICATION, "mcring-cat " MCR_VERSION);
	write_block(p, BLOCK_SECTION, &section, sizeof(section), &o);
	write_interfaces(p);
}

void pcapng_restart(struct pcapng *p)
{
	memset(p->indices, 0xff, sizeof(p->indices));
}

/* ---- headers ---- */

static uint32_t sum_of(const uint8_t *data, size_t len, uint32_t sum)
{
	for (; len >= 2; data += 2, len -= 2)
		sum += (uint32_t)data[0] << 8 | data[1];
	return len > 0 ? sum + ((uint32_t)data[0] << 8) : sum;
}

/* RFC 1071; of at most 64 KiB. */
static uint16_t checksum_of(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static void put_16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t put_ethernet(uint8_t *at, const struct mcr_msg *m, uint16_t ether_type)
{
	uint32_t len = 12;

	mcr_group_mac(at, m->group);
	memset(at + 6, 0, 6); /* a message does not say who sent the frame */
	if (m->vlan != 0) {
		put_16(at + 12, 0x8100);
		put_16(at + 14, m->vlan);
		len += VLAN_LEN;
	}
	put_16(at + len, ether_type);
	return len + 2;
}

/* Without an id, so not to be fragmented: RFC 6864 §4.1. Returns the sum of what the UDP checksum
 * takes from it. */
static uint32_t put_ipv4(uint8_t *at, const struct mcr_msg *m, uint32_t udp_len)
{
	memset(at, 0, IPV4_LEN);
	at[0] = 0x45;
	at[1] = m->traffic_class;
	put_16(at + 2, IPV4_LEN + udp_len);
	put_16(at + 6, 0x4000);
	at[8] = m->ttl;
	at[9] = UDP_PROTOCOL;
	memcpy(at + 12, m->source.octets + 12, 4);
	memcpy(at + 16, m->group.octets + 12, 4);
	put_16(at + 10, checksum_of(sum_of(at, IPV4_LEN, 0)));
	return sum_of(at + 12, 8, 0);
}

static uint32_t put_ipv6(uint8_t *at, const struct mcr_msg *m, uint32_t udp_len)
{
	memset(at, 0, 8);
	at[0] = (uint8_t)(0x60 | m->traffic_class >> 4);
	at[1] = (uint8_t)(m->traffic_class << 4);
	put_16(at + 4, udp_len);
	at[6] = UDP_PROTOCOL;
	at[7] = m->ttl;
	memcpy(at + 8, m->source.octets, 16);
	memcpy(at + 24, m->group.octets, 16);
	return sum_of(at + 8, 32, 0);
}

/* Writes the headers in front of a payload. Returns their length. */
static uint32_t put_headers(uint8_t at[HEADERS_MAX], const struct mcr_msg *m,
			    const uint8_t *payload)
{
	const int is_ipv4 = mcr_address_is_ipv4(m->group);
	const uint32_t udp_len = UDP_LEN + m->len;
	const uint32_t ip = put_ethernet(at, m, is_ipv4 ? 0x0800 : 0x86dd);
	const uint32_t udp = ip + (is_ipv4 ? IPV4_LEN : IPV6_LEN);
	uint32_t sum = is_ipv4 ? put_ipv4(at + ip, m, udp_len) : put_ipv6(at + ip, m, udp_len);
	uint16_t checksum;

	put_16(at + udp, m->src_port);
	put_16(at + udp + 2, m->dst_port);
	put_16(at + udp + 4, udp_len);
	put_16(at + udp + 6, 0);
	sum = sum_of(at + udp, UDP_LEN, sum + UDP_PROTOCOL + udp_len);
	checksum = checksum_of(sum_of(payload, m->len, sum));
	put_16(at + udp + 6, checksum != 0 ? checksum : 0xffff); /* RFC 768: 0 is none */
	return udp + UDP_LEN;
}

/* ---- packets ---- */

/* What is to be said beside the next packet. */
static void take_remarks(struct pcapng *p, struct options *o)
{
	for (unsigned i = 0; i < p->n_comments; i++)
		add_text(o, OPTION_COMMENT, p->comments[i]);
	p->n_comments = 0;
}

void pcapng_packet(struct pcapng *p, const struct mcr_msg *m, const uint8_t *payload)
{
	const uint32_t interface = interface_of(p, m->interface);
	uint8_t headers[HEADERS_MAX];
	const uint32_t headers_len = put_headers(headers, m, payload);
	const uint32_t frame_len = headers_len + m->len;
	const uint32_t body[] = {interface, (uint32_t)(m->rx_ns >> 32), (uint32_t)m->rx_ns,
				 frame_len, frame_len};
	static const uint8_t zeros[4];
	struct options o;
	uint32_t len;

	o.len = 0;
	if (p->n_comments > 0 || p->lost > 0) {
		take_remarks(p, &o);
		if (p->lost > 0)
			add_option(&o, OPTION_PACKET_DROPS, &p->lost, sizeof(p->lost));
		add_option(&o, OPTION_END, NULL, 0);
		p->lost = 0;
	}
	len = 12 + sizeof(body) + padded(frame_len) + o.len;
	write_32(p, BLOCK_PACKET);
	write_32(p, len);
	fwrite(body, sizeof(body), 1, p->out);
	fwrite(headers, 1, headers_len, p->out);
	if (m->len > 0) /* else there may be no payload at all */
		fwrite(payload, 1, m->len, p->out);
	fwrite(zeros, 1, padded(frame_len) - frame_len, p->out);
	fwrite(o.at, 1, o.len, p->out);
	write_32(p, len);
}

void pcapng_comment(struct pcapng *p, const char *text)
{
	if (p->n_comments < PCAPNG_COMMENTS_MAX)
		snprintf(p->comments[p->n_comments++], PCAPNG_COMMENT_LEN, "%s", text);
}

void pcapng_lost(struct pcapng *p, uint64_t lost)
{
	p->lost += lost;
}

/* With the statistics of the first interface: those of an interface that is not in the file have no
 * place. */
void pcapng_end(struct pcapng *p)
{
	static const uint32_t body[1 + STAMP_LEN / 4]; /* of interface 0, at an unknown time */
	struct options o = {.len = 0};

	if ((p->n_comments == 0 && p->lost == 0) || p->n_interfaces == 0)
		return;
	take_remarks(p, &o);
	if (p->lost > 0)
		add_option(&o, OPTION_STATISTICS_DROPS, &p->lost, sizeof(p->lost));
	write_block(p, BLOCK_STATISTICS, body, sizeof(body), &o);
	p->lost = 0;
}
