/* SPDX-License-Identifier: BSD-3-Clause */
/* What the engine sees of a consumer that has cursors. The consumer's thread alone writes its page;
 * cursors write their seats, in other threads, and it adds them up when it reports itself. */
#include "client/state.h"

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* Relaxed also where two words belong together: the sum is a statistic, as is what it is made of.
 */
static void add_counts(struct mcr_consumer_page *sum, const struct mcr_consumer_page *page)
{
	sum->received += load(&page->received);
	sum->lost += load(&page->lost);
	sum->stale += load(&page->stale);
	sum->skipped += load(&page->skipped);
}

static void take_slower(struct mcr_consumer_page *sum, const struct mcr_consumer_page *page,
			unsigned n_rings)
{
	for (unsigned i = 0; i < n_rings; i++) {
		uint64_t next_seq = load(&page->rings[i].next_seq);

		/* Less one, 0 is the largest: nobody is slower than who does not read the ring. */
		if (next_seq - 1 >= sum->rings[i].next_seq - 1)
			continue;
		sum->rings[i].next_seq = next_seq;
		sum->rings[i].next_offset = load(&page->rings[i].next_offset);
	}
}

void mcr_client_report_all(const struct mcr_consumer *c)
{
	struct mcr_consumer_page *page = c->attachment.page, sum = {0};
	unsigned n_rings = c->attachment.n_rings;

	mcr_client_describe(c, &sum);
	for (const struct mcr_client_lasting *l = c->share->seats; l; l = l->next) {
		const struct mcr_client_seat *s = (const void *)l;

		/* One that has not followed us yet speaks of other rings. What a cursor counted
		 * before it was closed counts on. */
		if (__atomic_load_n(&s->epoch, __ATOMIC_ACQUIRE) != c->rings[0].reader.epoch)
			continue;
		add_counts(&sum, &s->page);
		if (__atomic_load_n(&l->is_taken, __ATOMIC_RELAXED))
			take_slower(&sum, &s->page, n_rings);
	}
	for (unsigned i = 0; i < n_rings; i++) {
		mcr_client_store(&page->rings[i].next_seq, sum.rings[i].next_seq);
		mcr_client_store(&page->rings[i].next_offset, sum.rings[i].next_offset);
	}
	mcr_client_store(&page->received, sum.received);
	mcr_client_store(&page->lost, sum.lost);
	mcr_client_store(&page->stale, sum.stale);
	mcr_client_store(&page->skipped, sum.skipped);
}

void mcr_client_sit(struct mcr_consumer *cursor)
{
	struct mcr_client_seat *seat = cursor->seat;

	for (unsigned i = 0; i < MCR_RINGS_MAX; i++)
		mcr_client_store(&seat->page.rings[i].next_seq, 0);
	mcr_client_describe(cursor, &seat->page);
	/* Release: who sees the epoch sees where the cursor is in it. */
	__atomic_store_n(&seat->epoch, cursor->rings[0].reader.epoch, __ATOMIC_RELEASE);
}
