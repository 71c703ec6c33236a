/* SPDX-License-Identifier: BSD-3-Clause */
#include "subject.h"

#include <stdio.h>

static void log_errors(void *ctx, enum mcr_log_level level, const char *line)
{
	if (level <= MCR_LOG_ERROR)
		fprintf(stderr, "mcring-bench: %s\n", line);
}

void subject_channel(char *name, unsigned i)
{
	snprintf(name, MCR_NAME_MAX, "c%u", i);
}

/* The least that a handler does: it reads an octet of each payload. */
static void look_at(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring)
{
	uint64_t *sum = ctx;

	for (unsigned i = 0; i < n; i++)
		*sum += msgs[i].data_len > 0 ? msgs[i].data[0] : 0;
}

static int create_engine(struct mcr_engine **out, const struct bench_options *o,
			 const struct feed *feed, const struct subject_handler *handler,
			 unsigned rx_lcore, struct mcr_error *err)
{
	struct mcr_channel_config channels[BENCH_CHANNELS_MAX] = {{.name = ""}};
	struct mcr_interface_config interfaces[FEED_VLANS_MAX] = {{.name = ""}};
	struct mcr_engine_config config;

	for (unsigned i = 0; i < feed->n_vlans; i++) {
		interfaces[i].size = sizeof(interfaces[i]);
		feed_interface(interfaces[i].name, feed->vlans[i]);
		snprintf(interfaces[i].port, sizeof(interfaces[i].port), "%s", o->port);
		interfaces[i].vlan = feed->vlans[i];
		interfaces[i].tx_never = 1;
		interfaces[i].pieces = o->pieces ? MCR_PIECES_ON : MCR_PIECES_AUTO;
	}
	for (unsigned i = 0; i < o->channels; i++) {
		channels[i].size = sizeof(channels[i]);
		subject_channel(channels[i].name, i);
		channels[i].bytes = o->bytes;
		channels[i].handler = handler->call;
		channels[i].handler_ctx = handler->ctx;
		channels[i].handler_only = o->handler == BENCH_HANDLER_ONLY;
	}
	mcr_engine_config_init(&config, sizeof(config));
	config.interfaces = interfaces;
	config.n_interfaces = feed->n_vlans;
	config.channels = channels;
	config.n_channels = o->channels;
	config.lcores = &rx_lcore;
	config.n_lcores = 1;
	config.idle = o->adaptive ? MCR_IDLE_ADAPTIVE : MCR_IDLE_BUSY;
	if (o->first_chunk)
		config.first_chunk = (uint16_t)o->first_chunk;
	if (o->run_dir)
		snprintf(config.run_dir, sizeof(config.run_dir), "%s", o->run_dir);
	config.log = log_errors;
	return mcr_engine_create(out, &config, err);
}

int subject_create(struct mcr_engine **out, const struct bench_options *options, struct feed *feed,
		   const struct subject_handler *handler, unsigned rx_lcore, struct mcr_error *err)
{
	const struct subject_handler none = {NULL, NULL}, looks = {look_at, &feed->seen};
	const struct mcr_join_list *flows = &feed->plan.flows;
	int ret;

	if (!handler)
		handler = options->handler == BENCH_HANDLER_NONE ? &none : &looks;
	ret = create_engine(out, options, feed, handler, rx_lcore, err);

	for (unsigned c = 0; ret == 0 && c < options->channels; c++) {
		struct mcr_join_list list = {0};

		for (size_t i = 0; ret == 0 && i < flows->n; i++) {
			ret = mcr_join_list_add(&list, &flows->items[i]);
			if (ret == 0)
				subject_channel(list.items[i].channel, c);
		}
		if (ret == 0)
			ret = mcr_engine_update(*out, NULL, 0, list.items, list.n, err);
		mcr_join_list_clear(&list);
	}
	return ret;
}

int subject_create_idle(struct mcr_engine **out, const struct mcr_interface_config *interfaces,
			unsigned n, unsigned adaptive, unsigned rx_lcore, struct mcr_error *err)
{
	struct mcr_engine_config config;

	mcr_engine_config_init(&config, sizeof(config));
	config.interfaces = interfaces;
	config.n_interfaces = n;
	config.idle = adaptive ? MCR_IDLE_ADAPTIVE : MCR_IDLE_BUSY;
	config.lcores = &rx_lcore;
	config.n_lcores = 1;
	config.log = log_errors;
	return mcr_engine_create(out, &config, err);
}
