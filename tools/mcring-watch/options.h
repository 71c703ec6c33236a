/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_WATCH_OPTIONS_H
#define MCR_WATCH_OPTIONS_H

#include <stdint.h>

#include <mcring/types.h>

#include "alarm.h"
#include "record/recorder.h"

#define WATCH_EXIT_ERROR   2
#define WATCH_RUN_DIRS_MAX 64
#define WATCH_NAMES_MAX    256 /* of --feed, of --channel */
#define WATCH_RECORDINGS   16
#define WATCH_CHOSEN_MAX   64 /* channels, or feeds, of a recording */

enum watch_action {
	WATCH_RUN,
	WATCH_CHECK,
	WATCH_SNAP, /* ask a watch that runs for a file of its recordings */
};

enum watch_output {
	WATCH_TABLE,
	WATCH_LOG,
	WATCH_JSON,
};

/* A recording, and of which channels and feeds it is; without any, of all. */
struct watch_recording {
	struct recorder_config config;
	char channels[WATCH_CHOSEN_MAX][MCR_NAME_MAX], feeds[WATCH_CHOSEN_MAX][MCR_NAME_MAX];
	unsigned n_channels, n_feeds;
	int has_group; /* config.gid was given */
};

struct watch_socket {
	uint32_t mode, gid; /* gid: UINT32_MAX = the process's own */
};

struct watch_options {
	enum watch_action action;
	const char *run_dirs[WATCH_RUN_DIRS_MAX]; /* none: all below /run/mcring */
	unsigned n_run_dirs;
	const char *name;
	const char *feeds[WATCH_NAMES_MAX], *channels[WATCH_NAMES_MAX]; /* none: all */
	unsigned n_feeds, n_channels;
	uint64_t silence_ns; /* of groups; 0 = they are not judged */
	int one_clock;       /* the operator vouches that all NICs and switches have one */

	enum watch_output output;
	uint64_t interval_ns;
	const char *state_dir; /* NULL = not given */
	struct watch_socket stats, snap;

	const char *alarm;       /* the command; NULL = none */
	uint64_t alarm_every_ns; /* so often at most, after so many at once: */
	unsigned alarm_burst;
	uint64_t alarm_timeout_ns;
	uint32_t alarm_on; /* 1 << enum watch_alarm_kind */

	struct watch_recording recordings[WATCH_RECORDINGS];
	unsigned n_recordings;

	/* WATCH_SNAP: which recordings (none: all), and what the file says. */
	const char *names[WATCH_RECORDINGS];
	unsigned n_names;
	const char *comment;
};

/* watch_options_parse reads the command line. It ends the program after --help, --version and after
 * a line on stderr for what it does not understand. */
void watch_options_parse(struct watch_options *o, int argc, char **argv);

/* watch_recording_parse reads the text of --record. Returns 0 or -EINVAL with err filled. */
int watch_recording_parse(struct watch_recording *out, const char *text, struct mcr_error *err);

/* watch_kinds_parse reads "gap+silence", or "all". Returns 0 or -EINVAL with err filled. */
int watch_kinds_parse(uint32_t *out, const char *text, struct mcr_error *err);

#endif
