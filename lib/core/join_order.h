/* SPDX-License-Identifier: BSD-3-Clause */
/* The order of joins, for lists that are sorted and compared. */
#ifndef MCR_CORE_JOIN_ORDER_H
#define MCR_CORE_JOIN_ORDER_H

#include <mcring/join.h>

/* mcr_join_compare returns less than, equal to or greater than 0. It is a total order of all
 * members of a join, and 0 means what mcr_join_equal calls equal. Thread: any. */
int mcr_join_compare(const struct mcr_join *a, const struct mcr_join *b);

#endif
