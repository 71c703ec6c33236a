/* SPDX-License-Identifier: BSD-3-Clause */
/* The command of --alarm: a program of its own process group, which is run when something happens.
 * It gets the watch's descriptors and signals no more than its environment: on standard input a
 * line of JSON, then the end; what it writes to standard error is read for the log, and standard
 * output is /dev/null.
 *
 * It is run so often at most, so many at once, and each for so long; then its process group is
 * terminated, and 2 s later killed. What it leaves behind in its process group when it ends is
 * killed as well. Of what comes faster, the last alarm of each kind waits for its turn, and gets to
 * know how many there were before it: so the last word of each kind comes at last. The watch never
 * waits for a command. Thread: the watch's. */
#ifndef MCR_WATCH_COMMAND_H
#define MCR_WATCH_COMMAND_H

#include <stdint.h>

#include <mcring/types.h>

#include "../common/line_log.h"
#include "alarm.h"

#define COMMANDS_AT_ONCE 4

struct command_config {
	const char *text;     /* as of --alarm: command_text.h */
	uint64_t every_ns;    /* so often at most, ... */
	unsigned burst;       /* ... after so many at once */
	uint64_t timeout_ns;  /* how long one may take */
	uint32_t on;          /* 1 << enum watch_alarm_kind */
	struct line_log *log; /* borrowed: for what went wrong */
};

struct command;

/* command_create returns 0, or with err filled -EINVAL (the text), -ENOENT, -EACCES or what else is
 * wrong with the program, -ENOMEM. command_destroy terminates those that run, and waits 1 s for
 * that at most. */
int command_create(struct command **out, const struct command_config *config,
		   struct mcr_error *err);
void command_destroy(struct command *c);

/* command_raise runs the command for an alarm of a kind that it is for, now or later.
 * now_ns: CLOCK_MONOTONIC. */
void command_raise(struct command *c, const struct watch_alarm *alarm, uint64_t now_ns);

/* command_tick looks after those that run, and runs it for what waits: call it about ten times a
 * second. */
void command_tick(struct command *c, uint64_t now_ns);

struct command_stats {
	uint64_t run;    /* all that were started, or could not be */
	uint64_t failed; /* of them: not started, ended with another status than 0, took too long */
	uint64_t
	    suppressed; /* alarms that had no command of their own: the next one knew of them */
	unsigned running, waiting;
};
void command_stats(const struct command *c, struct command_stats *out);

#endif
