/* SPDX-License-Identifier: BSD-3-Clause */
/* Times that a switch appends to frames. Pure.
 *
 * Implements two trailers. Each stands behind the frame as the switch received it, padding
 * included, and begins with that frame's FCS; numbers are big-endian but for the FCS.
 *
 *     Metamako, Arista 7130 (MetaWatch)          Exablaze Fusion HPT, Cisco Nexus 3550-T
 *      4  FCS                                     4  FCS
 *     4n  extensions, if the flags say so         1  device
 *      4  seconds since 1970                      1  port
 *      4  nanoseconds                             4  seconds since 1970
 *      1  flags: 1 = the FCS was right,           5  2^-40 seconds
 *         2 = there are extensions                1  reserved
 *      2  device
 *      1  port
 *
 * The FCS of the frame as it is sent on may follow, where the NIC or the capture leaves it there.
 * Leaves out what extensions say, and the 4 octets of ticks of Arista 7150 and ExaLINK Fusion,
 * which say nothing without the switch's key frames. */
#ifndef MCR_CORE_TRAILER_H
#define MCR_CORE_TRAILER_H

#include <stdint.h>

#define MCR_TRAILER_BYTES 16
#define MCR_FCS_BYTES     4

enum mcr_trailer_form {
	MCR_TRAILER_METAMAKO,
	MCR_TRAILER_EXABLAZE_HPT,
};

/* What became of a frame's trailer. */
enum mcr_trailer_verdict {
	MCR_TRAILER_OK,
	MCR_TRAILER_NONE, /* nothing behind the datagram that may be one */
	MCR_TRAILER_BAD,  /* its FCS is not that of the frame, or its time cannot be right */
	MCR_TRAILER_VERDICTS
};

/* A frame as it was on the wire, in pieces. */
struct mcr_piece {
	const uint8_t *data;
	uint32_t len;
};

struct mcr_frame {
	const struct mcr_piece *pieces;
	unsigned n;
};

/* Frames of one queue. One whose time is within MCR_TRAILER_NEAR_NS of that of the one before is
 * believed, but for a sample; of any other the FCS is computed. So are those of the first
 * MCR_TRAILER_TRIAL frames, also after one that was bad. */
#define MCR_TRAILER_TRIAL   64
#define MCR_TRAILER_SAMPLE  128 /* then one of so many */
#define MCR_TRAILER_NEAR_NS 1000000000u

/* A time that is farther from where it is expected cannot be right. So a trailer that is read as
 * the other form gives none: it begins with the FCS as well. */
#define MCR_TRAILER_AWAY_NS UINT64_C(3600000000000)

struct mcr_trailer_reader {
	/* The reader's alone. */
	uint8_t form;                /* enum mcr_trailer_form */
	uint8_t has_fcs;             /* frames end with the FCS that they were sent on with */
	uint8_t verdict;             /* on the last frame */
	uint32_t trusted, unchecked; /* frames that were checked, up to the trial's end; not checked
				      * since */
	uint64_t last_ns;            /* the last time that was taken; 0 = none yet */

	uint64_t counts[MCR_TRAILER_VERDICTS]; /* relaxed: any thread may read them */
};

/* mcr_trailer_read gives the time at which the switch received a frame, ns since 1970. behind:
 * octets of the frame that stand behind its datagram. about_ns: where the time is expected; 0 =
 * anywhere. Returns 0 if there is none: reader->verdict says why. It counts nothing. Thread: the
 * reader's. */
uint64_t mcr_trailer_read(struct mcr_trailer_reader *reader, const struct mcr_frame *frame,
			  uint32_t behind, uint64_t about_ns);

/* mcr_trailer_count counts the frame that was read last. */
static inline void mcr_trailer_count(struct mcr_trailer_reader *reader)
{
	uint64_t *count = &reader->counts[reader->verdict];

	__atomic_store_n(count, *count + 1, __ATOMIC_RELAXED);
}

#endif
