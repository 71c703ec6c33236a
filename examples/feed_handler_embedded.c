/* SPDX-License-Identifier: BSD-3-Clause */
/* feed-handler-embedded [EAL options] -- PORT JOIN...: the same feed handler with the engine in its
 * own process. The application owns EAL and its main loop; a worker lcore receives. Ends at SIGINT
 * or SIGTERM.
 *
 *     cc feed_handler_embedded.c feed_handler.c \
 *             $(pkg-config --cflags --libs libmcring libmcring-client) */
#include "feed_handler.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include <mcring/engine.h>
#include <rte_eal.h>

static volatile sig_atomic_t stopped;

static void on_signal(int signal)
{
	stopped = 1;
}

static int join_all(struct mcr_engine *e, int n, char **texts, struct mcr_error *err)
{
	struct mcr_join_list joins = {0};
	int ret = 0;

	for (int i = 0; ret == 0 && i < n; i++)
		ret = mcr_join_parse(&joins, texts[i], err);
	if (ret == 0)
		ret = mcr_engine_update(e, NULL, 0, joins.items, joins.n, err);
	mcr_join_list_clear(&joins);
	return ret;
}

static int create(struct mcr_engine **e, const char *port, struct mcr_error *err)
{
	struct mcr_interface_config feed = {.name = "feed"};
	struct mcr_engine_config cfg;

	snprintf(feed.port, sizeof(feed.port), "%s", port);
	mcr_engine_config_init(&cfg); /* run_dir stays empty: nobody else attaches */
	cfg.interfaces = &feed;
	cfg.n_interfaces = 1;
	return mcr_engine_create(e, &cfg, err);
}

static int consume(struct mcr_engine *e, struct mcr_error *err)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct feed_handler handler = {0};
	struct mcr_consumer *c;
	int ret;

	opts.fd = mcr_engine_attach(e, "default", "embedded", err);
	if (opts.fd < 0 || mcr_consumer_open(&c, &opts, err) < 0)
		return -1;
	ret = mcr_engine_start(e, err);
	printf("%s\n", ret < 0 ? "not started" : "ready");
	fflush(stdout);
	while (ret == 0 && !stopped) { /* the application's main loop: its own work goes here too */
		mcr_engine_poll(e, 0);
		if (feed_handler_step(&handler, c) < 0)
			break;
	}
	mcr_engine_stop(e);
	while (feed_handler_step(&handler, c) > 0) /* what came before the end */
		;
	mcr_consumer_close(c);
	printf("%" PRIu64 " messages, %" PRIu64 " octets, %" PRIu64 " lost\n", handler.messages,
	       handler.bytes, handler.lost);
	return ret;
}

int main(int argc, char **argv)
{
	struct mcr_engine *e = NULL;
	struct mcr_error err = {"usage: feed-handler-embedded [EAL options] -- PORT JOIN..."};
	int n = rte_eal_init(argc, argv), ret = -1;

	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	if (n >= 0 && argc - n >= 3) {
		ret = create(&e, argv[n + 1], &err);
		if (ret == 0)
			ret = join_all(e, argc - n - 2, argv + n + 2, &err);
		if (ret == 0)
			ret = consume(e, &err);
	}
	if (ret < 0)
		fprintf(stderr, "feed-handler-embedded: %s\n", err.text);
	mcr_engine_destroy(e);
	rte_eal_cleanup();
	return ret < 0 ? 1 : 0;
}
