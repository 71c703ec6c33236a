/* SPDX-License-Identifier: BSD-3-Clause */
#include "ask.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../common/engine_path.h"
#include "../common/engines.h"
#include "../common/fail.h"
#include "denied.h"

#define TIMEOUT_SECONDS 30
#define RELOAD_SECONDS  600 /* rings of 64 GiB, a name service that is slow */
#define PATIENCE_STEP   5   /* seconds between two lines about a long reload */

int ctl_engine_find(struct ctl_engine *engine, const char *run_dir, const char *name)
{
	engine->patience_s = TIMEOUT_SECONDS;
	if (engine_path(engine->path, run_dir, name, "control", &engine->origin) < 0 ||
	    engine_path(engine->stats, run_dir, name, "stats", &engine->origin) < 0)
		return fail("the run directory's path%s is too long", engine->origin);
	return 0;
}

/* Returns -1. */
__attribute__((format(printf, 3, 4))) static int have(struct ctl_problem *problem, int kind,
						      const char *format, ...)
{
	va_list args;

	problem->kind = kind;
	va_start(args, format);
	vsnprintf(problem->text, sizeof(problem->text), format, args);
	va_end(args);
	return -1;
}

static unsigned step_of(const struct ctl_engine *engine)
{
	return engine->patience_s < PATIENCE_STEP ? engine->patience_s : PATIENCE_STEP;
}

static int dial(const struct ctl_engine *engine, const char *path, struct ctl_problem *problem)
{
	const char *origin = engine->origin;
	char list[ENGINES_TEXT];
	struct timeval patience = {.tv_sec = engine->patience_s};
	struct timeval step = {.tv_sec = step_of(engine)};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return have(problem, CTL_BROKEN, "socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &step, sizeof(step));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED)
		have(problem, CTL_ABSENT,
		     "no mcring is running at %s%s: start it, or give its --name or --run-dir%s",
		     path, origin, engines_list(list, ENGINES_ROOT));
	else if (errno == EACCES)
		have(problem, CTL_DENIED, "%s%s: permission denied", path, origin);
	else
		have(problem, errno == EAGAIN ? CTL_SILENT : CTL_BROKEN, "%s%s: %s", path, origin,
		     strerror(errno));
	close(fd);
	return -1;
}

/* Says where a request goes; what is taken there, the engine decides. */
static int only_reads(const char *command)
{
	static const char *const others[] = {"join", "leave", "reload", "open_filter"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(command, others[i]) == 0)
			return 0;
	return 1;
}

/* mcring-watch has no socket `control`, and says on the other one what it is. Returns as dial. */
static int dial_watch(const struct ctl_engine *engine, const char **path)
{
	struct ctl_problem problem;
	const int fd = dial(engine, engine->stats, &problem);

	if (fd >= 0)
		*path = engine->stats;
	return fd;
}

/* Connects to the socket that takes the command. Returns its descriptor, with its path, or -1. */
static int dial_for(const struct ctl_engine *engine, const char *command, const char **path,
		    struct ctl_problem *problem)
{
	const char *stats = only_reads(command) ? engine->stats : NULL;
	int fd;

	*path = engine->path;
	fd = dial(engine, *path, problem);
	if (fd < 0 && problem->kind == CTL_ABSENT)
		return dial_watch(engine, path);
	if (fd >= 0 || problem->kind != CTL_DENIED)
		return fd;
	if (stats && access(stats, F_OK) == 0) { /* an engine of before has none */
		*path = stats;
		fd = dial(engine, *path, problem);
	}
	if (fd < 0 && problem->kind == CTL_DENIED)
		ctl_denied_explain(problem->text, sizeof(problem->text), engine->path,
				   engine->origin, stats);
	return fd;
}

static int send_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* How long to wait for an answer. */
struct wait {
	unsigned waited_s, patience_s, step_s;
	int is_reload;
};

/* There is no answer yet. Returns 0 when it may still come. */
static int wait_on(struct wait *wait)
{
	wait->waited_s += wait->step_s;
	if (wait->waited_s >= wait->patience_s)
		return -1;
	if (wait->is_reload)
		fprintf(stderr,
			"mcring-ctl: %u s: the engine still reads the file or fills the memory of "
			"new channels\n",
			wait->waited_s);
	return 0;
}

/* Receives a line. Returns its text, to be freed, or NULL. */
static char *receive_line(int fd, struct wait *wait, size_t *len)
{
	size_t cap = 65536, used = 0;
	char *text = malloc(cap), *bigger;

	while (text) {
		ssize_t n = recv(fd, text + used, cap - used, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && wait_on(wait) == 0)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
		if (text[used - 1] == '\n') {
			*len = used;
			return text;
		}
		if (used < cap)
			continue;
		bigger = realloc(text, cap *= 2);
		if (!bigger)
			break;
		text = bigger;
	}
	free(text);
	return NULL;
}

/* The answer on a connection, if there is one. */
static json_t *converse(int fd, const json_t *request, struct wait *wait)
{
	char *text = json_dumps(request, JSON_COMPACT), *line = NULL;
	json_t *reply = NULL;
	size_t len = 0;

	if (text && send_all(fd, text, strlen(text)) == 0 && send_all(fd, "\n", 1) == 0)
		line = receive_line(fd, wait, &len);
	if (line)
		reply = json_loadb(line, len, 0, NULL);
	free(line);
	free(text);
	return reply;
}

json_t *ctl_try(const struct ctl_engine *engine, const json_t *request, struct ctl_problem *problem)
{
	const char *command = json_string_value(json_object_get(request, "command")), *error;
	struct wait wait = {.patience_s = engine->patience_s, .step_s = step_of(engine)};
	const char *path;
	int fd = dial_for(engine, command, &path, problem);
	json_t *reply;

	if (fd < 0)
		return NULL;
	wait.is_reload = strcmp(command, "reload") == 0;
	if (wait.is_reload)
		wait.patience_s = RELOAD_SECONDS;
	reply = converse(fd, request, &wait);
	close(fd);
	if (!reply) {
		have(problem, CTL_SILENT, "%s%s: the engine did not answer", path, engine->origin);
	} else if (!json_is_true(json_object_get(reply, "ok"))) {
		error = json_string_value(json_object_get(reply, "error"));
		have(problem, CTL_REFUSED, "%s",
		     error ? error : "the engine refused without a reason");
		json_decref(reply);
		reply = NULL;
	}
	return reply;
}

json_t *ctl_ask(const struct ctl_engine *engine, const json_t *request)
{
	struct ctl_problem problem;
	json_t *reply = ctl_try(engine, request, &problem);

	if (!reply)
		fail("%s", problem.text);
	return reply;
}
