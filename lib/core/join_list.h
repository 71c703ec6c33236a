/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parser of joins needs of a list of them beyond mcring/join.h. */
#ifndef MCR_CORE_JOIN_LIST_H
#define MCR_CORE_JOIN_LIST_H

#include <stddef.h>

#include <mcring/join.h>

/* mcr_join_list_reserve makes room for more joins. Returns 0 or -ENOMEM. Thread: any. */
int mcr_join_list_reserve(struct mcr_join_list *list, size_t more);

/* mcr_join_list_keep copies n sources, at least one, into the list, which frees them with the
 * joins. Several joins may use the copy. Returns it, or NULL: no memory. Thread: any. */
const struct mcr_address *mcr_join_list_keep(struct mcr_join_list *list,
					     const struct mcr_address *sources, uint32_t n);

#endif
