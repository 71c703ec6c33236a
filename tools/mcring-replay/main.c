/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-replay makes captures live channels: docs/replay.md. Programs read them as those of a
 * running mcring. It needs neither DPDK nor hugepages nor root. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "../common/fail.h"
#include "capture.h"
#include "client/run_dir.h"
#include "options.h"
#include "publish.h"
#include "report.h"
#include "serve.h"

static volatile sig_atomic_t stopped; /* all that the signal handler touches */

static void on_signal(int signal)
{
	stopped = 1;
}

/* The second one ends a program that waits for the first frame of its standard input. */
static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

/* For a shell: what programs need to find this engine. */
static void print_where(const struct replay_served *served)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789@%+=:,./_-";
	const char *at = served->run_dir, *quote = at[strspn(at, plain)] ? "'" : "";

	printf("export " MCR_RUN_DIR_VARIABLE "=%s", quote);
	for (; *at; at++) {
		if (*at == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*at);
	}
	printf("%s\n", quote);
	fflush(stdout);
}

static int replay(struct replay *r, struct mcr_error *err)
{
	const struct replay_options *options = r->options;
	int ret = replay_serve(&r->served, options, r->capture, err);

	if (ret < 0)
		return ret;
	print_where(&r->served);
	ret = replay_publish(r, err);
	if (!options->is_quiet)
		replay_report(r);
	replay_warn(r);
	mcr_portless_destroy(r->served.portless);
	return ret;
}

int main(int argc, char **argv)
{
	static struct replay_options options;
	static struct replay r = {.options = &options, .stopped = &stopped};
	struct mcr_error err = {""};
	int ret;

	replay_options_parse(&options, argc, argv);
	r.pace = (struct pace){.speed = options.speed,
			       .start_at_ns = options.start_at_ns,
			       .max_gap_ns = options.max_gap_ns};
	catch_signals();
	ret = capture_open(&r.capture, options.files, options.n_files, &err);
	if (ret == 0) {
		ret = replay(&r, &err);
		capture_close(r.capture);
	}
	if (ret == -EINTR && stopped)
		ret = 0; /* while it waited for the first frame */
	if (ret < 0)
		fail("%s", err.text);
	return ret < 0 ? REPLAY_EXIT_ERROR : REPLAY_EXIT_SENT;
}
