/* SPDX-License-Identifier: BSD-3-Clause */
/* A seqlock: one writer, any number of readers that want an object of one instant. The version is
 * odd while the writer writes. Objects are whole 64-bit words. */
#ifndef MCR_CORE_SEQLOCK_H
#define MCR_CORE_SEQLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Copies words between private and shared memory, each word untorn. The private side is an object
 * of any type, so it is read and written with memcpy (C11 6.5 §7). */
static inline void mcr_words_store(void *shared, const void *from, size_t bytes)
{
	uint64_t word;

	for (size_t i = 0; i < bytes / sizeof(word); i++) {
		memcpy(&word, (const char *)from + i * sizeof(word), sizeof(word));
		__atomic_store_n((uint64_t *)shared + i, word, __ATOMIC_RELAXED);
	}
}

static inline void mcr_words_load(void *to, const void *shared, size_t bytes)
{
	uint64_t word;

	for (size_t i = 0; i < bytes / sizeof(word); i++) {
		word = __atomic_load_n((const uint64_t *)shared + i, __ATOMIC_RELAXED);
		memcpy((char *)to + i * sizeof(word), &word, sizeof(word));
	}
}

/* Around the writer's relaxed stores; v: *version before them. */
static inline void mcr_seqlock_begin(uint64_t *version, uint64_t v)
{
	__atomic_store_n(version, v + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE); /* odd version before the words */
}

static inline void mcr_seqlock_end(uint64_t *version, uint64_t v)
{
	__atomic_store_n(version, v + 2, __ATOMIC_RELEASE); /* pairs with mcr_seqlock_read */
}

static inline void mcr_seqlock_write(uint64_t *version, void *shared, const void *from,
				     size_t bytes)
{
	uint64_t v = *version;

	mcr_seqlock_begin(version, v);
	mcr_words_store(shared, from, bytes);
	mcr_seqlock_end(version, v);
}

static inline void mcr_seqlock_read(const uint64_t *version, void *to, const void *shared,
				    size_t bytes)
{
	uint64_t v;

	for (;;) {
		v = __atomic_load_n(version, __ATOMIC_ACQUIRE);
		if ((v & 1) == 0) {
			mcr_words_load(to, shared, bytes);
			__atomic_thread_fence(__ATOMIC_ACQUIRE);
			if (__atomic_load_n(version, __ATOMIC_RELAXED) == v)
				return;
		}
	}
}

#endif
