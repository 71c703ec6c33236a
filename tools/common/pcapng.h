/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages as a capture: a file of pcapng (draft-ietf-opsawg-pcapng) with one section, Ethernet
 * interfaces, and times in ns. Frames get the headers of udp_headers.h.
 *
 * Blocks gather in a buffer, which is written when it is full and by pcapng_flush. The first write
 * that fails is remembered in `error`, and nothing is written after it. One thread at a time. */
#ifndef MCR_TOOLS_PCAPNG_H
#define MCR_TOOLS_PCAPNG_H

#include <stdint.h>

#include <mcring/consumer.h>

#define PCAPNG_COMMENT_MAX 512   /* octets of a comment; more are cut off */
#define PCAPNG_OPTIONS_MAX 16384 /* octets of all options of a block; more are left out */
#define PCAPNG_KEPT_MAX    65536 /* octets of a payload; more are cut off */
#define PCAPNG_BUFFER      262144

struct pcapng {
	int fd;           /* the owner's */
	int error;        /* 0, or -errno of the write that failed */
	uint64_t written; /* octets of whole blocks in the file */
	uint64_t packets; /* in these */
	uint64_t from;    /* where in the file the buffer's first octet belongs */
	unsigned n_interfaces;
	uint32_t section_len;
	uint32_t used, block; /* of the buffer; where the block that is put together begins */
	uint8_t buffer[PCAPNG_BUFFER];
};

/* Texts, of which "" are left out. */
struct pcapng_comments {
	const char *const *list;
	unsigned n;
};

/* pcapng_headers_comment says what is made up in the headers, for pcapng_begin. */
extern const char pcapng_headers_comment[];

/* pcapng_begin takes fd, which is at the beginning of an empty file, or a pipe, and writes the
 * section's header: which program this is, and comments. */
void pcapng_begin(struct pcapng *p, int fd, const char *application,
		  struct pcapng_comments comments);

/* pcapng_rewrite_begin replaces the section's header by one of the same length, as when it turns
 * out what the file covers. fd must be a file. Returns 0, -EINVAL for another length, or what
 * failed. */
int pcapng_rewrite_begin(struct pcapng *p, const char *application,
			 struct pcapng_comments comments);

/* pcapng_interface adds an interface. snaplen: octets of payload that its packets have at most; 0 =
 * all. Returns its number, from 0. */
unsigned pcapng_interface(struct pcapng *p, const char *name, const char *description,
			  uint32_t snaplen);

/* What stands beside a packet. 0 = nothing. */
struct pcapng_remarks {
	uint64_t drops; /* lost on its interface since the packet before (epb_dropcount) */
	uint64_t id;    /* the same for copies of one packet (epb_packetid) */
	struct pcapng_comments comments;
};

/* pcapng_packet adds a message, of whose payload the first `kept` octets are at hand (m->len: all).
 * remarks: NULL = none. */
void pcapng_packet(struct pcapng *p, unsigned interface, const struct mcr_msg *m,
		   const uint8_t *payload, uint32_t kept, const struct pcapng_remarks *remarks);

/* What became of an interface's packets. UINT64_MAX = it is not known, and not in the file. */
struct pcapng_statistics {
	uint64_t ns; /* when this was so */
	uint64_t start_ns, end_ns;
	uint64_t received;    /* isb_ifrecv */
	uint64_t dropped;     /* isb_ifdrop: by the interface */
	uint64_t not_read;    /* isb_osdrop: between the interface and the file */
	uint64_t in_the_file; /* isb_usrdeliv */
};

/* pcapng_statistics adds them, at the end of a file. */
void pcapng_statistics(struct pcapng *p, unsigned interface, const struct pcapng_statistics *s,
		       struct pcapng_comments comments);

/* pcapng_flush writes what is in the buffer. Returns p->error. */
int pcapng_flush(struct pcapng *p);

/* pcapng_cut makes the file end with the last whole block, drops the buffer, and forgets the error:
 * what follows may fit. fd must be a file. Returns 0, or what failed. */
int pcapng_cut(struct pcapng *p);

/* pcapng_size: octets that the file has when the buffer is written. */
uint64_t pcapng_size(const struct pcapng *p);

#endif
