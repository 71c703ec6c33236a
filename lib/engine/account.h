/* SPDX-License-Identifier: BSD-3-Clause */
/* One lcore's counters. Writer: that lcore. Readers: the control thread, at any time. A seqlock per
 * object keeps what is read of one instant, so that the identity of mcring/stats.h holds exactly
 * while packets flow. */
#ifndef MCR_ENGINE_ACCOUNT_H
#define MCR_ENGINE_ACCOUNT_H

#include <stdint.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_pause.h>

#include <mcring/stats.h>

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

static inline void mcr_seqlock_write(uint64_t *version, void *shared, const void *from,
				     size_t bytes)
{
	uint64_t v = *version;

	__atomic_store_n(version, v + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE); /* odd version before the words */
	mcr_words_store(shared, from, bytes);
	__atomic_store_n(version, v + 2, __ATOMIC_RELEASE); /* pairs with the load below */
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
		rte_pause();
	}
}

/* What a burst moves on. */
struct mcr_totals {
	struct mcr_account account;
	uint64_t bursts;
	uint64_t busy_cycles; /* TSC, in non-empty bursts: driver, parse, match, publish */
};

struct mcr_gap {
	uint64_t cycles; /* longest time between two polls of the rx loop */
	uint64_t at_ns;  /* CLOCK_REALTIME when it ended */
};

struct mcr_lcore_account {
	struct mcr_totals totals __rte_cache_aligned;
	uint64_t totals_version;
	struct mcr_gap gap __rte_cache_aligned;
	uint64_t gap_version;
	uint64_t polls; /* relaxed; moves with every poll */
	struct {
		uint64_t version;
		struct mcr_drop_sample sample;
	} drops[MCR_DROP_COUNT] __rte_cache_aligned;
};

/* One membership's packets on one lcore; each word relaxed by itself. */
struct mcr_group_count {
	uint64_t packets, bytes, first_ns, last_ns;
};

#endif
