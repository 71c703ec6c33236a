/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed that is given its packets by a handler in the rx lcore: one source without a consumer. */
#include <mcring/feed_inline.h>

#include <errno.h>

#include "feed/state.h"

#define NO_LCORE UINT32_MAX

static void fill_msg(struct mcr_msg *out, const struct mcr_inline_msg *m, unsigned ring)
{
	*out = (struct mcr_msg){
	    .data = m->data,
	    .len = m->len,
	    .flags = m->flags,
	    .pos = {.ring = ring},
	    .rx_ns = m->rx_ns,
	    .hw_ns = m->hw_ns,
	    .group = m->group,
	    .source = m->source,
	    .id = m->id,
	    .dst_port = m->dst_port,
	    .src_port = m->src_port,
	    .vlan = m->vlan,
	    .interface = m->interface,
	    .ttl = m->ttl,
	    .traffic_class = m->traffic_class,
	};
}

static void give(struct mcr_feed *f, void (*on_item)(void *ctx, const struct mcr_feed_msg *item),
		 void *ctx)
{
	struct mcr_feed_msg item;

	while (mcr_arbiter_next(f->arbiter, &item))
		on_item(ctx, &item);
}

void mcr_feed_inline_time(struct mcr_feed *f, uint64_t now_ns,
			  void (*on_item)(void *ctx, const struct mcr_feed_msg *item), void *ctx)
{
	uint64_t until_ns;

	do {
		until_ns = mcr_feed_until(f, now_ns);
		if (until_ns > f->time_ns)
			f->time_ns = until_ns;
		if (f->time_ns >= f->look_ns)
			mcr_feed_look(f, f->time_ns);
		if (f->time_ns >= mcr_arbiter_due(f->arbiter))
			mcr_arbiter_time(f->arbiter, f->time_ns);
		give(f, on_item, ctx);
	} while (until_ns < now_ns);
}

static void put(struct mcr_feed *f, const struct mcr_msg *m, uint32_t data_len,
		void (*on_item)(void *ctx, const struct mcr_feed_msg *item), void *ctx)
{
	struct mcr_feed_source *s = f->sources;
	const struct mcr_feed_seen *seen = f->inline_seen;
	struct mcr_feed_packet packet;
	struct mcr_feed_msg item;

	if (!seen || !mcr_feed_seen_is(seen, m))
		seen = f->inline_seen = mcr_feed_flows_find(&s->flows, m);
	f->refused += seen->line == MCR_FEED_REFUSED;
	if (seen->line >= MCR_FEED_TORN)
		return;
	mcr_feed_packet_read(&f->config.numbering, m->data, data_len, &packet);
	packet.scope[1] |= seen->scope;
	if (f->opts.compare)
		packet.hash = mcr_feed_packet_hash(m->data, data_len);
	if (mcr_arbiter_put(f->arbiter, seen->line, &packet, m, &item))
		on_item(ctx, &item);
	if (mcr_arbiter_pending(f->arbiter))
		give(f, on_item, ctx);
}

int mcr_feed_inline_put(struct mcr_feed *f, const struct mcr_inline_msg *msgs, unsigned n,
			unsigned ring, void (*on_item)(void *ctx, const struct mcr_feed_msg *item),
			void *ctx)
{
	struct mcr_msg m;

	if (f->inline_ring == NO_LCORE)
		f->inline_ring = ring;
	if (f->inline_ring != ring)
		return -EXDEV;
	for (unsigned i = 0; i < n; i++) {
		if (msgs[i].rx_ns > mcr_arbiter_due(f->arbiter) || msgs[i].rx_ns > f->look_ns)
			mcr_feed_inline_time(f, msgs[i].rx_ns, on_item, ctx);
		fill_msg(&m, &msgs[i], ring);
		put(f, &m, msgs[i].data_len, on_item, ctx);
	}
	return 0;
}

static int has_line(const struct mcr_feed *f, const char *interface)
{
	for (unsigned i = 0; i < f->config.n_lines; i++) {
		const struct mcr_feed_line_config *line = &f->config.lines[i];

		for (size_t k = 0; k < line->n_flows; k++)
			if (line->flows[k].interface[0] == '\0' ||
			    strcmp(line->flows[k].interface, interface) == 0)
				return 1;
	}
	return 0;
}

int mcr_feed_inline_interface(struct mcr_feed *f, uint32_t index, const char *name,
			      const uint16_t *lcores, unsigned n_lcores, struct mcr_error *err)
{
	if (index >= MCR_FEED_INTERFACES)
		return mcr_error_set(err, -EINVAL, "interface %u: an engine has at most %d", index,
				     MCR_FEED_INTERFACES);
	mcr_feed_flows_name(&f->sources[0].flows, index, name);
	if (!has_line(f, name))
		return 0;
	if (n_lcores != 1 || (f->inline_lcore != NO_LCORE && f->inline_lcore != lcores[0]))
		return mcr_error_set(err, -EXDEV,
				     "feed %s: interface %s is polled by %s: a feed in the rx "
				     "lcore needs all its lines on one (`lcores=` of an interface)",
				     f->config.name, name,
				     n_lcores != 1 ? "several lcores" : "another lcore");
	f->inline_lcore = lcores[0];
	return 0;
}

int mcr_feed_inline_open(struct mcr_feed **out, const struct mcr_feed_opts *opts,
			 struct mcr_error *err)
{
	struct mcr_feed *f;
	int ret = mcr_feed_new(&f, opts, err);

	if (ret < 0)
		return ret;
	f->inline_ring = f->inline_lcore = NO_LCORE;
	if (!f->opts.config)
		ret = mcr_error_set(err, -EINVAL, "options: config is needed in the rx lcore");
	else if (f->opts.order != MCR_FEED_AS_THEY_COME)
		ret = mcr_error_set(err, -EINVAL,
				    "options: order must be MCR_FEED_AS_THEY_COME in the rx "
				    "lcore, where nothing can be held");
	if (ret == 0)
		ret = mcr_feed_make_inline(f, err);
	if (ret < 0) {
		mcr_feed_close(f);
		return ret;
	}
	*out = f;
	return 0;
}
