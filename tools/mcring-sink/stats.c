/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "../common/clock.h"
#include "../common/engine_path.h"
#include "../common/reply.h"
#include "../common/request.h"
#include "core/error.h"
#include "rows.h"

/* {"command":"stats"}; "groups", which engines are asked for, too, means nothing here. */
static int parse(const char *text, size_t len, struct mcr_error *err)
{
	json_t *request = request_parse(text, len, "mcring-sink", "stats",
					"ask an engine's socket for the rest", err);
	json_t *value;
	const char *key;
	int ret = request ? 0 : -EINVAL;

	json_object_foreach(request, key, value)
	{
		if (strcmp(key, "command") != 0 && strcmp(key, "groups") != 0)
			ret = request_unknown_member(key, "stats", "no other", err);
	}
	json_decref(request);
	return ret;
}

/* The last part of the engine's run directory. */
static const char *engine_of(const struct sink *s, char path[ENGINE_PATH_MAX])
{
	const char *origin;
	char *end, *name;

	if (engine_path(path, s->options->run_dir, s->options->engine, "", &origin) < 0)
		return "?";
	end = path + strlen(path);
	while (end > path + 1 && end[-1] == '/')
		*--end = '\0';
	name = strrchr(path, '/');
	return name && name[1] ? name + 1 : path;
}

static json_t *state_of(const struct sink *s)
{
	const uint64_t now_ns = realtime_ns();
	char path[ENGINE_PATH_MAX], name[SINK_NAME_MAX + 8];
	const char *engine = engine_of(s, path);
	json_t *state, *list = json_array();

	snprintf(name, sizeof(name), "sink-%s", s->options->name);
	state = reply_head(name, "mcring-sink", MCR_VERSION, s->started_ns, now_ns);
	json_object_set_new(state, "sink", sink_row_whole(s));
	for (unsigned i = 0; i < s->n_sources; i++)
		json_array_append_new(list, sink_row_source(s->sources[i], engine, now_ns));
	json_object_set_new(state, "sources", list);
	return state;
}

/* All at once: the sources are few. */
static int ask(void *ctx, const struct line_client *who, const char *text, size_t len,
	       struct reply_text *out, void **answer)
{
	struct mcr_error err = {"failed"};
	int ret;

	(void)who;
	(void)answer;
	if (parse(text, len, &err) < 0)
		return reply_refuse(out, err.text);
	ret = reply_json(out, state_of(ctx));
	return ret < 0 ? ret : reply_add(out, "\n");
}

const struct line_server_calls sink_stats_calls = {.ask = ask};

int sink_stats_listen(struct line_server **out, struct sink *s, const char *state_dir,
		      struct mcr_error *err)
{
	char path[ENGINE_PATH_MAX];
	const struct line_server_config config = {.program = "mcring-sink",
						  .path = path,
						  .what = "stats socket",
						  .mode = s->options->stats_mode,
						  .gid = s->options->stats_gid,
						  .calls = &sink_stats_calls,
						  .ctx = s};
	struct epoll_event event = {.events = EPOLLIN};
	int ret = snprintf(path, sizeof(path), "%s/stats", state_dir);

	if (ret >= (int)sizeof(path))
		return mcr_error_set(err, -ENAMETOOLONG, "%s/stats: too long for a socket",
				     state_dir);
	ret = line_server_create(out, &config, err);
	if (ret < 0)
		return ret;
	event.data.fd = line_server_fd(*out);
	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, event.data.fd, &event) == 0)
		return 0;
	ret = mcr_error_set(err, -errno, "%s: %s", path, strerror(errno));
	line_server_destroy(*out);
	*out = NULL;
	return ret;
}
