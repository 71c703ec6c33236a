/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/nearest.h"
#include "engine/attach/attach_access.h"
#include "engine/attach/attach_channels.h"
#include "engine/attach/attach_feeds.h"
#include "engine/attach/attach_grant.h"
#include "engine/attach/attach_limits.h"
#include "engine/attach/attach_reply.h"
#include "engine/attach/attach_slots.h"

/* ---- who may have one ---- */

static int is_own(const struct mcr_attach_server *s, const struct mcr_feed_line_config *line)
{
	return mcr_feed_config_is_of(line, s->feeds_engine);
}

int mcr_attach_may_read_feed(const struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
			     const struct mcr_declared_feed *feed, const char **channel)
{
	int may = 0;

	*channel = NULL;
	for (unsigned i = 0; i < feed->config.n_lines; i++) {
		const struct mcr_feed_line_config *line = &feed->config.lines[i];
		const struct mcr_attach_channel *found;

		if (!is_own(s, line))
			continue;
		*channel = mcr_feed_config_channel(line);
		found = mcr_attach_find_channel(s, *channel);
		may = found ? mcr_attach_may_read(slot, &found->config.readers) : -ENOENT;
		if (may <= 0)
			return may;
	}
	return may;
}

/* Finds the feed, or the only one that the client may read if it has no name. NULL: *welcome is the
 * refusal, which lists those that it may read and says nothing of the others. */
static const struct mcr_declared_feed *choose(const struct mcr_attach_server *s,
					      const struct mcr_attach_slot *slot, const char *name,
					      struct mcr_welcome *welcome)
{
	const struct mcr_declared_feed *found = NULL;
	struct mcr_nearest search = mcr_nearest_to(name);
	char hint[MCR_NEAREST_HINT], names[300] = "";
	const char *channel;
	size_t used = 0, n = 0;

	for (size_t i = 0; s->feeds && i < s->feeds->n; i++) {
		const struct mcr_declared_feed *feed = &s->feeds->feeds[i];
		const char *const own = feed->config.name;

		if (strcmp(own, name) == 0)
			return feed;
		if (mcr_attach_may_read_feed(s, slot, feed, &channel) <= 0)
			continue;
		found = feed;
		mcr_nearest_try(&search, own);
		if (used + strlen(own) + 8 < sizeof(names))
			used += (size_t)sprintf(names + used, "%s %s", n > 0 ? "," : "", own);
		else if (used > 0 && names[used - 1] != '.')
			used += (size_t)sprintf(names + used, " ...");
		n++;
	}
	if (!name[0] && n == 1)
		return found;
	if (!name[0] && n > 1)
		mcr_attach_set_refusal(welcome, -ENOENT, "name the feed, one of:%s", names);
	else if (name[0])
		mcr_attach_set_refusal(welcome, -ENOENT,
				       "unknown feed \"%s\"%s; this engine declares:%s", name,
				       mcr_nearest_hint(hint, &search), n > 0 ? names : " none");
	else
		mcr_attach_set_refusal(welcome, -ENOENT, "this engine declares no feed");
	return NULL;
}

/* Returns 0, or the status of the refusal in *welcome. */
static int check_reader(const struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
			const struct mcr_declared_feed *feed, struct mcr_welcome *welcome)
{
	const char *channel, *name = feed->config.name;
	int may = mcr_attach_may_read_feed(s, slot, feed, &channel);

	if (may > 0)
		return 0;
	if (!channel)
		return mcr_attach_set_refusal(
		    welcome, -ENOENT,
		    "no line of feed \"%s\" is of this engine, \"%s\": ask one that its lines name",
		    name, s->feeds_engine);
	if (may == 0)
		return mcr_attach_set_refusal(
		    welcome, -EACCES,
		    "feed \"%s\" is not for user %u (group %u): its channel \"%s\" has readers, "
		    "which are listed in the engine's configuration",
		    name, slot->uid, slot->gid, channel);
	if (may == -ENOENT)
		return mcr_attach_set_refusal(
		    welcome, -ENOENT, "channel \"%s\" of feed \"%s\" is not there", channel, name);
	return mcr_attach_set_refusal(welcome, may,
				      "the engine cannot read the groups of user %u now: %s",
				      slot->uid, strerror(-may));
}

/* ---- those who have one ---- */

void mcr_attach_grant_feed(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			   const char *name, const char *label, uint64_t now_ns,
			   struct mcr_welcome *welcome)
{
	const struct mcr_declared_feed *feed = choose(s, slot, name, welcome);
	int ret;

	if (!feed || check_reader(s, slot, feed, welcome) < 0 ||
	    mcr_attach_check_limits(s, slot, NULL, now_ns, welcome) < 0)
		return;
	welcome->epoch = feed->digest;
	ret = mcr_attach_send_welcome(slot->fd, welcome, &feed->fd, 1);
	if (ret < 0)
		mcr_attach_refuse_for_now(s, now_ns, welcome, ret);
	else
		mcr_attach_slot_hand_feed(s, slot, feed->config.name, feed->digest, label, now_ns);
}

void mcr_attach_on_feed(struct mcr_attach_server *s, struct mcr_attach_slot *slot)
{
	char byte;

	if (recv(slot->fd, &byte, 1, MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	mcr_attach_slot_release(s, slot);
}

/* Returns 0 when the kernel had no memory for it. Without room in the socket an earlier notice lies
 * there unread. */
static int notify(struct mcr_attach_slot *slot)
{
	const struct mcr_notice notice = {.kind = MCR_NOTICE_FEED};

	mcr_attach_slot_settle(slot);
	return send(slot->fd, &notice, sizeof(notice), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
	       (errno != ENOBUFS && errno != ENOMEM);
}

void mcr_attach_notify_feeds(struct mcr_attach_server *s)
{
	s->feeds_changed = 0;
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++) {
		struct mcr_attach_slot *slot = &s->slots[i];
		const struct mcr_declared_feed *feed;

		if (slot->state != MCR_SLOT_FEED || slot->has_old_feed)
			continue;
		feed = mcr_feeds_find(s->feeds, slot->program);
		if (feed && feed->digest == slot->feed_digest)
			continue;
		if (notify(slot))
			slot->has_old_feed = 1;
		else
			s->feeds_changed = 1;
	}
}

void mcr_attach_server_put_feeds(struct mcr_attach_server *s, struct mcr_feeds *feeds,
				 const char *engine)
{
	mcr_feeds_destroy(s->feeds);
	s->feeds = feeds;
	snprintf(s->feeds_engine, sizeof(s->feeds_engine), "%s", engine);
	mcr_attach_notify_feeds(s);
}

int mcr_attach_server_feed_info(const struct mcr_attach_server *s, size_t i,
				struct mcr_feed_info *out)
{
	const struct mcr_declared_feed *feed;

	if (!s->feeds || i >= s->feeds->n)
		return -ENOENT;
	feed = &s->feeds->feeds[i];
	memset(out, 0, sizeof(*out));
	memcpy(out->name, feed->config.name, sizeof(out->name));
	mcr_feed_declaration_format(&feed->config.numbering, out->declaration,
				    sizeof(out->declaration));
	out->digest = feed->digest;
	out->n_lines = feed->config.n_lines;
	for (unsigned k = 0; k < feed->config.n_lines; k++) {
		const struct mcr_feed_line_config *line = &feed->config.lines[k];
		struct mcr_feed_info_line *to = &out->lines[k];

		memcpy(to->name, line->name, sizeof(to->name));
		memcpy(to->engine, line->engine, sizeof(to->engine));
		strcpy(to->channel, mcr_feed_config_channel(line));
		to->joins = (uint32_t)line->n_flows;
		to->is_own = (uint32_t)is_own(s, line);
	}
	for (size_t k = 0; k < MCR_ATTACH_SLOTS; k++) {
		const struct mcr_attach_slot *slot = &s->slots[k];

		if (slot->state != MCR_SLOT_FEED || strcmp(slot->program, out->name) != 0)
			continue;
		out->readers += !slot->has_old_feed;
		out->old_readers += slot->has_old_feed;
	}
	return 0;
}
