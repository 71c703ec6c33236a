/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets of source addresses: arrays of one family, ascending and distinct. */
#ifndef MCR_CORE_SOURCE_SET_H
#define MCR_CORE_SOURCE_SET_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>

/* mcr_source_set_sort makes a set of any list. Returns the new length. */
size_t mcr_source_set_sort(struct mcr_address *list, size_t n);

/* mcr_source_set_union merges the set b into a, which has room for na + nb. Returns the new length.
 */
size_t mcr_source_set_union(struct mcr_address *a, size_t na, const struct mcr_address *b,
			    size_t nb);

#endif
