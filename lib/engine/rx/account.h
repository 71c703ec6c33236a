/* SPDX-License-Identifier: BSD-3-Clause */
/* One lcore's counters. Writer: that lcore. Readers: the control thread, at any time. Each
 * object has a seqlock, so that what is read is of one instant, and the identity of mcring/stats.h
 * holds exactly while packets flow. */
#ifndef MCR_ENGINE_ACCOUNT_H
#define MCR_ENGINE_ACCOUNT_H

#include <stdint.h>

#include <rte_common.h>

#include <mcring/stats.h>

#include "core/seqlock.h"

/* struct mcr_account without its room. */
struct mcr_counts {
	uint64_t received, delivered, punted, relayed_only, relayed;
	uint64_t drops[MCR_DROP_COUNT];
};

/* What each burst adds to. */
struct mcr_totals {
	struct mcr_counts account;
	uint64_t bursts;
	uint64_t busy_cycles; /* TSC, from a non-empty burst to the next look that finds none */
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
	uint64_t polls; /* relaxed; counts each poll of a queue */
	struct {
		uint64_t version;
		struct mcr_drop_sample sample;
	} drops[MCR_DROP_COUNT] __rte_cache_aligned;
};

/* mcr_account_show copies an lcore's own totals to where control reads them. all: 0 = since it did
 * so last, packets were only received and delivered, and just those words are copied. */
static inline void mcr_account_show(struct mcr_lcore_account *shared, const struct mcr_totals *t,
				    int all)
{
	struct mcr_totals *to = &shared->totals;
	uint64_t version = shared->totals_version;

	if (all) {
		mcr_seqlock_write(&shared->totals_version, to, t, sizeof(*t));
		return;
	}
	mcr_seqlock_begin(&shared->totals_version, version);
	__atomic_store_n(&to->account.received, t->account.received, __ATOMIC_RELAXED);
	__atomic_store_n(&to->account.delivered, t->account.delivered, __ATOMIC_RELAXED);
	__atomic_store_n(&to->bursts, t->bursts, __ATOMIC_RELAXED);
	__atomic_store_n(&to->busy_cycles, t->busy_cycles, __ATOMIC_RELAXED);
	mcr_seqlock_end(&shared->totals_version, version);
}

/* One membership's packets on one lcore. Each word is written and read by itself, relaxed. */
struct mcr_group_count {
	uint64_t packets, bytes, first_ns, last_ns;
};

#endif
