/* SPDX-License-Identifier: BSD-3-Clause */
/* Random histories of a ring against a model of it that a reader can check by eye. Another seed:
 * MCR_SEED=N test_ring_history. */
#include <stdio.h>

#include "ring_begin.h"
#include "ring_rig.h"

#define MESSAGES 4000
#define READERS  4

struct place {
	uint64_t position, offset;
};

/* The simple model: all messages ever, with the offsets that the rules give; how far the writer has
 * reserved, and the marks that it made on the way. Positions count from first. */
struct model {
	struct place messages[MESSAGES], marks[MESSAGES];
	uint32_t lens[MESSAGES];
	uint8_t forms[MESSAGES];
	uint64_t bytes, ahead, first, n, n_marks;
	uint64_t end, reserved;
};

/* octets: behind the header. */
static void model_add(struct model *m, uint32_t len, uint8_t form)
{
	uint64_t i = m->n - m->first, start = m->end, end;
	uint32_t octets =
	    40 + len + (form & MCR_FORM_INET6 ? 32 : 0) + (form & MCR_FORM_FAR_TIME ? 8 : 0);
	uint64_t span = (octets + 63) / 64 * 64;

	if (start % m->bytes + span > m->bytes)
		start = (start / m->bytes + 1) * m->bytes;
	end = start + span;
	m->messages[i] = (struct place){m->n, start};
	m->lens[i] = len;
	m->forms[i] = form;
	if (end + 64 > m->reserved) {
		m->marks[m->n_marks++] = m->messages[i];
		m->reserved = end + 64 + m->ahead;
	}
	m->end = end;
	m->n++;
}

static int model_holds(const struct model *m, uint64_t offset)
{
	return m->reserved <= offset + m->bytes;
}

/* The first mark from an offset on that is whole. */
static struct place model_mark(const struct model *m, uint64_t offset)
{
	for (uint64_t i = 0; i < m->n_marks; i++)
		if (model_holds(m, m->marks[i].offset) && m->marks[i].offset >= offset)
			return m->marks[i];
	return (struct place){m->n, m->end};
}

/* The history that runs; said when it fails. */
static char running[128];

static int tell(void **state)
{
	if (running[0] != '\0')
		print_message("failed in: %s\n", running);
	return 0;
}

/* Where a ring begins: new; or so near to 2^25 messages, where tags come again, or to 2^32 messages
 * and octets, that the history passes them; or where nothing of a position fits 32 bits. */
static const struct place BEGINNINGS[] = {
    {0, 0},
    {(UINT64_C(1) << 25) - 2000, (UINT64_C(1) << 30) - UINT64_C(64) * 999},
    {(UINT64_C(1) << 32) - 2000, (UINT64_C(1) << 32) - UINT64_C(64) * 1000},
    {(UINT64_C(1) << 62) + 12345, (UINT64_C(1) << 62) + UINT64_C(64) * 77},
};

struct history {
	struct model model;
	struct ring ring;
	struct mcr_ring_reader readers[READERS];
	uint64_t received[READERS], lost[READERS], gaps[READERS];
	uint32_t max_len;
};

static void assert_message(const struct history *h, const struct mcr_ring_reader *r,
			   const struct mcr_ring_message *message, uint64_t position)
{
	uint64_t i = position - h->model.first;

	assert_int_equal(message->at.position, position);
	assert_int_equal(message->at.offset, h->model.messages[i].offset);
	assert_int_equal(message->record.len, h->model.lens[i]);
	assert_int_equal(message->record.interface_form, h->model.forms[i]);
	assert_whole(r, message);
}

/* Reader 0 reads all that is there after each message that is put. Only a put that has to publish
 * what was put before, and then goes on, can lap it; whatever the bursts, a reader that has read
 * all that is published is never lapped. */
static void read_all(struct history *h)
{
	struct mcr_ring_message messages[64];
	struct mcr_ring_reader *r = &h->readers[0];
	uint64_t newest = mcr_ring_newest(h->ring.header), gone, before;
	int got, whole;

	do {
		before = r->at.position;
		whole = model_holds(&h->model, r->at.offset);
		assert_true(whole || before < newest);
		got = mcr_ring_reader_poll(r, messages, 64, &gone);
		assert_true(got >= 0);
		assert_true(whole ? gone == 0 : gone > 0);
		for (int i = 0; i < got; i++)
			assert_message(h, r, &messages[i], before + gone + (uint64_t)i);
		h->received[0] += (uint64_t)got;
		h->lost[0] += gone;
	} while (got > 0);
	assert_int_equal(r->at.position, newest);
}

/* A burst of random sizes. Most are short; some bursts are larger than the area. */
static void put_burst(struct history *h)
{
	struct model *m = &h->model;
	int n = 1 + rand() % 32, all_long = rand() % 16 == 0;

	for (int i = 0; i < n; i++) {
		uint8_t form = rand() % 4 ? 0 : (uint8_t)(rand() % 4 * MCR_FORM_INET6);
		uint32_t most = h->max_len - mcr_ring_extras(form), len;

		len = all_long ? most - (uint32_t)rand() % 9 : (uint32_t)rand() % (most + 1);
		if (!all_long && rand() % 4 != 0)
			len %= 100;
		model_add(m, len, form);
		put_formed(&h->ring, len, form);
		/* What readers do not see yet is half of the area at most, or what was reserved. */
		assert_true(m->end - h->ring.writer.published_end <= m->bytes / 2 + m->ahead);
		read_all(h);
	}
	mcr_ring_publish(&h->ring.writer);
	assert_int_equal(h->ring.header->reserved, m->reserved);
	assert_int_equal(h->ring.header->n_marks, m->n_marks);
	assert_true(m->reserved >= m->end + 64);
	read_all(h);
	assert_int_equal(h->readers[0].at.position, m->n);
	assert_int_equal(h->readers[0].at.offset, m->end);
}

/* What a lapped reader passes over: up to the oldest mark; when it was lapped again and again, up
 * to a distance from it, of which half of what the ring holds is left. */
static void assert_lost(const struct history *h, const struct mcr_ring_reader *r, uint64_t before,
			uint64_t gone)
{
	const struct model *m = &h->model;
	struct place oldest = model_mark(m, 0), to;
	uint64_t held = m->end - oldest.offset, slack = r->slack;

	if (slack > held / 2)
		slack = held / 2;
	to = model_mark(m, oldest.offset + slack);
	assert_int_equal(before + gone, to.position);
	assert_true(to.offset - oldest.offset <= slack + m->ahead + m->bytes / 2);
	assert_true(slack <= m->bytes / 2);
}

/* Messages of the mean size, so many of them fit behind what waits; 1/128 of the area more may, and
 * the room for one and for what is reserved behind it. */
static void assert_headroom(const struct history *h, const struct mcr_ring_reader *r)
{
	const struct model *m = &h->model;
	uint64_t headroom = mcr_ring_reader_headroom(r, r->at), used, mean, room;

	if (!model_holds(m, r->at.offset)) {
		assert_int_equal(headroom, 0);
		return;
	}
	used = m->end - r->at.offset;
	mean = used > 0 ? used / (m->n - r->at.position) : m->end / m->n;
	mean = mean > 64 ? mean : 64;
	room = m->bytes - used;
	assert_true(headroom * mean <= room);
	assert_true((headroom + 1) * mean + m->ahead + 64 >= room);
}

static void read_some(struct history *h, int k)
{
	const struct model *m = &h->model;
	struct mcr_ring_reader *r = &h->readers[k];
	struct mcr_ring_message messages[64];
	uint64_t gone, before = r->at.position, waiting;
	int whole = model_holds(m, r->at.offset), late = !r->caught_up, got;
	int want = 1 + rand() % 64;

	assert_int_equal(mcr_ring_reader_waiting(r), before < m->n);
	assert_headroom(h, r);
	got = mcr_ring_reader_poll(r, messages, want, &gone);
	assert_true(got >= 0);
	if (whole)
		assert_int_equal(gone, 0);
	else
		assert_lost(h, r, before, gone);
	waiting = m->n - before - gone;
	/* One that is behind, or was lapped, takes all that it may. */
	if (late || !whole)
		assert_int_equal(got, waiting < (uint64_t)want ? waiting : (uint64_t)want);
	assert_true(got > 0 || before == m->n);
	for (int i = 0; i < got; i++)
		assert_message(h, r, &messages[i], before + gone + (uint64_t)i);
	h->received[k] += (uint64_t)got;
	h->lost[k] += gone;
	h->gaps[k] += gone > 0;
	assert_int_equal(h->received[k] + h->lost[k], r->at.position - m->first);
}

/* Any position from the oldest to the next one can be gone to, no other. */
static void seek_any(struct history *h)
{
	const struct model *m = &h->model;
	struct mcr_ring_reader r = h->readers[READERS - 1];
	struct mcr_ring_mark oldest = mcr_ring_reader_oldest(&r), at = r.at;
	struct place expected = model_mark(m, 0);
	struct mcr_ring_message message;
	uint64_t position, whole = m->n, gone;

	assert_int_equal(oldest.position, expected.position);
	assert_int_equal(oldest.offset, expected.offset);
	while (whole > m->first && model_holds(m, m->messages[whole - 1 - m->first].offset))
		whole--;
	assert_true(whole <= oldest.position);
	if (whole < m->n) /* a pad and a record, each a quarter of the area at most */
		assert_true(oldest.offset - m->messages[whole - m->first].offset <=
			    m->ahead + m->bytes / 2);

	position = oldest.position + (uint64_t)rand() % (m->n + 1 - oldest.position);
	assert_int_equal(mcr_ring_reader_seek(&r, position), 1);
	assert_int_equal(r.at.position, position);
	assert_int_equal(mcr_ring_reader_poll(&r, &message, 1, &gone), position < m->n);
	assert_int_equal(gone, 0);
	if (position < m->n)
		assert_message(h, &r, &message, position);

	mcr_ring_reader_go(&r, at);
	if (oldest.position > 0)
		assert_int_equal(mcr_ring_reader_seek(&r, oldest.position - 1), 0);
	assert_int_equal(mcr_ring_reader_seek(&r, m->n + 1), 0);
	assert_int_equal(mcr_ring_reader_seek(&r, UINT64_MAX), 0);
	assert_memory_equal(&r.at, &at, sizeof(at));
}

static void run_history(unsigned seed, uint64_t bytes)
{
	const struct place begin = BEGINNINGS[seed % 4];
	struct history *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	snprintf(running, sizeof(running), "MCR_SEED=%u: %llu bytes", seed,
		 (unsigned long long)bytes);
	srand(seed);
	ring_create(&h->ring, bytes);
	ring_begin_at(&h->ring.writer, begin.position, begin.offset);
	h->max_len = mcr_ring_max_payload(&h->ring.writer);
	h->model.bytes = bytes;
	h->model.ahead = bytes / 128 > 64 ? bytes / 128 : 64;
	h->model.first = h->model.n = begin.position;
	h->model.end = begin.offset;
	h->model.reserved = begin.offset + 64;
	for (int k = 0; k < READERS; k++)
		h->readers[k] = reader_create(&h->ring);
	while (h->model.n - begin.position < MESSAGES - 32) {
		put_burst(h);
		for (int k = 1; k < READERS; k++)
			if (rand() % (1 + k * k * 4) == 0)
				read_some(h, k);
		seek_any(h);
	}
	assert_int_equal(h->received[0] + h->lost[0], h->model.n - begin.position);
	assert_true(h->received[0] > h->lost[0] && h->received[1] > 0);
	assert_true(h->gaps[READERS - 1] > 0);
	free(h->ring.mem);
	free(h);
	running[0] = '\0';
}

static void random_histories_agree_with_a_simple_model(void **state)
{
	const char *given = getenv("MCR_SEED");
	unsigned first = given ? (unsigned)strtoul(given, NULL, 0) : 0;
	unsigned n = given ? 1 : 12;

	for (unsigned seed = first; seed < first + n; seed++) {
		run_history(seed, 4096);
		run_history(seed, 8192);
		run_history(seed, 32768);
		run_history(seed, 262144);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(random_histories_agree_with_a_simple_model, tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
