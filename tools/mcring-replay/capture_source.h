/* SPDX-License-Identifier: BSD-3-Clause */
/* The octets of a file, from its beginning: as they are, or as what gzip or zstd packed. */
#ifndef MCR_REPLAY_CAPTURE_SOURCE_H
#define MCR_REPLAY_CAPTURE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/types.h>

#define SOURCE_LOOK_MAX (1 << 20)
#define SOURCE_PREFIX   16 /* octets before those that are looked at that may be written to */
#define SOURCE_PADDING  64 /* octets behind them that may be read */

struct capture_source;

/* source_open opens a file, "-" for standard input. name is borrowed until source_close. Errors:
 * -ENOMEM, or that of a system call. */
int source_open(struct capture_source **out, const char *name, struct mcr_error *err);

/* source_look makes up to n (SOURCE_LOOK_MAX at most) octets stand at *at, in one piece, until the
 * next call. is_patient: wait for what has none at the moment, as a pipe.
 *
 * Returns how many there are: n, or fewer at the end. Errors: -EAGAIN (not patient: ask again),
 * -EINVAL (gzip or zstd could not unpack it), or that of a system call. */
int64_t source_look(struct capture_source *s, size_t n, uint8_t **at, int is_patient,
		    struct mcr_error *err);

/* source_take goes on behind n octets that were looked at. */
void source_take(struct capture_source *s, size_t n);

/* source_offset gives how many octets were taken, unpacked. */
uint64_t source_offset(const struct capture_source *s);

const char *source_name(const struct capture_source *s); /* for a person */

/* source_is_packed: the file's octets are not those that are looked at. */
int source_is_packed(const struct capture_source *s);

/* source_is_cut: at the end, whether what gzip or zstd wrote last is missing. */
int source_is_cut(const struct capture_source *s);

/* source_rewind begins again. Errors: -ESPIPE, or that of another system call. */
int source_rewind(struct capture_source *s, struct mcr_error *err);

void source_close(struct capture_source *s); /* NULL is allowed */

#endif
