/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "engine/control/control_command.h"
#include "engine/control/control_server.h"
#include "engine/os/listener.h"

#define RECV_A_POLL    65536
#define ACCEPTS_A_POLL 8 /* the more wait, the longer an honest client waits among them */

/* One connection: it reads a request, then writes the answer, then reads the next. */
struct client {
	int fd; /* -1 = free */
	uint32_t uid;
	int writing;
	int waiting;          /* for a reload: nothing is read or written until it has ended */
	int last;             /* close when the answer is out */
	uint64_t progress_ns; /* when something last went in or out */
	char *in;
	size_t in_len, in_cap;
	struct mcr_control_reply reply;
};

struct mcr_control_server {
	int epoll_fd;
	struct mcr_listener listener;
	int has_worked; /* in this poll, which then ends: a request may change all joins */
	char name[MCR_NAME_MAX], version[16];
	char *changes_at; /* NULL = here */
	struct mcr_control_source src;
	int (*reload)(void *ctx, int dry_run, struct mcr_error *report);
	void *ctx;
	enum {
		NO_RELOAD,
		RELOAD_ASKED,
		RELOAD_UNDER_WAY
	} reload_state;
	int dry_run; /* of the reload that was asked for */
	uint32_t request_max;
	unsigned n_clients; /* places */
	struct client clients[];
};

static int watch(struct mcr_control_server *s, int op, int fd, uint32_t events, void *ptr)
{
	struct epoll_event event = {.events = events, .data.ptr = ptr};

	return epoll_ctl(s->epoll_fd, op, fd, &event) < 0 ? -errno : 0;
}

/* ---- clients ---- */

static void drop_client(struct client *c)
{
	if (c->fd >= 0) {
		shutdown(c->fd, SHUT_RDWR); /* a forked child may have a copy */
		close(c->fd);               /* also takes it out of the epoll set */
	}
	free(c->in);
	mcr_control_reply_clear(&c->reply);
	*c = (struct client){.fd = -1};
}

/* Tells a client why and closes its connection. This fits in the buffer of a fresh socket. */
static void turn_away(int fd, const char *why)
{
	struct mcr_control_reply reply = {.text = NULL};

	if (mcr_control_reply_refuse(&reply, why) == 0)
		(void)!send(fd, reply.text, reply.len, MSG_NOSIGNAL);
	mcr_control_reply_clear(&reply);
	close(fd);
}

static void refuse_client(void *server, int fd, uint64_t now_ns)
{
	(void)server;
	(void)now_ns;
	turn_away(fd, "the engine has no descriptor left: raise its limit of open files");
}

static uint32_t user_of(int fd)
{
	struct ucred peer = {.uid = UINT32_MAX};
	socklen_t len = sizeof(peer);

	(void)!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	return peer.uid;
}

static unsigned connections_of(const struct mcr_control_server *s, uint32_t uid)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_clients; i++)
		n += s->clients[i].fd >= 0 && s->clients[i].uid == uid;
	return n;
}

/* Who has to make room for another connection of uid: of the user who has most, the client that
 * has made no progress for longest. NULL: nobody has more than uid would have then. */
static struct client *find_excess(struct mcr_control_server *s, uint32_t uid)
{
	unsigned most = connections_of(s, uid) + 1;
	struct client *excess = NULL;

	for (struct client *c = s->clients; c < s->clients + s->n_clients; c++) {
		unsigned n = connections_of(s, c->uid);

		if (c->waiting || n < most)
			continue;
		if (n > most || (excess && c->progress_ns < excess->progress_ns)) {
			excess = c;
			most = n;
		}
	}
	return excess;
}

static struct client *find_place(struct mcr_control_server *s, uint32_t uid)
{
	struct client *c;

	for (c = s->clients; c < s->clients + s->n_clients; c++)
		if (c->fd < 0)
			return c;
	c = find_excess(s, uid);
	if (c)
		drop_client(c);
	return c;
}

static void take_client(void *server, int fd, uint64_t now_ns)
{
	struct mcr_control_server *s = server;
	const uint32_t uid = user_of(fd);
	struct client *c = find_place(s, uid);

	if (!c) {
		turn_away(fd, "too many connections");
		return;
	}
	*c = (struct client){.fd = fd, .uid = uid, .progress_ns = now_ns};
	if (watch(s, EPOLL_CTL_ADD, fd, EPOLLIN, c) < 0)
		drop_client(c);
}

static const struct mcr_listener_calls listener_calls = {.take = take_client,
							 .refuse = refuse_client};

/* Only notes the request: carry_out_reload is called when no client is being served. */
static int ask_for_reload(struct mcr_control_server *s, struct client *c, int dry_run)
{
	if (!s->reload)
		return mcr_control_reply_refuse(
		    &c->reply,
		    "this engine has no configuration file: start it with --config FILE");
	if (s->reload_state != NO_RELOAD)
		return mcr_control_reply_refuse(
		    &c->reply, "another reload is under way: ask again when it has ended");
	s->reload_state = RELOAD_ASKED;
	s->dry_run = dry_run;
	c->waiting = 1;
	return 0;
}

/* Carries out the first request, of len octets. Returns 0 or -errno. */
static int carry_out(struct mcr_control_server *s, struct client *c, size_t len)
{
	struct mcr_control_request request;
	struct mcr_error err = {"failed"};
	int ret = mcr_control_request_parse(&request, c->in, len, s->changes_at, &err);

	if (ret < 0)
		ret = mcr_control_reply_refuse(&c->reply, err.text);
	else if (request.command == MCR_CONTROL_RELOAD)
		ret = ask_for_reload(s, c, request.dry_run);
	else
		ret = mcr_control_command_run(&c->reply, &s->src, &request);
	mcr_control_request_clear(&request);
	if (ret < 0)
		return ret;
	c->writing = !c->waiting;
	/* A hang-up is reported whatever events are asked for. */
	return watch(s, EPOLL_CTL_MOD, c->fd, c->writing ? EPOLLOUT : 0, c);
}

/* Begins the answer when a whole request is there. Returns 0 or -errno. */
static int take_request(struct mcr_control_server *s, struct client *c)
{
	const char *end = c->in_len ? memchr(c->in, '\n', c->in_len) : NULL;
	size_t used = end ? (size_t)(end - c->in) + 1 : 0;
	int ret;

	if (end) {
		s->has_worked = 1;
		ret = carry_out(s, c, used - 1);
		memmove(c->in, c->in + used, c->in_len - used);
		c->in_len -= used;
		return ret;
	}
	if (c->in_len < s->request_max)
		return 0;
	ret = mcr_control_reply_refuse(&c->reply, "request too long");
	c->last = 1;
	c->writing = 1;
	return ret < 0 ? ret : watch(s, EPOLL_CTL_MOD, c->fd, EPOLLOUT, c);
}

/* Makes room for what one recv takes. Returns its octets, or 0: no memory. */
static size_t make_room(const struct mcr_control_server *s, struct client *c)
{
	const size_t left = s->request_max - c->in_len;
	const size_t room = left < RECV_A_POLL ? left : RECV_A_POLL;
	char *bigger;

	if (c->in_cap - c->in_len >= room)
		return room;
	bigger = realloc(c->in, c->in_len + room);
	if (!bigger)
		return 0;
	c->in = bigger;
	c->in_cap = c->in_len + room;
	return room;
}

static int read_client(struct mcr_control_server *s, struct client *c, uint64_t now_ns)
{
	const size_t room = make_room(s, c);
	ssize_t n;

	if (room == 0)
		return -ENOMEM;
	n = recv(c->fd, c->in + c->in_len, room, 0);
	if (n == 0)
		return -EPIPE;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	c->in_len += (size_t)n;
	c->progress_ns = now_ns;
	return take_request(s, c);
}

static int finish_reply(struct mcr_control_server *s, struct client *c)
{
	if (c->last)
		return -EPIPE;
	mcr_control_reply_clear(&c->reply);
	c->writing = 0;
	if (watch(s, EPOLL_CTL_MOD, c->fd, EPOLLIN, c) < 0)
		return -EPIPE;
	return take_request(s, c);
}

/* What is collected to answer `why` may be many MB, so one answer is looked for at a time. */
static int has_to_wait(const struct mcr_control_server *s, const struct client *c)
{
	if (!mcr_control_reply_is_to_look(&c->reply))
		return 0;
	for (unsigned i = 0; i < s->n_clients; i++)
		if (mcr_control_reply_is_looking(&s->clients[i].reply))
			return 1;
	return 0;
}

static int write_client(struct mcr_control_server *s, struct client *c, uint64_t now_ns)
{
	struct mcr_control_reply *r = &c->reply;
	ssize_t n;

	if (r->sent == r->len) {
		c->progress_ns = now_ns;
		if (has_to_wait(s, c))
			return 0;
		r->sent = r->len = 0;
		s->has_worked = 1;
		if (mcr_control_reply_more(r, &s->src) < 0)
			return -ENOMEM;
		if (r->len == 0)
			return 0; /* it has not found its answer yet */
	}
	n = send(c->fd, r->text + r->sent, r->len - r->sent, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	r->sent += (size_t)n;
	c->progress_ns = now_ns;
	return r->sent == r->len && !r->section ? finish_reply(s, c) : 0;
}

static void serve(struct mcr_control_server *s, struct client *c, uint32_t events, uint64_t now_ns)
{
	int ret = 0;

	if (c->fd < 0)
		return;
	if (events & EPOLLERR || ((c->writing || c->waiting) && events & EPOLLHUP))
		ret = -EPIPE;
	else if (c->writing)
		ret = write_client(s, c, now_ns);
	else if (!c->waiting)
		ret = read_client(s, c, now_ns);
	if (ret < 0)
		drop_client(c);
}

/* ---- the server ---- */

static int open_server(struct mcr_control_server *s, const struct mcr_control_server_config *cfg,
		       struct mcr_error *err)
{
	struct mcr_listener_config listener = {
	    .path = cfg->path,
	    .what = cfg->what,
	    .type = SOCK_STREAM,
	    .backlog = (int)cfg->clients_max,
	    .mode = cfg->mode,
	    .gid = cfg->gid,
	    .calls = &listener_calls,
	    .ctx = s,
	};

	s->epoll_fd = listener.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0)
		return mcr_error_set(err, -errno, "%s %s: %s", cfg->what, cfg->path,
				     strerror(errno));
	return mcr_listener_open(&s->listener, &listener, err);
}

int mcr_control_server_create(struct mcr_control_server **out, struct mcr_engine *engine,
			      const struct mcr_control_server_config *cfg, struct mcr_error *err)
{
	struct mcr_control_server *s =
	    calloc(1, sizeof(*s) + cfg->clients_max * sizeof(s->clients[0]));
	int ret;

	if (!s)
		return mcr_error_set(err, -ENOMEM, "%s %s: out of memory", cfg->what, cfg->path);
	s->listener = (struct mcr_listener)MCR_LISTENER_CLOSED;
	s->epoll_fd = -1;
	s->n_clients = cfg->clients_max;
	for (unsigned i = 0; i < s->n_clients; i++)
		s->clients[i].fd = -1;
	snprintf(s->name, sizeof(s->name), "%s", cfg->name ? cfg->name : "");
	snprintf(s->version, sizeof(s->version), "%s", cfg->version ? cfg->version : "");
	s->src = (struct mcr_control_source){.engine = engine,
					     .name = s->name,
					     .version = s->version,
					     .started_ns = cfg->started_ns};
	s->request_max = cfg->request_max;
	s->reload = cfg->reload;
	s->ctx = cfg->ctx;
	if (cfg->changes_at)
		s->changes_at = strdup(cfg->changes_at);
	if (cfg->changes_at && !s->changes_at)
		ret = mcr_error_set(err, -ENOMEM, "%s %s: out of memory", cfg->what, cfg->path);
	else
		ret = open_server(s, cfg, err);
	if (ret < 0) {
		mcr_control_server_destroy(s);
		return ret;
	}
	*out = s;
	return 0;
}

int mcr_control_server_fd(const struct mcr_control_server *server)
{
	return server->epoll_fd;
}

void mcr_control_server_reload_done(struct mcr_control_server *s, int result,
				    const struct mcr_error *report, uint64_t now_ns)
{
	s->reload_state = NO_RELOAD;
	for (unsigned i = 0; i < s->n_clients; i++) {
		struct client *c = &s->clients[i];

		if (c->fd < 0 || !c->waiting)
			continue;
		c->waiting = 0;
		c->writing = 1;
		c->progress_ns = now_ns;
		if (mcr_control_reply_reload(&c->reply, result, report) < 0 ||
		    watch(s, EPOLL_CTL_MOD, c->fd, EPOLLOUT, c) < 0)
			drop_client(c);
	}
}

/* Calls the application, which may change the engine that polls this server, and may give its
 * answer at once. So this is the only place that calls it: no client is being served, and the
 * server is in the state that it has between two polls. */
static void carry_out_reload(struct mcr_control_server *s, uint64_t now_ns)
{
	struct mcr_error report = {"done"};
	int ret;

	s->reload_state = RELOAD_UNDER_WAY;
	ret = s->reload(s->ctx, s->dry_run, &report);
	if (ret != MCR_RELOAD_LATER)
		mcr_control_server_reload_done(s, ret, &report, now_ns);
}

void mcr_control_server_poll(struct mcr_control_server *s, uint64_t now_ns)
{
	int has_accepted = 0;

	s->has_worked = 0;
	for (unsigned i = 0; i <= s->n_clients && !s->has_worked; i++) {
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
	for (unsigned i = 0; i < s->n_clients; i++) {
		struct client *c = &s->clients[i];

		if (c->fd >= 0 && !c->waiting && now_ns > c->progress_ns + MCR_CONTROL_PATIENCE_NS)
			drop_client(c);
	}
	mcr_listener_watch(&s->listener, now_ns);
	if (s->reload_state == RELOAD_ASKED)
		carry_out_reload(s, now_ns);
}

void mcr_control_server_destroy(struct mcr_control_server *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->n_clients; i++)
		drop_client(&s->clients[i]);
	mcr_listener_close(&s->listener);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	free(s->changes_at);
	free(s);
}
