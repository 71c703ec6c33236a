/* SPDX-License-Identifier: BSD-3-Clause */
/* One file of a recording, from its beginning to its end. Thread: the writer's. */
#ifndef MCR_WATCH_OUTPUT_H
#define MCR_WATCH_OUTPUT_H

#include <stdint.h>

#include "../../common/pcapng.h"

#include "folder.h"
#include "store.h"

#define OUTPUT_TEXT     320 /* octets of a text, the NUL included */
#define OUTPUT_REMARKS  8   /* beside one packet */
#define OUTPUT_SIZE_MIN ((uint64_t)256 << 10)

#define OUTPUT_UNFINISHED "being written" /* what its header says of its end meanwhile */

/* What a file has of an interface. */
struct output_interface {
	uint64_t first_ns, last_ns, packets;
	uint64_t missed, missed_now; /* missed_now: since the last packet */
};

struct output {
	const struct recorder_config *config;
	const struct recorder_interface *interfaces; /* the recorder's */
	struct folder_file file;
	char why[OUTPUT_TEXT];
	uint64_t from_ns, last_ns; /* what it covers */
	uint64_t most;             /* octets; it ends before that */
	struct output_interface of[RECORDER_INTERFACES_MAX];
	char remarks[OUTPUT_REMARKS][OUTPUT_TEXT];
	unsigned n_remarks;
	uint64_t more_remarks;
	uint64_t blind, blind_messages;
	struct pcapng pcapng;
};

/* Why a file is made. */
struct output_cause {
	uint64_t ns;
	char word[24];
	char text[OUTPUT_TEXT];
};

/* output_open makes a file that covers what came from from_ns on, and grows to `most` octets.
 * Returns 0 or -errno. */
int output_open(struct output *o, struct folder *folder, const struct output_cause *cause,
		uint64_t from_ns, uint64_t most, uint32_t n_interfaces);

/* output_put adds a record. n_interfaces: that the recorder has by now. Returns 0, -EFBIG (it does
 * not fit: the file ends without it), or why the file could not be written. */
int output_put(struct output *o, const struct store_record *record, uint32_t n_interfaces);

int output_flush(struct output *o);
uint64_t output_size(const struct output *o);

/* output_close ends the file, which covers what came until to_ns, and gives it its name. code: 0,
 * -EFBIG or what failed. Returns 0 or -errno: it may lack its end, or could not be named. A file
 * that has nothing at all is removed, and name is "" then. */
int output_close(struct output *o, struct folder *folder, uint64_t to_ns, int code,
		 char name[FOLDER_NAME_MAX]);

#endif
