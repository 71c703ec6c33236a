/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors are one line each. */
#ifndef MCR_APP_FAIL_H
#define MCR_APP_FAIL_H

#include <mcring/types.h>

#define MCR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* mcr_fail writes one line into err and returns code. err may be NULL. Line breaks and control
 * characters become spaces, and a text that is too long ends with "...". */
int mcr_fail(struct mcr_error *err, int code, const char *fmt, ...) MCR_PRINTF(3, 4);

/* mcr_fail_prefix puts text in front of the text in err. Returns code. */
int mcr_fail_prefix(struct mcr_error *err, int code, const char *fmt, ...) MCR_PRINTF(3, 4);

/* mcr_fail_memory reports that memory ran out. Returns -ENOMEM. */
int mcr_fail_memory(struct mcr_error *err);

#endif
