/* SPDX-License-Identifier: BSD-3-Clause */
#include "lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_atomic.h>
#include <rte_byteorder.h>
#include <rte_cycles.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "engine/plan/channel_config.h"
#include "feed.h"

#define SESSION "bench00001"

/* MoldUDP64: session, number, count. */
#define AT_SEQ   10
#define AT_COUNT 18
#define AT_KEY   20

static const char *const channels[LINES] = {"a", "b"};

static const char *channel_of(const struct lines *l, unsigned line)
{
	return channels[l->n_consumers == LINES ? line : 0];
}

/* The frames' headers; what changes in a payload comes with lines_put. */
static int make_frames(struct lines *l)
{
	static const struct rte_ether_addr mac = {{2, 0, 0, 0, 0, 9}};
	struct frame_plan plan = {.size = l->options->size, .udp_port = FEED_UDP_PORT};
	struct frames frames;
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < LINES; i++) {
		struct mcr_join one = {.group = feed_group(4, i), .port = FEED_UDP_PORT};

		ret = mcr_join_list_add(&plan.flows, &one);
	}
	if (ret == 0)
		ret = frames_create(&frames, &plan, &mac);
	mcr_join_list_clear(&plan.flows);
	if (ret != 0)
		return fail("out of memory");
	for (unsigned i = 0; i < LINES; i++) {
		uint8_t *payload = l->frames[i] + frames.flows[i].header_len;
		const uint16_t one_be = rte_cpu_to_be_16(1);

		l->header_len = frames.flows[i].header_len;
		memcpy(l->frames[i], frames.flows[i].header, l->header_len);
		memcpy(payload, SESSION, AT_SEQ);
		memcpy(payload + AT_COUNT, &one_be, sizeof(one_be));
	}
	frames_destroy(&frames);
	return 0;
}

static void join_text(char *out, size_t cap, unsigned line)
{
	char group[MCR_ADDRESS_TEXT];

	snprintf(out, cap, "%s:%u", mcr_address_format(group, feed_group(4, line)), FEED_UDP_PORT);
}

static int start_engine(struct lines *l, struct mcr_error *err)
{
	const struct mcr_interface_config interface = {.name = "wire", .port = "wire"};
	struct mcr_channel_config made[LINES];
	struct mcr_portless_config config = {.run_dir = l->run_dir,
					     .attach = {.mode = 0600},
					     .interfaces = &interface,
					     .n_interfaces = 1,
					     .channels = made,
					     .n_channels = l->n_consumers};
	int ret = 0;

	for (unsigned i = 0; i < l->n_consumers; i++) {
		made[i] = (struct mcr_channel_config){.size = sizeof(made[i]),
						      .bytes = l->options->bytes};
		snprintf(made[i].name, sizeof(made[i].name), "%s", channels[i]);
		ret = ret == 0 ? mcr_channel_check(&made[i], err) : ret;
	}
	ret = ret == 0 ? mcr_portless_create(&l->engine, &config, err) : ret;
	for (unsigned i = 0; ret == 0 && i < LINES; i++) {
		struct mcr_join one = {.group = feed_group(4, i), .port = FEED_UDP_PORT};

		snprintf(one.channel, sizeof(one.channel), "%s", channel_of(l, i));
		ret = mcr_portless_join(l->engine, &one, 1, err);
	}
	return ret == 0 ? mcr_portless_start(l->engine, err) : ret;
}

static int attach(struct lines *l, struct mcr_error *err)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_feed_opts feed_opts = MCR_FEED_OPTS_INIT;
	char text[512], joins[LINES][64], key[32] = "";

	opts.run_dir = l->run_dir;
	for (unsigned i = 0; i < l->n_consumers; i++) {
		opts.channel = channels[i];
		if (mcr_consumer_open(&l->consumers[i], &opts, err) < 0)
			return -1;
	}
	for (unsigned i = 0; i < LINES; i++)
		join_text(joins[i], sizeof(joins[i]), i);
	if (l->options->keys > 1)
		snprintf(key, sizeof(key), ",key=stream:%u:2:le", AT_KEY);
	snprintf(text, sizeof(text),
		 "feed bench\n"
		 "declaration moldudp64%s\n"
		 "line A channel=%s\njoin %s\n"
		 "line B channel=%s\njoin %s\n",
		 key, channel_of(l, 0), joins[0], channel_of(l, 1), joins[1]);
	feed_opts.run_dir = l->run_dir;
	feed_opts.config = text;
	feed_opts.compare = l->options->compare;
	return mcr_feed_open(&l->feed, &feed_opts, err);
}

int lines_create(struct lines *l, const struct bench_options *options)
{
	struct mcr_error err = {"out of memory"};

	l->options = options;
	l->n_consumers = RTE_MIN(options->channels, (unsigned)LINES);
	snprintf(l->run_dir, sizeof(l->run_dir), "/tmp/mcring-bench-XXXXXX");
	if (options->size < LINES_STAMP + sizeof(uint64_t))
		return fail("--size begins at %zu: the feed's header, a key and a time are in the "
			    "payload",
			    LINES_STAMP + sizeof(uint64_t));
	if (!mkdtemp(l->run_dir)) {
		l->run_dir[0] = '\0';
		return fail("no folder in /tmp can be made");
	}
	if (make_frames(l) < 0)
		return -1;
	if (start_engine(l, &err) < 0 || attach(l, &err) < 0)
		return fail("%s", err.text);
	return 0;
}

void lines_destroy(struct lines *l)
{
	mcr_feed_close(l->feed);
	for (unsigned i = 0; i < l->n_consumers; i++)
		mcr_consumer_close(l->consumers[i]);
	mcr_portless_destroy(l->engine);
	if (l->run_dir[0])
		rmdir(l->run_dir);
}

void lines_put(struct lines *l, unsigned line, uint64_t stamp)
{
	const uint32_t len = l->header_len + l->options->size;
	const uint16_t key = (uint16_t)(l->sent % l->options->keys);
	const uint64_t seq_be = rte_cpu_to_be_64(l->sent / l->options->keys + 1);
	uint8_t *payload = l->frames[line] + l->header_len;

	memcpy(payload + AT_SEQ, &seq_be, sizeof(seq_be));
	memcpy(payload + AT_KEY, &key, sizeof(key));
	memcpy(payload + LINES_STAMP, &stamp, sizeof(stamp));
	mcr_portless_put(l->engine, 0, l->frames[line], len, realtime_ns(), 0);
}

void lines_publish(struct lines *l)
{
	mcr_portless_publish(l->engine, realtime_ns());
}

/* A payload was copied. lfence: rdtsc alone would not wait until it is here. */
static inline void note_copied(struct lines *l)
{
	if (l->options->rate) {
		rte_rmb();
		l->copied_at = rte_rdtsc();
	}
}

static int take(struct lines *l, struct mcr_consumer *c)
{
	struct mcr_msg msgs[LINES_BURST];
	int n = mcr_consumer_poll(c, msgs, LINES_BURST);

	for (int i = 0; i < n; i++) {
		if (unlikely(msgs[i].kind != MCR_DATA))
			l->lost += msgs[i].kind == MCR_LOST ? msgs[i].lost : 0;
		else if (mcr_consumer_read(c, &msgs[i], l->payload, sizeof(l->payload)) >= 0)
			l->plain_read++;
		else
			l->lost++;
		note_copied(l);
	}
	if (n > 0)
		mcr_consumer_release(c);
	return n;
}

int lines_plain(struct lines *l)
{
	int n = 0, more;

	for (unsigned i = 0; i < l->n_consumers; i++) {
		more = take(l, l->consumers[i]);
		if (unlikely(more < 0))
			return more;
		n += more;
	}
	return n;
}

int lines_fed(struct lines *l)
{
	struct mcr_feed_msg msgs[LINES_BURST];
	int n = mcr_feed_poll(l->feed, msgs, LINES_BURST);

	for (int i = 0; i < n; i++) {
		if (unlikely(msgs[i].kind != MCR_FEED_DATA))
			l->lost += msgs[i].kind == MCR_FEED_GAP || msgs[i].kind == MCR_FEED_RESET;
		else if (mcr_feed_read(l->feed, &msgs[i], l->payload, sizeof(l->payload)) >= 0)
			l->feed_read++;
		else
			l->lost++;
		note_copied(l);
	}
	if (n > 0)
		mcr_feed_release(l->feed);
	return n;
}
