/* SPDX-License-Identifier: BSD-3-Clause */
/* The formats of captures. */
#ifndef MCR_REPLAY_CAPTURE_FORMATS_H
#define MCR_REPLAY_CAPTURE_FORMATS_H

#include "capture_file.h"

/* capture_pcap_begin, capture_pcapng_begin read the beginning of a file, if it is one of theirs: of
 * its first octets n >= 4 stand at `first`. Then f->next is set.
 *
 * Returns 1; 0 if the file is of another format; or an error as of capture_open. */
int capture_pcap_begin(struct capture_file *f, const uint8_t *first, struct mcr_error *err);
int capture_pcapng_begin(struct capture_file *f, const uint8_t *first, struct mcr_error *err);

#endif
