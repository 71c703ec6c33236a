/* SPDX-License-Identifier: BSD-3-Clause */
/* Merges the filters of all that want a group into the one state of the interface (RFC 3376 §3.2).
 */
#ifndef MCR_CORE_SOURCE_FILTER_H
#define MCR_CORE_SOURCE_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/join.h>

/* What one subscriber wants of a group. */
struct mcr_source_filter {
	enum mcr_filter_mode mode;
	const uint32_t *sources_be; /* n distinct addresses, any order; borrowed */
	size_t n;
};

/* mcr_source_filter_merge computes the interface state of one group: with any EXCLUDE among the
 * filters, EXCLUDE(the sources that all EXCLUDE lists share, less those that an INCLUDE list
 * names); else INCLUDE(all that are named), so INCLUDE{} for no filters. out->sources_be is
 * allocated, ascending, and the caller's to free as (void *); NULL when empty. Returns 0 or -ENOMEM
 * (out untouched). Thread: any. */
int mcr_source_filter_merge(struct mcr_source_filter *out, const struct mcr_source_filter *filters,
			    size_t n);

#endif
