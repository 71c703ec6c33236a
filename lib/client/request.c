/* SPDX-License-Identifier: BSD-3-Clause */
/* What the consumer asks of the engine: one request over the attach socket, one answer. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "client/state.h"
#include "core/error.h"

#define NOTICES_MAX 64 /* passed over before the clock is looked at: one may send without end */

/* Takes the answer to a request. Notices that only wake are passed over. */
static int take_reply(struct mcr_consumer *c, struct mcr_reply *reply, uint64_t end_ns,
		      struct mcr_error *err)
{
	ssize_t n;

	for (unsigned i = 1;; i++) {
		int ret = mcr_attachment_wait(&c->attachment, end_ns, err);

		if (ret < 0)
			return ret;
		if (i % NOTICES_MAX == 0 && mcr_client_now_ns() >= end_ns)
			return mcr_error_set(err, -ETIMEDOUT, "the engine does not answer");
		n = recv(c->attachment.socket, reply, sizeof(*reply), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return mcr_error_set(err, -EPIPE, "the engine is gone");
		if (n != sizeof(*reply) || reply->kind != MCR_NOTICE_REPLY ||
		    reply->serial != c->requests)
			continue;
		if (reply->status == 0)
			return 0;
		mcr_text_clean(reply->text, sizeof(reply->text));
		return mcr_error_set(err, reply->status < 0 ? reply->status : -EPROTO, "%s",
				     reply->text);
	}
}

static int send_request(struct mcr_consumer *c, struct mcr_request *request, struct mcr_error *err)
{
	request->serial = ++c->requests;
	if (c->armed)
		mcr_client_disarm(c);
	/* There is room, unless many that timed out lie there unread: then it is not waited for. */
	if (send(c->attachment.socket, request, sizeof(*request), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return mcr_error_set(err, errno == EAGAIN ? -ETIMEDOUT : -EPIPE,
				     "the engine takes no request: %s", strerror(errno));
	c->ask_end_ns = mcr_client_deadline(c->opts.answer_ns);
	return 0;
}

static int ask(struct mcr_consumer *c, struct mcr_request *request, struct mcr_reply *reply,
	       struct mcr_error *err)
{
	int ret = mcr_client_refuse_cursor(c, err);

	if (ret == 0 && c->ask_end_ns == 0)
		ret = send_request(c, request, err);
	if (ret < 0)
		return ret;
	ret = take_reply(c, reply, c->opts.no_wait ? 0 : c->ask_end_ns, err);
	if (ret == -ETIMEDOUT && c->opts.no_wait && mcr_client_now_ns() < c->ask_end_ns)
		return mcr_error_set(err, -EAGAIN, "the engine has been asked");
	c->ask_end_ns = 0;
	return ret;
}

static int change(struct mcr_consumer *c, uint32_t kind, const char *text, struct mcr_error *err)
{
	struct mcr_request request = {.kind = kind};
	struct mcr_reply reply;

	if (strlen(text) >= sizeof(request.text))
		return mcr_error_set(err, -EINVAL, "a join has at most %zu characters",
				     sizeof(request.text) - 1);
	strcpy(request.text, text);
	return ask(c, &request, &reply, err);
}

int mcr_consumer_join(struct mcr_consumer *c, const char *join, struct mcr_error *err)
{
	return change(c, MCR_REQUEST_JOIN, join, err);
}

int mcr_consumer_leave(struct mcr_consumer *c, const char *join, struct mcr_error *err)
{
	return change(c, MCR_REQUEST_LEAVE, join, err);
}

static void take_text(char *to, size_t cap, char *from, size_t len)
{
	mcr_text_clean(from, len);
	snprintf(to, cap, "%s", from);
}

int mcr_consumer_interface_info(struct mcr_consumer *c, uint32_t index,
				struct mcr_consumer_interface *out, struct mcr_error *err)
{
	struct mcr_consumer_interface it = {.index = index};
	struct mcr_request request = {.kind = MCR_REQUEST_INTERFACE, .index = index};
	struct mcr_reply reply;
	struct mcr_wire_interface *from = &reply.interface;
	int ret = ask(c, &request, &reply, err);

	if (ret < 0)
		return ret;
	it.address = from->address;
	it.dpdk_port = from->dpdk_port;
	it.vlan = from->vlan;
	it.prefix_len = from->prefix_len;
	take_text(it.name, sizeof(it.name), from->name, sizeof(from->name));
	take_text(it.port, sizeof(it.port), from->port, sizeof(from->port));
	take_text(it.netdev, sizeof(it.netdev), from->netdev, sizeof(from->netdev));
	take_text(it.kernel, sizeof(it.kernel), from->kernel, sizeof(from->kernel));
	return mcr_client_give(out, &it, sizeof(it), err);
}

int mcr_client_report_sockets(struct mcr_consumer *c, const char *text, size_t len)
{
	struct mcr_request request = {.kind = MCR_REQUEST_SOCKETS};

	if (len >= sizeof(request.text))
		return -EINVAL;
	memcpy(request.text, text, len);
	return send(c->attachment.socket, &request, sizeof(request), MSG_NOSIGNAL | MSG_DONTWAIT) <
		       0
		   ? -errno
		   : 0;
}
