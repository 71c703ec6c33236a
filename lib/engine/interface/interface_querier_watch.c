/* SPDX-License-Identifier: BSD-3-Clause */
/* What the queriers of an interface have to say in the log: who asks, and what somebody has to put
 * right. */
#include <inttypes.h>
#include <stdio.h>

#include "core/address.h"
#include "core/gmp/gmp_wire.h"
#include "engine/interface/interface_querier.h"

#define AGAIN_NS UINT64_C(60000000000) /* between lines about what others do wrong */
#define SECOND   UINT64_C(1000000000)
/* Whoever forges queries changes role and version as often as he likes: lines about it in AGAIN_NS.
 * The state at the end of that time is logged then. */
#define CHANGES_MAX 6

/* One querier that is looked at. */
struct look {
	const struct mcr_interface *i;
	const struct mcr_querier_state *state;
	struct mcr_querier_logged *logged;
	const char *protocol, *prefix; /* of the keys */
	int is_mld;
	char *line;
	size_t cap;
};

static int is_auto(const struct look *l)
{
	return (l->is_mld ? l->i->config.mld_querier : l->i->config.querier) == MCR_QUERIER_AUTO;
}

static void other_line(const struct look *l)
{
	char querier[MCR_ADDRESS_TEXT];

	mcr_address_format(querier, l->state->querier);
	snprintf(l->line, l->cap,
		 "interface %s: %s is the %s querier now%s: this one asks again when it has been "
		 "silent for %" PRIu64 " s",
		 l->i->config.name, querier, l->protocol,
		 is_auto(l) ? "" : ", as its address is lower",
		 l->state->timing.other_querier_ns / SECOND);
}

/* At the start a querier of MLD has no address yet: that is nothing to say. */
static int role_line(const struct look *l, int was)
{
	const char *name = l->i->config.name;

	switch (l->state->role) {
	case MCR_QUERIER_US:
		snprintf(l->line, l->cap, "interface %s: is the %s querier now, version %u", name,
			 l->protocol, l->state->version);
		return 1;
	case MCR_QUERIER_OTHER:
		other_line(l);
		return 1;
	case MCR_QUERIER_WAITING:
		snprintf(l->line, l->cap,
			 "interface %s: hears for %" PRIu64
			 " s whether there is another %s querier, as %squerier=auto says",
			 name, l->state->timing.other_querier_ns / SECOND, l->protocol, l->prefix);
		return 1;
	default:
		snprintf(l->line, l->cap,
			 "interface %s: is not the %s querier any more: it has no address to ask "
			 "from",
			 name, l->protocol);
		return was != MCR_QUERIER_SILENT;
	}
}

static int watch_role(const struct look *l)
{
	const int was = l->logged->role;

	if (l->state->role == was && (was != MCR_QUERIER_OTHER ||
				      mcr_address_is_equal(l->state->querier, l->logged->querier)))
		return 0;
	l->logged->role = l->state->role;
	l->logged->querier = l->state->querier;
	return role_line(l, was);
}

/* RFC 9776 §7.3.1 has all routers of a network speak one version, and wants a warning. */
static int watch_version(const struct look *l, enum mcr_log_level *level)
{
	const unsigned version = l->state->version;
	char other[MCR_ADDRESS_TEXT];

	if (version == l->logged->version)
		return 0;
	l->logged->version = l->state->version;
	if (l->state->older_until_ns == 0) {
		*level = MCR_LOG_INFO;
		snprintf(l->line, l->cap,
			 "interface %s: its querier speaks %s version %u again: no older one is "
			 "heard any more",
			 l->i->config.name, l->protocol, version);
	} else {
		mcr_address_format(other, l->state->last_older);
		snprintf(l->line, l->cap,
			 "interface %s: its querier speaks %s version %u while %s does: set all "
			 "routers of this network to one version",
			 l->i->config.name, l->protocol, version, other);
	}
	return 1;
}

static void newer_line(const struct look *l, uint64_t n)
{
	char other[MCR_ADDRESS_TEXT];

	mcr_address_format(other, l->state->last_newer);
	snprintf(l->line, l->cap,
		 "interface %s: %" PRIu64
		 " %s queries so far of a version above that of its querier, %u, the last one from "
		 "%s: set all routers of this network to one version (%squerier_version)",
		 l->i->config.name, n, l->protocol, l->state->version, other, l->prefix);
}

static void own_line(const struct look *l, uint64_t n)
{
	char own[MCR_ADDRESS_TEXT];

	mcr_address_format(own, mcr_interface_source(l->i, l->is_mld ? MCR_GMP_MLD : MCR_GMP_IGMP));
	snprintf(l->line, l->cap,
		 "interface %s: %" PRIu64 " messages of %s so far came from its own address %s and "
		 "another MAC address: another host has it, or a device sends frames back: give "
		 "each host an address of its own",
		 l->i->config.name, n, l->protocol, own);
}

static void off_subnet_line(const struct look *l, uint64_t n)
{
	char own[MCR_ADDRESS_TEXT], other[MCR_ADDRESS_TEXT];

	mcr_address_format(own, l->i->config.address);
	mcr_address_format(other, l->state->last_off_subnet);
	snprintf(l->line, l->cap,
		 "interface %s: %" PRIu64 " messages of %s so far came from outside of %s/%u and "
		 "were ignored, the last one from %s: give the sender, or this interface, another "
		 "address",
		 l->i->config.name, n, l->protocol, own, l->i->config.prefix_len, other);
}

static void refused_line(const struct look *l, uint64_t n)
{
	snprintf(l->line, l->cap,
		 "interface %s: the table of %s members is full: %" PRIu64 " groups and %" PRIu64
		 " sources refused so far; it has %zu of %u groups and %zu of %u sources, at most "
		 "%u of a group: raise querier_groups or querier_sources, or find who joins so "
		 "much with mcring-ctl members",
		 l->i->config.name, l->protocol, l->state->refused_groups,
		 n - l->state->refused_groups, l->state->groups, l->state->groups_max,
		 l->state->sources, MCR_QUERIER_SOURCES_ALL, l->state->sources_max);
}

/* RFC 4604 §2.2.1 wants it logged: the host's program does not know SSM. */
static void ssm_line(const struct look *l, uint64_t n)
{
	char group[MCR_ADDRESS_TEXT], source[MCR_ADDRESS_TEXT];

	mcr_address_format(group, l->state->last_ssm_group);
	mcr_address_format(source, l->state->last_ssm_source);
	snprintf(l->line, l->cap,
		 "interface %s: %" PRIu64
		 " reports of %s so far asked for an SSM group without a source and were ignored, "
		 "the last one for %s by %s: a program there has to join with sources",
		 l->i->config.name, n, l->protocol, group, source);
}

/* What comes once a minute at most, by MCR_QUERIER_LOG_. */
static void (*const lines[MCR_QUERIER_LOGS])(const struct look *l, uint64_t n) = {
    [MCR_QUERIER_LOG_NEWER] = newer_line,
    [MCR_QUERIER_LOG_OWN] = own_line,
    [MCR_QUERIER_LOG_OFF_SUBNET] = off_subnet_line,
    [MCR_QUERIER_LOG_REFUSED] = refused_line,
    [MCR_QUERIER_LOG_SSM] = ssm_line,
};

static int watch_counters(const struct look *l, uint64_t now_ns)
{
	const struct mcr_querier_state *s = l->state;
	const uint64_t counted[MCR_QUERIER_LOGS] = {
	    [MCR_QUERIER_LOG_NEWER] = s->newer_queries,
	    [MCR_QUERIER_LOG_OWN] = s->rx[MCR_QUERIER_RX_OWN],
	    [MCR_QUERIER_LOG_OFF_SUBNET] = s->rx[MCR_QUERIER_RX_OFF_SUBNET],
	    [MCR_QUERIER_LOG_REFUSED] = s->refused_groups + s->refused_sources,
	    [MCR_QUERIER_LOG_SSM] = s->records_ssm + s->rx[MCR_QUERIER_RX_SSM],
	};

	for (unsigned k = 0; k < MCR_QUERIER_LOGS; k++) {
		if (counted[k] == l->logged->counted[k] || now_ns < l->logged->due_ns[k])
			continue;
		l->logged->counted[k] = counted[k];
		l->logged->due_ns[k] = now_ns + AGAIN_NS;
		lines[k](l, counted[k]);
		return 1;
	}
	return 0;
}

static int watch_changes(const struct look *l, uint64_t now_ns, enum mcr_log_level *level)
{
	struct mcr_querier_logged *logged = l->logged;
	int is_role;

	if (now_ns - logged->minute_ns >= AGAIN_NS) {
		logged->minute_ns = now_ns;
		logged->n_changes = 0;
	}
	if (logged->n_changes == CHANGES_MAX)
		return 0;
	is_role = watch_role(l);
	if (is_role)
		*level = MCR_LOG_INFO;
	else if (!watch_version(l, level))
		return 0;
	logged->n_changes++;
	return 1;
}

static int watch(const struct look *l, uint64_t now_ns, enum mcr_log_level *level)
{
	return watch_changes(l, now_ns, level) || watch_counters(l, now_ns);
}

int mcr_interface_querier_watch(struct mcr_interface *i, uint64_t now_ns, enum mcr_log_level *level,
				char *line, size_t cap)
{
	for (unsigned family = 0; family < RTE_DIM(i->queriers); family++) {
		const int is_mld = family == MCR_GMP_MLD;
		struct mcr_querier_state state;
		struct look look = {
		    .i = i,
		    .state = &state,
		    .logged = &i->logged_queriers[family],
		    .protocol = is_mld ? "MLD" : "IGMP",
		    .prefix = is_mld ? "mld_" : "",
		    .is_mld = is_mld,
		    .line = line,
		    .cap = cap,
		};

		if (!i->queriers[family])
			continue;
		mcr_querier_get_state(i->queriers[family], &state);
		if (watch(&look, now_ns, level))
			return 1;
	}
	return 0;
}
