/* SPDX-License-Identifier: BSD-3-Clause */
/* How often the process has each of the joins that it made on the engine. Pure. */
#ifndef MCR_SOCKET_JOIN_COUNTS_H
#define MCR_SOCKET_JOIN_COUNTS_H

struct mcr_join_counts {
	void *tree; /* tsearch; NULL = none */
};

/* mcr_join_counts_add returns 1 if the join is new, 0 if it is there once more; -ENOMEM. */
int mcr_join_counts_add(struct mcr_join_counts *c, const char *text);

/* mcr_join_counts_remove returns 1 if that was the last of it, else 0. */
int mcr_join_counts_remove(struct mcr_join_counts *c, const char *text);

void mcr_join_counts_clear(struct mcr_join_counts *c);

#endif
