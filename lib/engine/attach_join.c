/* SPDX-License-Identifier: BSD-3-Clause */
/* Consumers that join groups themselves. What one joined is the engine's like every other join,
 * counted as often as it was made, and kept in a list here so that it is left when the consumer
 * ends. A request is checked like one of mcring-ctl, and against the consumer's channel and bound;
 * the work of a change is that of mcr_engine_update, on the control thread. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include "core/error.h"
#include "engine/attach_state.h"

void mcr_attach_server_joins(struct mcr_attach_server *s, mcr_attach_update update, void *ctx)
{
	s->update = update;
	s->update_ctx = ctx;
}

static size_t count(const struct mcr_join_list *list, const struct mcr_join *join)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += (size_t)mcr_join_equal(&list->items[i], join);
	return n;
}

static void forget(struct mcr_join_list *list, const struct mcr_join *join)
{
	for (size_t i = 0; i < list->n; i++) {
		if (mcr_join_equal(&list->items[i], join)) {
			list->items[i] = list->items[--list->n];
			return;
		}
	}
}

/* Every join is of the consumer's own channel. */
static int own_channel(const struct mcr_attach_slot *slot, struct mcr_join_list *list,
		       struct mcr_error *err)
{
	const char *name = slot->channel->config.name;

	for (size_t i = 0; i < list->n; i++) {
		char *channel = list->items[i].channel;

		if (channel[0] != '\0' && strcmp(channel, name) != 0)
			return mcr_error_set(err, -EACCES,
					     "this consumer reads channel \"%s\" and joins into no "
					     "other",
					     name);
		strcpy(channel, name);
	}
	return 0;
}

static int join(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
		const struct mcr_join_list *list, struct mcr_error *err)
{
	size_t had = slot->joins.n;
	int ret = 0;

	if (list->n > MCR_CONSUMER_JOINS_MAX - had)
		return mcr_error_set(err, -ENOSPC,
				     "%zu joins more: a consumer has at most %d, this one has %zu",
				     list->n, MCR_CONSUMER_JOINS_MAX, had);
	for (size_t i = 0; ret == 0 && i < list->n; i++)
		ret = mcr_join_list_add(&slot->joins, &list->items[i]);
	if (ret < 0)
		mcr_error_set(err, ret, "no memory to join");
	else
		ret = s->update(s->update_ctx, NULL, 0, list->items, list->n, err);
	if (ret < 0)
		slot->joins.n = had;
	return ret;
}

static int leave(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
		 const struct mcr_join_list *list, struct mcr_error *err)
{
	int ret;

	for (size_t i = 0; i < list->n; i++)
		if (count(&slot->joins, &list->items[i]) < count(list, &list->items[i]))
			return mcr_error_set(
			    err, -ENOENT, "this consumer has not joined that, or left it already");
	ret = s->update(s->update_ctx, list->items, list->n, NULL, 0, err);
	for (size_t i = 0; ret == 0 && i < list->n; i++)
		forget(&slot->joins, &list->items[i]);
	return ret;
}

static int serve(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
		 const struct mcr_request *request, struct mcr_error *err)
{
	struct mcr_join_list list = {NULL, 0, 0};
	int ret = s->update == NULL ? 0 : mcr_attach_may_join(slot, &slot->channel->config.joiners);

	if (ret < 0)
		return mcr_error_set(err, ret, "the groups of user %u cannot be told now: %s",
				     slot->uid, strerror(-ret));
	if (ret == 0)
		return mcr_error_set(err, -EACCES,
				     "user %u (group %u) may not join groups into channel \"%s\": "
				     "its joiners are listed in the engine's configuration",
				     slot->uid, slot->gid, slot->channel->config.name);
	ret = mcr_join_parse(&list, request->text, err);
	if (ret == 0)
		ret = own_channel(slot, &list, err);
	if (ret == 0)
		ret = request->kind == MCR_REQUEST_JOIN ? join(s, slot, &list, err)
							: leave(s, slot, &list, err);
	mcr_join_list_clear(&list);
	return ret;
}

int mcr_attach_on_request(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			  const struct mcr_request *request)
{
	struct mcr_reply reply = {.kind = MCR_NOTICE_REPLY, .serial = request->serial};
	struct mcr_error err = {""};

	if ((request->kind != MCR_REQUEST_JOIN && request->kind != MCR_REQUEST_LEAVE) ||
	    memchr(request->text, '\0', sizeof(request->text)) == NULL)
		return -EBADMSG;
	reply.status = serve(s, slot, request, &err);
	snprintf(reply.text, sizeof(reply.text), "%s", err.text);
	mcr_attach_settle(slot);
	/* One that asks without reading the answers has no room for them: that is its loss. */
	send(slot->fd, &reply, sizeof(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
	return 0;
}

/* One by one, because mcring-ctl may have left some of them meanwhile. A stopping engine leaves
 * everything itself. */
static void leave_each(struct mcr_attach_server *s, struct mcr_join_list *list)
{
	size_t kept = 0;

	if (list->n == 0 || s->update == NULL ||
	    s->update(s->update_ctx, list->items, list->n, NULL, 0, NULL) == 0) {
		list->n = 0;
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		if (s->update(s->update_ctx, &list->items[i], 1, NULL, 0, NULL) == -ENOMEM)
			list->items[kept++] = list->items[i];
	list->n = kept;
}

void mcr_attach_leave_all(struct mcr_attach_server *s, struct mcr_attach_slot *slot)
{
	leave_each(s, &slot->joins);
	for (size_t i = 0; i < slot->joins.n; i++)
		mcr_join_list_add(&s->orphans, &slot->joins.items[i]);
	mcr_join_list_clear(&slot->joins);
}

void mcr_attach_leave_orphans(struct mcr_attach_server *s)
{
	leave_each(s, &s->orphans);
}
