/* SPDX-License-Identifier: BSD-3-Clause */
#include <mcring/consumer.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "client/attach.h"
#include "core/error.h"
#include "core/ring_reader.h"

/* User-visible layout: programs that were compiled against an older header must keep working. */
_Static_assert(sizeof(struct mcr_msg) == 128, "struct mcr_msg is part of the ABI");
_Static_assert(sizeof(struct mcr_pos) == 24, "struct mcr_pos is part of the ABI");

#define OPTS_SIZE_1   sizeof(struct mcr_consumer_opts) /* of the first release */
#define OPTS_SIZE_MAX 4096

#define CHUNK 32 /* descriptors copied at a time */

/* The clock is read each STRIDE polls: often for a consumer that polls now and then, rarely for one
 * that spins. */
#define STRIDE_MAX 32
#define LOOK_SOON  UINT64_C(200000)
#define LOOK_LATE  UINT64_C(10000000)

/* The engine is dead when it did not beat for a second and goes on not beating while this process
 * looks again and again: one look may be wrong, because this process may have been stopped between
 * reading the heartbeat and reading the clock, or both may have been stopped together. */
#define SILENCE_NS    UINT64_C(1000000000)
#define LOOK_AGAIN_NS UINT64_C(20000000)
#define LOOKS_AGAIN   5

struct ring {
	struct mcr_ring_reader reader;
	uint64_t done, done_offset; /* position released */
};

struct mcr_consumer {
	struct ring *rings; /* those that are read */
	unsigned n_rings;
	unsigned first; /* index in the channel of rings[0] */
	unsigned turn;  /* the ring that the next poll begins with */
	uint64_t received, lost, stale;

	unsigned polls, stride; /* until, and between looks at the clock */
	uint64_t looked_ns;
	uint64_t beat_ns, silent_ns; /* the newest heartbeat; last look that found it old */
	unsigned silent_looks;

	struct mcr_attachment attachment;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void tell(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* ---- open ---- */

/* A program may have been compiled with fewer options than this library knows, or with more: those
 * must then be unset. */
static int take_opts(struct mcr_consumer_opts *out, const struct mcr_consumer_opts *opts,
		     struct mcr_error *err)
{
	const struct mcr_consumer_opts init = MCR_CONSUMER_OPTS_INIT;
	const unsigned char *bytes = (const unsigned char *)opts;

	*out = init;
	if (opts == NULL || opts->size < OPTS_SIZE_1 || opts->size > OPTS_SIZE_MAX)
		return mcr_error_set(err, -EINVAL,
				     "options: set them with MCR_CONSUMER_OPTS_INIT first");
	for (size_t i = sizeof(*out); i < opts->size; i++)
		if (bytes[i] != 0)
			return mcr_error_set(err, -EINVAL,
					     "options: the program was compiled for a newer "
					     "libmcring-client");
	memcpy(out, opts, sizeof(*out));
	return 0;
}

static int seek_start(struct ring *ring, const struct mcr_consumer_opts *opts,
		      struct mcr_error *err)
{
	struct mcr_ring_reader *r = &ring->reader;
	uint64_t oldest, published;

	switch (opts->start) {
	case MCR_START_NEWEST:
		return 0;
	case MCR_START_OLDEST:
		mcr_ring_reader_seek(r, mcr_ring_reader_oldest(r));
		return 0;
	case MCR_START_SEQ:
		oldest = mcr_ring_reader_oldest(r);
		published = mcr_ring_reader_published(r);
		if (opts->seq <= oldest || opts->seq > published + 1) {
			const char *why = opts->seq <= oldest ? "is gone" : "is not there yet";

			if (oldest == published)
				return mcr_error_set(err, -ERANGE,
						     "seq %llu of ring %u %s: the ring holds "
						     "nothing, the next is %llu",
						     (unsigned long long)opts->seq, r->index, why,
						     (unsigned long long)published + 1);
			return mcr_error_set(
			    err, -ERANGE, "seq %llu of ring %u %s: the ring holds %llu to %llu",
			    (unsigned long long)opts->seq, r->index, why,
			    (unsigned long long)oldest + 1, (unsigned long long)published);
		}
		mcr_ring_reader_seek(r, opts->seq - 1);
		return 0;
	default:
		return mcr_error_set(err, -EINVAL, "start %u: not an enum mcr_start", opts->start);
	}
}

static int open_rings(struct mcr_consumer *c, const struct mcr_consumer_opts *opts,
		      struct mcr_error *err)
{
	const struct mcr_attachment *a = &c->attachment;
	const char *why;
	int ret;

	if (opts->ring == MCR_ALL_RINGS && opts->start == MCR_START_SEQ && a->n_rings > 1)
		return mcr_error_set(err, -EINVAL,
				     "a seq counts within one ring: say which of the channel's %u",
				     a->n_rings);
	if (opts->ring != MCR_ALL_RINGS && opts->ring >= a->n_rings)
		return mcr_error_set(err, -EINVAL, "no ring %u: the channel has 0 to %u",
				     opts->ring, a->n_rings - 1);
	c->first = opts->ring == MCR_ALL_RINGS ? 0 : opts->ring;
	c->n_rings = opts->ring == MCR_ALL_RINGS ? a->n_rings : 1;
	c->rings = calloc(c->n_rings, sizeof(*c->rings));
	if (c->rings == NULL)
		return mcr_error_set(err, -ENOMEM, "consumer: no memory");
	for (unsigned i = 0; i < c->n_rings; i++) {
		struct ring *ring = &c->rings[i];
		unsigned index = c->first + i;

		ret = mcr_ring_reader_attach(&ring->reader, a->rings[index].mem,
					     a->rings[index].len, &why);
		if (ret == 0 &&
		    (ring->reader.index != index || ring->reader.n_rings != a->n_rings)) {
			why = "the rings came in a wrong order";
			ret = -EPROTO;
		}
		if (ret < 0)
			return mcr_error_set(err, ret, "ring %u: %s", index, why);
		ret = seek_start(ring, opts, err);
		if (ret < 0)
			return ret;
		ring->done = ring->reader.next;
		ring->done_offset = ring->reader.next_offset;
	}
	return 0;
}

static void tell_page(struct mcr_consumer *c)
{
	struct mcr_consumer_page *page = c->attachment.page;

	for (unsigned i = 0; i < c->n_rings; i++) {
		tell(&page->rings[c->first + i].next_seq, c->rings[i].done + 1);
		tell(&page->rings[c->first + i].next_offset, c->rings[i].done_offset);
	}
	tell(&page->received, c->received);
	tell(&page->lost, c->lost);
	tell(&page->stale, c->stale);
}

int mcr_consumer_open(struct mcr_consumer **out, const struct mcr_consumer_opts *user_opts,
		      struct mcr_error *err)
{
	struct mcr_consumer_opts opts;
	struct mcr_consumer *c;
	int ret = take_opts(&opts, user_opts, err);

	if (ret < 0)
		return ret;
	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		if (opts.fd >= 0)
			close(opts.fd);
		return mcr_error_set(err, -ENOMEM, "consumer: no memory");
	}
	ret = mcr_attachment_open(&c->attachment, &opts, err);
	if (ret == 0)
		ret = open_rings(c, &opts, err);
	if (ret < 0) {
		mcr_consumer_close(c);
		return ret;
	}
	c->stride = 1;
	c->attachment.page->abi = MCR_ATTACH_VERSION;
	c->attachment.page->pid = (int32_t)getpid();
	tell_page(c);
	*out = c;
	return 0;
}

void mcr_consumer_close(struct mcr_consumer *c)
{
	if (c == NULL)
		return;
	mcr_attachment_close(&c->attachment);
	free(c->rings);
	free(c);
}

/* ---- poll ---- */

static void fill_data(const struct mcr_ring_reader *r, struct mcr_msg *m, const struct mcr_desc *d)
{
	*m = (struct mcr_msg){
	    .data = mcr_ring_reader_bytes(r, d->offset) +
		    (d->family == AF_INET6 ? MCR_RING_INET6_BYTES : 0),
	    .len = d->len,
	    .kind = d->kind,
	    .flags = d->flags,
	    .pos = {.epoch = r->epoch, .seq = d->seq, .ring = r->index},
	    .rx_ns = d->rx_ns,
	    .hw_ns = d->hw_ns,
	    .group_be = d->group_be,
	    .source_be = d->source_be,
	    .id = d->id,
	    .dst_port = d->port,
	    .src_port = d->source_port,
	    .vlan = d->vlan,
	    .ttl = d->ttl,
	    .family = d->family,
	    .offset = d->offset,
	};
}

static void fill_lost(const struct mcr_ring_reader *r, struct mcr_msg *m, uint64_t first,
		      uint64_t lost)
{
	*m = (struct mcr_msg){
	    .kind = MCR_LOST,
	    .pos = {.epoch = r->epoch, .seq = first + 1, .ring = r->index},
	    .lost = lost,
	};
}

/* Up to n messages of one ring. *drained: there was no more. Returns how many, or -EPROTO. */
static int poll_ring(struct mcr_consumer *c, struct ring *ring, struct mcr_msg *msgs, int n,
		     int *drained)
{
	struct mcr_ring_reader *r = &ring->reader;
	struct mcr_desc descs[CHUNK];
	int want = n < CHUNK ? n : CHUNK, count, used = 0;
	uint64_t before = r->next, lost;

	count = mcr_ring_reader_poll(r, descs, want, &lost);
	*drained = count < want;
	if (lost > 0) {
		fill_lost(r, &msgs[used++], before, lost);
		c->lost += lost;
		if (count == n) { /* no room for the last one: it comes again */
			count--;
			r->next--;
			r->next_offset = descs[count].offset;
		}
	}
	if (count < 0)
		return used > 0 ? used : count;
	for (int i = 0; i < count; i++)
		fill_data(r, &msgs[used++], &descs[i]);
	c->received += (uint64_t)count;
	return used;
}

/* Reads the clock: tells the engine that this consumer lives, and watches whether the engine does.
 */
static void look(struct mcr_consumer *c)
{
	uint64_t beat = 0, now, since;

	for (unsigned i = 0; i < c->n_rings; i++) {
		uint64_t b = mcr_ring_reader_heartbeat(&c->rings[i].reader);

		beat = b > beat ? b : beat;
	}
	now = now_ns();
	since = now - c->looked_ns;
	c->looked_ns = now;
	if (since > LOOK_LATE)
		c->stride = 1;
	else if (since < LOOK_SOON && c->stride < STRIDE_MAX)
		c->stride *= 2;
	tell(&c->attachment.page->heartbeat_ns, now);

	if (beat == 0 || beat != c->beat_ns || now < beat + SILENCE_NS) {
		c->beat_ns = beat;
		c->silent_looks = 0;
		c->silent_ns = now;
	} else if (now - c->silent_ns >= LOOK_AGAIN_NS) {
		c->silent_ns = now;
		c->silent_looks++;
	}
}

/* Nothing was found: is that for ever? The states are loaded before the rings are looked at again,
 * so that all that was published before a stop has been seen. */
static int nothing(struct mcr_consumer *c)
{
	unsigned stopped = 0;

	for (unsigned i = 0; i < c->n_rings; i++)
		stopped += (unsigned)mcr_ring_reader_stopped(&c->rings[i].reader);
	if (stopped < c->n_rings && c->silent_looks < LOOKS_AGAIN)
		return 0;
	for (unsigned i = 0; i < c->n_rings; i++) {
		const struct mcr_ring_reader *r = &c->rings[i].reader;

		if (mcr_ring_reader_published(r) != r->next)
			return 0;
	}
	return -EPIPE;
}

int mcr_consumer_poll(struct mcr_consumer *c, struct mcr_msg *msgs, int n)
{
	int got = 0, k = 0;

	if (++c->polls >= c->stride) {
		c->polls = 0;
		look(c);
	}
	for (unsigned i = 0; i < c->n_rings && got < n; i++) {
		struct ring *ring = &c->rings[c->turn];
		int drained = 0;

		/* The next poll begins with the next ring, so a busy one starves none. */
		c->turn = c->turn + 1 < c->n_rings ? c->turn + 1 : 0;
		while (!drained && got < n) {
			k = poll_ring(c, ring, msgs + got, n - got, &drained);
			if (k < 0)
				return got > 0 ? got : k;
			got += k;
		}
	}
	return got > 0 || n <= 0 ? got : nothing(c);
}

/* ---- what a message allows ---- */

static const struct mcr_ring_reader *reader_of(const struct mcr_consumer *c,
					       const struct mcr_msg *m)
{
	uint32_t i = m->pos.ring - c->first;

	return i < c->n_rings ? &c->rings[i].reader : NULL;
}

int64_t mcr_consumer_read(struct mcr_consumer *c, const struct mcr_msg *m, void *buf, size_t cap)
{
	const struct mcr_ring_reader *r = reader_of(c, m);

	if (m->len == 0)
		return 0;
	if (r == NULL)
		return -ESTALE;
	mcr_ring_copy_out(buf, m->data, m->len < cap ? m->len : cap);
	if (mcr_ring_reader_overrun(r, m->pos.seq - 1, m->offset)) {
		c->stale++;
		return -ESTALE;
	}
	return m->len;
}

int mcr_consumer_intact(const struct mcr_consumer *c, const struct mcr_msg *m)
{
	const struct mcr_ring_reader *r = reader_of(c, m);

	return m->len == 0 || (r != NULL && !mcr_ring_reader_overrun(r, m->pos.seq - 1, m->offset));
}

void mcr_consumer_release(struct mcr_consumer *c)
{
	for (unsigned i = 0; i < c->n_rings; i++) {
		c->rings[i].done = c->rings[i].reader.next;
		c->rings[i].done_offset = c->rings[i].reader.next_offset;
	}
	tell_page(c);
}

uint64_t mcr_consumer_headroom(const struct mcr_consumer *c)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < c->n_rings; i++) {
		const struct ring *ring = &c->rings[i];
		uint64_t headroom =
		    mcr_ring_reader_headroom(&ring->reader, ring->done, ring->done_offset);

		least = headroom < least ? headroom : least;
	}
	return least;
}

uint32_t mcr_consumer_rings(const struct mcr_consumer *c)
{
	return c->attachment.n_rings;
}
