/* SPDX-License-Identifier: BSD-3-Clause */
#include "receiver.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <jansson.h>

#include "../common/fail.h"
#include "gen.h"

#define SHOWN_MAX 60

static int parse_count(const char *text, size_t len, uint64_t *out)
{
	json_t *root = json_loadb(text, len, JSON_DECODE_ANY, NULL);
	const json_t *count = json_is_object(root) ? json_object_get(root, "delivered") : root;
	int result = json_is_integer(count) && json_integer_value(count) >= 0 ? 0 : -1;

	if (result == 0)
		*out = (uint64_t)json_integer_value(count);
	json_decref(root);
	return result;
}

/* As much of its first line as fits into an error. */
static int shown(const char *text)
{
	size_t len = strcspn(text, "\n");

	return (int)(len < SHOWN_MAX ? len : SHOWN_MAX);
}

int gen_received(const char *command, uint64_t sent, uint64_t *out)
{
	FILE *pipe;
	char number[32], *text = NULL;
	size_t room = 0;
	ssize_t len;
	int status, result = 0;

	snprintf(number, sizeof(number), "%" PRIu64, sent);
	setenv("MCR_SENT", number, 1);
	pipe = popen(command, "r");
	if (!pipe)
		return fail("--received-by \"%s\": %s", command, strerror(errno));
	len = getdelim(&text, &room, '\0', pipe); /* all of it: a text has no 0 */
	status = pclose(pipe);
	if (status != 0)
		result = fail("--received-by \"%s\": ended with %s %d", command,
			      WIFEXITED(status) ? "status" : "signal",
			      WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	else if (len <= 0 || parse_count(text, (size_t)len, out))
		result = fail("--received-by \"%s\": it printed \"%.*s\"; expected a number, or an "
			      "object with \"delivered\" as mcring-ctl --json stats prints",
			      command, len > 0 ? shown(text) : 0, text);
	free(text);
	return result;
}
