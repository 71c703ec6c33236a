/* SPDX-License-Identifier: BSD-3-Clause */
/* What takes long and may not take control's time: the application's work and rings' memory. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "core/error.h"
#include "engine/state/config.h"
#include "engine/state/state.h"

struct work {
	struct mcr_job job; /* first */
	void (*work)(void *ctx);
	void (*done)(void *ctx);
	void *ctx;
};

static void run_work(struct mcr_job *job)
{
	struct work *w = (struct work *)job;

	w->work(w->ctx);
}

static void work_done(struct mcr_job *job, void *engine)
{
	struct work w = *(struct work *)job;

	(void)engine;
	free(job);
	w.done(w.ctx);
}

int mcr_engine_run(struct mcr_engine *e, void (*work)(void *ctx), void (*done)(void *ctx),
		   void *ctx)
{
	struct work *w = malloc(sizeof(*w));

	if (!w)
		return -ENOMEM;
	*w = (struct work){{.run = run_work, .done = work_done, .is_work = 1}, work, done, ctx};
	mcr_device_thread_submit(e->device, &w->job);
	return 0;
}

/* ---- channels ---- */

/* On the device thread. */
static int pause_job(void *ctx)
{
	struct mcr_engine *e = ctx;

	mcr_device_thread_give_way(e->device);
	return __atomic_load_n(&e->is_ending, __ATOMIC_RELAXED) ? -ECANCELED : 0;
}

int mcr_engine_channel_prepare(struct mcr_engine *e, const struct mcr_channel_config *config,
			       struct mcr_channel **out, struct mcr_error *err)
{
	struct mcr_channel_config clean;
	const struct mcr_pause pause = {pause_job, e};
	int ret = mcr_channel_config_take(&clean, config, err);

	if (ret == 0)
		ret = mcr_channel_check(&clean, err);
	if (ret == 0)
		ret = mcr_channel_create(out, &clean, e->lcores, e->n_workers, &pause, err);
	return ret == -ECANCELED
		   ? mcr_error_set(err, ret, "channel \"%s\": the engine ends", clean.name)
		   : ret;
}

static struct mcr_channel *channel_of(struct mcr_job *job)
{
	return (struct mcr_channel *)((char *)job - offsetof(struct mcr_channel, job));
}

static void run_end(struct mcr_job *job)
{
	mcr_channel_release(channel_of(job));
}

static void end_done(struct mcr_job *job, void *engine)
{
	(void)engine;
	mcr_channel_destroy(channel_of(job));
}

void mcr_engine_channel_discard(struct mcr_engine *e, struct mcr_channel *channel)
{
	if (!channel)
		return;
	if (!e->device) { /* the engine's end: nobody waits for control */
		mcr_channel_destroy(channel);
		return;
	}
	channel->job = (struct mcr_job){.run = run_end, .done = end_done};
	mcr_device_thread_submit(e->device, &channel->job);
}
