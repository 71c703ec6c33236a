/* SPDX-License-Identifier: BSD-3-Clause */
/* Poll and read in one call. */
#include <errno.h>

#include "client/message.h"
#include "client/state.h"
#include "client/take.h"

/* Copies what poll has given out. Returns the octets of buf that it takes. */
static size_t copy(struct mcr_consumer *c, struct mcr_msg *m, uint8_t *to)
{
	struct mcr_pos pos = m->pos;

	if (mcr_consumer_read(c, m, to, m->len) < 0) {
		*m = (struct mcr_msg){.kind = MCR_LOST, .pos = pos, .lost = 1};
		return 0;
	}
	m->data = to;
	return mcr_take_span(m->len);
}

int mcr_consumer_take(struct mcr_consumer *c, struct mcr_msg *msgs, int n, void *buf, size_t cap)
{
	size_t used = 0;
	int got = 0, k;

	if (!mcr_take_is_usable(buf, cap))
		return -EINVAL;
	do {
		/* Few at a time: then their payloads are still in the cache. */
		k = mcr_consumer_poll(c, msgs + got, mcr_take_most(n - got, cap - used));
		for (int i = 0; i < k; i++)
			used += copy(c, &msgs[got + i], (uint8_t *)buf + used);
		got += k > 0 ? k : 0;
	} while (k > 0 && got < n);
	if (got == 0)
		return k;
	mcr_consumer_release(c);
	return got;
}
