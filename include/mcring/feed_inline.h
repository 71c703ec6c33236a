/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed in the rx lcore itself: for a handler of mcring/inline.h, with no ring, no copy and no hop
 * to another core. A payload ends with the handler's call, so nothing is held: each packet is given
 * when it comes, with flags (MCR_FEED_AS_THEY_COME), and events in between. All lines must come to
 * one rx lcore, else they are refused.
 *
 *     static void on_item(void *ctx, const struct mcr_feed_msg *m)
 *     {
 *             if (m->kind == MCR_FEED_DATA && !(m->flags & MCR_FEED_FLAG_DUPLICATE))
 *                     decode(m->msg->data, m->msg->len, m->skip, m->count);
 *     }
 *     static void on_burst(void *ctx, const struct mcr_inline_msg *msgs, unsigned n,
 *                          unsigned ring)
 *     {
 *             mcr_feed_inline_put(ctx, msgs, n, ring, on_item, NULL);
 *     }
 *     ...
 *     opts.config = text;
 *     opts.order = MCR_FEED_AS_THEY_COME;
 *     mcr_feed_inline_open(&f, &opts, &err);
 *     mcr_engine_create(&engine, &config, &err);
 *     mcr_feed_inline_check(f, engine, &err);
 *     mcr_engine_start(engine, &err);
 *
 * mcr_feed_line_info, _key_info, _stats_info, _config_text and _close take such a feed, too, in the
 * thread that uses it or when nobody does; the others have nothing to do with it. */
#ifndef MCRING_FEED_INLINE_H
#define MCRING_FEED_INLINE_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/engine.h>
#include <mcring/feed.h>
#include <mcring/info.h>
#include <mcring/inline.h>

#ifdef __cplusplus
extern "C" {
#endif

/* mcr_feed_inline_open makes a feed of opts.config that is given its packets. The caller owns *out,
 * which is set on success only, and frees it with mcr_feed_close. Errors: -EINVAL (options: config
 * is needed, and MCR_FEED_AS_THEY_COME), -ENOENT (no such feed in config), -EBADMSG (bad text),
 * -ENOMEM. */
MCR_API int mcr_feed_inline_open(struct mcr_feed **out, const struct mcr_feed_opts *opts,
				 struct mcr_error *err);

/* mcr_feed_inline_interface says of one interface of the engine its index, its name, and the rx
 * lcores that poll its port. Call it for all of them before the first packet; mcr_feed_inline_check
 * does. Errors: -EXDEV (a line would come to several lcores, or to another than the lines before
 * it: give the ports `lcores=`), -EINVAL (more interfaces than an engine has). */
MCR_API int mcr_feed_inline_interface(struct mcr_feed *f, uint32_t index, const char *name,
				      const uint16_t *lcores, unsigned n_lcores,
				      struct mcr_error *err);

/* mcr_feed_inline_put takes a burst, as the handler has it, and calls on_item for each packet of
 * the feed and for each event, with what is borrowed for that call. An item's msg is of the packet
 * at hand. Of a payload in several segments (data_len < len) it looks at the first.
 *
 * Returns 0, or -EXDEV: the burst came on another rx lcore than the one before, and was not taken.
 * Thread: the rx lcore. No system call, no allocation. */
MCR_API int mcr_feed_inline_put(struct mcr_feed *f, const struct mcr_inline_msg *msgs, unsigned n,
				unsigned ring,
				void (*on_item)(void *ctx, const struct mcr_feed_msg *item),
				void *ctx);

/* mcr_feed_inline_time lets the timers run while nothing comes: everything that arrived before
 * now_ns (CLOCK_REALTIME) was put. In the same thread. */
MCR_API void mcr_feed_inline_time(struct mcr_feed *f, uint64_t now_ns,
				  void (*on_item)(void *ctx, const struct mcr_feed_msg *item),
				  void *ctx);

/* mcr_feed_inline_check tells the feed of the engine's interfaces. Call it between
 * mcr_engine_create and mcr_engine_start. Errors: as mcr_feed_inline_interface. */
static inline int mcr_feed_inline_check(struct mcr_feed *f, const struct mcr_engine *engine,
					struct mcr_error *err)
{
	struct mcr_interface_info interface;
	struct mcr_port_info port;
	int ret = 0;

	interface.size = sizeof(interface);
	port.size = sizeof(port);
	for (size_t i = 0; ret == 0 && mcr_engine_interface_info(engine, i, &interface) == 0; i++)
		for (size_t k = 0; ret == 0 && mcr_engine_port_info(engine, k, &port) == 0; k++)
			if (port.dpdk_port == interface.dpdk_port)
				ret = mcr_feed_inline_interface(f, (uint32_t)i, interface.name,
								port.lcores, port.n_lcores, err);
	return ret;
}

#ifdef __cplusplus
}
#endif
#endif
