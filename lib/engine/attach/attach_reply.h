/* SPDX-License-Identifier: BSD-3-Clause */
/* The answer to a hello: a welcome with descriptors, or a refusal. */
#ifndef MCR_ENGINE_ATTACH_REPLY_H
#define MCR_ENGINE_ATTACH_REPLY_H

#include "engine/attach/attach_state.h"

#define MCR_WELCOME_INIT                                                  \
	{                                                                 \
		.magic = MCR_WELCOME_MAGIC, .version = MCR_ATTACH_VERSION \
	}

/* mcr_attach_set_refusal turns a welcome into a refusal. Returns status, -errno. */
__attribute__((format(printf, 3, 4))) int
mcr_attach_set_refusal(struct mcr_welcome *welcome, int status, const char *format, ...);

/* mcr_attach_send_welcome never blocks. Returns 0, or -errno: -EAGAIN (the client does not
 * receive), -ETOOMANYREFS (too many descriptors are in flight). */
int mcr_attach_send_welcome(int fd, const struct mcr_welcome *welcome, const int *fds,
			    size_t n_fds);

/* mcr_attach_send_refusal sends a client the reason why it is cut off. status: -errno. */
__attribute__((format(printf, 3, 4))) void mcr_attach_send_refusal(int fd, int status,
								   const char *format, ...);

#endif
