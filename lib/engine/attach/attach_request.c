/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "core/error.h"
#include "engine/attach/attach_join.h"
#include "engine/attach/attach_request.h"
#include "engine/attach/attach_slots.h"
#include "engine/attach/attach_sockets.h"

void mcr_attach_server_interfaces(struct mcr_attach_server *s, mcr_attach_interface describe,
				  void *ctx)
{
	s->describe_interface = describe;
	s->describe_interface_ctx = ctx;
}

static int describe_interface(const struct mcr_attach_server *s, uint32_t index,
			      struct mcr_wire_interface *out, struct mcr_error *err)
{
	if (s->describe_interface &&
	    s->describe_interface(s->describe_interface_ctx, index, out) == 0)
		return 0;
	return mcr_error_set(err, -ENOENT, "the engine has no interface %u", index);
}

int mcr_attach_on_request(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			  const struct mcr_request *request, uint64_t now_ns)
{
	struct mcr_reply reply = {.kind = MCR_NOTICE_REPLY, .serial = request->serial};
	struct mcr_error err = {""};

	switch (request->kind) {
	case MCR_REQUEST_JOIN:
	case MCR_REQUEST_LEAVE:
	case MCR_REQUEST_SOCKETS:
		if (!memchr(request->text, '\0', sizeof(request->text)))
			return -EBADMSG;
		if (request->kind == MCR_REQUEST_SOCKETS) {
			mcr_attach_take_sockets(slot, request->text, now_ns);
			return 0;
		}
		s->joins_asked = 1;
		reply.status = mcr_attach_join(s, slot, request, &err);
		break;
	case MCR_REQUEST_INTERFACE:
		reply.status = describe_interface(s, request->index, &reply.interface, &err);
		break;
	default:
		return -EBADMSG;
	}
	if (reply.status < 0)
		snprintf(reply.text, sizeof(reply.text), "%s", err.text);
	mcr_attach_slot_settle(slot);
	/* A client that does not read its answers runs out of room for them and loses them. */
	send(slot->fd, &reply, sizeof(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
	return 0;
}
