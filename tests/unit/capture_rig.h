/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of captures, octet by octet, and what the reader makes of them. */
#ifndef MCR_TEST_CAPTURE_RIG_H
#define MCR_TEST_CAPTURE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mcring-replay/capture.h"

#define SECOND_NS 1000000000ull
#define US_MAGIC  0xa1b2c3d4u
#define NS_MAGIC  0xa1b23c4du

/* The octets of a file. is_swapped: numbers with the highest octet first. */
struct octets {
	uint8_t at[1 << 16];
	size_t len;
	int is_swapped;
};

static inline void put(struct octets *o, const void *data, size_t len)
{
	assert_true(o->len + len <= sizeof(o->at));
	memcpy(o->at + o->len, data, len);
	o->len += len;
}

static inline void put_number(struct octets *o, uint64_t value, unsigned len)
{
	for (unsigned i = 0; i < len; i++) {
		const uint8_t octet = (uint8_t)(value >> 8 * (o->is_swapped ? len - 1 - i : i));

		put(o, &octet, 1);
	}
}

static inline void put_16(struct octets *o, uint16_t value)
{
	put_number(o, value, 2);
}

static inline void put_32(struct octets *o, uint32_t value)
{
	put_number(o, value, 4);
}

static inline void put_64(struct octets *o, uint64_t value)
{
	put_number(o, value, 8);
}

/* ---- pcap ---- */

static inline void pcap_header(struct octets *o, uint32_t magic, uint32_t link_type)
{
	put_32(o, magic);
	put_16(o, 2);
	put_16(o, 4);
	put_64(o, 0);
	put_32(o, 65535);
	put_32(o, link_type);
}

static inline void pcap_record(struct octets *o, uint32_t s, uint32_t fraction, const void *data,
			       uint32_t len)
{
	put_32(o, s);
	put_32(o, fraction);
	put_32(o, len);
	put_32(o, len);
	put(o, data, len);
}

/* ---- files ---- */

static inline const char *new_file(char path[64], const void *data, size_t len)
{
	int fd;

	strcpy(path, "/tmp/mcring-capture-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	close(fd);
	return path;
}

/* ---- what comes of them ---- */

/* An open capture of files, which are removed. */
static inline struct capture *open_files(const char *const *paths, unsigned n)
{
	struct mcr_error err = {""};
	struct capture *c = NULL;
	const int ret = capture_open(&c, paths, n, &err);

	if (ret != 0)
		fail_msg("%d: %s", ret, err.text);
	for (unsigned i = 0; i < n; i++)
		unlink(paths[i]);
	return c;
}

static inline struct capture *open_octets(const struct octets *o)
{
	static char path[64];
	const char *paths[] = {new_file(path, o->at, o->len)};

	return open_files(paths, 1);
}

static inline struct capture_frame next_frame(struct capture *c)
{
	struct capture_frame frame = {0};
	struct mcr_error err = {""};
	const int ret = capture_next(c, &frame, &err);

	if (ret != 1)
		fail_msg("%d: %s", ret, err.text);
	return frame;
}

static inline void no_frame(struct capture *c)
{
	struct capture_frame frame;
	struct mcr_error err = {""};

	assert_int_equal(capture_next(c, &frame, &err), 0);
}

/* Reads all; the error is what stands behind the file's name, or "". */
static inline const char *fault_of(const struct octets *o)
{
	static struct mcr_error err;
	struct capture_frame frame;
	struct capture *c;
	char path[64];
	const char *paths[] = {new_file(path, o->at, o->len)};
	int ret = capture_open(&c, paths, 1, &err);

	if (ret == 0) {
		while ((ret = capture_next(c, &frame, &err)) == 1)
			;
		capture_close(c);
	}
	unlink(path);
	if (ret == 0)
		return "";
	assert_int_equal(ret, -22);
	assert_memory_equal(err.text, path, strlen(path));
	return err.text + strlen(path) + 2;
}

static inline struct capture_counts counts_of(const struct capture *c)
{
	struct capture_counts counts;

	capture_counts(c, &counts);
	return counts;
}

#endif
