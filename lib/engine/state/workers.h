/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's rx lcores. Thread: control. */
#ifndef MCR_ENGINE_WORKERS_H
#define MCR_ENGINE_WORKERS_H

#include <mcring/engine.h>

struct mcr_engine;

/* mcr_engine_choose_lcores: the lcores of cfg, or all workers of EAL. Errors: -EINVAL. */
int mcr_engine_choose_lcores(struct mcr_engine *e, const struct mcr_engine_config *cfg,
			     struct mcr_error *err);

/* mcr_engine_create_workers makes a worker for each rx lcore; mcr_engine_destroy takes away what
 * was made before an error. Errors: -EBUSY (another engine has the lcore), -ENOMEM. */
int mcr_engine_create_workers(struct mcr_engine *e, const struct mcr_engine_config *cfg,
			      struct mcr_error *err);

#endif
