/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/attach/attach_channels.h"
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

int mcr_attach_server_add_channel(struct mcr_attach_server *s,
				  const struct mcr_channel_config *config, const int *ring_fds,
				  const void *const *ring_mems, unsigned n_rings, uint64_t epoch)
{
	struct mcr_attach_channel *channel;
	struct stat st;
	const char *why;
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

int mcr_attach_server_set_access(struct mcr_attach_server *s,
				 const struct mcr_channel_config *config)
{
	struct mcr_attach_channel *channel = mcr_attach_find_channel(s, config->name);

	if (!channel)
		return -ENOENT;
	mcr_channel_copy_access(&channel->config, config);
	return 0;
}

int mcr_attach_server_remove_channel(struct mcr_attach_server *s, const char *name)
{
	size_t at = index_of(s, name);

	if (at == MCR_CHANNELS_MAX)
		return -ENOENT;
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

	if (!channel)
		return s->attached;
	found = mcr_attach_find_channel(s, channel);
	return found ? found->consumers : 0;
}
