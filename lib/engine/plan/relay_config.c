/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "core/address.h"
#include "core/error.h"
#include "core/prefix.h"
#include "core/route/route_rpf.h"
#include "core/route/route_scopes.h"
#include "engine/plan/relay_config.h"

#define IPV4(a, b, c, d)                                     \
	{                                                    \
		{                                            \
			[10] = 0xff, [11] = 0xff, a, b, c, d \
		}                                            \
	}

/* ---- what is in use ---- */

enum mcr_forward_when mcr_relay_forward_when(const struct mcr_interface_config *config)
{
	if (config->role == MCR_RELAY_NONE || config->tx_never)
		return MCR_FORWARD_NEVER;
	if (config->forward_when != MCR_FORWARD_DEFAULT)
		return (enum mcr_forward_when)config->forward_when;
	return config->role == MCR_RELAY_UPSTREAM ? MCR_FORWARD_ALWAYS : MCR_FORWARD_QUERIER;
}

uint8_t mcr_relay_ttl_threshold(const struct mcr_interface_config *config)
{
	return config->ttl_threshold ? config->ttl_threshold : 1;
}

/* ---- lists of prefixes ---- */

static int check_prefix(const struct mcr_interface_config *config, const char *key,
			struct mcr_prefix p, struct mcr_error *err)
{
	char text[MCR_PREFIX_TEXT], right[MCR_PREFIX_TEXT];
	struct mcr_prefix cut;

	mcr_prefix_format(text, p);
	if (p.len > mcr_prefix_len_max(p.address))
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": %s: %s: its length is more than %u",
				     config->name, key, text, mcr_prefix_len_max(p.address));
	cut = mcr_prefix_of(p.address, p.len);
	if (!mcr_prefix_is_equal(cut, p))
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": %s: %s has bits behind its length: give %s",
				     config->name, key, text, mcr_prefix_format(right, cut));
	return 0;
}

static int check_prefixes(const struct mcr_interface_config *config, const char *key,
			  const struct mcr_prefix *list, unsigned n,
			  int (*check)(const struct mcr_interface_config *, struct mcr_prefix,
				       struct mcr_error *),
			  struct mcr_error *err)
{
	char text[MCR_PREFIX_TEXT];
	int ret = 0;

	if (n > MCR_PREFIXES_MAX)
		return mcr_error_set(err, -EINVAL, "interface \"%s\": %s: more than %d prefixes",
				     config->name, key, MCR_PREFIXES_MAX);
	for (unsigned i = 0; ret == 0 && i < n; i++) {
		ret = check_prefix(config, key, list[i], err);
		if (ret == 0)
			ret = check(config, list[i], err);
		for (unsigned k = 0; ret == 0 && k < i; k++)
			if (mcr_prefix_is_equal(list[i], list[k]))
				ret = mcr_error_set(
				    err, -EINVAL,
				    "interface \"%s\": %s: %s stands there twice: leave one out",
				    config->name, key, mcr_prefix_format(text, list[i]));
	}
	return ret;
}

static int check_scope(const struct mcr_interface_config *config, struct mcr_prefix p,
		       struct mcr_error *err)
{
	static const struct mcr_prefix ipv4 = {IPV4(224, 0, 0, 0), 4}, ipv6 = {{{0xff}}, 8};
	char text[MCR_PREFIX_TEXT];

	if (mcr_prefix_is_within(p, ipv4) || mcr_prefix_is_within(p, ipv6))
		return 0;
	return mcr_error_set(err, -EINVAL,
			     "interface \"%s\": scopes: %s is no range of groups: give a part of "
			     "224.0.0.0/4 or ff00::/8",
			     config->name, mcr_prefix_format(text, p));
}

/* :: and ::1, and IPv4 addresses in the forms that RFC 4291 §2.5.5 has for them. */
static const struct mcr_prefix low_ipv6 = {{{0}}, 16};

static int is_no_source(struct mcr_prefix p)
{
	static const struct mcr_prefix ranges[] = {
	    {IPV4(0, 0, 0, 0), 8},
	    {IPV4(127, 0, 0, 0), 8},
	    {IPV4(169, 254, 0, 0), 16}, /* link-local */
	    {IPV4(224, 0, 0, 0), 3},
	    {{{0xfe, 0x80}}, 10}, /* link-local */
	    {{{0xff}}, 8},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (mcr_prefix_is_within(p, ranges[i]))
			return 1;
	return mcr_prefix_is_within(p, low_ipv6);
}

static int check_rpf_source(const struct mcr_interface_config *config, struct mcr_prefix p,
			    struct mcr_error *err)
{
	char text[MCR_PREFIX_TEXT];

	if (is_no_source(p))
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": rpf_sources: nothing is relayed from %s: "
				     "give the addresses of hosts",
				     config->name, mcr_prefix_format(text, p));
	if (mcr_prefix_is_within(low_ipv6, p))
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": rpf_sources: %s is more than the hosts' "
				     "addresses: for all of IPv6 give 2000::/3 and fc00::/7",
				     config->name, mcr_prefix_format(text, p));
	return 0;
}

/* ---- static groups ---- */

#define STATIC_TEXT (2 * MCR_ADDRESS_TEXT)

/* "GROUP@SOURCE" */
static const char *static_text(char text[STATIC_TEXT], const struct mcr_static_group *s)
{
	char group[MCR_ADDRESS_TEXT], source[MCR_ADDRESS_TEXT] = "";
	const char *at = "";

	if (!mcr_address_is_none(s->source)) {
		mcr_address_format(source, s->source);
		at = "@";
	}
	snprintf(text, STATIC_TEXT, "%s%s%s", mcr_address_format(group, s->group), at, source);
	return text;
}

/* Returns what is wrong with a static group, or NULL. */
static const char *fault_of_group(const struct mcr_static_group *s)
{
	const int has_source = !mcr_address_is_none(s->source);

	switch (mcr_group_fault(s->group, has_source ? MCR_FILTER_INCLUDE : MCR_FILTER_EXCLUDE)) {
	case MCR_GROUP_NOT_MULTICAST:
		return "is no group";
	case MCR_GROUP_RESERVED:
		return "is reserved: nobody sends to it";
	case MCR_GROUP_BAD_SCOPE:
		return "never leaves a host, or has a reserved scope";
	case MCR_GROUP_NEEDS_SOURCES:
		return "is source-specific (RFC 4607): give GROUP@SOURCE";
	default:
		return mcr_group_is_link_local(s->group)
			   ? "is never relayed: it belongs to one link"
			   : NULL;
	}
}

static const char *fault_of_source(const struct mcr_static_group *s)
{
	if (mcr_address_is_none(s->source))
		return NULL;
	if (!mcr_address_is_host(s->source))
		return "has a source that is no host's address";
	if (mcr_address_is_link_local(s->source))
		return "has a link-local source: nothing is relayed from it";
	if (mcr_address_is_ipv4(s->source) != mcr_address_is_ipv4(s->group))
		return "has a source of the other family";
	return NULL;
}

static int check_static_scope(const struct mcr_interface_config *config,
			      const struct mcr_static_group *s, struct mcr_error *err)
{
	struct mcr_prefix scopes[MCR_PREFIXES_MAX];
	const size_t n = mcr_route_scopes_of(config, scopes);
	char text[STATIC_TEXT], scope[MCR_PREFIX_TEXT];

	for (size_t i = 0; i < n; i++)
		if (mcr_prefix_has(scopes[i], s->group))
			return mcr_error_set(
			    err, -EINVAL,
			    "interface \"%s\": static_groups: %s is in its scopes (%s%s), so it "
			    "is not relayed there: leave it out, or give other scopes",
			    config->name, static_text(text, s),
			    config->has_scopes ? "" : "default ",
			    mcr_prefix_format(scope, scopes[i]));
	return 0;
}

static int check_static_groups(const struct mcr_interface_config *config, struct mcr_error *err)
{
	const struct mcr_static_group *list = config->static_groups;
	char text[STATIC_TEXT];
	int ret = 0;

	if (config->n_static_groups > MCR_STATIC_GROUPS_MAX)
		return mcr_error_set(err, -EINVAL, "interface \"%s\": more than %d static_groups",
				     config->name, MCR_STATIC_GROUPS_MAX);
	for (unsigned i = 0; ret == 0 && i < config->n_static_groups; i++) {
		const char *fault = fault_of_group(&list[i]);

		if (!fault)
			fault = fault_of_source(&list[i]);
		if (fault)
			return mcr_error_set(err, -EINVAL, "interface \"%s\": static_groups: %s %s",
					     config->name, static_text(text, &list[i]), fault);
		ret = check_static_scope(config, &list[i], err);
		for (unsigned k = 0; ret == 0 && k < i; k++)
			if (memcmp(&list[i], &list[k], sizeof(list[i])) == 0)
				ret = mcr_error_set(err, -EINVAL,
						    "interface \"%s\": static_groups: %s stands "
						    "there twice: leave one out",
						    config->name, static_text(text, &list[i]));
	}
	return ret;
}

/* ---- an interface by itself ---- */

static int check_no_role(const struct mcr_interface_config *config, struct mcr_error *err)
{
	const struct {
		const char *key;
		int is_given;
	} keys[] = {
	    {"forward_when", config->forward_when != MCR_FORWARD_DEFAULT},
	    {"ttl_threshold", config->ttl_threshold != 0},
	    {"loop_guard", config->loop_guard},
	    {"scopes", config->has_scopes || config->n_scopes > 0},
	    {"rpf_sources", config->n_rpf_sources > 0},
	    {"static_groups", config->n_static_groups > 0},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].is_given)
			return mcr_error_set(err, -EINVAL,
					     "interface \"%s\": %s is of the relay: give "
					     "role=upstream or role=downstream with it",
					     config->name, keys[i].key);
	return 0;
}

static int check_upstream(const struct mcr_interface_config *config, struct mcr_error *err)
{
	if (config->querier != MCR_QUERIER_OFF || config->mld_querier != MCR_QUERIER_OFF)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": role=upstream cannot be with %s: there the "
				     "relay is a host, whom a router asks (RFC 4605 §3): leave %s "
				     "out",
				     config->name, config->querier ? "querier" : "mld_querier",
				     config->querier ? "querier" : "mld_querier");
	if (config->forward_when == MCR_FORWARD_QUERIER)
		return mcr_error_set(
		    err, -EINVAL,
		    "interface \"%s\": forward_when=querier is of role=downstream: "
		    "give always or never",
		    config->name);
	if (config->tx_never && config->forward_when == MCR_FORWARD_ALWAYS)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": forward_when=always cannot be with "
				     "tx=never: leave one of them out",
				     config->name);
	if (config->n_rpf_sources > 0 || config->n_static_groups > 0)
		return mcr_error_set(
		    err, -EINVAL, "interface \"%s\": %s is of role=downstream%s", config->name,
		    config->n_rpf_sources ? "rpf_sources" : "static_groups",
		    config->n_rpf_sources ? ": by the upstream interface come all sources that are "
					    "of no downstream one"
					  : ": what is wanted there is joined upstream by itself");
	return 0;
}

static int check_downstream(const struct mcr_interface_config *config, struct mcr_error *err)
{
	if (config->tx_never)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": role=downstream cannot be with tx=never: "
				     "packets are sent there",
				     config->name);
	if (mcr_relay_forward_when(config) == MCR_FORWARD_QUERIER &&
	    config->querier == MCR_QUERIER_OFF && config->mld_querier == MCR_QUERIER_OFF)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": role=downstream forwards while mcring is "
				     "the querier, and there is none: give querier=on or auto "
				     "(mld_querier for IPv6), or forward_when=always",
				     config->name);
	if ((!mcr_address_is_none(config->address) && config->prefix_len == 0) ||
	    (!mcr_address_is_none(config->address6) && config->prefix6_len == 0))
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": role=downstream takes sources of its "
				     "subnet: give the address with its prefix length",
				     config->name);
	return 0;
}

int mcr_relay_config_check(const struct mcr_interface_config *config, struct mcr_error *err)
{
	int ret;

	if (config->role > MCR_RELAY_DOWNSTREAM || config->forward_when > MCR_FORWARD_NEVER)
		return mcr_error_set(err, -EINVAL, "interface \"%s\": unknown role or forward_when",
				     config->name);
	if (config->role == MCR_RELAY_NONE)
		return check_no_role(config, err);
	ret = config->role == MCR_RELAY_UPSTREAM ? check_upstream(config, err)
						 : check_downstream(config, err);
	if (ret == 0 && config->n_scopes > 0 && !config->has_scopes)
		ret = mcr_error_set(err, -EINVAL, "interface \"%s\": scopes without has_scopes",
				    config->name);
	if (ret == 0)
		ret = check_prefixes(config, "scopes", config->scopes, config->n_scopes,
				     check_scope, err);
	if (ret == 0)
		ret = check_prefixes(config, "rpf_sources", config->rpf_sources,
				     config->n_rpf_sources, check_rpf_source, err);
	return ret < 0 ? ret : check_static_groups(config, err);
}

/* ---- all of them together ---- */

int mcr_relay_config_check_pair(const struct mcr_interface_config *a,
				const struct mcr_interface_config *b, struct mcr_error *err)
{
	struct mcr_prefix x[MCR_ROUTE_SOURCES_MAX], y[MCR_ROUTE_SOURCES_MAX];
	const size_t n_x = mcr_route_sources_of(a, x), n_y = mcr_route_sources_of(b, y);
	char first[MCR_PREFIX_TEXT], second[MCR_PREFIX_TEXT];

	if (a->role == MCR_RELAY_NONE || b->role == MCR_RELAY_NONE)
		return 0;
	for (size_t i = 0; i < n_x; i++)
		for (size_t k = 0; k < n_y; k++)
			if (mcr_prefix_overlaps(x[i], y[k]))
				return mcr_error_set(
				    err, -EINVAL,
				    "interface \"%s\": %s has sources in common with %s of "
				    "interface \"%s\", and a source belongs to one interface: "
				    "change address or rpf_sources of one of them",
				    b->name, mcr_prefix_format(second, y[k]),
				    mcr_prefix_format(first, x[i]), a->name);
	return 0;
}

static int check_roles(const struct mcr_interface_config *configs, size_t n, struct mcr_error *err)
{
	const struct mcr_interface_config *upstream = NULL, *downstream = NULL;

	for (size_t i = 0; i < n; i++) {
		if (configs[i].role == MCR_RELAY_UPSTREAM && upstream)
			return mcr_error_set(err, -EINVAL,
					     "interface \"%s\": role=upstream is of interface "
					     "\"%s\" already, and a proxy has one upstream "
					     "interface (RFC 4605 §2)",
					     configs[i].name, upstream->name);
		if (configs[i].role == MCR_RELAY_UPSTREAM)
			upstream = &configs[i];
		if (configs[i].role == MCR_RELAY_DOWNSTREAM)
			downstream = &configs[i];
	}
	if (downstream && !upstream)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\" is role=downstream, and none is upstream: "
				     "give role=upstream to the interface towards the sources",
				     downstream->name);
	if (upstream && !downstream)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\" is role=upstream, and none is downstream: "
				     "give role=downstream to the interfaces towards the members",
				     upstream->name);
	return 0;
}

int mcr_relay_config_check_all(const struct mcr_interface_config *configs, size_t n,
			       struct mcr_error *err)
{
	int ret = check_roles(configs, n, err);

	for (size_t i = 0; ret == 0 && i < n; i++)
		for (size_t k = 0; ret == 0 && k < i; k++)
			ret = mcr_relay_config_check_pair(&configs[k], &configs[i], err);
	return ret;
}
