/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket's requests: any line gives one line of JSON, with ok. */
#include <assert.h>
#include <string.h>

#include <jansson.h>

#include "engine/control/control_command.h"
#include "fake_engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int answer(struct mcr_control_reply *reply, const struct mcr_control_source *src,
		  const char *text, size_t len)
{
	const struct mcr_error report = {"did"};
	struct mcr_control_request request;
	struct mcr_error err = {"failed"};
	int ret = mcr_control_request_parse(&request, text, len, NULL, &err);

	if (ret < 0)
		ret = mcr_control_reply_refuse(reply, err.text);
	else if (request.command == MCR_CONTROL_RELOAD)
		ret = mcr_control_reply_reload(reply, -request.dry_run, &report);
	else
		ret = mcr_control_command_run(reply, src, &request);
	mcr_control_request_clear(&request);
	return ret;
}

/* What a monitor may send. */
static void only_reads(const char *text, size_t len)
{
	struct mcr_control_request request;
	struct mcr_error err;

	if (mcr_control_request_parse(&request, text, len, "/run/md/control", &err) == 0)
		assert(request.command != MCR_CONTROL_JOIN &&
		       request.command != MCR_CONTROL_LEAVE &&
		       request.command != MCR_CONTROL_RELOAD &&
		       request.command != MCR_CONTROL_OPEN_FILTER && request.joins.n == 0);
	mcr_control_request_clear(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct mcr_channel_config def = {.name = "default"};
	struct mcr_engine engine = {.n_groups = 50};
	struct mcr_control_source src = {.engine = &engine, .name = "md"};
	struct mcr_control_reply reply = {.text = NULL};
	json_t *parsed;

	mcr_engine_channel_add(&engine, &def, NULL);
	only_reads((const char *)data, len);
	assert(answer(&reply, &src, (const char *)data, len) == 0);
	while (reply.section)
		assert(mcr_control_reply_more(&reply, &src) == 0);
	assert(reply.len > 0 && reply.text[reply.len - 1] == '\n');
	assert(memchr(reply.text, '\n', reply.len) == reply.text + reply.len - 1);
	parsed = json_loadb(reply.text, reply.len, JSON_REJECT_DUPLICATES, NULL);
	assert(parsed && json_is_boolean(json_object_get(parsed, "ok")));
	json_decref(parsed);
	mcr_control_reply_clear(&reply);
	fake_engine_clear(&engine);
	return 0;
}
