/* SPDX-License-Identifier: BSD-3-Clause */
#include "feed_resume.h"

#define TURN_LONG (UINT64_C(1) << 31) /* nobody is away for so many numbers */

static int is_same_epoch(const uint64_t a[2], const uint64_t b[2])
{
	return a[0] == b[0] && a[1] == b[1];
}

static uint64_t later(uint64_t ns)
{
	return ns > UINT64_MAX - RESUME_APART_NS ? UINT64_MAX : ns + RESUME_APART_NS;
}

/* What is to be added so that a number is as near as it can be to the next one. */
static uint64_t shift_of(const struct resume_known *k, uint64_t number)
{
	const uint64_t distance = k->place.next - number;
	uint64_t turns;

	if (k->turn == 0)
		return 0;
	if (distance <= INT64_MAX) {
		turns = distance / k->turn + (distance % k->turn > k->turn / 2);
		return turns * k->turn;
	}
	turns = -distance / k->turn + (-distance % k->turn > k->turn / 2);
	return -(turns * k->turn);
}

enum resume_verdict resume_start(const struct resume_known *k, const struct resume_seen *seen,
				 uint64_t *shift)
{
	const int is_near = k->last_ns == 0 || seen->ns <= later(k->last_ns);

	if (!is_same_epoch(k->place.epoch, seen->epoch))
		return seen->ns < k->last_ns ? RESUME_OLDER : RESUME_ANEW;
	if (seen->ns < k->place.generation)
		return RESUME_OLDER;
	*shift = shift_of(k, seen->number);
	if (is_near)
		return RESUME_SAME;
	return (k->turn != 0 && k->turn < TURN_LONG) || seen->number + *shift < k->place.next
		   ? RESUME_ANEW
		   : RESUME_SAME;
}

enum resume_verdict resume_reset(const struct resume_known *k, const struct resume_seen *seen,
				 uint64_t *shift)
{
	if (!is_same_epoch(k->place.epoch, seen->epoch))
		return seen->ns <= k->last_ns ? RESUME_OLDER : RESUME_ANEW;
	if (seen->ns < k->place.generation)
		return RESUME_OLDER;
	if (k->place.generation != 0 && seen->ns > later(k->place.generation))
		return RESUME_ANEW;
	*shift = shift_of(k, seen->number);
	return RESUME_SAME;
}

enum resume_verdict resume_data(const struct resume_known *k, const struct resume_seen *seen,
				uint64_t *shift)
{
	if (!is_same_epoch(k->place.epoch, seen->epoch))
		return seen->ns <= later(k->last_ns) ? RESUME_OLDER : RESUME_ANEW;
	if (seen->ns <= later(k->place.generation))
		return RESUME_OLDER;
	*shift = shift_of(k, seen->number);
	return RESUME_SAME;
}

void resume_anew(struct sink_place *place, const struct resume_seen *seen)
{
	uint64_t generation = 0;

	if (is_same_epoch(place->epoch, seen->epoch))
		generation = seen->ns > place->generation ? seen->ns : place->generation + 1;
	*place = (struct sink_place){{seen->epoch[0], seen->epoch[1]}, generation, seen->number};
}
