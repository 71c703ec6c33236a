/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory for one ring: a memfd that the engine has mapped and that nobody else can ever write, map
 * writable, resize, punch or reseal, whoever holds the descriptor, as any user. */
#ifndef MCR_ENGINE_REGION_H
#define MCR_ENGINE_REGION_H

#include <stddef.h>

#include <mcring/types.h>

struct mcr_region {
	void *mem;  /* zeroed, writable for the engine, all pages present */
	size_t len; /* of the map and the file: the length asked for, rounded up to whole pages */
	int fd;     /* read-only, close-on-exec, mode 0400: to hand out */
	int numa_node; /* where the memory was asked to be; -1 = anywhere */
	int huge;      /* 1: huge pages, reserved ones or transparent ones */
	char note[96]; /* why it is not on huge pages or not on its node; "" = as wanted */
};

#define MCR_REGION_SLICE ((size_t)4 << 20) /* octets that are filled between two pauses */

/* Called between two slices, so that others do not wait for all of them. */
struct mcr_pause {
	int (*fn)(void *ctx); /* returns 0, or -errno: give up with it */
	void *ctx;
};

/* mcr_region_create makes a region of at least len octets. numa_node: -1 = anywhere; on a machine
 * without NUMA, or with the node full, the memory comes from elsewhere. name: for /proc, borrowed.
 * It fills the memory in the calling thread, 1 to 3 s a GiB; pause: NULL = none.
 * The caller owns the result. Returns 0, -ENOMEM (also before any page is touched: memory_limit.h),
 * -EMFILE or what a system call gave. Thread: any. */
int mcr_region_create(struct mcr_region *out, size_t len, int numa_node, const char *name,
		      const struct mcr_pause *pause, struct mcr_error *err);

/* mcr_region_destroy unmaps and closes; consumers keep what they mapped. A zeroed region is
 * allowed. */
void mcr_region_destroy(struct mcr_region *region);

#endif
