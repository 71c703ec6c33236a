/* SPDX-License-Identifier: BSD-3-Clause */
/* What a configuration comes to: defaults, rounding, and whether its values allow each other (RFC
 * 9776 §8, RFC 9777 §9). */
#include "core/querier/querier_state.h"

#include <errno.h>

#include "core/error.h"

#define MILLISECOND_NS 1000000ull
#define INTERVAL_MAX_S 31744u /* the largest QQIC: RFC 9776 §4.1.7 */
#define LIMIT_MAX      65536u /* of groups, and of sources of a group */

/* What is checked, and for whom. */
struct check {
	const struct mcr_querier_config *cfg;
	const struct mcr_gmp_wire *wire;
	const char *name;
	struct mcr_error *err;
	uint8_t level;
	uint32_t interval_s; /* rounded */
};

uint8_t mcr_querier_level_of(const struct mcr_gmp_wire *wire, const struct mcr_querier_config *cfg)
{
	return cfg->version ? mcr_gmp_level_of(wire, cfg->version) : MCR_GMP_LEVEL_NEWEST;
}

static uint32_t or_default(uint32_t value, uint32_t by_default)
{
	return value ? value : by_default;
}

/* Messages below level 3 do not carry it, so they round nothing. */
static uint32_t interval_s(const struct mcr_querier_config *cfg, uint8_t configured_level)
{
	uint32_t s = or_default(cfg->query_interval_s, MCR_QUERIER_INTERVAL_S);

	return configured_level == MCR_GMP_LEVEL_NEWEST ? mcr_gmp_float(mcr_gmp_float_code(s)) : s;
}

static uint64_t response_ms(const struct mcr_querier_config *cfg)
{
	return or_default(cfg->query_response_interval_ms, MCR_QUERIER_RESPONSE_MS);
}

static uint64_t last_member_ms(const struct mcr_querier_config *cfg)
{
	return or_default(cfg->last_member_query_interval_ms, MCR_QUERIER_LAST_MEMBER_INTERVAL_MS);
}

static void set_last_member(struct mcr_querier_timing *out, const struct mcr_querier_config *cfg,
			    const struct mcr_gmp_wire *wire, uint8_t level)
{
	out->last_member_code = wire->response_code(level, last_member_ms(cfg) * MILLISECOND_NS);
	out->last_member_interval_ns = wire->response_of(level, out->last_member_code);
	out->last_member_count = or_default(cfg->last_member_query_count, out->robustness);
	out->last_member_ns = out->last_member_interval_ns * out->last_member_count;
}

void mcr_querier_timing_at(struct mcr_querier_timing *out, const struct mcr_querier_config *cfg,
			   uint8_t level, const struct mcr_querier_other *other)
{
	static const struct mcr_querier_other nobody;
	const struct mcr_gmp_wire *wire = mcr_gmp_wire_of(cfg->family);
	uint32_t robustness = or_default(cfg->robustness, MCR_QUERIER_ROBUSTNESS);

	other = other ? other : &nobody;
	*out = (struct mcr_querier_timing){.version = mcr_gmp_version_of(wire, level)};
	out->startup_count = or_default(cfg->startup_query_count, robustness);
	out->robustness = (uint8_t)or_default(other->robustness, robustness);
	out->qrv = out->robustness > 7 ? 0 : out->robustness; /* RFC 9776 §4.1.6 */
	out->interval_ns = interval_s(cfg, mcr_querier_level_of(wire, cfg)) * MCR_QUERIER_SECOND_NS;
	out->startup_interval_ns = cfg->startup_query_interval_ms
				       ? cfg->startup_query_interval_ms * MILLISECOND_NS
				       : out->interval_ns / 4;
	if (other->interval_ns)
		out->interval_ns = other->interval_ns;
	out->qqic = mcr_gmp_float_code((uint32_t)(out->interval_ns / MCR_QUERIER_SECOND_NS));
	out->response_code = wire->response_code(
	    level, other->response_ns ? other->response_ns : response_ms(cfg) * MILLISECOND_NS);
	out->response_ns =
	    other->response_ns ? other->response_ns : wire->response_of(level, out->response_code);
	set_last_member(out, cfg, wire, level);

	uint64_t rounds_ns = out->robustness * out->interval_ns;

	out->membership_ns = rounds_ns + 2 * out->response_ns;    /* RFC 9776 §8.4, 9777 §9.4 */
	out->other_querier_ns = rounds_ns + out->response_ns / 2; /* §8.5, §9.5 */
	out->older_host_ns = rounds_ns + out->response_ns;        /* §8.13, §9.13 */
}

static const char *protocol(const struct check *c)
{
	return c->cfg->family == MCR_GMP_MLD ? "MLD" : "IGMP";
}

static unsigned version(const struct check *c)
{
	return mcr_gmp_version_of(c->wire, c->level);
}

static double seconds(uint64_t ms)
{
	return (double)ms / 1000;
}

/* A time that queries carry as their Max Resp Code, and that has to be below the query interval
 * (RFC 9776 §8.3). given_ms: 0 for the default, ms. */
static int check_response(const struct check *c, const char *key, uint32_t given_ms, uint64_t ms)
{
	const char *source = given_ms ? "" : " (the default)";
	uint64_t least_ms = c->cfg->family == MCR_GMP_MLD ? 1 : 100;
	uint16_t most = c->wire->response_code(c->level, UINT32_MAX * MILLISECOND_NS);
	uint64_t most_ms = c->wire->response_of(c->level, most) / MILLISECOND_NS;

	if (ms < least_ms)
		return mcr_error_set(c->err, -EINVAL,
				     "interface \"%s\": %s %.10g s is below %.10g s, the least "
				     "that a query of %sv%u can say: give more",
				     c->name, key, seconds(ms), seconds(least_ms), protocol(c),
				     version(c));
	if (ms > most_ms)
		return mcr_error_set(c->err, -EINVAL,
				     "interface \"%s\": %s %.10g s is above %.10g s, the most "
				     "that a query of %sv%u can say: give less",
				     c->name, key, seconds(ms), seconds(most_ms), protocol(c),
				     version(c));
	if (ms >= c->interval_s * 1000ull)
		return mcr_error_set(
		    c->err, -EINVAL,
		    "interface \"%s\": %s %.10g s%s is not below query_interval %u s: give less",
		    c->name, key, seconds(ms), source, c->interval_s);
	return 0;
}

/* IGMPv1 says no times: its hosts answer within 10 s, and nobody can leave (RFC 1112 App. I). */
static int check_responses(const struct check *c)
{
	uint64_t fixed_s = c->wire->response_of(1, 0) / MCR_QUERIER_SECOND_NS;
	int rc;

	if (c->level == 1)
		return c->interval_s > fixed_s
			   ? 0
			   : mcr_error_set(c->err, -EINVAL,
					   "interface \"%s\": query_interval %u s is not above %u "
					   "s, in which hosts of IGMPv1 answer: give more",
					   c->name, c->interval_s, (unsigned)fixed_s);
	rc = check_response(c, "query_response_interval", c->cfg->query_response_interval_ms,
			    response_ms(c->cfg));
	if (rc == 0)
		rc = check_response(c, "last_member_query_interval",
				    c->cfg->last_member_query_interval_ms, last_member_ms(c->cfg));
	return rc;
}

static int check_limit(const struct check *c, const char *key, uint32_t limit)
{
	if (limit > LIMIT_MAX)
		return mcr_error_set(c->err, -EINVAL, "interface \"%s\": %s %u is not in 1..%u",
				     c->name, key, limit, LIMIT_MAX);
	return 0;
}

static int check_intervals(struct check *c)
{
	const struct mcr_querier_config *cfg = c->cfg;

	if (cfg->query_interval_s > INTERVAL_MAX_S)
		return mcr_error_set(c->err, -EINVAL,
				     "interface \"%s\": query_interval %u s is above %u s, the "
				     "most that a query can say: give less",
				     c->name, cfg->query_interval_s, INTERVAL_MAX_S);
	c->interval_s = interval_s(cfg, c->level);
	int rc = check_responses(c);

	if (rc == 0 && cfg->startup_query_interval_ms > c->interval_s * 1000ull)
		rc = mcr_error_set(c->err, -EINVAL,
				   "interface \"%s\": startup_query_interval %.10g s is above "
				   "query_interval %u s: give less",
				   c->name, seconds(cfg->startup_query_interval_ms), c->interval_s);
	return rc;
}

int mcr_querier_timing_of(struct mcr_querier_timing *out, const struct mcr_querier_config *cfg,
			  const char *name, struct mcr_error *err)
{
	struct check c = {
	    .cfg = cfg, .wire = mcr_gmp_wire_of(cfg->family), .name = name, .err = err};

	if (!c.wire)
		return mcr_error_set(err, -EINVAL, "interface \"%s\": no such family", name);
	unsigned newest = mcr_gmp_version_of(c.wire, MCR_GMP_LEVEL_NEWEST);

	if (cfg->version > newest)
		return mcr_error_set(
		    err, -EINVAL, "interface \"%s\": %squerier_version %u is not in 1..%u", name,
		    cfg->family == MCR_GMP_MLD ? "mld_" : "", cfg->version, newest);
	c.level = mcr_querier_level_of(c.wire, cfg);
	int rc = check_intervals(&c);

	if (rc == 0)
		rc = check_limit(&c, "querier_groups", cfg->groups_max);
	if (rc == 0)
		rc = check_limit(&c, "querier_sources", cfg->sources_max);
	if (rc == 0)
		mcr_querier_timing_at(out, cfg, c.level, NULL);
	return rc;
}
