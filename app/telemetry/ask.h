/* SPDX-License-Identifier: BSD-3-Clause */
/* A question to the socket `stats` of an engine: docs/control.md. */
#ifndef MCR_APP_TELEMETRY_ASK_H
#define MCR_APP_TELEMETRY_ASK_H

#include <mcring/types.h>

/* mcr_telemetry_ask connects to path, sends request, which is one line without its end, and waits
 * for the answer: 2 s for each of its pieces at most. Thread: any. Returns the answer, one line, to
 * be freed; or NULL with err. */
char *mcr_telemetry_ask(const char *path, const char *request, struct mcr_error *err);

#endif
