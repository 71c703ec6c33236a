/* SPDX-License-Identifier: BSD-3-Clause */
/* The metrics that are members of the rows of an engine's answer, as a table. */
#ifndef MCR_EXPORTER_FAMILY_H
#define MCR_EXPORTER_FAMILY_H

#include <stddef.h>

/* What has a series of its own. */
enum family_level {
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
