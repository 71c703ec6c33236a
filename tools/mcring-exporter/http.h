/* SPDX-License-Identifier: BSD-3-Clause */
/* The HTTP side: GET and HEAD of four paths, one request a connection. Its clients may be hostile:
 * connections, their headers and the time of each are bounded, and when there are many, the oldest
 * make room. A request waits until the engines have answered, 2.5 s at most; all that come in the
 * same second get the same answer. */
#ifndef MCR_EXPORTER_HTTP_H
#define MCR_EXPORTER_HTTP_H

#include <stdint.h>

#include "sources.h"

struct http;

/* http_create serves on a listening socket, which it takes over. series: of /metrics at most.
 * Returns 0 or -errno. */
int http_create(struct http **out, int listen_fd, struct sources *sources, unsigned series);
void http_destroy(struct http *h);

/* http_fd gives the descriptor to poll for reading. *deadline_ns is lowered to when http_go_on is
 * to be called at the latest. */
int http_fd(struct http *h, uint64_t *deadline_ns, uint64_t now_ns);

/* http_go_on serves what has come. */
void http_go_on(struct http *h, uint64_t now_ns);

#endif
