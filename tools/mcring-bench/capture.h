/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames of classic pcap files (Ethernet; either byte order, micro- or nanoseconds), for a
 * measurement that sends them itself. */
#ifndef MCR_BENCH_CAPTURE_H
#define MCR_BENCH_CAPTURE_H

#include <stdint.h>

struct capture_frame {
	uint8_t *data;
	uint32_t len;
};

/* Starts all-zero; free with capture_clear. */
struct capture {
	struct capture_frame *frames;
	unsigned n;
};

/* capture_add appends the frames of a file. Returns 0, or -1 after a line on stderr: not such a
 * file, a frame that was cut when it was captured, or out of memory. */
int capture_add(struct capture *capture, const char *path);
void capture_clear(struct capture *capture);

#endif
