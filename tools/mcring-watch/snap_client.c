/* SPDX-License-Identifier: BSD-3-Clause */
#include "snap_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

#include "../common/fail.h"
#include "../common/own_run_dir.h"

#define SYSTEM "/run/mcring/watch" /* where the host's watch is */

static int find(struct sockaddr_un *address, const struct watch_options *o)
{
	char dir[sizeof(address->sun_path)] = SYSTEM;
	struct mcr_error err = {""};

	if (o->state_dir || access(SYSTEM "/snap", F_OK) < 0)
		if (own_run_dir(dir, sizeof(dir), o->state_dir, "watch", &err) < 0)
			return fail("%s", err.text);
	if ((size_t)snprintf(address->sun_path, sizeof(address->sun_path), "%s/snap", dir) >=
	    sizeof(address->sun_path))
		return fail("%s: the path is too long", dir);
	return 0;
}

static int dial(const struct watch_options *o)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (find(&address, o) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED)
		fail("%s: no mcring-watch is running there: start it, or give its --state-dir",
		     address.sun_path);
	else if (errno == EACCES)
		fail("%s: permission denied: its group may ask", address.sun_path);
	else
		fail("%s: %s", address.sun_path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static char *request_of(const struct watch_options *o)
{
	json_t *request = json_pack("{ss}", "command", "snap"), *names = json_array();
	char *text;

	for (unsigned i = 0; i < o->n_names; i++)
		json_array_append_new(names, json_string(o->names[i]));
	json_object_set_new(request, "recordings", names);
	if (o->comment)
		json_object_set_new(request, "comment", json_string(o->comment));
	text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	return text;
}

/* The answer, or NULL. It comes when the files are whole, or when the watch ends. */
static json_t *converse(FILE *stream, const struct watch_options *o)
{
	char *request = request_of(o), *line = NULL;
	json_t *reply = NULL;
	size_t cap = 0;
	ssize_t n = -1;

	if (request && fprintf(stream, "%s\n", request) > 0 && fflush(stream) == 0)
		n = getline(&line, &cap, stream);
	if (n > 0)
		reply = json_loadb(line, (size_t)n, 0, NULL);
	free(request);
	free(line);
	return reply;
}

static int print(const json_t *reply)
{
	const char *error = json_string_value(json_object_get(reply, "error"));
	const json_t *file;
	size_t i;

	json_array_foreach(json_object_get(reply, "files"), i, file)
	{
		const char *path = json_string_value(json_object_get(file, "file"));

		if (path)
			printf("%s\n", path);
	}
	if (fflush(stdout) != 0)
		return fail("standard output: %s", strerror(errno));
	if (!json_is_true(json_object_get(reply, "ok")))
		return fail("%s", error ? error : "the watch refused without a reason");
	return 0;
}

int snap_client(const struct watch_options *o)
{
	const int fd = dial(o);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "r+");
	json_t *reply = NULL;
	int ret = -1;

	if (stream)
		reply = converse(stream, o);
	if (reply)
		ret = print(reply);
	else if (fd >= 0)
		fail("the watch ended before the files were whole");
	json_decref(reply);
	if (stream)
		fclose(stream);
	return ret < 0 ? WATCH_EXIT_ERROR : 0;
}
