/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked of a NATS cluster beside messages: the stream, the bucket of positions. Each call
 * makes a connection of its own, and waits. Thread: any. */
#ifndef MCR_SINK_NATS_ADMIN_H
#define MCR_SINK_NATS_ADMIN_H

#include <stdint.h>

#include <nats/nats.h>

#include <mcring/types.h>

#include "nats_config.h"

#define NATS_BUCKET "mcring-sink"

/* nats_options makes the options of a connection: servers, TLS, credentials. The library does not
 * connect again by itself. Returns 0, -EINVAL with err (a file that cannot be read, say), -ENOMEM.
 */
int nats_options(natsOptions **out, const struct nats_config *c, struct mcr_error *err);

/* nats_failure says in err what the library's last error was. Returns -EACCES, -ETIMEDOUT,
 * -ENOENT or -EPROTO, as s is. */
int nats_failure(struct mcr_error *err, natsStatus s, const char *doing);

/* nats_admin_ensure looks for the stream and for the bucket, and makes the first if the options
 * say so, the second always. It compares the stream with what the options say of it.
 * window_ns: of the stream's duplicates. Returns 0 or with err what broker.h says of open; it tries
 * again until until_ns (CLOCK_MONOTONIC) while no server is there. */
int nats_admin_ensure(const struct nats_config *c, uint64_t until_ns, uint64_t *window_ns,
		      struct mcr_error *err);

/* nats_admin_load reads the position, and writes it again as it is, so that another process which
 * has read it before cannot write any more. text: malloc'd, NULL = there is none. revision: of what
 * it wrote. Returns 0, -ENOMEM, or an error of nats_failure with err. */
int nats_admin_load(const struct nats_config *c, char **text, uint64_t *revision,
		    struct mcr_error *err);

#endif
