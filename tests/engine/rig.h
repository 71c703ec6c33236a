/* SPDX-License-Identifier: BSD-3-Clause */
/* EAL without hugepages, root or network, frames made by hand, and an engine with one interface. */
#ifndef ENGINE_RIG_H
#define ENGINE_RIG_H

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ip.h>

#include <mcring/consumer.h>
#include <mcring/engine.h>

#include "../../tools/common/clock.h"

#define RIG_DEADLINE_NS UINT64_C(20000000000)
#define RIG_MEMORY      "256" /* MiB */

static inline uint32_t rig_ip(const char *text)
{
	return inet_addr(text);
}

static inline struct mcr_address rig_address(const char *text)
{
	struct mcr_address address;

	assert_int_equal(mcr_address_parse(&address, text, strlen(text)), 0);
	return address;
}

static inline uint8_t *rig_ipv4(uint8_t *p, const struct mcr_address *group, size_t len)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)p;

	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->total_length = htons((uint16_t)(28 + len));
	ip->type_of_service = 0xb8;
	ip->time_to_live = 5;
	ip->next_proto_id = IPPROTO_UDP;
	ip->src_addr = rig_ip("10.0.0.9");
	ip->dst_addr = mcr_address_ipv4_be(*group);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return p + sizeof(*ip);
}

static inline uint8_t *rig_ipv6(uint8_t *p, const struct mcr_address *group, size_t len)
{
	const struct mcr_address source = rig_address("2001:db8::9");

	p[0] = 0x6b;
	p[1] = 0x80;
	p[4] = (uint8_t)((8 + len) >> 8);
	p[5] = (uint8_t)(8 + len);
	p[6] = IPPROTO_UDP;
	p[7] = 5;
	memcpy(p + 8, source.octets, 16);
	memcpy(p + 24, group->octets, 16);
	return p + 40;
}

/* What IPv6 demands (RFC 8200 §8.1). udp: behind the header. */
static inline void rig_checksum_ipv6(uint8_t *udp)
{
	memset(udp + 6, 0, 2);
	*(uint16_t *)(void *)(udp + 6) =
	    rte_ipv6_udptcp_cksum((const struct rte_ipv6_hdr *)(udp - 40), udp);
}

/* One UDP datagram to a group from host 9; returns the frame's length. buf: 80 octets and the
 * payload. */
static inline size_t rig_udp(uint8_t *buf, const char *group_text, uint16_t port,
			     const void *payload, size_t len)
{
	const struct mcr_address group = rig_address(group_text);
	const int is_ipv4 = mcr_address_is_ipv4(group);
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)buf;
	const uint8_t *g = group.octets;
	uint8_t *udp;

	memset(buf, 0, 62);
	ether->dst_addr = is_ipv4
			      ? (struct rte_ether_addr){{1, 0, 0x5e, g[13] & 0x7f, g[14], g[15]}}
			      : (struct rte_ether_addr){{0x33, 0x33, g[12], g[13], g[14], g[15]}};
	ether->src_addr = (struct rte_ether_addr){{2, 0, 0, 0, 0, 9}};
	ether->ether_type = htons(is_ipv4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6);
	udp = (is_ipv4 ? rig_ipv4 : rig_ipv6)(buf + 14, &group, len);
	udp[1] = 99;
	udp[2] = (uint8_t)(port >> 8);
	udp[3] = (uint8_t)port;
	udp[4] = (uint8_t)((8 + len) >> 8);
	udp[5] = (uint8_t)(8 + len);
	if (len > 0)
		memcpy(udp + 8, payload, len);
	if (!is_ipv4)
		rig_checksum_ipv6(udp);
	return (size_t)(udp - buf) + 8 + len;
}

/* Who has `address`? Asked by 10.0.0.9. */
static inline size_t rig_arp(uint8_t *buf, const char *address)
{
	static const uint8_t head[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,  0, 0, 0, 0,
				       9,    8,    6,    0,    1,    8,    0,  6, 4, 0, 1,
				       2,    0,    0,    0,    0,    9,    10, 0, 0, 9};
	uint32_t address_be = rig_ip(address);

	memset(buf, 0, 60);
	memcpy(buf, head, sizeof(head));
	memcpy(buf + 38, &address_be, 4);
	return 60;
}

/* ---- pcap files, for net_pcap ---- */

static inline FILE *rig_pcap_open(const char *path)
{
	static const uint32_t header[] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(header, sizeof(header), 1, f), 1);
	return f;
}

/* time_us: of the capture, since 1970. */
static inline void rig_pcap_add_at(FILE *f, const uint8_t *frame, size_t len, uint64_t time_us)
{
	const uint32_t header[] = {(uint32_t)(time_us / 1000000), (uint32_t)(time_us % 1000000),
				   (uint32_t)len, (uint32_t)len};

	assert_int_equal(fwrite(header, sizeof(header), 1, f), 1);
	assert_int_equal(fwrite(frame, len, 1, f), 1);
}

static inline void rig_pcap_add(FILE *f, const uint8_t *frame, size_t len)
{
	rig_pcap_add_at(f, frame, len, 0);
}

/* A capture in a folder of its own, and the arguments with which net_pcap plays it. */
struct rig_capture {
	char dir[32], path[64], sent[64], args[160];
};

/* write makes the file. */
static inline int rig_capture_begin(struct rig_capture *c, void (*write)(const char *path))
{
	strcpy(c->dir, "/tmp/mcring-frames-XXXXXX");
	if (!mkdtemp(c->dir))
		return -1;
	snprintf(c->path, sizeof(c->path), "%s/frames", c->dir);
	snprintf(c->sent, sizeof(c->sent), "%s/sent", c->dir);
	snprintf(c->args, sizeof(c->args), "rx_pcap=%s,tx_pcap=%s", c->path, c->sent);
	write(c->path);
	return 0;
}

static inline void rig_capture_end(const struct rig_capture *c)
{
	unlink(c->path);
	unlink(c->sent);
	rmdir(c->dir);
}

/* ---- engines ---- */

static inline void rig_eal_init(char **vdevs, int n)
{
	char prefix[64];
	char *argv[32] = {(char *)"test",
			  (char *)"--lcores",
			  (char *)"0,1@1,2@1",
			  (char *)"--no-huge",
			  (char *)"-m",
			  (char *)RIG_MEMORY,
			  (char *)"--no-pci",
			  (char *)"--no-telemetry",
			  (char *)"--log-level=3",
			  (char *)"--file-prefix",
			  prefix};
	int argc = 11;

	snprintf(prefix, sizeof(prefix), "mcring_test_%d", (int)getpid());
	for (int i = 0; i < n; i++)
		argv[argc++] = vdevs[i];
	assert_true(rte_eal_init(argc, argv) >= 0);
}

/* Ports net_ring0 and so on, 8 at most. */
static inline void rig_eal_init_rings(int n)
{
	static char names[8][32];
	char *vdevs[8];

	for (int i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "--vdev=net_ring%d", i);
		vdevs[i] = names[i];
	}
	rig_eal_init(vdevs, n);
}

static inline int rig_eal_cleanup(void **state)
{
	return rte_eal_cleanup();
}

static inline void rig_silent(void *ctx, enum mcr_log_level level, const char *line)
{
}

static inline struct mcr_interface_config rig_interface(const char *port)
{
	struct mcr_interface_config i = {.size = sizeof(i), .name = "a", .prefix_len = 24};

	snprintf(i.port, sizeof(i.port), "%s", port);
	i.address = rig_address("10.0.0.1");
	return i;
}

static inline struct mcr_engine *rig_engine(const struct mcr_interface_config *interfaces,
					    unsigned n)
{
	static const unsigned lcore = 1;
	struct mcr_engine_config cfg;
	struct mcr_engine *e = NULL;
	struct mcr_error err = {""};

	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = interfaces;
	cfg.n_interfaces = n;
	cfg.lcores = &lcore;
	cfg.n_lcores = 1;
	cfg.log = rig_silent;
	cfg.keep_memberships = 1; /* a stop need not wait for the second copies of its leaves */
	if (mcr_engine_create(&e, &cfg, &err) != 0)
		fail_msg("%s", err.text);
	return e;
}

static inline struct mcr_engine *rig_start(const char *port)
{
	struct mcr_interface_config interface = rig_interface(port);
	struct mcr_engine *e = rig_engine(&interface, 1);

	assert_int_equal(mcr_engine_start(e, NULL), 0);
	return e;
}

static inline struct mcr_join rig_join(const char *group, uint16_t port)
{
	struct mcr_join join = {.port = port};

	join.group = rig_address(group);
	return join;
}

static inline struct mcr_consumer *rig_consumer(struct mcr_engine *e)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *c = NULL;
	struct mcr_error err = {""};

	opts.fd = mcr_engine_attach(e, NULL, "test", &err);
	opts.start = MCR_START_OLDEST;
	if (opts.fd < 0 || mcr_consumer_open(&c, &opts, &err) < 0)
		fail_msg("%s", err.text);
	return c;
}

/* The account as it is now; its identity is checked each time. */
static inline struct mcr_account rig_account(const struct mcr_engine *e)
{
	struct mcr_account a;
	uint64_t sum;

	mcr_engine_account(e, &a);
	sum = a.delivered + a.relayed_only + a.punted;
	for (unsigned r = 0; r < MCR_DROP_COUNT; r++)
		sum += a.drops[r];
	assert_int_equal(a.received, sum);
	return a;
}

/* Polls until n packets were received. */
static inline struct mcr_account rig_receive(struct mcr_engine *e, uint64_t n)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_account a;

	while ((a = rig_account(e)).received < n && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	assert_true(a.received >= n);
	return a;
}

#endif
