/* SPDX-License-Identifier: BSD-3-Clause */
/* What ports lost, for the readers of rings (docs/ring.md). Thread: control. */
#ifndef MCR_ENGINE_HOST_LOSS_H
#define MCR_ENGINE_HOST_LOSS_H

struct mcr_engine;

/* mcr_engine_show_host_loss writes into each ring what the last looks at its lcore's ports found.
 */
void mcr_engine_show_host_loss(struct mcr_engine *e);

#endif
