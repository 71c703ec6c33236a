/* SPDX-License-Identifier: BSD-3-Clause */
/* pcapng. */
#include "capture_rig.h"

#include <errno.h>

#define INTERFACE     1u
#define OLD_PACKET    2u
#define SIMPLE_PACKET 3u
#define STATISTICS    5u
#define PACKET        6u
#define SECTION       0x0a0d0d0au

static const uint8_t data[60] = {1, 0, 0x5e, 1, 1, 1, [12] = 8, [59] = 0xaa};

/* ---- blocks ---- */

static size_t begin_block(struct octets *o, uint32_t type)
{
	put_32(o, type);
	put_32(o, 0);
	return o->len - 8;
}

static void end_block(struct octets *o, size_t at)
{
	const size_t end = o->len + (4 - o->len % 4) % 4 + 4;
	const uint32_t len = (uint32_t)(end - at);

	while (o->len < end - 4)
		put(o, "", 1);
	put_32(o, len);
	o->len = at + 4;
	put_32(o, len);
	o->len = end;
}

static void section(struct octets *o)
{
	const size_t at = begin_block(o, SECTION);

	put_32(o, 0x1a2b3c4d);
	put_16(o, 1);
	put_16(o, 0);
	put_64(o, UINT64_MAX);
	end_block(o, at);
}

static void option(struct octets *o, uint16_t code, const void *value, uint16_t len)
{
	put_16(o, code);
	put_16(o, len);
	put(o, value, len);
	while (o->len % 4 != 0)
		put(o, "", 1);
}

/* resolution: -1 = it says none. */
static void interface(struct octets *o, uint16_t type, uint32_t limit, const char *name,
		      int resolution, int64_t offset)
{
	const size_t at = begin_block(o, INTERFACE);
	const uint8_t octet = (uint8_t)resolution;

	put_16(o, type);
	put_16(o, 0);
	put_32(o, limit);
	if (name)
		option(o, 2, name, (uint16_t)strlen(name));
	option(o, 1, "a comment", 9);
	if (resolution >= 0)
		option(o, 9, &octet, 1);
	if (offset != 0) {
		put_16(o, 14);
		put_16(o, 8);
		put_64(o, (uint64_t)offset);
	}
	option(o, 0, "", 0);
	end_block(o, at);
}

static void packet(struct octets *o, uint32_t interface, uint64_t stamp, uint32_t len)
{
	const size_t at = begin_block(o, PACKET);

	put_32(o, interface);
	put_32(o, (uint32_t)(stamp >> 32));
	put_32(o, (uint32_t)stamp);
	put_32(o, len);
	put_32(o, len);
	put(o, data, len);
	while (o->len % 4 != 0)
		put(o, "", 1);
	option(o, 1, "of a packet", 11);
	option(o, 0, "", 0);
	end_block(o, at);
}

static void other_block(struct octets *o, uint32_t type, uint32_t len)
{
	const size_t at = begin_block(o, type);

	while (len-- > 0)
		put(o, "x", 1);
	end_block(o, at);
}

/* ---- tests ---- */

static void packets_of_all_kinds_come_in_both_orders_of_octets(void **state)
{
	for (int is_swapped = 0; is_swapped < 2; is_swapped++) {
		struct octets o = {.is_swapped = is_swapped};
		struct capture_frame frame;
		struct capture *c;
		size_t at;

		section(&o);
		interface(&o, 1, 0, "eth1", 9, 0);
		other_block(&o, STATISTICS, 30);
		packet(&o, 0, 1700000000 * SECOND_NS + 123456789, 59);
		other_block(&o, 0x0bad, 4000);
		at = begin_block(&o, OLD_PACKET);
		put_16(&o, 0);
		put_16(&o, 3); /* drops */
		put_32(&o, (uint32_t)(1700000001 * SECOND_NS >> 32));
		put_32(&o, (uint32_t)(1700000001 * SECOND_NS));
		put_32(&o, 60);
		put_32(&o, 75);
		put(&o, data, 60);
		end_block(&o, at);
		at = begin_block(&o, SIMPLE_PACKET);
		put_32(&o, 58);
		put(&o, data, 58);
		end_block(&o, at);

		c = open_octets(&o);
		frame = next_frame(c);
		assert_int_equal(frame.time_ns, 1700000000 * SECOND_NS + 123456789);
		assert_int_equal(frame.len, 59);
		assert_int_equal(frame.cut, 0);
		assert_memory_equal(frame.data, data, 59);
		frame = next_frame(c);
		assert_int_equal(frame.time_ns, 1700000001 * SECOND_NS);
		assert_int_equal(frame.len, 60);
		assert_int_equal(frame.cut, 15);
		assert_memory_equal(frame.data, data, 60);
		frame = next_frame(c);
		assert_int_equal(frame.time_ns, 1700000001 * SECOND_NS); /* it has none */
		assert_int_equal(frame.len, 58);
		assert_memory_equal(frame.data, data, 58);
		no_frame(c);
		assert_int_equal(counts_of(c).other_blocks, 2);
		assert_int_equal(counts_of(c).n_cut, 0);
		capture_close(c);
	}
}

static void a_time_stamp_is_read_by_the_resolution_and_offset_of_its_interface(void **state)
{
	static const struct {
		int resolution;
		int64_t offset_s;
		uint64_t stamp, ns;
	} times[] = {
	    {-1, 0, 1700000000123456, 1700000000123456000},
	    {6, 0, 1700000000123456, 1700000000123456000},
	    {9, 0, 1700000000123456789, 1700000000123456789},
	    {9, 1700000000, 123456789, 1700000000123456789},
	    {9, -3600, 3600123456789, 123456789},
	    {0, 0, 1700000000, 1700000000000000000},
	    {3, 0, 1700000000123, 1700000000123000000},
	    {12, 1700000000, 5123456789123, 1700000005123456789},
	    {0x80 | 30, 0, 1700000000ull << 30 | 1 << 29, 1700000000500000000},
	    {0x80 | 32, 0, 1700000000ull << 32 | 1, 1700000000000000000},
	    {0x80 | 63, 1, (1ull << 63) + (1ull << 62), 2500000000},
	    {19, 0, 5000000001000000000, 500000000},
	};

	for (unsigned i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct octets o = {.len = 0};
		struct capture *c;

		section(&o);
		interface(&o, 1, 0, NULL, times[i].resolution, times[i].offset_s);
		packet(&o, 0, times[i].stamp, 60);
		c = open_octets(&o);
		assert_int_equal(next_frame(c).time_ns, times[i].ns);
		capture_close(c);
	}
}

/* As dumpcap -i eth1 -i eth2 writes it. */
static void interfaces_of_a_file_are_told_apart_and_found_by_their_names(void **state)
{
	static const uint32_t expected[] = {0, 1, 2, 1};
	struct octets o = {.len = 0};
	struct capture *c;

	section(&o);
	interface(&o, 1, 0, "eth1", 9, 0);
	interface(&o, 101, 0, "tun0", 6, 0); /* raw IP: 14 octets are made up */
	interface(&o, 1, 0, NULL, 9, 0);
	packet(&o, 0, 1000, 60);
	packet(&o, 1, 2, 40);
	packet(&o, 2, 3000, 60);
	section(&o); /* begins again with its interfaces; one is another now */
	interface(&o, 1, 0, "eth1", 9, 0);
	interface(&o, 101, 0, "tun0", 6, 0);
	interface(&o, 1, 0, "eth3", 9, 0);
	packet(&o, 1, 4, 40);
	packet(&o, 2, 5000, 60);
	c = open_octets(&o);
	assert_int_equal(capture_interfaces(c), 3);
	for (unsigned i = 0; i < 4; i++) {
		const struct capture_frame frame = next_frame(c);

		assert_int_equal(frame.interface, expected[i]);
		assert_int_equal(frame.time_ns, 1000 * (i + 1));
		assert_int_equal(frame.len, expected[i] == 1 ? 54 : 60);
	}
	assert_int_equal(next_frame(c).interface, 3);
	assert_int_equal(capture_interfaces(c), 4);
	assert_string_equal(capture_interface(c, 0).name, "eth1");
	assert_string_equal(capture_interface(c, 2).name, "");
	assert_int_equal(capture_find(c, "tun0"), 1);
	assert_int_equal(capture_find(c, "eth3"), 3);
	assert_int_equal(capture_find(c, capture_interface(c, 0).file), -EEXIST);
	capture_close(c);
}

/* Sections that were written on hosts of both orders, one behind the other. */
static void each_section_has_its_own_order_of_octets(void **state)
{
	struct octets o = {.len = 0};
	struct capture *c;

	for (unsigned i = 1; i <= 4; i++) {
		o.is_swapped = (int)(i & 1);
		section(&o);
		interface(&o, 1, 0, "eth1", 9, 0);
		packet(&o, 0, i, 60);
	}
	c = open_octets(&o);
	for (unsigned i = 1; i <= 4; i++) {
		const struct capture_frame frame = next_frame(c);

		assert_int_equal(frame.time_ns, i);
		assert_int_equal(frame.interface, 0);
	}
	no_frame(c);
	capture_close(c);
}

static void a_simple_packet_is_as_long_as_its_interface_takes(void **state)
{
	struct octets o = {.len = 0};
	struct capture_frame frame;
	struct capture *c;
	size_t at;

	section(&o);
	interface(&o, 1, 42, "eth1", 9, 0);
	at = begin_block(&o, SIMPLE_PACKET);
	put_32(&o, 1500);
	put(&o, data, 42);
	end_block(&o, at);
	c = open_octets(&o);
	frame = next_frame(c);
	assert_int_equal(frame.len, 42);
	assert_int_equal(frame.cut, 1458);
	assert_int_equal(frame.time_ns, 0);
	capture_close(c);
}

static void a_file_that_ends_anywhere_gives_the_packets_before_and_counts_as_cut(void **state)
{
	struct octets o = {.len = 0};
	size_t ends[7];
	unsigned n = 0;

	section(&o);
	ends[n++] = o.len;
	interface(&o, 1, 0, "eth1", 9, 0);
	ends[n++] = o.len;
	packet(&o, 0, 1, 60);
	ends[n++] = o.len;
	other_block(&o, 0x0bad, 8);
	ends[n++] = o.len;
	packet(&o, 0, 2, 7);
	ends[n++] = o.len;
	section(&o);
	ends[n++] = o.len;
	interface(&o, 1, 0, "eth1", 9, 0);
	ends[n++] = o.len;
	for (size_t len = 24; len <= o.len; len++) {
		struct octets part = o;
		unsigned is_border = 0;
		struct capture *c;

		part.len = len;
		for (unsigned i = 0; i < n; i++)
			is_border |= ends[i] == len;
		c = open_octets(&part);
		if (len >= ends[2])
			assert_int_equal(next_frame(c).time_ns, 1);
		if (len >= ends[4])
			assert_int_equal(next_frame(c).time_ns, 2);
		no_frame(c);
		assert_int_equal(counts_of(c).n_cut, !is_border);
		capture_close(c);
	}
}

/* A block is longer than what is looked at in one piece. */
static void a_block_that_nobody_needs_may_have_any_length(void **state)
{
	static const uint32_t len = 5000012;
	struct octets o = {.len = 0}, rest = {.len = 0};
	uint8_t *large;
	struct capture *c;
	char path[64];
	const char *names[] = {path};

	section(&o);
	interface(&o, 1, 0, "eth1", 9, 0);
	packet(&o, 0, 1, 60);
	put_32(&o, 0x0bad);
	put_32(&o, len);
	packet(&rest, 0, 2, 60);
	large = calloc(1, o.len + len - 8 + rest.len);
	memcpy(large, o.at, o.len);
	memcpy(large + o.len + len - 8, rest.at, rest.len);
	new_file(path, large, o.len + len - 8 + rest.len);
	c = open_files(names, 1);
	next_frame(c);
	assert_int_equal(next_frame(c).time_ns, 2);
	no_frame(c);
	assert_int_equal(counts_of(c).n_cut, 0);
	capture_close(c);
	new_file(path, large, o.len + len - 8 - 1); /* ends within it */
	c = open_files(names, 1);
	next_frame(c);
	no_frame(c);
	assert_int_equal(counts_of(c).n_cut, 1);
	capture_close(c);
	free(large);
}

#define FIRST_LEN 28u /* of the section's block */

static void a_block_that_makes_no_sense_is_named_with_its_offset(void **state)
{
	static const struct {
		size_t at; /* beyond the section's block, which an interface and a packet follow */
		const char *octets;
		size_t len;
		const char *fault;
	} faults[] = {
	    {4, "\x0b\0\0\0", 4, "octet 32: a block of 11 octets; expected 12 or more, by four"},
	    {4, "\x0e\0\0\0", 4, "octet 32: a block of 14 octets; expected 12 or more, by four"},
	    {4, "\0\0\0\x7f", 4,
	     "octet 32: a block of 2130706432 octets; expected at most "
	     "1048576"},
	    {36, "\x29\0\0\0", 4, "octet 64: a block ends with 41; expected its length, 40"},
	    {8, "\x7f\0", 2,
	     "octet 36: link type 127; expected Ethernet (1), Linux cooked (113, "
	     "276), raw IP (101, 228, 229) or loopback (0, 108): capture on an "
	     "interface of Ethernet, or on \"any\""},
	    {40 + 8, "\1\0\0\0", 4, "octet 76: a packet of interface 1; expected one of the 1"},
	    {40 + 20, "\x51\0\0\0", 4, "octet 88: a packet of 81 octets; expected at most 80"},
	    {40 + 12, "\xff\xff\xff\xff", 4,
	     "octet 80: a time of 18446744069414584321 units; "
	     "expected one from 1970 to 2262"},
	};

	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct octets o = {.len = 0};

		section(&o);
		assert_int_equal(o.len, FIRST_LEN);
		interface(&o, 1, 0, NULL, -1, 0);
		assert_int_equal(o.len, FIRST_LEN + 40);
		packet(&o, 0, 1, 60);
		memcpy(o.at + FIRST_LEN + faults[i].at, faults[i].octets, faults[i].len);
		assert_string_equal(fault_of(&o), faults[i].fault);
	}
}

static void a_section_that_makes_no_sense_is_named_with_its_offset(void **state)
{
	struct octets o = {.len = 0};

	section(&o);
	o.at[8] = 0;
	assert_string_equal(fault_of(&o), "octet 8: 00 3c 2b 1a; expected the order of octets");
	o.len = 0;
	section(&o);
	o.at[12] = 2;
	assert_string_equal(fault_of(&o), "octet 12: version 2 of pcapng; expected 1");
	o.len = 10;
	assert_string_equal(fault_of(&o), "octet 0: the file ends; expected pcapng's first block");
}

static void a_resolution_that_64_bits_do_not_hold_is_refused(void **state)
{
	static const int resolutions[] = {20, 0x7f, 0xc0, 0xff};

	for (unsigned i = 0; i < 4; i++) {
		struct octets o = {.len = 0};
		char expected[80];

		section(&o);
		interface(&o, 1, 0, NULL, resolutions[i], 0);
		snprintf(expected, sizeof(expected),
			 "octet 64: a resolution of 0x%02x; expected one of 64 bits",
			 (unsigned)resolutions[i]);
		assert_string_equal(fault_of(&o), expected);
	}
}

/* The end of options need not be there: the block's end will do. */
static void an_option_ends_with_its_block_or_is_none(void **state)
{
	static const uint32_t lengths[] = {4, 8}; /* of the value that is there */

	for (unsigned i = 0; i < 2; i++) {
		struct octets o = {.len = 0};
		struct capture *c;
		size_t at;

		section(&o);
		at = begin_block(&o, INTERFACE);
		put_16(&o, 1);
		put_16(&o, 0);
		put_32(&o, 0);
		put_16(&o, 14); /* an offset */
		put_16(&o, 8);
		put_number(&o, 1000, lengths[i]);
		end_block(&o, at);
		packet(&o, 0, 7, 60);
		c = open_octets(&o);
		assert_int_equal(next_frame(c).time_ns, 7000 + i * 1000 * SECOND_NS);
		capture_close(c);
	}
}

static void packets_that_are_too_short_or_before_their_interface_are_refused(void **state)
{
	static const uint32_t kinds[] = {PACKET, OLD_PACKET, SIMPLE_PACKET, INTERFACE};

	for (unsigned i = 0; i < 4; i++) {
		struct octets o = {.len = 0};

		section(&o);
		interface(&o, 1, 0, "eth1", 9, 0);
		other_block(&o, kinds[i], 0);
		assert_string_not_equal(fault_of(&o), "");
		o.len = 0;
		section(&o);
		other_block(&o, kinds[i], 24);
		if (kinds[i] != INTERFACE)
			assert_string_not_equal(fault_of(&o), "");
	}
}

static void more_interfaces_than_can_be_told_apart_are_refused(void **state)
{
	struct octets o = {.len = 0};

	section(&o);
	for (unsigned i = 0; i < CAPTURE_INTERFACES_MAX; i++)
		interface(&o, 1, 0, NULL, -1, 0);
	packet(&o, CAPTURE_INTERFACES_MAX - 1, 1, 60);
	assert_string_equal(fault_of(&o), "");
	interface(&o, 1, 0, NULL, -1, 0);
	assert_non_null(strstr(fault_of(&o), "one interface more; expected at most 256"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packets_of_all_kinds_come_in_both_orders_of_octets),
	    cmocka_unit_test(a_time_stamp_is_read_by_the_resolution_and_offset_of_its_interface),
	    cmocka_unit_test(interfaces_of_a_file_are_told_apart_and_found_by_their_names),
	    cmocka_unit_test(each_section_has_its_own_order_of_octets),
	    cmocka_unit_test(a_simple_packet_is_as_long_as_its_interface_takes),
	    cmocka_unit_test(a_file_that_ends_anywhere_gives_the_packets_before_and_counts_as_cut),
	    cmocka_unit_test(a_block_that_nobody_needs_may_have_any_length),
	    cmocka_unit_test(a_block_that_makes_no_sense_is_named_with_its_offset),
	    cmocka_unit_test(a_section_that_makes_no_sense_is_named_with_its_offset),
	    cmocka_unit_test(a_resolution_that_64_bits_do_not_hold_is_refused),
	    cmocka_unit_test(an_option_ends_with_its_block_or_is_none),
	    cmocka_unit_test(packets_that_are_too_short_or_before_their_interface_are_refused),
	    cmocka_unit_test(more_interfaces_than_can_be_told_apart_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
