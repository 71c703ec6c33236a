/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-bench: one measurement in one run. It prints one JSON object on one line; tools/bench runs
 * it in turn with its peers, and makes medians and ratios of many runs. */
#ifndef MCR_BENCH_H
#define MCR_BENCH_H

#include <stdint.h>

#include <mcring/types.h>

#define BENCH_PAYLOAD_MAX  1472 /* over IPv4, with an MTU of 1500 */
#define BENCH_READERS_MAX  16
#define BENCH_CHANNELS_MAX 16
#define BENCH_CAPTURES_MAX 64
#define BENCH_OUTPUTS_MAX  16

enum bench_handler {
	BENCH_HANDLER_NONE,
	BENCH_HANDLER_BEFORE,
	BENCH_HANDLER_ONLY,
};

/* The options behind `--` and the measurement's name. */
struct bench_options {
	const char *port;     /* DPDK device name or port number */
	unsigned family;      /* 4 or 6: of groups, frames and messages */
	unsigned groups;      /* joined */
	unsigned size;        /* octets of payload */
	unsigned channels;    /* each joins all groups */
	unsigned readers;     /* on lcores of their own, on the channels in turn */
	unsigned handler;     /* enum bench_handler */
	unsigned think_ns;    /* burst: how long the reader takes for a message */
	unsigned drain_us;    /* how long a reader sleeps that found nothing; 0 = it polls */
	unsigned bytes;       /* of a ring; 0 = the engine's default */
	unsigned first_chunk; /* 0 = the engine's default */
	unsigned burst;       /* burst: packets of one */
	const char *captures[BENCH_CAPTURES_MAX]; /* burst: its packets, in place of made ones */
	unsigned n_captures;
	unsigned pieces; /* 1: enum mcr_pieces on, else auto */
	unsigned rotate; /* 1: all buffers of the pool go round, not those in the lcore's cache */
	unsigned
	    rewrite; /* 1: each frame is written again for the next group before it is handled */
	unsigned hw_times; /* engine: 1: each packet has the stamp of a NIC */
	unsigned hold_us;  /* engine: how long its queue fills after a poll that found nothing */
	unsigned duration_ms;
	const char *count_file; /* receive: where the count stands; NULL = nowhere */
	unsigned times;         /* receive: 1: measure how long the payloads were on the way */
	unsigned adaptive;      /* receive, relay: 1: the rx lcore naps when nothing comes */
	const char *peer;       /* hop: what carries the messages */
	unsigned outputs;       /* relay, replicate: ports to which packets go */
	unsigned chains;     /* 1: these are net_ring ports, which send frames of several buffers */
	unsigned joined;     /* relay: 1: the groups are published as well */
	unsigned rate;       /* hop, drain, feed: messages a second; 0 = flat out */
	unsigned keys;       /* feed: streams */
	unsigned compare;    /* feed: 1: payloads under one number are compared */
	const char *run_dir; /* engine: where other programs find it; NULL = nowhere */
	unsigned consumers;  /* engine: so many of them are attached before it begins */
};

void bench_options_usage(void);

/* bench_options_parse reads argv, argv[0] is the measurement's name. Prints a line on stderr for
 * what is wrong. Returns 0, 1 when --help was printed, or -1. */
int bench_options_parse(struct bench_options *options, int argc, char **argv);

/* The measurements. Each returns 0, or -1 after a line on stderr. */
int bench_engine(const struct bench_options *options);
int bench_burst(const struct bench_options *options);
int bench_hop(const struct bench_options *options);
int bench_receive(const struct bench_options *options);
int bench_join(const struct bench_options *options);
int bench_copy(const struct bench_options *options);
int bench_stall(const struct bench_options *options);
int bench_drain(const struct bench_options *options);
int bench_relay(const struct bench_options *options);
int bench_replicate(const struct bench_options *options);
int bench_feed(const struct bench_options *options);

#endif
