/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FEED_HANDLER_H
#define FEED_HANDLER_H

#include <mcring/consumer.h>

/* What this feed handler knows. */
struct feed_handler {
	uint64_t messages, bytes, lost;
};

/* feed_handler_step handles what is there and returns how many events that was, or the error of
 * mcr_consumer_poll: -EPIPE when the engine has ended. Where the consumer reads from, another
 * process or this one, makes no difference. */
int feed_handler_step(struct feed_handler *h, struct mcr_consumer *c);

#endif
