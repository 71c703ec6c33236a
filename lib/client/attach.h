/* SPDX-License-Identifier: BSD-3-Clause */
/* The client's side of core/attach_wire.h: from the name of a channel to mapped memory. The client
 * does not trust the engine: it takes only memfds that cannot shrink under the map. */
#ifndef MCR_CLIENT_ATTACH_H
#define MCR_CLIENT_ATTACH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>
#include <time.h>

#include <mcring/consumer.h>

#include "core/attach_wire.h"
#include "core/consumer_page.h"

/* Where the engine is, and what it is asked for. */
struct mcr_attach_target {
	uint64_t answer_ns; /* how long it may take to connect */
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)]; /* "" = a descriptor was given */
	const char *origin; /* of the path, behind it in an error; static */
	struct mcr_hello hello;
};

struct mcr_attachment {
	int socket;       /* open for as long as the attachment lasts; -1 = none */
	uint32_t version; /* of the exchange: the engine's */
	unsigned n_rings;
	struct {
		const void *mem; /* read-only map */
		size_t len;
	} rings[MCR_RINGS_MAX];
	struct mcr_consumer_page *page;
};

#define MCR_ATTACHMENT_NONE  \
	{                    \
		.socket = -1 \
	}

/* mcr_attach_target_init takes from opts what an engine is asked for. Errors: -ENOENT (a name or
 * path that is too long for any engine). */
int mcr_attach_target_init(struct mcr_attach_target *t, const struct mcr_consumer_opts *opts,
			   struct mcr_error *err);

/* mcr_attachment_ask connects and says hello. blocks: waits for the connection, at most
 * t->answer_ns. Errors as mcr_consumer_open; -EAGAIN: the backlog is full. */
int mcr_attachment_ask(struct mcr_attachment *out, const struct mcr_attach_target *t, int blocks,
		       struct mcr_error *err);

/* mcr_attachment_take takes the answer and maps what came with it, without waiting. Close the
 * attachment after an error. Errors as mcr_consumer_open; -EAGAIN: it has not come yet. */
int mcr_attachment_take(struct mcr_attachment *a, struct mcr_error *err);

/* mcr_attachment_await is the same, but waits at most answer_ns. */
int mcr_attachment_await(struct mcr_attachment *a, uint64_t answer_ns, struct mcr_error *err);

static inline uint64_t mcr_client_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* mcr_client_deadline: so long from now on. */
static inline uint64_t mcr_client_deadline(uint64_t ns)
{
	uint64_t now_ns = mcr_client_now_ns();

	return ns < UINT64_MAX - now_ns ? now_ns + ns : UINT64_MAX;
}

/* mcr_attachment_wait waits until the engine has sent something, but no longer than deadline_ns of
 * CLOCK_MONOTONIC. Returns 0, -ETIMEDOUT or -errno. */
int mcr_attachment_wait(const struct mcr_attachment *a, uint64_t deadline_ns,
			struct mcr_error *err);

/* mcr_attachment_close unmaps and disconnects. */
void mcr_attachment_close(struct mcr_attachment *a);

#endif
