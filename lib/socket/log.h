/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the library's lines go. mcr_log itself is in settings.h, for all. */
#ifndef MCR_SOCKET_LOG_H
#define MCR_SOCKET_LOG_H

/* mcr_log_open: lines go to standard error for "2", to the end of a file for its path, nowhere for
 * NULL and "". The text is borrowed for the call. */
void mcr_log_open(const char *where);

/* mcr_log_warn is mcr_log, but without a place to log to it writes to standard error: what its user
 * has to know. */
__attribute__((format(printf, 1, 2))) void mcr_log_warn(const char *format, ...);

#endif
