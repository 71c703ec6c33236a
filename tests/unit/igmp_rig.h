/* SPDX-License-Identifier: BSD-3-Clause */
/* A bench for the IGMP machine: a clock that the test sets, scripted random draws, a Tx queue that
 * can be full, a builder of queries, and a reader of reports that is independent of igmp_wire.c.
 * Every message that the machine sends is checked for its encapsulation (rows H-ENC-*). */
#ifndef IGMP_RIG_H
#define IGMP_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>

#include <cmocka.h>

#include "core/gmp/gmp.h"
#include "octets.h"

#define SECOND    1000000000ull
#define IN        MCR_FILTER_INCLUDE
#define EX        MCR_FILTER_EXCLUDE
#define MS        1000000ull
#define ALL_HOSTS "224.0.0.1"
#define HOST      "10.0.0.2"
#define QUERIER   "10.0.0.1"

/* Seconds as nanoseconds. */
static inline uint64_t sec(double s)
{
	return (uint64_t)(s * 1e9 + 0.5);
}

struct sent {
	uint64_t at_ns;
	size_t len;
	uint8_t *bytes;
};

struct rig {
	struct mcr_gmp *igmp;
	struct mcr_gmp_config cfg;
	uint64_t now_ns, deadline_ns;
	struct sent *sent;
	size_t n_sent, cap_sent;
	double draws[64]; /* the next draws, as fractions of the longest delay */
	size_t n_draws, used_draws;
	double default_draw; /* when the script is at its end */
	size_t calls_of_draw;
	unsigned refuse; /* sends to answer with -EAGAIN */
};

static inline struct mcr_address ip(const char *text)
{
	struct mcr_address a;

	assert_int_equal(mcr_address_parse(&a, text, strlen(text)), 0);
	return a;
}

static inline struct mcr_address ip_of(uint32_t ipv4)
{
	return mcr_address_from_ipv4(htonl(ipv4));
}

static inline uint32_t word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t rig_draw(void *ctx, uint64_t max_ns)
{
	struct rig *r = ctx;
	double u = r->used_draws < r->n_draws ? r->draws[r->used_draws++] : r->default_draw;

	r->calls_of_draw++;
	return (uint64_t)(u * (double)max_ns + 0.5);
}

/* H-ENC-1 to 5, 7 to 11, 14; H-PK-4. */
static inline void check_encapsulation(const struct rig *r, const uint8_t *p, size_t len)
{
	assert_true(len >= 32);
	assert_int_equal(p[0], 0x46); /* version 4, 24 octets of header */
	assert_int_equal(p[1], 0xc0);
	assert_int_equal(p[2] << 8 | p[3], len);
	assert_true(len <= (r->cfg.mtu ? r->cfg.mtu : 1500u));
	assert_int_equal(word(p + 4), 0x00004000); /* ID 0, DF, no MF, offset 0 */
	assert_int_equal(p[8], 1);
	assert_int_equal(p[9], 2);
	assert_int_equal(checksum16(p, 24), 0);
	assert_int_equal(word(p + 20), 0x94040000); /* Router Alert */
	assert_int_equal(checksum16(p + 24, len - 24), 0);
	assert_int_equal(p[25], 0);
	if (p[24] == 0x22) {
		assert_int_equal(word(p + 16), 0xe0000016);
		assert_int_equal(p[28] << 8 | p[29], 0);
	} else {
		assert_int_equal(len, 32);
		assert_int_equal(word(p + 16), p[24] == 0x17 ? 0xe0000002 : word(p + 28));
	}
}

static inline int rig_send(void *ctx, const uint8_t *packet, size_t len)
{
	struct rig *r = ctx;

	if (r->refuse) {
		r->refuse--;
		return -EAGAIN;
	}
	check_encapsulation(r, packet, len);
	if (r->n_sent == r->cap_sent) {
		r->cap_sent = r->cap_sent ? r->cap_sent * 2 : 16;
		r->sent = realloc(r->sent, r->cap_sent * sizeof(*r->sent));
		assert_non_null(r->sent);
	}
	uint8_t *copy = malloc(len);

	assert_non_null(copy);
	memcpy(copy, packet, len);
	r->sent[r->n_sent++] = (struct sent){.at_ns = r->now_ns, .len = len, .bytes = copy};
	return 0;
}

static inline void rig_start(struct rig *r, const struct mcr_gmp_config *cfg)
{
	memset(r, 0, sizeof(*r));
	r->default_draw = 0.5;
	r->cfg = *cfg;
	r->cfg.draw = rig_draw;
	r->cfg.draw_ctx = r;
	r->now_ns = 1000 * SECOND;
	assert_int_equal(mcr_gmp_create(&r->igmp, &r->cfg, r->now_ns), 0);
}

/* A host at 10.0.0.2 that follows the querier and, for clarity, repeats nothing unasked. */
static inline void rig_default(struct rig *r)
{
	rig_start(r, &(struct mcr_gmp_config){.address = ip(HOST), .repeat_s = MCR_GMP_NO_REPEAT});
}

static inline void rig_version(struct rig *r, uint8_t version)
{
	rig_start(r, &(struct mcr_gmp_config){
			 .address = ip(HOST), .repeat_s = MCR_GMP_NO_REPEAT, .version = version});
}

static inline void rig_forget(struct rig *r)
{
	for (size_t i = 0; i < r->n_sent; i++)
		free(r->sent[i].bytes);
	r->n_sent = 0;
}

static inline void rig_stop(struct rig *r)
{
	mcr_gmp_destroy(r->igmp);
	rig_forget(r);
	free(r->sent);
}

static inline void script(struct rig *r, size_t n, const double *draws)
{
	assert_true(n <= sizeof(r->draws) / sizeof(r->draws[0]));
	memcpy(r->draws, draws, n * sizeof(*draws));
	r->n_draws = n;
	r->used_draws = 0;
}
#define SCRIPT(r, ...) \
	script(r, sizeof((double[]){__VA_ARGS__}) / sizeof(double), (double[]){__VA_ARGS__})

static inline void poll_now(struct rig *r)
{
	r->deadline_ns = mcr_gmp_poll(r->igmp, r->now_ns, rig_send, r);
	assert_true(r->deadline_ns > r->now_ns);
}

/* Runs the clock to t, polling exactly at the deadlines that the machine names. */
static inline void run_until(struct rig *r, uint64_t t_ns)
{
	poll_now(r);
	while (r->deadline_ns <= t_ns) {
		r->now_ns = r->deadline_ns;
		poll_now(r);
	}
	r->now_ns = t_ns;
}

static inline void run_for(struct rig *r, double seconds)
{
	run_until(r, r->now_ns + sec(seconds));
}

/* Sources as one text, separated by spaces; "" is the empty list. */
static inline int set(struct rig *r, const char *group, enum mcr_filter_mode mode,
		      const char *sources)
{
	struct mcr_address list[64];
	size_t n = 0;
	char text[1024], *save = NULL;

	snprintf(text, sizeof(text), "%s", sources);
	for (char *s = strtok_r(text, " ", &save); s; s = strtok_r(NULL, " ", &save))
		list[n++] = ip(s);
	return mcr_gmp_set_filter(r->igmp, ip(group), mode, list, n, r->now_ns);
}

static inline void exclude(struct rig *r, const char *group, const char *sources)
{
	assert_int_equal(set(r, group, MCR_FILTER_EXCLUDE, sources), 0);
}

static inline void include(struct rig *r, const char *group, const char *sources)
{
	assert_int_equal(set(r, group, MCR_FILTER_INCLUDE, sources), 0);
}

static inline void join(struct rig *r, const char *group)
{
	exclude(r, group, "");
}

static inline void leave(struct rig *r, const char *group)
{
	include(r, group, "");
}

/* Joins and lets the announcement pass; nothing remains in the list of messages. */
static inline void settle(struct rig *r, double seconds)
{
	run_for(r, seconds);
	rig_forget(r);
}

/* A message to feed; all-zero fields take the usual values. */
struct query {
	const char *source, *destination, *group; /* default: QUERIER, by group, 0.0.0.0 */
	unsigned version;                         /* default 3 */
	unsigned type;                            /* default 0x11 */
	unsigned code;
	unsigned flags;      /* S and reserved bits, v3 */
	unsigned qrv, qqic;  /* default QRV 2, QQIC 125; 256 = 0 */
	const char *sources; /* v3 */
	int claimed_sources; /* of the count field; 0 = as many as there are */
	unsigned ttl;        /* default 1 */
	int no_alert;        /* without Router Alert */
	unsigned extra;      /* octets behind the fields, in the checksum */
	unsigned padding;    /* octets behind the IP packet */
	unsigned cut;        /* octets taken off the payload before the checksum */
	int bad_checksum;
};

static inline void put_word(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static inline void put_ip(uint8_t *p, const char *text)
{
	memcpy(p, ip(text).octets + 12, 4);
}

static inline size_t build_v3_fields(const struct query *q, uint8_t *p)
{
	char text[1024], *save = NULL;
	size_t n = 0;

	snprintf(text, sizeof(text), "%s", q->sources ? q->sources : "");
	for (char *s = strtok_r(text, " ", &save); s; s = strtok_r(NULL, " ", &save))
		put_ip(p + 4 + 4 * n++, s);
	p[0] = (uint8_t)(q->flags | (q->qrv == 256 ? 0 : q->qrv ? q->qrv : 2));
	p[1] = (uint8_t)(q->qqic == 256 ? 0 : q->qqic ? q->qqic : 125);
	size_t claimed = q->claimed_sources ? (size_t)q->claimed_sources : n;

	p[2] = (uint8_t)(claimed >> 8);
	p[3] = (uint8_t)claimed;
	return 4 + 4 * n;
}

/* Returns the length of the packet, from the IP header on, with padding. */
static inline size_t build_query(const struct query *q, uint8_t *packet)
{
	size_t header = q->no_alert ? 20 : 24;
	uint8_t *p = packet + header;
	size_t n = 8;

	memset(packet, 0, 2048);
	p[0] = (uint8_t)(q->type ? q->type : 0x11);
	p[1] = (uint8_t)q->code;
	if (q->group)
		put_ip(p + 4, q->group);
	if (q->version == 0 || q->version == 3)
		n += build_v3_fields(q, p + 8);
	memset(p + n, 0xee, q->extra);
	n += q->extra;
	n -= q->cut;
	put16(p + 2, 0);
	put16(p + 2, checksum16(p, n) ^ (q->bad_checksum ? 1u : 0u));
	packet[0] = (uint8_t)(0x40 | header / 4);
	packet[1] = 0xc0;
	packet[2] = (uint8_t)((header + n) >> 8);
	packet[3] = (uint8_t)(header + n);
	packet[8] = (uint8_t)(q->ttl ? q->ttl : 1);
	packet[9] = 2;
	put_ip(packet + 12, q->source ? q->source : QUERIER);
	put_ip(packet + 16, q->destination ? q->destination : q->group ? q->group : ALL_HOSTS);
	if (!q->no_alert)
		put_word(packet + 20, 0x94040000);
	put16(packet + 10, checksum16(packet, header));
	memset(packet + header + n, 0x55, q->padding);
	return header + n + q->padding;
}

static inline int feed(struct rig *r, const struct query *q)
{
	uint8_t packet[2048];
	size_t n = build_query(q, packet);
	/* A copy of the exact size, so that ASan sees a read past the end. */
	uint8_t *exact = malloc(n);

	assert_non_null(exact);
	memcpy(exact, packet, n);
	int rc = mcr_gmp_input(r->igmp, exact, n, r->now_ns);

	free(exact);
	return rc;
}
#define FEED(r, ...) feed(r, &(struct query){__VA_ARGS__})

static inline void general_v3(struct rig *r, unsigned code)
{
	assert_int_equal(FEED(r, .code = code), 0);
}

static inline void general_v2(struct rig *r, unsigned code)
{
	assert_int_equal(FEED(r, .version = 2, .code = code), 0);
}

static inline void general_v1(struct rig *r)
{
	assert_int_equal(FEED(r, .version = 1, .no_alert = 1), 0);
}

static inline const char *dotted(uint32_t host, char *out)
{
	sprintf(out, "%u.%u.%u.%u", host >> 24, host >> 16 & 255, host >> 8 & 255, host & 255);
	return out;
}

/* A message in words: "v2 239.1.2.3", "leave 239.1.2.3", "TO_EX(239.1.2.3){} ALLOW(...){...}". */
static inline void describe(const struct sent *m, char *out, size_t cap)
{
	static const char *const types[] = {"?",     "IS_IN", "IS_EX", "TO_IN",
					    "TO_EX", "ALLOW", "BLOCK"};
	const uint8_t *p = m->bytes + 24, *end = m->bytes + m->len;
	char a[16];
	int used = 0;

	out[0] = 0;
	if (p[0] != 0x22) {
		snprintf(out, cap, "%s %s",
			 p[0] == 0x12   ? "v1"
			 : p[0] == 0x16 ? "v2"
					: "leave",
			 dotted(word(p + 4), a));
		return;
	}
	unsigned records = (unsigned)(p[6] << 8 | p[7]);

	p += 8;
	for (unsigned i = 0; i < records; i++) {
		assert_true(end - p >= 8 && p[0] >= 1 && p[0] <= 6);
		unsigned n = (unsigned)(p[2] << 8 | p[3]);

		assert_int_equal(p[1], 0); /* no auxiliary data */
		assert_true((size_t)(end - p) >= 8 + 4 * (size_t)n);
		used += snprintf(out + used, cap - (size_t)used, "%s%s(%s){", i ? " " : "",
				 types[p[0]], dotted(word(p + 4), a));
		for (unsigned k = 0; k < n; k++)
			used += snprintf(out + used, cap - (size_t)used, "%s%s", k ? "," : "",
					 dotted(word(p + 8 + 4 * k), a));
		used += snprintf(out + used, cap - (size_t)used, "}");
		p += 8 + 4 * n;
	}
	assert_ptr_equal(p, end); /* nothing behind the last record */
}

/* The message number i (from the last rig_forget) went out at t and says this. */
static inline void assert_sent(const struct rig *r, size_t i, uint64_t at_ns, const char *text)
{
	static char found[32768];

	if (i >= r->n_sent)
		fail_msg("message %zu was not sent: %s", i, text);
	describe(&r->sent[i], found, sizeof(found));
	assert_string_equal(found, text);
	if (r->sent[i].at_ns != at_ns)
		fail_msg("%s sent at %.9f s, not %.9f s", text, (double)r->sent[i].at_ns / 1e9,
			 (double)at_ns / 1e9);
}

static inline void assert_count(const struct rig *r, size_t n)
{
	static char found[32768];

	if (r->n_sent > n) {
		describe(&r->sent[n], found, sizeof(found));
		fail_msg("unexpected message %zu of %zu: %.200s", n, r->n_sent, found);
	}
	assert_int_equal(r->n_sent, n);
}

/* The octets of message i from `from` on are these. */
static inline void assert_octets(const struct rig *r, size_t i, size_t from, const char *hex)
{
	char found[4096] = "";

	assert_true(i < r->n_sent);
	for (size_t k = from; k < r->sent[i].len; k++)
		sprintf(found + 2 * (k - from), "%02x", r->sent[i].bytes[k]);
	assert_string_equal(found, hex);
}

static inline struct mcr_gmp_info info(const struct rig *r)
{
	struct mcr_gmp_info i;

	mcr_gmp_get_info(r->igmp, r->now_ns, &i);
	return i;
}

static inline struct mcr_gmp_group_info group_info(const struct rig *r, const char *group)
{
	struct mcr_gmp_group_info g;

	assert_int_equal(mcr_gmp_get_group(r->igmp, ip(group), &g), 0);
	return g;
}

#endif
