/* SPDX-License-Identifier: BSD-3-Clause */
/* Included before everything else: files are mapped between two pages that nobody may touch, so a
 * read outside a map ends the fuzzer as ASan ends one outside a heap block. */
#ifndef GUARDED_MMAP_H
#define GUARDED_MMAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define GUARD ((size_t)4096)

static inline void *guarded_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t at)
{
	size_t whole = (len + GUARD - 1) / GUARD * GUARD + 2 * GUARD;
	uint8_t *area = mmap(addr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *map;

	if (area == MAP_FAILED)
		return MAP_FAILED;
	map = mmap(area + GUARD, len, prot, flags | MAP_FIXED, fd, at);
	if (map == MAP_FAILED)
		munmap(area, whole);
	return map;
}

static inline int guarded_munmap(void *addr, size_t len)
{
	return munmap((uint8_t *)addr - GUARD, (len + GUARD - 1) / GUARD * GUARD + 2 * GUARD);
}

#define mmap   guarded_mmap
#define munmap guarded_munmap

#endif
