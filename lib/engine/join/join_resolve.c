/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/error.h"
#include "core/nearest.h"
#include "engine/join/join_resolve.h"

int mcr_join_refuse(struct mcr_error *err, const struct mcr_join *join, int code, const char *why)
{
	char text[256];

	mcr_join_format(text, sizeof(text), join);
	return mcr_error_set(err, code, "join \"%s\": %s", text, why);
}

static int unknown(struct mcr_error *err, const char *kind, const char *name,
		   const char *const *names, size_t n)
{
	struct mcr_nearest search = mcr_nearest_to(name);
	char known[320] = "", hint[MCR_NEAREST_HINT];
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		if (names[i])
			mcr_nearest_try(&search, names[i]);
	for (size_t i = 0; i < n && len < sizeof(known); i++)
		if (names[i])
			len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s",
						len ? ", " : "", names[i]);
	if (name[0] == '\0')
		return mcr_error_set(err, -EINVAL,
				     "a join must say which %s it is for (%s=NAME): there are %s",
				     kind, kind, known[0] ? known : "none");
	return mcr_error_set(err, -ENOENT, "no %s \"%s\"%s: there are %s", kind, name,
			     mcr_nearest_hint(hint, &search), known[0] ? known : "none");
}

static int find_name(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (names[i] && strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

static int by_address(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mcr_address));
}

/* NULL: it may be joined. */
static const char *what_is_wrong(enum mcr_group_fault fault)
{
	switch (fault) {
	case MCR_GROUP_OK:
		return NULL;
	case MCR_GROUP_NOT_MULTICAST:
		return "the group is not a multicast address (224.0.0.0/4, ff00::/8)";
	case MCR_GROUP_RESERVED:
		return "the group is reserved, and nothing is sent to it";
	case MCR_GROUP_BAD_SCOPE:
		return "the group's scope is 0, 1 or f: nothing comes to it from a network";
	case MCR_GROUP_NEEDS_SOURCES:
		return "232.0.0.0/8 and ff3x::/32 are source-specific: name a source with @SOURCE";
	}
	return "unknown fault";
}

static int check_source(const struct mcr_join *join, struct mcr_address source,
			struct mcr_error *err)
{
	if (!mcr_address_is_host(source))
		return mcr_join_refuse(err, join, -EINVAL, "a source is not a unicast address");
	if (mcr_address_is_ipv4(source) != mcr_address_is_ipv4(join->group))
		return mcr_join_refuse(err, join, -EINVAL,
				       "group and source must be of one family, IPv4 or IPv6");
	return 0;
}

static int check_sources(const struct mcr_join *join, struct mcr_error *err)
{
	enum mcr_group_fault fault = mcr_group_fault(join->group, join->mode);
	int ret = 0;

	if (fault != MCR_GROUP_OK && fault != MCR_GROUP_NEEDS_SOURCES)
		return mcr_join_refuse(err, join, -EINVAL, what_is_wrong(fault));
	if (join->mode > MCR_FILTER_INCLUDE || join->n_sources > MCR_JOIN_SOURCES_MAX ||
	    (join->n_sources > 0 && !join->sources))
		return mcr_join_refuse(err, join, -EINVAL,
				       "unknown filter mode, too many sources or none where some "
				       "are announced");
	if (join->mode == MCR_FILTER_INCLUDE && join->n_sources == 0)
		return mcr_join_refuse(err, join, -EINVAL, "an including join needs a source");
	if (fault != MCR_GROUP_OK)
		return mcr_join_refuse(err, join, -EINVAL, what_is_wrong(fault));
	for (uint32_t i = 0; ret == 0 && i < join->n_sources; i++)
		ret = check_source(join, join->sources[i], err);
	return ret;
}

/* Those that have too many are refused. */
size_t mcr_join_room(const struct mcr_join *joins, size_t n)
{
	size_t room = 0;

	for (size_t i = 0; i < n; i++)
		if (joins[i].n_sources <= MCR_JOIN_SOURCES_MAX)
			room += joins[i].n_sources;
	return room;
}

static void take_sources(struct mcr_join *to, struct mcr_address *sources,
			 const struct mcr_join *from)
{
	if (from->n_sources == 0)
		return;
	memcpy(sources, from->sources, from->n_sources * sizeof(*sources));
	qsort(sources, from->n_sources, sizeof(*sources), by_address);
	for (uint32_t i = 0; i < from->n_sources; i++)
		if (i == 0 || !mcr_address_is_equal(sources[to->n_sources - 1], sources[i]))
			sources[to->n_sources++] = sources[i];
	to->sources = sources;
}

int mcr_join_resolve(struct mcr_join *to, struct mcr_address *sources, struct mcr_rule *rule,
		     const struct mcr_join *from, const struct mcr_join_names *names,
		     struct mcr_error *err)
{
	static const uint8_t reserved[sizeof(from->reserved)];
	int interface = -1, channel, ret;
	const char *want = from->channel[0] ? from->channel : "default";

	if (!memchr(from->interface, 0, MCR_NAME_MAX) || !memchr(from->channel, 0, MCR_NAME_MAX))
		return mcr_error_set(err, -EINVAL, "a join's name is not terminated");
	if (memcmp(from->reserved, reserved, sizeof(reserved)) != 0)
		return mcr_error_set(err, -EINVAL,
				     "a join's reserved octets are not 0: it asks for what this "
				     "libmcring does not have");
	ret = check_sources(from, err);
	if (ret < 0)
		return ret;
	if (from->interface[0] == '\0' && names->n_interfaces == 1)
		interface = 0;
	else if (from->interface[0] != '\0')
		interface = find_name(from->interface, names->interfaces, names->n_interfaces);
	if (interface < 0)
		return unknown(err, "interface", from->interface, names->interfaces,
			       names->n_interfaces);
	channel = find_name(want, names->channels, names->n_channels);
	if (channel < 0)
		return unknown(err, "channel", want, names->channels, names->n_channels);

	memset(to, 0, sizeof(*to));
	strcpy(to->interface, names->interfaces[interface]);
	strcpy(to->channel, names->channels[channel]);
	to->group = from->group;
	to->id = from->id;
	to->port = from->port;
	to->mode = from->mode;
	take_sources(to, sources, from);
	*rule = (struct mcr_rule){
	    .join = to, .interface = (uint16_t)interface, .channel = (uint16_t)channel};
	return 0;
}
