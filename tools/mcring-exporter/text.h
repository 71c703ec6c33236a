/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts from outside, made fit to be shown. */
#ifndef MCR_EXPORTER_TEXT_H
#define MCR_EXPORTER_TEXT_H

#include <stddef.h>

/* text_copy copies as many characters as fit whole into cap octets with a NUL: UTF-8, in which
 * control characters become spaces and octets that are no UTF-8 question marks. Returns the length
 * of the copy. */
size_t text_copy(char *out, size_t cap, const char *text);

#endif
