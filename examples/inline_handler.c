/* SPDX-License-Identifier: BSD-3-Clause */
/* inline_handler EAL-ARGUMENTS -- PORT JOIN [MESSAGES]: a feed handler in the rx lcore itself: no
 * ring, no copy, no hop to another core. Ends after MESSAGES messages, or at SIGINT or SIGTERM.
 *
 *     inline_handler -l 0,1 -- 0000:01:00.0 239.1.1.1:5000
 *     cc inline_handler.c $(pkg-config --cflags --libs libmcring) */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_eal.h>

#include <mcring/engine.h>

/* What the rx lcore writes and the main thread reads: words by themselves, no lock. */
struct book {
	uint64_t messages, octets;
};

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
	stopping = 1;
}

/* On the rx lcore, while it receives nothing: no blocking, no system call, no allocation; msgs and
 * their payloads end with the call. With several rx lcores each would have a book of its own, found
 * by `ring`. */
static void on_burst(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring)
{
	struct book *book = ctx;
	uint64_t octets = 0;

	for (unsigned i = 0; i < n; i++)
		octets += msgs[i].len; /* msgs[i].data: the payload where the NIC put it */
	__atomic_store_n(&book->octets, book->octets + octets, __ATOMIC_RELAXED);
	__atomic_store_n(&book->messages, book->messages + n, __ATOMIC_RELEASE);
}

static int create(struct mcr_engine **out, const char *port, struct book *book,
		  struct mcr_error *err)
{
	struct mcr_interface_config interface = {.size = sizeof(interface), .name = "feed"};
	struct mcr_channel_config channel = {.size = sizeof(channel),
					     .name = "default",
					     .handler = on_burst,
					     .handler_ctx = book,
					     .handler_only = 1};
	struct mcr_engine_config config;

	snprintf(interface.port, sizeof(interface.port), "%s", port);
	mcr_engine_config_init(&config, sizeof(config));
	config.interfaces = &interface;
	config.n_interfaces = 1;
	config.channels = &channel;
	config.n_channels = 1;
	return mcr_engine_create(out, &config, err);
}

static int join(struct mcr_engine *engine, const char *text, struct mcr_error *err)
{
	struct mcr_join_list list = {0};
	int ret = mcr_join_parse(&list, text, err);

	if (ret == 0)
		ret = mcr_engine_update(engine, NULL, 0, list.items, list.n, err);
	mcr_join_list_clear(&list);
	return ret;
}

/* The main thread does the control work, and has all the time for logs and the like. */
static void run(struct mcr_engine *engine, struct book *book, uint64_t messages)
{
	struct mcr_channel_info info = {.size = sizeof(info)};

	while (!stopping && __atomic_load_n(&book->messages, __ATOMIC_ACQUIRE) < messages)
		mcr_engine_poll(engine, 1000000);
	mcr_engine_channel_info(engine, 0, &info);
	printf("%" PRIu64 " messages, %" PRIu64 " octets; %" PRIu64 " calls, the longest %" PRIu64
	       " ns, %" PRIu64 " above 10 us\n",
	       book->messages, __atomic_load_n(&book->octets, __ATOMIC_RELAXED), info.handler_calls,
	       info.handler_longest_ns, info.handler_slow);
}

int main(int argc, char **argv)
{
	struct mcr_engine *engine = NULL;
	struct mcr_error err = {""};
	struct book book = {0, 0};
	int used = rte_eal_init(argc, argv);
	int ret;

	if (used < 0)
		return 1;
	argc -= used;
	argv += used;
	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: inline_handler EAL-ARGUMENTS -- PORT JOIN [MESSAGES]\n");
		rte_eal_cleanup();
		return 2;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	ret = create(&engine, argv[1], &book, &err);
	if (ret == 0)
		ret = join(engine, argv[2], &err);
	if (ret == 0)
		ret = mcr_engine_start(engine, &err);
	if (ret == 0)
		run(engine, &book, argc == 4 ? strtoull(argv[3], NULL, 10) : UINT64_MAX);
	else
		fprintf(stderr, "inline_handler: %s\n", err.text);
	mcr_engine_destroy(engine);
	rte_eal_cleanup();
	return ret == 0 ? 0 : 1;
}
