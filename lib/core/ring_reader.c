/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/ring_reader.h"

#include <errno.h>

/* Looks at the latch. The writer moves it with each chunk, far more slowly than one can look. */
#define LOOKS_MAX 1000

static int power_of_two(uint64_t x)
{
	return x != 0 && (x & (x - 1)) == 0;
}

/* Copies what mcr_ring_format wrote; the reader uses only the copy. The loads are atomic because a
 * compiler may read the source of a plain copy twice, and a hostile writer could write in between.
 */
static void load_fixed(const struct mcr_ring_header *header, struct mcr_ring_header *h)
{
	const uint64_t *from = (const uint64_t *)(const void *)header;
	uint64_t words[offsetof(struct mcr_ring_header, reserve) / sizeof(uint64_t)];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		words[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
	memcpy(h, words, sizeof(words));
}

static int check_fixed(const struct mcr_ring_header *h, size_t size, const char **why)
{
	*why = "use the client library of the engine's version";
	if (h->abi > MCR_RING_ABI || h->abi < MCR_RING_ABI_OLDEST)
		return -EPROTO;
	*why = "the ring's header makes no sense";
	if (h->header_bytes != MCR_RING_HEADER_BYTES || h->epoch == 0 || h->index >= h->n_rings ||
	    !power_of_two(h->bytes) || h->bytes < MCR_RING_BYTES_MIN ||
	    h->bytes > MCR_RING_BYTES_MAX)
		return -EPROTO;
	*why = "the ring is larger than its region";
	return h->region_bytes == mcr_ring_footprint(h->bytes) && h->region_bytes <= size ? 0
											  : -EPROTO;
}

int mcr_ring_reader_attach(struct mcr_ring_reader *r, const void *mem, size_t size,
			   const char **why)
{
	const struct mcr_ring_header *header = mem;
	struct mcr_ring_published newest;
	struct mcr_ring_header h;
	int ret;

	memset(r, 0, sizeof(*r));
	*why = "the region is shorter than a ring's header";
	if (size < MCR_RING_HEADER_BYTES)
		return -EPROTO;
	*why = "the region does not hold a ring";
	if (__atomic_load_n(&header->magic, __ATOMIC_ACQUIRE) != MCR_RING_MAGIC)
		return -EPROTO;
	load_fixed(header, &h);
	r->abi = h.abi;
	ret = check_fixed(&h, size, why);
	if (ret < 0)
		return ret;

	r->header = header;
	r->data = (const uint8_t *)mem + MCR_RING_HEADER_BYTES;
	r->bytes = h.bytes;
	r->epoch = h.epoch;
	r->index = h.index;
	r->n_rings = h.n_rings;
	*why = "the ring's counts never stand still";
	if (!mcr_ring_reader_newest(r, &newest))
		return -EPROTO;
	r->at = (struct mcr_ring_mark){newest.messages, newest.end};
	*why = NULL;
	return 0;
}

int mcr_ring_reader_newest(const struct mcr_ring_reader *r, struct mcr_ring_published *out)
{
	const uint64_t *version = &r->header->version;

	for (int look = 0; look < LOOKS_MAX; look++) {
		uint64_t v = __atomic_load_n(version, __ATOMIC_ACQUIRE);
		const struct mcr_ring_published *copy = &r->header->published[v % 2];
		struct mcr_ring_published p = {
		    .messages = __atomic_load_n(&copy->messages, __ATOMIC_RELAXED),
		    .end = __atomic_load_n(&copy->end, __ATOMIC_RELAXED),
		};

		mcr_ring_fence_acquire();
		if (__atomic_load_n(version, __ATOMIC_RELAXED) == v) {
			p.end &= ~(uint64_t)(MCR_RING_LINE - 1); /* no hostile one misaligns us */
			*out = p;
			return 1;
		}
	}
	return 0;
}

/* Loads mark i and finds out whether it can be believed: its message is published, so its tag was
 * written, and neither the mark nor the message has been overwritten since. published: loaded
 * before. */
static int load_mark(const struct mcr_ring_reader *r, uint64_t i, uint64_t published,
		     struct mcr_ring_mark *out)
{
	const struct mcr_ring_mark *mark = &r->header->marks[i % MCR_RING_MARKS];
	uint32_t tag;

	out->position = __atomic_load_n(&mark->position, __ATOMIC_RELAXED);
	out->offset = __atomic_load_n(&mark->offset, __ATOMIC_RELAXED);
	mcr_ring_fence_acquire();
	if (i + MCR_RING_MARKS <= __atomic_load_n(&r->header->n_marks, __ATOMIC_RELAXED) ||
	    out->position >= published || out->offset % MCR_RING_LINE != 0 ||
	    mcr_ring_reader_overrun(r, out->offset)) /* saves the look at its line */
		return 0;
	tag = mcr_ring_word_tag(mcr_ring_reader_word(r, out->offset));
	return (tag & ~MCR_TAG_MORE) == mcr_ring_tag(out->position + 1) &&
	       !mcr_ring_reader_overrun(r, out->offset);
}

/* Finds the first mark that can be believed and is not before `offset`. Returns 1, or 0 when there
 * is none. */
static int find_mark(const struct mcr_ring_reader *r, uint64_t offset, struct mcr_ring_mark *out)
{
	uint64_t published = mcr_ring_reader_published(r);
	uint64_t n = __atomic_load_n(&r->header->n_marks, __ATOMIC_ACQUIRE);

	for (uint64_t i = n > MCR_RING_MARKS - 1 ? n - (MCR_RING_MARKS - 1) : 0; i < n; i++)
		if (load_mark(r, i, published, out) && out->offset >= offset)
			return 1;
	return 0;
}

struct mcr_ring_mark mcr_ring_reader_oldest(const struct mcr_ring_reader *r)
{
	struct mcr_ring_published newest;
	struct mcr_ring_mark mark;

	if (find_mark(r, 0, &mark))
		return mark;
	if (mcr_ring_reader_newest(r, &newest))
		return (struct mcr_ring_mark){newest.messages, newest.end};
	return r->at;
}

/* Goes from a mark to a position behind it, message by message. Returns 0 when that is not there.
 */
static int walk(const struct mcr_ring_reader *r, struct mcr_ring_mark *at, uint64_t position)
{
	uint64_t from = at->offset, far = mcr_ring_ahead(r->bytes) + r->bytes / 2;
	struct mcr_ring_message m;
	uint32_t more;

	while (at->position < position)
		if (at->offset - from > far || mcr_ring_reader_look(r, at, &m, &more) != 1)
			return 0;
	return !mcr_ring_reader_overrun(r, from);
}

int mcr_ring_reader_seek(struct mcr_ring_reader *r, uint64_t position)
{
	uint64_t published = mcr_ring_reader_published(r);
	uint64_t n = __atomic_load_n(&r->header->n_marks, __ATOMIC_ACQUIRE);
	uint64_t oldest = n > MCR_RING_MARKS - 1 ? n - (MCR_RING_MARKS - 1) : 0;
	struct mcr_ring_published newest;
	struct mcr_ring_mark mark;

	if (mcr_ring_reader_newest(r, &newest) && newest.messages == position) {
		mcr_ring_reader_go(r, (struct mcr_ring_mark){newest.messages, newest.end});
		return 1;
	}
	for (uint64_t i = n; i > oldest; i--) {
		if (!load_mark(r, i - 1, published, &mark) || mark.position > position)
			continue;
		if (!walk(r, &mark, position))
			return 0;
		mcr_ring_reader_go(r, mark);
		return 1;
	}
	return 0;
}

/* A reader that is soon lapped again is too slow for this writer, so it goes on farther from the
 * edge, twice as far each time: it gets long runs with few gaps instead of single messages between
 * gaps. */
static uint64_t next_slack(const struct mcr_ring_reader *r)
{
	uint64_t run = r->at.offset - r->resumed, slack = r->slack;

	if (r->resumed == 0 || run > 16 * r->bytes)
		return 0;
	if (run < r->bytes / 2)
		slack = slack == 0 ? r->bytes / 64 : slack * 2;
	return slack < r->bytes / 2 ? slack : r->bytes / 2;
}

uint64_t mcr_ring_reader_lapped(struct mcr_ring_reader *r)
{
	struct mcr_ring_mark from = r->at, to = mcr_ring_reader_oldest(r), farther;
	struct mcr_ring_published newest;
	uint64_t held, slack;

	/* It stood at a pad, and nothing but the pad is overwritten. */
	if (to.position == from.position && to.offset > from.offset) {
		mcr_ring_reader_go(r, to);
		return 0;
	}
	r->slack = slack = next_slack(r);
	if (mcr_ring_reader_newest(r, &newest) && newest.end > to.offset) {
		held = newest.end - to.offset;
		slack = slack < held / 2 ? slack : held / 2;
		if (slack > 0 && find_mark(r, to.offset + slack, &farther))
			to = farther;
	}
	/* A hostile header can move backwards, and the latch of an honest one can be behind; a
	 * reader never goes back. */
	if (to.position <= from.position || to.offset <= from.offset)
		return 0;
	mcr_ring_reader_go(r, to);
	r->resumed = to.offset;
	return to.position - from.position;
}

/* Copies what is there, up to n messages. Returns how many, or -EPROTO for one that makes no sense.
 * A reader that had caught up takes one chunk, so that it does not touch the line that the writer
 * is about to fill. */
static int load(struct mcr_ring_reader *r, struct mcr_ring_mark *at,
		struct mcr_ring_message *messages, int n)
{
	int got = 0, most = n, ret;
	uint32_t more;

	mcr_ring_reader_fetch(r, at->offset);
	while (got < most) {
		ret = mcr_ring_reader_look(r, at, &messages[got], &more);
		if (ret <= 0)
			return ret < 0 ? ret : got;
		if (got++ == 0 && r->caught_up && more + 1 < (uint32_t)n)
			most = (int)more + 1;
	}
	return got;
}

int mcr_ring_reader_poll(struct mcr_ring_reader *r, struct mcr_ring_message *messages, int n,
			 uint64_t *lost)
{
	*lost = 0;
	for (int chase = 0; chase < MCR_RING_CHASES_MAX; chase++) {
		struct mcr_ring_mark at = r->at;
		int got = load(r, &at, messages, n);

		if (!mcr_ring_reader_overrun(r, r->at.offset)) {
			if (got > 0)
				r->at = at;
			r->caught_up = got == 0;
			return got;
		}
		*lost += mcr_ring_reader_lapped(r);
	}
	r->caught_up = 0;
	return 0;
}

uint64_t mcr_ring_reader_headroom(const struct mcr_ring_reader *r, struct mcr_ring_mark at)
{
	uint64_t reserved = __atomic_load_n(&r->header->reserved, __ATOMIC_RELAXED);
	uint64_t most = r->bytes - mcr_ring_ahead(r->bytes) - MCR_RING_LINE;
	uint64_t taken = reserved > at.offset ? reserved - at.offset : 0, mean, used = 0;
	struct mcr_ring_published newest;

	if (taken > r->bytes || !mcr_ring_reader_newest(r, &newest))
		return 0;
	/* The writer may use what it has reserved; its next reserve goes beyond the area as soon as
	 * it reaches beyond `most`. */
	if (taken > most + MCR_RING_LINE)
		most = taken - MCR_RING_LINE;
	mean = newest.messages > 0 ? newest.end / newest.messages : 0;
	if (newest.messages > at.position && newest.end > at.offset) {
		used = newest.end - at.offset;
		mean = used / (newest.messages - at.position);
	}
	if (used > most)
		return 0;
	return (most - used) / (mean > MCR_RING_LINE ? mean : MCR_RING_LINE);
}
