/* SPDX-License-Identifier: BSD-3-Clause */
/* A random feed as it is sent and as it comes: streams of numbered messages on one to three lines,
 * each of which loses, delays, repeats and spoils packets of its own. All of it is drawn from
 * octets (a fuzzer's) or from a seed. */
#ifndef SENT_H
#define SENT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/feed/feed_packet.h"

#define LINES   3u
#define STREAMS 2u
#define EPOCHS  4u
#define NUMBERS 256u  /* of a stream in an epoch */
#define PACKETS 2048u /* of a line */
#define US      1000ull

struct draw {
	const uint8_t *data, *end; /* or NULL: by the seed */
	uint64_t state;
};

/* Below n. */
static inline uint32_t draw(struct draw *d, uint32_t n)
{
	uint32_t x = 0;

	if (d->data) {
		for (int i = 0; i < (n > 256 ? 3 : 1); i++)
			x = x << 8 | (d->data < d->end ? *d->data++ : 0);
		return x % n;
	}
	d->state += 0x9e3779b97f4a7c15ull; /* splitmix64 */
	uint64_t z = d->state;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (uint32_t)((z ^ z >> 31) % n);
}

static inline int chance(struct draw *d, unsigned of_256)
{
	return draw(d, 256) < of_256;
}

enum restart {
	NO_RESTART,
	BY_MESSAGE,
	BY_FLAG,
	BY_SESSION,
	BY_NUMBER
};

struct sent {
	uint64_t ns;
	uint64_t wire;         /* the number in the packet */
	uint16_t first, count; /* messages of the epoch, from 0 */
	uint8_t line, stream, epoch, kind, resets;
	uint8_t is_corrupt; /* wire is not its number */
	uint8_t other_octets;
};

struct feed_sent {
	unsigned n_lines, n_streams, bits, wraps_to_one;
	enum restart restart;
	int is_over;                                     /* all data were sent */
	int can_reorder;                                 /* packets of a line overtake each other */
	unsigned loss, twice, corrupt, mismatch, repack; /* of 256 */
	uint32_t delay_ns[LINES], jitter_ns;
	unsigned outage[LINES];
	uint64_t base[STREAMS][EPOCHS]; /* the number of message 0 */
	unsigned n_numbers[STREAMS][EPOCHS], n_epochs[STREAMS];
	struct sent ring[LINES][PACKETS];
	unsigned n[LINES];
};

static inline uint64_t wire_of(const struct feed_sent *f, uint64_t number)
{
	uint64_t circle;

	if (f->bits == 64)
		return number;
	circle = (1ull << f->bits) - f->wraps_to_one;
	return (number - f->wraps_to_one) % circle + f->wraps_to_one;
}

static inline void add(struct feed_sent *f, struct draw *d, unsigned line, uint64_t ns,
		       struct sent s)
{
	int is_sure = s.resets || s.kind == MCR_FEED_PACKET_RESET || f->is_over;

	if (f->outage[line] > 0 && !is_sure) {
		f->outage[line]--;
		return;
	}
	if (chance(d, f->loss) && !is_sure)
		return;
	if (f->n[line] + 2 > PACKETS)
		return;
	s.line = (uint8_t)line;
	s.ns = ns + f->delay_ns[line] + (f->jitter_ns ? draw(d, f->jitter_ns) : 0);
	s.wire = wire_of(f, f->base[s.stream][s.epoch] + s.first);
	if (s.kind == MCR_FEED_PACKET_DATA && s.epoch == 0 && s.first > 15 &&
	    s.first % 8u == line && chance(d, f->corrupt)) {
		/* Farther away than a gap or a restart may be; two lines would prove it. */
		s.wire ^= 1ull << (22 + 3 * line + draw(d, 2));
		s.is_corrupt = 1;
	}
	s.other_octets = chance(d, f->mismatch);
	f->ring[line][f->n[line]++] = s;
	if (chance(d, f->twice)) {
		s.ns += draw(d, 50 * US);
		f->ring[line][f->n[line]++] = s;
	}
}

/* The same messages on each line, in one packet or two. */
static inline void publish(struct feed_sent *f, struct draw *d, uint64_t ns, struct sent s)
{
	for (unsigned line = 0; line < f->n_lines; line++) {
		struct sent head = s, tail = s;

		if (s.count > 1 && chance(d, f->repack)) {
			head.count = (uint16_t)(1 + draw(d, s.count - 1u));
			tail.first = (uint16_t)(s.first + head.count);
			tail.count = (uint16_t)(s.count - head.count);
			add(f, d, line, ns, head);
			add(f, d, line, ns + 1, tail);
		} else {
			add(f, d, line, ns, s);
		}
	}
}

static inline uint64_t base_of(const struct feed_sent *f, struct draw *d, unsigned epoch)
{
	uint64_t circle = f->bits == 64 ? 1ull << 40 : 1ull << f->bits;

	if (f->restart == BY_NUMBER) /* far below, in any number of bits */
		return epoch % 2 == 0 ? 20000 + draw(d, 10000) : 1 + draw(d, 2);
	if (epoch == 0) {
		switch (draw(d, f->restart == NO_RESTART ? 4 : 3)) {
		case 0:
			return 1;
		case 1:
			return 300 + draw(d, 300);
		case 2:
			return circle / 2 + draw(d, 1000);
		default:
			return circle - 1 - draw(d, 100); /* about to wrap */
		}
	}
	/* Numbers of two epochs do not meet: nobody could tell them apart. */
	return f->restart == BY_MESSAGE && chance(d, 128) ? 4000u * epoch : epoch % 2 ? 1 : 20000;
}

static inline void send_epoch(struct feed_sent *f, struct draw *d, unsigned stream, unsigned epoch,
			      uint64_t *ns)
{
	unsigned next = 0, n = 20 + draw(d, 60);
	struct sent s = {.stream = (uint8_t)stream, .epoch = (uint8_t)epoch};
	unsigned said = epoch == 0 ? 0 : 1 + draw(d, 3);

	f->base[stream][epoch] = base_of(f, d, epoch);
	for (unsigned i = 0; f->restart == BY_MESSAGE && i < said; i++) {
		s.kind = MCR_FEED_PACKET_RESET;
		publish(f, d, *ns, s);
		*ns += 1 + draw(d, 10 * US);
	}
	for (unsigned i = 0; i < n && next + 4 < NUMBERS; i++) {
		*ns += 1 + draw(d, 100 * US);
		s.first = (uint16_t)next;
		s.count = 0;
		s.resets = 0;
		s.kind = MCR_FEED_PACKET_HEARTBEAT;
		if (i == 0 || !chance(d, 12)) {
			s.kind = MCR_FEED_PACKET_DATA;
			s.count = (uint16_t)(f->repack ? 1 + draw(d, 4) : 1);
			s.resets = f->restart == BY_FLAG && i < said;
		}
		if (chance(d, 4))
			f->outage[draw(d, f->n_lines)] = draw(d, 20);
		publish(f, d, *ns, s);
		next += s.count;
	}
	f->n_numbers[stream][epoch] = next;
	/* A feed goes on. If an epoch ended here, packets that looked like left over from the one
	 * before would never be proven: what they are is known by the packets behind them. */
	f->is_over = f->restart != NO_RESTART;
	for (unsigned i = 0; f->is_over && i < 3; i++) {
		s = (struct sent){.stream = s.stream, .epoch = s.epoch, .first = (uint16_t)next};
		s.kind = MCR_FEED_PACKET_HEARTBEAT;
		publish(f, d, *ns += 1 + draw(d, 100 * US), s);
	}
	f->is_over = 0;
	/* A copy that is late by more than a restart takes could be of either epoch. */
	*ns += 100 * US + draw(d, 2000 * US);
}

static inline int by_time(const void *a, const void *b)
{
	const struct sent *x = a, *y = b;

	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

static inline void sort_ring(struct feed_sent *f, unsigned line)
{
	unsigned n[STREAMS] = {0};

	/* Insertion: packets of one time stay in their order. */
	for (unsigned i = 1; i < f->n[line]; i++) {
		struct sent s = f->ring[line][i];
		unsigned k = i;

		for (; k > 0 && by_time(&f->ring[line][k - 1], &s) > 0; k--)
			f->ring[line][k] = f->ring[line][k - 1];
		f->ring[line][k] = s;
	}
	/* A stream begins where its first packet says, so the first numbers are right. */
	for (unsigned i = 0; i < f->n[line]; i++) {
		struct sent *s = &f->ring[line][i];

		if (n[s->stream]++ > 2 || !s->is_corrupt)
			continue;
		s->wire = wire_of(f, f->base[s->stream][s->epoch] + s->first);
		s->is_corrupt = 0;
	}
}

static inline void make_feed(struct feed_sent *f, struct draw *d)
{
	static const uint8_t bits[] = {16, 32, 64};

	memset(f, 0, sizeof(*f));
	f->n_lines = 1 + draw(d, LINES);
	f->n_streams = 1 + draw(d, STREAMS);
	/* A fuzzer finds restarts and corrupt numbers that nobody could tell from anything else. */
	f->restart = !d->data && chance(d, 128) ? (enum restart)draw(d, 5) : NO_RESTART;
	f->corrupt = !d->data && chance(d, 80) ? 6 : 0;
	f->bits = f->corrupt ? bits[1 + draw(d, 2)] : bits[draw(d, 3)];
	f->wraps_to_one = f->bits < 64 && chance(d, 80);
	f->loss = chance(d, 128) ? draw(d, 80) : 0;
	f->twice = chance(d, 80) ? draw(d, 40) : 0;
	f->mismatch = chance(d, 50) ? 6 : 0;
	f->repack = chance(d, 80) ? 128 : 0;
	f->jitter_ns = f->restart == NO_RESTART && chance(d, 80) ? 400 * US : 0;
	f->can_reorder = f->jitter_ns || f->twice || f->n_streams > 1;
	for (unsigned i = 0; i < f->n_lines; i++)
		f->delay_ns[i] = draw(d, chance(d, 128) ? 300 * US : 20 * US);
	for (unsigned i = 0; i < f->n_streams; i++) {
		uint64_t ns = 1000 + draw(d, 100 * US);

		f->n_epochs[i] = f->restart == NO_RESTART  ? 1
				 : f->restart == BY_NUMBER ? 2
							   : 1 + draw(d, EPOCHS);
		for (unsigned e = 0; e < f->n_epochs[i]; e++)
			send_epoch(f, d, i, e, &ns);
	}
	for (unsigned i = 0; i < f->n_lines; i++)
		sort_ring(f, i);
}

#endif
