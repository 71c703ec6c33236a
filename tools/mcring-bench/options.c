/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"
#include "../common/frame.h"
#include "../common/usage.h"
#include "bench.h"

static const char usage[] =
    "usage: mcring-bench [EAL options] -- engine --port PORT [options]\n"
    "       mcring-bench [EAL options] -- burst [--port PORT] [options]\n"
    "       mcring-bench [EAL options] -- hop [--peer PEER] [--rate N] [options]\n"
    "       mcring-bench [EAL options] -- receive --port PORT [options]\n"
    "       mcring-bench [EAL options] -- join --port PORT [--groups N] [options]\n"
    "       mcring-bench [EAL options] -- relay|replicate --port PORT --outputs N [options]\n"
    "       mcring-bench [EAL options] -- feed [--rate N] [options]\n"
    "       mcring-bench [EAL options] -- copy | stall | drain [options]\n"
    "Takes one measurement and prints it as one JSON object; see docs/benchmarking.md.\n"
    "engine: what a packet costs the rx lcore. On a net_null port the buffers are filled with\n"
    "        frames (give the device size = payload + 42, for IPv6 62); on any other, frames are\n"
    "        to come in.\n"
    "burst:  when the packets of a burst reach a consumer, against a lone packet. Without a port\n"
    "        the bursts are made here and come at once; with one they are to come in.\n"
    "hop:    from a writer on the first worker lcore to a reader on the second.\n"
    "receive: what came in, until SIGTERM, given to an inline handler and published.\n"
    "  --count-file FILE  its count is there meanwhile: od -An -tu8 FILE\n"
    "  --times            how long the payloads were on the way, by the stamps of mcring-gen\n"
    "  --adaptive         the rx lcore naps when nothing comes\n"
    "join:   from a join to its first report (IGMP, MLD), one group after the other and all at "
    "once.\n"
    "relay:  what a packet costs the rx lcore that goes out again by N ports.\n"
    "replicate: its floor, a loop that does the same with every packet and knows no groups.\n"
    "  --outputs N        ports to which packets go: those whose names count on from that of "
    "--port\n"
    "                     (on net_null: no-rx=1)\n"
    "  --chains           in their place net_ring ports, which send frames of several buffers\n"
    "  --joined           relay: the groups are joined, and published into a ring, too\n"
    "feed:   two lines of a feed, read by consumers and by libmcring-feed, in turn: what a "
    "message\n"
    "        costs; with --rate how long a lone one is on its way. The lines are in --channels.\n"
    "  --keys N           streams (1)\n"
    "  --compare          payloads under one number are compared\n"
    "copy, stall, drain: floors, on the first worker lcore. A message's bytes into memory of a\n"
    "        ring's size; the longest that a loop is kept from its core; the load of a consumer\n"
    "        that drains --rate messages a second each --drain-us.\n"
    "  --peer mcring|rte_ring|bytes|unix|echo|one_line|two_lines|line|clock\n"
    "                     hop: by what (mcring). echo: the round trip of mcring. Floors: "
    "one_line,\n"
    "                     two_lines: a stamp, or a number and a stamp; line: one cache line\n"
    "                     bounced; clock: no message, only a deadline\n"
    "  --rate N           messages a second, one at a time; without it flat out in bursts of 32\n";

/* Not one text with the above: C11 wants no more than 4,095 octets of one. */
static const char usage_of_options[] =
    "  --port PORT        DPDK device name or port number\n"
    "  --family 4|6       IPv4 or IPv6: of groups, frames and messages (4)\n"
    "  --groups N         groups joined, 239.16.0.0 or ff15::ef10:0 onwards, UDP port 5000 (512)\n"
    "  --size N           octets of payload of the frames that net_null delivers (86)\n"
    "  --channels N       channels that join all groups (1)\n"
    "  --handler before|instead  a handler in the rx lcore looks at each payload: before it is\n"
    "                     published, or instead\n"
    "  --readers N        consumers, each on a worker lcore behind the rx lcore (0)\n"
    "  --drain-us N       a reader that found nothing sleeps so long (0: it polls)\n"
    "  --bytes N          octets of a ring, a power of two from 65536 (the engine's default)\n"
    "  --first-chunk N    packets that are published before the rest (the engine's default)\n"
    "  --burst N          burst: packets of one, at most 10000 (32)\n"
    "  --capture FILE     burst: of the packets of this pcap file; several make one burst\n"
    "  --think-ns N       burst: what the reader takes for a message (0)\n"
    "  --pieces           a queue that is behind is received in pieces\n"
    "  --rotate           all buffers go round, not only those in the lcore's cache\n"
    "  --rewrite          each frame is written again, for the next group\n"
    "  --hw-times         engine, on net_null: packets have the stamps of a NIC, messages hw_ns\n"
    "  --run-dir DIR      engine: other programs find it there (nowhere)\n"
    "  --consumers N      engine: it begins when so many of them are attached (0)\n"
    "  --hold-us N        engine: after a poll that found nothing the rx lcore waits so long (0)\n"
    "  --ms N             length of the measurement (1000)\n"
    "  --help, --version  each alone\n"
    "\n"
    "Exit status: 0; 1 on an error.\n";

enum option_id {
	OPT_PORT = 1,
	OPT_FAMILY,
	OPT_GROUPS,
	OPT_SIZE,
	OPT_CHANNELS,
	OPT_READERS,
	OPT_HANDLER,
	OPT_DRAIN,
	OPT_THINK,
	OPT_BYTES,
	OPT_FIRST_CHUNK,
	OPT_BURST,
	OPT_CAPTURE,
	OPT_PIECES,
	OPT_ROTATE,
	OPT_REWRITE,
	OPT_HW_TIMES,
	OPT_HOLD,
	OPT_MS,
	OPT_COUNT_FILE,
	OPT_TIMES,
	OPT_ADAPTIVE,
	OPT_PEER,
	OPT_OUTPUTS,
	OPT_CHAINS,
	OPT_JOINED,
	OPT_RATE,
	OPT_KEYS,
	OPT_COMPARE,
	OPT_RUN_DIR,
	OPT_CONSUMERS,
	OPT_HELP,
};

static const struct option long_options[] = {
    {"port", required_argument, NULL, OPT_PORT},
    {"family", required_argument, NULL, OPT_FAMILY},
    {"groups", required_argument, NULL, OPT_GROUPS},
    {"size", required_argument, NULL, OPT_SIZE},
    {"channels", required_argument, NULL, OPT_CHANNELS},
    {"readers", required_argument, NULL, OPT_READERS},
    {"handler", required_argument, NULL, OPT_HANDLER},
    {"think-ns", required_argument, NULL, OPT_THINK},
    {"drain-us", required_argument, NULL, OPT_DRAIN},
    {"bytes", required_argument, NULL, OPT_BYTES},
    {"first-chunk", required_argument, NULL, OPT_FIRST_CHUNK},
    {"burst", required_argument, NULL, OPT_BURST},
    {"capture", required_argument, NULL, OPT_CAPTURE},
    {"pieces", no_argument, NULL, OPT_PIECES},
    {"rotate", no_argument, NULL, OPT_ROTATE},
    {"rewrite", no_argument, NULL, OPT_REWRITE},
    {"hw-times", no_argument, NULL, OPT_HW_TIMES},
    {"hold-us", required_argument, NULL, OPT_HOLD},
    {"ms", required_argument, NULL, OPT_MS},
    {"count-file", required_argument, NULL, OPT_COUNT_FILE},
    {"times", no_argument, NULL, OPT_TIMES},
    {"adaptive", no_argument, NULL, OPT_ADAPTIVE},
    {"peer", required_argument, NULL, OPT_PEER},
    {"outputs", required_argument, NULL, OPT_OUTPUTS},
    {"chains", no_argument, NULL, OPT_CHAINS},
    {"joined", no_argument, NULL, OPT_JOINED},
    {"rate", required_argument, NULL, OPT_RATE},
    {"keys", required_argument, NULL, OPT_KEYS},
    {"compare", no_argument, NULL, OPT_COMPARE},
    {"run-dir", required_argument, NULL, OPT_RUN_DIR},
    {"consumers", required_argument, NULL, OPT_CONSUMERS},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static int number(const char *name, const char *text, unsigned long max, unsigned *out)
{
	uint64_t n;

	if (usage_number(&n, text, 0, max) < 0)
		return fail("--%s \"%s\": expected a number up to %lu", name, text, max);
	*out = (unsigned)n;
	return 0;
}

static int ring_bytes(const char *name, const char *text, unsigned *out)
{
	if (number(name, text, 1ul << 31, out) < 0)
		return -1;
	if (*out < 1u << 16 || (*out & (*out - 1)) != 0)
		return fail("--%s \"%s\": expected a power of two from 65536", name, text);
	return 0;
}

static int family(const char *name, const char *text, unsigned *out)
{
	if (strcmp(text, "4") != 0 && strcmp(text, "6") != 0)
		return fail("--%s \"%s\": expected 4 or 6", name, text);
	return number(name, text, 6, out);
}

/* What an option without a value sets; NULL: it has one. */
static unsigned *flag_of(struct bench_options *o, int id)
{
	switch (id) {
	case OPT_PIECES:
		return &o->pieces;
	case OPT_ROTATE:
		return &o->rotate;
	case OPT_REWRITE:
		return &o->rewrite;
	case OPT_HW_TIMES:
		return &o->hw_times;
	case OPT_TIMES:
		return &o->times;
	case OPT_ADAPTIVE:
		return &o->adaptive;
	case OPT_CHAINS:
		return &o->chains;
	case OPT_JOINED:
		return &o->joined;
	case OPT_COMPARE:
		return &o->compare;
	}
	return NULL;
}

/* What an option of any text sets; NULL: it is another. */
static const char **text_of(struct bench_options *o, int id)
{
	return id == OPT_PORT         ? &o->port
	       : id == OPT_COUNT_FILE ? &o->count_file
	       : id == OPT_PEER       ? &o->peer
	       : id == OPT_RUN_DIR    ? &o->run_dir
				      : NULL;
}

static int take_option(struct bench_options *o, int id, const char *name, const char *text)
{
	const char **any = text_of(o, id);
	unsigned *flag = flag_of(o, id);

	if (any) {
		*any = text;
		return 0;
	}
	if (flag) {
		*flag = 1;
		return 0;
	}
	switch (id) {
	case OPT_FAMILY:
		return family(name, text, &o->family);
	case OPT_GROUPS:
		return number(name, text, 65536, &o->groups);
	case OPT_SIZE:
		return number(name, text, BENCH_PAYLOAD_MAX, &o->size);
	case OPT_CHANNELS:
		return number(name, text, BENCH_CHANNELS_MAX, &o->channels);
	case OPT_READERS:
		return number(name, text, BENCH_READERS_MAX, &o->readers);
	case OPT_HANDLER:
		o->handler = strcmp(text, "before") == 0 ? BENCH_HANDLER_BEFORE
			     : strcmp(text, "only") == 0 ? BENCH_HANDLER_ONLY
							 : BENCH_HANDLER_NONE;
		return o->handler != BENCH_HANDLER_NONE
			   ? 0
			   : fail("--handler \"%s\": expected before or only", text);
	case OPT_THINK:
		return number(name, text, 1000000, &o->think_ns);
	case OPT_DRAIN:
		return number(name, text, 1000000, &o->drain_us);
	case OPT_HOLD:
		return number(name, text, 1000000, &o->hold_us);
	case OPT_BYTES:
		return ring_bytes(name, text, &o->bytes);
	case OPT_FIRST_CHUNK:
		return number(name, text, 32, &o->first_chunk);
	case OPT_BURST:
		return number(name, text, 10000, &o->burst);
	case OPT_CAPTURE:
		if (o->n_captures == BENCH_CAPTURES_MAX)
			return fail("more than %u captures", BENCH_CAPTURES_MAX);
		o->captures[o->n_captures++] = text;
		return 0;
	case OPT_OUTPUTS:
		return number(name, text, BENCH_OUTPUTS_MAX, &o->outputs);
	case OPT_KEYS:
		return number(name, text, 1000, &o->keys);
	case OPT_CONSUMERS:
		return number(name, text, BENCH_READERS_MAX, &o->consumers);
	case OPT_RATE:
		return number(name, text, 1000000000, &o->rate);
	case OPT_MS:
		return number(name, text, 3600000, &o->duration_ms);
	}
	return fail("unknown option; see mcring-bench -- --help");
}

static int check(const struct bench_options *o)
{
	unsigned max = BENCH_PAYLOAD_MAX - (o->family == 6 ? FRAME_IPV6_MORE : 0);

	if (o->size < PROBE_MIN_BYTES)
		return fail("--size begins at %u: a number and a time are in the payload",
			    PROBE_MIN_BYTES);
	if (o->size > max)
		return fail("--size \"%u\": with --family 6 expected a number up to %u", o->size,
			    max);
	if (o->groups == 0 || o->channels == 0 || o->burst == 0 || o->duration_ms == 0 ||
	    o->outputs == 0 || o->keys == 0)
		return fail("--groups, --channels, --burst, --outputs, --keys and --ms begin at 1");
	return 0;
}

void bench_options_usage(void)
{
	fputs(usage, stdout);
	fputs(usage_of_options, stdout);
}

int bench_options_parse(struct bench_options *o, int argc, char **argv)
{
	int id, index = 0;

	*o = (struct bench_options){.family = 4,
				    .groups = 512,
				    .size = 86,
				    .channels = 1,
				    .burst = 32,
				    .outputs = 1,
				    .keys = 1,
				    .duration_ms = 1000};
	optind = 1; /* EAL has used it */
	while ((id = usage_next(argc, argv, "", long_options, &index)) != -1) {
		if (id == OPT_HELP) {
			bench_options_usage();
			return 1;
		}
		if (id == '?')
			return -1;
		if (take_option(o, id, long_options[index].name, optarg) < 0)
			return -1;
	}
	if (optind < argc)
		return usage_unexpected(argv[optind]);
	return check(o);
}
