/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket options that scripts set and get, besides memberships. */
#ifndef MCR_TEST_OPTIONS_H
#define MCR_TEST_OPTIONS_H

enum option_kind {
	OPTION_INT,
	OPTION_READ_ONLY,
	OPTION_BUFFER, /* large enough for all that a script sends */
	OPTION_TIMEOUT,
	OPTION_DEVICE,
	OPTION_STAMPING,
	OPTION_ALL, /* multicast that others have joined */
};

struct option {
	int level, name;
	const char *text;
	unsigned char kind;
	unsigned char weight; /* how often a script has it */
	unsigned char asks;   /* for control messages */
};

extern const struct option options[];
extern const unsigned n_options;

/* Values of OPTION_TIMEOUT. */
#define TIMEOUTS 4
enum {
	TIMEOUT_NONE,
	TIMEOUT_5_MS,
	TIMEOUT_HOUR,
	TIMEOUT_WRONG
};

#endif
