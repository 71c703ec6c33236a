/* SPDX-License-Identifier: BSD-3-Clause */
/* The messages of one engine after another as a capture: its interfaces are found again by their
 * names, and what is to be said stands beside the next packet. */
#ifndef MCR_CAT_CAPTURE_H
#define MCR_CAT_CAPTURE_H

#include <stdint.h>

#include <mcring/consumer.h>

#include "../common/pcapng.h"

#define CAT_INTERFACES_MAX 256
#define CAT_COMMENTS_MAX   8
#define CAT_COMMENT_LEN    160 /* octets, the NUL included */

struct cat_capture {
	struct mcr_consumer *consumer; /* borrowed: is asked how interfaces are called */

	/* The interfaces in the file, and which of the engine's each is; -1 = of an engine before.
	 */
	char names[CAT_INTERFACES_MAX][MCR_NAME_MAX];
	int32_t indices[CAT_INTERFACES_MAX];

	/* For the next packet. */
	uint64_t lost;
	char comments[CAT_COMMENTS_MAX][CAT_COMMENT_LEN];
	unsigned n_comments;

	struct pcapng file;
};

/* cat_capture_begin writes to fd what a file begins with, the engine's interfaces among that. */
void cat_capture_begin(struct cat_capture *c, int fd, struct mcr_consumer *consumer);

/* cat_capture_packet writes a message, and its interface when that is new. */
void cat_capture_packet(struct cat_capture *c, const struct mcr_msg *m, const uint8_t *payload);

/* cat_capture_comment puts a text beside the next packet; more than CAT_COMMENTS_MAX are dropped.
 */
void cat_capture_comment(struct cat_capture *c, const char *text);

/* cat_capture_lost counts messages as lost in front of the next packet. */
void cat_capture_lost(struct cat_capture *c, uint64_t lost);

/* cat_capture_restart: the next messages are of another engine, which numbers its interfaces anew.
 */
void cat_capture_restart(struct cat_capture *c);

/* cat_capture_end writes what no packet follows. */
void cat_capture_end(struct cat_capture *c);

#endif
