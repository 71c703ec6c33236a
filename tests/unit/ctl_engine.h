/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl, as MCRING_CTL names it, against the real control socket of an engine that receives
 * nothing. */
#ifndef MCR_TEST_CTL_ENGINE_H
#define MCR_TEST_CTL_ENGINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/control/control_server.h"
#include "fake_engine.h"

struct fixture {
	char dir[64], path[80];
	pid_t pid;
	char out[65536];
	int status;
};

static inline int on_reload(void *ctx, int dry_run, struct mcr_error *report)
{
	strcpy(report->text, dry_run ? "would add 1 join" : "added 1 join");
	return 0;
}

static inline void serve(const struct fixture *f)
{
	static const struct mcr_channel_config def = {.name = "default"};
	struct mcr_control_server_config cfg = {.path = f->path,
						.what = "control socket",
						.name = "md",
						.mode = 0600,
						.gid = UINT32_MAX,
						.clients_max = MCR_CONTROL_CLIENTS_MAX,
						.request_max = MCR_CONTROL_REQUEST_MAX,
						.reload = on_reload};
	const char *const feeds[] = {"feed itch\ndeclaration moldudp64\nline A channel=x\njoin "
				     "239.1.1.0/30\nline B\njoin 239.1.2.0/30\n"};
	struct timespec ms = {.tv_nsec = 1000000};
	struct mcr_engine engine = {.n_groups = 2,
				    .n_members = 2,
				    .n_sources = 2,
				    .n_relay = 2,
				    .n_routes = 3,
				    .opens_later = 1,
				    .sockets = "fd=5 bound=239.1.1.1:5000 engine=239.1.1.1\n"
					       "fd=6 kernel=239.2.2.2 why=no-route lost=3\n"};
	struct mcr_control_server *server;

	engine.account = (struct mcr_account){
	    .received = 15, .delivered = 6, .relayed_only = 5, .relayed = 7, .punted = 1};
	engine.account.drops[MCR_DROP_UNKNOWN_GROUP] = 3;
	mcr_engine_channel_add(&engine, &def, NULL);
	if (mcr_feeds_create(&engine.feeds, feeds, 1, NULL) < 0)
		_exit(1);
	if (mcr_control_server_create(&server, &engine, &cfg, NULL) < 0)
		_exit(1);
	for (uint64_t now = 1; now < 60000; now++) {
		mcr_control_server_poll(server, now * 1000000);
		nanosleep(&ms, NULL);
	}
	_exit(0);
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct timespec ms = {.tv_nsec = 1000000};

	*state = f;
	strcpy(f->dir, "/tmp/mcring-ctl-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/control", f->dir);
	f->pid = fork();
	if (f->pid == 0)
		serve(f);
	for (int i = 0; i < 10000 && access(f->path, F_OK) < 0; i++)
		nanosleep(&ms, NULL);
	return f->pid > 0 ? 0 : -1;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static inline void ctl_without_dir(struct fixture *f, const char *args)
{
	char command[512];
	size_t n;
	FILE *p;

	snprintf(command, sizeof(command), "'%s' %s 2>&1", getenv("MCRING_CTL"), args);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(f->out, 1, sizeof(f->out) - 1, p);
	f->out[n] = '\0';
	f->status = pclose(p);
}

static inline void ctl(struct fixture *f, const char *run_dir, const char *args)
{
	char all[400];

	snprintf(all, sizeof(all), "--run-dir %s %s", run_dir, args);
	ctl_without_dir(f, all);
}

static inline void has(const struct fixture *f, const char *text)
{
	if (!strstr(f->out, text))
		fail_msg("'%s' is not in:\n%s", text, f->out);
}

/* How often a text stands in the output. */
static inline unsigned count(const struct fixture *f, const char *text)
{
	unsigned n = 0;

	for (const char *at = f->out; (at = strstr(at, text)) != NULL; at += strlen(text))
		n++;
	return n;
}

#define WITH_ENGINE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
