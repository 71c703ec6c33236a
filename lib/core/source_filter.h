/* SPDX-License-Identifier: BSD-3-Clause */
/* Merges the filters of all that want a group into the one state of the interface (RFC 3376 §3.2).
 */
#ifndef MCR_CORE_SOURCE_FILTER_H
#define MCR_CORE_SOURCE_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/join.h>

/* What an interface wants of a group. */
struct mcr_source_filter {
	enum mcr_filter_mode mode;
	const struct mcr_address *sources; /* n distinct addresses, ascending */
	size_t n;
};

/* mcr_source_filter_merge computes the interface state of one group from mode and sources of
 * its n joins: with any EXCLUDE among them, EXCLUDE(the sources that all EXCLUDE lists share, less
 * those that an INCLUDE list names); else INCLUDE(all that are named), so INCLUDE{} for no joins.
 * Each join names a source once, in any order. out->sources is allocated and the caller's to
 * free as (void *); NULL when empty. Returns 0 or -ENOMEM (out untouched). Thread: any. */
int mcr_source_filter_merge(struct mcr_source_filter *out, const struct mcr_join *const *joins,
			    size_t n);

#endif
