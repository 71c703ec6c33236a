/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-gen's own options: those behind `--`. */
#ifndef MCR_GEN_OPTIONS_H
#define MCR_GEN_OPTIONS_H

#include <stdint.h>

#include "../common/frame.h"
#include "../mcring-replay/capture.h"

#define GEN_BURST_MAX  256
#define GEN_QUEUES_MAX 64

/* How much is sent. */
struct gen_load {
	uint64_t rate;        /* datagrams a second; 0 = flat out */
	uint64_t count;       /* 0 = no limit */
	uint64_t duration_ns; /* 0 = no limit */
};

struct gen_options {
	const char *port; /* DPDK device name or port number */
	struct frame_plan plan;
	struct gen_load load;
	unsigned burst;
	unsigned queues;    /* Tx queues; a flow stays on one */
	uint64_t settle_ns; /* from the link to the first frame */
	int until_eof;      /* of standard input */
	int json;

	/* The search; load is that of its first trial. */
	int search;
	const char *search_option; /* the last of them that was given */
	const char *received_by;   /* a command that prints the receiver's count */
	double resolution;         /* a part of the rate */
	unsigned repeats;          /* of a trial that lost */
	uint64_t confirm_ns;       /* length of the last trial; 0 = none */

	/* Captures to send; 0 files: none. */
	const char *files[CAPTURE_FILES_MAX];
	unsigned n_files;
	const char *replay_option; /* the last of these that was given */
	const char *flow_option;   /* the last that says what else is sent */
	double speed;              /* 1 = as captured; 0 = flat out */
	uint64_t loops;
	int own_mac; /* the frames come from the port's address */
};

void gen_options_usage(void);

/* gen_options_parse reads argv (argv[0] is skipped). Prints a line on stderr for what is wrong.
 * Returns 0, 1 after --help or --version, or -1. */
int gen_options_parse(struct gen_options *options, int argc, char **argv);

#endif
