/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_version.h>

#include "eal/eal.h"
#include "eal/explain.h"
#include "settings/fail.h"

#define LOG_MAX (256u << 10)

/* EAL logs to its own stream and prints its usage to stdout; getopt and some drivers' libraries
 * write to stderr. While rte_eal_init runs, all of it goes to one file in memory. */
struct capture {
	int fd, saved[2];
	FILE *stream;
};

/* EAL may end the process, and what it said would be lost. */
static const struct capture *captured;

static void on_abort(int signal)
{
	static const char last[] = "mcring: EAL gave up; why, it said above\n";
	char part[512];
	off_t at = 0;
	ssize_t n;

	(void)signal;
	while ((n = pread(captured->fd, part, sizeof(part), at)) > 0)
		at += write(captured->saved[1], part, (size_t)n) > 0 ? n : (off_t)LOG_MAX;
	if (write(captured->saved[1], last, sizeof(last) - 1) < 0)
		return;
}

static int capture_begin(struct capture *c)
{
	*c = (struct capture){.fd = memfd_create("eal-log", MFD_CLOEXEC), .saved = {-1, -1}};
	c->stream = c->fd >= 0 ? fdopen(c->fd, "w") : NULL;
	if (!c->stream)
		return -errno;
	setvbuf(c->stream, NULL, _IOLBF, 0);
	rte_openlog_stream(c->stream);
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		c->saved[i] = dup(i + 1);
		dup2(c->fd, i + 1);
	}
	captured = c;
	signal(SIGABRT, on_abort);
	return 0;
}

/* Returns the captured text, to be freed, or NULL. */
static char *capture_end(struct capture *c)
{
	char *text = NULL;
	ssize_t n;

	signal(SIGABRT, SIG_DFL);
	fflush(stdout);
	fflush(c->stream);
	rte_openlog_stream(stderr); /* EAL's own goes to syslog as well: the journal has both */
	for (int i = 0; i < 2; i++) {
		if (c->saved[i] < 0)
			continue;
		dup2(c->saved[i], i + 1);
		close(c->saved[i]);
	}
	text = malloc(LOG_MAX + 1);
	if (text) {
		n = pread(c->fd, text, LOG_MAX, 0);
		text[n > 0 ? n : 0] = '\0';
	}
	fclose(c->stream);
	return text;
}

static int has_argument(const struct mcr_eal_args *args, const char *prefix)
{
	for (int i = 1; i < args->argc; i++)
		if (strncmp(args->argv[i], prefix, strlen(prefix)) == 0)
			return 1;
	return 0;
}

int mcr_eal_start(struct mcr_eal_args *args, int verbose, struct mcr_error *err)
{
	int is_root = geteuid() == 0, own_level = has_argument(args, "--log-level"), ret, code;
	struct capture capture;
	char *log;

	/* Do not capture EAL's help: EAL then exits, and nobody would see the text. */
	if (has_argument(args, "-h") || has_argument(args, "--help"))
		return rte_eal_init(args->argc, args->argv);
	ret = capture_begin(&capture);
	if (ret < 0)
		return mcr_fail(err, ret, "memfd_create: %s", strerror(-ret));
	ret = rte_eal_init(args->argc, args->argv);
	code = ret < 0 && rte_errno > 0 ? -rte_errno : -EIO;
	log = capture_end(&capture);
	if (log && verbose)
		fputs(log, stderr);
	if (!verbose && !own_level)
		rte_log_set_global_level(RTE_LOG_WARNING);
	if (ret < 0) {
		mcr_eal_explain(err, log ? log : "", rte_strerror(rte_errno), is_root);
		ret = code;
	} else if (log && mcr_eal_find_failed_vdev(err, log, is_root)) {
		rte_eal_cleanup();
		ret = -ENODEV;
	} else {
		ret = 0;
	}
	free(log);
	return ret;
}

int mcr_eal_probe(const struct mcr_eal_args *args, struct mcr_error *err)
{
	for (int i = 0; i < args->n_held; i++) {
		int ret = rte_dev_probe(args->held[i]);

		if (ret < 0)
			return mcr_fail(err, ret, "device '%s': EAL cannot take it: %s",
					args->held[i], strerror(-ret));
	}
	return 0;
}

const char *mcr_eal_version(void)
{
	return rte_version();
}

void mcr_eal_end(void)
{
	rte_eal_cleanup();
}
