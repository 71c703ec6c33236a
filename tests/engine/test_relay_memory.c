/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay and the proxy without memory. In each turn all allocations of control fail from one on,
 * while a report is worked on; what the tables of members know must be forwarded and told upstream
 * once there is memory. The library is linked into the program, so that its calls can be wrapped.
 */
#include "proxy_rig.h"

#define TURNS 40 /* more than a report takes allocations */

static __thread long left = -1; /* allocations that succeed; below 0: all do */
static unsigned refused;

static int is_refused(void)
{
	if (left < 0)
		return 0;
	if (left > 0) {
		left--;
		return 0;
	}
	refused++;
	return 1;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return is_refused() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return is_refused() ? NULL : __real_calloc(n, size);
}

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	return is_refused() ? NULL : __real_realloc(p, size);
}

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return is_refused() ? NULL : __real_aligned_alloc(alignment, size);
}

/* A report, the first time without memory. If the table of members had none, it takes the second;
 * else the second says nothing new. */
static void report_twice(struct mcr_engine *e, enum mcr_record type, const char *group, long turn)
{
	left = turn;
	report(e, LAN, 9, type, group, NULL);
	left = -1;
	report(e, LAN, 9, type, group, NULL);
}

static void await_goes(struct mcr_engine *e, const char *group, const char *to)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	while (strcmp(send_datagram(e, UP, UP, group), to) != 0 && monotonic_ns() < end_ns)
		poll_engine(e);
	ASSERT_GOES(e, UP, UP, group, to);
}

static void what_is_known_is_forwarded_and_told_when_there_is_memory(void **state)
{
	struct mcr_engine *e = begin();
	char group[32], said_then[64];

	refused = 0;
	for (long turn = 0; turn < TURNS; turn++) {
		snprintf(group, sizeof(group), "239.3.1.%ld", turn);
		report_twice(e, MCR_RECORD_TO_EX, group, turn);
		snprintf(said_then, sizeof(said_then), "TO_EX(%s){}", group);
		await_said(e, UP, said_then);
		await_goes(e, group, "lan");
	}
	for (long turn = 0; turn < TURNS; turn++) {
		snprintf(group, sizeof(group), "239.3.1.%ld", turn);
		report_twice(e, MCR_RECORD_TO_IN, group, turn);
		snprintf(said_then, sizeof(said_then), "TO_IN(%s){}", group);
		await_said(e, UP, said_then);
		await_goes(e, group, "");
	}
	assert_true(refused > TURNS / 4);
	await_line(e, "relay: no memory");
}

/* P-4: A merged membership needs memory also when one of the two leaves. */
static void a_membership_that_is_shared_with_a_consumer_is_told_in_the_end(void **state)
{
	struct mcr_engine *e = begin();
	const struct mcr_address source = twin("10.0.0.1");
	struct mcr_join j = {.port = 5000,
			     .mode = MCR_FILTER_INCLUDE,
			     .sources = &source,
			     .n_sources = 1,
			     .interface = "up"};
	char group[32], said_then[64];

	for (long turn = 0; turn < TURNS; turn++) {
		snprintf(group, sizeof(group), "239.4.1.%ld", turn);
		j.group = twin(group);
		assert_int_equal(mcr_engine_join(e, &j, NULL), 0);
		report_twice(e, MCR_RECORD_TO_EX, group, turn);
		snprintf(said_then, sizeof(said_then), "TO_EX(%s){}", group);
		await_said(e, UP, said_then);
		if (turn % 2) {
			left = turn / 2;
			if (mcr_engine_leave(e, &j, NULL) != 0) {
				left = -1;
				assert_int_equal(mcr_engine_leave(e, &j, NULL), 0);
			}
			left = -1;
			report_twice(e, MCR_RECORD_TO_IN, group, turn);
			snprintf(said_then, sizeof(said_then), "TO_IN(%s){}", group);
		} else {
			report_twice(e, MCR_RECORD_TO_IN, group, turn);
			snprintf(said_then, sizeof(said_then), "TO_IN(%s){10.0.0.1}", group);
		}
		await_said(e, UP, said_then);
	}
}

/* P-4: A leave cannot fail, but what the proxy goes on to want may need memory. */
static void a_consumer_s_leave_leaves_what_the_proxy_wants(void **state)
{
	struct mcr_engine *e = begin();
	struct mcr_join j = {.port = 5000, .interface = "up"};
	unsigned interesting = 0;
	char text[64];

	for (long turn = 0; turn < 3 * TURNS; turn++) {
		char group[32];
		int ret;

		snprintf(group, sizeof(group), "239.5.1.%ld", turn);
		j.group = twin(group);
		assert_int_equal(mcr_engine_join(e, &j, NULL), 0);
		snprintf(text, sizeof(text), "TO_EX(%s){}", group);
		await_said(e, UP, text);
		report(e, LAN, 9, MCR_RECORD_ALLOW, group, SOURCES("10.7.0.9"));
		ASSERT_GOES(e, UP, 7, group, "lan");
		refused = 0;
		left = turn;
		ret = mcr_engine_leave(e, &j, NULL);
		left = -1;
		if (ret < 0)
			assert_int_equal(mcr_engine_leave(e, &j, NULL), 0);
		else
			interesting += refused > 0;
		snprintf(text, sizeof(text), "TO_IN(%s){10.7.0.9}", group);
		await_said(e, UP, text);
		if (ret == 0 && refused == 0)
			break;
	}
	assert_true(interesting > 0);
}

/* That a link went down is shown to the lcores as soon as there is memory. */
static void nothing_goes_on_to_a_link_that_went_down_without_memory(void **state)
{
	struct mcr_engine *e = begin();

	join(e, LAN, GROUP_1);
	await_said(e, UP, "TO_EX(" GROUP_1 "){}");
	await_goes(e, GROUP_1, "lan");
	assert_int_equal(rte_eth_dev_set_link_down(lans[LAN].port), 0);
	left = 0;
	await_line(e, "a change of the ports");
	left = -1;
	await_goes(e, GROUP_1, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_known_is_forwarded_and_told_when_there_is_memory),
	    TEST(a_membership_that_is_shared_with_a_consumer_is_told_in_the_end),
	    TEST(a_consumer_s_leave_leaves_what_the_proxy_wants),
	    TEST(nothing_goes_on_to_a_link_that_went_down_without_memory),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
