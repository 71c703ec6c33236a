/* SPDX-License-Identifier: BSD-3-Clause */
/* The entries of `joins`. Each becomes join texts, so that the file and the command line mean the
 * same. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/apply.h"
#include "settings/fail.h"
#include "settings/values.h"

/* The part of a join text after the group and its port. It is checked piece by piece, so that an
 * error names the right line, and any error left belongs to the group. */
struct join_tail {
	char sources[MCR_JOIN_SOURCES_MAX * (MCR_ADDRESS_TEXT + 4)];
	char keys[128];
};

static int add_sources(const struct mcr_config_reader *f, int node, const char *key, char **sources,
		       unsigned n, const char *mark, struct join_tail *tail)
{
	int list = mcr_config_field(f, node, key);
	size_t used = 0;

	for (unsigned i = 0; i < n; i++) {
		int is_ipv6 = !!strchr(sources[i], ':');
		int ret = i < MCR_JOIN_SOURCES_MAX
			      ? mcr_value_source(sources[i], f->err)
			      : mcr_fail(f->err, -E2BIG, "more than %d sources in one join",
					 MCR_JOIN_SOURCES_MAX);

		if (ret < 0)
			return mcr_config_located(f, mcr_config_doc_item(f->doc, list, i), NULL,
						  ret);
		used += (size_t)snprintf(tail->sources + used, sizeof(tail->sources) - used,
					 is_ipv6 ? "%s[%s]" : "%s%s", mark, sources[i]);
	}
	return 0;
}

static int located_key(const struct mcr_config_reader *f, int entry, const char *key, int ret)
{
	return mcr_config_located(f, mcr_config_field(f, entry, key), key, ret);
}

static int make_tail(const struct mcr_config_reader *f, int node, const struct mcr_join_yaml *y,
		     struct join_tail *tail)
{
	char name[MCR_NAME_MAX];
	uint64_t id = 0;
	size_t used = 0;
	int ret = 0;

	tail->sources[0] = tail->keys[0] = '\0';
	if (y->n_sources && y->n_exclude) {
		mcr_fail(f->err, -EINVAL, "expected sources or exclude, not both in one join");
		return mcr_config_located(f, mcr_config_field(f, node, "exclude"), NULL, -EINVAL);
	}
	if (y->interface)
		ret = located_key(f, node, "interface", mcr_value_name(name, y->interface, f->err));
	if (ret == 0 && y->channel)
		ret = located_key(f, node, "channel", mcr_value_name(name, y->channel, f->err));
	if (ret == 0 && y->id)
		ret = located_key(f, node, "id", mcr_value_uint(&id, y->id, 0, UINT32_MAX, f->err));
	if (ret < 0)
		return ret;
	if (y->interface)
		used += (size_t)sprintf(tail->keys + used, ",interface=%s", y->interface);
	if (y->channel)
		used += (size_t)sprintf(tail->keys + used, ",channel=%s", y->channel);
	if (id)
		sprintf(tail->keys + used, ",id=%u", (unsigned)id);
	if (y->n_exclude)
		return add_sources(f, node, "exclude", y->exclude, y->n_exclude, "@!", tail);
	return add_sources(f, node, "sources", y->sources, y->n_sources, "@", tail);
}

static int check_ports(const struct mcr_config_reader *f, int node, const struct mcr_join_yaml *y)
{
	int list = mcr_config_field(f, node, "ports");

	for (unsigned i = 0; i < y->n_ports; i++) {
		int ret = mcr_value_port_range(y->ports[i], f->err);

		if (ret < 0)
			return mcr_config_located(f, mcr_config_doc_item(f->doc, list, i), NULL,
						  ret);
	}
	return 0;
}

static int is_bare_ipv6(const char *group)
{
	const char *colon = strchr(group, ':');

	return group[0] != '[' && colon && strchr(colon + 1, ':');
}

static int has_port(const char *group)
{
	const char *end = strchr(group, ']');

	return !!strchr(end ? end : group, ':');
}

static int check_group(const struct mcr_join_yaml *y, const char *group, struct mcr_error *err)
{
	if (strstr(group, "://")) /* mcr_join_parse knows what it stands for */
		return 0;
	if (strlen(group) > 64 || strpbrk(group, ",@"))
		return mcr_fail(err, -EINVAL,
				"group '%.64s': expected GROUP[/LEN][:PORT[-PORT]]; sources, "
				"interface, channel and id have keys of their own",
				group);
	if (is_bare_ipv6(group))
		return mcr_fail(err, -EINVAL,
				"group '%.64s': expected an IPv6 group in brackets, as in "
				"'[ff15::1]'",
				group);
	if (y->n_ports && has_port(group))
		return mcr_fail(err, -EINVAL,
				"group '%.64s': expected a UDP port here or the key 'ports', not "
				"both",
				group);
	return 0;
}

/* Who takes the texts. */
struct taker {
	mcr_config_take_join take;
	void *ctx;
};

static int apply_group(const struct mcr_config_reader *f, const struct mcr_join_yaml *y,
		       const char *group, const struct join_tail *tail, int node,
		       const struct taker *taker)
{
	char text[sizeof(tail->sources) + sizeof(tail->keys) + 96];
	int ret = check_group(y, group, f->err);

	for (unsigned i = 0; ret == 0 && i < (y->n_ports ? y->n_ports : 1); i++) {
		snprintf(text, sizeof(text), "%s%s%s%s%s", group, y->n_ports ? ":" : "",
			 y->n_ports ? y->ports[i] : "", tail->sources, tail->keys);
		ret = taker->take(f, taker->ctx, text, mcr_config_origin(f, node));
	}
	return mcr_config_located(f, node, NULL, ret);
}

int mcr_config_apply_join(const struct mcr_config_reader *f, int node,
			  const struct mcr_join_yaml *y, mcr_config_take_join take, void *ctx)
{
	const struct taker taker = {take, ctx};
	int list = mcr_config_field(f, node, "groups");
	struct join_tail tail;
	int ret = make_tail(f, node, y, &tail);

	if (ret == 0)
		ret = check_ports(f, node, y);
	for (unsigned i = 0; ret == 0 && i < y->n_groups; i++)
		ret = apply_group(f, y, y->groups[i], &tail, mcr_config_doc_item(f->doc, list, i),
				  &taker);
	return ret;
}
