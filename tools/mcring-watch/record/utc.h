/* SPDX-License-Identifier: BSD-3-Clause */
/* Times of packets as text, each form of one length. Pure. */
#ifndef MCR_WATCH_UTC_H
#define MCR_WATCH_UTC_H

#include <stdint.h>

#define UTC_TEXT sizeof("2026-11-29T19:52:11.123456789Z")

/* utc_text writes "2026-11-29T19:52:11.123456789Z". Returns text. */
const char *utc_text(char text[UTC_TEXT], uint64_t ns);

#define UTC_NAME sizeof("20261129T195211.123456789Z")

/* utc_name writes "20261129T195211.123456789Z", whose order is that of time. Returns text. */
const char *utc_name(char text[UTC_NAME], uint64_t ns);

/* utc_is_name returns 1 if a text begins with what utc_name writes. */
int utc_is_name(const char *text);

#endif
