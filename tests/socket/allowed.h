/* SPDX-License-Identifier: BSD-3-Clause */
/* What may differ between the kernel and the library, and why. Scripts do not come to it: a step
 * that would is left out when the script is made, or the queues are emptied before it.
 * docs/sockets.md says the same to users. */
#ifndef MCR_TEST_ALLOWED_H
#define MCR_TEST_ALLOWED_H

#include "script.h"

struct allowed {
	const char *what, *why;
	/* The step must find the queues of all sockets empty; both NULL: no script has such a step.
	 */
	int (*wants_empty)(const struct step *s, int by_kernel);
	/* The step must not come while this call sleeps; names_changed: descriptors were closed or
	 * replaced since it began. */
	int (*wants_awake)(const struct step *s, const struct step *sleeping, int names_changed);
};

extern const struct allowed allowed[];
extern const unsigned n_allowed;

int changes_names(const struct step *s);

/* What the library receives from the kernel, because the engine does not. */
int is_kernels(const struct step *s);

#endif
