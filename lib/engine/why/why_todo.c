/* SPDX-License-Identifier: BSD-3-Clause */
/* The join to type. */
#include <string.h>

#include "core/address.h"
#include "engine/why/why_rules.h"
#include "engine/why/why_text.h"

/* The channel that a new join is for: the one that was asked about, that of the group's other
 * joins, or, without a channel "default", the first. */
static const char *channel_of(const struct mcr_why_evidence *e)
{
	if (e->query.channel[0])
		return e->query.channel;
	if (e->joins.n > 0)
		return e->joins.items[0].channel;
	for (size_t i = 0; i < e->n_channels; i++)
		if (strcmp(e->channels[i].name, "default") == 0)
			return "default";
	return e->n_channels > 0 ? e->channels[0].name : "default";
}

void mcr_why_todo_join(const struct mcr_why_evidence *e, const struct mcr_why_join *join,
		       struct mcr_why_lines *todo)
{
	const int needs_source =
	    mcr_group_fault(join->group, MCR_FILTER_EXCLUDE) == MCR_GROUP_NEEDS_SOURCES;
	const char *channel = channel_of(e);
	char group[MCR_ADDRESS_BRACKETED], source[MCR_ADDRESS_BRACKETED + 1] = "", port[8] = "";

	if (join->port)
		mcr_why_say(port, sizeof(port), ":%u", join->port);
	if (!mcr_address_is_none(join->source)) {
		source[0] = '@';
		mcr_address_format_bracketed(source + 1, join->source);
	} else if (needs_source) {
		strcpy(source, "@SOURCE");
	}
	mcr_why_line(
	    todo, "mcring-ctl join '%s%s%s%s%s%s%s' (to keep it: below joins of the configuration)",
	    mcr_address_format_bracketed(group, join->group), port, source,
	    join->interface ? ",interface=" : "", join->interface ? join->interface : "",
	    strcmp(channel, "default") ? ",channel=" : "",
	    strcmp(channel, "default") ? channel : "");
}
