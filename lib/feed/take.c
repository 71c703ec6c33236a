/* SPDX-License-Identifier: BSD-3-Clause */
/* Poll and read in one call. */
#include <errno.h>

#include "client/take.h"
#include "feed/state.h"

struct taken {
	struct mcr_feed_msg *items;
	struct mcr_msg *msgs;
	uint8_t *to; /* where the next payload goes */
	int n;
};

/* A packet that was overwritten before it was copied: its numbers are missing, if it had any that
 * were not handed out before. Returns 1 if there is something to say. */
static int overwritten(struct mcr_feed_msg *item)
{
	const struct mcr_feed_msg was = *item;

	if (was.count == 0 || (was.flags & MCR_FEED_FLAG_DUPLICATE) != 0)
		return 0;
	*item = (struct mcr_feed_msg){
	    .kind = MCR_FEED_GAP,
	    .key = was.key,
	    .line = was.line,
	    .ns = was.msg->rx_ns,
	    .gap = {.first = was.seq,
		    .last = was.seq + was.count - 1,
		    .opened_ns = was.msg->rx_ns,
		    .declared_ns = was.msg->rx_ns,
		    .why = MCR_FEED_GAP_OVERWRITTEN,
		    .whose = MCR_FEED_RING},
	};
	return 1;
}

static void keep(struct mcr_feed *f, struct mcr_feed_msg *item, struct taken *t)
{
	struct mcr_msg *m = &t->msgs[t->n];

	if (item->msg && mcr_feed_read(f, item, t->to, item->msg->len) < 0) {
		if (!overwritten(item))
			return;
	} else if (item->msg) {
		*m = *item->msg;
		m->data = t->to;
		t->to += mcr_take_span(m->len);
		item->msg = m;
		item->held = 1; /* for mcr_feed_read and mcr_feed_intact: not in a ring */
	}
	t->items[t->n++] = *item;
}

int mcr_feed_take(struct mcr_feed *f, struct mcr_feed_msg *items, struct mcr_msg *msgs, int n,
		  void *buf, size_t cap)
{
	struct taken t = {items, msgs, buf, 0};
	const uint8_t *end = (const uint8_t *)buf + cap;
	int k, first;

	if (!mcr_take_is_usable(buf, cap))
		return -EINVAL;
	do {
		first = t.n;
		k = mcr_feed_poll(f, items + first, mcr_take_most(n - first, (size_t)(end - t.to)));
		for (int i = 0; i < k; i++)
			keep(f, &items[first + i], &t);
	} while (k > 0 && t.n < n);
	mcr_feed_release(f);
	return t.n > 0 || k > 0 ? t.n : k;
}
