/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's join set knows whose each join is, so only their number is kept here. A request is
 * checked like one of mcring-ctl, and against the consumer's channel and bounds. A change costs the
 * control thread what mcr_engine_update costs, so a poll makes one, and what consumers that ended
 * together leave is one change. */
#include <errno.h>
#include <stdlib.h>

#include "core/error.h"
#include "engine/attach/attach_access.h"
#include "engine/attach/attach_join.h"
#include "engine/attach/attach_kept.h"

void mcr_attach_server_joins(struct mcr_attach_server *s, const struct mcr_attach_joining *joining,
			     void *ctx, uint32_t per_uid)
{
	s->joining = joining;
	s->joining_ctx = ctx;
	s->joins_per_uid = per_uid ? per_uid : MCR_USER_JOINS;
}

/* That of a program, NAME/PID, also has the name by which the program asked for it. */
static int is_called(const struct mcr_attach_channel *channel, const char *name)
{
	const char *own = channel->config.name;
	size_t len = strlen(name);

	return strcmp(own, name) == 0 ||
	       (channel->is_program && strncmp(own, name, len) == 0 && own[len] == '/');
}

/* A consumer joins into its own channel only. */
static int own_channel(const struct mcr_attach_slot *slot, struct mcr_join_list *list,
		       struct mcr_error *err)
{
	const char *name = slot->channel->config.name;

	for (size_t i = 0; i < list->n; i++) {
		char *channel = list->items[i].channel;

		if (channel[0] != '\0' && !is_called(slot->channel, channel))
			return mcr_error_set(err, -EACCES,
					     "this consumer reads channel \"%s\" and can join into "
					     "that one only",
					     name);
		strcpy(channel, name);
	}
	return 0;
}

static size_t joins_of_uid(const struct mcr_attach_server *s, uint32_t uid)
{
	size_t n = 0;

	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++)
		if (s->slots[i].state == MCR_SLOT_ATTACHED && !s->slots[i].own &&
		    s->slots[i].uid == uid)
			n += s->slots[i].n_joins;
	return n;
}

/* A reload may lower the bound of a channel below what a consumer has. */
static int check_limits(const struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
			size_t n, struct mcr_error *err)
{
	const struct mcr_channel_config *config = &slot->channel->config;
	uint32_t most = config->joins_max ? config->joins_max : MCR_CONSUMER_JOINS;
	size_t has = slot->own ? 0 : joins_of_uid(s, slot->uid);

	if (slot->n_joins + n > most)
		return mcr_error_set(
		    err, -ENOSPC,
		    "%zu more joins: a consumer of channel \"%s\" may have at most "
		    "%u (`joins` of the channel), this one has %u",
		    n, config->name, most, slot->n_joins);
	if (!slot->own && has + n > s->joins_per_uid)
		return mcr_error_set(err, -ENOSPC,
				     "%zu more joins: the consumers of user %u may have at most %u "
				     "(`joins_per_user` of attach), they have %zu",
				     n, slot->uid, s->joins_per_uid, has);
	return 0;
}

static int join(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
		const struct mcr_join_list *list, struct mcr_error *err)
{
	int ret = check_limits(s, slot, list->n, err);

	if (ret < 0)
		return ret;
	ret = s->joining->update(s->joining_ctx, slot->id, NULL, 0, list->items, list->n, err);
	if (ret == 0)
		slot->n_joins += (uint32_t)list->n;
	return ret;
}

static int leave(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
		 const struct mcr_join_list *list, struct mcr_error *err)
{
	int ret;

	if (list->n > slot->n_joins)
		return mcr_error_set(err, -ENOENT,
				     "%zu joins to leave: this consumer did not join them, or "
				     "has left them already: it has %u",
				     list->n, slot->n_joins);
	ret = s->joining->update(s->joining_ctx, slot->id, list->items, list->n, NULL, 0, err);
	if (ret == 0)
		slot->n_joins -= (uint32_t)list->n;
	return ret;
}

int mcr_attach_join(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
		    const struct mcr_request *request, struct mcr_error *err)
{
	struct mcr_join_list list = {0};
	int ret = s->joining ? mcr_attach_may_join(slot, &slot->channel->config.joiners) : 0;

	if (ret < 0)
		return mcr_error_set(err, ret,
				     "the engine cannot read the groups of user %u now: %s",
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

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Not called when the engine stops, which leaves everything itself. */
void mcr_attach_leave_ended(struct mcr_attach_server *s)
{
	uint64_t living[MCR_ATTACH_SLOTS];
	size_t n;

	mcr_attach_end_kept(s);
	n = mcr_attach_kept_ids(s, living);
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++)
		if (s->slots[i].state == MCR_SLOT_ATTACHED && s->slots[i].n_joins > 0)
			living[n++] = s->slots[i].id;
	qsort(living, n, sizeof(*living), by_number);
	s->joiner_ended = s->joining->ended(s->joining_ctx, living, n) == -ENOMEM;
}
