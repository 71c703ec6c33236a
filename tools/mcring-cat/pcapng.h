/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages as a capture: pcapng (draft-ietf-opsawg-pcapng), with the headers made up that the
 * packets had, as far as a message says. */
#ifndef MCR_CAT_PCAPNG_H
#define MCR_CAT_PCAPNG_H

#include <stdint.h>
#include <stdio.h>

#include <mcring/consumer.h>

#define PCAPNG_INTERFACES_MAX 256
#define PCAPNG_COMMENTS_MAX   8
#define PCAPNG_COMMENT_LEN    160 /* octets, the NUL included */

struct pcapng {
	FILE *out;                     /* set by the owner */
	struct mcr_consumer *consumer; /* set by the owner: is asked how interfaces are called */

	/* The interfaces in the file, and which of the engine's each is; -1 = of an engine before.
	 */
	char names[PCAPNG_INTERFACES_MAX][MCR_NAME_MAX];
	int32_t indices[PCAPNG_INTERFACES_MAX];
	unsigned n_interfaces;

	/* For the next packet. */
	uint64_t lost;
	char comments[PCAPNG_COMMENTS_MAX][PCAPNG_COMMENT_LEN];
	unsigned n_comments;
};

/* pcapng_begin writes what a file begins with, the engine's interfaces among that. */
void pcapng_begin(struct pcapng *p);

/* pcapng_packet writes a message, and its interface when that is new. */
void pcapng_packet(struct pcapng *p, const struct mcr_msg *m, const uint8_t *payload);

/* pcapng_comment puts a text beside the next packet; more than PCAPNG_COMMENTS_MAX are dropped. */
void pcapng_comment(struct pcapng *p, const char *text);

/* pcapng_lost counts messages as lost in front of the next packet. */
void pcapng_lost(struct pcapng *p, uint64_t lost);

/* pcapng_restart: the next messages are of another engine, which numbers its interfaces anew. */
void pcapng_restart(struct pcapng *p);

/* pcapng_end writes what no packet follows. */
void pcapng_end(struct pcapng *p);

#endif
