/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "engine/attach/attach_access.h"
#include "engine/attach/attach_channels.h"
#include "engine/attach/attach_limits.h"
#include "engine/attach/attach_log.h"
#include "engine/attach/attach_reply.h"
#include "engine/attach/attach_request.h"
#include "engine/attach/attach_session.h"
#include "engine/attach/attach_slots.h"

/* The page that a consumer writes. Nobody may resize it, so the engine's reads never fault. */
static int page_create(const struct mcr_consumer_page **page, int *page_fd)
{
	int fd = memfd_create("mcring-consumer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int ret;
	void *map;

	if (fd < 0)
		return -errno;
	/* The descriptor makes it the consumer's: nobody else may open it in /proc. */
	if (fchmod(fd, 0600) < 0 || ftruncate(fd, MCR_CONSUMER_PAGE_BYTES) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		goto fail;
	map = mmap(NULL, MCR_CONSUMER_PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		goto fail;
	*page = map;
	*page_fd = fd;
	return 0;
fail:
	ret = -errno;
	close(fd);
	return ret;
}

/* Lists the channels that the client may read, and says nothing of the others. */
static void list_channels(const struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
			  const char *name, char *text, size_t cap)
{
	int len = snprintf(text, cap, "unknown channel \"%s\"; this engine has:", name);
	size_t used = (size_t)len, n = 0;

	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++) {
		const struct mcr_channel_config *config;

		if (!s->channels[i])
			continue;
		config = &s->channels[i]->config;
		if (mcr_attach_may_read(slot, &config->readers) <= 0)
			continue;
		if (used + strlen(config->name) + 8 > cap) {
			strcpy(text + used, " ...");
			return;
		}
		used += (size_t)snprintf(text + used, cap - used, "%s %s", n++ > 0 ? "," : "",
					 config->name);
	}
	if (n == 0)
		snprintf(text + used, cap - used, " none");
}

/* Too many descriptors are open or in flight. */
static int is_shortage(int code)
{
	return code == -EMFILE || code == -ENFILE || code == -ETOOMANYREFS;
}

/* The page or the message could not be made. That is the engine's trouble, not the client's. */
static void refuse_for_now(struct mcr_attach_server *s, uint64_t now_ns,
			   struct mcr_welcome *welcome, int code)
{
	if (is_shortage(code))
		mcr_attach_warn_descriptors(s, now_ns, -code, "a consumer was refused");
	mcr_attach_set_refusal(welcome, is_shortage(code) ? -EBUSY : code,
			       "the engine cannot attach now: %s", strerror(-code));
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

/* Grants a channel: sends the welcome and makes the slot a consumer. Or refuses it: *welcome is the
 * refusal, which the caller sends. */
static void admit(struct mcr_attach_server *s, struct mcr_attach_slot *slot, const char *name,
		  const char *label, uint64_t now_ns, struct mcr_welcome *welcome)
{
	struct mcr_attach_channel *channel = mcr_attach_find_channel(s, name);
	int fds[MCR_RINGS_MAX + 1], ret;
	const struct mcr_consumer_page *page = NULL;

	if (!channel) {
		welcome->status = -ENOENT;
		list_channels(s, slot, name, welcome->text, sizeof(welcome->text));
		return;
	}
	if (check_reader(slot, channel, welcome) < 0)
		return;
	if (mcr_attach_check_limits(s, slot, channel, now_ns, welcome) < 0)
		return;
	memcpy(fds, channel->fds, sizeof(int) * channel->n_rings);
	ret = page_create(&page, &fds[channel->n_rings]);
	if (ret == 0) {
		welcome->n_rings = channel->n_rings;
		welcome->epoch = channel->epoch;
		ret = mcr_attach_send_welcome(slot->fd, welcome, fds, channel->n_rings + 1);
		close(fds[channel->n_rings]);
		if (ret < 0)
			munmap((void *)(uintptr_t)page, MCR_CONSUMER_PAGE_BYTES);
	}
	if (ret < 0) {
		refuse_for_now(s, now_ns, welcome, ret);
		return;
	}
	mcr_attach_slot_attach(s, slot, channel, page, label, now_ns);
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
	if (ret == -EPROTO) {
		mcr_attach_mismatch(welcome.text, sizeof(welcome.text), MCR_ATTACH_VERSION,
				    hello.oldest, hello.version);
		welcome.status = -EPROTO;
	} else if (ret < 0) {
		mcr_attach_set_refusal(&welcome, -EBADMSG,
				       "this is not a hello of mcring's attach protocol");
	} else {
		admit(s, slot, hello.channel, hello.label, now_ns, &welcome);
	}
	if (slot->state == MCR_SLOT_ATTACHED)
		return;
	if (n != 0)
		mcr_attach_send_welcome(slot->fd, &welcome, NULL, 0);
	mcr_attach_slot_release(s, slot);
}

/* A consumer sends only requests; all else is its end or breaks the protocol. */
void mcr_attach_on_attached(struct mcr_attach_server *s, struct mcr_attach_slot *slot)
{
	struct mcr_request request;
	ssize_t n = recv(slot->fd, &request, sizeof(request), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof(request) || mcr_attach_on_request(s, slot, &request) < 0)
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
