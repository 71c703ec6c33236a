/* SPDX-License-Identifier: BSD-3-Clause */
/* Captures: whatever stands in a file, packed or not: the input itself, or blocks and records that
 * it chooses, of which some octets are wrong then. The frames lie in the reader's memory, their
 * times do not go back, and they are the same when the file is repeated, packed, or comes by a
 * pipe.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zlib.h>

#include "../check.h"
#include "fuzz_input.h"
#include "mcring-replay/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define PIPE_MAX 65536 /* what a pipe takes without a reader */

/* What came of a reading: how many frames, and a sum over all that is known of them. */
struct reading {
	uint64_t frames, sum, n_cut;
	int result;
};

static __attribute__((used)) uint8_t sink; /* so that reading is not left out */

static uint64_t mix(uint64_t sum, uint64_t value)
{
	return (sum ^ value) * 0x9e3779b97f4a7c15u + (sum >> 29);
}

/* first_ns: what times are reckoned from; of the first frame. */
static struct reading read_all(struct capture *c)
{
	struct reading r = {0};
	uint64_t first_ns = 0, last_ns = 0;
	struct capture_counts counts;
	struct capture_frame frame;
	struct mcr_error err = {""};

	while ((r.result = capture_next(c, &frame, &err)) == 1) {
		if (r.frames++ == 0)
			first_ns = last_ns = frame.time_ns;
		CHECK(frame.time_ns >= last_ns);
		CHECK(frame.len <= CAPTURE_FRAME_MAX + 14);
		CHECK(frame.interface < capture_interfaces(c));
		last_ns = frame.time_ns;
		r.sum = mix(r.sum, frame.time_ns - first_ns);
		r.sum = mix(r.sum, frame.interface);
		for (uint32_t i = 0; i < frame.len; i++)
			r.sum = mix(r.sum, frame.data[i]);
		for (uint32_t i = 0; i < CAPTURE_PADDING; i++) /* may be read */
			sink ^= frame.data[frame.len + i];
		memset(frame.data, 0, frame.len); /* may be written to */
	}
	CHECK(r.result == 0 || err.text[0] != '\0');
	capture_counts(c, &counts);
	r.n_cut = counts.n_cut;
	return r;
}

static void are_same(const struct reading *a, const struct reading *b)
{
	CHECK(a->result == b->result && a->frames == b->frames && a->sum == b->sum &&
	      a->n_cut == b->n_cut);
}

static int open_one(struct capture **c, const char *name)
{
	struct mcr_error err = {""};
	const int ret = capture_open(c, &name, 1, &err);

	CHECK(ret == 0 || err.text[0] != '\0');
	return ret;
}

static const char *as_file(int *fd, char name[32], const void *data, size_t len)
{
	*fd = memfd_create("capture", 0);
	CHECK(*fd >= 0 && write(*fd, data, len) == (ssize_t)len);
	snprintf(name, 32, "/proc/self/fd/%d", *fd);
	return name;
}

/* Reads a file, and again when it is repeated. Returns whether it could be opened. */
static int read_file(struct reading *r, const void *data, size_t len)
{
	struct mcr_error err = {""};
	struct capture *c;
	struct reading again;
	char name[32];
	int fd, ret;

	ret = open_one(&c, as_file(&fd, name, data, len));
	close(fd);
	if (ret != 0)
		return 0;
	*r = read_all(c);
	ret = capture_repeat(c, &err);
	CHECK(ret == 0 || ret == -ENODATA || ret == -EOVERFLOW || r->result != 0 || r->frames == 0);
	if (ret == 0 && r->result == 0) {
		again = read_all(c);
		are_same(r, &again);
	}
	capture_close(c);
	return 1;
}

static void the_same_comes_packed(const struct reading *plain, const void *data, size_t len)
{
	static uint8_t packed[1 << 16];
	z_stream z = {.next_in = (Bytef *)(uintptr_t)data,
		      .avail_in = (uInt)len,
		      .next_out = packed,
		      .avail_out = sizeof(packed)};
	struct reading r;

	CHECK(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
	deflateEnd(&z);
	CHECK(read_file(&r, packed, z.total_out));
	are_same(plain, &r);
}

static void the_same_comes_by_a_pipe(const struct reading *plain, const void *data, size_t len)
{
	struct reading r;
	struct capture *c;
	char name[32];
	int fds[2], ret;

	if (len > PIPE_MAX)
		return;
	CHECK(pipe(fds) == 0 && write(fds[1], data, len) == (ssize_t)len);
	close(fds[1]);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fds[0]);
	ret = open_one(&c, name);
	close(fds[0]);
	CHECK(ret == 0);
	r = read_all(c);
	are_same(plain, &r);
	capture_close(c);
}

/* The first half and the whole, as two files. */
static void two_files_are_one(const void *data, size_t len)
{
	char names[2][32];
	const char *both[2];
	struct mcr_error err;
	struct capture *c;
	int fds[2];

	both[0] = as_file(&fds[0], names[0], data, len / 2);
	both[1] = as_file(&fds[1], names[1], data, len);
	if (capture_open(&c, both, 2, &err) == 0) {
		read_all(c);
		capture_close(c);
	}
	close(fds[0]);
	close(fds[1]);
}

/* ---- files that are nearly right ---- */

struct file {
	uint8_t at[1 << 14];
	size_t len;
	int is_swapped;
};

static void put(struct file *f, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		f->at[f->len++] = (uint8_t)(value >> 8 * (f->is_swapped ? n - 1 - i : i));
}

static void put_data(struct input *in, struct file *f, size_t n)
{
	const size_t taken = take_bytes(in, f->at + f->len, n);

	memset(f->at + f->len + taken, 0, n - taken);
	f->len += n;
}

static size_t begin_block(struct file *f, uint32_t type)
{
	put(f, type, 4);
	put(f, 0, 4);
	return f->len;
}

static void end_block(struct file *f, size_t begin)
{
	const size_t end = f->len + (4 - f->len % 4) % 4;
	const uint32_t len = (uint32_t)(end - begin + 12);

	put(f, 0, end - f->len);
	put(f, len, 4);
	f->len = begin - 4;
	put(f, len, 4);
	f->len = end + 4;
}

static void put_section(struct input *in, struct file *f)
{
	size_t begin;

	f->is_swapped = (int)take(in, 1) & 1;
	begin = begin_block(f, 0x0a0d0d0a);
	put(f, 0x1a2b3c4d, 4);
	put(f, 1, 4);
	put(f, UINT64_MAX, 8);
	end_block(f, begin);
}

static uint16_t link_type(struct input *in)
{
	static const uint16_t types[] = {1, 1, 113, 276, 101, 228, 229, 0, 108, 12, 14};

	return types[take(in, 1) % (sizeof(types) / sizeof(types[0]))];
}

static void put_interface(struct input *in, struct file *f)
{
	const size_t begin = begin_block(f, 1);

	put(f, link_type(in), 2);
	put(f, 0, 2);
	put(f, take(in, 1), 4);
	for (unsigned n = (unsigned)take(in, 1) % 4; n > 0; n--) {
		static const uint8_t codes[] = {1, 2, 9, 14, 0};
		const uint8_t code = codes[take(in, 1) % sizeof(codes)];
		const size_t len = code == 9 ? 1 : code == 14 ? 8 : take(in, 1) % 9;

		put(f, code, 2);
		put(f, len, 2);
		put_data(in, f, len);
		put(f, 0, (4 - len % 4) % 4);
	}
	end_block(f, begin);
}

/* kind: 2, 3 or 6, as blocks of packets. */
static void put_packet(struct input *in, struct file *f, uint32_t kind)
{
	const size_t begin = begin_block(f, kind), len = take(in, 1);

	if (kind != 3) {
		put(f, take(in, 1) % 4, kind == 6 ? 4 : 2);
		put(f, 0, kind == 6 ? 0 : 2);
		put(f, take(in, 4), 4);
		put(f, take(in, 4), 4);
		put(f, len, 4);
	}
	put(f, len, 4);
	put_data(in, f, len);
	end_block(f, begin);
}

static void compose_pcapng(struct input *in, struct file *f)
{
	put_section(in, f);
	put_interface(in, f);
	while (in->left > 0 && f->len < sizeof(f->at) / 2) {
		const unsigned what = (unsigned)take(in, 1) % 16;

		if (what == 0)
			put_section(in, f);
		else if (what < 4)
			put_interface(in, f);
		else if (what == 4)
			put_packet(in, f, 2);
		else if (what == 5)
			put_packet(in, f, 3);
		else if (what == 6)
			end_block(f, begin_block(f, (uint32_t)take(in, 2)));
		else
			put_packet(in, f, 6);
	}
}

static void compose_pcap(struct input *in, struct file *f)
{
	static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34};
	const uint32_t magic = magics[take(in, 1) % 3];

	f->is_swapped = (int)take(in, 1) & 1;
	put(f, magic, 4);
	put(f, f->is_swapped ? 0x00020004 : 0x00040002, 4);
	put(f, 0, 8);
	put(f, 65535, 4);
	put(f, link_type(in), 4);
	while (in->left > 0 && f->len < sizeof(f->at) / 2) {
		const size_t len = take(in, 1);

		put(f, take(in, 4), 4);
		put(f, take(in, 2), 4);
		put(f, len, 4);
		put(f, len + take(in, 1) % 3, 4);
		put(f, 0, magic == magics[2] ? 8 : 0);
		put_data(in, f, len);
	}
}

/* ---- what must hold ---- */

static void check(const void *data, size_t len)
{
	static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
	struct reading plain;
	const int is_packed =
	    (len >= 2 && memcmp(data, gzip, 2) == 0) || (len >= 4 && memcmp(data, zstd, 4) == 0);

	if (!read_file(&plain, data, len))
		return;
	the_same_comes_by_a_pipe(&plain, data, len);
	if (!is_packed)
		the_same_comes_packed(&plain, data, len);
	two_files_are_one(data, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = {data, len};
	struct file f = {.len = 0};
	const unsigned how = (unsigned)take(&in, 1) % 8;
	uint8_t spoilers[10] = {0};
	struct input spoiled = {spoilers, how & 1 ? sizeof(spoilers) : 0};

	if (how == 0) {
		check(in.data, in.left);
		return 0;
	}
	take_bytes(&in, spoilers, spoiled.left);
	if (how < 6)
		compose_pcapng(&in, &f);
	else
		compose_pcap(&in, &f);
	spoil(&spoiled, f.at, f.len);
	check(f.at, f.len);
	return 0;
}
