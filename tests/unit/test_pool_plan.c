/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/plan/limits.h"
#include "engine/plan/pool_plan.h"

/* The worst moment: every queue is full and has just been refilled, every lcore has a burst in hand
 * and a full cache, control has read nothing for long and its own queue is full. */
static void a_pool_covers_the_worst_moment(void **state)
{
	struct mcr_pool_wants wants = {
	    .n_queues = 4, .rx_descs = 1024, .n_lcores = 2, .tx_descs = 512};
	uint32_t n = mcr_pool_plan(&wants);
	uint32_t cache = 3 * MCR_POOL_CACHE / 2;

	assert_true(n >= 4 * 1024 + 2 * (MCR_BURST + (MCR_PUNT_RING - 1) + cache) + 512 + cache);
	wants.n_queues = 8;
	assert_int_equal(mcr_pool_plan(&wants) - n, 4 * 1024);
	wants.n_queues = 4;
	wants.n_lcores = 3;
	assert_true(mcr_pool_plan(&wants) - n >= MCR_BURST + MCR_PUNT_RING - 1 + cache);
	n = mcr_pool_plan(&wants);
	wants.is_beside_kernel = 1;
	assert_true(mcr_pool_plan(&wants) - n >= 3 * (MCR_KERNEL_RING - 1));
}

static void what_the_outputs_hold_starves_nobody(void **state)
{
	struct mcr_pool_wants wants = {
	    .n_queues = 4, .rx_descs = 1024, .n_lcores = 2, .tx_descs = 512};
	uint32_t n = mcr_pool_plan(&wants), cache = 3 * MCR_POOL_CACHE / 2;
	struct mcr_relay_hold hold = {.n_lcores = 2};

	mcr_relay_hold_add(&hold, 1024);
	mcr_relay_hold_add(&hold, 256);
	assert_int_equal(hold.n_ports, 2);
	/* Each lcore has a queue of its own there, or a ring to its owner. */
	assert_true(hold.frames >= 2 * (1024 + MCR_RELAY_HANDOVER));
	wants.relay = hold;
	assert_int_equal(mcr_pool_plan(&wants) - n, hold.frames);
	/* Two lcores more send what these have received, and give the buffers back. */
	wants.relay.n_lcores = 4;
	assert_true(mcr_pool_plan(&wants) - n >= hold.frames + 2 * cache);
}

static void there_is_a_copy_for_each_frame_on_its_way(void **state)
{
	struct mcr_relay_hold hold = {.n_lcores = 3};
	uint32_t cache = 3 * MCR_POOL_CACHE / 2;

	for (int port = 0; port < 4; port++)
		mcr_relay_hold_add(&hold, 512);
	assert_true(mcr_copy_pool_plan(&hold) >= hold.frames + 3 * (4 * MCR_RELAY_BATCH + cache));
}

static void a_buffer_does_not_cross_a_page(void **state)
{
	assert_int_equal(mcr_pool_bytes(1000, 2368, 4096), 1000 * 4096);
	assert_int_equal(mcr_pool_bytes(1001, 2048, 4096), 501 * 4096);
	assert_int_equal(mcr_pool_bytes(10, 10560, 4096), 10 * 3 * 4096);
	assert_int_equal(mcr_pool_bytes(1000, 2368, 2 << 20), 2 * (2 << 20));
	assert_int_equal(mcr_pool_bytes(1000, 2368, 0), 1000 * 2368);
}

static const struct mcr_pool_lack lack = {
    .port = "net_x0",
    .n_queues = 4,
    .rx_descs = 1024,
    .buffers = 8000,
    .buffer_bytes = 2176,
    .need_bytes = 20u << 20,
    .node = -1,
    .heap_bytes = 64u << 20,
    .free_bytes = 10u << 20,
};

static void without_hugepages_the_whole_of_eals_memory_is_named(void **state)
{
	char text[512];

	mcr_pool_lack_text(text, sizeof(text), &lack);
	assert_string_equal(text,
			    "port net_x0: no memory for 4 receive queues of 1024 descriptors: 8000 "
			    "buffers of 2176 octets need 20.0 MiB, and EAL has 10.0 MiB of 64.0 "
			    "left there: give EAL -m 76 or more");
}

static void the_relays_pool_is_named(void **state)
{
	struct mcr_pool_lack copies = lack;
	char text[512];

	copies.port = NULL;
	mcr_pool_lack_text(text, sizeof(text), &copies);
	assert_string_equal(text, "relay: no memory for its copies: 8000 buffers of 2176 octets "
				  "need 20.0 MiB, and EAL has 10.0 MiB of 64.0 left there: give "
				  "EAL -m 76 or more");
}

static void with_hugepages_what_is_missing_is_named_with_its_node(void **state)
{
	struct mcr_pool_lack huge = lack;
	char text[512];

	huge.has_hugepages = 1;
	huge.node = 1;
	mcr_pool_lack_text(text, sizeof(text), &huge);
	assert_non_null(strstr(text, "20.0 MiB on NUMA node 1"));
	assert_non_null(strstr(text, "reserve 11 more hugepages of 2 MiB on NUMA node 1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pool_covers_the_worst_moment),
	    cmocka_unit_test(what_the_outputs_hold_starves_nobody),
	    cmocka_unit_test(there_is_a_copy_for_each_frame_on_its_way),
	    cmocka_unit_test(a_buffer_does_not_cross_a_page),
	    cmocka_unit_test(without_hugepages_the_whole_of_eals_memory_is_named),
	    cmocka_unit_test(the_relays_pool_is_named),
	    cmocka_unit_test(with_hugepages_what_is_missing_is_named_with_its_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
