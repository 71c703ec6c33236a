/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts from outside, made fit to be shown. */
#ifndef MCR_EXPORTER_TEXT_H
#define MCR_EXPORTER_TEXT_H

#include <stddef.h>

/* text_copy copies UTF-8, as much as fits whole into cap octets with its NUL; control characters
 * become spaces. Returns the length of the copy. */
size_t text_copy(char *out, size_t cap, const char *text);

#endif
