/* SPDX-License-Identifier: BSD-3-Clause */
/* Which packets are those that come back. */
#include <stdio.h>

#include "core/route/loop_guard.h"
#include "route_look_rig.h"

#define MS UINT64_C(1000000)

static struct mcr_loop_guard *guard;

static int start(void **state)
{
	(void)state;
	return mcr_loop_guard_create(&guard, 7);
}

static int stop(void **state)
{
	(void)state;
	mcr_loop_guard_destroy(guard);
	return 0;
}

/* What was seen before is forgotten. */
static void start_again(uint64_t seed)
{
	mcr_loop_guard_destroy(guard);
	assert_int_equal(mcr_loop_guard_create(&guard, seed), 0);
}

/* With so many octets of the packet in one piece, on the heap, so that the sanitizers see one octet
 * too many. */
static int is_back_in_one(const struct frame *f, uint8_t ttl, uint64_t now_ns, uint32_t in_one)
{
	struct frame copy = *f;
	struct mcr_route_packet p;
	uint8_t *ip = malloc(in_one);
	int back;

	assert_non_null(ip);
	assert_true(takes(&copy));
	assert_true(look(&p, &copy));
	memcpy(ip, copy.bytes + copy.l3, in_one);
	p.ttl = ttl;
	back = mcr_loop_guard_is_back(guard, &p, ip, in_one, now_ns);
	free(ip);
	return back;
}

static int is_back(const struct frame *f, uint8_t ttl, uint64_t now_ns)
{
	return is_back_in_one(f, ttl, now_ns, f->len - f->l3);
}

static int is_back_of(uint8_t content, uint8_t ttl, uint64_t now_ns)
{
	struct frame f;

	build(&f, (struct shape){.payload = 40});
	f.bytes[f.udp + 8] = content;
	return is_back(&f, ttl, now_ns);
}

/* ---- TTL and time ---- */

static void a_copy_with_a_lower_ttl_is_back(void **state)
{
	(void)state;
	assert_false(is_back_of(1, 64, 5 * MS));
	assert_true(is_back_of(1, 63, 6 * MS));
	assert_true(is_back_of(1, 1, 6 * MS));
	assert_true(is_back_of(1, 62, 900 * MS));
	assert_false(is_back_of(2, 63, 900 * MS));
	assert_true(is_back_of(2, 62, 900 * MS));
	assert_true(is_back_of(1, 62, 900 * MS));
}

static void who_says_the_same_again_is_heard(void **state)
{
	(void)state;
	for (uint64_t t = 0; t < 3000; t += 7) {
		assert_false(is_back_of(1, 64, t * MS));
		assert_false(is_back_of(1, 64, t * MS));
		assert_true(is_back_of(1, 63, t * MS));
	}
	assert_false(is_back_of(1, 65, 3000 * MS));
	assert_true(is_back_of(1, 64, 3000 * MS)); /* as the copy of the last one */
	assert_false(is_back_of(1, 255, 3000 * MS));
	assert_false(is_back_of(1, 255, 3000 * MS));
}

/* Also where the milliseconds have no more bits. */
static void after_a_second_a_longer_path_is_heard(void **state)
{
	static const uint64_t times[] = {0, 123456 * MS, (UINT64_C(1) << 32) * MS - 500 * MS,
					 (UINT64_C(1) << 31) * MS - 500 * MS};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		for (uint64_t at = times[i]; at < times[i] + 2 * MS; at += MS / 8) {
			start_again(i);
			assert_false(is_back_of(1, 64, at));
			assert_true(is_back_of(1, 63, at + (MCR_LOOP_MS - 1) * MS));
			assert_false(is_back_of(1, 63, at + MCR_LOOP_MS * MS));
			assert_true(is_back_of(1, 62, at + MCR_LOOP_MS * MS));
		}
	}
}

/* What comes back does not keep the door shut for who is on a longer path now. */
static void a_copy_does_not_make_the_second_longer(void **state)
{
	(void)state;
	assert_false(is_back_of(1, 64, 1000 * MS));
	for (unsigned i = 1; i < MCR_LOOP_COPIES; i++)
		assert_true(is_back_of(1, 63, (1000 + 249 * i) * MS));
	assert_false(is_back_of(1, 63, 2000 * MS));
}

/* A forged packet with the content of all others. */
static void a_flow_that_says_the_same_in_each_packet_cannot_be_stopped(void **state)
{
	unsigned heard = 0;

	(void)state;
	for (uint64_t t = 0; t < 3000; t++) {
		if (t % 1000 == 0)
			assert_false(is_back_of(1, 255, t * MS));
		heard += !is_back_of(1, 64, t * MS);
	}
	assert_int_equal(heard, 3000 - 3 * MCR_LOOP_COPIES);
}

static void each_copy_of_a_packet_that_comes_back_by_several_ways_is_known(void **state)
{
	(void)state;
	for (uint64_t t = 0; t < 100; t++) {
		assert_false(is_back_of(1, 64, t * MS));
		for (unsigned i = 0; i < MCR_LOOP_COPIES; i++)
			assert_true(is_back_of(1, (uint8_t)(62 - i), t * MS));
	}
}

static void a_clock_that_is_behind_a_little_does_not_matter(void **state)
{
	(void)state;
	assert_false(is_back_of(1, 64, 5000 * MS));
	assert_true(is_back_of(1, 63, 4999 * MS));
}

/* ---- content ---- */

/* Whether a frame with one octet of its IP packet changed is the same packet, or another one. */
static void assert_octet(const struct frame *f, unsigned at, uint8_t change, int same)
{
	struct frame other = *f;

	other.bytes[f->l3 + at] ^= change;
	start_again(at);
	assert_false(is_back(f, 64, 1));
	assert_int_equal(is_back(&other, 63, 2), same);
}

static void what_routers_change_in_a_header_does_not_matter(void **state)
{
	static const uint8_t tos[] = {1, 4, 5, 8, 10, 11}; /* and id, TTL, checksum */
	struct frame f;

	(void)state;
	build(&f, (struct shape){.payload = 40, .ihl_words = 7});
	for (size_t i = 0; i < sizeof(tos); i++)
		assert_octet(&f, tos[i], 0x5a, 1);
	assert_octet(&f, 6, 0x40, 1); /* "don't fragment" */
	for (unsigned at = 20; at < 28; at++)
		assert_octet(&f, at, 0x01, 1); /* an option: NOP, or the end */
	build(&f, (struct shape){.payload = 40, .ipv6 = 1});
	for (unsigned at = 1; at < 4; at++)
		assert_octet(&f, at, 0x5a, 1); /* traffic class, flow label */
	assert_octet(&f, 7, 0x5a, 1);
}

static void the_rest_of_the_header_does(void **state)
{
	struct frame f;

	(void)state;
	build(&f, (struct shape){.payload = 40, .padding = 9});
	assert_octet(&f, 3, 1, 0);    /* length */
	assert_octet(&f, 6, 0x20, 0); /* more fragments */
	assert_octet(&f, 6, 0x10, 0); /* offset */
	assert_octet(&f, 7, 0x01, 0);
	assert_octet(&f, 9, 4, 0); /* protocol */
	for (unsigned at = 12; at < 20; at++)
		assert_octet(&f, at, 1, 0);
	build(&f, (struct shape){.payload = 40, .padding = 9, .ipv6 = 1});
	assert_octet(&f, 5, 1, 0);
	assert_octet(&f, 6, 4, 0);
	for (unsigned at = 8; at < 40; at++)
		assert_octet(&f, at, at == 24 ? 0 : 1, at == 24); /* ff stays */
}

static void each_octet_of_the_payload_matters_and_no_octet_of_padding(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned payload = 0; payload < 80; payload++) {
		struct shape s = {.payload = payload, .padding = 5, .ipv6 = payload & 1};

		build(&f, s);
		for (unsigned at = f.udp - f.l3; at < f.len - f.l3; at++) {
			assert_octet(&f, at, 1, at >= f.len - f.l3 - 5);
			assert_octet(&f, at, 0x80, at >= f.len - f.l3 - 5);
		}
	}
}

static void more_octets_of_zero_are_another_packet(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned payload = 0; payload < 80; payload++) {
		start_again(payload);
		build(&f, (struct shape){.payload = payload});
		memset(f.bytes + f.udp, 0, f.len - f.udp);
		assert_false(is_back(&f, 64, 1));
		build(&f, (struct shape){.payload = payload + 1});
		memset(f.bytes + f.udp, 0, f.len - f.udp);
		assert_false(is_back(&f, 63, 2));
	}
}

/* Octets that stand for each other in a sum. */
static void the_order_of_the_payload_matters(void **state)
{
	struct frame f, other;

	(void)state;
	build(&f, (struct shape){.payload = 200});
	for (unsigned by = 1; by <= 64; by *= 2) {
		for (unsigned at = f.udp + 8; at + 2 * by <= f.len; at += by) {
			other = f;
			memcpy(other.bytes + at, f.bytes + at + by, by);
			memcpy(other.bytes + at + by, f.bytes + at, by);
			start_again(at);
			assert_false(is_back(&f, 64, 1));
			assert_false(is_back(&other, 63, 2));
		}
	}
}

static void of_a_packet_in_pieces_the_first_one_counts(void **state)
{
	struct frame f;

	(void)state;
	build(&f, (struct shape){.payload = 3000});
	for (unsigned in_one = 20; in_one < 100; in_one++) {
		assert_false(is_back_in_one(&f, 64, 1, in_one));
		assert_true(is_back_in_one(&f, 63, 2, in_one));
	}
}

static void of_many_packets_none_is_taken_for_another(void **state)
{
	struct frame f;
	unsigned back = 0;

	(void)state;
	build(&f, (struct shape){.payload = 12});
	for (unsigned i = 0; i < 200000; i++) {
		memcpy(f.bytes + f.udp + 12, &i, sizeof(i));
		assert_false(is_back(&f, (uint8_t)(255 - i % 200), i));
		if (i % 16 == 0) /* those that are not pushed out at once */
			back += (unsigned)is_back(&f, 1, i);
	}
	assert_int_equal(back, 200000 / 16);
}

/* Two words change a little, both at their ends: a number in decimal, and the UDP checksum. */
static void numbers_and_their_checksums_do_not_cancel_out(void **state)
{
	char digits[9];
	struct frame f;

	(void)state;
	build(&f, (struct shape){.payload = 8});
	for (unsigned i = 0; i < 20000; i++) {
		const unsigned sum = 0xffff - i * 7 % 10000;

		snprintf(digits, sizeof(digits), "%08u", i);
		memcpy(f.bytes + f.udp + 8, digits, 8);
		f.bytes[f.udp + 6] = (uint8_t)(sum >> 8);
		f.bytes[f.udp + 7] = (uint8_t)sum;
		assert_false(is_back(&f, (uint8_t)(255 - i % 100), i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_copy_with_a_lower_ttl_is_back, start, stop),
	    cmocka_unit_test_setup_teardown(
		a_flow_that_says_the_same_in_each_packet_cannot_be_stopped, start, stop),
	    cmocka_unit_test_setup_teardown(
		each_copy_of_a_packet_that_comes_back_by_several_ways_is_known, start, stop),
	    cmocka_unit_test_setup_teardown(who_says_the_same_again_is_heard, start, stop),
	    cmocka_unit_test_setup_teardown(after_a_second_a_longer_path_is_heard, start, stop),
	    cmocka_unit_test_setup_teardown(a_copy_does_not_make_the_second_longer, start, stop),
	    cmocka_unit_test_setup_teardown(a_clock_that_is_behind_a_little_does_not_matter, start,
					    stop),
	    cmocka_unit_test_setup_teardown(what_routers_change_in_a_header_does_not_matter, start,
					    stop),
	    cmocka_unit_test_setup_teardown(the_rest_of_the_header_does, start, stop),
	    cmocka_unit_test_setup_teardown(
		each_octet_of_the_payload_matters_and_no_octet_of_padding, start, stop),
	    cmocka_unit_test_setup_teardown(more_octets_of_zero_are_another_packet, start, stop),
	    cmocka_unit_test_setup_teardown(the_order_of_the_payload_matters, start, stop),
	    cmocka_unit_test_setup_teardown(of_a_packet_in_pieces_the_first_one_counts, start,
					    stop),
	    cmocka_unit_test_setup_teardown(of_many_packets_none_is_taken_for_another, start, stop),
	    cmocka_unit_test_setup_teardown(numbers_and_their_checksums_do_not_cancel_out, start,
					    stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
