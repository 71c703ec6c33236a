/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-gen: sends numbered, time-stamped UDP multicast from a DPDK port at a set rate, or looks
 * for the highest one that a receiver takes without loss. Runs on the main lcore. What it counts as
 * sent is what the driver took. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "../common/endpoint.h"
#include "../common/fail.h"
#include "../common/find_port.h"
#include "../common/usage.h"
#include "core/address.h"
#include "gen.h"
#include "replay.h"

static volatile sig_atomic_t stop; /* all that the signal handler touches */

static void on_signal(int signo)
{
	(void)signo;
	stop = 1;
}

/* It only looks: what is to be read is for the command of --received-by. */
static void *await_end_of_input(void *arg)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLRDHUP};

	while (poll(&input, 1, -1) < 0 && errno == EINTR)
		;
	stop = 1;
	return arg;
}

static int stop_on_signals(const struct gen_options *options)
{
	pthread_t thread;

	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	if (options->until_eof && pthread_create(&thread, NULL, await_end_of_input, NULL))
		return fail("no thread to watch standard input");
	return 0;
}

/* ---- EAL ---- */

static int has_option(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], name, strlen(name)) == 0)
			return 1;
	return 0;
}

static int has_own_prefix(int argc, char **argv)
{
	return !has_option(argc, argv, "--file-prefix") && !has_option(argc, argv, "--in-memory");
}

/* Two DPDK processes with EAL's default prefix collide; a generator is rarely alone. */
static int init_eal(int argc, char **argv)
{
	char prefix[64];
	char **args = calloc((size_t)argc + 2, sizeof(*args));
	int n = 0, result;

	if (!args)
		return fail("out of memory");
	snprintf(prefix, sizeof(prefix), "--file-prefix=mcring_gen_%d", (int)getpid());
	for (; n < argc; n++)
		args[n] = argv[n];
	if (has_own_prefix(argc, argv))
		args[n++] = prefix;
	result = rte_eal_init(n, args);
	free(args);
	if (result < 0)
		return fail("EAL does not start: %s (without hugepages: --no-huge -m 256)",
			    rte_strerror(rte_errno));
	return 0;
}

/* EAL leaves some MB of files for the next process with the same prefix: there is none. */
static void remove_eal_files(void)
{
	const char *path = rte_eal_get_runtime_dir();
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(path);
}

/* ---- account ---- */

static void print_json(const struct gen *gen, double rate, const struct rte_eth_stats *nic)
{
	char text[MCR_ADDRESS_TEXT];

	printf("{\"sent\": %" PRIu64 ", \"payload_bytes\": %" PRIu64 ", \"elapsed_ns\": %" PRIu64
	       ", \"rate\": %.0f, \"retries\": %" PRIu64 ", \"nic\": {\"packets\": %" PRIu64
	       ", \"errors\": %" PRIu64 "}, \"flows\": [",
	       gen->sent, gen->sent * gen->options.plan.size, gen->elapsed_ns, rate, gen->retries,
	       nic->opackets, nic->oerrors);
	for (uint64_t i = 0; i < gen->frames.n_flows; i++)
		printf("%s{\"group\": \"%s\", \"port\": %u, \"sent\": %" PRIu64 "}", i ? ", " : "",
		       mcr_address_format(text, gen->frames.flows[i].group),
		       gen->frames.flows[i].udp_port, gen->flow_sent[i]);
	printf("]}\n");
}

static void print_text(const struct gen *gen, double rate, const struct rte_eth_stats *nic)
{
	char text[ENDPOINT_TEXT];

	for (uint64_t i = 0; i < gen->frames.n_flows; i++) {
		const struct frame_flow *flow = &gen->frames.flows[i];

		printf("%s sent %" PRIu64 "\n", endpoint_format(text, flow->group, flow->udp_port),
		       gen->flow_sent[i]);
	}
	printf("sent %" PRIu64 " datagrams of %u octets in %.3f s (%.0f/s), tx ring full %" PRIu64
	       " times; the driver counts %" PRIu64 " sent, %" PRIu64 " errors\n",
	       gen->sent, gen->options.plan.size, (double)gen->elapsed_ns * 1e-9, rate,
	       gen->retries, nic->opackets, nic->oerrors);
}

static void print_account(const struct gen *gen)
{
	struct rte_eth_stats nic = {0};
	double rate = gen->elapsed_ns ? (double)gen->sent * 1e9 / (double)gen->elapsed_ns : 0;

	rte_eth_stats_get(gen->port, &nic);
	if (gen->options.json)
		print_json(gen, rate, &nic);
	else
		print_text(gen, rate, &nic);
}

static int send_once(struct gen *gen)
{
	gen_send(gen, &gen->options.load);
	print_account(gen);
	return 0;
}

static int generate(struct gen *gen)
{
	struct rte_ether_addr mac;
	int result = -1;

	if (find_port(gen->options.port, &gen->port))
		return -1;
	if (rte_eth_macaddr_get(gen->port, &mac))
		return fail("port %s: has no MAC address", gen->options.port);
	if (!gen->options.n_files && frames_create(&gen->frames, &gen->options.plan, &mac))
		return fail("out of memory");
	gen->flow_sent = calloc(gen->frames.n_flows + 1, sizeof(*gen->flow_sent));
	if (!gen->flow_sent)
		return fail("out of memory");
	if (gen_start_port(gen) == 0)
		result = gen->options.n_files  ? gen_replay(gen)
			 : gen->options.search ? gen_trials(gen)
					       : send_once(gen);
	if (gen->started)
		rte_eth_dev_stop(gen->port);
	rte_eth_dev_close(gen->port);
	frames_destroy(&gen->frames);
	free(gen->flow_sent);
	return result;
}

/* Our own options are read first, so that a mistake in them costs no EAL start and no EAL log. */
int main(int argc, char **argv)
{
	struct gen gen = {.stop = &stop};
	int eal_argc = 1, result;

	while (eal_argc < argc && strcmp(argv[eal_argc], "--") != 0)
		eal_argc++;
	if (eal_argc == argc && has_option(argc, argv, "--help")) {
		gen_options_usage();
		return EXIT_SUCCESS;
	}
	if (eal_argc == argc && has_option(argc, argv, "--version")) {
		usage_version();
		return EXIT_SUCCESS;
	}
	if (eal_argc == argc) {
		fail("EAL options, then --, then --port and --group (see mcring-gen --help)");
		return EXIT_FAILURE;
	}
	result = gen_options_parse(&gen.options, argc - eal_argc, argv + eal_argc);
	if (result == 0 && gen.options.n_files)
		result = gen_replay_look(&gen.options, &gen.frames.frame_max);
	if (result == 0) {
		result = stop_on_signals(&gen.options);
		if (result == 0)
			result = init_eal(eal_argc, argv);
		if (result == 0) {
			result = generate(&gen);
			rte_eal_cleanup();
			if (has_own_prefix(eal_argc, argv))
				remove_eal_files();
		}
	}
	mcr_join_list_clear(&gen.options.plan.flows);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
