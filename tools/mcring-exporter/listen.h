/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_EXPORTER_LISTEN_H
#define MCR_EXPORTER_LISTEN_H

/* listen_at opens a TCP socket that listens at ADDRESS:PORT, of IPv6 at [ADDRESS]:PORT. Returns it,
 * or -1 after a line on stderr. */
int listen_at(const char *text);

#endif
