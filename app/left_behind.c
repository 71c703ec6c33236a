/* SPDX-License-Identifier: BSD-3-Clause */
#include "left_behind.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/os/ask.h"

struct listener {
	void (*say)(void *ctx, const char *line);
	void *ctx;
};

/* Returns the engine's status; NULL with *error: -ENOENT where no engine is, or -errno. */
static json_t *ask(const char *run_dir, int *error)
{
	json_t *status = NULL;
	char *text;

	*error = mcr_ask(run_dir, "stats", "{\"command\":\"status\"}", &text);
	if (*error == 0) {
		status = json_loads(text, 0, NULL);
		free(text);
	}
	if (*error == 0 && !status)
		*error = -EPROTO;
	return status;
}

/* ---- readers ---- */

static unsigned number(const json_t *object, const char *key)
{
	return (unsigned)json_integer_value(json_object_get(object, key));
}

static const char *word(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "?";
}

/* Of one whose library does not say, nobody knows: it is not counted. */
static int is_left(const json_t *reader, unsigned version)
{
	unsigned oldest = number(reader, "attach_oldest"), newest = number(reader, "attach_newest");

	return newest != 0 && (newest < version || oldest > version);
}

static void name(const struct listener *l, const json_t *reader, unsigned version)
{
	const unsigned uid = number(reader, "uid");
	const unsigned oldest = number(reader, "attach_oldest");
	const unsigned newest = number(reader, "attach_newest");
	const struct passwd *user = getpwuid(uid);
	char line[512], who[64], reads[32];

	if (user)
		snprintf(who, sizeof(who), "%s", user->pw_name);
	else
		snprintf(who, sizeof(who), "%u", uid);
	if (oldest < newest)
		snprintf(reads, sizeof(reads), "s %u to %u", oldest, newest);
	else
		snprintf(reads, sizeof(reads), " %u", newest);
	snprintf(line, sizeof(line),
		 "reader \"%.64s\" (pid %u, user %s, channel \"%.64s\") would be left behind: its "
		 "library reads attach version%s, this mcring speaks %u: %s",
		 word(reader, "label"), number(reader, "pid"), who, word(reader, "channel"), reads,
		 version,
		 newest < version ? "build it with this version's libmcring-client first"
				  : "upgrade this mcring to the library's version");
	l->say(l->ctx, line);
}

int mcr_left_behind(const char *run_dir, unsigned version, void (*say)(void *ctx, const char *line),
		    void *ctx)
{
	const struct listener l = {say, ctx};
	char line[512];
	json_t *reader, *status;
	int error, left = 0;
	size_t i;

	status = ask(run_dir, &error);
	if (error == -ENOENT)
		return 0;
	if (!status) {
		snprintf(line, sizeof(line),
			 "the engine in %.256s does not say who reads (%s), so this mcring cannot "
			 "say whom it would leave behind",
			 run_dir, strerror(-error));
		say(ctx, line);
		return error;
	}
	json_array_foreach(json_object_get(status, "consumers"), i, reader)
	{
		if (!is_left(reader, version))
			continue;
		name(&l, reader, version);
		left++;
	}
	json_decref(status);
	return left;
}
