/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_REPLAY_OPTIONS_H
#define MCR_REPLAY_OPTIONS_H

#include <stdint.h>

#include "capture.h"
#include "pace.h"

#define REPLAY_TEXTS_MAX 1024 /* of --join, of --channel and of --feed */

enum replay_exit {
	REPLAY_EXIT_SENT = 0, /* also: ended by a signal */
	REPLAY_EXIT_ERROR = 2,
};

/* NAME=WHERE of --interface. */
struct replay_interface {
	char name[64];     /* as joins and the configuration call it */
	const char *where; /* what capture_find takes */
};

struct replay_options {
	const char *files[CAPTURE_FILES_MAX];
	unsigned n_files;

	const char *name, *run_dir, *config;                              /* NULL = not given */
	const char *joins[REPLAY_TEXTS_MAX], *channels[REPLAY_TEXTS_MAX]; /* as the daemon's */
	const char *feeds[REPLAY_TEXTS_MAX];                              /* likewise */
	unsigned n_joins, n_channels, n_feeds;
	struct replay_interface interfaces[CAPTURE_INTERFACES_MAX]; /* in order */
	unsigned n_interfaces;

	double speed;          /* as of struct pace */
	uint64_t max_gap_ns;   /* likewise */
	uint64_t start_at_ns;  /* likewise */
	uint32_t wait_readers; /* begin when there are so many; 0 = do not wait */
	int pace_readers;      /* publish only what no reader would lose by */
	uint64_t loops;        /* how often to send it all; 0 = for ever */
	enum pace_times times;
	uint64_t linger_ns; /* at the end, wait so long for readers to read all; UINT64_MAX = until
			     * they have */
	int is_quiet;       /* no statistics at the end */
};

/* replay_options_parse reads the command line. It ends the process after --help, --version, or a
 * line on stderr that says what is wrong. */
void replay_options_parse(struct replay_options *options, int argc, char **argv);

#endif
