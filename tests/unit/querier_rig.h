/* SPDX-License-Identifier: BSD-3-Clause */
/* A bench for the querier: a clock that the test sets, a Tx queue that can be full, hosts and other
 * routers (querier_rig_wire.h), and the table as text, in both families. Besides what a test says,
 * the bench demands of each message what check_query does, the response times of the configuration
 * (R-LM-7), and at most 16 messages in a tick (R-Q-10); and of `changed` that it is called exactly
 * when another filter holds (R-ST-6). */
#ifndef QUERIER_RIG_H
#define QUERIER_RIG_H

#include <errno.h>
#include <stdlib.h>

#include "core/querier/querier.h"
#include "querier_rig_wire.h"

#define SECOND 1000000000ull
#define MS     1000000ull
#define OQPI   255.0 /* by the defaults, s */

/* Seconds as nanoseconds. */
static inline uint64_t sec(double s)
{
	return (uint64_t)(s * 1e9 + 0.5);
}

#define SHADOWS 8

struct rig {
	struct mcr_querier *q;
	struct mcr_querier_config cfg;
	struct mcr_address us;
	uint64_t now_ns, start_ns, deadline_ns;
	struct sent *sent;
	size_t n_sent, cap_sent;
	unsigned in_tick; /* messages sent at now_ns */
	unsigned refuse;  /* sends to answer with -EAGAIN */
	int no_poll;      /* 1: what is fed is not followed by a poll */
	/* What `changed` has said of groups. */
	struct shadow {
		struct mcr_address group;
		char *filter; /* owned */
	} shadows[SHADOWS];
	size_t n_shadows;
	size_t n_changed;
	struct rig *lan[2]; /* others that hear what it sends; NULL = none */
};

/* What is forwarded of a group: "IN{}", "EX{192.0.2.1}". */
static inline const char *filter_of(struct rig *r, struct mcr_address group)
{
	static char text[16384];
	struct mcr_source_filter filter;
	char name[16];
	size_t used;

	mcr_querier_filter(r->q, group, &filter);
	used = (size_t)sprintf(text, "%s{", filter.mode == MCR_FILTER_EXCLUDE ? "EX" : "IN");
	for (size_t i = 0; i < filter.n && used < sizeof(text) - 32; i++)
		used +=
		    (size_t)sprintf(text + used, "%s%s", i ? "," : "",
				    named(filter.sources[i].octets + 16 - address_octets(), name));
	strcpy(text + used, "}");
	return text;
}

static inline const char *fwd(struct rig *r, const char *group)
{
	return filter_of(r, ip(group));
}

static inline struct shadow *shadow_of(struct rig *r, struct mcr_address group)
{
	for (size_t i = 0; i < r->n_shadows; i++)
		if (memcmp(&r->shadows[i].group, &group, sizeof(group)) == 0)
			return &r->shadows[i];
	if (r->n_shadows == SHADOWS)
		return NULL;
	struct shadow *s = &r->shadows[r->n_shadows++];

	s->group = group;
	s->filter = strdup("IN{}");
	return s;
}

static inline void rig_changed(void *ctx, struct mcr_address group)
{
	struct rig *r = ctx;
	struct shadow *s = shadow_of(r, group);
	const char *now;

	r->n_changed++;
	if (!s)
		return;
	now = filter_of(r, group);
	if (strcmp(now, s->filter) == 0)
		fail_msg("`changed` for nothing: still %.80s", now);
	free(s->filter);
	s->filter = strdup(now);
}

/* No filter is another one than `changed` has said. */
static inline void check_shadows(struct rig *r)
{
	for (size_t i = 0; i < r->n_shadows; i++)
		if (strcmp(filter_of(r, r->shadows[i].group), r->shadows[i].filter) != 0)
			fail_msg("%.80s became %.80s, and `changed` was not called",
				 r->shadows[i].filter, filter_of(r, r->shadows[i].group));
}

static inline void feed_bytes(struct rig *r, const uint8_t *packet, size_t n,
			      enum mcr_querier_from from);

static inline void check_response(const struct rig *r, const struct asked *a)
{
	uint64_t ms = is_none(a->group) ? r->cfg.query_response_interval_ms
					: r->cfg.last_member_query_interval_ms;

	if (!ms)
		ms = is_none(a->group) ? 10000 : 1000;
	if (a->version == 1)
		assert_int_equal(a->code, 0);
	else
		assert_int_equal(a->response_ns, ms * MS);
}

static inline int rig_send(void *ctx, const uint8_t *packet, size_t len)
{
	struct rig *r = ctx;

	if (r->refuse) {
		r->refuse--;
		return -EAGAIN;
	}
	if (r->n_sent == r->cap_sent) {
		r->cap_sent = r->cap_sent ? r->cap_sent * 2 : 16;
		r->sent = realloc(r->sent, r->cap_sent * sizeof(*r->sent));
		assert_non_null(r->sent);
	}
	uint8_t *copy = malloc(len);

	assert_non_null(copy);
	memcpy(copy, packet, len);
	struct sent *m = &r->sent[r->n_sent++];

	*m = (struct sent){.at_ns = r->now_ns, .len = len, .bytes = copy};
	struct asked a = check_query(m, r->us, r->cfg.mtu ? r->cfg.mtu : 1500u);

	check_response(r, &a);
	r->in_tick = r->n_sent > 1 && m[-1].at_ns / MS == m->at_ns / MS ? r->in_tick + 1 : 1;
	assert_true(r->in_tick <= MCR_QUERIER_BURST);
	for (size_t i = 0; i < 2 && r->lan[i]; i++) {
		r->lan[i]->now_ns = r->now_ns;
		feed_bytes(r->lan[i], copy, len, MCR_QUERIER_FROM_WIRE);
	}
	return 0;
}

static inline void poll_now(struct rig *r)
{
	r->deadline_ns = mcr_querier_poll(r->q, r->now_ns, rig_send, r);
	assert_true(r->deadline_ns > r->now_ns);
	check_shadows(r);
}

/* version: of IGMP; in MLD its twin. */
static inline void rig_start(struct rig *r, const struct mcr_querier_config *cfg)
{
	memset(r, 0, sizeof(*r));
	r->cfg = *cfg;
	r->cfg.family = (uint8_t)rig_family;
	r->cfg.seed = 42;
	r->cfg.changed = rig_changed;
	r->cfg.changed_ctx = r;
	if (is_mld() && cfg->version)
		r->cfg.version--;
	r->us = r->cfg.address;
	r->start_ns = r->now_ns = 1000 * SECOND;
	assert_int_equal(mcr_querier_create(&r->q, &r->cfg, r->now_ns), 0);
	poll_now(r);
}
/* With another address, or none, or another subnet than the usual ones. */
#define RIG_AT(r, ...) rig_start(r, &(struct mcr_querier_config){__VA_ARGS__})

/* A querier at US. */
static inline void rig_usual(struct rig *r, struct mcr_querier_config cfg)
{
	cfg.address = ip(US);
	cfg.prefix_len = is_mld() ? 0 : 24;
	rig_start(r, &cfg);
}
#define RIG(r, ...) rig_usual(r, (struct mcr_querier_config){__VA_ARGS__})

static inline void rig_forget(struct rig *r)
{
	for (size_t i = 0; i < r->n_sent; i++)
		free(r->sent[i].bytes);
	r->n_sent = 0;
}

static inline void rig_stop(struct rig *r)
{
	mcr_querier_destroy(r->q);
	rig_forget(r);
	free(r->sent);
	for (size_t i = 0; i < r->n_shadows; i++)
		free(r->shadows[i].filter);
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

/* To this many seconds after the start. */
static inline void run_to(struct rig *r, double seconds)
{
	run_until(r, r->start_ns + sec(seconds));
}

/* A querier whose start is over: its two general queries are out, the next one is due in 125 s. */
static inline void settle(struct rig *r)
{
	run_to(r, 31.25);
	rig_forget(r);
}

static inline void rig_settled(struct rig *r)
{
	RIG(r, .version = 3);
	settle(r);
}

static inline struct mcr_querier_state info(struct rig *r)
{
	struct mcr_querier_state s;

	mcr_querier_get_state(r->q, &s);
	s.version = (uint8_t)(s.version + is_mld());
	return s;
}

static inline int we_ask(struct rig *r)
{
	return info(r).role == MCR_QUERIER_US;
}

/* Who the querier is; NULL: nobody is known. */
static inline void assert_querier(struct rig *r, enum mcr_querier_role role, const char *address)
{
	struct mcr_querier_state s = info(r);

	assert_string_equal(mcr_querier_role_name(s.role), mcr_querier_role_name(role));
	if (address)
		assert_true(mcr_address_is_equal(s.querier, ip(address)));
	else
		assert_true(mcr_address_is_none(s.querier));
}

/* Gives a packet to the machine, and demands that it is counted once. */
static inline int try_bytes(struct rig *r, const uint8_t *packet, size_t n,
			    enum mcr_querier_from from)
{
	/* A copy of the exact size, so that ASan sees a read past the end. */
	uint8_t *exact = malloc(n ? n : 1);
	struct mcr_querier_state before = info(r), after;
	uint64_t counted = 0, bad = 0;

	assert_non_null(exact);
	memcpy(exact, packet, n);
	int rc = mcr_querier_input(r->q, exact, n, from, r->now_ns);

	free(exact);
	after = info(r);
	for (unsigned i = 0; i < MCR_QUERIER_RX_COUNT; i++) {
		counted += after.rx[i] - before.rx[i];
		bad += i >= MCR_QUERIER_RX_MALFORMED ? after.rx[i] - before.rx[i] : 0;
	}
	assert_int_equal(counted, 1);
	assert_int_equal(rc, bad ? -EBADMSG : 0);
	if (r->no_poll)
		check_shadows(r);
	else
		poll_now(r);
	return rc;
}

static inline void feed_bytes(struct rig *r, const uint8_t *packet, size_t n,
			      enum mcr_querier_from from)
{
	assert_int_equal(try_bytes(r, packet, n, from), 0);
}

static inline int feed_report(struct rig *r, const struct report *report,
			      enum mcr_querier_from from)
{
	uint8_t packet[PACKET_MAX];

	return try_bytes(r, packet, build_report(report, packet), from);
}
#define REPORT(r, ...) feed_report(r, &(struct report){__VA_ARGS__}, MCR_QUERIER_FROM_WIRE)

/* A report of version 3 from a host. */
static inline void hears(struct rig *r, const char *records)
{
	assert_int_equal(REPORT(r, .records = records), 0);
}

/* 50 groups in one report. */
static inline void hears_fifty(struct rig *r, const char *type, unsigned first)
{
	char text[50 * 32];
	size_t used = 0;

	for (unsigned i = first; i < first + 50; i++)
		used += (size_t)sprintf(text + used, "%s(239.%u.%u.1){} ", type, i / 200, i % 200);
	hears(r, text);
}

static inline int feed(struct rig *r, const struct query *q)
{
	uint8_t packet[2048];

	return try_bytes(r, packet, build_query(q, packet), MCR_QUERIER_FROM_WIRE);
}
/* Any message of struct query: by default a general query of OTHER. */
#define FEED(r, ...) feed(r, &(struct query){__VA_ARGS__})

/* A report or leave of version 1 or 2; by default of A_HOST, and to its group. */
static inline int feed_old(struct rig *r, struct query q)
{
	q.version = 2;
	q.source = q.source ? q.source : A_HOST;
	return feed(r, &q);
}
#define OLD(r, ...) feed_old(r, (struct query){__VA_ARGS__})
#define V1_REPORT   0x12
#define V2_REPORT   0x16
#define LEAVE       0x17

static inline void v1_report(struct rig *r, const char *group)
{
	assert_int_equal(OLD(r, .type = V1_REPORT, .group = group), 0);
}

static inline void v2_report(struct rig *r, const char *group)
{
	assert_int_equal(OLD(r, .type = V2_REPORT, .group = group), 0);
}

static inline void v2_leave(struct rig *r, const char *group)
{
	assert_int_equal(OLD(r, .type = LEAVE, .group = group, .destination = ROUTERS), 0);
}

/* A general query of another router, by the defaults of the RFC. */
static inline void general_from(struct rig *r, const char *router, unsigned version)
{
	assert_int_equal(FEED(r, .source = router, .version = version,
			      .code = version == 1 ? 0 : 100, .no_alert = version == 1),
			 0);
}

/* The message number i (from the last rig_forget) went out at t and says this. */
static inline void assert_sent(const struct rig *r, size_t i, uint64_t at_ns, const char *text)
{
	static char found[32768];

	if (i >= r->n_sent)
		fail_msg("message %zu was not sent: %s", i, text);
	describe_query(&r->sent[i], found, sizeof(found));
	assert_string_equal(found, text);
	if (r->sent[i].at_ns != at_ns)
		fail_msg("%s sent at %.9f s, not %.9f s", text,
			 (double)(r->sent[i].at_ns - r->start_ns) / 1e9,
			 (double)(at_ns - r->start_ns) / 1e9);
}

static inline void assert_count(const struct rig *r, size_t n)
{
	static char found[32768];

	if (r->n_sent > n) {
		describe_query(&r->sent[n], found, sizeof(found));
		fail_msg("unexpected message %zu of %zu at %.9f s: %.200s", n, r->n_sent,
			 (double)(r->sent[n].at_ns - r->start_ns) / 1e9, found);
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

/* One group of the table: "EX(239.1.2.3)=270 {192.0.2.1=0,192.0.2.2=270}", with the seconds that
 * are left, 0 for a source that is blocked; "IN(...) {...}"; and of an older host " v2" or " v1".
 */
static inline size_t dump_group(struct rig *r, size_t i, const struct mcr_querier_group *g,
				char *out)
{
	struct mcr_querier_source sources_[512];
	int n = mcr_querier_get_sources(r->q, i, sources_, 512);
	unsigned version = g->version + (unsigned)is_mld();
	char name[16];
	size_t used;

	assert_int_equal(n, g->n_sources);
	used = (size_t)sprintf(out, "%s(%s)", g->mode == MCR_FILTER_EXCLUDE ? "EX" : "IN",
			       named(g->group.octets + 16 - address_octets(), name));
	if (g->mode == MCR_FILTER_EXCLUDE)
		used +=
		    (size_t)sprintf(out + used, "=%.10g", (double)(g->until_ns - r->now_ns) / 1e9);
	for (int k = 0; k < n; k++) {
		uint64_t until_ns = sources_[k].until_ns;

		used +=
		    (size_t)sprintf(out + used, "%s%s=%.10g", k ? "," : " {",
				    named(sources_[k].address.octets + 16 - address_octets(), name),
				    until_ns ? (double)(until_ns - r->now_ns) / 1e9 : 0);
	}
	used += (size_t)sprintf(out + used, "%s", n ? "}" : "");
	if (version < 3)
		used += (size_t)sprintf(out + used, " v%u", version);
	return used;
}

/* All groups, with "; " between them. */
static inline const char *table(struct rig *r)
{
	static char text[65536];
	struct mcr_querier_group g;
	size_t used = 0;

	text[0] = 0;
	poll_now(r); /* what has timed out ends */
	for (size_t i = 0; mcr_querier_get_group(r->q, i, &g) == 0; i++) {
		used += (size_t)sprintf(text + used, "%s", i ? "; " : "");
		used += dump_group(r, i, &g, text + used);
	}
	return text;
}

#endif
