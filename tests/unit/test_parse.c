/* SPDX-License-Identifier: BSD-3-Clause */
/* Lengths and checksums: which frames are whole. */
#include "parse_rig.h"

static void a_good_frame_of_any_shape_is_parsed_and_bounded_by_its_udp_length(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned tags = 0; tags <= 2; tags++) {
		for (unsigned words = 4; words <= 15; words++) {
			for (unsigned payload = 0; payload <= 64; payload++) {
				struct shape s = {.tags = tags,
						  .ipv6 = words == 4,
						  .ihl_words = words,
						  .payload = payload,
						  .padding = payload % 19,
						  .vid = 1234};
				struct mcr_packet p;

				build(&f, s);
				p = parse(&f);
				assert_whole(&p, &f, s);
				assert_true(mcr_udp_checksum_ok(&p, f.bytes));
			}
		}
	}
}

/* A header of options with a PadN of 12 octets. */
static const uint8_t options[16] = {0, 1, 1, 12};

static void a_frame_cut_at_any_octet_is_truncated(void **state)
{
	static const struct shape shapes[] = {
	    {.payload = 40},
	    {.payload = 0},
	    {.tags = 1, .payload = 33, .vid = 5},
	    {.tags = 2, .payload = 9, .vid = 5},
	    {.ihl_words = 15, .payload = 21},
	    {.tags = 2, .ihl_words = 8, .payload = 5, .padding = 30},
	    {.payload = 3, .padding = 15},
	    {.ipv6 = 1, .payload = 40},
	    {.ipv6 = 1, .tags = 1, .vid = 5, .payload = 0, .padding = 9},
	    {.ipv6 = 1, .first = 60, .ext = options, .ext_len = sizeof(options), .payload = 7},
	    {.ipv6 = 1, .tags = 2, .vid = 5, .ext = options, .ext_len = sizeof(options)},
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		build(&f, shapes[i]);
		for (uint32_t len = 0; len < f.len - shapes[i].padding; len++)
			assert_drop(parse3(f.bytes, len, len, 0), MCR_DROP_TRUNCATED);
		for (uint32_t len = f.len - shapes[i].padding; len <= f.len; len++) {
			struct mcr_packet p = parse3(f.bytes, len, len, 0);

			assert_whole(&p, &f, shapes[i]);
		}
	}
}

static void the_first_segment_needs_to_hold_the_headers_only(void **state)
{
	static const struct shape shapes[] = {
	    {.payload = 8900},
	    {.tags = 1, .vid = 9, .payload = 8900},
	    {.tags = 2, .vid = 9, .ihl_words = 15, .payload = 8900},
	    {.ipv6 = 1, .payload = 8900},
	    {.ipv6 = 1, .tags = 2, .vid = 9, .ext = options, .ext_len = 16, .payload = 8900},
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		build(&f, shapes[i]);
		for (uint32_t head = 0; head < f.udp + 8; head++)
			assert_drop(parse3(f.bytes, head, f.len, 0), MCR_DROP_TRUNCATED);
		for (uint32_t head = f.udp + 8; head < f.udp + 40; head++) {
			struct mcr_packet p = parse3(f.bytes, head, f.len, 0);

			assert_whole(&p, &f, shapes[i]);
		}
		/* One octet less on the wire than the total length says. */
		assert_drop(parse3(f.bytes, f.udp + 8, f.len - 1, 0), MCR_DROP_TRUNCATED);
	}
}

static void every_wrong_version_and_header_length_is_a_bad_header(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		build(&f, (struct shape){.payload = 80});
		f.bytes[f.l3] = (uint8_t)first;
		if (first >> 4 != 4 || (first & 15) < 5)
			assert_drop(parse(&f), MCR_DROP_BAD_IP_HEADER);
		else if (first != 0x45) /* options of what was the UDP header: the sum is off */
			assert_drop(parse(&f), MCR_DROP_BAD_IP_CHECKSUM);
	}
}

static void any_single_flipped_bit_of_the_ip_header_is_noticed(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned words = 5; words <= 15; words += 5) {
		build(&f, (struct shape){.ihl_words = words, .payload = 20, .padding = 4});
		for (unsigned bit = 0; bit < words * 32; bit++) {
			f.bytes[f.l3 + bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(parse(&f).verdict, MCR_PARSED_DROP);
			if (bit >= 32) /* behind version, IHL and total length */
				assert_drop(parse(&f), MCR_DROP_BAD_IP_CHECKSUM);
			f.bytes[f.l3 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void the_ip_checksum_is_right_for_exactly_one_value(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned source = 7; source <= 0xffff;
	     source += 0xffff - 7) { /* 2nd: wide sums carry */
		unsigned right;

		build(&f, (struct shape){.payload = 4});
		put16(f.bytes + f.l3 + 14, source);
		fill_ip_checksum(&f);
		right = mcr_load_be16(f.bytes + f.l3 + 10);
		for (unsigned v = 0; v <= 0xffff; v++) {
			struct mcr_packet p;

			put16(f.bytes + f.l3 + 10, v);
			mcr_parse(&p, f.bytes, f.len, f.len, 0, own_mac);
			assert_int_equal(p.verdict, v == right ? MCR_PARSED_UDP : MCR_PARSED_DROP);
		}
	}
}

static void every_total_length_gets_its_reason(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned total = 0; total <= 0xffff; total++) {
		enum mcr_drop want = total < 20                 ? MCR_DROP_BAD_IP_HEADER
				     : total > 20 + 8 + 30 + 10 ? MCR_DROP_TRUNCATED
								: MCR_DROP_BAD_UDP_LENGTH;

		build(&f, (struct shape){.payload = 30, .padding = 10});
		put16(f.bytes + f.l3 + 2, total);
		fill_ip_checksum(&f);
		if (total < 20 + 8 + 30 || total > 20 + 8 + 30 + 10)
			assert_drop(parse(&f), want);
		else
			assert_int_equal(parse(&f).payload_len, 30);
		if (total > 200)
			total += 250;
	}
}

static void every_udp_length_gets_its_reason(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned ipv6 = 0; ipv6 < 2; ipv6++) {
		build(&f, (struct shape){.ipv6 = (int)ipv6, .payload = 30, .padding = 10});
		for (unsigned len = 0; len <= 0xffff; len++) {
			struct mcr_packet p;

			put16(f.bytes + f.udp + 4, len);
			p = parse(&f);
			if (len < 8 || len > 38) {
				assert_drop(p, MCR_DROP_BAD_UDP_LENGTH);
			} else {
				assert_int_equal(p.verdict, MCR_PARSED_UDP);
				assert_int_equal(p.payload_len, len - 8);
			}
		}
	}
}

static void a_wrong_udp_checksum_is_noticed_and_none_is_accepted_in_ipv4(void **state)
{
	struct frame f;
	struct mcr_packet p;

	(void)state;
	for (unsigned n = 0; n < 80; n++) {
		const unsigned payload = n / 2, ipv6 = n % 2;

		build(&f, (struct shape){.ipv6 = (int)ipv6, .payload = payload});
		p = parse(&f);
		assert_true(mcr_udp_checksum_ok(&p, f.bytes));
		for (uint32_t bit = 0; bit < (8 + payload) * 8; bit++) {
			if (bit / 8 == 4 || bit / 8 == 5)
				continue; /* the length was taken from p */
			f.bytes[f.udp + bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(mcr_udp_checksum_ok(&p, f.bytes));
			f.bytes[f.udp + bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		put16(f.bytes + f.udp + 6, 0);
		if (ipv6)
			assert_drop(parse(&f), MCR_DROP_NO_UDP_CHECKSUM);
		else
			assert_true(mcr_udp_checksum_ok(&p, f.bytes));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_good_frame_of_any_shape_is_parsed_and_bounded_by_its_udp_length),
	    cmocka_unit_test(a_frame_cut_at_any_octet_is_truncated),
	    cmocka_unit_test(the_first_segment_needs_to_hold_the_headers_only),
	    cmocka_unit_test(every_wrong_version_and_header_length_is_a_bad_header),
	    cmocka_unit_test(any_single_flipped_bit_of_the_ip_header_is_noticed),
	    cmocka_unit_test(the_ip_checksum_is_right_for_exactly_one_value),
	    cmocka_unit_test(every_total_length_gets_its_reason),
	    cmocka_unit_test(every_udp_length_gets_its_reason),
	    cmocka_unit_test(a_wrong_udp_checksum_is_noticed_and_none_is_accepted_in_ipv4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
