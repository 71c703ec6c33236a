/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "core/error.h"
#include "engine/attach/attach_server.h"
#include "engine/state/channels.h"
#include "engine/state/programs.h"
#include "engine/state/state.h"

/* A channel in the making. The device thread has it but for next, id and is_cancelled. */
struct mcr_program {
	struct mcr_job job; /* first */
	struct mcr_program *next;
	uint64_t id;
	uint8_t is_cancelled; /* control sets it; the device thread gives up */
	struct mcr_engine *engine;
	struct mcr_channel_config config;
	struct mcr_channel *channel; /* the result; NULL = none */
	int ret;
	struct mcr_error err;
};

static int is_given_up(const struct mcr_program *p)
{
	return __atomic_load_n(&p->is_cancelled, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&p->engine->is_ending, __ATOMIC_RELAXED);
}

/* On the device thread. */
static int give_way(void *ctx)
{
	struct mcr_program *p = ctx;

	mcr_device_thread_give_way(p->engine->device);
	return is_given_up(p) ? -ECANCELED : 0;
}

static void run_make(struct mcr_job *job)
{
	struct mcr_program *p = (struct mcr_program *)job;
	const struct mcr_pause pause = {give_way, p};

	p->ret = is_given_up(p) ? -ECANCELED
				: mcr_channel_create(&p->channel, &p->config, p->engine->lcores,
						     p->engine->n_workers, &pause, &p->err);
	if (p->ret == -ECANCELED)
		mcr_error_set(&p->err, p->ret, "channel \"%s\": the engine ends", p->config.name);
}

static void make_done(struct mcr_job *job, void *engine)
{
	struct mcr_program *p = (struct mcr_program *)job, **at;
	struct mcr_engine *e = engine;
	int ret = p->ret;

	for (at = &e->programs; *at != p; at = &(*at)->next)
		;
	*at = p->next;
	if (ret == 0)
		ret = mcr_engine_program_put(e, p->id, p->channel, &p->err);
	if (ret < 0)
		mcr_engine_channel_discard(e, p->channel);
	mcr_attach_server_answer(e->attach, p->id, ret, p->err.text, mcr_clock_now_monotonic());
	free(p);
}

/* Those in the making have no place yet. */
static int has_place(const struct mcr_engine *e)
{
	size_t n = 0;

	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
		n += !!e->channels[i];
	for (const struct mcr_program *p = e->programs; p; p = p->next)
		n++;
	return n < MCR_CHANNELS_MAX;
}

int mcr_engine_program_make(void *engine, uint64_t id, const struct mcr_channel_config *config,
			    struct mcr_error *err)
{
	struct mcr_engine *e = engine;
	struct mcr_program *p;

	if (e->state >= MCR_ENGINE_STOPPING)
		return mcr_error_set(err, -ESHUTDOWN, "the engine is stopping");
	if (!has_place(e))
		return mcr_error_set(err, -ENOSPC, "no more than %d channels", MCR_CHANNELS_MAX);
	p = calloc(1, sizeof(*p));
	if (!p)
		return mcr_error_set(err, -ENOMEM, "no memory for channel \"%s\"", config->name);
	/* is_work: memory is compared with what others have filled, so they fill one by one. */
	p->job = (struct mcr_job){.run = run_make, .done = make_done, .is_work = 1};
	p->id = id;
	p->engine = e;
	p->config = *config;
	p->next = e->programs;
	e->programs = p;
	mcr_device_thread_submit(e->device, &p->job);
	return 0;
}

void mcr_engine_program_cancel(void *engine, uint64_t id)
{
	const struct mcr_engine *e = engine;

	for (struct mcr_program *p = e->programs; p; p = p->next)
		if (p->id == id)
			__atomic_store_n(&p->is_cancelled, 1, __ATOMIC_RELAXED);
}

int mcr_engine_program_end(void *engine, const char *channel)
{
	return mcr_engine_channel_remove(engine, channel, NULL);
}
