/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/prefix.h"
#include "core/ring.h"
#include "core/route/route_rpf.h"
#include "core/route/route_scopes.h"
#include "eal/lcores.h"
#include "engine/plan/channel_config.h"
#include "engine/plan/querier_config.h"
#include "engine/plan/relay_config.h"
#include "settings/keys.h"
#include "settings/share.h"
#include "settings/values.h"
#include "settings_print.h"

#define MS UINT64_C(1000000) /* ns */

static size_t joins_of(const struct mcr_settings *s, const char *channel)
{
	size_t n = 0;

	for (size_t i = 0; i < s->joins.n; i++)
		n += strcmp(s->joins.items[i].channel, channel) == 0;
	return n;
}

/* Prints "# interface NAME: KEY VALUE, ...". name "": there is only one of it, and it has none. */
static void print_keys(FILE *out, const struct mcr_keys *keys, const void *config, const char *name)
{
	fprintf(out, "# %s%s%s: ", keys->of, name[0] ? " " : "", name);
	mcr_keys_print(out, keys, config, name[0] ? 1 : 0);
}

/* ---- what is in use of a querier ---- */

struct interval {
	const char *key;
	uint64_t given_ms; /* 0 = not */
	uint64_t ns;
};

static void print_intervals(FILE *out, const struct interval *list, size_t n)
{
	char text[32];

	for (size_t i = 0; i < n; i++) {
		mcr_value_print_seconds(text, sizeof(text), list[i].ns / MS);
		fprintf(out, ", %s %s s", list[i].key, text);
	}
}

static void print_rounded(FILE *out, const struct interval *list, size_t n, const char *head)
{
	char given[32], used[32];

	for (size_t i = 0; i < n; i++) {
		if (list[i].given_ms == 0 || list[i].given_ms * MS == list[i].ns)
			continue;
		mcr_value_print_seconds(given, sizeof(given), list[i].given_ms);
		mcr_value_print_seconds(used, sizeof(used), list[i].ns / MS);
		fprintf(out, "%s: %s %s s is sent as %s s\n", head, list[i].key, given, used);
	}
}

static void print_querier(FILE *out, const struct mcr_interface_config *cfg,
			  enum mcr_gmp_family family)
{
	const char *protocol = family == MCR_GMP_MLD ? "mld" : "igmp";
	struct mcr_querier_config querier;
	struct mcr_querier_timing t;
	char head[64];

	if (!mcr_querier_config_of(&querier, cfg, family) ||
	    mcr_querier_timing_of(&t, &querier, cfg->name, NULL) < 0)
		return;
	const struct interval list[] = {
	    {"query_interval", (uint64_t)cfg->query_interval_s * 1000, t.interval_ns},
	    {"query_response_interval", cfg->query_response_interval_ms, t.response_ns},
	    {"startup_query_interval", cfg->startup_query_interval_ms, t.startup_interval_ns},
	    {"last_member_query_interval", cfg->last_member_query_interval_ms,
	     t.last_member_interval_ns},
	};
	const struct interval follow[] = {
	    {"members end after", 0, t.membership_ns},
	    {"another querier after", 0, t.other_querier_ns},
	};
	const size_t n = sizeof(list) / sizeof(list[0]);

	snprintf(head, sizeof(head), "# querier %s %s", cfg->name, protocol);
	fprintf(out, "%s %s: version %u, robustness %u", head, querier.is_auto ? "auto" : "on",
		t.version, t.robustness);
	print_intervals(out, list, n);
	fprintf(out, ", startup_query_count %u, last_member_query_count %u", t.startup_count,
		t.last_member_count);
	print_intervals(out, follow, sizeof(follow) / sizeof(follow[0]));
	fputc('\n', out);
	print_rounded(out, list, n, head);
}

/* ---- what is in use of the relay ---- */

/* ", KEY PREFIX PREFIX" */
static void print_prefixes(FILE *out, const char *key, const struct mcr_prefix *list, size_t n)
{
	char text[MCR_PREFIX_TEXT];

	fprintf(out, ", %s", key);
	for (size_t i = 0; i < n; i++)
		fprintf(out, " %s", mcr_prefix_format(text, list[i]));
	if (n == 0)
		fputs(" none", out);
}

static void print_relay(FILE *out, const struct mcr_interface_config *cfg)
{
	static const char *const when[] = {"", "querier", "always", "never"};
	struct mcr_prefix list[MCR_ROUTE_SOURCES_MAX];

	if (cfg->role == MCR_RELAY_NONE)
		return;
	fprintf(out, "# relay %s %s: forward_when %s, ttl_threshold %u, loop_guard %s", cfg->name,
		cfg->role == MCR_RELAY_UPSTREAM ? "upstream" : "downstream",
		when[mcr_relay_forward_when(cfg)], mcr_relay_ttl_threshold(cfg),
		cfg->loop_guard ? "on" : "off");
	print_prefixes(out, "scopes", list, mcr_route_scopes_of(cfg, list));
	if (cfg->role == MCR_RELAY_UPSTREAM)
		fputs(", sources: all but those of downstream interfaces", out);
	else
		print_prefixes(out, "sources", list, mcr_route_sources_of(cfg, list));
	if (cfg->role == MCR_RELAY_DOWNSTREAM)
		fprintf(out, ", static_groups %u", cfg->n_static_groups);
	fputc('\n', out);
}

/* ---- feeds ---- */

/* Prints "a, b" */
static void print_hosts(FILE *out, const struct mcr_share *share, uint64_t owners)
{
	const char *before = "";

	for (unsigned i = 0; i < share->shard.n; i++) {
		if (!(owners >> i & 1))
			continue;
		fprintf(out, "%s%s", before, share->shard.hosts[i].name);
		before = ", ";
	}
}

static void print_line(FILE *out, const struct mcr_feed_config *c, unsigned i, const char *engine)
{
	const struct mcr_feed_line_config *line = &c->lines[i];

	fprintf(out, "# feed %s line %s: engine %s, channel %s; %zu joins", c->name, line->name,
		line->engine[0] ? line->engine : engine, mcr_feed_config_channel(line),
		line->n_flows);
	fputs(mcr_feed_config_is_of(line, engine) ? "\n" : ", which are that engine's\n", out);
}

/* Who has the feed. */
static void print_owners(FILE *out, const struct mcr_share *share, const char *feed)
{
	const uint64_t owners = mcr_shard_owners(&share->shard, feed);

	fprintf(out, "# feed %s: the share of ", feed);
	print_hosts(out, share, owners);
	fputs(mcr_share_has(share, owners) ? "\n" : ", not of this host\n", out);
}

/* What stands in the text for handlers before its lines, and the digest by which engines agree. */
static void print_feed(FILE *out, const struct mcr_feed_config *c, const char *engine)
{
	char *text = mcr_feed_config_format(c);
	int n_own = 0;

	if (!text)
		return;
	fprintf(out, "# feed %s: digest %016" PRIx64, c->name, mcr_feed_config_digest(text));
	for (char *rest = strchr(text, '\n') + 1, *value; (value = strsep(&rest, "\n"));) {
		if (strncmp(value, "line ", 5) == 0)
			break;
		fprintf(out, ", %s", value);
	}
	fputc('\n', out);
	for (unsigned i = 0; i < c->n_lines; i++) {
		print_line(out, c, i, engine);
		n_own += mcr_feed_config_is_of(&c->lines[i], engine);
	}
	if (n_own == 0)
		fprintf(out, "# feed %s: no line is of this engine, %s: it does not hand it out\n",
			c->name, engine);
	free(text);
}

/* ---- the rest ---- */

static void print_share(FILE *out, const struct mcr_settings *s)
{
	const struct mcr_share *share = s->share;
	const struct mcr_share_count *whole = &share->whole;

	print_keys(out, &mcr_shard_keys, &s->shard, "");
	fprintf(out, "; digest %016" PRIx64 "\n", mcr_shard_digest(&share->shard));
	for (unsigned i = 0; i < share->shard.n; i++) {
		const struct mcr_shard_host *host = &share->shard.hosts[i];
		const struct mcr_share_count *n = &share->hosts[i];

		fprintf(out,
			"# shard host %s%s: weight %u, %zu of %zu feeds, %zu of %zu other groups, "
			"%zu of %zu joins\n",
			host->name, i == share->me ? ", which is this one" : "", host->weight,
			n->feeds, whole->feeds, n->groups, whole->groups, n->joins, whole->joins);
	}
}

/* Returns the octets that a receiving lcore needs at the start. */
static uint64_t print_channel(FILE *out, const struct mcr_settings *s,
			      const struct mcr_channel_config *cfg)
{
	uint64_t ring = mcr_ring_footprint(cfg->bytes);

	print_keys(out, &mcr_channel_keys, cfg, cfg->name);
	fprintf(out, "; %zu joins, %.1f MiB a ring\n", joins_of(s, cfg->name),
		(double)ring / (1 << 20));
	return cfg->per_program ? 0 : ring;
}

void mcr_settings_print(FILE *out, const struct mcr_settings *s)
{
	struct mcr_placement rx;
	uint64_t ring_bytes = 0;
	char text[4096], engine[MCR_NAME_MAX];

	for (size_t i = 0; i < s->joins.n; i++) {
		mcr_join_format(text, sizeof(text), &s->joins.items[i]);
		fprintf(out, "%s\n", text);
	}
	for (size_t i = 0; i < s->n_interfaces; i++) {
		const struct mcr_interface_config *cfg = &s->interfaces[i].config;

		print_keys(out, &mcr_interface_keys, cfg, cfg->name);
		fputc('\n', out);
		print_querier(out, cfg, MCR_GMP_IGMP);
		print_querier(out, cfg, MCR_GMP_MLD);
		print_relay(out, cfg);
	}
	for (size_t i = 0; i < s->n_channels; i++)
		ring_bytes += print_channel(out, s, &s->channels[i].config);
	mcr_feed_engine_name(engine, s->engine.run_dir);
	for (size_t i = 0; i < s->n_feeds; i++) {
		print_feed(out, &s->feeds[i].config, engine);
		if (s->share)
			print_owners(out, s->share, s->feeds[i].config.name);
	}
	if (s->share)
		print_share(out, s);
	print_keys(out, &mcr_attach_keys, &s->attach, "");
	fputc('\n', out);
	print_keys(out, &mcr_stats_keys, &s->stats, "");
	fputc('\n', out);
	print_keys(out, &mcr_engine_keys, &s->engine, "");
	fputc('\n', out);
	fprintf(out, "# %zu interfaces, %zu channels, %zu joins, %zu memberships\n",
		s->n_interfaces, s->n_channels, s->joins.n, mcr_settings_memberships(s));
	fprintf(out, "# ring memory: %.1f MiB for each receiving lcore",
		(double)ring_bytes / (1 << 20));
	if (mcr_eal_lcores(&rx, s, "", NULL) == 1)
		fprintf(out, ", %.1f MiB for %u", (double)ring_bytes * rx.n / (1 << 20), rx.n);
	fputc('\n', out);
}
