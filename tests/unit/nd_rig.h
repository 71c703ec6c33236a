/* SPDX-License-Identifier: BSD-3-Clause */
/* A bench for the IPv6 host: a clock that the test sets, a Tx queue that can be full, and frames
 * whose octets another program made. */
#ifndef ND_RIG_H
#define ND_RIG_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>

#include <cmocka.h>

#include "core/nd/nd.h"
#include "octets.h"

#define SECOND  UINT64_C(1000000000)
#define MS      UINT64_C(1000000)
#define OWN     "fe80::ff:fe00:1" /* of OWN_MAC */
#define GLOBAL  "2001:db8::5"
#define ASKER   "fe80::9"
#define GROUP   "ff02::1:ff00:1" /* of OWN */
#define OWN_MAC "\x02\0\0\0\0\x01"
#define HER_MAC "\x02\0\0\0\0\x09"

struct sent {
	uint64_t at_ns;
	uint8_t mac[6];
	uint8_t octets[1600];
	size_t len;
};

struct rig {
	struct mcr_nd nd;
	struct mcr_nd_host host;
	uint64_t now_ns;
	struct sent sent[16];
	size_t n;
	unsigned refuse; /* sends to answer with -EAGAIN */
};

static inline struct mcr_address ip(const char *text)
{
	struct mcr_address a;

	assert_int_equal(inet_pton(AF_INET6, text, a.octets), 1);
	return a;
}

static inline int rig_send(void *ctx, const uint8_t mac[6], const uint8_t *packet, size_t len)
{
	struct rig *r = ctx;
	struct sent *s = &r->sent[r->n];

	if (r->refuse) {
		r->refuse--;
		return -EAGAIN;
	}
	assert_true(r->n < sizeof(r->sent) / sizeof(r->sent[0]) && len <= sizeof(s->octets));
	s->at_ns = r->now_ns;
	memcpy(s->mac, mac, 6);
	memcpy(s->octets, packet, len);
	s->len = len;
	r->n++;
	return 0;
}

/* An interface that speaks IPv6 from now on, without another address than its link-local one. */
static inline void rig_start(struct rig *r, int is_dad_off)
{
	memset(r, 0, sizeof(*r));
	r->now_ns = 1000 * SECOND;
	mcr_nd_init(&r->nd, 1, is_dad_off);
	r->host = (struct mcr_nd_host){.is_on = 1, .mtu = 1500};
	memcpy(r->host.mac, OWN_MAC, 6);
	mcr_nd_set_host(&r->nd, &r->host, r->now_ns);
}

static inline void rig_run(struct rig *r, uint64_t span_ns)
{
	uint64_t end_ns = r->now_ns + span_ns, next_ns;

	while ((next_ns = mcr_nd_poll(&r->nd, r->now_ns, rig_send, r)) <= end_ns) {
		assert_true(next_ns > r->now_ns);
		r->now_ns = next_ns;
	}
	r->now_ns = end_ns;
}

/* An interface whose address is valid. */
static inline void rig_valid(struct rig *r)
{
	rig_start(r, 0);
	rig_run(r, 3 * SECOND);
	assert_int_equal(r->nd.addresses[MCR_ND_LINK_LOCAL].state, MCR_ND_VALID);
	r->n = 0;
}

static inline unsigned state_of(const struct rig *r, enum mcr_nd_which which)
{
	return r->nd.addresses[which].state;
}

static inline void set_kernel(struct rig *r, const struct mcr_nd_kernel_address *list, size_t n)
{
	r->host.kernel = list;
	r->host.n_kernel = n;
	mcr_nd_set_host(&r->nd, &r->host, r->now_ns);
}

/* Hears a packet with its ICMPv6 message at this offset, in a frame from her. */
static inline void hear_at(struct rig *r, const uint8_t *packet, size_t len, size_t offset)
{
	uint8_t copy[1600];
	const struct mcr_nd_frame frame = {.mac_to = (const uint8_t *)OWN_MAC,
					   .mac_from = (const uint8_t *)HER_MAC,
					   .packet = copy,
					   .len = len,
					   .icmp_offset = offset};

	assert_true(len <= sizeof(copy));
	memcpy(copy, packet, len);
	mcr_nd_input(&r->nd, &frame, rig_send, r);
}

static inline void hear(struct rig *r, const uint8_t *packet, size_t len)
{
	hear_at(r, packet, len, 40);
}

/* Makes the checksum of a changed packet right. */
static inline void repair(uint8_t *packet, size_t len)
{
	const uint8_t pseudo[8] = {0, 0, (uint8_t)((len - 40) >> 8), (uint8_t)(len - 40), 0, 0,
				   0, 58};

	packet[4] = pseudo[2];
	packet[5] = pseudo[3];
	put16(packet + 42, 0);
	put16(packet + 42,
	      ~sum16(packet + 40, len - 40, sum16(packet + 8, 32, sum16(pseudo, 8, 0))));
}

/* Who has OWN? Asked by ASKER at HER_MAC, with her source link-layer option. */
static const uint8_t solicitation[] = {
    0x60, 0, 0,    0,    0,    32, 58, 255, 0xfe, 0x80, 0, 0, 0,    0, 0, 0,
    0,    0, 0,    0,    0,    0,  0,  9,                                    /* ASKER */
    0xff, 2, 0,    0,    0,    0,  0,  0,   0,    0,    0, 1, 0xff, 0, 0, 1, /* GROUP */
    135,  0, 0x7b, 0x89, 0,    0,  0,  0,   0xfe, 0x80, 0, 0, 0,    0, 0, 0,
    0,    0, 0,    0xff, 0xfe, 0,  0,  1,   1,    1,    2, 0, 0,    0, 0, 9};
/* The same from ::, in order to see whether anybody has it. */
static const uint8_t probe[] = {0x60, 0, 0,    0,    0, 24, 58, 255,  0,    0,    0, 0,
				0,    0, 0,    0,    0, 0,  0,  0,    0,    0,    0, 0, /* :: */
				0xff, 2, 0,    0,    0, 0,  0,  0,    0,    0,    0, 1,
				0xff, 0, 0,    1, /* GROUP */
				135,  0, 0x7d, 0x25, 0, 0,  0,  0,    0xfe, 0x80, 0, 0,
				0,    0, 0,    0,    0, 0,  0,  0xff, 0xfe, 0,    0, 1};
/* OWN is at OWN_MAC: to ASKER, asked for, to override. */
static const uint8_t advert[] = {
    0x60, 0, 0,    0,    0,    32,   58, 255, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
    0xfe, 0, 0,    1,    0xfe, 0x80, 0,  0,   0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 9, /* ASKER */
    136,  0, 0x1a, 0x15, 0x60, 0,    0,  0,   0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
    0xfe, 0, 0,    1,    2,    1,    2,  0,   0,    0,    0, 1};
/* The same to all nodes, not asked for. */
static const uint8_t advert_to_all[] = {
    0x60, 0, 0,    0,    0,    32, 58, 255, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe,
    0,    0, 1,    0xff, 2,    0,  0,  0,   0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 1, /* all nodes */
    136,  0, 0x59, 0x9b, 0x20, 0,  0,  0,   0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe,
    0,    0, 1,    2,    1,    2,  0,  0,   0,    0,    1};
/* ASKER's echo request to OWN, and the reply. */
static const uint8_t echo[] = {
    0x60, 0, 0, 0, 0,   13, 58,   64,   0xfe, 0x80, 0, 0, 0,   0,   0,   0,   0,  0,
    0,    0, 0, 0, 0,   9,  0xfe, 0x80, 0,    0,    0, 0, 0,   0,   0,   0,   0,  0xff,
    0xfe, 0, 0, 1, 128, 0,  0x77, 0xb4, 0x12, 0x34, 0, 1, 'd', 'a', 't', 'a', '!'};
static const uint8_t reply[] = {
    0x60, 0,    0,    0, 0,   13, 58,   64,   0xfe, 0x80, 0, 0, 0,   0,   0,   0,   0,  0,
    0,    0xff, 0xfe, 0, 0,   1,  0xfe, 0x80, 0,    0,    0, 0, 0,   0,   0,   0,   0,  0,
    0,    0,    0,    9, 129, 0,  0x76, 0xb4, 0x12, 0x34, 0, 1, 'd', 'a', 't', 'a', '!'};

#endif
