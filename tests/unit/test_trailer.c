/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/trailer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "trailer_maker.h"

#define DATAGRAM 90 /* octets of the frame up to the datagram's end */
#define NS       UINT64_C(1714407847483428074)
#define SECOND   UINT64_C(1000000000)

static uint8_t frame[2048];
static struct mcr_trailer_reader reader;

static void begin(enum mcr_trailer_form form)
{
	reader = (struct mcr_trailer_reader){.form = (uint8_t)form};
	for (unsigned i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 37 + 11);
}

static uint64_t read_pieces(uint32_t len, uint32_t first, uint32_t second, uint32_t datagram)
{
	const struct mcr_piece pieces[] = {{frame, first},
					   {frame + first, second},
					   {frame + first + second, len - first - second}};
	const struct mcr_frame f = {pieces, 3};
	const uint64_t ns = mcr_trailer_read(&reader, &f, len - datagram, 0);

	assert_int_equal(ns != 0, reader.verdict == MCR_TRAILER_OK);
	mcr_trailer_count(&reader);
	return ns;
}

static uint64_t read_about(uint32_t len, uint64_t about_ns)
{
	const struct mcr_piece piece = {frame, len};
	const struct mcr_frame f = {&piece, 1};
	const uint64_t ns = mcr_trailer_read(&reader, &f, len - DATAGRAM, about_ns);

	assert_int_equal(ns != 0, reader.verdict == MCR_TRAILER_OK);
	mcr_trailer_count(&reader);
	return ns;
}

static uint64_t read_frame(uint32_t len)
{
	return read_about(len, 0);
}

static uint32_t put(uint64_t ns)
{
	return reader.form == MCR_TRAILER_METAMAKO
		   ? put_metamako(frame, DATAGRAM, ns, METAMAKO_FLAGS, NULL, 0)
		   : put_hpt_ns(frame, DATAGRAM, ns);
}

/* So many good frames, a microsecond apart. Returns the last one's time. */
static uint64_t trust(unsigned n, uint64_t ns)
{
	for (unsigned i = 0; i < n; i++) {
		ns += 1000;
		assert_int_equal(read_frame(put(ns)), ns);
	}
	return ns;
}

/* ---- forms ---- */

static void a_time_is_what_the_trailer_says_to_the_nanosecond(void **state)
{
	static const uint64_t times[] = {SECOND,
					 2 * SECOND - 1,
					 NS,
					 NS / SECOND * SECOND,
					 NS / SECOND * SECOND + 999999999,
					 UINT32_MAX * SECOND + 999999999};

	for (unsigned form = 0; form <= MCR_TRAILER_EXABLAZE_HPT; form++)
		for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
			begin((enum mcr_trailer_form)form);
			assert_int_equal(read_frame(put(times[i])), times[i]);
		}
}

/* From a capture: 2b9fa023f4 of 2^40 are 0.170404442 s and a bit. */
static void what_is_less_than_a_nanosecond_is_cut_off(void **state)
{
	begin(MCR_TRAILER_EXABLAZE_HPT);
	assert_int_equal(read_frame(put_hpt(frame, DATAGRAM, 1527552589, 0x2b9fa023f4)),
			 UINT64_C(1527552589170404442));
	assert_int_equal(read_frame(put_hpt(frame, DATAGRAM, 7, 0xffffffffff)),
			 UINT64_C(7999999999));
}

static void the_time_may_stand_before_the_frames_own_fcs(void **state)
{
	for (unsigned form = 0; form <= MCR_TRAILER_EXABLAZE_HPT; form++) {
		begin((enum mcr_trailer_form)form);
		for (unsigned i = 0; i < 2 * MCR_TRAILER_TRIAL; i++) {
			const uint32_t len = put(NS + i);

			put_fcs(frame + len, frame, len);
			assert_int_equal(read_frame(len + MCR_FCS_BYTES), NS + i);
		}
		assert_int_equal(reader.has_fcs, 1);
		assert_int_equal(read_frame(put(NS)), NS); /* and no more */
		assert_int_equal(reader.has_fcs, 0);
	}
}

/* A short frame was padded before the switch appended anything. */
static void padding_belongs_to_what_the_fcs_is_of(void **state)
{
	uint32_t len;

	begin(MCR_TRAILER_METAMAKO);
	memset(frame + DATAGRAM, 0, 18);
	len = put_metamako(frame, DATAGRAM + 18, NS, METAMAKO_FLAGS, NULL, 0);
	assert_int_equal(read_frame(len), NS);
	frame[DATAGRAM + 3] = 1;
	assert_int_equal(read_frame(len), 0);
	assert_int_equal(reader.verdict, MCR_TRAILER_BAD);
}

/* A tag's word stands behind its data: bit 5 ends the list, bits 6 and 7 are the words before it.
 */
static void extensions_stand_between_fcs_and_time(void **state)
{
	static const struct {
		uint8_t octets[16];
		uint32_t len;
	} all[] = {
	    {{0, 0, 9, 0x20}, 4},                                      /* a sequence number */
	    {{1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0xa2}, 12},             /* of two words */
	    {{'m', 'c', 'r', '!', 0, 0, 0, 0x3f}, 8},                  /* of a word, with tag 31 */
	    {{1, 2, 3, 4, 0, 0, 0, 0x61, 0, 0, 9, 0x00}, 12},          /* two of them */
	    {{1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0x7f, 0, 0, 9, 0}, 16}, /* two, one with tag 31 */
	};

	begin(MCR_TRAILER_METAMAKO);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_int_equal(
		    read_frame(put_metamako(frame, DATAGRAM, NS, 3, all[i].octets, all[i].len)),
		    NS);
}

static void extensions_that_do_not_end_are_no_trailer(void **state)
{
	uint8_t ext[64] = {0};

	begin(MCR_TRAILER_METAMAKO);
	assert_int_equal(read_frame(put_metamako(frame, DATAGRAM, NS, 3, ext, sizeof(ext))), 0);
	ext[60] = ext[61] = ext[62] = ext[63] = 0xff; /* of 1,024 words */
	assert_int_equal(read_frame(put_metamako(frame, DATAGRAM, NS, 3, ext, sizeof(ext))), 0);
	assert_int_equal(reader.counts[MCR_TRAILER_NONE], 2);
}

static void a_frame_may_lie_in_pieces(void **state)
{
	static const uint8_t ext[] = {0, 0, 9, 0x20};

	begin(MCR_TRAILER_METAMAKO);
	for (uint32_t first = 0; first < DATAGRAM + 20; first += first < DATAGRAM ? 9 : 1)
		for (uint32_t second = 0; first + second < DATAGRAM + 20; second++) {
			const uint32_t len = put_metamako(frame, DATAGRAM, NS, 3, ext, sizeof(ext));

			reader.trusted = 0;
			assert_int_equal(read_pieces(len, first, second, DATAGRAM), NS);
		}
}

/* ---- verdicts ---- */

static void a_frame_without_room_for_a_trailer_has_none(void **state)
{
	for (unsigned form = 0; form <= MCR_TRAILER_EXABLAZE_HPT; form++) {
		begin((enum mcr_trailer_form)form);
		for (uint32_t behind = 0; behind < MCR_TRAILER_BYTES; behind++)
			assert_int_equal(read_frame(DATAGRAM + behind), 0);
		assert_int_equal(reader.counts[MCR_TRAILER_NONE], MCR_TRAILER_BYTES);
	}
}

static void padding_is_no_trailer(void **state)
{
	for (unsigned form = 0; form <= MCR_TRAILER_EXABLAZE_HPT; form++) {
		begin((enum mcr_trailer_form)form);
		memset(frame + DATAGRAM, 0, 22);
		for (uint32_t behind = 16; behind <= 18; behind++) {
			assert_int_equal(read_frame(DATAGRAM + behind), 0);
			put_fcs(frame + DATAGRAM + behind, frame, DATAGRAM + behind);
			assert_int_equal(read_frame(DATAGRAM + behind + 4), 0);
			memset(frame + DATAGRAM, 0, 22);
		}
		assert_int_equal(reader.counts[MCR_TRAILER_NONE], 6);
	}
}

static void a_nanosecond_beyond_the_second_is_no_time(void **state)
{
	begin(MCR_TRAILER_METAMAKO);
	put(NS);
	put_be32(frame + DATAGRAM + 8, 1000000000);
	assert_int_equal(read_frame(DATAGRAM + MCR_TRAILER_BYTES), 0);
	assert_int_equal(reader.verdict, MCR_TRAILER_NONE);
}

static void the_first_frames_are_all_checked(void **state)
{
	for (unsigned form = 0; form <= MCR_TRAILER_EXABLAZE_HPT; form++)
		for (unsigned i = 0; i < MCR_TRAILER_TRIAL; i++) {
			uint32_t len;

			begin((enum mcr_trailer_form)form);
			len = put(trust(i, NS));
			frame[i] ^= 1;
			assert_int_equal(read_frame(len), 0);
			assert_int_equal(reader.verdict, MCR_TRAILER_BAD);
			assert_int_equal(reader.counts[MCR_TRAILER_OK], i);
		}
}

/* A damaged frame is believed until one is checked; from then on all are. */
static void later_one_of_a_sample_is_checked_and_a_bad_one_ends_the_trust(void **state)
{
	unsigned believed = 0;
	uint64_t ns;

	begin(MCR_TRAILER_METAMAKO);
	ns = trust(MCR_TRAILER_TRIAL, NS);
	for (unsigned i = 0; i < 3 * MCR_TRAILER_SAMPLE; i++) {
		const uint32_t len = put(ns + i);

		frame[50] ^= 1;
		believed += read_frame(len) != 0;
	}
	assert_int_equal(believed, MCR_TRAILER_SAMPLE - 1);
	assert_int_equal(reader.counts[MCR_TRAILER_BAD], 2 * MCR_TRAILER_SAMPLE + 1);
	trust(MCR_TRAILER_TRIAL, ns);
	assert_int_equal(reader.trusted, MCR_TRAILER_TRIAL);
}

/* So a damaged one behind a sample is believed. */
static void good_frames_stay_trusted_over_many_samples(void **state)
{
	const unsigned n = MCR_TRAILER_TRIAL + 5 * MCR_TRAILER_SAMPLE;
	uint64_t ns;
	uint32_t len;

	begin(MCR_TRAILER_EXABLAZE_HPT);
	ns = trust(n, NS);
	assert_int_equal(reader.counts[MCR_TRAILER_OK], n);
	len = put(ns);
	frame[50] ^= 1;
	assert_int_equal(read_frame(len), ns);
}

/* Whatever the sample says: such a time may be anything. */
static void a_time_far_from_the_one_before_is_checked(void **state)
{
	static const int64_t away[] = {(int64_t)SECOND + 1, -(int64_t)SECOND - 1,
				       -(int64_t)(NS - SECOND), 3600 * (int64_t)SECOND};

	for (size_t i = 0; i < 4; i++)
		for (unsigned good = 0; good < 2; good++) {
			uint64_t ns;
			uint32_t len;

			begin(MCR_TRAILER_METAMAKO);
			ns = trust(MCR_TRAILER_TRIAL, NS) + (uint64_t)away[i];
			len = put(ns);
			frame[70] ^= !good;
			assert_int_equal(read_frame(len), good ? ns : 0);
			assert_int_equal(reader.verdict, good ? MCR_TRAILER_OK : MCR_TRAILER_BAD);
		}
}

static void a_time_near_the_one_before_is_believed(void **state)
{
	static const int64_t away[] = {(int64_t)SECOND, -(int64_t)SECOND, 0, 1};

	for (size_t i = 0; i < 4; i++) {
		uint64_t ns;
		uint32_t len;

		begin(MCR_TRAILER_METAMAKO);
		ns = trust(MCR_TRAILER_TRIAL, NS) + (uint64_t)away[i];
		len = put(ns);
		frame[70] ^= 1;
		assert_int_equal(read_frame(len), ns);
	}
}

/* By the switch, or by what made the trailer. */
static void a_frame_that_the_switch_found_damaged_is_checked(void **state)
{
	uint64_t ns;
	uint32_t len;

	begin(MCR_TRAILER_METAMAKO);
	ns = trust(MCR_TRAILER_TRIAL, NS);
	assert_int_equal(read_frame(put_metamako(frame, DATAGRAM, ns, 0, NULL, 0)), ns);
	len = put_metamako(frame, DATAGRAM, ns, 0, NULL, 0);
	frame[70] ^= 1;
	assert_int_equal(read_frame(len), 0);
	assert_int_equal(reader.verdict, MCR_TRAILER_BAD);
}

static void frames_without_a_trailer_do_not_end_the_trust(void **state)
{
	begin(MCR_TRAILER_METAMAKO);
	trust(MCR_TRAILER_TRIAL, NS);
	assert_int_equal(read_frame(DATAGRAM), 0);
	assert_int_equal(reader.trusted, MCR_TRAILER_TRIAL);
}

static void a_time_that_is_not_where_it_is_expected_is_bad(void **state)
{
	for (unsigned trusted = 0; trusted < 2; trusted++) {
		uint64_t ns = NS;
		uint32_t len;

		begin(MCR_TRAILER_METAMAKO);
		if (trusted)
			ns = trust(MCR_TRAILER_TRIAL, NS);
		len = put(ns);
		assert_int_equal(read_about(len, ns - MCR_TRAILER_AWAY_NS), ns);
		assert_int_equal(read_about(len, ns + MCR_TRAILER_AWAY_NS), ns);
		assert_int_equal(read_about(len, ns - MCR_TRAILER_AWAY_NS - 1), 0);
		assert_int_equal(reader.verdict, MCR_TRAILER_BAD);
		reader.trusted = trusted ? MCR_TRAILER_TRIAL : 0;
		assert_int_equal(read_about(len, ns + MCR_TRAILER_AWAY_NS + 1), 0);
		assert_int_equal(reader.counts[MCR_TRAILER_BAD], 2);
	}
}

/* Both begin with the FCS: only where the time is expected shows which of them it is. */
static void the_other_switchs_trailer_gives_no_time(void **state)
{
	for (unsigned form = 0; form <= MCR_TRAILER_EXABLAZE_HPT; form++)
		for (uint64_t ns = NS; ns < NS + SECOND; ns += SECOND / 997) {
			uint32_t len;

			begin((enum mcr_trailer_form) !form);
			len = put(ns);
			reader.form = (uint8_t)form;
			assert_int_equal(read_about(len, ns), 0);
		}
}

/* Of two switches behind each other the last one counts. */
static void the_outer_one_of_two_trailers_counts(void **state)
{
	uint32_t len;

	begin(MCR_TRAILER_METAMAKO);
	len = put(NS);
	len = put_metamako(frame, len, NS + 500, METAMAKO_FLAGS, NULL, 0);
	assert_int_equal(read_frame(len), NS + 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_time_is_what_the_trailer_says_to_the_nanosecond),
	    cmocka_unit_test(what_is_less_than_a_nanosecond_is_cut_off),
	    cmocka_unit_test(the_time_may_stand_before_the_frames_own_fcs),
	    cmocka_unit_test(padding_belongs_to_what_the_fcs_is_of),
	    cmocka_unit_test(extensions_stand_between_fcs_and_time),
	    cmocka_unit_test(extensions_that_do_not_end_are_no_trailer),
	    cmocka_unit_test(a_frame_may_lie_in_pieces),
	    cmocka_unit_test(a_frame_without_room_for_a_trailer_has_none),
	    cmocka_unit_test(padding_is_no_trailer),
	    cmocka_unit_test(a_nanosecond_beyond_the_second_is_no_time),
	    cmocka_unit_test(the_first_frames_are_all_checked),
	    cmocka_unit_test(later_one_of_a_sample_is_checked_and_a_bad_one_ends_the_trust),
	    cmocka_unit_test(good_frames_stay_trusted_over_many_samples),
	    cmocka_unit_test(a_time_far_from_the_one_before_is_checked),
	    cmocka_unit_test(a_time_near_the_one_before_is_believed),
	    cmocka_unit_test(a_frame_that_the_switch_found_damaged_is_checked),
	    cmocka_unit_test(frames_without_a_trailer_do_not_end_the_trust),
	    cmocka_unit_test(a_time_that_is_not_where_it_is_expected_is_bad),
	    cmocka_unit_test(the_other_switchs_trailer_gives_no_time),
	    cmocka_unit_test(the_outer_one_of_two_trailers_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
