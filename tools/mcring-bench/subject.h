/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine that is measured: one port, all groups of the feed in each channel, nothing sent. */
#ifndef MCR_BENCH_SUBJECT_H
#define MCR_BENCH_SUBJECT_H

#include <mcring/engine.h>

#include "feed.h"

/* A handler of all channels, as in struct mcr_channel_config. */
struct subject_handler {
	void (*call)(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring);
	void *ctx;
};

/* subject_create creates an engine and joins the groups; it does not start it. handler: in place of
 * the one that options->handler asks for, which reads payloads; its channels publish, too. Returns
 * 0 or less, with err filled or a line on stderr; *out may be set all the same and is the caller's
 * to destroy. */
int subject_create(struct mcr_engine **out, const struct bench_options *options, struct feed *feed,
		   const struct subject_handler *handler, unsigned rx_lcore, struct mcr_error *err);

/* subject_create_idle creates an engine of these interfaces, with no joins; likewise. adaptive: the
 * rx lcore naps when nothing comes. */
int subject_create_idle(struct mcr_engine **out, const struct mcr_interface_config *interfaces,
			unsigned n, unsigned adaptive, unsigned rx_lcore, struct mcr_error *err);

/* subject_channel gives the name of its i-th channel. name: MCR_NAME_MAX octets. */
void subject_channel(char *name, unsigned i);

#endif
