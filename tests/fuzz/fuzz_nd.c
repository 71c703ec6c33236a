/* SPDX-License-Identifier: BSD-3-Clause */
/* The IPv6 host against hostile neighbours, a kernel that takes and loses addresses, and links that
 * come and go. Whatever happens, each packet that goes out is well formed, comes from nobody or
 * from an address that is ours at the time, and is no answer longer than the MTU; and in the end
 * each address is somebody's. */
#include <stdlib.h>
#include <string.h>

#include <errno.h>

#include "check.h"
#include "core/address.h"
#include "core/icmp6.h"
#include "core/nd/nd.h"

#define SECOND    UINT64_C(1000000000)
#define ADDRESSES 4

struct bench {
	const uint8_t *data, *end;
	struct mcr_nd nd;
	struct mcr_nd_host host;
	struct mcr_nd_kernel_address kernel[ADDRESSES];
	uint64_t now_ns;
	unsigned refuse;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned take(struct bench *b)
{
	return b->data < b->end ? *b->data++ : 0;
}

/* 0: the one that the first MAC address makes. */
static struct mcr_address address_of(unsigned i)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	struct mcr_address a = mcr_address_link_local(mac);

	i %= ADDRESSES;
	a.octets[0] = i >= 2 ? 0x20 : a.octets[0];
	a.octets[15] = i == 0 ? 1 : (uint8_t)(i + 1);
	return a;
}

static int is_ours(const struct mcr_nd *nd, const uint8_t *octets)
{
	for (unsigned i = 0; i < MCR_ND_ADDRESSES; i++)
		if (memcmp(nd->addresses[i].address.octets, octets, 16) == 0 &&
		    nd->addresses[i].state == MCR_ND_VALID && !nd->addresses[i].is_kernels)
			return 1;
	return 0;
}

static int on_send(void *ctx, const uint8_t mac[6], const uint8_t *packet, size_t len)
{
	static const uint8_t nobody[16];
	struct bench *b = ctx;
	const uint8_t *message = packet + MCR_IPV6_HEADER;

	if (b->refuse) {
		b->refuse--;
		return -EAGAIN;
	}
	CHECK(len >= MCR_IPV6_HEADER + 8 && len <= b->nd.mtu && packet[0] >> 4 == 6);
	CHECK((size_t)(packet[4] << 8 | packet[5]) == len - MCR_IPV6_HEADER);
	CHECK(mcr_icmp6_checksum(packet + 8, message, len - MCR_IPV6_HEADER) == 0);
	if (message[0] == 135) {
		CHECK(memcmp(packet + 8, nobody, 16) == 0 && packet[7] == 255 && len == 72);
		CHECK(mac[0] == 0x33 && mac[1] == 0x33);
		return 0;
	}
	CHECK(is_ours(&b->nd, packet + 8));
	if (message[0] == 136)
		CHECK(packet[7] == 255 && len == 72 && is_ours(&b->nd, message + 8));
	else
		CHECK(message[0] == 129 && (mac[0] & 1) == 0 && packet[24] != 0xff);
	return 0;
}

static void run(struct bench *b, uint64_t span_ns)
{
	uint64_t end_ns = b->now_ns + span_ns, next_ns;

	while ((next_ns = mcr_nd_poll(&b->nd, b->now_ns, on_send, b)) <= end_ns) {
		CHECK(next_ns > b->now_ns);
		b->now_ns = next_ns;
	}
	b->now_ns = end_ns;
}

static void put_sum(uint8_t *packet, size_t offset, size_t len)
{
	uint16_t sum;

	memset(packet + offset + 2, 0, 2);
	sum = mcr_icmp6_checksum(packet + 8, packet + offset, len - offset);
	memcpy(packet + offset + 2, &sum, 2);
}

/* A message about one of the addresses, most often a good one, then some octets of the input. */
static void feed(struct bench *b)
{
	static const uint8_t types[4] = {128, 135, 136, 135};
	uint8_t mac_from[6] = {2, 0, 0, 0, 0, 9}, mac_to[6] = {2, 0, 0, 0, 0, 1};
	uint8_t *packet = calloc(1, 512);
	unsigned how = take(b), extra = take(b) % 64;
	size_t offset = MCR_IPV6_HEADER + (how & 64 ? 8u : 0), len = offset + 24 + extra;
	struct mcr_address target = address_of(take(b));
	struct mcr_ipv6_header header = {
	    .destination = how & 4 ? mcr_address_solicited_node(target) : target,
	    .source = how & 8 ? (struct mcr_address){{0}} : address_of(take(b)),
	    .payload_len = (uint16_t)(len - MCR_IPV6_HEADER),
	    .next = MCR_IPV6_PROTO_ICMP,
	    .hop_limit = 255};
	struct mcr_nd_frame frame = {.mac_to = mac_to, .mac_from = mac_from, .icmp_offset = offset};
	uint8_t *whole;

	CHECK(packet);
	mcr_ipv6_put_header(packet, &header);
	packet[offset] = types[how & 3];
	memcpy(packet + offset + 8, target.octets, 16);
	for (unsigned i = 0; i < extra; i++)
		packet[offset + 24 + i] = (uint8_t)take(b);
	if (how & 16)
		packet[take(b) % len] = (uint8_t)take(b);
	put_sum(packet, offset, len);
	if (how & 32)
		len = take(b) % (len + 1);
	mac_to[5] = (uint8_t)(take(b) % 4);
	/* Exactly as long as it is said to be, so that no octet behind it is read unseen. */
	whole = malloc(len < MCR_IPV6_HEADER ? MCR_IPV6_HEADER : len);
	CHECK(whole);
	memcpy(whole, packet, len < MCR_IPV6_HEADER ? MCR_IPV6_HEADER : len);
	frame.packet = whole;
	frame.len = len;
	mcr_nd_input(&b->nd, &frame, on_send, b);
	free(whole);
	free(packet);
}

static void set_host(struct bench *b)
{
	unsigned how = take(b);

	b->host.is_on |= how & 1;
	b->host.mac[5] = (uint8_t)(how >> 1 & 1);
	b->host.address6 = how & 4 ? address_of(take(b)) : (struct mcr_address){{0}};
	b->host.n_kernel = how >> 3 & 3;
	for (size_t i = 0; i < b->host.n_kernel; i++) {
		unsigned k = take(b);

		b->kernel[i] = (struct mcr_nd_kernel_address){
		    address_of(k), .is_tentative = k >> 2 & 1, .is_duplicate = k >> 3 & 1};
	}
	b->host.kernel = b->kernel;
	mcr_nd_set_host(&b->nd, &b->host, b->now_ns);
}

static void step(struct bench *b)
{
	switch (take(b) % 8) {
	case 0:
		set_host(b);
		break;
	case 1: /* a microsecond to some seconds */
		run(b, UINT64_C(1000) << take(b) % 24);
		break;
	case 2:
		mcr_nd_restart(&b->nd, b->now_ns);
		break;
	case 3:
		b->refuse = take(b) % 8;
		break;
	case 4: /* the clock runs, nobody polls */
		b->now_ns += UINT64_C(1000) << take(b) % 30;
		break;
	default:
		feed(b);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench b = {.data = data, .end = data + size, .now_ns = SECOND};
	struct mcr_address groups[MCR_ND_ADDRESSES];

	mcr_nd_init(&b.nd, take(&b), take(&b) & 1);
	b.host = (struct mcr_nd_host){.mac = {2}, .mtu = 1280};
	while (b.data < b.end)
		step(&b);
	b.refuse = 0;
	run(&b, 10 * SECOND);
	CHECK(mcr_nd_groups(&b.nd, groups, 0) == mcr_nd_groups(&b.nd, groups, 1));
	for (unsigned i = 0; i < MCR_ND_ADDRESSES; i++) {
		const struct mcr_nd_address *a = &b.nd.addresses[i];

		CHECK(b.nd.is_on || a->state == MCR_ND_OFF);
		CHECK(a->state != MCR_ND_DELAYED &&
		      (a->is_kernels || a->state != MCR_ND_TENTATIVE));
		CHECK((a->state == MCR_ND_OFF) == mcr_address_is_none(a->address));
	}
	return 0;
}
