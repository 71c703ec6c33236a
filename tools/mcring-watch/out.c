/* SPDX-License-Identifier: BSD-3-Clause */
#include "out.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* The descriptor's flags are not ours alone, so it stays one that blocks: a pipe or a terminal that
 * poll calls writable has room for so much. */
#define PIECE  1024
#define A_CALL 262144 /* octets; then others have their turn */

static int has_room(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) == 1;
}

void watch_out_clear(struct watch_out *out)
{
	free(out->text);
	out->text = NULL;
}

int watch_out_go_on(struct watch_out *out)
{
	for (size_t n = 0; out->text && n < A_CALL && has_room(out->fd); n += PIECE) {
		const size_t left = out->len - out->sent;
		const ssize_t done =
		    write(out->fd, out->text + out->sent, left < PIECE ? left : PIECE);

		if (done < 0 && errno != EINTR && errno != EAGAIN) {
			out->error = errno;
			watch_out_clear(out);
		} else if (done > 0) {
			out->sent += (size_t)done;
		}
		if (out->sent == out->len)
			watch_out_clear(out);
	}
	return out->text != NULL;
}

void watch_out_put(struct watch_out *out, char *text, size_t len)
{
	if (out->text || out->error || len == 0) {
		out->left_out += out->text != NULL;
		free(text);
		return;
	}
	out->text = text;
	out->len = len;
	out->sent = 0;
	watch_out_go_on(out);
}
