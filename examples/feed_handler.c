/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed handler: the part that does not care where the engine runs. feed_handler_main.c reads from
 * an engine in another process. */
#include "feed_handler.h"

#include <inttypes.h>
#include <stdio.h>

/* Payload is octets of one datagram: here your decoder starts. */
static void on_message(struct feed_handler *h, const struct mcr_msg *m, const uint8_t *payload,
		       size_t len)
{
	char group[MCR_ADDRESS_TEXT];

	printf(mcr_address_is_ipv4(m->group) ? "%s:%u" : "[%s]:%u",
	       mcr_address_format(group, m->group), m->dst_port);
	printf(" seq %" PRIu64 ": %zu octets, \"%.*s\"\n", m->pos.seq, len, (int)len,
	       (const char *)payload);
	h->messages++;
	h->bytes += len;
}

static void on_gap(struct feed_handler *h, const struct mcr_msg *m, uint64_t lost)
{
	printf("gap: %" PRIu64 " messages from seq %" PRIu64 "\n", lost, m->pos.seq);
	h->lost += lost;
}

/* Another engine: what arrived in between may be missing, and nothing counts it. */
static void on_restart(const struct mcr_msg *m)
{
	printf("restart: %" PRIu64 " ns may be missing\n", m->rx_ns - m->since_ns);
}

int feed_handler_step(struct feed_handler *h, struct mcr_consumer *c)
{
	struct mcr_msg msgs[32];
	uint8_t payload[9000];
	int n = mcr_consumer_poll(c, msgs, 32);

	for (int i = 0; i < n; i++) {
		const struct mcr_msg *m = &msgs[i];
		int64_t len;

		if (m->kind == MCR_LOST) { /* this handler was too slow */
			on_gap(h, m, m->lost);
		} else if (m->kind == MCR_RESTART) {
			on_restart(m);
		} else if (m->kind == MCR_DATA) {
			len = mcr_consumer_read(c, m, payload, sizeof(payload));
			if (len < 0) /* overtaken between poll and read */
				on_gap(h, m, 1);
			else if (len <= (int64_t)sizeof(payload))
				on_message(h, m, payload, (size_t)len);
		}
	}
	mcr_consumer_release(c);
	return n;
}
