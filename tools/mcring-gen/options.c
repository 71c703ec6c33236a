/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/address.h"

#include "../common/fail.h"
#include "../common/probe.h"
#include "../common/usage.h"
#include "options.h"

static const char usage[] =
    "usage: mcring-gen [EAL options] -- --port PORT --group GROUP[/LEN][:UDPPORT[-UDPPORT]]... "
    "[options]\n"
    "       mcring-gen [EAL options] -- --port PORT --replay FILE... [options]\n"
    "Sends numbered, time-stamped UDP multicast from a DPDK port, round robin over the flows\n"
    "(a flow is a group and a UDP port), and prints what it sent.\n"
    "  --port PORT       DPDK device name or port number\n"
    "  --group GROUP     as in mcring --join, 239.1.1.1 or [ff15::1]; @SOURCE sets the flow's\n"
    "                    source address; repeatable, the families may be mixed\n"
    "  --udp-port N      port of groups without one (5000)\n"
    "  --source ADDR     source address of groups without one, for each family once\n"
    "                    (192.0.2.1, 2001:db8::1)\n"
    "  --rate N|max      datagrams a second, all flows together (1000); with --search the highest\n"
    "                    rate to try (max)\n"
    "  --size N          octets of UDP payload, at least 16 (100)\n"
    "  --count N         stop after N datagrams\n"
    "  --duration S      stop after S seconds (--search: length of a trial, 10)\n"
    "  --burst N         most frames per tx burst, 1..256 (32)\n"
    "  --queues N        Tx queues, 1..64 (1); each flow stays on one\n"
    "  --vlan ID         802.1Q tag, 1..4094\n"
    "  --settle S        begin S seconds after the link is up, when a switch forwards (0)\n"
    "  --until-eof       stop, too, when whoever holds the other end of standard input is gone\n"
    "  --json            print the account as JSON\n"
    "Search for the highest rate without loss (RFC 2544, 26.1), by the receiver's own count:\n"
    "  --search          make trials instead of sending once\n"
    "  --received-by CMD a command that prints what was received so far: a number, or an object\n"
    "                    with \"delivered\", as 'ssh rx mcring-ctl --json stats' does. It finds "
    "in\n"
    "                    MCR_SENT what the trial has sent\n"
    "  --resolution P    end when a rate that lost is P percent above one that did not (1)\n"
    "  --repeat N        a trial that lost counts only if N repeats lose too (0)\n"
    "  --confirm S       the rate must hold for S seconds in the end; 0: do not confirm (60)\n"
    "Captures instead of groups, frame by frame as they are, with their gaps:\n"
    "  --replay FILE     pcap or pcapng, as it is or packed with gzip or zstd; several are merged\n"
    "                    by their times; repeatable. --count and --duration end it earlier\n"
    "  --speed X         X times as fast as captured (1)\n"
    "  --flat-out        as fast as the port takes them\n"
    "  --loop N|forever  send it N times (1)\n"
    "  --own-mac         from the port's MAC address instead of the captured ones\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0, also at a signal; 1 on an error.\n";

enum option_id {
	OPT_PORT = 1,
	OPT_GROUP,
	OPT_UDP_PORT,
	OPT_SOURCE,
	OPT_RATE,
	OPT_SIZE,
	OPT_COUNT,
	OPT_DURATION,
	OPT_BURST,
	OPT_QUEUES,
	OPT_VLAN,
	OPT_SETTLE,
	OPT_UNTIL_EOF,
	OPT_JSON,
	OPT_SEARCH,
	OPT_RECEIVED_BY,
	OPT_RESOLUTION,
	OPT_REPEAT,
	OPT_CONFIRM,
	OPT_REPLAY,
	OPT_SPEED,
	OPT_FLAT_OUT,
	OPT_LOOP,
	OPT_OWN_MAC,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
    {"port", required_argument, NULL, OPT_PORT},
    {"group", required_argument, NULL, OPT_GROUP},
    {"udp-port", required_argument, NULL, OPT_UDP_PORT},
    {"source", required_argument, NULL, OPT_SOURCE},
    {"rate", required_argument, NULL, OPT_RATE},
    {"size", required_argument, NULL, OPT_SIZE},
    {"count", required_argument, NULL, OPT_COUNT},
    {"duration", required_argument, NULL, OPT_DURATION},
    {"burst", required_argument, NULL, OPT_BURST},
    {"queues", required_argument, NULL, OPT_QUEUES},
    {"vlan", required_argument, NULL, OPT_VLAN},
    {"settle", required_argument, NULL, OPT_SETTLE},
    {"until-eof", no_argument, NULL, OPT_UNTIL_EOF},
    {"json", no_argument, NULL, OPT_JSON},
    {"search", no_argument, NULL, OPT_SEARCH},
    {"received-by", required_argument, NULL, OPT_RECEIVED_BY},
    {"resolution", required_argument, NULL, OPT_RESOLUTION},
    {"repeat", required_argument, NULL, OPT_REPEAT},
    {"confirm", required_argument, NULL, OPT_CONFIRM},
    {"replay", required_argument, NULL, OPT_REPLAY},
    {"speed", required_argument, NULL, OPT_SPEED},
    {"flat-out", no_argument, NULL, OPT_FLAT_OUT},
    {"loop", required_argument, NULL, OPT_LOOP},
    {"own-mac", no_argument, NULL, OPT_OWN_MAC},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {0},
};

/* A whole decimal number in [min, max]. */
static int parse_number(const char *name, const char *text, uint64_t min, uint64_t max,
			uint64_t *out)
{
	if (usage_number(out, text, min, max) < 0)
		return fail("--%s \"%s\": expected a number from %llu to %llu", name, text,
			    (unsigned long long)min, (unsigned long long)max);
	return 0;
}

/* A decimal number above 0 up to max, or 0 where that has a meaning. */
static int parse_real(const char *name, const char *text, double max, int or_zero, double *out)
{
	char *end;

	*out = strtod(text, &end);
	if (end == text || *end || !isfinite(*out) || *out < 0 || *out > max ||
	    (*out == 0 && !or_zero))
		return fail("--%s \"%s\": expected a number above 0, up to %.0f%s", name, text, max,
			    or_zero ? ", or 0" : "");
	return 0;
}

static int parse_seconds(const char *name, const char *text, int or_zero, uint64_t *out_ns)
{
	double seconds;

	if (parse_real(name, text, 1e9, or_zero, &seconds))
		return -1;
	*out_ns = (uint64_t)(seconds * 1e9);
	return 0;
}

static int parse_group(struct gen_options *options, const char *text)
{
	struct mcr_error err;

	if (mcr_join_parse(&options->plan.flows, text, &err))
		return fail("--group: %s", err.text);
	const struct mcr_join *last = &options->plan.flows.items[options->plan.flows.n - 1];

	if (last->n_sources > 1 || (last->n_sources && last->mode == MCR_FILTER_EXCLUDE))
		return fail("--group \"%s\": a flow has one source address", text);
	return 0;
}

static int parse_source(struct gen_options *options, const char *text)
{
	struct mcr_address source;

	if (mcr_address_parse(&source, text, strlen(text)) != 0)
		return fail("--source \"%s\": expected an IPv4 or IPv6 address", text);
	options->plan.sources[!mcr_address_is_ipv4(source)] = source;
	return 0;
}

static int add_file(struct gen_options *options, const char *name)
{
	struct stat file;

	if (options->n_files == CAPTURE_FILES_MAX)
		return fail("--replay: expected at most %d files", CAPTURE_FILES_MAX);
	if (stat(name, &file) < 0)
		return fail("--replay %s: %s", name, strerror(errno));
	if (!S_ISREG(file.st_mode))
		return fail("--replay %s: expected a regular file, which is read twice", name);
	options->files[options->n_files++] = name;
	return 0;
}

static int parse_replay_option(struct gen_options *options, int id, const char *name,
			       const char *text)
{
	if (id == OPT_REPLAY)
		return add_file(options, text);
	options->replay_option = name;
	switch (id) {
	case OPT_SPEED:
		return parse_real(name, text, 1e6, 0, &options->speed);
	case OPT_FLAT_OUT:
		options->speed = 0;
		break;
	case OPT_LOOP:
		options->loops = UINT64_MAX;
		if (strcmp(text, "forever") != 0)
			return parse_number(name, text, 1, UINT32_MAX, &options->loops);
		break;
	case OPT_OWN_MAC:
		options->own_mac = 1;
		break;
	}
	return 0;
}

static int parse_search_option(struct gen_options *options, int id, const char *name,
			       const char *text)
{
	uint64_t number = 0;
	double percent = 0;
	int result = 0;

	if (id == OPT_SEARCH) {
		options->search = 1;
		return 0;
	}
	if (id >= OPT_REPLAY)
		return parse_replay_option(options, id, name, text);
	options->search_option = name;
	switch (id) {
	case OPT_RECEIVED_BY:
		options->received_by = text;
		break;
	case OPT_RESOLUTION:
		result = parse_real(name, text, 50, 0, &percent);
		options->resolution = percent / 100;
		break;
	case OPT_REPEAT:
		result = parse_number(name, text, 0, 100, &number);
		options->repeats = (unsigned)number;
		break;
	case OPT_CONFIRM:
		return parse_seconds(name, text, 1, &options->confirm_ns);
	}
	return result;
}

static int is_of_flows(int id)
{
	return id == OPT_GROUP || id == OPT_UDP_PORT || id == OPT_SOURCE || id == OPT_RATE ||
	       id == OPT_SIZE || id == OPT_QUEUES || id == OPT_VLAN;
}

static int parse_option(struct gen_options *options, int id, const char *name, const char *text)
{
	uint64_t number = 0;
	int result = 0;

	if (is_of_flows(id))
		options->flow_option = name;
	switch (id) {
	case OPT_PORT:
		options->port = text;
		break;
	case OPT_GROUP:
		return parse_group(options, text);
	case OPT_UDP_PORT:
		result = parse_number(name, text, 1, UINT16_MAX, &number);
		options->plan.udp_port = (uint16_t)number;
		break;
	case OPT_SOURCE:
		return parse_source(options, text);
	case OPT_RATE:
		if (strcmp(text, "max") != 0)
			result = parse_number(name, text, 1, 1000000000, &number);
		options->load.rate = number;
		break;
	case OPT_SIZE:
		result = parse_number(name, text, PROBE_MIN_BYTES, FRAME_PAYLOAD_MAX, &number);
		options->plan.size = (uint32_t)number;
		break;
	case OPT_COUNT:
		result = parse_number(name, text, 1, UINT64_MAX, &options->load.count);
		break;
	case OPT_DURATION:
		return parse_seconds(name, text, 0, &options->load.duration_ns);
	case OPT_BURST:
		result = parse_number(name, text, 1, GEN_BURST_MAX, &number);
		options->burst = (unsigned)number;
		break;
	case OPT_QUEUES:
		result = parse_number(name, text, 1, GEN_QUEUES_MAX, &number);
		options->queues = (unsigned)number;
		break;
	case OPT_VLAN:
		result = parse_number(name, text, 1, 4094, &number);
		options->plan.vlan = (uint16_t)number;
		break;
	case OPT_UNTIL_EOF:
		options->until_eof = 1;
		break;
	case OPT_SETTLE:
		return parse_seconds(name, text, 1, &options->settle_ns);
	case OPT_JSON:
		options->json = 1;
		break;
	default:
		return parse_search_option(options, id, name, text);
	}
	return result;
}

/* An IPv6 header is longer. */
static int check_size(const struct frame_plan *plan)
{
	const uint32_t max = FRAME_PAYLOAD_MAX - FRAME_IPV6_MORE;

	for (size_t i = 0; plan->size > max && i < plan->flows.n; i++)
		if (!mcr_address_is_ipv4(plan->flows.items[i].group))
			return fail("--size \"%u\": with an IPv6 group expected a number from %u "
				    "to %u",
				    plan->size, PROBE_MIN_BYTES, max);
	return 0;
}

/* Frames that are sent as they are leave nothing to choose. */
static int complete_replay(const struct gen_options *options)
{
	if (options->flow_option)
		return fail("--%s does not go with --replay, which sends frames as they are",
			    options->flow_option);
	if (options->search || options->search_option)
		return fail("--search does not go with --replay");
	if (!options->port)
		return fail("--port is missing (see mcring-gen --help)");
	return 0;
}

/* Refuses what is missing or does not go together, and fills in the defaults that depend. */
static int complete(struct gen_options *options)
{
	const char *wrong = NULL;

	if (options->n_files)
		return complete_replay(options);
	if (options->replay_option)
		return fail("--%s is an option of --replay", options->replay_option);
	if (options->search_option && !options->search)
		return fail("--%s is an option of --search", options->search_option);
	if (!options->port || !options->plan.flows.n)
		wrong = options->port ? "--group is missing" : "--port is missing";
	else if (options->search && !options->received_by)
		wrong = "--search needs --received-by, since loss is what the receiver did not get";
	else if (options->search && options->load.count)
		wrong = "--search makes trials of --duration, not of --count";
	if (wrong)
		return fail("%s (see mcring-gen --help)", wrong);
	if (check_size(&options->plan))
		return -1;
	if (options->load.rate == UINT64_MAX)
		options->load.rate = options->search ? 0 : 1000;
	if (options->search && !options->load.duration_ns)
		options->load.duration_ns = UINT64_C(10000000000);
	return 0;
}

void gen_options_usage(void)
{
	fputs(usage, stdout);
}

int gen_options_parse(struct gen_options *options, int argc, char **argv)
{
	int id, index = 0;

	*options = (struct gen_options){.plan = {.udp_port = 5000, .size = 100},
					.load = {.rate = UINT64_MAX},
					.burst = 32,
					.queues = 1,
					.speed = 1,
					.loops = 1,
					.resolution = 0.01,
					.confirm_ns = UINT64_C(60000000000)};
	while ((id = usage_next(argc, argv, "", long_options, &index)) != -1) {
		if (id == OPT_HELP) {
			gen_options_usage();
			return 1;
		}
		if (id == OPT_VERSION) {
			usage_version();
			return 1;
		}
		if (id == '?')
			return -1;
		if (parse_option(options, id, long_options[index].name, optarg))
			return -1;
	}
	if (optind < argc)
		return usage_unexpected(argv[optind]);
	return complete(options);
}
