/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes what mcring/sink.h reads: the header Mcring, and what stands before a payload in a pack.
 */
#ifndef MCR_SINK_WIRE_H
#define MCR_SINK_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/sink.h>

/* wire_value writes text as the value of a word in a header, and a NUL: what would end the word, or
 * is not printable, as %xx. out: room for 3 octets for each of text's, and the NUL. Returns the
 * end, at the NUL. */
char *wire_value(char *out, const char *text);

/* wire_record writes what stands before r's payload of r->len octets (65,535 at most); r->data is
 * not looked at. with_source: it is another one than that of the record before, or, of the first,
 * than the header's. Returns its length. */
size_t wire_record(uint8_t out[MCR_SINK_HEAD_MAX], const struct mcr_sink_record *r,
		   int with_source);

#endif
