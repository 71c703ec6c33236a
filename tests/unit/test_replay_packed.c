/* SPDX-License-Identifier: BSD-3-Clause */
/* Captures that gzip or zstd packed. */
#include "capture_rig.h"

#include <zlib.h>
#include <zstd.h>

#define FRAMES    20000u
#define FRAME_LEN 100u

/* A capture of 2.3 MB: more than any of the reader's buffers. */
static size_t plain_len;
static uint8_t *plain;

struct packing {
	const char *name;
	size_t (*pack)(uint8_t *to, size_t cap, const uint8_t *from, size_t len);
	/* A stream that is all there but for an error in it. */
	const char *fault;
};

static size_t gzip(uint8_t *to, size_t cap, const uint8_t *from, size_t len)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)from,
		      .avail_in = (uInt)len,
		      .next_out = to,
		      .avail_out = (uInt)cap};

	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static size_t zstd(uint8_t *to, size_t cap, const uint8_t *from, size_t len)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	size_t n;

	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(z, to, cap, from, len);
	ZSTD_freeCCtx(z);
	assert_false(ZSTD_isError(n));
	return n;
}

static const struct packing packings[] = {{"gzip", gzip, "incorrect data check"},
					  {"zstd", zstd, "Restored data doesn't match checksum"}};

static int make_plain(void **state)
{
	struct octets header = {.len = 0};
	uint32_t noise = 1;

	plain = malloc(24 + FRAMES * (16 + FRAME_LEN));
	pcap_header(&header, NS_MAGIC, 1);
	memcpy(plain, header.at, header.len);
	plain_len = header.len;
	for (uint32_t i = 0; i < FRAMES; i++) {
		const uint32_t record[] = {i, 0, FRAME_LEN, FRAME_LEN};

		memcpy(plain + plain_len, record, sizeof(record));
		plain_len += sizeof(record);
		for (uint32_t k = 0; k < FRAME_LEN; k++)
			plain[plain_len++] =
			    (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24);
	}
	return 0;
}

static int free_plain(void **state)
{
	free(plain);
	return 0;
}

static void all_frames_are_in(struct capture *c)
{
	for (uint32_t i = 0; i < FRAMES; i++) {
		const struct capture_frame frame = next_frame(c);

		assert_int_equal(frame.len, FRAME_LEN);
		assert_memory_equal(frame.data, plain + 24 + i * (16 + FRAME_LEN) + 16, FRAME_LEN);
	}
	no_frame(c);
}

static struct capture *open_packed(const uint8_t *data, size_t len)
{
	static char path[64];
	const char *names[] = {new_file(path, data, len)};

	return open_files(names, 1);
}

static void what_was_packed_comes_out_whatever_the_file_is_called_and_again(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		const size_t cap = plain_len + 65536;
		uint8_t *packed = malloc(cap);
		struct mcr_error err;
		struct capture *c =
		    open_packed(packed, packings[i].pack(packed, cap, plain, plain_len));

		all_frames_are_in(c);
		assert_int_equal(counts_of(c).n_cut, 0);
		assert_int_equal(capture_repeat(c, &err), 0);
		all_frames_are_in(c);
		capture_close(c);
		free(packed);
	}
}

/* As pigz, bgzip and log rotation write them; and what tar or a tape adds. */
static void parts_that_were_packed_by_themselves_are_one_file(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		const size_t cap = plain_len + 65536, cuts[] = {0, 1, 100001, 100001, plain_len};
		uint8_t *packed = malloc(cap);
		struct capture *c;
		size_t len = 0;

		for (unsigned k = 0; k < 4; k++)
			len += packings[i].pack(packed + len, cap - len, plain + cuts[k],
						cuts[k + 1] - cuts[k]);
		if (i == 0) {
			memset(packed + len, 0, 512);
			len += 512;
		}
		c = open_packed(packed, len);
		all_frames_are_in(c);
		assert_int_equal(counts_of(c).n_cut, 0);
		capture_close(c);
		free(packed);
	}
}

static void a_packed_file_that_ends_early_gives_what_it_has_and_counts_as_cut(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		const size_t cap = plain_len + 65536;
		uint8_t *packed = malloc(cap);
		const size_t len = packings[i].pack(packed, cap, plain, plain_len);
		struct capture *c = open_packed(packed, len / 2);
		struct capture_frame frame;
		struct mcr_error err;

		while (capture_next(c, &frame, &err) == 1)
			;
		assert_in_range(counts_of(c).frames, FRAMES / 4, FRAMES * 3 / 4);
		assert_int_equal(counts_of(c).n_cut, 1);
		capture_close(c);
		c = open_packed(packed, len - 3); /* all frames are there, but not the check */
		all_frames_are_in(c);
		assert_int_equal(counts_of(c).n_cut, 1);
		capture_close(c);
		free(packed);
	}
}

static void what_cannot_be_unpacked_is_named_with_the_reason(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct octets o = {.len = 0};
		char expected[128];

		o.len = packings[i].pack(o.at, sizeof(o.at), plain, 24 + 3 * (16 + FRAME_LEN));
		o.at[o.len - (i == 0 ? 8 : 1)] ^= 1; /* of the check sum */
		snprintf(expected, sizeof(expected), "%s cannot unpack it beyond octet 372: %s",
			 packings[i].name, packings[i].fault);
		assert_string_equal(fault_of(&o), expected);
	}
}

static void offsets_are_of_what_was_unpacked(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct octets o = {.len = 0};
		uint8_t bad[24 + 3 * (16 + FRAME_LEN)];

		memcpy(bad, plain, sizeof(bad));
		memset(bad + 24 + 116 + 8, 0xff, 4);
		o.len = packings[i].pack(o.at, sizeof(o.at), bad, sizeof(bad));
		assert_string_equal(fault_of(&o), "octet 148 (unpacked): a record of 4294967295 "
						  "octets; expected at most 262144");
	}
}

static void a_packed_file_that_has_nothing_in_it_is_empty(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct octets o = {.len = 0};

		o.len = packings[i].pack(o.at, sizeof(o.at), plain, 0);
		assert_string_equal(fault_of(&o), "it is empty; expected pcap or pcapng");
	}
}

/* Not to be taken apart twice. */
static void what_was_packed_twice_is_no_capture(void **state)
{
	struct octets once = {.len = 0}, twice = {.len = 0};

	once.len = gzip(once.at, sizeof(once.at), plain, 24);
	twice.len = gzip(twice.at, sizeof(twice.at), once.at, once.len);
	assert_string_equal(fault_of(&twice), "octet 0 (unpacked): no capture; expected pcap or "
					      "pcapng, packed with gzip or zstd or not");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_packed_comes_out_whatever_the_file_is_called_and_again),
	    cmocka_unit_test(parts_that_were_packed_by_themselves_are_one_file),
	    cmocka_unit_test(a_packed_file_that_ends_early_gives_what_it_has_and_counts_as_cut),
	    cmocka_unit_test(what_cannot_be_unpacked_is_named_with_the_reason),
	    cmocka_unit_test(offsets_are_of_what_was_unpacked),
	    cmocka_unit_test(a_packed_file_that_has_nothing_in_it_is_empty),
	    cmocka_unit_test(what_was_packed_twice_is_no_capture),
	};

	return cmocka_run_group_tests(tests, make_plain, free_plain);
}
