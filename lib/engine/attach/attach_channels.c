/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/attach/attach_channels.h"
#include "engine/attach/attach_reply.h"
#include "engine/attach/attach_slots.h"
#include "engine/plan/channel_config.h"

_Static_assert(MCR_RINGS_MAX >= MCR_LCORES_MAX, "a channel has a ring for each lcore");

/* Returns MCR_CHANNELS_MAX when there is none of that name. */
static size_t index_of(const struct mcr_attach_server *s, const char *name)
{
	size_t at = 0;

	while (at < MCR_CHANNELS_MAX &&
	       (!s->channels[at] || strcmp(s->channels[at]->config.name, name) != 0))
		at++;
	return at;
}

struct mcr_attach_channel *mcr_attach_find_channel(const struct mcr_attach_server *s,
						   const char *name)
{
	size_t at = index_of(s, name);

	return at < MCR_CHANNELS_MAX ? s->channels[at] : NULL;
}

static int attach_rings(struct mcr_attach_channel *channel, const int *fds, const void *const *mems)
{
	struct stat st;
	const char *why;

	for (unsigned i = 0; i < channel->n_rings; i++) {
		channel->fds[i] = fds[i];
		if (fstat(fds[i], &st) < 0 || mcr_ring_reader_attach(&channel->readers[i], mems[i],
								     (size_t)st.st_size, &why) < 0)
			return -EINVAL;
	}
	return 0;
}

int mcr_attach_server_add_channel(struct mcr_attach_server *s,
				  const struct mcr_channel_config *config, const int *ring_fds,
				  const void *const *ring_mems, unsigned n_rings, uint64_t epoch)
{
	struct mcr_attach_channel *channel;
	size_t at = 0;

	if (n_rings == 0 || n_rings > MCR_RINGS_MAX ||
	    !memchr(config->name, '\0', sizeof(config->name)))
		return -EINVAL;
	if (mcr_attach_find_channel(s, config->name))
		return -EEXIST;
	while (at < MCR_CHANNELS_MAX && s->channels[at])
		at++;
	if (at == MCR_CHANNELS_MAX)
		return -ENOSPC;
	channel = calloc(1, sizeof(*channel));
	if (!channel)
		return -ENOMEM;
	channel->config = *config;
	channel->epoch = epoch;
	channel->n_rings = n_rings;
	if (!config->per_program && attach_rings(channel, ring_fds, ring_mems) < 0) {
		free(channel);
		return -EINVAL;
	}
	s->channels[at] = channel;
	return 0;
}

int mcr_attach_server_set_access(struct mcr_attach_server *s,
				 const struct mcr_channel_config *config)
{
	struct mcr_attach_channel *channel = mcr_attach_find_channel(s, config->name);

	if (!channel)
		return -ENOENT;
	mcr_channel_copy_access(&channel->config, config);
	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
		if (s->channels[i] && s->channels[i]->made_of == channel)
			mcr_channel_copy_access(&s->channels[i]->config, config);
	return 0;
}

unsigned mcr_attach_programs_of(const struct mcr_attach_server *s,
				const struct mcr_attach_channel *template)
{
	unsigned n = 0;

	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
		n += s->channels[i] && s->channels[i]->made_of == template;
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++)
		n += (s->slots[i].state == MCR_SLOT_WAITING ||
		      s->slots[i].state == MCR_SLOT_ABANDONED) &&
		     s->slots[i].made_of == template;
	return n;
}

unsigned mcr_attach_server_programs_max(const struct mcr_attach_server *s, const char *channel)
{
	const struct mcr_attach_channel *found = mcr_attach_find_channel(s, channel);

	if (!found || !found->config.per_program)
		return 0;
	return found->config.programs_max ? found->config.programs_max : MCR_PROGRAMS;
}

/* Nothing is made of it any more. */
static void forget_template(struct mcr_attach_server *s, const struct mcr_attach_channel *template)
{
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++) {
		struct mcr_attach_slot *slot = &s->slots[i];

		if (slot->made_of != template)
			continue;
		slot->made_of = NULL;
		if (slot->state != MCR_SLOT_WAITING)
			continue;
		mcr_attach_send_refusal(slot->fd, -ENOENT, "channel \"%s\" was removed",
					template->config.name);
		mcr_attach_slot_abandon(s, slot);
	}
	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
		if (s->channels[i] && s->channels[i]->made_of == template)
			s->channels[i]->made_of = NULL;
}

int mcr_attach_server_remove_channel(struct mcr_attach_server *s, const char *name)
{
	size_t at = index_of(s, name);

	if (at == MCR_CHANNELS_MAX)
		return -ENOENT;
	forget_template(s, s->channels[at]);
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++)
		if (s->slots[i].state == MCR_SLOT_ATTACHED &&
		    s->slots[i].channel == s->channels[at])
			mcr_attach_slot_release(s, &s->slots[i]);
	free(s->channels[at]);
	s->channels[at] = NULL;
	return 0;
}

unsigned mcr_attach_server_count(const struct mcr_attach_server *s, const char *channel)
{
	const struct mcr_attach_channel *found;
	unsigned n = 0;

	if (!channel)
		return s->attached;
	found = mcr_attach_find_channel(s, channel);
	for (size_t i = 0; found && i < MCR_CHANNELS_MAX; i++)
		if (s->channels[i] && (s->channels[i] == found || s->channels[i]->made_of == found))
			n += s->channels[i]->consumers;
	return n;
}

int mcr_attach_server_had_any(const struct mcr_attach_server *s)
{
	return s->last_id > 0;
}
