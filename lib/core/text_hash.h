/* SPDX-License-Identifier: BSD-3-Clause */
/* FNV-1a of a text, the same on every machine and in every version: hosts and engines compare what
 * they have by it. It tells texts apart that differ by mistake; nobody gains by making two that
 * collide. Pure. Thread: any. */
#ifndef MCR_CORE_TEXT_HASH_H
#define MCR_CORE_TEXT_HASH_H

#include <stdint.h>

static inline uint64_t mcr_text_hash(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

#endif
