/* SPDX-License-Identifier: BSD-3-Clause */
#include "numbers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcring/sink.h>

#define STREAMS_MAX 64
#define FLOWS_MAX   256
#define PLACES_MAX  (UINT64_C(1) << 28)
#define LOST        UINT64_MAX
#define NUMBER_BITS 40 /* of a place's value; above them: flow + 1 */
#define NUMBER_MASK ((UINT64_C(1) << NUMBER_BITS) - 1)

/* Octets by index, which grow. */
struct octets {
	uint8_t *at;
	uint64_t cap;
};

struct stream {
	char name[MCR_NAME_MAX], epoch[MCR_SINK_EPOCH_MAX];
	uint32_t ring;
	uint64_t *places; /* by place: 0 = nothing, LOST, or flow and number */
	uint64_t cap, last;
	uint64_t twice, both;
};

struct flow {
	char subject[256];
	struct octets is_there, is_skipped; /* by number */
	uint64_t last;
};

struct numbers {
	struct stream streams[STREAMS_MAX];
	struct flow flows[FLOWS_MAX];
	unsigned n_streams, n_flows;
	uint64_t messages, restarts;
};

/* What is known of a stream's places. */
struct sums {
	uint64_t delivered, lost, holes, first_hole, skipped, disorder;
};

static void give_up(const char *what, const char *which)
{
	fprintf(stderr, "numbers: %s: %s\n", what, which);
	exit(1);
}

static void *grow(void *old, uint64_t *cap, uint64_t want, size_t size)
{
	uint64_t n = *cap ? *cap : 1 << 16;
	char *all;

	while (n <= want)
		n *= 2;
	all = realloc(old, n * size);
	if (!all)
		give_up("no memory", "places");
	memset(all + *cap * size, 0, (n - *cap) * size);
	*cap = n;
	return all;
}

static void set(struct octets *o, uint64_t i)
{
	if (i >= o->cap)
		o->at = grow(o->at, &o->cap, i, 1);
	o->at[i] = 1;
}

static int is_set(const struct octets *o, uint64_t i)
{
	return i < o->cap && o->at[i];
}

struct numbers *numbers_create(void)
{
	struct numbers *n = calloc(1, sizeof(*n));

	if (!n)
		give_up("no memory", "account");
	return n;
}

static struct stream *stream_of(struct numbers *n, const struct mcr_sink_header *h)
{
	struct stream *s;

	for (unsigned i = 0; i < n->n_streams; i++) {
		s = &n->streams[i];
		if (s->ring == h->ring && strcmp(s->epoch, h->epoch) == 0 &&
		    strcmp(s->name, h->name) == 0)
			return s;
	}
	if (n->n_streams == STREAMS_MAX)
		give_up("too many streams", h->name);
	s = &n->streams[n->n_streams++];
	memcpy(s->name, h->name, sizeof(s->name));
	memcpy(s->epoch, h->epoch, sizeof(s->epoch));
	s->ring = h->ring;
	return s;
}

static unsigned flow_of(struct numbers *n, const char *subject)
{
	unsigned i = 0;

	while (i < n->n_flows && strcmp(n->flows[i].subject, subject) != 0)
		i++;
	if (i < n->n_flows)
		return i;
	if (i == FLOWS_MAX || strlen(subject) >= sizeof(n->flows[0].subject))
		give_up("too many flows", subject);
	strcpy(n->flows[i].subject, subject);
	n->n_flows++;
	return i;
}

static uint64_t *place(struct stream *s, uint64_t number)
{
	if (number == 0 || number > PLACES_MAX)
		give_up("not a place", s->name);
	if (number >= s->cap)
		s->places = grow(s->places, &s->cap, number, sizeof(*s->places));
	if (number > s->last)
		s->last = number;
	return &s->places[number];
}

/* Nothing but these two knows of lost places what they held. */
static void take_lost(struct stream *s, uint64_t number)
{
	uint64_t *at = place(s, number);

	s->both += *at != 0 && *at != LOST;
	if (*at == 0)
		*at = LOST;
}

static void take_record(struct numbers *n, struct stream *s, unsigned flow,
			const struct mcr_sink_record *r)
{
	uint64_t *at = place(s, r->number), number, value;

	if (r->len < 8)
		give_up("a datagram without a number", n->flows[flow].subject);
	number = 0;
	for (unsigned i = 0; i < 8; i++)
		number = number << 8 | ((const uint8_t *)r->data)[i];
	value = (uint64_t)(flow + 1) << NUMBER_BITS | number;
	if (number == 0 || number > PLACES_MAX)
		give_up("not a number", n->flows[flow].subject);
	if (*at == LOST)
		s->both++;
	else if (*at != 0 && *at != value)
		give_up("two datagrams have one place", n->flows[flow].subject);
	s->twice += *at == value;
	*at = value;
	set(&n->flows[flow].is_there, number);
	if (number > n->flows[flow].last)
		n->flows[flow].last = number;
}

void numbers_take(struct numbers *n, const char *subject, const char *header, const void *body,
		  size_t len)
{
	struct mcr_sink_header h;
	struct mcr_sink_body b;
	struct mcr_sink_record r;
	struct stream *s;
	unsigned flow;
	int ret;

	n->messages++;
	if (mcr_sink_header_parse(&h, header, strlen(header)) != 0 || h.is_feed)
		give_up("not a header of a channel", header);
	if (h.kind == MCR_SINK_RESTART) {
		n->restarts++;
		return;
	}
	s = stream_of(n, &h);
	if (h.kind == MCR_SINK_LOST) {
		for (uint64_t i = 0; i < h.count; i++)
			take_lost(s, h.number + i);
		return;
	}
	flow = flow_of(n, subject);
	mcr_sink_body_open(&b, &h, body, len);
	while ((ret = mcr_sink_body_next(&b, &r)) > 0)
		take_record(n, s, flow, &r);
	if (ret < 0)
		give_up("not a body", header);
}

/* The numbers of a flow between two places of a stream were in places between these. */
static void skip(struct sums *sums, struct flow *f, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++)
		set(&f->is_skipped, i);
	sums->skipped += to - from;
}

/* How many flows a stream has: the sender goes round, so the same flow comes so many places later.
 */
static unsigned count_flows(const struct stream *s)
{
	uint8_t has[FLOWS_MAX] = {0};
	unsigned n = 0;

	for (uint64_t i = 1; i <= s->last; i++) {
		const uint64_t flow = s->places[i] >> NUMBER_BITS;

		if (s->places[i] == 0 || s->places[i] == LOST || has[flow - 1])
			continue;
		has[flow - 1] = 1;
		n++;
	}
	return n;
}

/* The number with which a flow began whose first one that is known is in place i: those before it
 * that are not known had its places of the rounds before. */
static uint64_t began_with(const struct stream *s, uint64_t i, unsigned n_flows)
{
	uint64_t number = s->places[i] & NUMBER_MASK;

	for (uint64_t at = i; at > n_flows; at -= n_flows) {
		const uint64_t value = s->places[at - n_flows];

		number -= (value == 0 || value == LOST) && number > 1;
	}
	return number;
}

static struct sums sum(struct numbers *n, const struct stream *s)
{
	const unsigned n_flows = count_flows(s);
	uint64_t next[FLOWS_MAX] = {0};
	struct sums sums = {0};

	for (uint64_t i = 1; i <= s->last; i++) {
		const uint64_t value = s->places[i], number = value & NUMBER_MASK;
		const unsigned flow = (unsigned)(value >> NUMBER_BITS) - 1;

		if (value == 0) {
			sums.first_hole = sums.holes++ ? sums.first_hole : i;
		} else if (value == LOST) {
			sums.lost++;
		} else {
			sums.delivered++;
			if (next[flow] == 0)
				next[flow] = began_with(s, i, n_flows);
			sums.disorder += number < next[flow];
			if (number > next[flow])
				skip(&sums, &n->flows[flow], next[flow], number);
			next[flow] = number + 1;
		}
	}
	return sums;
}

void numbers_print(struct numbers *n)
{
	printf("{\"messages\": %" PRIu64 ", \"restarts\": %" PRIu64 ", \"streams\": [", n->messages,
	       n->restarts);
	for (unsigned i = 0; i < n->n_streams; i++) {
		const struct stream *s = &n->streams[i];
		const struct sums sums = sum(n, s);

		printf("%s{\"channel\": \"%s\", \"epoch\": \"%s\", \"ring\": %u, \"last\": %" PRIu64
		       ", \"delivered\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"twice\": %" PRIu64
		       ", \"both\": %" PRIu64 ", \"holes\": %" PRIu64 ", \"first_hole\": %" PRIu64
		       ", \"skipped\": %" PRIu64 ", \"disorder\": %" PRIu64 "}",
		       i ? ", " : "", s->name, s->epoch, s->ring, s->last, sums.delivered,
		       sums.lost, s->twice, s->both, sums.holes, sums.first_hole, sums.skipped,
		       sums.disorder);
	}
	printf("], \"flows\": {");
	for (unsigned i = 0; i < n->n_flows; i++) {
		const struct flow *f = &n->flows[i];
		uint64_t missing = 0, untold = 0;

		for (uint64_t number = 1; number <= f->last; number++) {
			missing += !is_set(&f->is_there, number);
			untold += !is_set(&f->is_there, number) && !is_set(&f->is_skipped, number);
		}
		printf("%s\"%s\": [%" PRIu64 ", %" PRIu64 ", %" PRIu64 "]", i ? ", " : "",
		       f->subject, f->last, missing, untold);
	}
	printf("}}\n");
}
