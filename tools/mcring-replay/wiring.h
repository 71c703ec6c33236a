/* SPDX-License-Identifier: BSD-3-Clause */
/* Which of the capture's interfaces is which of the engine's. */
#ifndef MCR_REPLAY_WIRING_H
#define MCR_REPLAY_WIRING_H

#include "capture.h"
#include "options.h"
#include "settings/settings.h"

/* By the capture's interfaces: the engine's interface, by whose port frames come. */
struct replay_wiring {
	char names[CAPTURE_INTERFACES_MAX][MCR_NAME_MAX];
	unsigned n;
};

/* replay_wiring_make gives each of the capture's interfaces a name, those of --interface or of
 * their own, and adds an interface of that name to s. Errors: -EINVAL, -ENOENT, -EEXIST, -ENOSPC,
 * -ENOMEM. */
int replay_wiring_make(struct replay_wiring *out, struct mcr_settings *s,
		       const struct replay_options *options, const struct capture *capture,
		       struct mcr_error *err);

/* replay_wiring_find gives each an interface of s: by --interface, or in the order of their ports;
 * a single port gets all. Errors: -EINVAL, -ENOENT, -EEXIST. */
int replay_wiring_find(struct replay_wiring *out, const struct mcr_settings *s,
		       const struct replay_options *options, const struct capture *capture,
		       struct mcr_error *err);

#endif
