// SPDX-License-Identifier: BSD-3-Clause
// The ring's protocol in Relacy: every access of lib/core/ring.h, ring_reader.h and ring_reader.c
// that the order of memory matters to, one for one, on rings so small that all interleavings and
// all values that C11 allows a relaxed load to see are tried. TSan cannot do this: it does not know
// fences.
//
//     ring_model          the protocol holds, in each of the shapes below
//     ring_model MUTANT   the protocol with one thing taken away fails where it must
//
// Shape and mutant are values and not template arguments: Relacy takes seconds to compile once.
#include <cstdio>
#include <cstring>
#include <ostream>

#include <relacy/relacy.hpp>

enum mutant {
	NONE,
	NO_RELEASE_FENCE,
	RELEASE_STORE_INSTEAD, // of the fence: orders what comes before it, not after
	NO_ACQUIRE_FENCE,
	RELAXED_PUBLISH,
	RELAXED_LOAD, // of published
	OFF_BY_ONE,
	BYTE_OFF_BY_ONE,
	NO_BYTE_TEST,
	LOOK_BEFORE_COPY, // the test comes before the payload is read, not after
	LOOK_AT_LAST,     // the test of a poll is made for the last descriptor, not the first
	RESERVE_AFTER,    // the message is written, not before
	RESERVE_LESS,     // is said than the writer then writes
	MUTANTS
};

enum {
	DEPTH_MAX = 2,
	BYTES_MAX = 8,
	LEN_MAX = 3,
	MESSAGES_MAX = 4
};

// The ring's depth and bytes (here words), and the lengths of the messages, chunk by chunk. The
// writer reserves so many messages and bytes ahead of what it puts.
struct shape {
	const char *name;
	unsigned depth, bytes, messages, chunk, ahead;
	unsigned len[MESSAGES_MAX];
};

static const shape shapes[] = {
    {"lapped by descriptors", 1, 8, 2, 1, 0, {1, 1}}, {"lapped by bytes", 2, 1, 2, 1, 0, {1, 1}},
    {"lapped over padding", 2, 4, 2, 1, 0, {2, 3}}, // the second does not fit behind the first
    {"chunks of two", 2, 2, 4, 2, 0, {1, 1, 1, 1}},   {"reserved ahead", 2, 3, 3, 1, 1, {1, 1, 1}},
    {"ahead of all it holds", 1, 2, 2, 1, 1, {1, 1}},
};

enum {
	BY_DESCRIPTORS = 1 << 0,
	BY_BYTES = 1 << 1,
	OVER_PADDING = 1 << 2,
	OF_TWO = 1 << 3,
	AHEAD = 1 << 4,
	AHEAD_OF_ALL = 1 << 5,
	ALL = (1 << 6) - 1,
	READABLE = ALL & ~AHEAD_OF_ALL // in the other one every message is overtaken at once
};

// In which of the shapes it must fail: an order that is missing shows in descriptors and in bytes.
static const struct {
	const char *name;
	unsigned fails_in;
} mutants[MUTANTS] = {
    {"none", 0},
    {"no-release-fence", READABLE},
    {"release-store-instead", READABLE},
    {"no-acquire-fence", READABLE},
    {"relaxed-publish", ALL},
    {"relaxed-load", ALL},
    {"off-by-one", BY_DESCRIPTORS},
    {"byte-off-by-one", BY_BYTES},
    {"no-byte-test", BY_BYTES | OVER_PADDING},
    {"look-before-copy", BY_BYTES | OVER_PADDING | OF_TWO},
    {"look-at-last", OF_TWO},
    {"reserve-after", READABLE},
    {"reserve-less", AHEAD_OF_ALL},
};

// Of the simulation that runs; Relacy has no way to hand them to a test.
static const shape *ring;
static mutant taken;

static unsigned place(unsigned offset, unsigned len)
{
	unsigned position = offset % ring->bytes;

	return position + len <= ring->bytes ? offset : offset + (ring->bytes - position);
}

static unsigned offset_of(unsigned i)
{
	unsigned at = 0;

	for (unsigned k = 0;; k++) {
		at = place(at, ring->len[k]);
		if (k == i)
			return at;
		at += ring->len[k];
	}
}

static unsigned value(unsigned i, unsigned word)
{
	return 100 * (i + 1) + word;
}

struct ring_test : rl::test_suite<ring_test, 2> {
	rl::atomic<unsigned> reserved, reserved_bytes, published;
	rl::atomic<unsigned> seq[DEPTH_MAX], offset[DEPTH_MAX]; // a descriptor's words
	rl::atomic<unsigned> data[BYTES_MAX];

	void before()
	{
		reserved.store(0, rl::mo_relaxed, $);
		reserved_bytes.store(0, rl::mo_relaxed, $);
		published.store(0, rl::mo_relaxed, $);
		for (unsigned i = 0; i < ring->depth; i++) {
			seq[i].store(0, rl::mo_relaxed, $);
			offset[i].store(0, rl::mo_relaxed, $);
		}
		for (unsigned i = 0; i < ring->bytes; i++)
			data[i].store(0, rl::mo_relaxed, $);
	}

	void thread(unsigned index)
	{
		if (index == 0)
			write();
		else
			read();
	}

	// mcr_ring_put and mcr_ring_copy
	void put(unsigned i)
	{
		seq[i % ring->depth].store(i + 1, rl::mo_relaxed, $);
		offset[i % ring->depth].store(offset_of(i), rl::mo_relaxed, $);
		for (unsigned w = 0; w < ring->len[i]; w++)
			data[(offset_of(i) + w) % ring->bytes].store(value(i, w), rl::mo_relaxed,
								     $);
	}

	// mcr_ring_reserve
	void reserve(unsigned i, unsigned end)
	{
		const rl::memory_order announce =
		    taken == RELEASE_STORE_INSTEAD ? rl::mo_release : rl::mo_relaxed;
		unsigned said = taken == RESERVE_LESS ? 0 : ring->ahead;

		reserved.store(i + 1 + said, announce, $);
		reserved_bytes.store(end + said, announce, $);
		if (taken != NO_RELEASE_FENCE && taken != RELEASE_STORE_INSTEAD)
			rl::atomic_thread_fence(rl::mo_release, $);
	}

	// mcr_ring_put..., mcr_ring_publish
	void write()
	{
		unsigned may = 0, may_bytes = 0; // what was reserved

		for (unsigned i = 0; i < ring->messages; i++) {
			unsigned end = offset_of(i) + ring->len[i];

			bool more = i >= may || end > may_bytes;

			if (more) {
				may = i + 1 + ring->ahead;
				may_bytes = end + ring->ahead;
			}
			if (more && taken != RESERVE_AFTER)
				reserve(i, end);
			put(i);
			if (more && taken == RESERVE_AFTER)
				reserve(i, end);
			if ((i + 1) % ring->chunk == 0)
				published.store(
				    i + 1,
				    taken == RELAXED_PUBLISH ? rl::mo_relaxed : rl::mo_release, $);
		}
	}

	// mcr_ring_reader_overrun
	bool overrun(unsigned i, unsigned at)
	{
		if (taken != NO_ACQUIRE_FENCE)
			rl::atomic_thread_fence(rl::mo_acquire, $);
		if (reserved.load(rl::mo_relaxed, $) >
		    i + ring->depth + (taken == OFF_BY_ONE ? 1 : 0))
			return true;
		return taken != NO_BYTE_TEST &&
		       reserved_bytes.load(rl::mo_relaxed, $) >
			   at + ring->bytes + (taken == BYTE_OFF_BY_ONE ? 1 : 0);
	}

	// mcr_consumer_read, or what an in-place reader does and then mcr_consumer_intact
	void read_payload(unsigned i, unsigned at)
	{
		unsigned words[LEN_MAX];

		if (taken == LOOK_BEFORE_COPY && overrun(i, at))
			return;
		for (unsigned w = 0; w < ring->len[i]; w++)
			words[w] = data[(at + w) % ring->bytes].load(rl::mo_relaxed, $);
		if (taken != LOOK_BEFORE_COPY && overrun(i, at))
			return;
		for (unsigned w = 0; w < ring->len[i]; w++)
			RL_ASSERT(words[w] == value(i, w));
	}

	// mcr_ring_reader_poll, which copies several descriptors and looks once, then the payload
	// of one of them
	void read()
	{
		unsigned s[DEPTH_MAX], at[DEPTH_MAX];
		unsigned end =
		    published.load(taken == RELAXED_LOAD ? rl::mo_relaxed : rl::mo_acquire, $);

		if (end == 0)
			return;

		// Where the reader stands: the search tries each position that is not ahead.
		unsigned next = rl::rand(end);
		unsigned count = end - next < ring->depth ? end - next : ring->depth;

		for (unsigned k = 0; k < count; k++) {
			s[k] = seq[(next + k) % ring->depth].load(rl::mo_relaxed, $);
			at[k] = offset[(next + k) % ring->depth].load(rl::mo_relaxed, $);
		}
		unsigned looked = taken == LOOK_AT_LAST ? count - 1 : 0;
		if (overrun(next + looked, at[looked]))
			return;
		for (unsigned k = 0; k < count; k++) {
			RL_ASSERT(s[k] == next + k + 1);
			RL_ASSERT(at[k] == offset_of(next + k));
		}
		unsigned k = count == 1 ? 0 : rl::rand(count);
		read_payload(next + k, at[k]);
	}
};

// Returns 1 when the shape holds, 0 when an assertion failed, -1 when the model itself is broken.
static int holds()
{
	rl::test_params params;
	std::ostream quiet(NULL); // one that allocates would disturb Relacy, which counts memory

	params.search_type = rl::sched_full;
	params.output_stream = &quiet;
	params.progress_stream = &quiet;
	params.execution_depth_limit = 1000;
	bool ok = rl::simulate<ring_test>(params);
	std::printf("%-22s %-22s %s after %llu executions\n", mutants[taken].name, ring->name,
		    ok ? "holds" : "fails", (unsigned long long)params.stop_iteration);
	if (ok)
		return 1;
	if (params.test_result == rl::test_result_user_assert_failed)
		return 0;
	std::printf("the model is broken: %s\n", rl::test_result_str(params.test_result));
	return -1;
}

// Returns 0 when the protocol holds in every shape, or the mutant fails where it must.
static int check()
{
	int bad = 0;

	for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (taken != NONE && (mutants[taken].fails_in >> i & 1) == 0)
			continue;
		ring = &shapes[i];
		int result = holds();

		if (result < 0)
			return 2;
		bad |= result != (taken == NONE);
	}
	return bad;
}

int main(int argc, char **argv)
{
	for (unsigned i = 0; i < MUTANTS; i++) {
		if (std::strcmp(argc > 1 ? argv[1] : "none", mutants[i].name) == 0) {
			taken = static_cast<mutant>(i);
			return check();
		}
	}
	std::fprintf(stderr, "no mutant %s\n", argv[1]);
	return 2;
}
