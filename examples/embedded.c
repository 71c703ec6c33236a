/* SPDX-License-Identifier: BSD-3-Clause */
/* embedded EAL-ARGUMENTS -- PORT JOIN [MESSAGES]: an application that owns EAL and the main loop,
 * with the engine and the feed handler inside. Ends after MESSAGES messages, or at
 * SIGINT or SIGTERM.
 *
 *     embedded -l 0,1 -- 0000:01:00.0 239.1.1.1:5000
 *     cc embedded.c feed_handler.c $(pkg-config --cflags --libs libmcring libmcring-client) */
#include "feed_handler.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_eal.h>

#include <mcring/engine.h>

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
	stopping = 1;
}

/* The engine of one port with one channel; no files, so no sockets. */
static int create(struct mcr_engine **out, const char *port, struct mcr_error *err)
{
	struct mcr_interface_config interface = {.size = sizeof(interface), .name = "feed"};
	struct mcr_channel_config channel = {
	    .size = sizeof(channel), .name = "md", .bytes = 2 << 20};
	struct mcr_engine_config config;

	snprintf(interface.port, sizeof(interface.port), "%s", port);
	mcr_engine_config_init(&config, sizeof(config));
	config.interfaces = &interface;
	config.n_interfaces = 1;
	config.channels = &channel;
	config.n_channels = 1;
	return mcr_engine_create(out, &config, err);
}

/* Joins before the start are in the table before the first packet. */
static int join(struct mcr_engine *engine, const char *text, struct mcr_error *err)
{
	struct mcr_join_list list = {0};
	int ret = mcr_join_parse(&list, text, err);

	for (size_t i = 0; i < list.n; i++)
		snprintf(list.items[i].channel, sizeof(list.items[i].channel), "md");
	if (ret == 0)
		ret = mcr_engine_update(engine, NULL, 0, list.items, list.n, err);
	mcr_join_list_clear(&list);
	return ret;
}

/* A consumer in the engine's own process: the same API, a socket that was never in the file system.
 */
static int attach(struct mcr_consumer **out, struct mcr_engine *engine, struct mcr_error *err)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

	opts.fd = mcr_engine_attach(engine, "md", "embedded", err);
	return opts.fd < 0 ? opts.fd : mcr_consumer_open(out, &opts, err);
}

/* The application's loop: the feed, the engine's control work, and whatever else it does. */
static int run(struct mcr_engine *engine, struct mcr_consumer *consumer, uint64_t messages)
{
	struct feed_handler handler = {0};
	int n = 0;

	puts("ready");
	fflush(stdout);
	while (!stopping && n >= 0 && handler.messages < messages) {
		n = feed_handler_step(&handler, consumer);
		mcr_engine_poll(engine, 0);
	}
	printf("%" PRIu64 " messages, %" PRIu64 " octets, %" PRIu64 " lost\n", handler.messages,
	       handler.bytes, handler.lost);
	return n < 0 ? n : 0;
}

int main(int argc, char **argv)
{
	struct mcr_engine *engine = NULL;
	struct mcr_consumer *consumer = NULL;
	struct mcr_error err = {""};
	int used = rte_eal_init(argc, argv);
	int ret;

	if (used < 0)
		return 1;
	argc -= used;
	argv += used;
	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: embedded EAL-ARGUMENTS -- PORT JOIN [MESSAGES]\n");
		rte_eal_cleanup();
		return 2;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	ret = create(&engine, argv[1], &err);
	if (ret == 0)
		ret = join(engine, argv[2], &err);
	if (ret == 0)
		ret = attach(&consumer, engine, &err);
	if (ret == 0)
		ret = mcr_engine_start(engine, &err);
	if (ret == 0)
		ret = run(engine, consumer, argc == 4 ? strtoull(argv[3], NULL, 10) : UINT64_MAX);
	else
		fprintf(stderr, "embedded: %s\n", err.text);
	mcr_consumer_close(consumer);
	mcr_engine_destroy(engine);
	rte_eal_cleanup();
	return ret == 0 ? 0 : 1;
}
