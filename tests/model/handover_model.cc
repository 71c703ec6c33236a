// SPDX-License-Identifier: BSD-3-Clause
// The hand-over of frames in Relacy: every access of lib/core/handover.h that the order of memory
// matters to, one for one. Two lcores and control send by three ports, each of which one lcore
// owns, so there are six rings.
//
//     handover_model none [MILLIONS]     nothing is lost, doubled or out of order, and an owner
//     sees
//                                        what the sender wrote into a frame
//     handover_model MUTANT [MILLIONS]   one thing taken away: it fails
//
// MILLIONS of executions, at random but always the same ones.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ostream>

#include <relacy/relacy.hpp>

enum mutant {
	NONE,
	RELAXED_PUT,      // the store of the writer's count
	RELAXED_LOOK,     // the reader's load of it
	RELAXED_TAKE,     // the store of the reader's count
	RELAXED_ROOM,     // the writer's load of it
	PUT_BEFORE_ITEMS, // the count, not after them
	TAKE_BEFORE_READ, // the count, and then the items are read
	ONE_TOO_MANY,     // of the room
	ONE_TOO_FEW,      // taken: the last one is sent again
	SEEN_FOR_EVER,    // no second look at the reader's count
	MUTANTS
};

static const char *const names[MUTANTS] = {
    "none",         "relaxed-put",      "relaxed-look",     "relaxed-take",
    "relaxed-room", "put-before-items", "take-before-read", "one-too-many",
    "one-too-few",  "seen-for-ever",
};

enum {
	LCORES = 2,
	CONTROL = LCORES, // among the senders
	SENDERS = LCORES + 1,
	PORTS = 3,
	ROOM = 2,
	ROUNDS = 3,
	BURST = 2,
	FRAMES_MAX = ROUNDS * BURST + 1, // of a sender for a port
};

static mutant taken_away;

static unsigned owner_of(unsigned port)
{
	return port % LCORES;
}

// From a sender to the owner of a port.
struct ring {
	rl::atomic<unsigned> put, taken;
	rl::var<unsigned> items[ROOM];
	unsigned taken_seen; // the writer's
	unsigned put_seen;   // the reader's

	// A frame is its number; what is written into it is a word that no atomic guards.
	rl::var<unsigned> octets[FRAMES_MAX];
	unsigned offered, accepted, sent;
};

struct handover_test : rl::test_suite<handover_test, SENDERS> {
	ring rings[SENDERS][PORTS];

	void before()
	{
		for (unsigned s = 0; s < SENDERS; s++) {
			for (unsigned p = 0; p < PORTS; p++) {
				ring &r = rings[s][p];

				r.put.store(0, rl::mo_relaxed, $);
				r.taken.store(0, rl::mo_relaxed, $);
				r.taken_seen = r.put_seen = r.offered = r.accepted = r.sent = 0;
			}
		}
	}

	// mcr_handover_put
	unsigned put(ring &r, unsigned first, unsigned n)
	{
		unsigned put = r.put.load(rl::mo_relaxed, $);
		unsigned size = ROOM + (taken_away == ONE_TOO_MANY);
		unsigned room = size - (put - r.taken_seen);

		if (room < n) {
			if (taken_away != SEEN_FOR_EVER)
				r.taken_seen = r.taken.load(
				    taken_away == RELAXED_ROOM ? rl::mo_relaxed : rl::mo_acquire,
				    $);
			room = size - (put - r.taken_seen);
			if (room < n)
				n = room;
		}
		if (taken_away == PUT_BEFORE_ITEMS)
			r.put.store(put + n, rl::mo_release, $);
		for (unsigned i = 0; i < n; i++)
			r.items[(put + i) % ROOM]($) = first + i;
		if (taken_away != PUT_BEFORE_ITEMS)
			r.put.store(put + n,
				    taken_away == RELAXED_PUT ? rl::mo_relaxed : rl::mo_release, $);
		return n;
	}

	// mcr_handover_look
	unsigned look(ring &r, unsigned *items, unsigned max)
	{
		unsigned from = r.taken.load(rl::mo_relaxed, $), n = r.put_seen - from;

		if (n < max) {
			r.put_seen = r.put.load(
			    taken_away == RELAXED_LOOK ? rl::mo_relaxed : rl::mo_acquire, $);
			n = r.put_seen - from;
		}
		if (n > max)
			n = max;
		if (taken_away == TAKE_BEFORE_READ)
			take(r, n);
		for (unsigned i = 0; i < n; i++)
			items[i] = r.items[(from + i) % ROOM]($);
		return n;
	}

	// mcr_handover_take
	void take(ring &r, unsigned n)
	{
		r.taken.store(r.taken.load(rl::mo_relaxed, $) + n,
			      taken_away == RELAXED_TAKE ? rl::mo_relaxed : rl::mo_release, $);
	}

	static unsigned octets_of(unsigned s, unsigned p, unsigned number)
	{
		return (s * PORTS + p) * 100 + number;
	}

	// What the ring does not take is dropped; its number is that of the next one.
	void offer(unsigned s, unsigned p, unsigned n)
	{
		ring &r = rings[s][p];

		for (unsigned i = 0; i < n; i++)
			r.octets[r.accepted + i]($) = octets_of(s, p, r.accepted + i);
		unsigned accepted = put(r, r.accepted, n);
		RL_ASSERT(accepted <= n);
		r.accepted += accepted;
		r.offered += n;
	}

	// The queue takes as many as `most`; the rest stays for the next round.
	void drain(unsigned s, unsigned p, unsigned most)
	{
		ring &r = rings[s][p];
		unsigned items[BURST], n = look(r, items, BURST);

		if (n > most && taken_away != TAKE_BEFORE_READ)
			n = most;
		for (unsigned i = 0; i < n; i++) {
			RL_ASSERT(items[i] == r.sent); // none is lost, none comes twice
			unsigned octets = r.octets[items[i]]($);
			RL_ASSERT(octets == octets_of(s, p, r.sent));
			r.sent++;
		}
		if (taken_away == ONE_TOO_FEW && n > 0)
			take(r, n - 1);
		else if (taken_away != TAKE_BEFORE_READ)
			take(r, n);
	}

	void drain_all(unsigned lcore, bool by_chance)
	{
		for (unsigned p = 0; p < PORTS; p++)
			for (unsigned s = 0; s < SENDERS; s++)
				if (owner_of(p) == lcore && s != lcore)
					drain(s, p, by_chance ? rl::rand(BURST + 1) : BURST);
	}

	void thread(unsigned sender)
	{
		for (unsigned round = 0; round < ROUNDS; round++) {
			for (unsigned p = 0; p < PORTS; p++)
				if (owner_of(p) != sender)
					offer(sender, p, rl::rand(BURST + 1));
			if (sender != CONTROL)
				drain_all(sender, true);
		}
	}

	// All that a ring took is sent in the end; one that had room has taken what it was offered.
	void after()
	{
		for (unsigned i = 0; i < 1 + ROOM / BURST; i++)
			for (unsigned lcore = 0; lcore < LCORES; lcore++)
				drain_all(lcore, false);
		for (unsigned s = 0; s < SENDERS; s++) {
			for (unsigned p = 0; p < PORTS; p++) {
				ring &r = rings[s][p];

				RL_ASSERT(r.sent == r.accepted);
				RL_ASSERT(r.accepted >= (r.offered < ROOM ? r.offered : ROOM));
				if (owner_of(p) != s) {
					offer(s, p, 1); // it is empty
					RL_ASSERT(r.accepted == r.sent + 1);
				}
			}
		}
	}
};

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "none";
	double millions = argc > 2 ? std::atof(argv[2]) : 0.3;
	rl::test_params params;
	std::ostream quiet(NULL); // one that allocates would disturb Relacy, which counts memory
	unsigned i = 0;

	while (i < MUTANTS && std::strcmp(name, names[i]) != 0)
		i++;
	if (i == MUTANTS) {
		std::fprintf(stderr, "no mutant %s\n", name);
		return 2;
	}
	taken_away = static_cast<mutant>(i);
	params.search_type = rl::sched_random;
	params.iteration_count = static_cast<unsigned long>(millions * 1e6);
	params.output_stream = &quiet;
	params.progress_stream = &quiet;
	params.execution_depth_limit = 2000;
	bool ok = rl::simulate<handover_test>(params);
	std::printf("%-22s %s after %llu executions: %s\n", name, ok ? "holds" : "fails",
		    (unsigned long long)params.stop_iteration,
		    rl::test_result_str(params.test_result));
	if (!ok && params.test_result != rl::test_result_user_assert_failed &&
	    params.test_result != rl::test_result_data_race &&
	    params.test_result != rl::test_result_unitialized_access)
		return 2;
	return ok != (taken_away == NONE);
}
