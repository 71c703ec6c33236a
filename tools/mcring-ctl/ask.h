/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_CTL_ASK_H
#define MCR_CTL_ASK_H

#include <jansson.h>

/* ctl_ask sends a request to the engine whose control socket is at path, and waits for the answer.
 * path has room in a struct sockaddr_un; origin stands behind it in an error. Returns the answer,
 * which is the caller's, or NULL after a line on stderr: the engine is not there, does not answer,
 * or refused. */
json_t *ctl_ask(const char *path, const char *origin, const json_t *request);

#endif
