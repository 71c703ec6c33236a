/* SPDX-License-Identifier: BSD-3-Clause */
/* The one line of an error. */
#ifndef MCR_APP_FAIL_H
#define MCR_APP_FAIL_H

#include <mcring/types.h>

#define MCR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* mcr_fail writes one line into err (NULL is allowed; line breaks and control characters become
 * spaces) and returns code. */
int mcr_fail(struct mcr_error *err, int code, const char *fmt, ...) MCR_PRINTF(3, 4);

/* mcr_fail_prefix puts text in front of what err says already. Returns code. */
int mcr_fail_prefix(struct mcr_error *err, int code, const char *fmt, ...) MCR_PRINTF(3, 4);

/* mcr_fail_memory: there was not enough memory. Returns -ENOMEM. */
int mcr_fail_memory(struct mcr_error *err);

#endif
