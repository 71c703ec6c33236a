/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl: asks a running engine through RUN_DIR/control. Needs jansson, no DPDK. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <jansson.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "ask.h"
#include "columns.h"
#include "mroute.h"
#include "netstat.h"
#include "routes.h"
#include "top.h"

struct ctl {
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *run_dir, *name;
	const char *origin; /* of the path, behind it in an error */
	int json, dry_run, netstat, kernel;
	double interval;
	unsigned long count;
};

static const char help_text[] =
    "usage: mcring-ctl [--run-dir DIR | --name NAME] [--json] COMMAND\n"
    "\n"
    "  status               the engine, its ports, interfaces, channels and consumers\n"
    "  groups               the memberships, and the joins behind them\n"
    "  stats                every counter\n"
    "  members              the groups that hosts of an interface's LAN are members of\n"
    "  routes [GROUP]       where the relay sends what, and how much\n"
    "  sockets              sockets of attached programs, and where their groups come from\n"
    "  top                  rates of channels, consumers, ports and lcores, refreshed\n"
    "  join TEXT...         join groups, all or none; TEXT is as in mcring --join\n"
    "  leave TEXT...        remove joins, all or none\n"
    "  reload [--dry-run]   read the configuration file again, or print what that would change\n"
    "\n"
    "  --name NAME          the engine whose run directory is /run/mcring/NAME (mcring)\n"
    "  --run-dir DIR        the run directory itself; without both, $MCRING_RUN_DIR\n"
    "  --json               print the engine's answer as it is (docs/control.md)\n"
    "  --netstat            groups: as `netstat -g` prints those of the kernel\n"
    "  --kernel             routes: as `ip -s mroute` prints those of the kernel\n"
    "  --interval SECONDS   top: time between two screens (1)\n"
    "  --count N            top: end after N screens; --once is --count 1\n";

/* As mcr_consumer_open does. */
static int make_path(struct ctl *ctl)
{
	const char *dir = ctl->run_dir;
	int n;

	ctl->origin = "";
	if (!dir && !ctl->name) {
		dir = secure_getenv("MCRING_RUN_DIR");
		dir = dir && dir[0] != '\0' ? dir : NULL;
		ctl->origin = dir ? " (from MCRING_RUN_DIR)" : "";
	}
	if (dir)
		n = snprintf(ctl->path, sizeof(ctl->path), "%s/control", dir);
	else
		n = snprintf(ctl->path, sizeof(ctl->path), "/run/mcring/%s/control",
			     ctl->name ? ctl->name : "mcring");
	if (n < 0 || (size_t)n >= sizeof(ctl->path))
		return fail("the run directory's path%s is too long", ctl->origin);
	return 0;
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
	if (ctl->dry_run && strcmp(command, "reload") != 0) {
		fail("%s: --dry-run is for reload", command);
		return NULL;
	}
	request = json_pack("{ss}", "command", command);
	if (!request) {
		fail("'%s': not UTF-8", command);
		return NULL;
	}
	if (ctl->dry_run)
		json_object_set_new(request, "dry_run", json_true());
	if (is_update) {
		joins = json_array();
		for (int i = 1; i < argc; i++)
			json_array_append_new(joins, json_string(argv[i]));
		json_object_set_new(request, "joins", joins);
	}
	return request;
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	json_t *request = make_request(ctl, argc, argv), *reply;

	if (!request)
		return -1;
	reply = ctl_ask(ctl->path, ctl->origin, request);
	json_decref(request);
	if (!reply)
		return -1;
	if (strcmp(argv[0], "routes") == 0 && argc > 1)
		ctl_routes_keep(reply, argv[1]);
	if (ctl->json) {
		json_object_del(reply, "ok");
		json_dumpf(reply, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (ctl->netstat) {
		ctl_print_netstat(stdout, reply);
	} else if (ctl->kernel) {
		ctl_print_mroute(stdout, reply, realtime_ns());
	} else {
		ctl_print(stdout, argv[0], reply);
	}
	json_decref(reply);
	return fflush(stdout) == 0 ? 0 : fail("stdout: %s", strerror(errno));
}

static json_t *ask_status(void *ctx)
{
	const struct ctl *ctl = ctx;
	json_t *request = json_pack("{ss}", "command", "status");
	json_t *reply = request ? ctl_ask(ctl->path, ctl->origin, request) : NULL;

	json_decref(request);
	return reply;
}

static int run_top(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_top top = {ctl->interval, ctl->count, ask_status, ctl};

	if (argc > 1)
		return fail("top: unexpected '%s'", argv[1]);
	if (ctl->json)
		return fail("top shows rates: without --json; stats has the counters");
	return ctl_top(&top);
}

static int parse_interval(double *out, const char *text)
{
	char *end;

	*out = strtod(text, &end);
	if (end == text || *end != '\0' || !(*out >= 0.01 && *out <= 86400))
		return fail("--interval %s: expected seconds from 0.01 to 86400", text);
	return 0;
}

static int parse_count(unsigned long *out, const char *text)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || *out == 0)
		return fail("--count %s: expected a number above 0", text);
	return 0;
}

static int check_forms(const struct ctl *ctl, const char *command)
{
	if (ctl->netstat && strcmp(command, "groups") != 0)
		return fail("%s: --netstat is for groups", command);
	if (ctl->kernel && strcmp(command, "routes") != 0)
		return fail("%s: --kernel is for routes", command);
	if ((ctl->netstat || ctl->kernel) && ctl->json)
		return fail("%s and --json: expected one of them",
			    ctl->netstat ? "--netstat" : "--kernel");
	return 0;
}

static int parse_options(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{"run-dir", required_argument, NULL, 'r'},
						{"name", required_argument, NULL, 'n'},
						{"json", no_argument, NULL, 'j'},
						{"dry-run", no_argument, NULL, 'd'},
						{"netstat", no_argument, NULL, 's'},
						{"kernel", no_argument, NULL, 'k'},
						{"interval", required_argument, NULL, 'i'},
						{"count", required_argument, NULL, 'c'},
						{"once", no_argument, NULL, 'o'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			ctl->run_dir = optarg;
			break;
		case 'n':
			ctl->name = optarg;
			break;
		case 'j':
			ctl->json = 1;
			break;
		case 'd':
			ctl->dry_run = 1;
			break;
		case 's':
			ctl->netstat = 1;
			break;
		case 'k':
			ctl->kernel = 1;
			break;
		case 'i':
			if (parse_interval(&ctl->interval, optarg) < 0)
				return -1;
			break;
		case 'c':
			if (parse_count(&ctl->count, optarg) < 0)
				return -1;
			break;
		case 'o':
			ctl->count = 1;
			break;
		case 'h':
			fputs(help_text, stdout);
			exit(EXIT_SUCCESS);
		default:
			return -1; /* getopt said it */
		}
	}
	if (optind >= argc)
		return fail("expected a command: see mcring-ctl --help");
	return check_forms(ctl, argv[optind]);
}

int main(int argc, char **argv)
{
	struct ctl ctl = {.interval = 1};
	int ret;

	if (parse_options(&ctl, argc, argv) < 0 || make_path(&ctl) < 0)
		return EXIT_FAILURE;
	if (strcmp(argv[optind], "top") == 0)
		ret = run_top(&ctl, argc - optind, argv + optind);
	else
		ret = run(&ctl, argc - optind, argv + optind);
	return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
