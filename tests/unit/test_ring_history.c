/* SPDX-License-Identifier: BSD-3-Clause */
/* Random histories of a ring against a model of it that a reader can check by eye. Another seed:
 * MCR_SEED=N test_ring_history. */
#include <stdio.h>

#include "ring_rig.h"

/* The simple model: all messages ever, with the byte offsets that the rules give, and how far the
 * writer has reserved. Positions count from first. */
struct model {
	uint32_t *lens;
	uint64_t *offsets;
	uint64_t first, n, bytes_end;
	uint64_t reserved, reserved_bytes;
};

static void model_add(struct model *m, uint32_t len, uint32_t depth, uint64_t bytes)
{
	uint64_t start = m->bytes_end, i = m->n++ - m->first;

	if (start % bytes + (len + 7) / 8 * 8 > bytes)
		start = (start / bytes + 1) * bytes;
	m->lens[i] = len;
	m->offsets[i] = start;
	m->bytes_end = start + (len + 7) / 8 * 8;
	if (m->n > m->reserved || m->bytes_end > m->reserved_bytes) {
		m->reserved = m->n + depth / 128;
		m->reserved_bytes = m->bytes_end + bytes / 128;
	}
}

static uint64_t model_oldest(const struct model *m, uint32_t depth, uint64_t bytes)
{
	uint64_t i = m->n;

	while (i > m->first && m->reserved <= i - 1 + depth &&
	       m->reserved_bytes <= m->offsets[i - 1 - m->first] + bytes)
		i--;
	return i;
}

/* The history that runs; said when it fails. */
static char running[128];

static int tell(void **state)
{
	if (running[0] != '\0')
		print_message("failed in: %s\n", running);
	return 0;
}

/* Where a ring begins: so near to 2^32 messages and bytes that the history passes them, or where
 * nothing of a position fits 32 bits. What wraps, slots and places in the area, wraps in each. */
static const uint64_t FIRSTS[] = {0, (UINT64_C(1) << 32) - 2000, (UINT64_C(1) << 62) + 12345};

/* One random history: bursts of random sizes, readers that poll a little, a lot or rarely. */
static void run_history(unsigned seed, uint32_t depth, uint64_t bytes, uint32_t max_len)
{
	enum {
		MESSAGES = 4000,
		READERS = 3
	};
	const uint64_t first = FIRSTS[seed % 3], offset = first / 8 * 8;
	struct model m = {malloc(sizeof(uint32_t) * MESSAGES),
			  malloc(sizeof(uint64_t) * MESSAGES),
			  first,
			  first,
			  offset,
			  first,
			  offset};
	struct mcr_ring_reader readers[READERS];
	uint64_t received[READERS] = {0}, lost[READERS] = {0};
	struct ring ring;

	snprintf(running, sizeof(running), "MCR_SEED=%u: depth %u, %llu bytes, payloads up to %u",
		 seed, depth, (unsigned long long)bytes, max_len);
	srand(seed);
	ring_create_at(&ring, depth, bytes, first, offset);
	for (int k = 0; k < READERS; k++)
		readers[k] = reader_create(&ring);
	while (m.n - first < MESSAGES - 32) {
		uint32_t lens[32];
		int n = 1 + rand() % (depth < 32 ? (int)depth : 32);

		for (int i = 0; i < n; i++) {
			lens[i] = (uint32_t)rand() % (max_len + 1);
			if (rand() % 4 == 0)
				lens[i] = (uint32_t)rand() % 9;
			model_add(&m, lens[i], depth, bytes);
		}
		publish(&ring, lens, n);
		assert_int_equal(ring.writer.next_offset, m.bytes_end);
		assert_true(ring.writer.reserved_bytes >= m.bytes_end); /* padding too */
		for (int k = 0; k < READERS; k++) {
			struct mcr_ring_reader *r = &readers[k];
			uint64_t oldest = model_oldest(&m, depth, bytes), gone, before = r->next;
			struct mcr_desc descs[64];
			int got;

			if (rand() % (1 + k * k * 4) != 0)
				continue;
			assert_int_equal(mcr_ring_reader_oldest(r), oldest);
			got = mcr_ring_reader_poll(r, descs, 1 + rand() % 64, &gone);
			assert_true(got > 0 || before == m.n || gone > 0);
			/* Nothing that was held is passed over, but for a reader lapped again and
			 * again. */
			if (r->slack == 0)
				assert_int_equal(gone, before < oldest ? oldest - before : 0);
			for (int i = 0; i < got; i++) {
				assert_int_equal(descs[i].seq, before + gone + (uint64_t)i + 1);
				assert_int_equal(descs[i].len, m.lens[descs[i].seq - 1 - first]);
				assert_int_equal(descs[i].offset,
						 m.offsets[descs[i].seq - 1 - first]);
				assert_whole(r, &descs[i]);
			}
			received[k] += (uint64_t)got;
			lost[k] += gone;
			assert_int_equal(received[k] + lost[k], r->next - first);
		}
	}
	assert_true(received[0] > MESSAGES / 4);
	assert_true(lost[2] > 0);
	free(ring.mem);
	free(m.lens);
	free(m.offsets);
	running[0] = '\0';
}

static void random_histories_agree_with_a_simple_model(void **state)
{
	const char *given = getenv("MCR_SEED");
	unsigned first = given ? (unsigned)strtoul(given, NULL, 0) : 0;
	unsigned n = given ? 1 : 12;

	for (unsigned seed = first; seed < first + n; seed++) {
		run_history(seed, 64, 65536, 1500);
		run_history(seed, 64, 65536, 9000);
		run_history(seed, 256, 32768, 200);
		run_history(seed, 8, 4096, 1000);
		run_history(seed, 4, 256, 64);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(random_histories_agree_with_a_simple_model, tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
