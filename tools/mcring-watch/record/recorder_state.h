/* SPDX-License-Identifier: BSD-3-Clause */
/* What a recorder is made of: recorder.c makes it, keep.c puts records into its store, trigger.c
 * says when a file begins and ends, writer.c writes it. */
#ifndef MCR_WATCH_RECORDER_STATE_H
#define MCR_WATCH_RECORDER_STATE_H

#include "output.h"
#include "recorder.h"
#include "store.h"
#include "writer.h"

#define RECORDER_ANY RECORDER_INTERFACES_MAX /* of what was missed: any interface */

/* What was missed and has no record in the store yet. */
struct missed {
	uint64_t from_ns, to_ns, messages;
	int is_there;
};

struct recorder {
	struct recorder_config config;
	struct store store;
	struct recorder_interface interfaces[RECORDER_INTERFACES_MAX];
	uint32_t n_interfaces; /* release, so that the writer finds them */

	uint64_t time_ns;    /* of arrivals, up to which all was put */
	uint64_t elapsed_ns; /* the same, but that it never goes back */
	int is_marked;       /* the store says so */

	/* The file. */
	int is_active;  /* there is one, as far as this side knows */
	int is_ending;  /* its end is named */
	int is_waiting; /* another one is wanted after it, for `next` */
	int is_cut;     /* is_continuous: an operator wants its end */
	int is_void;    /* what he wanted could not be written */
	struct output_cause next;
	uint64_t end_ns, holdoff_ns; /* by elapsed_ns: when it ends, and when the next may begin */
	uint64_t host_end_ns;        /* by the host's clock: when it ends at the latest */

	struct missed missed[RECORDER_ANY + 1]; /* the last: of any interface */
	int is_missing;
	uint64_t remarks_ns; /* the second in which there were so many */
	unsigned remarks;
	uint64_t remarks_left_out;

	struct recorder_stats stats;
	struct writer_stats of_writer;
	struct writer writer;
};

/* keep_remark puts a text beside the next packet: what triggered. A flood of them is counted, so
 * that it does not fill the memory. */
void keep_remark(struct recorder *r, const struct output_cause *cause);

/* keep_until puts into the store that all packets up to a time are in it. */
void keep_until(struct recorder *r, uint64_t ns);

int recorder_is_stopped(const struct recorder *r);

#endif
