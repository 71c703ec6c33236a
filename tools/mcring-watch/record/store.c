/* SPDX-License-Identifier: BSD-3-Clause */
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SHIFT_MIN   17u /* a segment holds the largest payload */
#define SEGMENTS    32u /* at least, where that leaves them large enough */
#define RESERVE_DIV 8u
#define FIRST_SEQ   1u

static unsigned shift_of(uint64_t octets)
{
	unsigned shift = SHIFT_MIN;

	while (octets >> (shift + 1) >= SEGMENTS)
		shift++;
	return shift;
}

uint64_t store_size(uint64_t octets)
{
	return octets >> shift_of(octets) << shift_of(octets);
}

static uint64_t segment_octets(const struct store *s)
{
	return UINT64_C(1) << s->shift;
}

int store_create(struct store *s, uint64_t octets)
{
	const uint64_t size = store_size(octets);
	void *memory;

	if (octets < STORE_OCTETS_MIN)
		return -EINVAL;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -ENOMEM;
	*s = (struct store){.memory = memory, .shift = shift_of(octets), .pin = STORE_NOWHERE};
	s->n = (unsigned)(size >> s->shift);
	s->seq = FIRST_SEQ;
	s->head = s->seq << s->shift;
	s->segments = calloc(s->n, sizeof(*s->segments));
	if (!s->segments) {
		store_destroy(s);
		return -ENOMEM;
	}
	madvise(memory, size, MADV_HUGEPAGE);
	memset(memory, 0, size); /* now, and not while packets come */
	return 0;
}

void store_destroy(struct store *s)
{
	munmap(s->memory, (uint64_t)s->n << s->shift);
	free(s->segments);
}

/* ---- positions ---- */

static uint8_t *at(const struct store *s, uint64_t position)
{
	const uint64_t slot = (position >> s->shift) % s->n;

	return s->memory + (slot << s->shift) + (position & (segment_octets(s) - 1));
}

const struct store_segment *store_segment(const struct store *s, uint64_t position)
{
	return &s->segments[(position >> s->shift) % s->n];
}

uint64_t store_head(const struct store *s)
{
	return __atomic_load_n(&s->head, __ATOMIC_ACQUIRE); /* pairs with store_commit */
}

/* ---- adding ---- */

static struct store_segment *current(struct store *s)
{
	return &s->segments[s->seq % s->n];
}

/* Goes on to the next segment, if nobody needs what is in it. */
static int turn(struct store *s, uint64_t now_ns)
{
	/* Pairs with the release in store_pin: the reader is through with what is before it. */
	const uint64_t pin = __atomic_load_n(&s->pin, __ATOMIC_ACQUIRE);
	const uint64_t next = s->seq + 1;

	if (next >= s->n + FIRST_SEQ && pin >> s->shift <= next - s->n)
		return 0;
	s->seq = next;
	*current(s) = (struct store_segment){.since_ns = now_ns, .before = s->packets};
	return 1;
}

void *store_reserve(struct store *s, uint64_t size, uint64_t now_ns)
{
	if (s->is_stuck || current(s)->used + size > segment_octets(s)) {
		s->is_stuck = !turn(s, now_ns);
		if (s->is_stuck)
			return NULL;
	}
	if (s->seq == FIRST_SEQ && current(s)->used == 0)
		current(s)->since_ns = now_ns;
	return at(s, s->seq << s->shift) + current(s)->used;
}

void store_commit(struct store *s, const struct store_record *record)
{
	current(s)->used += record->size;
	s->packets += record->kind == STORE_PACKET;
	/* A segment that is quite full ends where the next one begins. */
	__atomic_store_n(&s->head, (s->seq << s->shift) + current(s)->used, __ATOMIC_RELEASE);
}

uint64_t store_oldest(const struct store *s, uint64_t most)
{
	const uint64_t keep = s->n - 1 - s->n / RESERVE_DIV;
	const uint64_t first = s->seq > keep + FIRST_SEQ ? s->seq - keep : FIRST_SEQ;
	uint64_t seq = s->seq, octets = 0;

	while (seq > first) {
		octets += s->segments[seq % s->n].used;
		if (octets + s->segments[(seq - 1) % s->n].used > most)
			break;
		seq--;
	}
	return seq << s->shift;
}

void store_pin(struct store *s, uint64_t position)
{
	__atomic_store_n(&s->pin, position, __ATOMIC_RELEASE); /* pairs with turn */
}

/* ---- reading ---- */

const struct store_record *store_next(const struct store *s, uint64_t *position, uint64_t end)
{
	const uint64_t head = store_head(s), stop = end < head ? end : head;
	const struct store_record *record;

	while (*position < stop) {
		if (*position >> s->shift < head >> s->shift &&
		    (*position & (segment_octets(s) - 1)) >= store_segment(s, *position)->used) {
			*position = ((*position >> s->shift) + 1) << s->shift;
			continue;
		}
		record = (const struct store_record *)at(s, *position);
		*position += record->size;
		return record;
	}
	return NULL;
}
