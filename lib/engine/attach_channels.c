/* SPDX-License-Identifier: BSD-3-Clause */
/* The channels that can be attached to, and what is known of their consumers. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "engine/attach_state.h"

_Static_assert(MCR_RINGS_MAX >= MCR_LCORES_MAX, "a channel has a ring for each lcore");

struct mcr_attach_channel *mcr_attach_find_channel(const struct mcr_attach_server *s,
						   const char *name)
{
	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
		if (s->channels[i] != NULL && strcmp(s->channels[i]->config.name, name) == 0)
			return s->channels[i];
	return NULL;
}

int mcr_attach_server_add_channel(struct mcr_attach_server *s,
				  const struct mcr_channel_config *config, const int *ring_fds,
				  const void *const *ring_mems, unsigned n_rings, uint64_t epoch)
{
	struct mcr_attach_channel *channel;
	struct stat st;
	const char *why;
	size_t at = 0;

	if (n_rings == 0 || n_rings > MCR_RINGS_MAX ||
	    memchr(config->name, '\0', sizeof(config->name)) == NULL)
		return -EINVAL;
	if (mcr_attach_find_channel(s, config->name) != NULL)
		return -EEXIST;
	while (at < MCR_CHANNELS_MAX && s->channels[at] != NULL)
		at++;
	if (at == MCR_CHANNELS_MAX)
		return -ENOSPC;
	channel = calloc(1, sizeof(*channel));
	if (channel == NULL)
		return -ENOMEM;
	channel->config = *config;
	channel->epoch = epoch;
	channel->n_rings = n_rings;
	for (unsigned i = 0; i < n_rings; i++) {
		channel->fds[i] = ring_fds[i];
		if (fstat(ring_fds[i], &st) < 0 ||
		    mcr_ring_reader_attach(&channel->readers[i], ring_mems[i], (size_t)st.st_size,
					   &why) < 0) {
			free(channel);
			return -EINVAL;
		}
	}
	s->channels[at] = channel;
	return 0;
}

int mcr_attach_server_access(struct mcr_attach_server *s, const char *name, uint32_t consumers_max,
			     const struct mcr_access *readers)
{
	struct mcr_attach_channel *channel = mcr_attach_find_channel(s, name);

	if (channel == NULL)
		return -ENOENT;
	channel->config.consumers_max = consumers_max;
	channel->config.readers = *readers;
	return 0;
}

static void drop_channel(struct mcr_attach_server *s, size_t at)
{
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++)
		if (s->slots[i].state == MCR_SLOT_ATTACHED &&
		    s->slots[i].channel == s->channels[at])
			mcr_attach_slot_release(s, &s->slots[i]);
	free(s->channels[at]);
	s->channels[at] = NULL;
}

int mcr_attach_server_remove_channel(struct mcr_attach_server *s, const char *name)
{
	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++) {
		if (s->channels[i] != NULL && strcmp(s->channels[i]->config.name, name) == 0) {
			drop_channel(s, i);
			return 0;
		}
	}
	return -ENOENT;
}

unsigned mcr_attach_server_count(const struct mcr_attach_server *s, const char *channel)
{
	const struct mcr_attach_channel *found;

	if (channel == NULL)
		return s->attached;
	found = mcr_attach_find_channel(s, channel);
	return found != NULL ? found->consumers : 0;
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Each word of the page is loaded once and clamped: the consumer may have written anything. */
static void describe(const struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
		     struct mcr_consumer_info *out)
{
	const struct mcr_attach_channel *channel = slot->channel;
	const struct mcr_consumer_page *page = slot->page;
	uint64_t published = 0, headroom = UINT64_MAX, stale, heartbeat;

	for (unsigned i = 0; i < channel->n_rings; i++) {
		const struct mcr_ring_reader *ring = &channel->readers[i];
		uint64_t next_seq = load(&page->rings[i].next_seq);
		uint64_t offset = load(&page->rings[i].next_offset);

		published += mcr_ring_reader_published(ring);
		if (next_seq != 0)
			headroom =
			    min(headroom, mcr_ring_reader_headroom(ring, next_seq - 1, offset));
	}
	memset(out, 0, sizeof(*out));
	strcpy(out->channel, channel->config.name);
	strcpy(out->label, slot->label);
	out->pid = slot->pid;
	out->uid = slot->uid;
	out->received = min(load(&page->received), published);
	stale = min(load(&page->stale), out->received);
	out->received -= stale;
	out->skipped = min(load(&page->skipped), published);
	out->lost = min(min(load(&page->lost), published) + stale, published);
	out->headroom = headroom == UINT64_MAX ? 0 : headroom;
	heartbeat = load(&page->heartbeat_ns);
	if (heartbeat == 0)
		heartbeat = slot->since_ns;
	out->heartbeat_age_ns = heartbeat < s->now_ns ? s->now_ns - heartbeat : 0;
}

int mcr_attach_server_info(const struct mcr_attach_server *s, size_t i,
			   struct mcr_consumer_info *out)
{
	for (size_t at = 0; at < MCR_ATTACH_SLOTS; at++) {
		if (s->slots[at].state == MCR_SLOT_ATTACHED && i-- == 0) {
			describe(s, &s->slots[at], out);
			return 0;
		}
	}
	return -ENOENT;
}
