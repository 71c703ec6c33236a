/* SPDX-License-Identifier: BSD-3-Clause */
/* The names that readers of channels have in the metrics. A reader that starts anew gets a new id,
 * so ids make no labels: the number of series would grow with each restart. A reader is known by
 * its label, and where several of a channel have the same one, the second is "label#2". It keeps
 * its name while it is attached; a later one takes over a name that is free. So there are never
 * more names than readers at the same time. */
#ifndef MCR_EXPORTER_READERS_H
#define MCR_EXPORTER_READERS_H

#include <jansson.h>

#define READERS_MAX  256 /* of an engine; there are no series of more */
#define READER_LABEL 64  /* octets of a channel's name or a label that count, the NUL included */

struct reader {
	json_int_t id;
	char channel[READER_LABEL], label[READER_LABEL];
	unsigned number; /* among those of the same channel and label, from 1 */
	int is_there;    /* in the last answer */
};

struct readers {
	struct reader list[READERS_MAX];
	unsigned n;
};

/* readers_update gives a name to each of the consumers of an answer, as far as there is room. */
void readers_update(struct readers *r, const json_t *consumers);

/* readers_find gives the reader with an id, or NULL. */
const struct reader *readers_find(const struct readers *r, json_int_t id);

#endif
