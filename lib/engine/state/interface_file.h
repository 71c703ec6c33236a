/* SPDX-License-Identifier: BSD-3-Clause */
/* RUN_DIR/interfaces: which interfaces the engine has, for everybody, also after its end
 * (core/interface_list.h). Thread: control. */
#ifndef MCR_ENGINE_INTERFACE_FILE_H
#define MCR_ENGINE_INTERFACE_FILE_H

#include <stddef.h>

#include <mcring/types.h>

#include "engine/os/device_thread.h"

struct mcr_engine;

/* While the job is pending all of this is the device thread's, but for is_due. */
struct mcr_interface_file {
	struct mcr_job job;
	const char *run_dir;
	char *text;
	size_t len;
	int ret;
	struct mcr_error err;
	uint8_t is_due; /* control's: something has changed since */
};

/* mcr_engine_write_interfaces writes the file before the engine runs, if it has a run directory.
 * Returns 0 or, with err filled, -ENOMEM or what mcr_run_dir_write gave. May wait. */
int mcr_engine_write_interfaces(struct mcr_engine *e, struct mcr_error *err);

/* mcr_engine_renew_interfaces writes it again beside control. A failure is logged. */
void mcr_engine_renew_interfaces(struct mcr_engine *e);

#endif
