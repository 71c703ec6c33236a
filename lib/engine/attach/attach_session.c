/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/nearest.h"
#include "engine/attach/attach_access.h"
#include "engine/attach/attach_channels.h"
#include "engine/attach/attach_feeds.h"
#include "engine/attach/attach_grant.h"
#include "engine/attach/attach_limits.h"
#include "engine/attach/attach_list.h"
#include "engine/attach/attach_program.h"
#include "engine/attach/attach_reply.h"
#include "engine/attach/attach_request.h"
#include "engine/attach/attach_session.h"
#include "engine/attach/attach_slots.h"

/* Lists the channels that the client may read, and says nothing of the others. */
static void list_channels(const struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
			  const char *name, char *text, size_t cap)
{
	const char *names[MCR_CHANNELS_MAX];
	struct mcr_nearest search = mcr_nearest_to(name);
	char hint[MCR_NEAREST_HINT];
	size_t used, n = 0;

	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++) {
		const struct mcr_attach_channel *channel = s->channels[i];

		if (!channel || channel->is_program ||
		    mcr_attach_may_read(slot, &channel->config.readers) <= 0)
			continue;
		names[n++] = channel->config.name;
		mcr_nearest_try(&search, channel->config.name);
	}
	used = (size_t)snprintf(text, cap, "unknown channel \"%s\"%s; this engine has:", name,
				mcr_nearest_hint(hint, &search));
	for (size_t i = 0; i < n; i++) {
		if (used + strlen(names[i]) + 8 > cap) {
			strcpy(text + used, " ...");
			return;
		}
		used +=
		    (size_t)snprintf(text + used, cap - used, "%s %s", i > 0 ? "," : "", names[i]);
	}
	if (n == 0)
		snprintf(text + used, cap - used, " none");
}

/* Returns 0, or the status of the refusal in *welcome. */
static int check_reader(const struct mcr_attach_slot *slot,
			const struct mcr_attach_channel *channel, struct mcr_welcome *welcome)
{
	int may = mcr_attach_may_read(slot, &channel->config.readers);

	if (may < 0)
		return mcr_attach_set_refusal(
		    welcome, may, "the engine cannot read the groups of user %u now: %s", slot->uid,
		    strerror(-may));
	if (may > 0)
		return 0;
	return mcr_attach_set_refusal(
	    welcome, -EACCES,
	    "channel \"%s\" is not for user %u (group %u): its readers are listed in the "
	    "engine's configuration",
	    channel->config.name, slot->uid, slot->gid);
}

/* Grants a channel, or has the client wait for its own. Or refuses it: *welcome is the refusal,
 * which the caller sends. */
static void admit(struct mcr_attach_server *s, struct mcr_attach_slot *slot, const char *name,
		  const char *label, uint64_t now_ns, struct mcr_welcome *welcome)
{
	struct mcr_attach_channel *channel = mcr_attach_find_channel(s, name);

	if (!channel || channel->is_program) {
		welcome->status = -ENOENT;
		list_channels(s, slot, name, welcome->text, sizeof(welcome->text));
		return;
	}
	if (check_reader(slot, channel, welcome) < 0)
		return;
	if (mcr_attach_check_limits(s, slot, channel, now_ns, welcome) < 0)
		return;
	if (channel->config.per_program)
		mcr_attach_make_program(s, slot, channel, label, now_ns, welcome);
	else
		mcr_attach_grant(s, slot, channel, label, now_ns, welcome);
}

void mcr_attach_on_hello(struct mcr_attach_server *s, struct mcr_attach_slot *slot, uint64_t now_ns)
{
	struct mcr_welcome welcome = MCR_WELCOME_INIT;
	struct mcr_hello hello;
	char buf[sizeof(hello)];
	/* The kernel drops descriptors that come along: recv gives them no room. */
	ssize_t n = recv(slot->fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC);
	int ret;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	ret = n <= 0 ? -EBADMSG : mcr_hello_parse(&hello, buf, (size_t)n);
	if (ret == 0) {
		slot->oldest = hello.oldest;
		slot->newest = hello.version;
	}
	if (ret == -EPROTO) {
		mcr_attach_mismatch(welcome.text, sizeof(welcome.text), MCR_ATTACH_VERSION,
				    hello.oldest, hello.version);
		welcome.status = -EPROTO;
	} else if (ret < 0) {
		mcr_attach_set_refusal(&welcome, -EBADMSG,
				       "this is not a hello of mcring's attach protocol");
	} else if (hello.what == MCR_HELLO_FEED) {
		welcome.flags = MCR_WELCOME_FEED;
		mcr_attach_grant_feed(s, slot, hello.channel, hello.label, now_ns, &welcome);
	} else if (hello.what == MCR_HELLO_LIST) {
		welcome.flags = MCR_WELCOME_LIST;
		if (mcr_attach_list(s, slot, &welcome) == 0) {
			mcr_attach_slot_release(s, slot);
			return;
		}
	} else {
		admit(s, slot, hello.channel, hello.label, now_ns, &welcome);
	}
	if (slot->state != MCR_SLOT_HALF_OPEN)
		return;
	if (n != 0)
		mcr_attach_send_welcome(slot->fd, &welcome, NULL, 0);
	mcr_attach_slot_release(s, slot);
}

/* A consumer sends only requests; all else is its end or breaks the protocol. */
void mcr_attach_on_attached(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			    uint64_t now_ns)
{
	struct mcr_request request;
	ssize_t n = recv(slot->fd, &request, sizeof(request), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof(request) || mcr_attach_on_request(s, slot, &request, now_ns) < 0)
		mcr_attach_slot_release(s, slot);
}

int mcr_attach_server_open(struct mcr_attach_server *s, const char *channel, const char *label,
			   uint64_t now_ns, struct mcr_error *err)
{
	struct mcr_welcome welcome = MCR_WELCOME_INIT;
	struct mcr_attach_slot *slot;
	int pair[2], ret;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return mcr_error_set(err, -errno, "attach: socketpair: %s", strerror(errno));
	ret = mcr_attach_slot_take(s, &slot, pair[0], now_ns);
	if (ret < 0) {
		close(pair[0]);
		close(pair[1]);
		return mcr_error_set(err, ret, "attach: %s", strerror(-ret));
	}
	slot->own = 1;
	admit(s, slot, channel, label ? label : "", now_ns, &welcome);
	if (slot->state == MCR_SLOT_ATTACHED)
		return pair[1];
	mcr_attach_slot_release(s, slot);
	close(pair[1]);
	return mcr_error_set(err, welcome.status, "%s", welcome.text);
}
