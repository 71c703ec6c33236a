/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "core/attach_wire.h"
#include "daemon.h"
#include "eal/eal.h"
#include "left_behind.h"
#include "log.h"
#include "options.h"
#include "settings/fail.h"
#include "settings/feeds.h"
#include "settings/twice.h"
#include "settings_print.h"
#include "start_check.h"

#define EXIT_LEAVES_READERS 4 /* of --check: all is well, but some readers could not follow */

static int check(struct mcr_settings *running, int left, struct mcr_error *err)
{
	mcr_settings_print(stdout, running);
	mcr_settings_destroy(running);
	if (fflush(stdout) != 0)
		return mcr_fail(err, -EIO, "cannot write to stdout");
	return left > 0 ? EXIT_LEAVES_READERS : 0;
}

static void warn(void *ctx, const char *line)
{
	struct mcr_log log = mcr_log_stderr();

	(void)ctx;
	mcr_log_line(&log, MCR_LOG_WARNING, "%s", line);
}

static int run(struct mcr_settings *command_line, int argc, char **argv, struct mcr_error *err)
{
	struct mcr_settings *running;
	struct mcr_error warning;
	struct mcr_options o;
	int left, ret = mcr_options_parse(&o, command_line, argc, argv, err);

	if (ret < 0)
		return ret;
	if (o.action == MCR_ACTION_HELP) {
		mcr_options_help(stdout);
		return 0;
	}
	if (o.action == MCR_ACTION_VERSION) {
		printf("mcring %s (%s)\n", MCR_VERSION, mcr_eal_version());
		return 0;
	}
	ret = mcr_config_assemble(&running, command_line, o.config, err);
	if (ret < 0)
		return ret;
	ret = mcr_start_check(running, "", err);
	if (ret < 0) {
		mcr_settings_destroy(running);
		return ret;
	}
	if (mcr_settings_twice(running, &warning) > 0)
		warn(NULL, warning.text);
	for (size_t i = 0; i < running->n_feeds; i++)
		if (mcr_settings_feed_doubt(running, i, &warning))
			warn(NULL, warning.text);
	left = mcr_left_behind(running->engine.run_dir, MCR_ATTACH_VERSION, warn, NULL);
	return o.action == MCR_ACTION_CHECK ? check(running, left, err)
					    : mcr_daemon_run(running, command_line, o.config,
							     o.action == MCR_ACTION_STANDBY, err);
}

int main(int argc, char **argv)
{
	struct mcr_settings *command_line = mcr_settings_create();
	struct mcr_error err = {"out of memory"};
	int ret = command_line ? run(command_line, argc, argv, &err) : -ENOMEM;

	mcr_settings_destroy(command_line);
	if (ret < 0)
		fprintf(stderr, "%smcring: %s\n", mcr_log_stderr().journal ? "<3>" : "", err.text);
	return ret < 0 ? EXIT_FAILURE : ret;
}
