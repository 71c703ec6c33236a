/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests to a running engine. */
#ifndef MCR_CTL_ASK_H
#define MCR_CTL_ASK_H

#include <jansson.h>

#include "../common/engine_path.h"

/* The engine that is asked. */
struct ctl_engine {
	char path[ENGINE_PATH_MAX];  /* of its control socket */
	char stats[ENGINE_PATH_MAX]; /* of its stats socket */
	const char *origin;          /* of the path, behind it in an error */
	unsigned patience_s;         /* for an answer; a reload has its own */
};

/* ctl_engine_find names the engine of a run directory, or else of a name, or else of
 * MCRING_RUN_DIR, as mcr_consumer_open does. Returns 0, or -1 after a line on stderr. */
int ctl_engine_find(struct ctl_engine *engine, const char *run_dir, const char *name);

/* Why there is no answer. */
struct ctl_problem {
	enum {
		CTL_ABSENT,  /* there is no engine */
		CTL_DENIED,  /* this user may not ask it */
		CTL_SILENT,  /* it does not answer, or something that is none */
		CTL_REFUSED, /* it refused the request */
		CTL_BROKEN   /* this program cannot ask */
	} kind;
	char text[1024];
};

/* ctl_try sends a request and waits for the answer. A request that changes nothing goes to the
 * stats socket if this user may not use the other. Returns the answer, which is the caller's, or
 * NULL with *problem filled. */
json_t *ctl_try(const struct ctl_engine *engine, const json_t *request,
		struct ctl_problem *problem);

/* ctl_ask is ctl_try with a line on stderr when there is no answer. */
json_t *ctl_ask(const struct ctl_engine *engine, const json_t *request);

#endif
