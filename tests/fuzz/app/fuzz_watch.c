/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests on the sockets of mcring-watch: what is taken is within its bounds, what is refused says
 * why, and any line gives one line of JSON. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include "common/reply.h"
#include "mcring-watch/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_refusal(const struct mcr_error *err)
{
	struct reply_text text = {0};
	json_t *reply;

	assert(err->text[0] != '\0' && strlen(err->text) < sizeof(err->text));
	assert(reply_refuse(&text, err->text) == 0);
	assert(memchr(text.text, '\n', text.len) == text.text + text.len - 1);
	reply = json_loadb(text.text, text.len, JSON_REJECT_DUPLICATES, NULL);
	assert(reply && json_is_false(json_object_get(reply, "ok")));
	json_decref(reply);
	reply_clear(&text);
}

static void check_snap(const struct watch_snap_request *r)
{
	assert(r->n_recordings <= WATCH_SNAP_MAX);
	for (unsigned i = 0; i < r->n_recordings; i++)
		assert(r->recordings[i][0] && memchr(r->recordings[i], 0, MCR_NAME_MAX));
	assert(memchr(r->comment, 0, WATCH_COMMENT_MAX));
	for (const char *c = r->comment; *c; c++)
		assert((unsigned char)*c >= ' ' && *c != 127);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct watch_stats_request stats;
	struct watch_snap_request snap;
	struct mcr_error err = {""};

	if (watch_stats_parse(&stats, (const char *)data, len, &err) == 0)
		assert(stats.groups <= WATCH_GROUPS_MAX || stats.groups == WATCH_GROUPS_WHOLE);
	else
		check_refusal(&err);
	err.text[0] = '\0';
	if (watch_snap_parse(&snap, (const char *)data, len, &err) == 0)
		check_snap(&snap);
	else
		check_refusal(&err);
	return 0;
}
