/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's log. Thread: control. */
#ifndef MCR_ENGINE_LOG_H
#define MCR_ENGINE_LOG_H

#include <mcring/engine.h>

struct mcr_engine;

/* mcr_engine_log gives one line to the application, or to standard error. */
__attribute__((format(printf, 3, 4))) void
mcr_engine_log(const struct mcr_engine *e, enum mcr_log_level level, const char *format, ...);

#endif
