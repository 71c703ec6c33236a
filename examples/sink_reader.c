/* SPDX-License-Identifier: BSD-3-Clause */
/* sink_reader URL STREAM [SUBJECT]: prints what mcring-sink put into a stream of JetStream, from
 * its beginning on, each message once, and what is missing (docs/sink.md). */
#include <inttypes.h>
#include <mcring/sink.h>
#include <nats/nats.h>
#include <stdio.h>
#include <string.h>

#define STREAMS 64
#define WINDOW  65536 /* numbers within which a second copy is found */

/* What has been seen of a ring, or of a stream of a feed. */
struct seen {
	char key[256];
	uint64_t top, bits[WINDOW / 64];
};

static struct seen *seen_of(const struct mcr_sink_header *h)
{
	static struct seen all[STREAMS];
	char key[sizeof(all[0].key)];
	struct seen *s = all;

	snprintf(key, sizeof(key), "%s %s %s %" PRIu64 " %" PRIu32, h->name, h->scope, h->epoch,
		 h->generation, h->ring);
	while (s < all + STREAMS - 1 && s->key[0] && strcmp(s->key, key) != 0)
		s++;
	memcpy(s->key, key, sizeof(key));
	return s;
}

static int is_new(struct seen *s, uint64_t number)
{
	const uint64_t bit = UINT64_C(1) << (number % 64);
	uint64_t *word = &s->bits[number % WINDOW / 64];

	if (number > s->top + WINDOW)
		memset(s->bits, 0, sizeof(s->bits));
	for (uint64_t n = s->top + 1; n <= number && number <= s->top + WINDOW; n++)
		s->bits[n % WINDOW / 64] &= ~(UINT64_C(1) << (n % 64));
	if (number > s->top)
		s->top = number;
	else if (number + WINDOW <= s->top || (*word & bit))
		return 0;
	*word |= bit;
	return 1;
}

static void on_data(const struct mcr_sink_header *h, const char *subject, natsMsg *msg)
{
	struct seen *s = seen_of(h);
	struct mcr_sink_record r;
	struct mcr_sink_body b;

	mcr_sink_body_open(&b, h, natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg));
	while (mcr_sink_body_next(&b, &r) > 0) {
		unsigned fresh = 0;

		for (uint32_t i = 0; i < r.count; i++)
			fresh += (unsigned)is_new(s, r.number + i);
		if (fresh > 0)
			printf("%s %" PRIu64 "+%" PRIu32 ": %" PRIu32 " octets\n", subject,
			       r.number, r.count, r.len);
	}
}

static void on_message(natsMsg *msg)
{
	static const char *const what[] = {"", "lost", "gap of", "restart"};
	struct mcr_sink_header h;
	const char *value;

	if (natsMsgHeader_Get(msg, "Mcring", &value) != NATS_OK ||
	    mcr_sink_header_parse(&h, value, strlen(value)) < 0)
		printf("%s: not from mcring-sink\n", natsMsg_GetSubject(msg));
	else if (h.kind == MCR_SINK_DATA)
		on_data(&h, natsMsg_GetSubject(msg), msg);
	else
		printf("%s: %s %" PRIu64 " from %" PRIu64 " on\n", h.name, what[h.kind], h.count,
		       h.number);
}

int main(int argc, char **argv)
{
	natsConnection *connection = NULL;
	natsSubscription *sub = NULL;
	jsSubOptions opts;
	jsCtx *js = NULL;
	natsStatus s;
	natsMsg *msg;

	if (argc < 3) {
		fprintf(stderr, "usage: sink_reader URL STREAM [SUBJECT]\n");
		return 2;
	}
	jsSubOptions_Init(&opts);
	opts.Stream = argv[2];
	opts.Ordered = true;
	s = natsConnection_ConnectTo(&connection, argv[1]);
	if (s == NATS_OK)
		s = natsConnection_JetStream(&js, connection, NULL);
	if (s == NATS_OK)
		s = js_SubscribeSync(&sub, js, argc > 3 ? argv[3] : "mcring.>", NULL, &opts, NULL);
	while (s == NATS_OK || s == NATS_TIMEOUT) {
		s = natsSubscription_NextMsg(&msg, sub, 1000);
		if (s != NATS_OK)
			continue;
		on_message(msg);
		natsMsg_Destroy(msg);
	}
	fprintf(stderr, "sink_reader: %s\n", natsStatus_GetText(s));
	return 1;
}
