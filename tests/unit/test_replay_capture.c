/* SPDX-License-Identifier: BSD-3-Clause */
/* pcap, and what is made of several files. */
#include "capture_rig.h"

#include <errno.h>
#include <fcntl.h>

#define ETHERNET 1

static const uint8_t frame_a[60] = {1, 0, 0x5e, 1, 1, 1, [12] = 8, [59] = 0xaa};
static const uint8_t frame_b[61] = {1, 0, 0x5e, 2, 2, 2, [12] = 8, [60] = 0xbb};

static struct octets us_file(const uint32_t *us, unsigned n)
{
	struct octets o = {.len = 0};

	pcap_header(&o, US_MAGIC, ETHERNET);
	for (unsigned i = 0; i < n; i++)
		pcap_record(&o, us[i] / 1000000, us[i] % 1000000, &us[i], sizeof(us[i]));
	return o;
}

static uint32_t number_in(const struct capture_frame *frame)
{
	uint32_t n;

	assert_int_equal(frame->len, sizeof(n));
	memcpy(&n, frame->data, sizeof(n));
	return n;
}

/* tcpreplay read nanoseconds as microseconds (its pull request 865). */
static void the_magic_says_what_fractions_are_and_in_which_order_octets_stand(void **state)
{
	static const struct {
		uint32_t magic;
		int is_swapped;
		uint64_t ns;
	} forms[] = {{US_MAGIC, 0, 123456000},
		     {US_MAGIC, 1, 123456000},
		     {NS_MAGIC, 0, 123456},
		     {NS_MAGIC, 1, 123456}};

	for (unsigned i = 0; i < 4; i++) {
		struct octets o = {.is_swapped = forms[i].is_swapped};
		struct capture_frame frame;
		struct capture *c;

		pcap_header(&o, forms[i].magic, ETHERNET);
		pcap_record(&o, 1700000000, 123456, frame_a, sizeof(frame_a));
		pcap_record(&o, 4000000000u, 0, frame_b, sizeof(frame_b)); /* beyond 2038 */
		c = open_octets(&o);
		frame = next_frame(c);
		assert_int_equal(frame.time_ns, 1700000000 * SECOND_NS + forms[i].ns);
		assert_int_equal(frame.len, sizeof(frame_a));
		assert_int_equal(frame.cut, 0);
		assert_memory_equal(frame.data, frame_a, sizeof(frame_a));
		frame = next_frame(c);
		assert_int_equal(frame.time_ns, 4000000000 * SECOND_NS);
		assert_memory_equal(frame.data, frame_b, sizeof(frame_b));
		no_frame(c);
		no_frame(c);
		assert_int_equal(counts_of(c).frames, 2);
		assert_int_equal(counts_of(c).n_cut, 0);
		capture_close(c);
	}
}

static void records_of_kuznetzovs_form_have_eight_octets_more(void **state)
{
	struct octets o = {.len = 0};
	struct capture_frame frame;
	struct capture *c;

	pcap_header(&o, 0xa1b2cd34, ETHERNET);
	for (unsigned i = 0; i < 2; i++) {
		put_32(&o, 7 + i);
		put_32(&o, 5);
		put_32(&o, sizeof(frame_a));
		put_32(&o, sizeof(frame_a));
		put_64(&o, UINT64_MAX);
		put(&o, frame_a, sizeof(frame_a));
	}
	c = open_octets(&o);
	next_frame(c);
	frame = next_frame(c);
	assert_int_equal(frame.time_ns, 8 * SECOND_NS + 5000);
	assert_memory_equal(frame.data, frame_a, sizeof(frame_a));
	no_frame(c);
	capture_close(c);
}

static void a_file_that_ends_anywhere_gives_the_frames_before_and_counts_as_cut(void **state)
{
	struct octets o = {.len = 0};
	size_t borders[4];

	pcap_header(&o, NS_MAGIC, ETHERNET);
	borders[0] = o.len;
	for (unsigned i = 1; i < 4; i++) {
		pcap_record(&o, i, 0, frame_a, sizeof(frame_a));
		borders[i] = o.len;
	}
	for (size_t len = borders[0]; len <= borders[3]; len++) {
		struct octets part = o;
		unsigned whole = 3;
		struct capture *c;

		part.len = len;
		while (borders[whole] > len)
			whole--;
		c = open_octets(&part);
		for (unsigned i = 1; i <= whole; i++)
			assert_int_equal(next_frame(c).time_ns, i * SECOND_NS);
		no_frame(c);
		assert_int_equal(counts_of(c).n_cut, borders[whole] != len);
		capture_close(c);
	}
}

static void what_was_not_captured_of_a_frame_is_counted(void **state)
{
	struct octets o = {.len = 0};
	struct capture *c;

	pcap_header(&o, US_MAGIC, ETHERNET);
	pcap_record(&o, 1, 0, frame_a, sizeof(frame_a));
	o.at[24 + 12] = 100;
	c = open_octets(&o);
	assert_int_equal(next_frame(c).cut, 40);
	capture_close(c);
}

static void files_are_one_in_the_order_of_times_and_the_first_file_is_first(void **state)
{
	static const uint32_t a[] = {10, 20, 30}, b[] = {5, 20, 20, 40};
	const struct octets o[] = {us_file(a, 3), us_file(b, 4)};
	static const uint32_t expected[][2] = {{5, 1},  {10, 0}, {20, 0}, {20, 1},
					       {20, 1}, {30, 0}, {40, 1}};
	char paths[2][64];
	const char *names[] = {new_file(paths[0], o[0].at, o[0].len),
			       new_file(paths[1], o[1].at, o[1].len)};
	struct capture *c = open_files(names, 2);

	assert_int_equal(capture_interfaces(c), 2);
	for (unsigned i = 0; i < 7; i++) {
		const struct capture_frame frame = next_frame(c);

		assert_int_equal(number_in(&frame), expected[i][0]);
		assert_int_equal(frame.time_ns, 1000 * expected[i][0]);
		assert_int_equal(frame.interface, expected[i][1]);
	}
	no_frame(c);
	assert_string_equal(capture_interface(c, 1).file, paths[1]);
	assert_string_equal(capture_interface(c, 1).name, "");
	assert_int_equal(capture_find(c, paths[0]), 0);
	assert_int_equal(capture_find(c, paths[1]), 1);
	assert_int_equal(capture_find(c, "elsewhere"), -ENOENT);
	assert_int_equal(capture_find(c, ""), -EEXIST);
	capture_close(c);
}

static void times_that_go_back_are_those_of_the_frame_before_in_the_same_file(void **state)
{
	static const uint32_t a[] = {10, 50, 40, 49, 60}, b[] = {45};
	const struct octets o[] = {us_file(a, 5), us_file(b, 1)};
	static const uint32_t expected[][2] = {{10, 10}, {45, 45}, {50, 50},
					       {40, 50}, {49, 50}, {60, 60}};
	char paths[2][64];
	const char *names[] = {new_file(paths[0], o[0].at, o[0].len),
			       new_file(paths[1], o[1].at, o[1].len)};
	struct capture *c = open_files(names, 2);

	for (unsigned i = 0; i < 6; i++) {
		const struct capture_frame frame = next_frame(c);

		assert_int_equal(number_in(&frame), expected[i][0]);
		assert_int_equal(frame.time_ns, 1000 * expected[i][1]);
	}
	assert_int_equal(counts_of(c).went_back, 2);
	assert_int_equal(counts_of(c).back_most_ns, 10000);
	capture_close(c);
}

static void a_repetition_goes_on_in_time_by_the_mean_distance(void **state)
{
	static const uint32_t a[] = {1000, 1010, 1040}; /* 20 us apart on average */
	static const uint32_t expected[] = {1000, 1010, 1040, 1060, 1070, 1100, 1120, 1130, 1160};
	const struct octets o = us_file(a, 3);
	struct mcr_error err;
	struct capture *c = open_octets(&o);

	for (unsigned i = 0; i < 9; i++) {
		struct capture_frame frame;

		if (i == 3 || i == 6) {
			no_frame(c);
			assert_int_equal(capture_repeat(c, &err), 0);
		}
		frame = next_frame(c);
		assert_int_equal(number_in(&frame), a[i % 3]);
		assert_int_equal(frame.time_ns, 1000 * expected[i]);
		assert_int_equal(frame.interface, 0);
	}
	assert_int_equal(counts_of(c).repetition, 2);
	assert_int_equal(counts_of(c).frames, 9);
	assert_int_equal(capture_interfaces(c), 1);
	capture_close(c);
}

static void a_repetition_of_one_frame_or_of_one_time_is_a_millisecond_later(void **state)
{
	static const uint32_t same[] = {1000, 1000};
	struct mcr_error err;

	for (unsigned n = 1; n <= 2; n++) {
		const struct octets o = us_file(same, n);
		struct capture *c = open_octets(&o);

		for (unsigned i = 0; i < n; i++)
			next_frame(c);
		assert_int_equal(capture_repeat(c, &err), 0);
		assert_int_equal(next_frame(c).time_ns, 2000000);
		capture_close(c);
	}
}

static void a_repetition_in_the_middle_of_files_begins_with_the_first_frame(void **state)
{
	static const uint32_t a[] = {10, 20, 30}, b[] = {15, 25, 35};
	const struct octets o[] = {us_file(a, 3), us_file(b, 3)};
	char paths[2][64];
	const char *names[] = {new_file(paths[0], o[0].at, o[0].len),
			       new_file(paths[1], o[1].at, o[1].len)};
	struct capture *c = open_files(names, 2);
	struct capture_frame frame;
	struct mcr_error err;

	for (unsigned i = 0; i < 4; i++)
		next_frame(c);
	assert_int_equal(capture_repeat(c, &err), 0);
	frame = next_frame(c);
	assert_int_equal(number_in(&frame), 10);
	assert_int_equal(frame.time_ns, 30000);
	frame = next_frame(c);
	assert_int_equal(number_in(&frame), 15);
	capture_close(c);
}

static void nothing_can_be_repeated_of_a_capture_without_frames(void **state)
{
	const struct octets o = us_file(NULL, 0);
	struct capture *c = open_octets(&o);
	struct mcr_error err;

	no_frame(c);
	assert_int_equal(capture_repeat(c, &err), -ENODATA);
	capture_close(c);
}

/* Of 95 years: times of 63 bits hold two such captures, but not three. */
static void what_lies_after_the_year_2262_is_not_repeated(void **state)
{
	struct octets o = {.len = 0};
	struct capture *c;
	struct mcr_error err;

	pcap_header(&o, US_MAGIC, ETHERNET);
	pcap_record(&o, 0, 0, frame_a, sizeof(frame_a));
	pcap_record(&o, 0, 1, frame_a, sizeof(frame_a));
	pcap_record(&o, 3000000000u, 0, frame_a, sizeof(frame_a));
	c = open_octets(&o);
	for (unsigned repetition = 0; repetition < 2; repetition++) {
		for (unsigned i = 0; i < 3; i++)
			next_frame(c);
		assert_int_equal(capture_repeat(c, &err), repetition == 0 ? 0 : -EOVERFLOW);
	}
	assert_string_equal(err.text, "once more, times would lie after the year 2262");
	capture_close(c);
}

/* A frame more than the buffer holds: what is left of it is moved to the front. */
static void frames_of_all_lengths_come_whole_over_the_end_of_the_buffer(void **state)
{
	static uint8_t data[CAPTURE_FRAME_MAX];
	static const uint32_t lengths[] = {CAPTURE_FRAME_MAX, 1, 65536, 9000, 0, 60, 131072};
	char path[64];
	const char *names[] = {new_file(path, "", 0)};
	struct octets o = {.len = 0};
	struct capture *c;
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 2654435761u >> 24);
	pcap_header(&o, US_MAGIC, ETHERNET);
	fwrite(o.at, 1, o.len, f);
	for (uint32_t i = 0; i < 70; i++) {
		const uint32_t len = lengths[i % 7], header[] = {i, 0, len, len};

		fwrite(header, sizeof(header), 1, f);
		fwrite(data + i, 1, len > i ? len - i : 0, f);
		fwrite(data, 1, len > i ? i : len, f);
	}
	fclose(f);
	c = open_files(names, 1);
	for (uint32_t i = 0; i < 70; i++) {
		const struct capture_frame frame = next_frame(c);
		const uint32_t len = lengths[i % 7], first = len > i ? len - i : 0;

		assert_int_equal(frame.len, len);
		assert_memory_equal(frame.data, data + i, first);
		assert_memory_equal(frame.data + first, data, len - first);
	}
	no_frame(c);
	capture_close(c);
}

static void what_is_no_capture_is_named_with_what_to_do(void **state)
{
	static const struct {
		const char *text, *fault;
		size_t len;
	} strangers[] = {
	    {"", "it is empty; expected pcap or pcapng", 0},
	    {"ab", "octet 0: no capture; expected pcap or pcapng, packed with gzip or zstd or not",
	     2},
	    {"hello, world",
	     "octet 0: no capture; expected pcap or pcapng, packed with gzip or "
	     "zstd or not",
	     12},
	    {"\xfd\x37zXZ",
	     "octet 0: packed with xz: unpack it with xz -d; expected pcap or "
	     "pcapng, packed with gzip or zstd or not",
	     6},
	    {"\xd4\xc3\xb2\xa1\2", "octet 0: the file ends; expected 24 octets of pcap's header",
	     6},
	    {"\xd4\xc3\xb2\xa1\3\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0",
	     "octet 4: version 3 of pcap; expected 2", 24},
	};

	for (unsigned i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		struct octets o = {.len = 0};

		put(&o, strangers[i].text, strangers[i].len);
		assert_string_equal(fault_of(&o), strangers[i].fault);
	}
}

static void a_record_that_makes_no_sense_is_named_with_its_offset(void **state)
{
	static const uint32_t a[] = {10, 20};
	struct octets o = us_file(a, 2);

	memcpy(o.at + 24 + 20 + 8, "\xff\xff\xff\x7f", 4);
	assert_string_equal(fault_of(&o),
			    "octet 52: a record of 2147483647 octets; expected at most 262144");
	o = us_file(a, 2);
	memcpy(o.at + 24 + 20 + 4, "\x41\x42\x0f\x00", 4); /* 1,000,001 */
	assert_string_equal(fault_of(&o), "octet 48: 1000001 us of a second; expected at most "
					  "999999");
	o = us_file(a, 2);
	memcpy(o.at + 24 + 20 + 4, "\x40\x42\x0f\x00", 4); /* a second more, as some round */
	assert_string_equal(fault_of(&o), "");
}

static void files_that_cannot_be_read_are_named_by_the_system(void **state)
{
	const char *absent[] = {"/nonexistent/a.pcap"}, *folder[] = {"/tmp"};
	const char *many[CAPTURE_FILES_MAX + 1] = {NULL}, *twice[] = {"-", "-"};
	static const uint32_t a[] = {10};
	const struct octets o = us_file(a, 1);
	const int in = dup(STDIN_FILENO);
	struct mcr_error err;
	struct capture *c;
	char path[64];
	int fd;

	assert_int_equal(capture_open(&c, absent, 1, &err), -ENOENT);
	assert_string_equal(err.text, "/nonexistent/a.pcap: No such file or directory");
	assert_int_equal(capture_open(&c, folder, 1, &err), -EISDIR);
	assert_int_equal(capture_open(&c, many, CAPTURE_FILES_MAX + 1, &err), -E2BIG);
	fd = open(new_file(path, o.at, o.len), O_RDONLY);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(capture_open(&c, twice, 2, &err), -EINVAL);
	assert_string_equal(err.text, "standard input is given twice");
	dup2(in, STDIN_FILENO);
	close(in);
	close(fd);
	unlink(path);
}

/* Standard input is a pipe into which comes what the test writes. */
static void standard_input_gives_what_is_there_and_never_waits_after_the_first(void **state)
{
	static const uint32_t a[] = {10, 20};
	const struct octets o = us_file(a, 2);
	const int in = dup(STDIN_FILENO);
	const char *names[] = {"-"};
	struct capture_frame frame;
	struct mcr_error err;
	struct capture *c;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	dup2(fds[0], STDIN_FILENO);
	assert_int_equal(write(fds[1], o.at, 24 + 20 + 5), 24 + 20 + 5);
	assert_int_equal(capture_open(&c, names, 1, &err), 0);
	assert_int_equal(next_frame(c).time_ns, 10000);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(capture_next(c, &frame, &err), -EAGAIN);
	assert_int_equal(write(fds[1], o.at + 49, 15), 15);
	frame = next_frame(c);
	assert_int_equal(number_in(&frame), 20);
	assert_int_equal(capture_next(c, &frame, &err), -EAGAIN);
	close(fds[1]);
	no_frame(c);
	assert_int_equal(capture_repeat(c, &err), -ESPIPE);
	assert_string_equal(err.text, "standard input: Illegal seek");
	capture_close(c);
	dup2(in, STDIN_FILENO);
	close(in);
	close(fds[0]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_magic_says_what_fractions_are_and_in_which_order_octets_stand),
	    cmocka_unit_test(records_of_kuznetzovs_form_have_eight_octets_more),
	    cmocka_unit_test(a_file_that_ends_anywhere_gives_the_frames_before_and_counts_as_cut),
	    cmocka_unit_test(what_was_not_captured_of_a_frame_is_counted),
	    cmocka_unit_test(files_are_one_in_the_order_of_times_and_the_first_file_is_first),
	    cmocka_unit_test(times_that_go_back_are_those_of_the_frame_before_in_the_same_file),
	    cmocka_unit_test(a_repetition_goes_on_in_time_by_the_mean_distance),
	    cmocka_unit_test(a_repetition_of_one_frame_or_of_one_time_is_a_millisecond_later),
	    cmocka_unit_test(a_repetition_in_the_middle_of_files_begins_with_the_first_frame),
	    cmocka_unit_test(nothing_can_be_repeated_of_a_capture_without_frames),
	    cmocka_unit_test(what_lies_after_the_year_2262_is_not_repeated),
	    cmocka_unit_test(frames_of_all_lengths_come_whole_over_the_end_of_the_buffer),
	    cmocka_unit_test(what_is_no_capture_is_named_with_what_to_do),
	    cmocka_unit_test(a_record_that_makes_no_sense_is_named_with_its_offset),
	    cmocka_unit_test(files_that_cannot_be_read_are_named_by_the_system),
	    cmocka_unit_test(standard_input_gives_what_is_there_and_never_waits_after_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
