/* SPDX-License-Identifier: BSD-3-Clause */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "mroute.h"
#include "netstat.h"
#include "print.h"
#include "routes.h"
#include "top.h"

int ctl_end_output(void)
{
	return fflush(stdout) == 0 ? 0 : fail("stdout: %s", strerror(errno));
}

int ctl_print_json(json_t *reply)
{
	json_object_del(reply, "ok");
	json_dumpf(reply, stdout, JSON_INDENT(2));
	putchar('\n');
	return ctl_end_output();
}

static json_t *make_request(const struct ctl *ctl, int argc, char **argv)
{
	const char *command = argv[0];
	int is_update = strcmp(command, "join") == 0 || strcmp(command, "leave") == 0;
	int is_routes = strcmp(command, "routes") == 0;
	json_t *request, *joins;

	if (is_update && argc < 2) {
		fail("%s: expected at least one group", command);
		return NULL;
	}
	if (!is_update && argc > 1 + is_routes) {
		fail("%s: unexpected '%s'", command, argv[1 + is_routes]);
		return NULL;
	}
	if (is_routes && argc > 1 && !ctl_routes_is_group(argv[1])) {
		fail("routes: '%s': expected a group, such as 239.1.1.1 or ff15::1", argv[1]);
		return NULL;
	}
	request = json_pack("{ss}", "command", command);
	if (!request) {
		fail("'%s': not UTF-8", command);
		return NULL;
	}
	if (ctl->options.dry_run)
		json_object_set_new(request, "dry_run", json_true());
	if (is_update) {
		joins = json_array();
		for (int i = 1; i < argc; i++)
			json_array_append_new(joins, json_string(argv[i]));
		json_object_set_new(request, "joins", joins);
	}
	return request;
}

int ctl_run_plain(const struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_options *o = &ctl->options;
	json_t *request = make_request(ctl, argc, argv), *reply;
	int ret;

	if (!request)
		return EXIT_FAILURE;
	reply = ctl_ask(&ctl->engine, request);
	json_decref(request);
	if (!reply)
		return EXIT_FAILURE;
	if (strcmp(argv[0], "routes") == 0 && argc > 1)
		ctl_routes_keep(reply, argv[1]);
	if (o->json)
		ctl_print_json(reply);
	else if (o->netstat)
		ctl_print_netstat(stdout, reply);
	else if (o->kernel)
		ctl_print_mroute(stdout, reply, realtime_ns());
	else
		ctl_print(stdout, argv[0], reply, realtime_ns());
	ret = ctl_end_output();
	json_decref(reply);
	return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static json_t *ask_status(void *ctx)
{
	json_t *request = json_pack("{ss}", "command", "status");
	json_t *reply = request ? ctl_ask(ctx, request) : NULL;

	json_decref(request);
	return reply;
}

int ctl_run_top(const struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_options *o = &ctl->options;
	struct ctl_engine engine = ctl->engine;
	const struct ctl_top top = {o->interval, o->count, ask_status, &engine};

	if (argc > 1) {
		fail("top: unexpected '%s'", argv[1]);
		return EXIT_FAILURE;
	}
	if (o->json) {
		fail("top shows rates: without --json; stats has the counters");
		return EXIT_FAILURE;
	}
	return ctl_top(&top) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
