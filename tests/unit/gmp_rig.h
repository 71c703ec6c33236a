/* SPDX-License-Identifier: BSD-3-Clause */
/* A bench for the membership machine: a clock that the test sets, scripted random draws, a Tx queue
 * that can be full, and both families (gmp_rig_wire.h). */
#ifndef GMP_RIG_H
#define GMP_RIG_H

#include <errno.h>
#include <stdlib.h>

#include "gmp_rig_wire.h"

#define SECOND 1000000000ull
#define MS     1000000ull
#define IN     MCR_FILTER_INCLUDE
#define EX     MCR_FILTER_EXCLUDE

/* Seconds as nanoseconds. */
static inline uint64_t sec(double s)
{
	return (uint64_t)(s * 1e9 + 0.5);
}

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

static inline uint64_t rig_draw(void *ctx, uint64_t max_ns)
{
	struct rig *r = ctx;
	double u = r->used_draws < r->n_draws ? r->draws[r->used_draws++] : r->default_draw;

	r->calls_of_draw++;
	return (uint64_t)(u * (double)max_ns + 0.5);
}

static inline int rig_send(void *ctx, const uint8_t *packet, size_t len)
{
	struct rig *r = ctx;

	if (r->refuse) {
		r->refuse--;
		return -EAGAIN;
	}
	check_encapsulation(packet, len, r->cfg.mtu ? r->cfg.mtu : 1500u);
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
	r->cfg.family = rig_family;
	if (is_mld() && cfg->version)
		r->cfg.version--;
	r->now_ns = 1000 * SECOND;
	assert_int_equal(mcr_gmp_create(&r->igmp, &r->cfg, r->now_ns), 0);
}

/* A host at HOST that follows the querier and, for clarity, repeats nothing unasked. */
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

/* Records without sources, and sources of one record, that a message of 1500 octets takes. */
#define RECORDS (is_mld() ? 72u : 183u)
#define SOURCES (is_mld() ? 89u : 365u)
#define REST    (is_mld() ? 50u : 135u) /* of a list that takes two messages */

/* Reports that n groups without sources take. */
static inline unsigned reports_of(unsigned n)
{
	return (n + RECORDS - 1) / RECORDS;
}

/* 239.0.1.0 and those that follow. */
static inline void join_many(struct rig *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct mcr_address group = ip_of(0xef000000u + 256 + i);

		assert_int_equal(mcr_gmp_set_filter(r->igmp, group, EX, NULL, 0, r->now_ns), 0);
	}
}

/* Joins and lets the announcement pass; nothing remains in the list of messages. */
static inline void settle(struct rig *r, double seconds)
{
	run_for(r, seconds);
	rig_forget(r);
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

/* In terms of IGMP. */
static inline struct mcr_gmp_info info(const struct rig *r)
{
	struct mcr_gmp_info i;

	mcr_gmp_get_info(r->igmp, r->now_ns, &i);
	if (!is_mld())
		return i;
	assert_int_equal(i.v2_until_ns, 0);
	assert_int_equal(i.rx_v2_queries, 0);
	i.v2_until_ns = i.v1_until_ns;
	i.rx_v2_queries = i.rx_v1_queries;
	i.v1_until_ns = i.rx_v1_queries = 0;
	i.version++;
	i.querier_version = (uint8_t)(i.querier_version ? i.querier_version + 1 : 0);
	if (i.reason == MCR_GMP_REASON_V1_QUERIER)
		i.reason = MCR_GMP_REASON_V2_QUERIER;
	return i;
}

static inline struct mcr_gmp_group_info group_info(const struct rig *r, const char *group)
{
	struct mcr_gmp_group_info g;

	assert_int_equal(mcr_gmp_get_group(r->igmp, ip(group), &g), 0);
	return g;
}

#endif
