/* SPDX-License-Identifier: BSD-3-Clause */
/* The client's side of core/attach_wire.h: from the name of a channel to mapped memory. The client
 * does not trust the engine: it takes only memfds that cannot shrink under the map. */
#ifndef MCR_CLIENT_ATTACH_H
#define MCR_CLIENT_ATTACH_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <mcring/consumer.h>

#include "core/attach_wire.h"
#include "core/consumer_page.h"

struct mcr_attachment {
	int socket; /* open for as long as the attachment lasts; -1 = none */
	unsigned n_rings;
	struct {
		const void *mem; /* read-only map */
		size_t len;
	} rings[MCR_RINGS_MAX];
	struct mcr_consumer_page *page;
};

/* mcr_attachment_open asks for the channel that opts names, or takes the welcome out of opts->fd,
 * which it owns from then on. Blocks for at most 5 s. Errors as mcr_consumer_open; *out is then
 * closed. */
int mcr_attachment_open(struct mcr_attachment *out, const struct mcr_consumer_opts *opts,
			struct mcr_error *err);

static inline uint64_t mcr_client_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#define MCR_CLIENT_ANSWER_NS UINT64_C(5000000000) /* how long an answer of the engine may take */

/* mcr_attachment_wait waits until the engine has sent something, but no longer than deadline_ns of
 * CLOCK_MONOTONIC. Returns 0, -ETIMEDOUT or -errno. */
int mcr_attachment_wait(const struct mcr_attachment *a, uint64_t deadline_ns);

/* mcr_attachment_close unmaps and disconnects. */
void mcr_attachment_close(struct mcr_attachment *a);

#endif
