/* SPDX-License-Identifier: BSD-3-Clause */
/* Looks at a capture file before it is played: the driver that plays it (net_pcap) ignores its link
 * type and ends silently where the file is cut off. Reads pcap
 * (draft-ietf-opsawg-pcap, both byte orders, micro- and nanoseconds, Kuznetzov's records) and
 * pcapng (draft-ietf-opsawg-pcapng: the first interface of the first section, enhanced and simple
 * packet blocks). */
#ifndef MCR_ENGINE_CAPTURE_FILE_H
#define MCR_ENGINE_CAPTURE_FILE_H

#include <stddef.h>
#include <stdint.h>

#define MCR_LINK_TYPE_ETHERNET  1u
#define MCR_CAPTURE_LOOK_OCTETS ((uint64_t)256 << 20) /* a tenth of a second, if it is cached */

enum mcr_capture_kind {
	MCR_CAPTURE_NONE, /* neither of the two, or its header is not whole */
	MCR_CAPTURE_PCAP,
	MCR_CAPTURE_PCAPNG,
};

struct mcr_capture_file {
	uint8_t kind;           /* enum mcr_capture_kind */
	uint8_t is_cut_off;     /* after the packets stands no whole record: players end there */
	uint32_t link_type;     /* as https://www.tcpdump.org/linktypes.html numbers them */
	uint64_t packets;       /* whole records that were looked at */
	uint64_t short_packets; /* those of them that are shorter than on the wire */
};

/* mcr_capture_file_look reads the header and the records within the first `octets` of a file.
 * Thread: one that may wait for a disk. Returns 0, or -errno when the file cannot be read or is
 * not a regular one (-ENOTSUP: a pipe). */
int mcr_capture_file_look(struct mcr_capture_file *out, const char *path, uint64_t octets);

/* mcr_capture_file_is_playable returns 1 for a capture of Ethernet frames, else 0. */
int mcr_capture_file_is_playable(const struct mcr_capture_file *file);

/* mcr_capture_file_text writes a line on what is wrong with the file, "" when nothing is. Returns
 * the length of the line. */
int mcr_capture_file_text(char *buf, size_t cap, const struct mcr_capture_file *file,
			  const char *path);

#endif
