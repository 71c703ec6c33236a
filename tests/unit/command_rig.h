/* SPDX-License-Identifier: BSD-3-Clause */
/* A command of --alarm that is a script, on a clock of ours. */
#ifndef MCR_TEST_COMMAND_RIG_H
#define MCR_TEST_COMMAND_RIG_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "mcring-watch/command.h"

#define SECOND UINT64_C(1000000000)
#define ALL    ((1u << WATCH_ALARM_KINDS) - 1)

static char dir[] = "/tmp/mcring-command-XXXXXX";
static struct line_log logged;
static struct command *c;
static uint64_t now;

/* ---- files ---- */

static inline const char *in_dir(const char *name)
{
	static char path[4][128];
	static unsigned turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[0]), "%s/%s", dir, name);
	return path[turn];
}

static inline const char *script(const char *name, const char *text)
{
	const char *path = in_dir(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\ncd '%s'\n%s", dir, text);
	fclose(f);
	assert_int_equal(chmod(path, 0700), 0);
	return path;
}

/* What is in a file, "" if it is not there. */
static inline const char *contents(const char *name)
{
	static char text[4][65536];
	static unsigned turn;
	FILE *f = fopen(in_dir(name), "r");
	size_t n = 0;

	turn = (turn + 1) % 4;
	if (f) {
		n = fread(text[turn], 1, sizeof(text[0]) - 1, f);
		fclose(f);
	}
	text[turn][n] = '\0';
	return text[turn];
}

static inline unsigned descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* ---- a command ---- */

static inline int set_up(void **state)
{
	assert_non_null(mkdtemp(dir));
	return 0;
}

static inline int tear_down(void **state)
{
	char line[128];

	snprintf(line, sizeof(line), "rm -r '%s'", dir);
	return system(line);
}

static inline int begin(void **state)
{
	static const struct line_log none = {.fd = -1};

	logged = none;
	logged.fd = open(in_dir("log"), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	assert_true(logged.fd >= 0);
	now = 1000 * SECOND;
	unlink(in_dir("out"));
	return 0;
}

static inline int end(void **state)
{
	command_destroy(c);
	c = NULL;
	close(logged.fd);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* neither child nor zombie */
	assert_int_equal(errno, ECHILD);
	return 0;
}

static inline void create(const char *text, unsigned burst)
{
	const struct command_config config = {.text = text,
					      .every_ns = 10 * SECOND,
					      .burst = burst,
					      .timeout_ns = 3 * SECOND,
					      .on = ALL,
					      .log = &logged};
	struct mcr_error err = {""};

	if (command_create(&c, &config, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void raise_alarm(enum watch_alarm_kind kind, const char *text)
{
	struct watch_alarm a = {.kind = kind, .ns = UINT64_C(1700000000123456789)};

	snprintf(a.engine, sizeof(a.engine), "md1");
	snprintf(a.channel, sizeof(a.channel), "feed");
	snprintf(a.feed, sizeof(a.feed), "itch");
	snprintf(a.text, sizeof(a.text), "%s", text);
	command_raise(c, &a, now);
}

static inline struct command_stats stats(void)
{
	struct command_stats s;

	command_stats(c, &s);
	return s;
}

/* Ticks without time, until so many run. */
static inline void wait_for(unsigned running)
{
	for (unsigned i = 0; stats().running > running; i++) {
		assert_in_range(i, 0, 5000);
		usleep(1000);
		command_tick(c, now);
	}
}

static inline void wait_for_file(const char *name, const char *text)
{
	for (unsigned i = 0; !strstr(contents(name), text); i++) {
		assert_in_range(i, 0, 5000);
		usleep(1000);
		command_tick(c, now);
	}
}

#endif
