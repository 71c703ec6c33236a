/* SPDX-License-Identifier: BSD-3-Clause */
/* The series of a family: the members of rows of a source's answer. */
#ifndef MCR_EXPORTER_ROWS_H
#define MCR_EXPORTER_ROWS_H

#include "family.h"
#include "series.h"
#include "source.h"

#define LABELS_MAX  6  /* of a series */
#define REASONS_MAX 64 /* of drops, and codes of findings */

/* Whose series they are. */
struct scope {
	struct series *out;
	const struct source *source;
	const struct family *family;
	struct label labels[LABELS_MAX];
	size_t n_labels;
};

/* scope_label adds a label to all series that follow; name and value are borrowed. */
void scope_label(struct scope *s, const char *name, const char *value);

void scope_add(struct scope *s, uint64_t value);
void scope_add_ns(struct scope *s, uint64_t ns);

/* scope_number: the member of a row. Returns 0 with a number that is not negative, or -1. */
int scope_number(const json_t *row, const char *key, uint64_t *out);

/* scope_family adds all series of s->family. */
void scope_family(struct scope *s);

#endif
