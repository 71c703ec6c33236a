// SPDX-License-Identifier: BSD-3-Clause
// The ring's protocol in Relacy: every access of lib/core/ring.h, ring.c, ring_reader.h and
// ring_reader.c that the order of memory matters to, one for one, on rings of a few lines. TSan
// cannot do this: it does not know fences.
//
//     ring_model none [MILLIONS]     the protocol holds, in each shape of ring_shapes.h
//     ring_model search              and in all executions of the smallest
//     ring_model MUTANT [MILLIONS]   the protocol with one thing taken away fails where it must
//
// MILLIONS of executions of each shape, at random but always the same ones, in which a load sees
// one of the last three values that C11 allows it to see; in the search, one of the last two. A
// line has two words: word 0 is a record's tag, word 1 stands for all other words of its header,
// and its payload begins with the second line.
//
// Shape and mutant are values and not template arguments: Relacy takes seconds to compile once.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ostream>

#include <relacy/relacy.hpp>

#include "ring_shapes.h"

struct mark {
	unsigned position, offset;
};

struct ring_test : rl::test_suite<ring_test, 2> {
	rl::atomic<unsigned> data[AREA_MAX], reserved, n_marks, version;
	rl::atomic<unsigned> mark_position[MARKS_MAX], mark_offset[MARKS_MAX];
	rl::atomic<unsigned> messages[2], end[2]; // the latch

	// The writer's own.
	unsigned bytes, next, next_offset, may, marked, moved, published_messages, published_end;
	unsigned first, first_word; // place and word that are stored last
	bool open;                  // there is a chunk

	// What is true, for the assertions: where each message's record is, and where a reader
	// stands that has read all before it; what is published.
	unsigned record[MESSAGES_MAX], behind[MESSAGES_MAX + 1], published;

	// The reader's own. known: that so many are published.
	mark at;
	unsigned known;

	void before()
	{
		bytes = ring->area * LINE;
		next = next_offset = may = marked = moved = published_messages = published_end = 0;
		open = false;
		published = behind[0] = 0;
		for (unsigned i = 0; i < MESSAGES_MAX; i++)
			record[i] = behind[i + 1] = ~0u;
		for (unsigned i = 0; i < bytes; i++)
			data[i].store(0, rl::mo_relaxed, $);
		for (unsigned i = 0; i < ring->marks; i++) {
			mark_position[i].store(0, rl::mo_relaxed, $);
			mark_offset[i].store(0, rl::mo_relaxed, $);
		}
		for (unsigned i = 0; i < 2; i++) {
			messages[i].store(0, rl::mo_relaxed, $);
			end[i].store(0, rl::mo_relaxed, $);
		}
		reserved.store(0, rl::mo_relaxed, $);
		n_marks.store(0, rl::mo_relaxed, $);
		version.store(0, rl::mo_relaxed, $);
		write(ring->before);
		known = ring->before;
	}

	void thread(unsigned index)
	{
		if (index == 0)
			write(searching ? ring->before + ring->searched : n_messages());
		else
			read();
	}

	rl::atomic<unsigned> &word(unsigned offset)
	{
		return data[offset % bytes];
	}

	// ---- the writer ----

	// reserve
	void reserve(unsigned offset, unsigned span)
	{
		unsigned i = marked % ring->marks;

		mark_position[i].store(next, rl::mo_relaxed, $);
		mark_offset[i].store(offset, rl::mo_relaxed, $);
		n_marks.store(++marked, rl::mo_release, $);
		may = offset + span + (taken == ZERO_NOT_RESERVED ? 0 : LINE) + ring->ahead * LINE;
		reserved.store(may,
			       taken == RELEASE_STORE_INSTEAD ? rl::mo_release : rl::mo_relaxed, $);
		if (taken != NO_RELEASE_FENCE && taken != RELEASE_STORE_INSTEAD)
			rl::atomic_thread_fence(rl::mo_release, $);
	}

	// mcr_ring_end, pad: the first word of a record or pad; of a chunk's first it is kept.
	void store_first_word(unsigned offset, unsigned value)
	{
		if (open) {
			word(offset).store(value, rl::mo_relaxed, $);
			return;
		}
		open = true;
		first = offset;
		first_word = value;
		if (taken == FIRST_WORD_EARLY)
			word(offset).store(value, rl::mo_release, $);
	}

	// mcr_ring_put: mcr_ring_begin, mcr_ring_make_room, mcr_ring_copy, mcr_ring_end
	void put()
	{
		unsigned payload = payload_of(next), need = span(payload);
		unsigned left = bytes - next_offset % bytes, offset = next_offset;
		unsigned line = taken == ZERO_NOT_RESERVED ? 0 : LINE;

		if (left < need)
			offset += left;
		if (left < need || offset + need + line > may) {
			if (open && offset + need - published_end > bytes / 2 &&
			    taken != CHUNK_OF_ANY_SIZE)
				publish();
			if (offset + need + line > may && taken != RESERVE_AFTER)
				reserve(offset, need);
			if (offset != next_offset)
				store_first_word(next_offset, tag(next) | PAD);
		}
		record[next] = offset;
		for (unsigned w = 0; w < payload; w++)
			word(offset + LINE + w).store(value(next, w), rl::mo_relaxed, $);
		word(offset + 1).store(head(next + 1, payload), rl::mo_relaxed, $);
		store_first_word(offset, tag(next));
		if (offset + need + line > may)
			reserve(offset, need); // RESERVE_AFTER
		next++;
		next_offset = behind[next] = offset + need;
	}

	// mcr_ring_publish
	void publish()
	{
		unsigned more = next - published_messages - 1;

		if (!open)
			return;
		if (taken != NO_ZERO)
			word(next_offset).store(0, rl::mo_relaxed, $);
		if (taken != FIRST_WORD_EARLY)
			word(first).store(
			    first_word | more << MORE_SHIFT,
			    taken == RELAXED_PUBLISH ? rl::mo_relaxed : rl::mo_release, $);
		open = false;
		published = published_messages = next;
		published_end = next_offset;
		if (taken != NO_LATCH_FENCE && taken != RELAXED_PUBLISH)
			rl::atomic_thread_fence(rl::mo_release, $);
		unsigned copy = ++moved % 2;
		end[copy].store(published_end, rl::mo_relaxed, $);
		messages[copy].store(published_messages, rl::mo_release, $);
		version.store(moved, taken == RELAXED_VERSION ? rl::mo_relaxed : rl::mo_release, $);
	}

	void write(unsigned until)
	{
		while (next < until) {
			put();
			if (ends_chunk(next - 1))
				publish();
		}
	}

	// ---- the reader ----

	// mcr_ring_reader_overrun
	bool overrun(unsigned offset)
	{
		if (taken != NO_ACQUIRE_FENCE)
			rl::atomic_thread_fence(rl::mo_acquire, $);
		return reserved.load(rl::mo_relaxed, $) >
		       offset + bytes + (taken == OFF_BY_ONE ? LINE : 0);
	}

	// mcr_ring_reader_word
	unsigned first_word_at(unsigned offset)
	{
		return word(offset).load(taken == RELAXED_LOAD ? rl::mo_relaxed : rl::mo_acquire,
					 $);
	}

	struct found {
		mark at;
		unsigned head, more;
	};

	// mcr_ring_reader_look. Returns 1; 0 when it is not there; -1 when it makes no sense.
	// believed: that it is there.
	int look(mark &from, found &m, bool believed)
	{
		unsigned want = tag(from.position), word0;

		m.more = 0;
		if (!believed) {
			word0 = first_word_at(from.offset);
			m.more = (word0 & MORE) >> MORE_SHIFT;
			if ((word0 & ~MORE) != want) {
				if ((word0 & ~MORE) != (want | PAD))
					return 0;
				from.offset += bytes - from.offset % bytes;
				if ((first_word_at(from.offset) & ~MORE) != want)
					return -1;
			}
		}
		m.at = from;
		m.head = word(from.offset + 1).load(rl::mo_relaxed, $);
		unsigned need = span(m.head % 16);
		if (need > bytes - from.offset % bytes)
			return -1;
		from.position++;
		from.offset += need;
		return 1;
	}

	// mcr_consumer_read, or what an in-place reader does and then mcr_consumer_intact
	void read_payload(const found &m)
	{
		unsigned n = m.head % 16, words[LINE];

		if (taken == LOOK_BEFORE_COPY && overrun(m.at.offset))
			return;
		for (unsigned w = 0; w < n; w++)
			words[w] = word(m.at.offset + LINE + w).load(rl::mo_relaxed, $);
		if (taken != LOOK_BEFORE_COPY && overrun(m.at.offset))
			return;
		for (unsigned w = 0; w < n; w++)
			RL_ASSERT(words[w] == value(m.at.position, w));
	}

	// What the poll says of a message: it is this one, and it was whole.
	void whole(const found &m)
	{
		unsigned position = m.at.position;

		RL_ASSERT(position < published);
		RL_ASSERT(m.at.offset == record[position]);
		RL_ASSERT(m.head == head(position + 1, payload_of(position)));
		if (known < position + 1 + m.more)
			known = position + 1 + m.more;
	}

	// mcr_ring_reader_poll
	void poll()
	{
		mark to = at;
		found m[BATCH];
		unsigned got = 0, announced = 0, most = 1 + rl::rand(BATCH);
		int ret = 1;

		while (got < most && (ret = look(to, m[got], announced > 0)) == 1) {
			if (taken == MORE_BELIEVED)
				announced = announced ? announced - 1 : m[got].more;
			got++;
		}
		if (overrun(taken == LOOK_AT_LAST && got > 0 ? m[got - 1].at.offset : at.offset)) {
			RL_ASSERT(at.position < published); // who has read all is never lapped
			if (!searching)                     // it would take too long
				lapped();
			return;
		}
		RL_ASSERT(ret >= 0);
		for (unsigned i = 0; i < got; i++)
			whole(m[i]);
		if (ret == 0) // nothing new
			RL_ASSERT(at.position + got >= known);
		if (got == 0)
			return;
		at = to;
		read_payload(m[got == 1 ? 0 : rl::rand(got)]);
	}

	// mcr_ring_reader_newest
	bool newest(mark &to)
	{
		for (unsigned tries = 0; tries < 2; tries++) {
			unsigned v = version.load(rl::mo_acquire, $);
			mark m;

			m.position = messages[v % 2].load(rl::mo_relaxed, $);
			m.offset = end[v % 2].load(rl::mo_relaxed, $);
			if (taken != NO_LATCH_ACQUIRE)
				rl::atomic_thread_fence(rl::mo_acquire, $);
			if (taken != LATCH_UNCHECKED && version.load(rl::mo_relaxed, $) != v)
				continue;
			RL_ASSERT(m.position <= published && behind[m.position] == m.offset);
			if (known < m.position)
				known = m.position;
			to = m;
			return true;
		}
		return false;
	}

	// mcr_ring_newest
	unsigned newest_messages()
	{
		unsigned a = messages[0].load(rl::mo_acquire, $);
		unsigned b = messages[1].load(rl::mo_acquire, $);

		known = known < a ? a : known;
		known = known < b ? b : known;
		return a > b ? a : b;
	}

	// load_mark
	bool load_mark(unsigned i, unsigned below, mark &m)
	{
		m.position = mark_position[i % ring->marks].load(rl::mo_relaxed, $);
		m.offset = mark_offset[i % ring->marks].load(rl::mo_relaxed, $);
		if (taken != NO_MARK_FENCE)
			rl::atomic_thread_fence(rl::mo_acquire, $);
		if (i + ring->marks <= n_marks.load(rl::mo_relaxed, $) && taken != MARK_REWRITTEN)
			return false;
		if (m.position >= below && taken != MARK_UNPUBLISHED)
			return false;
		if (taken != MARK_LAPPED && overrun(m.offset))
			return false;
		if ((first_word_at(m.offset) & ~MORE) != tag(m.position))
			return false;
		return taken == MARK_LAPPED || !overrun(m.offset);
	}

	unsigned first_mark_number(unsigned n)
	{
		return n > ring->marks - 1 ? n - (ring->marks - 1) : 0;
	}

	// first_mark
	mark first_mark(unsigned offset)
	{
		unsigned below = newest_messages(), n = n_marks.load(rl::mo_acquire, $);
		mark m;

		for (unsigned i = first_mark_number(n); i < n; i++)
			if (load_mark(i, below, m) && m.offset >= offset)
				return m;
		return newest(m) ? m : at;
	}

	// A reader that went somewhere is at a message, or behind all.
	void stands()
	{
		RL_ASSERT(at.position <= published);
		RL_ASSERT(at.offset == behind[at.position] ||
			  (at.position < published && at.offset == record[at.position]));
	}

	// mcr_ring_reader_lapped
	void lapped()
	{
		mark to = first_mark(0);

		// It stood at a pad, and nothing but the pad is overwritten.
		if (to.position == at.position && to.offset > at.offset) {
			at = to;
			stands();
			return;
		}
		if (rl::rand(2)) // slack
			to = first_mark(to.offset + LINE);
		if (taken != GOES_BACK && (to.position <= at.position || to.offset <= at.offset))
			return;
		RL_ASSERT(to.position > at.position); // something is lost
		at = to;
		stands();
	}

	// mcr_ring_reader_seek, walk
	bool seek(unsigned position)
	{
		unsigned below = newest_messages(), n = n_marks.load(rl::mo_acquire, $);

		if (newest(at) && at.position == position)
			return true;
		for (unsigned i = n; i > first_mark_number(n); i--) {
			mark m;
			found f;

			if (!load_mark(i - 1, below, m) || m.position > position)
				continue;
			unsigned from = m.offset;
			while (m.position < position)
				if (look(m, f, false) != 1)
					return false;
			if (overrun(from) && taken != MARK_LAPPED && taken != WALK_UNCHECKED)
				return false;
			at = m;
			return true;
		}
		return false;
	}

	void read()
	{
		unsigned more =
		    (ring->begins == SEEKS ? n_messages() - 1 : ring->before) - ring->from;
		unsigned position = ring->from + (more ? rl::rand(more + 1) : 0);

		at.position = position;
		at.offset = behind[position];
		if (ring->begins == NEWEST && !newest(at))
			return;
		if (ring->begins == SEEKS && !seek(position))
			return;
		if (ring->begins == SEEKS)
			stands();
		for (unsigned i = 0; i < (searching ? ring->begins == STANDS : ring->polls); i++)
			poll();
	}
};

// Returns 1 when the shape holds, 0 when an assertion failed, -1 when the model itself is broken.
static int holds(unsigned long executions)
{
	rl::test_params params;
	std::ostream quiet(NULL); // one that allocates would disturb Relacy, which counts memory

	params.search_type = searching ? rl::sched_full : rl::sched_random;
	params.iteration_count = executions;
	params.output_stream = &quiet;
	params.progress_stream = &quiet;
	params.execution_depth_limit = 1000;
	bool ok = rl::simulate<ring_test>(params);
	std::printf("%-22s %-22s %s after %llu executions\n", mutants[taken].name, ring->name,
		    ok ? "holds" : "fails", (unsigned long long)params.stop_iteration);
	std::fflush(stdout);
	if (ok)
		return 1;
	if (params.test_result == rl::test_result_user_assert_failed)
		return 0;
	std::printf("the model is broken: %s\n", rl::test_result_str(params.test_result));
	return -1;
}

// Returns 0 when the protocol holds in every shape, or the mutant fails where it must.
static int check(unsigned long executions)
{
	int bad = 0;

	for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		ring = &shapes[i];
		if (taken != NONE && (mutants[taken].fails_in >> i & 1) == 0)
			continue;
		if (searching && ring->searched == 0)
			continue;
		int result = holds(executions);

		if (result < 0)
			return 2;
		bad |= result != (taken == NONE);
	}
	return bad;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "none";
	double millions = argc > 2 ? std::atof(argv[2]) : 0.3;

	if (std::strcmp(name, "search") == 0) {
		searching = true;
		return check(0);
	}
	for (unsigned i = 0; i < MUTANTS; i++) {
		if (std::strcmp(name, mutants[i].name) == 0) {
			taken = static_cast<mutant>(i);
			return check(static_cast<unsigned long>(millions * 1e6));
		}
	}
	std::fprintf(stderr, "no mutant %s\n", name);
	return 2;
}
