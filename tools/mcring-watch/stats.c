/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats.h"

#include <errno.h>
#include <stdlib.h>

#include "../common/clock.h"
#include "request.h"
#include "state_json.h"

static void end(void *ctx, void *answer)
{
	(void)ctx;
	watch_state_clear(answer);
	free(answer);
}

static int ask(void *ctx, const struct line_client *who, const char *text, size_t len,
	       struct reply_text *out, void **answer)
{
	struct watch_stats_request request;
	struct watch_state_json *state;
	struct mcr_error err = {"failed"};
	int ret = watch_stats_parse(&request, text, len, &err);

	(void)who;
	if (ret < 0)
		return reply_refuse(out, err.text);
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	ret = watch_state_begin(state, out, ctx, request.groups, realtime_ns());
	if (ret < 0)
		end(ctx, state);
	else
		*answer = state;
	return ret;
}

static int more(void *ctx, void *answer, struct reply_text *out)
{
	(void)ctx;
	return watch_state_more(answer, out);
}

const struct line_server_calls watch_stats_calls = {.ask = ask, .more = more, .end = end};
