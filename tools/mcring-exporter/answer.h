/* SPDX-License-Identifier: BSD-3-Clause */
/* What a stats socket answered, as JSON. Who listens there may be anybody: what is read costs
 * bounded time and memory. */
#ifndef MCR_EXPORTER_ANSWER_H
#define MCR_EXPORTER_ANSWER_H

#include <stddef.h>

#include <jansson.h>

#define ANSWER_ERROR 160 /* octets of an error, the NUL included */

/* answer_parse reads an answer of len octets with at most so many values, and takes `ok` out of it.
 * Returns the object, which is the caller's, or NULL with what is wrong: it is no answer, or the
 * engine refused. */
json_t *answer_parse(const char *text, size_t len, size_t values_max, char error[ANSWER_ERROR]);

#endif
