/* SPDX-License-Identifier: BSD-3-Clause */
/* The metrics that are members of the rows of an engine's answer, as a table. */
#ifndef MCR_EXPORTER_FAMILY_H
#define MCR_EXPORTER_FAMILY_H

#include <stddef.h>

/* What has a series of its own. */
enum family_level {
	FAMILY_ANY, /* each source; all others are of engines, from FAMILY_FEED on of watches, from
		     * FAMILY_SINK on of sinks */
	FAMILY_ENGINE,
	FAMILY_DROP, /* a reason */
	FAMILY_CONTROL,
	FAMILY_PORT,
	FAMILY_LCORE,
	FAMILY_INTERFACE,
	FAMILY_PROTOCOL, /* IGMP, MLD on an interface: the member's name follows "igmp_" or "mld_"
			  */
	FAMILY_QUERIER,
	FAMILY_RELAY,
	FAMILY_CHANNEL,
	FAMILY_CONSUMER,
	FAMILY_GROUP,
	FAMILY_FEED,
	FAMILY_LINE, /* of a feed */
	FAMILY_LINE_LEAD,
	FAMILY_LINE_BURST, /* a window */
	FAMILY_WATCHED_CHANNEL,
	FAMILY_CHANNEL_BURST,
	FAMILY_WATCHED_GROUP,
	FAMILY_RECORDING,
	FAMILY_ALARM, /* a kind */
	FAMILY_COMMAND,
	FAMILY_SINK,
	FAMILY_SINK_SOURCE, /* a channel or a feed */
	FAMILY_LEVELS
};

/* What the member is: what is of another type has no series, nor has null. */
enum family_form {
	FORM_NUMBER,
	FORM_SECONDS, /* ns: a duration, or a time since 1970 */
	FORM_YES,     /* 1 for true, 0 for false */
	FORM_US,      /* 1 for the text "us", 0 for another */
	FORM_MBPS,    /* Mbit/s, as octets per second */
	FORM_CYCLES,  /* of the row's tsc_hz, as seconds */
	FORM_BEHIND,  /* published, less this one */
	FORM_KNOWN,   /* 1 for a number, 0 for null */
	FORM_ABOVE,   /* ns that may be less than 0: what is above, 0 for others */
	FORM_BELOW,   /* likewise what is below */
};

struct family {
	const char *name, *type, *help;
	enum family_level level;
	const char *key; /* the member */
	enum family_form form;
};

extern const struct family families[];
extern const size_t n_families;

#endif
