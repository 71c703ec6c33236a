/* SPDX-License-Identifier: BSD-3-Clause */
/* The ring as the engine writes it and the consumer as a feed handler uses it: one way, or there
 * and back through two rings (echo). */
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

/* What IPv6 messages have before their payload. */
static const struct mcr_address addresses[2] = {{{0xff, 0x15, [15] = 1}},
						{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}};

struct carrier {
	struct mcr_region region;
	struct mcr_ring_writer writer;
	struct mcr_attach_server *server;
	struct mcr_consumer *consumer;
	int is_ipv6;
};

static void end(struct carrier *c)
{
	if (!c)
		return;
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

/* Gives NULL after a line on stderr. */
static struct carrier *make(const struct bench_options *options)
{
	struct carrier *c = calloc(1, sizeof(*c));
	const uint64_t bytes = options->bytes ? options->bytes : BYTES;
	struct mcr_error err = {"out of memory"};

	if (!c)
		goto fail;
	c->is_ipv6 = options->family == 6;
	if (mcr_region_create(&c->region, mcr_ring_footprint(bytes), -1, "bench", NULL, &err) ==
	    0) {
		mcr_ring_format(c->region.mem, bytes, EPOCH, 0, 1);
		mcr_ring_writer_attach(&c->writer, c->region.mem);
		if (attach(c, &err) == 0)
			return c;
	}
fail:
	end(c);
	fail("%s", err.text);
	return NULL;
}

static int create(struct hop *h)
{
	h->carrier = make(h->options);
	return h->carrier ? 0 : -1;
}

static void destroy(struct hop *h)
{
	end(h->carrier);
}

static inline void put_ipv6(struct carrier *c, const uint8_t *payload, unsigned size)
{
	const struct mcr_record record = {.len = (uint16_t)size, .interface_form = MCR_FORM_INET6};
	const uint32_t len = (uint32_t)sizeof(addresses) + size;
	uint8_t *to = mcr_ring_begin(&c->writer, len) + MCR_RECORD_BYTES;

	mcr_ring_copy(to, addresses, sizeof(addresses));
	mcr_ring_copy(to + sizeof(addresses), payload, size);
	mcr_ring_end(&c->writer, len, &record);
}

static inline void put(struct carrier *c, const uint8_t *payload, unsigned size)
{
	const struct mcr_record record = {.len = (uint16_t)size};

	if (c->is_ipv6)
		put_ipv6(c, payload, size);
	else
		mcr_ring_put(&c->writer, &record, payload);
}

static unsigned send_burst(struct hop *h, unsigned n)
{
	struct carrier *c = h->carrier;

	for (unsigned i = 0; i < n; i++)
		put(c, h->payload, h->options->size);
	mcr_ring_publish(&c->writer);
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

/* ---- there and back ---- */

struct echo {
	struct carrier *there, *back;
};

static void destroy_echo(struct hop *h)
{
	struct echo *e = h->carrier;

	end(e->there);
	end(e->back);
	free(e);
}

static int create_echo(struct hop *h)
{
	struct echo *e = calloc(1, sizeof(*e));

	h->carrier = e;
	if (!e)
		return fail("out of memory");
	e->there = make(h->options);
	e->back = e->there ? make(h->options) : NULL;
	if (e->back)
		return 0;
	destroy_echo(h);
	return -1;
}

/* Waits for one message until *stop. Returns whether its payload is there. */
static int await(struct carrier *c, uint8_t *payload, const int *stop)
{
	struct mcr_msg msgs[HOP_BURST];
	int n = 0, is_whole;

	while (n == 0 && !__atomic_load_n(stop, __ATOMIC_RELAXED))
		n = mcr_consumer_poll(c->consumer, msgs, HOP_BURST);
	is_whole = n == 1 && msgs[0].kind == MCR_DATA &&
		   mcr_consumer_read(c->consumer, &msgs[0], payload, BENCH_PAYLOAD_MAX) >= 0;
	if (n > 0)
		mcr_consumer_release(c->consumer);
	return is_whole;
}

/* One after the other: a message goes when the one before is back. */
static unsigned ask(struct hop *h, unsigned n)
{
	struct echo *e = h->carrier;
	uint8_t payload[BENCH_PAYLOAD_MAX];

	for (unsigned i = 0; i < n; i++) {
		uint64_t now = rte_rdtsc();

		memcpy(h->payload, &now, sizeof(now));
		put(e->there, h->payload, h->options->size);
		mcr_ring_publish(&e->there->writer);
		if (!await(e->back, payload, &h->stop_writer))
			return i;
		hop_took(h, payload);
	}
	return n;
}

static int ask_all(void *h)
{
	return hop_write(h, ask);
}

static int answer_all(void *arg)
{
	struct hop *h = arg;
	struct echo *e = h->carrier;
	uint8_t payload[BENCH_PAYLOAD_MAX];

	while (!__atomic_load_n(&h->stop_reader, __ATOMIC_RELAXED))
		if (await(e->there, payload, &h->stop_reader)) {
			put(e->back, payload, h->options->size);
			mcr_ring_publish(&e->back->writer);
		}
	return 0;
}

const struct hop_carrier hop_echo = {"echo", create_echo, destroy_echo, ask_all, answer_all};
