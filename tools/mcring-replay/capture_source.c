/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "core/error.h"

#define PACKED_SIZE (1 << 17)
#define MAGIC_SIZE  4
#define GZIP_WINDOW (15 + 16) /* the largest, with gzip's header (zlib.h) */

enum packing {
	PACKING_UNKNOWN,
	PACKING_NONE,
	PACKING_GZIP,
	PACKING_ZSTD,
};

struct capture_source {
	const char *name;
	int fd, is_regular, is_ended; /* is_ended: nothing follows what the buffer has */
	enum packing packing;
	uint64_t taken;

	uint8_t *buffer; /* SOURCE_PREFIX, then SOURCE_LOOK_MAX, then SOURCE_PADDING */
	size_t at, end;  /* of what is to be looked at */

	/* What was read and is not unpacked yet. */
	uint8_t *packed;
	size_t packed_at, packed_end;
	int is_packed_over; /* nothing follows */
	int is_member_over; /* of gzip, or a frame of zstd: another may follow */
	z_stream gzip;
	ZSTD_DStream *zstd;
	size_t step; /* octets that zstd wants next */
};

const char *source_name(const struct capture_source *s)
{
	return strcmp(s->name, "-") == 0 ? "standard input" : s->name;
}

int source_is_packed(const struct capture_source *s)
{
	return s->packing == PACKING_GZIP || s->packing == PACKING_ZSTD;
}

int source_is_cut(const struct capture_source *s)
{
	return source_is_packed(s) && s->is_packed_over && !s->is_member_over;
}

uint64_t source_offset(const struct capture_source *s)
{
	return s->taken;
}

static int system_error(const struct capture_source *s, struct mcr_error *err)
{
	const int error = errno;

	return mcr_error_set(err, -error, "%s: %s", source_name(s), strerror(error));
}

/* ---- reading ---- */

/* Reads up to cap octets. Returns how many, 0 at the end, or -errno. */
static int64_t read_some(struct capture_source *s, uint8_t *to, size_t cap, int is_patient,
			 struct mcr_error *err)
{
	struct pollfd it = {.fd = s->fd, .events = POLLIN};
	ssize_t n;

	if (!s->is_regular && !is_patient && poll(&it, 1, 0) == 0)
		return -EAGAIN;
	n = read(s->fd, to, cap);
	return n >= 0 ? n : system_error(s, err);
}

/* ---- unpacking ---- */

static int begin_gzip(struct capture_source *s, struct mcr_error *err)
{
	s->gzip = (z_stream){0};
	if (inflateInit2(&s->gzip, GZIP_WINDOW) != Z_OK)
		return mcr_error_set(err, -ENOMEM, "out of memory");
	return 0;
}

static int begin_zstd(struct capture_source *s, struct mcr_error *err)
{
	s->zstd = ZSTD_createDStream();
	if (!s->zstd)
		return mcr_error_set(err, -ENOMEM, "out of memory");
	s->step = ZSTD_initDStream(s->zstd);
	return 0;
}

/* Finds out how the file is packed, by its first octets, which the buffer has. */
static int begin_packing(struct capture_source *s, struct mcr_error *err)
{
	static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
	const uint8_t *first = s->buffer + s->at;
	const size_t n = s->end - s->at;

	s->packing = PACKING_NONE;
	if (n >= sizeof(gzip) && memcmp(first, gzip, sizeof(gzip)) == 0)
		s->packing = PACKING_GZIP;
	else if (n >= sizeof(zstd) && memcmp(first, zstd, sizeof(zstd)) == 0)
		s->packing = PACKING_ZSTD;
	if (s->packing == PACKING_NONE)
		return 0;
	if (!s->packed && !(s->packed = malloc(PACKED_SIZE)))
		return mcr_error_set(err, -ENOMEM, "out of memory");
	memcpy(s->packed, first, n);
	s->packed_at = 0;
	s->packed_end = n;
	s->end = s->at;
	return s->packing == PACKING_GZIP ? begin_gzip(s, err) : begin_zstd(s, err);
}

static void end_packing(struct capture_source *s)
{
	if (s->packing == PACKING_GZIP)
		inflateEnd(&s->gzip);
	ZSTD_freeDStream(s->zstd);
	s->zstd = NULL;
	s->packing = PACKING_UNKNOWN;
}

static int cannot_unpack(const struct capture_source *s, const char *why, struct mcr_error *err)
{
	return mcr_error_set(err, -EINVAL, "%s: %s cannot unpack it beyond octet %llu: %s",
			     source_name(s), s->packing == PACKING_GZIP ? "gzip" : "zstd",
			     (unsigned long long)(s->taken + s->end - s->at), why);
}

/* Unpacks to `to` what there is. Returns how many octets came of it, or -errno: zlib gives an error
 * again, after what stands before it. */
static int64_t gunzip(struct capture_source *s, uint8_t *to, size_t cap, struct mcr_error *err)
{
	int ret;

	if (s->is_member_over) {
		/* As gzip does: what is no other member is not looked at. */
		if (s->packed[s->packed_at] != 0x1f) {
			s->packed_at = s->packed_end;
			return 0;
		}
		inflateReset(&s->gzip);
		s->is_member_over = 0;
	}
	s->gzip.next_in = s->packed + s->packed_at;
	s->gzip.avail_in = (uInt)(s->packed_end - s->packed_at);
	s->gzip.next_out = to;
	s->gzip.avail_out = (uInt)cap;
	ret = inflate(&s->gzip, Z_NO_FLUSH);
	s->packed_at = s->packed_end - s->gzip.avail_in;
	if (ret == Z_STREAM_END)
		s->is_member_over = 1;
	else if (ret != Z_OK && ret != Z_BUF_ERROR && s->gzip.avail_out == cap)
		return cannot_unpack(s, s->gzip.msg ? s->gzip.msg : "out of memory", err);
	return (int64_t)(cap - s->gzip.avail_out);
}

/* By steps, as zstd wants them: an error takes what came in the same step with it. */
static int64_t unzstd(struct capture_source *s, uint8_t *to, size_t cap, struct mcr_error *err)
{
	const size_t left = s->packed_end - s->packed_at;
	ZSTD_inBuffer in = {s->packed + s->packed_at, left < s->step ? left : s->step, 0};
	ZSTD_outBuffer out = {to, cap, 0};
	const size_t ret = ZSTD_decompressStream(s->zstd, &out, &in);

	if (ZSTD_isError(ret))
		return cannot_unpack(s, ZSTD_getErrorName(ret), err);
	s->packed_at += in.pos;
	s->is_member_over = ret == 0;
	s->step = ret > 0 ? ret : ZSTD_initDStream(s->zstd);
	return (int64_t)out.pos;
}

/* Returns how many octets came, 0 at the end, or -errno. */
static int64_t unpack_some(struct capture_source *s, uint8_t *to, size_t cap, int is_patient,
			   struct mcr_error *err)
{
	int64_t n = 0;

	for (;;) {
		/* Also without more of it: what was unpacked may not have found room. */
		if (s->packed_at < s->packed_end || !s->is_member_over)
			n = s->packing == PACKING_GZIP ? gunzip(s, to, cap, err)
						       : unzstd(s, to, cap, err);
		if (n != 0 || (s->is_packed_over && s->packed_at == s->packed_end))
			return n;
		if (s->packed_at < s->packed_end)
			continue;
		n = read_some(s, s->packed, PACKED_SIZE, is_patient, err);
		if (n < 0)
			return n;
		s->is_packed_over = n == 0;
		s->packed_at = 0;
		s->packed_end = (size_t)n;
		n = 0;
	}
}

/* ---- looking ---- */

/* Reads behind what the buffer has. Returns how many octets came, 0 at the end, or -errno. */
static int64_t fill(struct capture_source *s, int is_patient, struct mcr_error *err)
{
	const size_t cap = SOURCE_PREFIX + SOURCE_LOOK_MAX - s->end;
	uint8_t *to = s->buffer + s->end;
	int64_t n;
	int ret;

	if (s->packing == PACKING_UNKNOWN) /* no more than can be moved */
		n = read_some(s, to, PACKED_SIZE - MAGIC_SIZE, is_patient, err);
	else if (s->packing == PACKING_NONE)
		n = read_some(s, to, cap, is_patient, err);
	else
		n = unpack_some(s, to, cap, is_patient, err);
	if (n > 0)
		s->end += (size_t)n;
	if (n <= 0 || s->packing != PACKING_UNKNOWN)
		return n;
	if (s->end - s->at < MAGIC_SIZE)
		return n;
	ret = begin_packing(s, err);
	return ret < 0 ? ret : s->packing == PACKING_NONE ? n : 1;
}

int64_t source_look(struct capture_source *s, size_t n, uint8_t **at, int is_patient,
		    struct mcr_error *err)
{
	if (s->at + n > SOURCE_PREFIX + SOURCE_LOOK_MAX) {
		memmove(s->buffer + SOURCE_PREFIX, s->buffer + s->at, s->end - s->at);
		s->end -= s->at - SOURCE_PREFIX;
		s->at = SOURCE_PREFIX;
	}
	while (s->end - s->at < n && !s->is_ended) {
		const int64_t got = fill(s, is_patient, err);

		if (got < 0)
			return got;
		s->is_ended = got == 0;
	}
	*at = s->buffer + s->at;
	return (int64_t)(s->end - s->at < n ? s->end - s->at : n);
}

void source_take(struct capture_source *s, size_t n)
{
	s->at += n;
	s->taken += n;
}

/* ---- life ---- */

static void begin(struct capture_source *s)
{
	end_packing(s);
	s->at = s->end = SOURCE_PREFIX;
	s->packed_at = s->packed_end = 0;
	s->is_ended = s->is_packed_over = s->is_member_over = 0;
	s->taken = 0;
}

int source_rewind(struct capture_source *s, struct mcr_error *err)
{
	if (lseek(s->fd, 0, SEEK_SET) < 0)
		return system_error(s, err);
	begin(s);
	return 0;
}

int source_open(struct capture_source **out, const char *name, struct mcr_error *err)
{
	struct capture_source *s = calloc(1, sizeof(*s));
	struct stat st;
	int ret;

	if (!s)
		return mcr_error_set(err, -ENOMEM, "out of memory");
	s->name = name;
	s->fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	s->buffer = calloc(1, SOURCE_PREFIX + SOURCE_LOOK_MAX + SOURCE_PADDING);
	if (s->fd < 0 || fstat(s->fd, &st) < 0) {
		ret = system_error(s, err);
	} else if (!s->buffer) {
		ret = mcr_error_set(err, -ENOMEM, "out of memory");
	} else {
		s->is_regular = S_ISREG(st.st_mode);
		begin(s);
		*out = s;
		return 0;
	}
	source_close(s);
	return ret;
}

void source_close(struct capture_source *s)
{
	if (!s)
		return;
	end_packing(s);
	if (s->fd > STDERR_FILENO)
		close(s->fd);
	free(s->packed);
	free(s->buffer);
	free(s);
}
