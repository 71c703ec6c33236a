/* SPDX-License-Identifier: BSD-3-Clause */
/* One file of a capture, frame by frame. */
#ifndef MCR_REPLAY_CAPTURE_FILE_H
#define MCR_REPLAY_CAPTURE_FILE_H

#include <stdint.h>

#include "capture.h"
#include "capture_source.h"

/* An interface of a file, or of all files. */
struct file_interface {
	const struct capture_source *source; /* whose it is, ... */
	char name[128];                      /* ... how the file calls it, "" = not at all, ... */
	uint32_t id;                         /* ... and its number there */
};

/* All interfaces. One that is found again, in another section or repetition, is the same. */
struct file_interfaces {
	struct file_interface list[CAPTURE_INTERFACES_MAX];
	unsigned n;
};

/* How the packets of an interface are to be read. */
struct file_link {
	uint32_t interface, type;
	uint64_t per_second; /* units of its time stamps */
	int64_t offset_s;    /* to add to them */
	uint32_t limit;      /* octets captured of a packet at most; 0 = all (SPB only) */
};

struct capture_file {
	struct capture_source *source;
	struct file_interfaces *interfaces;
	int (*next)(struct capture_file *, struct capture_frame *, struct mcr_error *);
	int is_swapped; /* its numbers are in the other order of octets */
	int is_cut;     /* it ends within a frame */
	int is_patient; /* wait for what has nothing at the moment */
	uint64_t other_blocks;
	uint64_t last_ns;           /* of the frame before: pcapng has packets without a time */
	uint64_t to_skip;           /* octets that nobody needs, before what is next */
	uint32_t record_header_len; /* of pcap */
	struct file_link *links;    /* one for pcap, of the section's interfaces for pcapng */
	unsigned n_links;
};

/* file_open opens a file; interfaces is where those of it go. Errors as of capture_open. */
int file_open(struct capture_file *f, const char *name, struct file_interfaces *interfaces,
	      struct mcr_error *err);

/* file_next gives the next frame, with the time that the file has. Returns 1, 0 or an error,
 * -EAGAIN among them, as capture_next. */
int file_next(struct capture_file *f, struct capture_frame *frame, struct mcr_error *err);

int file_rewind(struct capture_file *f, struct mcr_error *err);
void file_close(struct capture_file *f);

/* ---- for the formats ---- */

/* file_fault fills err with the file, the offset of what is next, plus `beyond`, and a text.
 * Returns -EINVAL. */
__attribute__((format(printf, 4, 5))) int file_fault(const struct capture_file *f,
						     struct mcr_error *err, uint64_t beyond,
						     const char *format, ...);

/* file_need makes n octets stand at *at, as source_look. Returns 1; 0 at the end, where it notes
 * whether something is missing there; or an error. */
int file_need(struct capture_file *f, size_t n, uint8_t **at, struct mcr_error *err);

/* file_add_link adds an interface: link type, name, number in the file. The caller fills in the
 * rest. beyond: where the link type stands. Errors: -EINVAL, -ENOMEM. */
int file_add_link(struct capture_file *f, uint32_t type, const char *name, uint64_t beyond,
		  struct mcr_error *err);

/* file_time makes ns of a time stamp. Returns 0, or -1 before 1970 or after 2262. */
int file_time(const struct file_link *link, uint64_t stamp, uint64_t *ns);

/* file_frame fills in a frame of len octets, of wire_len on the wire. */
void file_frame(struct capture_file *f, const struct file_link *link, struct capture_frame *frame,
		uint8_t *data, uint32_t len, uint32_t wire_len);

/* Numbers as the file writes them. */
uint16_t file_u16(const struct capture_file *f, const uint8_t *at);
uint32_t file_u32(const struct capture_file *f, const uint8_t *at);
uint64_t file_u64(const struct capture_file *f, const uint8_t *at);

#endif
