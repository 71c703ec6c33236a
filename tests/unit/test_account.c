/* SPDX-License-Identifier: BSD-3-Clause */
/* One lcore counts, control reads: whatever it reads is of one instant. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "engine/rx/account.h"

#define READS 200000
#define MOVED 100 /* copies that differ from the one before: the writer ran meanwhile */

struct rig {
	struct mcr_lcore_account shared;
	int stop;
};

/* Bursts of all sizes, each packet in another counter. */
static void *count(void *arg)
{
	struct rig *r = arg;
	struct mcr_totals t = {0};

	for (uint64_t i = 1; !__atomic_load_n(&r->stop, __ATOMIC_RELAXED); i++) {
		struct mcr_drop_sample sample = {.time_ns = i,
						 .group = mcr_address_from_ipv4((uint32_t)i),
						 .source = mcr_address_from_ipv4((uint32_t)i),
						 .port = (uint16_t)i,
						 .ether_type = (uint16_t)i,
						 .len = (uint32_t)i};

		t.account.received += 3;
		t.account.delivered++;
		t.account.punted++;
		t.account.drops[i % MCR_DROP_COUNT]++;
		t.bursts++;
		mcr_seqlock_write(&r->shared.totals_version, &r->shared.totals, &t, sizeof(t));
		mcr_seqlock_write(&r->shared.drops[0].version, &r->shared.drops[0].sample, &sample,
				  sizeof(sample));
	}
	return NULL;
}

static void the_identity_holds_in_every_copy_while_packets_are_counted(void **state)
{
	static struct rig r;
	struct mcr_totals t = {0};
	uint64_t before = 0, moved = 0;
	pthread_t writer;

	assert_int_equal(pthread_create(&writer, NULL, count, &r), 0);
	for (int i = 0; i < READS || moved < MOVED; i++) {
		uint64_t sum;

		mcr_seqlock_read(&r.shared.totals_version, &t, &r.shared.totals, sizeof(t));
		sum = t.account.delivered + t.account.punted;
		for (unsigned d = 0; d < MCR_DROP_COUNT; d++)
			sum += t.account.drops[d];
		if (sum != t.account.received || t.account.received != 3 * t.bursts)
			fail_msg("%llu packets, %llu accounted for",
				 (unsigned long long)t.account.received, (unsigned long long)sum);
		assert_true(t.bursts >= before);
		moved += t.bursts > before;
		before = t.bursts;
		if (i >= READS)
			sched_yield(); /* the two may share a core */
	}
	__atomic_store_n(&r.stop, 1, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
}

static void a_sample_is_of_one_packet(void **state)
{
	static struct rig r;
	struct mcr_drop_sample s;
	uint64_t before = 0, moved = 0;
	pthread_t writer;

	assert_int_equal(pthread_create(&writer, NULL, count, &r), 0);
	for (int i = 0; i < READS || moved < MOVED; i++) {
		mcr_seqlock_read(&r.shared.drops[0].version, &s, &r.shared.drops[0].sample,
				 sizeof(s));
		if (mcr_address_ipv4_be(s.group) != (uint32_t)s.time_ns ||
		    mcr_address_ipv4_be(s.source) != (uint32_t)s.time_ns ||
		    s.port != (uint16_t)s.time_ns || s.ether_type != s.port ||
		    s.len != (uint32_t)s.time_ns)
			fail_msg("a sample of two packets");
		moved += s.time_ns > before;
		before = s.time_ns;
		if (i >= READS)
			sched_yield();
	}
	__atomic_store_n(&r.stop, 1, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_identity_holds_in_every_copy_while_packets_are_counted),
	    cmocka_unit_test(a_sample_is_of_one_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
