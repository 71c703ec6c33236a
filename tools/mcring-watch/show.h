/* SPDX-License-Identifier: BSD-3-Clause */
/* What shows the watch: its sockets, the table or JSON on standard output, the line a minute. */
#ifndef MCR_WATCH_SHOW_H
#define MCR_WATCH_SHOW_H

#include <stdint.h>

#include "watch.h"

struct show;

/* show_create listens in the state directory. While the table is on a terminal, what is logged
 * there is shown in it instead. Returns 0 or -errno with err filled. */
int show_create(struct show **out, struct watch *w, struct mcr_error *err);

/* show_poll does what is due, a piece at a time; w->epoll_fd wakes for it. now_ns: monotonic.
 * Returns 0, or -EPIPE: nobody reads standard output any more. */
int show_poll(struct show *s, uint64_t now_ns);

/* show_destroy ends the answers that are being made. Call it before what they are about is gone.
 * NULL is allowed. */
void show_destroy(struct show *s);

#endif
