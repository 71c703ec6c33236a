/* SPDX-License-Identifier: BSD-3-Clause */
/* What mcring-cat prints. Messages go to standard output; events too, but to standard error with
 * raw payloads and with a capture, which has them beside the next packet as well. */
#ifndef MCR_CAT_PRINT_H
#define MCR_CAT_PRINT_H

#include <stdint.h>

#include <mcring/consumer.h>

#include "capture.h"

#define CAT_PAYLOAD_MAX 65536

enum cat_format {
	CAT_FORMAT_TEXT,
	CAT_FORMAT_HEX,
	CAT_FORMAT_JSON,
	CAT_FORMAT_RAW,
	CAT_FORMAT_PCAPNG,
};

struct cat_printer {
	enum cat_format format;
	uint8_t payload[CAT_PAYLOAD_MAX]; /* of the message to print: the caller's to fill */
	char line[2 * CAT_PAYLOAD_MAX + 1];
	struct cat_capture capture;
};

/* cat_print_begin, cat_print_end print what stands before and behind all messages. consumer is
 * borrowed until the end. */
void cat_print_begin(struct cat_printer *p, struct mcr_consumer *consumer);
void cat_print_end(struct cat_printer *p);

/* cat_print_flush hands on what was printed. Returns 0, or -errno of the write that failed. */
int cat_print_flush(struct cat_printer *p);

/* cat_print_error returns 0 as long as no write of the messages has failed, else -errno. */
int cat_print_error(const struct cat_printer *p);

/* cat_print_data prints m, whose payload is p->payload. */
void cat_print_data(struct cat_printer *p, const struct mcr_msg *m);

void cat_print_lost(struct cat_printer *p, uint32_t ring, uint64_t seq, uint64_t lost);
void cat_print_link(struct cat_printer *p, const struct mcr_msg *m);
void cat_print_stall(struct cat_printer *p, const struct mcr_msg *m);
void cat_print_engine_stall(struct cat_printer *p, const struct mcr_msg *m);
void cat_print_restart(struct cat_printer *p, const struct mcr_msg *m);

#endif
