/* SPDX-License-Identifier: BSD-3-Clause */
/* The rx lcores: which they are, and what each is given before it runs. */
#include <errno.h>

#include <rte_lcore.h>
#include <rte_malloc.h>

#include "core/error.h"
#include "engine/state/state.h"
#include "engine/state/workers.h"

int mcr_engine_choose_lcores(struct mcr_engine *e, const struct mcr_engine_config *cfg,
			     struct mcr_error *err)
{
	unsigned lcore;

	if (!cfg->lcores) {
		RTE_LCORE_FOREACH_WORKER(lcore)
		{
			if (e->n_workers < MCR_LCORES_MAX)
				e->lcores[e->n_workers++] = lcore;
		}
		if (e->n_workers == 0)
			return mcr_error_set(
			    err, -EINVAL,
			    "EAL has no worker lcore for receiving: give it two or "
			    "more, as in -l 0,1");
		return 0;
	}
	if (cfg->n_lcores == 0 || cfg->n_lcores > MCR_LCORES_MAX)
		return mcr_error_set(err, -EINVAL, "1 to %d rx lcores", MCR_LCORES_MAX);
	for (unsigned i = 0; i < cfg->n_lcores; i++) {
		lcore = cfg->lcores[i];
		if (!rte_lcore_is_enabled(lcore) || lcore == rte_get_main_lcore())
			return mcr_error_set(err, -EINVAL, "lcore %u is not a worker lcore of EAL",
					     lcore);
		for (unsigned k = 0; k < i; k++)
			if (e->lcores[k] == lcore)
				return mcr_error_set(err, -EINVAL, "lcore %u is named twice",
						     lcore);
		e->lcores[e->n_workers++] = lcore;
	}
	return 0;
}

static int has_kernel(const struct mcr_engine_config *cfg)
{
	for (unsigned i = 0; i < cfg->n_interfaces; i++)
		if (cfg->interfaces[i].kernel[0] != '\0')
			return 1;
	return 0;
}

int mcr_engine_create_workers(struct mcr_engine *e, const struct mcr_engine_config *cfg,
			      struct mcr_error *err)
{
	int ret = 0;

	e->qsbr =
	    rte_zmalloc("mcr_qsbr", rte_rcu_qsbr_get_memsize(MCR_LCORES_MAX), RTE_CACHE_LINE_SIZE);
	if (!e->qsbr || rte_rcu_qsbr_init(e->qsbr, MCR_LCORES_MAX) != 0)
		return mcr_error_set(err, -ENOMEM, "no EAL memory: give EAL more (-m MEGABYTES)");
	e->placement.n = e->n_workers;
	for (unsigned i = 0; ret == 0 && i < e->n_workers; i++) {
		struct mcr_worker *w;

		e->placement.lcores[i] = e->lcores[i];
		e->placement.nodes[i] = (int)rte_lcore_to_socket_id(e->lcores[i]);

		ret = mcr_worker_create(&w, i, e->lcores[i], err);
		if (ret < 0)
			break;
		e->workers[i] = w;
		w->idle = e->config.idle;
		w->first_chunk = e->config.first_chunk ? e->config.first_chunk : MCR_FIRST_CHUNK;
		w->clock = &e->clock;
		w->qsbr = e->qsbr;
		rte_rcu_qsbr_thread_register(e->qsbr, i);
		if (has_kernel(cfg))
			ret = mcr_worker_serve_kernel(w, err);
	}
	return ret;
}
