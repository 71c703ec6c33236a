/* SPDX-License-Identifier: BSD-3-Clause */
/* Captures: whatever stands in a file, packed or not. The frames lie in the reader's memory, their
 * times do not go back, and they are the same when the file is repeated, packed, or comes by a
 * pipe.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zlib.h>

#include "../check.h"
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
	CHECK(ret == 0 || ret == -ENODATA || r->result != 0 || r->frames == 0);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
	struct reading plain;
	const int is_packed =
	    (len >= 2 && memcmp(data, gzip, 2) == 0) || (len >= 4 && memcmp(data, zstd, 4) == 0);

	if (!read_file(&plain, data, len))
		return 0;
	the_same_comes_by_a_pipe(&plain, data, len);
	if (!is_packed)
		the_same_comes_packed(&plain, data, len);
	two_files_are_one(data, len);
	return 0;
}
