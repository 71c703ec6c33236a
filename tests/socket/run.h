/* SPDX-License-Identifier: BSD-3-Clause */
/* A script's run on both hosts, in lockstep. */
#ifndef MCR_TEST_RUN_H
#define MCR_TEST_RUN_H

#include "script.h"
#include "side.h"
#include "text.h"
#include "wire.h"

/* Where and what to run. */
struct rig_options {
	const char *namespaces[3]; /* of the senders and the two hosts */
	const char *workers[HOSTS];
	const char *preload, *run_dir;
};

struct rig {
	const struct rig_options *options;
	struct wire wire;
	struct side sides[HOSTS];
	struct text texts[SCRIPT_MAX + 1][HOSTS]; /* the last is of the end */
	struct text late[HOSTS];                  /* of the call that slept */
	unsigned n;                               /* steps with texts */
	struct step sleeping;                     /* code STEP_CODES: no call sleeps */
	int slept_at;                             /* index of that step */
	int names_changed; /* since then: descriptors were closed or replaced */
	int by_kernel; /* the queues may hold what only the kernel receives; else only the other */
	uint32_t payload; /* number of the next datagram */
};

/* rig_start starts the worker of a host. */
void rig_start(struct rig *r, int host);

/* run_script returns whether the hosts differed; r has the account. */
int run_script(struct rig *r, const struct script *script);

#endif
