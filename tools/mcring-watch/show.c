/* SPDX-License-Identifier: BSD-3-Clause */
#include "show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/line_log.h"
#include "../common/line_server.h"
#include "../common/wrap.h"
#include "core/error.h"
#include "minute.h"
#include "options.h"
#include "out.h"
#include "snap.h"
#include "state_json.h"
#include "stats.h"
#include "table.h"

#define ROWS 24 /* of a terminal that does not say */

struct show {
	struct watch *watch;
	struct line_server *stats, *snap;
	struct watch_out out; /* standard output */
	int is_terminal;
	int is_awaited; /* epoll asks for room in standard output */
	struct watch_table table;
	struct watch_minute minute;
	struct watch_state_json state; /* of --json: it is made while text has some of it */
	struct reply_text text;
	uint64_t shown_ns, minute_ns; /* monotonic */
};

/* ---- standard output ---- */

static void show_table(struct show *s)
{
	struct winsize size = {0};
	size_t len = 0, columns;
	char *text;

	if (s->is_terminal)
		ioctl(s->out.fd, TIOCGWINSZ, &size);
	columns = size.ws_col > 0 ? size.ws_col : CTL_COLUMNS;
	text = watch_table_text(&s->table, s->watch, columns, realtime_ns(), &len);
	if (text && s->is_terminal)
		text =
		    watch_table_screen(text, size.ws_row > 0 ? size.ws_row : ROWS, columns, &len);
	if (text)
		watch_out_put(&s->out, text, len);
}

static void begin_json(struct show *s)
{
	if (s->text.text ||
	    watch_state_begin(&s->state, &s->text, s->watch, WATCH_ALL_GROUPS, realtime_ns()) == 0)
		return;
	watch_state_clear(&s->state);
	reply_clear(&s->text);
}

static void go_on_with_json(struct show *s)
{
	const int ret = watch_state_more(&s->state, &s->text);

	if (ret == 1)
		return;
	if (ret == 0) {
		watch_out_put(&s->out, s->text.text, s->text.len);
		s->text = (struct reply_text){0};
	}
	watch_state_clear(&s->state);
	reply_clear(&s->text);
}

/* What is left is written when there is room: epoll knows of it, but for a file, which always has
 * some. */
static void await_room(struct show *s, int is_awaited)
{
	struct epoll_event event = {.events = EPOLLOUT, .data.fd = s->out.fd};

	if (s->is_awaited == is_awaited)
		return;
	epoll_ctl(s->watch->epoll_fd, is_awaited ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->out.fd,
		  &event);
	s->is_awaited = is_awaited;
}

static void show_state(struct show *s, uint64_t now_ns)
{
	if (now_ns - s->shown_ns >= s->watch->options->interval_ns) {
		s->shown_ns = now_ns;
		if (s->watch->options->output == WATCH_TABLE)
			show_table(s);
		else if (s->watch->options->output == WATCH_JSON)
			begin_json(s);
	}
	if (s->text.text)
		go_on_with_json(s);
	await_room(s, watch_out_go_on(&s->out));
}

/* ---- the log ---- */

static void log_minute(struct show *s, uint64_t now_ns)
{
	char text[LINE_LOG_MAX];

	if (now_ns - s->minute_ns < WATCH_MINUTE_NS)
		return;
	s->minute_ns = now_ns;
	line_log(&s->watch->log, "%s", watch_minute_text(&s->minute, s->watch, text, sizeof(text)));
}

/* ---- all of it ---- */

static int listen_at(struct line_server **out, struct watch *w, const char *name,
		     const struct watch_socket *socket, const struct line_server_calls *calls,
		     struct mcr_error *err)
{
	char path[WATCH_PATH_MAX + 16], what[32];
	const struct line_server_config config = {.program = "mcring-watch",
						  .path = path,
						  .what = what,
						  .mode = socket->mode,
						  .gid = socket->gid,
						  .calls = calls,
						  .ctx = w};
	struct epoll_event event = {.events = EPOLLIN};
	int ret;

	snprintf(path, sizeof(path), "%s/%s", w->state_dir, name);
	snprintf(what, sizeof(what), "%s socket", name);
	ret = line_server_create(out, &config, err);
	if (ret < 0)
		return ret;
	event.data.fd = line_server_fd(*out);
	if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, event.data.fd, &event) < 0)
		return mcr_error_set(err, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

int show_create(struct show **out, struct watch *w, struct mcr_error *err)
{
	struct show *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return mcr_error_set(err, -ENOMEM, "out of memory");
	s->watch = w;
	s->out.fd = STDOUT_FILENO;
	s->minute_ns = s->shown_ns = monotonic_ns();
	s->is_terminal = w->options->output == WATCH_TABLE && isatty(STDOUT_FILENO);
	ret = listen_at(&s->stats, w, "stats", &w->options->stats, &watch_stats_calls, err);
	if (ret == 0)
		ret = listen_at(&s->snap, w, "snap", &w->options->snap, &watch_snap_calls, err);
	if (ret < 0) {
		show_destroy(s);
		return ret;
	}
	if (s->is_terminal && isatty(w->log.fd))
		w->log.fd = -1;
	if (s->is_terminal)
		watch_out_put(&s->out, strdup("\033[2J"), 4);
	*out = s;
	return 0;
}

int show_poll(struct show *s, uint64_t now_ns)
{
	line_server_poll(s->stats, now_ns);
	line_server_poll(s->snap, now_ns);
	log_minute(s, now_ns);
	if (s->watch->options->output != WATCH_LOG)
		show_state(s, now_ns);
	return s->out.error ? -EPIPE : 0;
}

void show_destroy(struct show *s)
{
	if (!s)
		return;
	line_server_destroy(s->stats);
	line_server_destroy(s->snap);
	watch_out_clear(&s->out);
	watch_table_clear(&s->table);
	watch_minute_clear(&s->minute);
	watch_state_clear(&s->state);
	reply_clear(&s->text);
	free(s);
}
