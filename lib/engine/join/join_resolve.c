/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/error.h"
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
	char known[320] = "";
	size_t len = 0;

	for (size_t i = 0; i < n && len < sizeof(known); i++)
		if (names[i])
			len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s",
						len ? ", " : "", names[i]);
	if (name[0] == '\0')
		return mcr_error_set(err, -EINVAL,
				     "a join must say which %s it is for (%s=NAME): there are %s",
				     kind, kind, known[0] ? known : "none");
	return mcr_error_set(err, -ENOENT, "no %s \"%s\": there are %s", kind, name,
			     known[0] ? known : "none");
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
	uint32_t x = ntohl(*(const uint32_t *)a), y = ntohl(*(const uint32_t *)b);

	return x < y ? -1 : x > y;
}

static int check_sources(const struct mcr_join *join, struct mcr_error *err)
{
	enum mcr_group_fault fault =
	    mcr_group_fault(mcr_address_from_ipv4(join->group_be), join->mode);

	if (fault == MCR_GROUP_NOT_MULTICAST)
		return mcr_join_refuse(err, join, -EINVAL,
				       "the group is not a multicast address (224.0.0.0/4)");
	if (join->mode > MCR_FILTER_INCLUDE || join->n_sources > MCR_JOIN_SOURCES_MAX)
		return mcr_join_refuse(err, join, -EINVAL,
				       "unknown filter mode, or too many sources");
	if (join->mode == MCR_FILTER_INCLUDE && join->n_sources == 0)
		return mcr_join_refuse(err, join, -EINVAL, "an including join needs a source");
	if (fault != MCR_GROUP_OK)
		return mcr_join_refuse(
		    err, join, -EINVAL,
		    "232.0.0.0/8 is source-specific: name a source with @SOURCE");
	for (unsigned i = 0; i < join->n_sources; i++)
		if (!mcr_address_is_host(mcr_address_from_ipv4(join->sources_be[i])))
			return mcr_join_refuse(err, join, -EINVAL,
					       "a source is not a unicast address");
	return 0;
}

int mcr_join_resolve(struct mcr_join *to, struct mcr_rule *rule, const struct mcr_join *from,
		     const struct mcr_join_names *names, struct mcr_error *err)
{
	int interface = -1, channel, ret;
	const char *want = from->channel[0] ? from->channel : "default";

	if (!memchr(from->interface, 0, MCR_NAME_MAX) || !memchr(from->channel, 0, MCR_NAME_MAX))
		return mcr_error_set(err, -EINVAL, "a join's name is not terminated");
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
	to->group_be = from->group_be;
	to->id = from->id;
	to->port = from->port;
	to->mode = from->mode;
	memcpy(to->sources_be, from->sources_be, from->n_sources * sizeof(*to->sources_be));
	qsort(to->sources_be, from->n_sources, sizeof(*to->sources_be), by_address);
	for (unsigned i = 0; i < from->n_sources; i++)
		if (to->n_sources == 0 || to->sources_be[to->n_sources - 1] != to->sources_be[i])
			to->sources_be[to->n_sources++] = to->sources_be[i];
	for (unsigned i = to->n_sources; i < from->n_sources; i++)
		to->sources_be[i] = 0;
	*rule = (struct mcr_rule){
	    .join = to, .interface = (uint16_t)interface, .channel = (uint16_t)channel};
	return 0;
}
