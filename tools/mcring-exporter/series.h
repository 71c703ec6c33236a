/* SPDX-License-Identifier: BSD-3-Clause */
/* Prometheus' text format, version 0.0.4. What is written is always well-formed: labels are escaped
 * and cut, no series comes twice, and there are never more than a limit; what that leaves out is
 * counted. */
#ifndef MCR_EXPORTER_SERIES_H
#define MCR_EXPORTER_SERIES_H

#include <stddef.h>
#include <stdint.h>

#define SERIES_LABEL_MAX 128 /* octets of a label's value, the NUL included */

struct label {
	const char *name;  /* [a-z_]+ */
	const char *value; /* UTF-8 */
};

struct series {
	char *text;
	size_t len, cap;
	size_t n, n_max;
	size_t left_out; /* duplicates, and those beyond the limit */
	const char *name;
	int failed; /* there was no memory */
	struct series_slot {
		size_t at, len; /* of name and labels in text; len 0 = free */
	} * slots;
	size_t n_slots; /* a power of two, above n_max */
};

/* series_init makes room for n_max series. Returns 0 or -ENOMEM. */
int series_init(struct series *s, size_t n_max);
void series_clear(struct series *s);

/* series_family begins a metric. type: "counter" or "gauge". */
void series_family(struct series *s, const char *name, const char *type, const char *help);

/* series_add adds a series of the metric with a whole number, and series_add_ns with a number of
 * ns, as seconds. */
void series_add(struct series *s, const struct label *labels, size_t n_labels, uint64_t value);
void series_add_ns(struct series *s, const struct label *labels, size_t n_labels, uint64_t ns);

#endif
