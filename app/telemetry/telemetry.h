/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands below /mcring/ in DPDK's telemetry, for collectors that speak that:
 * docs/operating.md.
 *
 * Telemetry calls them in threads of its own. So they touch nothing of the engine: they ask its
 * socket `stats`, as any monitor does, and show what it says. */
#ifndef MCR_APP_TELEMETRY_H
#define MCR_APP_TELEMETRY_H

#include <mcring/types.h>

/* mcr_telemetry_begin registers the commands, which ask the engine in run_dir. Telemetry never
 * forgets a command: call it once in the life of a process. After the engine's end they say that it
 * does not answer. Returns 0, or an error with err: telemetry has no room for all of them. */
int mcr_telemetry_begin(const char *run_dir, struct mcr_error *err);

#endif
