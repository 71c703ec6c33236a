/* SPDX-License-Identifier: BSD-3-Clause */
/* How relayed frames leave: together, in order, by the lcore that owns the Tx queue; and what is
 * counted where when they cannot. */
#include "relay_rig.h"

#include <pthread.h>

#define WAY 16 /* frames that wait for an owner */

static struct input in;

/* Datagram `number` of the flow. */
static struct rte_mbuf *numbered(uint32_t number, uint32_t payload)
{
	make_input(&in, 0, payload, 0);
	memcpy(in.octets + 42, &number, sizeof(number));
	return receive(&in, 0);
}

static uint32_t number_of(const struct rte_mbuf *m)
{
	uint32_t number;
	const uint8_t *at = rte_pktmbuf_read(m, m->pkt_len - 20, sizeof(number), &number);

	memcpy(&number, at, sizeof(number));
	return number;
}

static void send_numbered(uint32_t first, uint32_t n, uint64_t outputs)
{
	for (uint32_t i = 0; i < n; i++)
		send_to(numbered(first + i, 20), outputs);
}

/* The next n that an output has sent, and no more. */
static void expect_numbers(unsigned output, uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct rte_mbuf *m = take_out(output);

		assert_non_null(m);
		assert_int_equal(number_of(m), first + i);
		rte_pktmbuf_free(m);
	}
	assert_null(take_out(output));
}

/* Leaves room for n frames in an output's Tx queue; make_room empties it again. */
static unsigned n_fillers;
static struct rte_mbuf *fillers[1024];

static void fill_but(unsigned output, unsigned n)
{
	n_fillers = rte_ring_free_count(rings[output]) - n;
	assert_int_equal(rte_pktmbuf_alloc_bulk(received, fillers, n_fillers), 0);
	assert_int_equal(rte_ring_enqueue_bulk(rings[output], (void **)fillers, n_fillers, NULL),
			 n_fillers);
}

static void make_room(unsigned output)
{
	for (; n_fillers > 0; n_fillers--)
		rte_pktmbuf_free(take_out(output));
}

/* F-28 */
static void many_frames_leave_in_order_before_the_burst_s_end(void **state)
{
	send_numbered(0, 100, 3);
	assert_int_equal(rte_ring_count(rings[0]), 96);
	assert_int_equal(rte_ring_count(rings[1]), 96);
	mcr_relay_flush(relay);
	for (unsigned i = 0; i < 2; i++) {
		expect_numbers(i, 0, 100);
		assert_int_equal(counts_of(relay, i).tx, 100);
	}
	assert_all_buffers_are_back();
}

/* F-38 */
static void nothing_waits_beyond_the_flush(void **state)
{
	for (unsigned n = 1; n < 70; n++) {
		send_numbered(0, n, 0x80);
		mcr_relay_flush(relay);
		expect_numbers(7, 0, n);
	}
	assert_all_buffers_are_back();
}

/* F-29 */
static void a_full_queue_costs_its_own_output_only(void **state)
{
	fill_but(0, 5);
	send_numbered(0, 20, 3);
	mcr_relay_flush(relay);
	make_room(0);
	expect_numbers(0, 0, 5);
	expect_numbers(1, 0, 20);
	assert_int_equal(counts_of(relay, 0).tx, 5);
	assert_int_equal(counts_of(relay, 0).tx_full, 15);
	assert_int_equal(counts_of(relay, 1).tx, 20);
	assert_all_buffers_are_back();
}

/* Outputs on the same port, by their VLANs: what is dropped counts where it was for. */
static void outputs_of_one_port_count_for_themselves(void **state)
{
	view.outputs[1].port = view.outputs[0].port;
	view.outputs[0].vlan = 5;
	view.outputs[1].vlan = 6;
	fill_but(0, 3);
	send_numbered(0, 4, 3);
	mcr_relay_flush(relay);
	make_room(0);
	assert_int_equal(rte_ring_count(rings[0]), 3);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(counts_of(relay, i).offered, 4);
		assert_int_equal(counts_of(relay, i).tx, i == 0 ? 2 : 1); /* in turn */
	}
	view.outputs[1].port = 1;
}

/* ---- by another lcore ---- */

static struct mcr_relay_lcore *owner;
static struct mcr_handover *way, *control;

static int begin_owner(void **state)
{
	int ret = begin(state);

	if (ret != 0 || mcr_relay_lcore_create(&owner, rte_lcore_id(), 2) != 0 ||
	    mcr_handover_create(&way, WAY) != 0 || mcr_handover_create(&control, WAY) != 0)
		return -1;
	owner->pool = copies;
	owner->view = &view;
	owner->n_owned = 1;
	owner->owned[0] = (struct mcr_relay_owned){
	    .port = view.outputs[0].port, .n = 1, .from = {way}, .control = control};
	relay->ways[view.outputs[0].port].ring = way;
	return 0;
}

static int end_owner(void **state)
{
	mcr_relay_lcore_destroy(owner);
	return end(state);
}

/* F-46 */
static void the_owner_of_a_queue_sends_for_others_and_counts(void **state)
{
	send_numbered(0, 10, 3);
	mcr_relay_flush(relay);
	assert_int_equal(rte_ring_count(rings[0]), 0);
	assert_int_equal(counts_of(relay, 0).offered, 0);
	assert_int_equal(counts_of(relay, 1).tx, 10);
	assert_int_equal(mcr_relay_drain(owner, WAY), 10);
	expect_numbers(0, 0, 10);
	assert_int_equal(counts_of(owner, 0).tx, 10);
	assert_int_equal(mcr_relay_drain(owner, WAY), 0);
}

/* Its own reception is not kept waiting by others who are faster. */
static void the_owner_takes_no_more_at_a_time_than_it_likes(void **state)
{
	send_numbered(0, 10, 1);
	mcr_relay_flush(relay);
	assert_int_equal(mcr_relay_drain(owner, 4), 4);
	expect_numbers(0, 0, 4);
	assert_int_equal(mcr_relay_drain(owner, 4), 4);
	assert_int_equal(mcr_relay_drain(owner, 4), 2);
	expect_numbers(0, 4, 6);
}

static void what_the_way_to_the_owner_has_no_room_for_counts_where_it_was_made(void **state)
{
	send_numbered(0, WAY + 4, 1);
	mcr_relay_flush(relay);
	assert_int_equal(counts_of(relay, 0).offered, 4);
	assert_int_equal(counts_of(relay, 0).tx_full, 4);
	fill_but(0, 3);
	assert_int_equal(mcr_relay_drain(owner, WAY), WAY);
	make_room(0);
	expect_numbers(0, 0, 3);
	assert_int_equal(counts_of(owner, 0).tx, 3);
	assert_int_equal(counts_of(owner, 0).tx_full, WAY - 3);
	assert_all_buffers_are_back();
}

static void put_of_control(uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct rte_mbuf *m = numbered(first + i, 20);

		assert_int_equal(mcr_handover_put(control, (void **)&m, 1), 1);
	}
}

static void frames_of_control_go_first_and_stay_when_there_is_no_room(void **state)
{
	send_numbered(100, 3, 1);
	mcr_relay_flush(relay);
	put_of_control(0, 4);
	fill_but(0, 2);
	assert_int_equal(mcr_relay_drain(owner, WAY), 2 + 3);
	make_room(0);
	expect_numbers(0, 0, 2);
	assert_int_equal(counts_of(owner, 0).tx_full, 3);
	send_numbered(200, 3, 1);
	mcr_relay_flush(relay);
	assert_int_equal(mcr_relay_drain(owner, WAY), 2 + 3);
	for (uint32_t i = 0; i < 5; i++) {
		struct rte_mbuf *m = take_out(0);

		assert_int_equal(number_of(m), i < 2 ? 2 + i : 200 + i - 2);
		rte_pktmbuf_free(m);
	}
	assert_all_buffers_are_back();
}

/* F-39 */
static void the_owner_sends_nothing_while_the_link_is_down(void **state)
{
	send_numbered(0, 5, 1);
	mcr_relay_flush(relay);
	view.outputs[0].is_up = 0;
	assert_int_equal(mcr_relay_drain(owner, WAY), 5);
	assert_int_equal(counts_of(owner, 0).tx_down, 5);
	assert_all_buffers_are_back();
}

static void the_owner_frees_what_is_for_a_port_that_is_gone(void **state)
{
	send_numbered(0, 5, 1);
	mcr_relay_flush(relay);
	put_of_control(0, 4);
	owner->owned[0].is_gone = 1;
	assert_int_equal(mcr_relay_drain(owner, WAY), 9);
	assert_int_equal(counts_of(owner, 0).tx_down, 5);
	assert_int_equal(rte_ring_count(rings[0]), 0);
	assert_all_buffers_are_back();
}

static void what_still_waits_at_the_end_is_freed(void **state)
{
	send_numbered(0, 5, 1);
	mcr_relay_flush(relay);
	put_of_control(0, 4);
	mcr_relay_lcore_destroy(owner);
	owner = NULL;
	assert_all_buffers_are_back();
}

/* ---- a million ---- */

static int is_over;

/* Returns how often what it read was not of one instant. */
static void *read_all_the_time(void *unused)
{
	uintptr_t wrong = 0;

	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED))
		for (unsigned i = 0; i < OUTPUTS; i++) {
			struct mcr_relay_counts c;

			mcr_relay_counts_read(relay, i, &c);
			wrong += c.offered != c.tx + c.tx_full + c.tx_mtu + c.tx_ttl +
						  c.tx_no_buffer + c.tx_down;
		}
	return (void *)wrong;
}

/* F-30, F-32: 0, 1, 2 and 8 outputs, short and long ones in turn; the queues are emptied too
 * seldom, and each output is down or narrow at times. */
static void a_million_packets_leave_no_buffer_behind(void **state)
{
	static const uint64_t sets[] = {0x1, 0x6, 0xff, 0x80, 0xff, 0x3};
	static const uint32_t payloads[] = {20, 700, 30, 1400};
	struct mcr_relay_counts sum = {0};
	uint64_t offered = 0;
	pthread_t reader;
	void *wrong;

	is_over = 0;
	assert_int_equal(pthread_create(&reader, NULL, read_all_the_time, NULL), 0);
	for (uint32_t i = 0; i < 1000000; i++) {
		const uint64_t set = sets[i % RTE_DIM(sets)];

		if (i % 64 == 0) {
			for (uint32_t o = 0; o < OUTPUTS; o++) {
				view.outputs[o].is_up = (i / 64 + o) % 7 != 0;
				view.outputs[o].mtu = (i / 64 + o) % 5 == 0 ? 600 : 9000;
				view.outputs[o].takes_chains = (i / 1024 + o) % 3 != 0;
			}
			make_input(&in, 0, payloads[i / 64 % RTE_DIM(payloads)], 0);
		}
		offered += (uint64_t)__builtin_popcountll(set);
		send_to(receive(&in, i % 7 == 0 ? 300 : 0), set);
		if (i % 32 == 31)
			mcr_relay_flush(relay);
		if (i % 4096 == 0 || rte_mempool_avail_count(received) < 64)
			empty_all();
	}
	mcr_relay_flush(relay);
	is_over = 1;
	assert_int_equal(pthread_join(reader, &wrong), 0);
	assert_null(wrong);
	for (unsigned o = 0; o < OUTPUTS; o++) {
		struct mcr_relay_counts c = counts_of(relay, o);

		sum.offered += c.offered;
		sum.tx += c.tx;
		sum.tx_full += c.tx_full;
		sum.tx_mtu += c.tx_mtu;
		sum.tx_down += c.tx_down;
		sum.tx_no_buffer += c.tx_no_buffer;
	}
	empty_all();
	assert_int_equal(sum.offered, offered);
	assert_true(sum.tx && sum.tx_full && sum.tx_mtu && sum.tx_down && sum.tx_no_buffer);
	assert_all_buffers_are_back();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(many_frames_leave_in_order_before_the_burst_s_end,
					    begin, end),
	    cmocka_unit_test_setup_teardown(nothing_waits_beyond_the_flush, begin, end),
	    cmocka_unit_test_setup_teardown(a_full_queue_costs_its_own_output_only, begin, end),
	    cmocka_unit_test_setup_teardown(outputs_of_one_port_count_for_themselves, begin, end),
	    cmocka_unit_test_setup_teardown(the_owner_of_a_queue_sends_for_others_and_counts,
					    begin_owner, end_owner),
	    cmocka_unit_test_setup_teardown(the_owner_takes_no_more_at_a_time_than_it_likes,
					    begin_owner, end_owner),
	    cmocka_unit_test_setup_teardown(
		what_the_way_to_the_owner_has_no_room_for_counts_where_it_was_made, begin_owner,
		end_owner),
	    cmocka_unit_test_setup_teardown(
		frames_of_control_go_first_and_stay_when_there_is_no_room, begin_owner, end_owner),
	    cmocka_unit_test_setup_teardown(the_owner_sends_nothing_while_the_link_is_down,
					    begin_owner, end_owner),
	    cmocka_unit_test_setup_teardown(the_owner_frees_what_is_for_a_port_that_is_gone,
					    begin_owner, end_owner),
	    cmocka_unit_test_setup_teardown(what_still_waits_at_the_end_is_freed, begin_owner,
					    end_owner),
	    cmocka_unit_test_setup_teardown(a_million_packets_leave_no_buffer_behind, begin, end),
	};

	return cmocka_run_group_tests(tests, make_all, rig_eal_cleanup);
}
