// SPDX-License-Identifier: BSD-3-Clause
// The ring's protocol in Relacy: every access of lib/core/ring.h and ring_reader.c that the order
// of memory matters to, one for one, on rings so small that all interleavings and all values that
// C11 allows a relaxed load to see are tried. TSan cannot do this: it does not know fences.
//
//     ring_model          the protocol holds, in each of the shapes below
//     ring_model MUTANT   the protocol with one thing taken away fails in at least one of them
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
	MUTANTS
};

static const char *const mutant_names[MUTANTS] = {"none",
						  "no-release-fence",
						  "release-store-instead",
						  "no-acquire-fence",
						  "relaxed-publish",
						  "relaxed-load",
						  "off-by-one",
						  "byte-off-by-one",
						  "no-byte-test"};

// A shape: the ring's depth and bytes (here words), and the lengths of the messages, chunk by
// chunk.
struct lapped_by_descriptors {
	enum {
		depth = 1,
		bytes = 8,
		messages = 2,
		chunk = 1
	};
	static unsigned len(unsigned)
	{
		return 1;
	}
};

struct lapped_by_bytes {
	enum {
		depth = 2,
		bytes = 1,
		messages = 2,
		chunk = 1
	};
	static unsigned len(unsigned)
	{
		return 1;
	}
};

struct lapped_over_padding { // the second message does not fit behind the first
	enum {
		depth = 2,
		bytes = 4,
		messages = 2,
		chunk = 1
	};
	static unsigned len(unsigned i)
	{
		return i == 0 ? 2 : 3;
	}
};

struct chunks_of_two {
	enum {
		depth = 2,
		bytes = 2,
		messages = 4,
		chunk = 2
	};
	static unsigned len(unsigned)
	{
		return 1;
	}
};

static unsigned place(unsigned offset, unsigned len, unsigned bytes)
{
	unsigned position = offset % bytes;

	return position + len <= bytes ? offset : offset + (bytes - position);
}

template <class Shape, mutant Mutant>
struct ring_test : rl::test_suite<ring_test<Shape, Mutant>, 2> {
	rl::atomic<unsigned> reserved, reserved_bytes, published;
	rl::atomic<unsigned> seq[Shape::depth], offset[Shape::depth]; // a descriptor's words
	rl::atomic<unsigned> data[Shape::bytes];

	static unsigned offset_of(unsigned i)
	{
		unsigned at = 0;

		for (unsigned k = 0;; k++) {
			at = place(at, Shape::len(k), Shape::bytes);
			if (k == i)
				return at;
			at += Shape::len(k);
		}
	}

	static unsigned value(unsigned i, unsigned word)
	{
		return 100 * (i + 1) + word;
	}

	void before()
	{
		reserved.store(0, rl::mo_relaxed, $);
		reserved_bytes.store(0, rl::mo_relaxed, $);
		published.store(0, rl::mo_relaxed, $);
		for (unsigned i = 0; i < Shape::depth; i++) {
			seq[i].store(0, rl::mo_relaxed, $);
			offset[i].store(0, rl::mo_relaxed, $);
		}
		for (unsigned i = 0; i < Shape::bytes; i++)
			data[i].store(0, rl::mo_relaxed, $);
	}

	void thread(unsigned index)
	{
		if (index == 0)
			write();
		else
			read();
	}

	// mcr_ring_reserve, mcr_ring_put, mcr_ring_copy, mcr_ring_publish
	void write()
	{
		const rl::memory_order announce =
		    Mutant == RELEASE_STORE_INSTEAD ? rl::mo_release : rl::mo_relaxed;

		for (unsigned first = 0; first < Shape::messages; first += Shape::chunk) {
			unsigned last = first + Shape::chunk - 1;

			reserved.store(last + 1, announce, $);
			reserved_bytes.store(offset_of(last) + Shape::len(last), announce, $);
			if (Mutant != NO_RELEASE_FENCE && Mutant != RELEASE_STORE_INSTEAD)
				rl::atomic_thread_fence(rl::mo_release, $);
			for (unsigned i = first; i <= last; i++) {
				seq[i % Shape::depth].store(i + 1, rl::mo_relaxed, $);
				offset[i % Shape::depth].store(offset_of(i), rl::mo_relaxed, $);
				for (unsigned w = 0; w < Shape::len(i); w++)
					data[(offset_of(i) + w) % Shape::bytes].store(
					    value(i, w), rl::mo_relaxed, $);
			}
			published.store(last + 1,
					Mutant == RELAXED_PUBLISH ? rl::mo_relaxed : rl::mo_release,
					$);
		}
	}

	// mcr_ring_reader_overrun
	bool overrun(unsigned i, unsigned at)
	{
		unsigned slack = Mutant == OFF_BY_ONE ? 1 : 0;

		if (Mutant != NO_ACQUIRE_FENCE)
			rl::atomic_thread_fence(rl::mo_acquire, $);
		if (reserved.load(rl::mo_relaxed, $) > i + Shape::depth + slack)
			return true;
		return Mutant != NO_BYTE_TEST &&
		       reserved_bytes.load(rl::mo_relaxed, $) >
			   at + Shape::bytes + (Mutant == BYTE_OFF_BY_ONE ? 1 : 0);
	}

	// mcr_ring_reader_poll, then mcr_consumer_read
	void read()
	{
		unsigned end =
		    published.load(Mutant == RELAXED_LOAD ? rl::mo_relaxed : rl::mo_acquire, $);

		if (end == 0)
			return;

		// Which message: the search tries each.
		unsigned i = rl::rand(end);
		unsigned s = seq[i % Shape::depth].load(rl::mo_relaxed, $);
		unsigned at = offset[i % Shape::depth].load(rl::mo_relaxed, $);
		unsigned words[4];

		if (overrun(i, at))
			return;
		RL_ASSERT(s == i + 1);
		RL_ASSERT(at == offset_of(i));
		for (unsigned w = 0; w < Shape::len(i); w++)
			words[w] = data[(at + w) % Shape::bytes].load(rl::mo_relaxed, $);
		if (overrun(i, at))
			return;
		for (unsigned w = 0; w < Shape::len(i); w++)
			RL_ASSERT(words[w] == value(i, w));
	}
};

// Returns 1 when the shape holds, 0 when an assertion failed, -1 when the model itself is broken.
template <class Shape, mutant Mutant> static int holds(const char *shape)
{
	rl::test_params params;
	std::ostream quiet(NULL); // one that allocates would disturb Relacy, which counts memory

	params.search_type = rl::sched_full;
	params.output_stream = &quiet;
	params.progress_stream = &quiet;
	params.execution_depth_limit = 1000;
	bool ok = rl::simulate<ring_test<Shape, Mutant>>(params);
	std::printf("%-22s %-22s %s after %llu executions\n", mutant_names[Mutant], shape,
		    ok ? "holds" : "fails", (unsigned long long)params.stop_iteration);
	if (ok)
		return 1;
	if (params.test_result == rl::test_result_user_assert_failed)
		return 0;
	std::printf("the model is broken: %s\n", rl::test_result_str(params.test_result));
	return -1;
}

// Returns 0 when the protocol holds in every shape, or the mutant fails in at least one.
template <mutant Mutant> static int check()
{
	static int (*const shapes[])(const char *) = {
	    holds<lapped_by_descriptors, Mutant>, holds<lapped_by_bytes, Mutant>,
	    holds<lapped_over_padding, Mutant>, holds<chunks_of_two, Mutant>};
	static const char *const names[] = {"lapped by descriptors", "lapped by bytes",
					    "lapped over padding", "chunks of two"};

	for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		int result = shapes[i](names[i]);

		if (result < 0)
			return 2;
		if (result == 0)
			return Mutant == NONE ? 1 : 0;
	}
	return Mutant == NONE ? 0 : 1;
}

int main(int argc, char **argv)
{
	static int (*const checks[MUTANTS])() = {check<NONE>,
						 check<NO_RELEASE_FENCE>,
						 check<RELEASE_STORE_INSTEAD>,
						 check<NO_ACQUIRE_FENCE>,
						 check<RELAXED_PUBLISH>,
						 check<RELAXED_LOAD>,
						 check<OFF_BY_ONE>,
						 check<BYTE_OFF_BY_ONE>,
						 check<NO_BYTE_TEST>};

	for (unsigned i = 0; i < MUTANTS; i++)
		if (std::strcmp(argc > 1 ? argv[1] : "none", mutant_names[i]) == 0)
			return checks[i]();
	std::fprintf(stderr, "no mutant %s\n", argv[1]);
	return 2;
}
