/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "engine/portless/portless_state.h"

/* ---- memory ---- */

static int create(struct mcr_portless_channel **out, const struct mcr_channel_config *config,
		  const struct mcr_pause *pause, struct mcr_error *err)
{
	const int anywhere = -1;
	struct mcr_portless_channel *channel = calloc(1, sizeof(*channel));
	int ret;

	if (!channel)
		return mcr_error_set(err, -ENOMEM, "no memory for channel \"%s\"", config->name);
	channel->config = *config;
	/* The rings of a template are those of the channels that are made of it. */
	ret = mcr_rings_create(&channel->rings, config, &anywhere, config->per_program ? 0 : 1,
			       pause, err);
	if (ret < 0) {
		free(channel);
		return ret;
	}
	if (channel->rings.n > 0)
		mcr_ring_writer_attach(&channel->writer, channel->rings.regions[0].mem);
	*out = channel;
	return 0;
}

void mcr_portless_free_channel(struct mcr_portless_channel *channel)
{
	if (!channel)
		return;
	mcr_rings_release(&channel->rings);
	free(channel);
}

static void run_release(struct mcr_job *job)
{
	mcr_rings_release(&((struct mcr_portless_channel *)job)->rings);
}

static void release_done(struct mcr_job *job, void *portless)
{
	free(job);
}

void mcr_portless_drop_channel(struct mcr_portless *p, struct mcr_portless_channel *channel)
{
	mcr_rings_stop(&channel->rings);
	channel->job = (struct mcr_job){.run = run_release, .done = release_done};
	mcr_device_thread_submit(p->device, &channel->job);
}

/* ---- channels that consumers attach to ---- */

/* program: the id of the one that it was made for; 0 = it is for all. */
static int announce(struct mcr_portless *p, struct mcr_portless_channel *channel, uint64_t program)
{
	const struct mcr_channel_config *config = &channel->config;
	const struct mcr_rings *rings = &channel->rings;
	const void *mems[MCR_LCORES_MAX];
	int fds[MCR_LCORES_MAX];

	mcr_rings_heartbeat(&channel->rings, mcr_portless_clock(CLOCK_MONOTONIC));
	mcr_rings_list(rings, fds, mems);
	if (config->per_program)
		return mcr_attach_server_add_channel(p->attach, config, NULL, NULL, 1,
						     rings->epoch);
	if (program)
		return mcr_attach_server_add_program(p->attach, program, config, fds, mems,
						     rings->n, rings->epoch);
	return mcr_attach_server_add_channel(p->attach, config, fds, mems, rings->n, rings->epoch);
}

/* Those in the making have no place yet. */
static unsigned count(const struct mcr_portless *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MCR_CHANNELS_MAX; i++)
		n += !!p->channels[i];
	for (const struct mcr_portless_program *making = p->programs; making; making = making->next)
		n++;
	return n;
}

static int refuse_full(struct mcr_error *err)
{
	return mcr_error_set(err, -ENOSPC, "no more than %d channels", MCR_CHANNELS_MAX);
}

static int put(struct mcr_portless *p, struct mcr_portless_channel *channel, uint64_t program,
	       struct mcr_error *err)
{
	unsigned at = 0;
	int ret;

	while (at < MCR_CHANNELS_MAX && p->channels[at])
		at++;
	if (at == MCR_CHANNELS_MAX)
		return refuse_full(err);
	ret = announce(p, channel, program);
	if (ret < 0)
		return mcr_error_set(err, ret, "channel \"%s\": %s", channel->config.name,
				     strerror(-ret));
	p->channels[at] = channel;
	mcr_portless_show(p, p->table);
	return 0;
}

int mcr_portless_add_channel(struct mcr_portless *p, const struct mcr_channel_config *config,
			     struct mcr_error *err)
{
	struct mcr_portless_channel *channel = NULL;
	int ret = create(&channel, config, NULL, err);

	if (ret == 0) {
		ret = put(p, channel, 0, err);
		if (ret < 0)
			mcr_portless_free_channel(channel);
	}
	return ret;
}

/* ---- channels of programs ---- */

static int is_given_up(const struct mcr_portless_program *making)
{
	return __atomic_load_n(&making->is_cancelled, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&making->portless->is_ending, __ATOMIC_RELAXED);
}

/* On the device thread, as is run_make. */
static int give_way(void *ctx)
{
	struct mcr_portless_program *making = ctx;

	mcr_device_thread_give_way(making->portless->device);
	return is_given_up(making) ? -ECANCELED : 0;
}

static void run_make(struct mcr_job *job)
{
	struct mcr_portless_program *making = (struct mcr_portless_program *)job;
	const struct mcr_pause pause = {give_way, making};

	making->ret = is_given_up(making)
			  ? -ECANCELED
			  : create(&making->channel, &making->config, &pause, &making->err);
	if (making->ret == -ECANCELED)
		mcr_error_set(&making->err, making->ret, "channel \"%s\": the engine ends",
			      making->config.name);
}

static void make_done(struct mcr_job *job, void *portless)
{
	struct mcr_portless_program *making = (struct mcr_portless_program *)job, **at;
	struct mcr_portless *p = portless;
	int ret = making->ret;

	for (at = &p->programs; *at != making; at = &(*at)->next)
		;
	*at = making->next;
	if (ret == 0)
		ret = put(p, making->channel, making->id, &making->err);
	if (ret < 0 && making->channel)
		mcr_portless_drop_channel(p, making->channel);
	mcr_attach_server_answer(p->attach, making->id, ret, making->err.text,
				 mcr_portless_clock(CLOCK_MONOTONIC));
	free(making);
}

int mcr_portless_program_make(void *portless, uint64_t id, const struct mcr_channel_config *config,
			      struct mcr_error *err)
{
	struct mcr_portless *p = portless;
	struct mcr_portless_program *making;

	if (p->is_stopping)
		return mcr_error_set(err, -ESHUTDOWN, "the engine is stopping");
	if (count(p) >= MCR_CHANNELS_MAX)
		return refuse_full(err);
	making = calloc(1, sizeof(*making));
	if (!making)
		return mcr_error_set(err, -ENOMEM, "no memory for channel \"%s\"", config->name);
	/* is_work: memory is compared with what others have filled, so they fill one by one. */
	making->job = (struct mcr_job){.run = run_make, .done = make_done, .is_work = 1};
	making->portless = p;
	making->id = id;
	making->config = *config;
	making->next = p->programs;
	p->programs = making;
	mcr_device_thread_submit(p->device, &making->job);
	return 0;
}

void mcr_portless_program_cancel(void *portless, uint64_t id)
{
	const struct mcr_portless *p = portless;

	for (struct mcr_portless_program *making = p->programs; making; making = making->next)
		if (making->id == id)
			__atomic_store_n(&making->is_cancelled, 1, __ATOMIC_RELAXED);
}
