/* SPDX-License-Identifier: BSD-3-Clause */
/* Captures, frame by frame: several files as one, in the order of their times, as Ethernet frames.
 *
 * Reads pcap (us and ns, both orders of octets, Kuznetzov's form) and pcapng (draft-ietf-opsawg-
 * pcapng; each interface with its own link type and resolution), as they are or packed with gzip or
 * zstd, whatever the files are called, and standard input. Ethernet, Linux cooked (SLL, SLL2), raw
 * IP and BSD loopback. */
#ifndef MCR_REPLAY_CAPTURE_H
#define MCR_REPLAY_CAPTURE_H

#include <stdint.h>

#include <mcring/types.h>

#define CAPTURE_FILES_MAX      64
#define CAPTURE_INTERFACES_MAX 256 /* of all files */
#define CAPTURE_FRAME_MAX      262144
#define CAPTURE_PADDING        64 /* octets behind a frame that may be read, too */

struct capture;

/* A frame. What stands at data may be written to, and is gone with the next call. */
struct capture_frame {
	uint8_t *data;      /* begins with the Ethernet header: made up if none was captured */
	uint32_t len;       /* octets at data */
	uint32_t cut;       /* octets of it that the capture does not have: it was limited */
	uint64_t time_ns;   /* since 1970; never below that of the frame before */
	uint32_t interface; /* as capture_interface counts them */
};

/* Where frames were captured: a file of pcap is one interface, one of pcapng may have several. */
struct capture_interface {
	const char *file; /* as the caller of capture_open gave it */
	const char *name; /* "" = the file has none */
};

/* What was found so far, in all files and repetitions. */
struct capture_counts {
	uint64_t frames;
	uint64_t went_back; /* frames with a time below that of one before in the file, ... */
	uint64_t
	    back_most_ns; /* ... and by how much at most; their time is that of the one before */
	uint64_t other_blocks; /* blocks of pcapng that hold no packets */
	unsigned n_cut;        /* files that end within a frame: the frames before it count */
	unsigned repetition;   /* of the files, from 0 */
};

/* capture_open opens the files, "-" for standard input, and reads up to the first frame of each,
 * for which it waits.
 * The names are borrowed until capture_close. The caller owns *out, which is set on success only.
 *
 * Errors, with the file and the offset of what was found and expected: -EINVAL (no capture, or a
 * link type that is no IP network's; "-" given twice), -E2BIG (too many files), -ENOMEM, or that of
 * a system call. */
int capture_open(struct capture **out, const char *const *files, unsigned n_files,
		 struct mcr_error *err);

/* capture_next gives the next frame of all files: the one with the lowest time, of the first file
 * if several have it. It does not wait for standard input.
 *
 * Returns 1; 0 after the last; -EAGAIN if standard input has nothing at the moment: ask again; or
 * an error as of capture_open, after the frames before it. A file that ends within a frame, as one
 * that is being written, ends there: capture_counts says so. */
int capture_next(struct capture *c, struct capture_frame *frame, struct mcr_error *err);

/* capture_repeat begins again with the first frame. Times go on: the first frame follows the last
 * of before by the mean distance of frames, or 1 ms without one. Errors: -ESPIPE (standard input),
 * -ENODATA (there was no frame), -EOVERFLOW (times after the year 2262), or as of capture_open. */
int capture_repeat(struct capture *c, struct mcr_error *err);

/* capture_interfaces: how many are known so far. Those that stand before the first frame of their
 * file are known when it is open. */
unsigned capture_interfaces(const struct capture *c);
struct capture_interface capture_interface(const struct capture *c, unsigned i);

/* capture_find gives the interface that is called so: by its own name, or by that of a file that
 * has only one. Returns its number, -ENOENT, or -EEXIST when several are called so. */
int capture_find(const struct capture *c, const char *name);

void capture_counts(const struct capture *c, struct capture_counts *out);

/* capture_cut names the next file from *i on, which moves behind it, that ends within a frame.
 * NULL: there is none. */
const char *capture_cut(const struct capture *c, unsigned *i);

void capture_close(struct capture *c); /* NULL is allowed */

#endif
