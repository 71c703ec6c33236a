/* SPDX-License-Identifier: BSD-3-Clause */
/* What a capture file is, before somebody plays it: a driver that reads one (net_pcap) says nothing
 * of its link type and ends in silence where the file is cut off. Reads pcap
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
	MCR_CAPTURE_NONE, /* neither, or its header is not whole */
	MCR_CAPTURE_PCAP,
	MCR_CAPTURE_PCAPNG,
};

struct mcr_capture_file {
	uint8_t kind;           /* enum mcr_capture_kind */
	uint8_t is_cut_off;     /* what follows the packets is no whole record: players end there */
	uint32_t link_type;     /* as https://www.tcpdump.org/linktypes.html numbers them */
	uint64_t packets;       /* whole records that were looked at */
	uint64_t short_packets; /* of them: those with fewer octets than were on the wire */
};

/* mcr_capture_file_look reads the header and the records within the first `octets` of a file.
 * Thread: one that may wait for a disk. Returns 0, or -errno when the file cannot be read, or is
 * none (-ENOTSUP: a pipe). */
int mcr_capture_file_look(struct mcr_capture_file *out, const char *path, uint64_t octets);

/* mcr_capture_file_is_playable: a capture of Ethernet frames. */
int mcr_capture_file_is_playable(const struct mcr_capture_file *file);

/* mcr_capture_file_text: one line on what is wrong with it, empty when nothing is. Returns its
 * length. */
int mcr_capture_file_text(char *buf, size_t cap, const struct mcr_capture_file *file,
			  const char *path);

#endif
