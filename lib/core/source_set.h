/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets of source addresses: arrays of IPv4 addresses in host order, ascending and distinct. */
#ifndef MCR_CORE_SOURCE_SET_H
#define MCR_CORE_SOURCE_SET_H

#include <stddef.h>
#include <stdint.h>

/* mcr_source_set_sort makes a set of any list. Returns the new length. */
size_t mcr_source_set_sort(uint32_t *list, size_t n);

/* mcr_source_set_union merges the set b into a, which has room for na + nb. Returns the new length.
 */
size_t mcr_source_set_union(uint32_t *a, size_t na, const uint32_t *b, size_t nb);

#endif
