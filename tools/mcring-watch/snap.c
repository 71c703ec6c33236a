/* SPDX-License-Identifier: BSD-3-Clause */
#include "snap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

/* The file of one recording that somebody waits for. */
struct wish {
	struct recorder *recorder;
	uint64_t number; /* of the file, as stats.asked */
	int has_ended;
	char
	    file[sizeof(((struct recorder_stats *)NULL)->answer)]; /* "" = it came to nothing ... */
	char error[160];                                           /* ... and why */
};

struct answer {
	struct wish wishes[WATCH_RECORDINGS];
	unsigned n;
};

/* ---- asking for files ---- */

static struct recorder *find(const struct watch *w, const char *name)
{
	for (unsigned i = 0; i < w->n_recorders; i++)
		if (strcmp(recorder_name(w->recorders[i]), name) == 0)
			return w->recorders[i];
	return NULL;
}

static int has(const struct answer *a, const struct recorder *r)
{
	for (unsigned i = 0; i < a->n; i++)
		if (a->wishes[i].recorder == r)
			return 1;
	return 0;
}

/* Fills err and returns -1 when there is nothing to be asked. */
static int choose(struct answer *a, const struct watch *w, const struct watch_snap_request *request,
		  struct mcr_error *err)
{
	for (unsigned i = 0; request->n_recordings == 0 && i < w->n_recorders; i++)
		a->wishes[a->n++].recorder = w->recorders[i];
	for (unsigned i = 0; i < request->n_recordings; i++) {
		struct recorder *r = find(w, request->recordings[i]);

		if (!r) {
			snprintf(err->text, sizeof(err->text), "there is no recording '%s'",
				 request->recordings[i]);
			return -1;
		}
		if (!has(a, r))
			a->wishes[a->n++].recorder = r;
	}
	if (a->n > 0)
		return 0;
	snprintf(err->text, sizeof(err->text), "%s",
		 w->options && w->options->n_recordings > 0
		     ? "no recording has begun: none of its channels is there yet"
		     : "nothing is recorded: start mcring-watch with --record");
	return -1;
}

static void trigger(struct wish *wish, const struct recorder_cause *cause)
{
	const enum recorder_answer answer = recorder_trigger(wish->recorder, cause);
	struct recorder_stats stats;

	recorder_stats(wish->recorder, &stats);
	wish->number = stats.asked;
	if (answer == RECORDER_BEGUN || answer == RECORDER_JOINED)
		return;
	wish->has_ended = 1;
	snprintf(wish->error, sizeof(wish->error), "%s",
		 answer == RECORDER_HELD_OFF ? "too soon after the last file"
		 : stats.error[0]            ? stats.error
					     : "it is not recorded");
}

static int ask(void *ctx, const struct line_client *who, const char *text, size_t len,
	       struct reply_text *out, void **answer)
{
	struct watch_snap_request request;
	struct mcr_error err = {"failed"};
	char words[WATCH_COMMENT_MAX + 48];
	const struct recorder_cause cause = {.word = "snap", .text = words};
	struct answer *a;

	if (watch_snap_parse(&request, text, len, &err) < 0)
		return reply_refuse(out, err.text);
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	if (choose(a, ctx, &request, &err) < 0) {
		free(a);
		return reply_refuse(out, err.text);
	}
	snprintf(words, sizeof(words), "asked for by uid %u%s%s", who->uid,
		 request.comment[0] ? ": " : "", request.comment);
	for (unsigned i = 0; i < a->n; i++)
		trigger(&a->wishes[i], &cause);
	*answer = a;
	return 0;
}

/* ---- waiting for them ---- */

static void look_at(struct wish *wish)
{
	struct recorder_stats stats;

	if (wish->has_ended)
		return;
	recorder_stats(wish->recorder, &stats);
	wish->has_ended = stats.answered >= wish->number;
	if (wish->has_ended && stats.answered == wish->number)
		snprintf(wish->file, sizeof(wish->file), "%s", stats.answer);
	if (wish->has_ended && !wish->file[0])
		snprintf(wish->error, sizeof(wish->error), "%s",
			 stats.answered > wish->number ? "another file followed at once: see its "
							 "directory"
			 : stats.error[0]              ? stats.error
						       : "its file was given up");
}

/* The names of those without a file, with why of the last one. */
static json_t *error_of(const struct answer *a)
{
	char text[512] = "";
	const char *why = NULL;
	size_t used = 0;

	for (unsigned i = 0; i < a->n; i++) {
		if (a->wishes[i].file[0] || used >= sizeof(text))
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", why ? ", " : "",
					 recorder_name(a->wishes[i].recorder));
		why = a->wishes[i].error;
	}
	if (why && used < sizeof(text))
		snprintf(text + used, sizeof(text) - used, ": %s", why);
	return why ? reply_string(text) : NULL;
}

static json_t *files_of(const struct answer *a)
{
	json_t *files = json_array();

	for (unsigned i = 0; i < a->n; i++)
		if (a->wishes[i].file[0])
			json_array_append_new(
			    files, json_pack("{so so}", "recording",
					     reply_string(recorder_name(a->wishes[i].recorder)),
					     "file", reply_string(a->wishes[i].file)));
	return files;
}

static int more(void *ctx, void *answer, struct reply_text *out)
{
	struct answer *a = answer;
	int n_ended = 0, ret;
	json_t *error, *reply;

	(void)ctx;
	for (unsigned i = 0; i < a->n; i++) {
		look_at(&a->wishes[i]);
		n_ended += a->wishes[i].has_ended;
	}
	if (n_ended < (int)a->n)
		return 1;
	error = error_of(a);
	reply = json_pack("{sb si}", "ok", !error, "schema", REPLY_SCHEMA);
	if (error)
		json_object_set_new(reply, "error", error);
	json_object_set_new(reply, "files", files_of(a));
	ret = reply_json(out, reply);
	return ret < 0 ? ret : reply_add(out, "\n");
}

static void end(void *ctx, void *answer)
{
	(void)ctx;
	free(answer);
}

const struct line_server_calls watch_snap_calls = {.ask = ask, .more = more, .end = end};
