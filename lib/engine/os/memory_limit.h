/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds out whether there is memory for rings before it is touched: when the host or a memory
 * cgroup cannot give a page, no system call fails, but the process is killed. */
#ifndef MCR_ENGINE_MEMORY_LIMIT_H
#define MCR_ENGINE_MEMORY_LIMIT_H

#include <stdint.h>

#include <mcring/types.h>

/* Rings of one size. */
struct mcr_ring_need {
	uint64_t bytes; /* of a ring, before rounding to pages */
	unsigned n;
};

struct mcr_memory_need {
	const char *who; /* "channel md", for messages */
	const char *key; /* what to make smaller, of memory that is no ring's and in no file; NULL =
			  * rings, "bytes" */
	const struct mcr_ring_need *rings;
	unsigned n_rings;  /* entries of rings */
	int no_huge_pages; /* 1: there are none; else rings go there as far as they fit */
	int whole; /* 1: compare with all memory, not with what is left of it: an engine that runs
		      now holds what its successor will have */
};

/* mcr_memory_check compares what is needed, and a margin, with each limit that the kernel knows:
 * what the host can give (MemAvailable and swap, at most MemTotal; the commit limit when it is
 * strict), memory.max and memory.high of the cgroup and of those above it (version 1:
 * memory.limit_in_bytes), each less what is used and cannot be reclaimed, and the process's limits
 * of address space and of a file's size. A limit that cannot be read does not count.
 * root: "" = the system; else a folder with proc and sys in it. Thread: any; a dozen short files
 * are read. Returns 0, or -ENOMEM with "WHO: rings need N MiB, LIMIT leaves M MiB: ...". */
int mcr_memory_check(const struct mcr_memory_need *need, const char *root, struct mcr_error *err);

#endif
