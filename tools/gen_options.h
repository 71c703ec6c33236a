/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-gen's own options: what stands behind `--`. */
#ifndef MCR_TOOLS_GEN_OPTIONS_H
#define MCR_TOOLS_GEN_OPTIONS_H

#include <stdint.h>

#include <mcring/join.h>

#define GEN_BURST_MAX  256
#define GEN_QUEUES_MAX 64

struct gen_options {
	const char *port;           /* DPDK device name or port number */
	struct mcr_join_list flows; /* one flow per group and UDP port */
	uint32_t source_be;         /* of flows that name no source */
	uint16_t udp_port;          /* of flows that name no port */
	uint16_t vlan;              /* 0 = untagged */
	uint32_t size;              /* octets of payload */
	uint64_t rate;              /* datagrams a second; 0 = flat out */
	uint64_t count;             /* 0 = no limit */
	uint64_t duration_ns;       /* 0 = no limit */
	unsigned burst;
	unsigned queues; /* Tx queues; a flow stays on one */
	int json;
};

void gen_options_usage(void);

/* gen_options_parse reads argv (argv[0] is skipped). Prints a line on stderr for what is wrong.
 * Returns 0, 1 when --help was printed, or -1. */
int gen_options_parse(struct gen_options *options, int argc, char **argv);

#endif
