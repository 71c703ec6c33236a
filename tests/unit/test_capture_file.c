/* SPDX-License-Identifier: BSD-3-Clause */
#include <byteswap.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/os/capture_file.h"

static char path[] = "/tmp/mcring-capture-XXXXXX";

/* A file as it is built up, in either byte order. */
struct file {
	uint8_t bytes[4096];
	size_t len;
	int swapped;
};

static void put32(struct file *f, uint32_t word)
{
	word = f->swapped ? bswap_32(word) : word;
	memcpy(f->bytes + f->len, &word, 4);
	f->len += 4;
}

static void put16(struct file *f, uint16_t half)
{
	half = f->swapped ? bswap_16(half) : half;
	memcpy(f->bytes + f->len, &half, 2);
	f->len += 2;
}

static void put_octets(struct file *f, size_t n)
{
	memset(f->bytes + f->len, 0xab, n);
	f->len += n;
}

static struct mcr_capture_file look_within(const struct file *f, size_t len, uint64_t octets)
{
	FILE *to = fopen(path, "wb");
	struct mcr_capture_file got;

	assert_non_null(to);
	if (len > 0)
		assert_int_equal(fwrite(f->bytes, len, 1, to), 1);
	fclose(to);
	assert_int_equal(mcr_capture_file_look(&got, path, octets), 0);
	return got;
}

static struct mcr_capture_file look(const struct file *f, size_t len)
{
	return look_within(f, len, UINT64_MAX);
}

static void pcap_header(struct file *f, uint32_t magic, uint32_t link_type)
{
	const uint32_t words[] = {magic, 0, 0, 0, 65535, link_type};

	for (size_t i = 0; i < 6; i++)
		put32(f, words[i]);
}

static void pcap_record(struct file *f, uint32_t len, uint32_t wire_len)
{
	const uint32_t words[] = {1, 2, len, wire_len};

	for (size_t i = 0; i < 4; i++)
		put32(f, words[i]);
	put_octets(f, len);
}

static void pcapng_header(struct file *f, uint16_t link_type)
{
	const uint32_t section[] = {0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28};

	for (size_t i = 0; i < 7; i++)
		put32(f, section[i]);
	put32(f, 1);
	put32(f, 20);
	put16(f, link_type);
	put16(f, 0);
	put32(f, 65535);
	put32(f, 20);
}

static void pcapng_packet(struct file *f, uint32_t len, uint32_t wire_len)
{
	uint32_t padded = (len + 3) / 4 * 4;
	const uint32_t words[] = {6, 32 + padded, 0, 1, 2, len, wire_len};

	for (size_t i = 0; i < 7; i++)
		put32(f, words[i]);
	put_octets(f, padded);
	put32(f, 32 + padded);
}

static void assert_text(const struct mcr_capture_file *got, const char *want)
{
	char text[512];

	mcr_capture_file_text(text, sizeof(text), got, "feed.pcap");
	if (!want)
		assert_string_equal(text, "");
	else if (!strstr(text, want) || !strstr(text, "feed.pcap"))
		fail_msg("\"%s\" without \"%s\"", text, want);
}

static void a_whole_capture_of_ethernet_frames_has_nothing_wrong(void **state)
{
	static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d};

	for (int i = 0; i < 4; i++) {
		struct file f = {.swapped = i & 1};
		struct mcr_capture_file got;

		pcap_header(&f, magics[i / 2], 1);
		pcap_record(&f, 60, 60);
		pcap_record(&f, 61, 61);
		got = look(&f, f.len);
		assert_int_equal(got.kind, MCR_CAPTURE_PCAP);
		assert_int_equal(got.packets, 2);
		assert_true(mcr_capture_file_is_playable(&got));
		assert_text(&got, NULL);
	}
	for (int i = 0; i < 2; i++) {
		struct file f = {.swapped = i};
		struct mcr_capture_file got;

		pcapng_header(&f, 1);
		pcapng_packet(&f, 61, 61);
		got = look(&f, f.len);
		assert_int_equal(got.kind, MCR_CAPTURE_PCAPNG);
		assert_int_equal(got.packets, 1);
		assert_true(mcr_capture_file_is_playable(&got));
		assert_text(&got, NULL);
	}
}

static void another_link_type_is_named(void **state)
{
	for (int i = 0; i < 4; i++) {
		struct file f = {.swapped = i & 1};
		struct mcr_capture_file got;

		if (i < 2)
			pcap_header(&f, 0xa1b2c3d4, 113);
		else
			pcapng_header(&f, 113);
		got = look(&f, f.len);
		assert_int_equal(got.link_type, 113);
		assert_false(mcr_capture_file_is_playable(&got));
		assert_text(&got, "113 (Linux \"cooked\"");
	}
}

static void what_is_no_capture_is_said_to_be_none(void **state)
{
	static const char *const texts[] = {"", "x", "#!/bin/sh\necho a script of some length\n",
					    "\n\r\r\n and no more of a section header"};

	for (size_t i = 0; i < 4; i++) {
		struct file f = {.len = strlen(texts[i])};
		struct mcr_capture_file got;

		memcpy(f.bytes, texts[i], f.len);
		got = look(&f, f.len);
		assert_int_equal(got.kind, MCR_CAPTURE_NONE);
		assert_text(&got, "not a capture file");
	}
}

/* Every length from the header on: whole between records, cut off anywhere else. */
static void a_file_cut_at_any_octet_is_cut_off_unless_between_two_packets(void **state)
{
	for (int kind = 0; kind < 4; kind++) {
		struct file f = {.swapped = kind & 1};
		size_t ends[4], n = 0;

		if (kind < 2)
			pcap_header(&f, 0xa1b2c3d4, 1);
		else
			pcapng_header(&f, 1);
		ends[n++] = f.len;
		for (uint32_t i = 0; i < 3; i++) {
			if (kind < 2)
				pcap_record(&f, 60 + i, 60 + i);
			else
				pcapng_packet(&f, 60 + i, 60 + i);
			ends[n++] = f.len;
		}
		for (size_t len = ends[0]; len <= f.len; len++) {
			struct mcr_capture_file got = look(&f, len);
			size_t whole = 0;

			while (whole + 1 < n && ends[whole + 1] <= len)
				whole++;
			assert_int_equal(got.packets, whole);
			assert_int_equal(got.is_cut_off, len != ends[whole]);
			assert_text(&got, len != ends[whole] ? "is cut off" : NULL);
			assert_true(mcr_capture_file_is_playable(&got));
		}
	}
}

static void packets_of_a_snapshot_length_are_counted(void **state)
{
	struct file f = {.swapped = 0};
	struct mcr_capture_file got;

	pcap_header(&f, 0xa1b2c3d4, 1);
	pcap_record(&f, 60, 60);
	pcap_record(&f, 60, 1400);
	pcap_record(&f, 60, 1500);
	got = look(&f, f.len);
	assert_int_equal(got.short_packets, 2);
	assert_text(&got, "2 packets of 3 that are shorter");
}

static void lengths_that_make_no_sense_end_the_file(void **state)
{
	static const uint32_t lengths[] = {262145, INT32_MAX, UINT32_MAX};

	for (size_t i = 0; i < 3; i++) {
		struct file f = {.swapped = 0}, ng = {.swapped = 0};
		struct mcr_capture_file got;

		pcap_header(&f, 0xa1b2c3d4, 1);
		for (size_t k = 0; k < 4; k++)
			put32(&f, lengths[i]);
		put_octets(&f, 64);
		got = look(&f, f.len);
		assert_true(got.is_cut_off);
		pcapng_header(&ng, 1);
		pcapng_packet(&ng, 60, 60);
		memcpy(ng.bytes + ng.len - 92 + 20, &lengths[i], 4); /* more than the block holds */
		got = look(&ng, ng.len);
		assert_true(got.is_cut_off);
		memcpy(ng.bytes + ng.len - 92 + 4, &lengths[i], 4);
		got = look(&ng, ng.len);
		assert_true(got.is_cut_off);
	}
}

static void no_more_is_looked_at_than_was_asked_for(void **state)
{
	struct file f = {.swapped = 0};

	pcap_header(&f, 0xa1b2c3d4, 1);
	for (int i = 0; i < 20; i++)
		pcap_record(&f, 60, 60);
	assert_int_equal(look_within(&f, f.len, 24 + 5 * 76).packets, 5);
	assert_false(look_within(&f, f.len - 1, 24 + 5 * 76).is_cut_off);
}

static void a_pipe_is_not_read_and_what_is_not_there_is_an_error(void **state)
{
	struct mcr_capture_file got;

	unlink(path);
	assert_int_equal(mcr_capture_file_look(&got, path, 1), -ENOENT);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(mcr_capture_file_look(&got, path, 1), -ENOTSUP);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_whole_capture_of_ethernet_frames_has_nothing_wrong),
	    cmocka_unit_test(another_link_type_is_named),
	    cmocka_unit_test(what_is_no_capture_is_said_to_be_none),
	    cmocka_unit_test(a_file_cut_at_any_octet_is_cut_off_unless_between_two_packets),
	    cmocka_unit_test(packets_of_a_snapshot_length_are_counted),
	    cmocka_unit_test(lengths_that_make_no_sense_end_the_file),
	    cmocka_unit_test(no_more_is_looked_at_than_was_asked_for),
	    cmocka_unit_test(a_pipe_is_not_read_and_what_is_not_there_is_an_error),
	};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
