/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "engine/attach/attach_access.h"
#include "engine/attach/attach_feeds.h"
#include "engine/attach/attach_list.h"
#include "engine/attach/attach_reply.h"

struct list {
	struct mcr_welcome welcome;
	struct mcr_listed items[MCR_LISTED_MAX];
};

_Static_assert(offsetof(struct list, items) == sizeof(struct mcr_welcome), "wire layout");

static int compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Copies ids in ascending order, each once. Returns how many. */
static uint32_t copy_ids(uint32_t *out, const uint32_t *ids, uint32_t n)
{
	uint32_t kept = 0;

	memcpy(out, ids, n * sizeof(*ids));
	qsort(out, n, sizeof(*out), compare);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || out[i] != out[kept - 1])
			out[kept++] = out[i];
	memset(out + kept, 0, (n - kept) * sizeof(*out));
	return kept;
}

static void put_channel(struct mcr_listed *out, const struct mcr_attach_channel *channel)
{
	const struct mcr_access *readers = &channel->config.readers;

	out->kind = MCR_LISTED_CHANNEL;
	memcpy(out->name, channel->config.name, sizeof(out->name));
	out->n_uids = copy_ids(out->uids, readers->uids, readers->n_uids);
	out->n_gids = copy_ids(out->gids, readers->gids, readers->n_gids);
	out->epoch = channel->epoch;
}

static void put_feed(struct mcr_listed *out, const struct mcr_declared_feed *feed)
{
	out->kind = MCR_LISTED_FEED;
	memcpy(out->name, feed->config.name, sizeof(out->name));
	out->epoch = feed->digest;
}

/* Returns how many items there are, or -errno: the client's groups cannot be read now. */
static int fill(const struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
		struct mcr_listed *items)
{
	const char *channel;
	int n = 0, may;

	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++) {
		const struct mcr_attach_channel *c = s->channels[i];

		if (!c || c->is_program || c->config.per_program)
			continue;
		may = mcr_attach_may_read(slot, &c->config.readers);
		if (may < 0)
			return may;
		if (may > 0)
			put_channel(&items[n++], c);
	}
	for (size_t i = 0; s->feeds && i < s->feeds->n; i++) {
		may = mcr_attach_may_read_feed(s, slot, &s->feeds->feeds[i], &channel);
		if (may < 0 && may != -ENOENT) /* a channel of it is not there */
			return may;
		if (may > 0)
			put_feed(&items[n++], &s->feeds->feeds[i]);
	}
	return n;
}

int mcr_attach_list(const struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
		    struct mcr_welcome *welcome)
{
	struct list *list = calloc(1, sizeof(*list));
	int ret = list ? fill(s, slot, list->items) : -ENOMEM;

	if (ret >= 0) {
		list->welcome = *welcome;
		ret = send(slot->fd, list,
			   sizeof(list->welcome) + (size_t)ret * sizeof(list->items[0]),
			   MSG_DONTWAIT | MSG_NOSIGNAL) < 0
			  ? -errno
			  : 0;
	}
	free(list);
	return ret == 0 ? 0
			: mcr_attach_set_refusal(welcome, ret,
						 "the engine cannot list its "
						 "channels now: %s",
						 strerror(-ret));
}
