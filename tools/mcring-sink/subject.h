/* SPDX-License-Identifier: BSD-3-Clause */
/* Subjects of NATS and topics of Kafka. Pure. Thread: any. */
#ifndef MCR_SINK_SUBJECT_H
#define MCR_SINK_SUBJECT_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>
#include <mcring/types.h>

#define SUBJECT_MAX        250 /* with the NUL: Kafka's topics have 249 octets at most */
#define SUBJECT_PREFIX_MAX 64  /* of --prefix, with the NUL */

/* subject_token writes text as one token of a subject, in which '.' would begin the next one: what
 * is not [A-Za-z0-9_-] becomes '-', no text "-". cap: octets at out; it is cut there. Returns the
 * end, at the NUL. */
char *subject_token(char *out, size_t cap, const char *text);

/* subject_flow writes a group and a UDP port, "239-1-1-1.5000": '-' stands for '.' and ':' of the
 * address. out: room for 64 octets. Returns the end. */
char *subject_flow(char *out, struct mcr_address group, uint16_t port);

/* subject_check says whether a prefix will do: tokens of [A-Za-z0-9_-] with '.' between. Returns 0,
 * or -EINVAL with err filled. */
int subject_check(const char *prefix, struct mcr_error *err);

#endif
