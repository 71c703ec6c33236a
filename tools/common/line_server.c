/* SPDX-License-Identifier: BSD-3-Clause */
#include "line_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "engine/os/listener.h"

#define ACCEPTS_A_POLL 8

/* One connection: it reads a request, then writes the answer, then reads the next. */
struct client {
	int fd; /* -1 = free */
	struct line_client who;
	enum {
		READING,
		WRITING, /* the answer, or what there is of it */
		WAITING, /* the answer has nothing to write yet */
	} state;
	int is_last;          /* close when the answer is out */
	uint64_t progress_ns; /* when something last went in or out */
	size_t in_len, sent;
	struct reply_text out;
	void *answer; /* NULL = all of it is in out */
	char in[LINE_REQUEST_MAX];
};

struct line_server {
	int epoll_fd;
	struct mcr_listener listener;
	const char *program;
	const struct line_server_calls *calls;
	void *ctx;
	int has_worked; /* in this poll, which then ends */
	struct client clients[LINE_CLIENTS_MAX];
};

/* ---- clients ---- */

static int watch(struct line_server *s, int op, struct client *c)
{
	static const uint32_t events[] = {[READING] = EPOLLIN, [WRITING] = EPOLLOUT};
	/* A hang-up is reported whatever events are asked for. */
	struct epoll_event event = {.events = c->state == WAITING ? 0 : events[c->state],
				    .data.ptr = c};

	return epoll_ctl(s->epoll_fd, op, c->fd, &event) < 0 ? -errno : 0;
}

static int turn_to(struct line_server *s, struct client *c, int state)
{
	if ((int)c->state == state)
		return 0;
	c->state = state;
	return watch(s, EPOLL_CTL_MOD, c);
}

static void end_answer(struct line_server *s, struct client *c)
{
	if (c->answer)
		s->calls->end(s->ctx, c->answer);
	c->answer = NULL;
	reply_clear(&c->out);
	c->sent = 0;
}

static void drop(struct line_server *s, struct client *c)
{
	end_answer(s, c);
	shutdown(c->fd, SHUT_RDWR); /* a forked child may have a copy */
	close(c->fd);               /* also takes it out of the epoll set */
	c->fd = -1;
}

/* Tells a client why and closes its connection. This fits in the buffer of a fresh socket. */
static void turn_away(int fd, const char *why)
{
	struct reply_text text = {0};

	if (reply_refuse(&text, why) == 0)
		(void)!send(fd, text.text, text.len, MSG_NOSIGNAL);
	reply_clear(&text);
	close(fd);
}

static void refuse(void *server, int fd, uint64_t now_ns)
{
	const struct line_server *s = server;
	char why[128];

	(void)now_ns;
	snprintf(why, sizeof(why), "%s has no descriptor left: raise its limit of open files",
		 s->program);
	turn_away(fd, why);
}

static struct line_client who_is(int fd)
{
	struct ucred peer = {.uid = UINT32_MAX};
	socklen_t len = sizeof(peer);

	(void)!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	return (struct line_client){peer.uid, peer.pid};
}

static unsigned connections_of(const struct line_server *s, uid_t uid)
{
	unsigned n = 0;

	for (unsigned i = 0; i < LINE_CLIENTS_MAX; i++)
		n += s->clients[i].fd >= 0 && s->clients[i].who.uid == uid;
	return n;
}

/* Who has to make room for another connection of uid: of the user who has most, the client that
 * has made no progress for longest. NULL: nobody has more than uid would have then. */
static struct client *find_excess(struct line_server *s, uid_t uid)
{
	unsigned most = connections_of(s, uid) + 1;
	struct client *excess = NULL;

	for (struct client *c = s->clients; c < s->clients + LINE_CLIENTS_MAX; c++) {
		const unsigned n = connections_of(s, c->who.uid);

		if (c->state == WAITING || n < most)
			continue;
		if (n > most || (excess && c->progress_ns < excess->progress_ns)) {
			excess = c;
			most = n;
		}
	}
	return excess;
}

static struct client *find_place(struct line_server *s, uid_t uid)
{
	struct client *c;

	for (c = s->clients; c < s->clients + LINE_CLIENTS_MAX; c++)
		if (c->fd < 0)
			return c;
	c = find_excess(s, uid);
	if (c)
		drop(s, c);
	return c;
}

static void take(void *server, int fd, uint64_t now_ns)
{
	struct line_server *s = server;
	const struct line_client who = who_is(fd);
	struct client *c = find_place(s, who.uid);

	if (!c) {
		turn_away(fd, "too many connections");
		return;
	}
	c->fd = fd;
	c->who = who;
	c->state = READING;
	c->is_last = 0;
	c->in_len = c->sent = 0;
	c->progress_ns = now_ns;
	if (watch(s, EPOLL_CTL_ADD, c) < 0)
		drop(s, c);
}

static const struct mcr_listener_calls listener_calls = {.take = take, .refuse = refuse};

/* ---- requests ---- */

/* Answers when a whole request is there. Returns 0 or -errno. */
static int take_request(struct line_server *s, struct client *c)
{
	const char *end = memchr(c->in, '\n', c->in_len);
	size_t used;
	int ret;

	if (!end && c->in_len < sizeof(c->in))
		return turn_to(s, c, READING);
	s->has_worked = 1;
	if (!end) {
		c->is_last = 1;
		ret = reply_refuse(&c->out, "request too long");
	} else {
		used = (size_t)(end - c->in) + 1;
		ret = s->calls->ask(s->ctx, &c->who, c->in, used - 1, &c->out, &c->answer);
		memmove(c->in, c->in + used, c->in_len - used);
		c->in_len -= used;
	}
	return ret < 0 ? ret : turn_to(s, c, WRITING);
}

static int read_more(struct line_server *s, struct client *c, uint64_t now_ns)
{
	ssize_t n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, 0);

	if (n == 0)
		return -EPIPE;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	c->in_len += (size_t)n;
	c->progress_ns = now_ns;
	return take_request(s, c);
}

/* ---- answers ---- */

static int end_request(struct line_server *s, struct client *c)
{
	if (c->is_last)
		return -EPIPE;
	end_answer(s, c);
	return take_request(s, c);
}

/* Makes a piece. Returns 0 or -errno. */
static int make_more(struct line_server *s, struct client *c)
{
	int ret;

	c->out.len = c->sent = 0;
	s->has_worked = 1;
	ret = s->calls->more(s->ctx, c->answer, &c->out);
	if (ret == 0) {
		s->calls->end(s->ctx, c->answer);
		c->answer = NULL;
	}
	return ret < 0 ? ret : turn_to(s, c, ret == 1 && c->out.len == 0 ? WAITING : WRITING);
}

static int write_more(struct line_server *s, struct client *c, uint64_t now_ns)
{
	ssize_t n;
	int ret;

	if (c->sent == c->out.len) {
		ret = c->answer ? make_more(s, c) : end_request(s, c);
		c->progress_ns = now_ns;
		return ret;
	}
	n = send(c->fd, c->out.text + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	c->sent += (size_t)n;
	c->progress_ns = now_ns;
	return 0;
}

static void serve(struct line_server *s, struct client *c, uint32_t events, uint64_t now_ns)
{
	int ret = 0;

	if (c->fd < 0)
		return;
	if (events & EPOLLERR || (c->state != READING && events & EPOLLHUP))
		ret = -EPIPE;
	else if (c->state == WRITING)
		ret = write_more(s, c, now_ns);
	else if (c->state == READING)
		ret = read_more(s, c, now_ns);
	if (ret < 0)
		drop(s, c);
}

/* What time alone brings. */
static void look_at(struct line_server *s, struct client *c, uint64_t now_ns)
{
	int ret = 0;

	if (c->fd >= 0 && c->state == WAITING) {
		ret = make_more(s, c);
		c->progress_ns = now_ns;
	} else if (c->fd >= 0 && now_ns > c->progress_ns + LINE_PATIENCE_NS) {
		ret = -ETIMEDOUT;
	}
	if (ret < 0)
		drop(s, c);
}

/* ---- the server ---- */

int line_server_create(struct line_server **out, const struct line_server_config *config,
		       struct mcr_error *err)
{
	struct line_server *s = calloc(1, sizeof(*s));
	struct mcr_listener_config listener = {
	    .path = config->path,
	    .what = config->what,
	    .type = SOCK_STREAM,
	    .backlog = LINE_CLIENTS_MAX,
	    .mode = config->mode,
	    .gid = config->gid,
	    .calls = &listener_calls,
	    .ctx = s,
	};
	int ret;

	if (!s)
		return mcr_error_set(err, -ENOMEM, "%s: out of memory", config->what);
	s->listener = (struct mcr_listener)MCR_LISTENER_CLOSED;
	s->program = config->program;
	s->calls = config->calls;
	s->ctx = config->ctx;
	for (unsigned i = 0; i < LINE_CLIENTS_MAX; i++)
		s->clients[i].fd = -1;
	s->epoll_fd = listener.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0)
		ret = mcr_error_set(err, -errno, "%s %s: %s", config->what, config->path,
				    strerror(errno));
	else
		ret = mcr_listener_open(&s->listener, &listener, err);
	if (ret < 0) {
		line_server_destroy(s);
		return ret;
	}
	*out = s;
	return 0;
}

int line_server_fd(const struct line_server *s)
{
	return s->epoll_fd;
}

void line_server_poll(struct line_server *s, uint64_t now_ns)
{
	int has_accepted = 0;

	s->has_worked = 0;
	for (unsigned i = 0; i <= LINE_CLIENTS_MAX && !s->has_worked; i++) {
		struct epoll_event event; /* one by one: epoll then takes turns by itself */

		if (epoll_wait(s->epoll_fd, &event, 1, 0) != 1)
			break;
		if (event.data.ptr) {
			serve(s, event.data.ptr, event.events, now_ns);
			continue;
		}
		if (has_accepted++) /* all others had their turn */
			break;
		mcr_listener_accept(&s->listener, now_ns, ACCEPTS_A_POLL);
	}
	for (struct client *c = s->clients; c < s->clients + LINE_CLIENTS_MAX; c++)
		look_at(s, c, now_ns);
	mcr_listener_watch(&s->listener, now_ns);
}

void line_server_destroy(struct line_server *s)
{
	if (!s)
		return;
	for (struct client *c = s->clients; c < s->clients + LINE_CLIENTS_MAX; c++)
		if (c->fd >= 0)
			drop(s, c);
	mcr_listener_close(&s->listener);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	free(s);
}
