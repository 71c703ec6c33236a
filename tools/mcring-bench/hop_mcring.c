/* SPDX-License-Identifier: BSD-3-Clause */
/* The ring as the engine writes it and the consumer as a feed handler uses it. */
#include "hop.h"

#include <stdlib.h>

#include <mcring/consumer.h>

#include "../common/fail.h"
#include "core/ring.h"
#include "engine/attach/attach_server.h"
#include "engine/os/region.h"
#include "engine/plan/channel_config.h"

#define BYTES (UINT64_C(16) << 20) /* the engine's default */
#define EPOCH 1

struct carrier {
	struct mcr_region region;
	struct mcr_ring_writer writer;
	struct mcr_attach_server *server;
	struct mcr_consumer *consumer;
};

static void destroy(struct hop *h)
{
	struct carrier *c = h->carrier;

	mcr_consumer_close(c->consumer);
	mcr_attach_server_destroy(c->server);
	mcr_region_destroy(&c->region);
	free(c);
}

static int attach(struct carrier *c, struct mcr_error *err)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	static const struct mcr_channel_config channel = {.name = "hop"};
	static const struct mcr_attach_config config = {.mode = 0600};
	const void *mem = c->region.mem;

	if (mcr_attach_server_create(&c->server, NULL, &config, err) < 0 ||
	    mcr_attach_server_add_channel(c->server, &channel, &c->region.fd, &mem, 1, EPOCH) < 0)
		return -1;
	opts.fd = mcr_attach_server_open(c->server, "hop", "bench", 0, err);
	return opts.fd < 0 ? -1 : mcr_consumer_open(&c->consumer, &opts, err);
}

static int create(struct hop *h)
{
	struct carrier *c = calloc(1, sizeof(*c));
	const uint64_t bytes = h->options->bytes ? h->options->bytes : BYTES;
	struct mcr_error err = {"out of memory"};

	h->carrier = c;
	if (!c)
		return fail("%s", err.text);
	if (mcr_region_create(&c->region, mcr_ring_footprint(mcr_channel_depth(bytes), bytes), -1,
			      "bench", NULL, &err) == 0) {
		mcr_ring_format(c->region.mem, mcr_channel_depth(bytes), bytes, EPOCH, 0, 1);
		mcr_ring_writer_attach(&c->writer, c->region.mem);
		if (attach(c, &err) == 0)
			return 0;
	}
	destroy(h);
	return fail("%s", err.text);
}

static unsigned send_burst(struct hop *h, unsigned n)
{
	struct mcr_ring_writer *w = &((struct carrier *)h->carrier)->writer;
	const struct mcr_desc desc = {.len = h->options->size, .kind = MCR_DATA, .family = AF_INET};

	for (unsigned i = 0; i < n; i++)
		mcr_ring_copy(mcr_ring_put(w, &desc, desc.len), h->payload, desc.len);
	mcr_ring_publish(w);
	return n;
}

static int write_all(void *h)
{
	return hop_write(h, send_burst);
}

static int read_all(void *arg)
{
	struct hop *h = arg;
	struct mcr_consumer *c = ((struct carrier *)h->carrier)->consumer;
	struct mcr_msg msgs[HOP_BURST];
	uint8_t payload[BENCH_PAYLOAD_MAX];
	int n = 0;

	while (n >= 0 && !__atomic_load_n(&h->stop_reader, __ATOMIC_RELAXED)) {
		n = mcr_consumer_poll(c, msgs, HOP_BURST);
		for (int i = 0; i < n; i++) {
			if (msgs[i].kind == MCR_LOST)
				h->lost += msgs[i].lost;
			else if (mcr_consumer_read(c, &msgs[i], payload, sizeof(payload)) >= 0)
				hop_took(h, payload);
			else
				h->lost++;
		}
		if (n > 0)
			mcr_consumer_release(c);
	}
	return n < 0 ? -1 : 0;
}

const struct hop_carrier hop_mcring = {"mcring", create, destroy, write_all, read_all};
