/* SPDX-License-Identifier: BSD-3-Clause */
/* The account of numbered datagrams (tools/common/probe.h) that sinks have handed over: whether
 * each place of each ring is in the broker, or was told as lost, and which numbers are nowhere. */
#ifndef MCR_TEST_NUMBERS_H
#define MCR_TEST_NUMBERS_H

#include <stddef.h>

struct numbers;

/* numbers_create: never NULL; without memory the program ends. */
struct numbers *numbers_create(void);

/* numbers_take takes a message of a broker: its subject or topic, the header Mcring, the body. What
 * makes no sense ends the program with a line on stderr. */
void numbers_take(struct numbers *n, const char *subject, const char *header, const void *body,
		  size_t len);

/* numbers_print writes a line of JSON to standard output:
 *
 *   messages  of the broker
 *   restarts  notices of them
 *   streams   one for each ring of each life of an engine: channel, epoch, ring; last, its last
 *             place; delivered, lost, twice: places that were delivered, told as lost, delivered
 *             again; both: delivered and told as lost; holes: neither, up to last, and first_hole;
 *             skipped: numbers that are missing between those of a flow, in the order of places;
 *             disorder: numbers of a flow that are not above the one before
 *   flows     {subject: [its last number, how many below are nowhere, how many of these no stream
 *             skipped]}
 */
void numbers_print(struct numbers *n);

#endif
