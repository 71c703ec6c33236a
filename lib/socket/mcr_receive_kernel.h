/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's side of a mcr_receive: sockets of its own for each join text, so that a text can
 * come and go alone. What two texts both take arrives on the sockets of both, and counts on those
 * of the text that it belongs to. */
#ifndef MCR_SOCKET_MCR_RECEIVE_KERNEL_H
#define MCR_SOCKET_MCR_RECEIVE_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "socket/mcr_receive_joins.h"

#define MCR_KERNEL_BATCH 32

struct mcr_kernel_socket;
struct mcr_kernel_batch;

struct mcr_kernel {
	const struct mcr_received_joins *joins;
	uint32_t buffer_bytes; /* wanted */
	int epoll;             /* of the sockets; the owner may add others with a NULL pointer */
	struct mcr_kernel_socket **sockets;
	size_t n, cap;
	struct mcr_kernel_batch *batch;
	uint32_t numbered; /* sockets so far */

	/* Who gets what comes: 0 = more, else it ends. */
	int (*give)(void *ctx, struct mcr_msg *m, const void *payload);
	void *ctx;
};

/* mcr_kernel_init: fini in any case. Errors: -errno. */
int mcr_kernel_init(struct mcr_kernel *k);
void mcr_kernel_fini(struct mcr_kernel *k);

/* mcr_kernel_open receives a text. Errors, with err filled: -EINVAL (it is for any port), -EMFILE,
 * or another of a system call; nothing is open then. */
int mcr_kernel_open(struct mcr_kernel *k, size_t text, struct mcr_error *err);

/* mcr_kernel_close leaves a text's groups, gives what had arrived, and closes its sockets. Returns
 * what `give` did. */
int mcr_kernel_close(struct mcr_kernel *k, size_t text);

/* mcr_kernel_read gives some of what a socket has; s: as epoll reports it. Returns what `give` did.
 */
int mcr_kernel_read(struct mcr_kernel *k, struct mcr_kernel_socket *s);

/* mcr_kernel_look gives the losses behind which nothing came: before a sleep. */
int mcr_kernel_look(struct mcr_kernel *k);

#endif
