/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "engine/attach/attach_feeds.h"
#include "engine/attach/attach_join.h"
#include "engine/attach/attach_kept.h"
#include "engine/attach/attach_limits.h"
#include "engine/attach/attach_log.h"
#include "engine/attach/attach_program.h"
#include "engine/attach/attach_reply.h"
#include "engine/attach/attach_server.h"
#include "engine/attach/attach_session.h"
#include "engine/attach/attach_slots.h"

#define LISTENER UINT64_MAX /* epoll data; else a slot's index */
#define EVENTS   64         /* handled per call */
#define ACCEPTS  64
#define BACKLOG  1024 /* so much that one user's waiting connections hold up nobody */

/* ---- connections ---- */

/* Looks for a hello first: a client is not cut off because this thread was late. Returns 1 when the
 * connection was cut off. */
static int cut_off_silent(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			  uint64_t now_ns)
{
	mcr_attach_on_hello(s, slot, now_ns);
	if (slot->state != MCR_SLOT_HALF_OPEN)
		return 0;
	mcr_attach_send_refusal(slot->fd, -ETIMEDOUT, "connected and said nothing for %llu ms",
				(unsigned long long)(now_ns - slot->since_ns) / 1000000);
	mcr_attach_slot_release(s, slot);
	return 1;
}

/* Takes the hello first: to close with unread data would hide the answer behind an ECONNRESET. */
static void refuse_connection(void *server, int fd, uint64_t now_ns)
{
	char byte;

	(void)!recv(fd, &byte, 1, MSG_DONTWAIT);
	mcr_attach_send_refusal(
	    fd, -EBUSY,
	    "the engine has no descriptor left for another consumer: raise its limit "
	    "of open files");
	close(fd); /* before the warning: the application's log may need a descriptor */
	mcr_attach_warn_descriptors(server, now_ns, EMFILE, "a connection was refused");
}

/* The hello has mostly arrived already, so hardly any client but a silent one is half open. */
static void take_connection(void *server, int fd, uint64_t now_ns)
{
	struct mcr_attach_server *s = server;
	struct mcr_attach_slot *slot, *excess;
	uint32_t uid;
	int ret;

	if (s->half_open == MCR_ATTACH_HALF_OPEN_MAX)
		cut_off_silent(s, mcr_attach_find_silent(s, now_ns), now_ns);
	ret = mcr_attach_slot_take(s, &slot, fd, now_ns);
	if (ret < 0) {
		mcr_attach_warn_descriptors(s, now_ns, -ret, "a connection was dropped");
		close(fd);
		return;
	}
	mcr_attach_on_hello(s, slot, now_ns);
	if (slot->state != MCR_SLOT_HALF_OPEN)
		return;
	uid = slot->uid;
	excess = mcr_attach_find_excess(s, uid);
	if (excess && cut_off_silent(s, excess, now_ns))
		mcr_attach_warn(s, now_ns, MCR_ATTACH_WARNING_SILENT,
				"user %u has more than %d silent connections: the oldest was cut "
				"off",
				uid, MCR_ATTACH_HALF_OPEN_PER_UID);
}

static int has_room(void *server, uint64_t now_ns)
{
	struct mcr_attach_server *s = server;

	return s->half_open < MCR_ATTACH_HALF_OPEN_MAX || mcr_attach_find_silent(s, now_ns);
}

static void log_failure(void *server, int code, uint64_t now_ns)
{
	mcr_attach_warn_descriptors(server, now_ns, -code, "nobody can connect");
}

static const struct mcr_listener_calls listener_calls = {.take = take_connection,
							 .refuse = refuse_connection,
							 .has_room = has_room,
							 .fail = log_failure};

/* ---- the server ---- */

static int check_config(const struct mcr_attach_config *config, struct mcr_error *err)
{
	if (config->mode > 0777)
		return mcr_error_set(err, -EINVAL, "attach socket: mode 0%o: expected 0 to 0777",
				     config->mode);
	if (config->consumers_max > MCR_CONSUMERS_MAX)
		return mcr_error_set(err, -EINVAL, "%u consumers: an engine takes at most %d",
				     config->consumers_max, MCR_CONSUMERS_MAX);
	return 0;
}

static int open_server(struct mcr_attach_server *s, const char *path, struct mcr_error *err)
{
	struct mcr_listener_config listener = {
	    .path = path,
	    .what = "attach socket",
	    .type = SOCK_SEQPACKET,
	    .backlog = BACKLOG,
	    .mode = s->config.mode,
	    .gid = s->config.gid,
	    .data = LISTENER,
	    .calls = &listener_calls,
	    .ctx = s,
	};

	s->epoll_fd = listener.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0)
		return mcr_error_set(err, -errno, "attach server: epoll: %s", strerror(errno));
	return path ? mcr_listener_open(&s->listener, &listener, err) : 0;
}

int mcr_attach_server_create(struct mcr_attach_server **out, const char *path,
			     const struct mcr_attach_config *config, struct mcr_error *err)
{
	struct mcr_attach_server *s;
	int ret = check_config(config, err);

	if (ret < 0)
		return ret;
	s = calloc(1, sizeof(*s));
	if (!s)
		return mcr_error_set(err, -ENOMEM, "attach server: no memory");
	s->config = *config;
	if (s->config.consumers_max == 0)
		s->config.consumers_max = MCR_CONSUMERS_MAX;
	s->listener = (struct mcr_listener)MCR_LISTENER_CLOSED;
	ret = open_server(s, path, err);
	if (ret < 0) {
		mcr_attach_server_destroy(s);
		return ret;
	}
	*out = s;
	return 0;
}

static void end_half_open(struct mcr_attach_server *s, uint64_t now_ns)
{
	for (size_t i = 0; i < MCR_ATTACH_SLOTS && s->half_open > 0; i++)
		if (s->slots[i].state == MCR_SLOT_HALF_OPEN &&
		    now_ns - s->slots[i].since_ns > MCR_ATTACH_HELLO_NS)
			cut_off_silent(s, &s->slots[i], now_ns);
}

void mcr_attach_server_poll(struct mcr_attach_server *s, uint64_t now_ns)
{
	s->joins_asked = 0;
	for (int i = 0; i < EVENTS && !s->joins_asked; i++) {
		struct epoll_event event; /* one by one: epoll then takes turns by itself */
		uint64_t index;

		if (epoll_wait(s->epoll_fd, &event, 1, 0) != 1)
			break;
		index = event.data.u64;
		if (index == LISTENER)
			mcr_listener_accept(&s->listener, now_ns, ACCEPTS);
		else if (s->slots[index].state == MCR_SLOT_HALF_OPEN)
			mcr_attach_on_hello(s, &s->slots[index], now_ns);
		else if (s->slots[index].state == MCR_SLOT_WAITING)
			mcr_attach_on_waiting(s, &s->slots[index]);
		else if (s->slots[index].state == MCR_SLOT_ATTACHED)
			mcr_attach_on_attached(s, &s->slots[index], now_ns);
		else if (s->slots[index].state == MCR_SLOT_FEED)
			mcr_attach_on_feed(s, &s->slots[index]);
	}
	if (s->feeds_changed)
		mcr_attach_notify_feeds(s);
	if (s->joiner_ended)
		mcr_attach_leave_ended(s);
	mcr_attach_end_programs(s);
	if (s->half_open > 0)
		end_half_open(s, now_ns);
	mcr_attach_end_waiting(s, now_ns);
	mcr_attach_slots_settle(s, now_ns);
	mcr_listener_watch(&s->listener, now_ns);
}

unsigned mcr_attach_server_descriptors(const struct mcr_attach_server *s)
{
	unsigned n = s->config.consumers_max + MCR_ATTACH_HALF_OPEN_MAX;

	if (s->feeds) /* and as many while a reload puts others in their place */
		n += 2 * (unsigned)s->feeds->n;

	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
		if (s->channels[i] && s->channels[i]->config.per_program) /* the rings' own */
			n += s->channels[i]->n_rings *
			     mcr_attach_server_programs_max(s, s->channels[i]->config.name);
	return n;
}

int mcr_attach_server_fd(const struct mcr_attach_server *s)
{
	return s->epoll_fd;
}

void mcr_attach_server_destroy(struct mcr_attach_server *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++) {
		if (s->slots[i].state == MCR_SLOT_HALF_OPEN ||
		    s->slots[i].state == MCR_SLOT_ATTACHED || s->slots[i].state == MCR_SLOT_FEED)
			mcr_attach_slot_release(s, &s->slots[i]);
		if (s->slots[i].state == MCR_SLOT_LINGERING ||
		    s->slots[i].state == MCR_SLOT_WAITING)
			close(s->slots[i].fd);
	}
	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
		free(s->channels[i]);
	mcr_feeds_destroy(s->feeds);
	mcr_attach_end_kept(s);
	mcr_listener_close(&s->listener);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	free(s);
}
