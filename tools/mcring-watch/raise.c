/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "recording.h"
#include "watch.h"

#define SECOND_NS UINT64_C(1000000000)

/* ---- the log ---- */

/* "itch A (md1/feed)": the feed and its line, the engine and its channel, as far as they are named.
 */
static void where(char out[4 * MCR_NAME_MAX + 8], const struct watch_alarm *a)
{
	char place[2 * MCR_NAME_MAX + 2] = "";

	if (a->channel[0] != '\0')
		snprintf(place, sizeof(place), "%s/%s", a->engine, a->channel);
	else
		snprintf(place, sizeof(place), "%s", a->engine);
	if (a->feed[0] == '\0')
		snprintf(out, 4 * MCR_NAME_MAX + 8, "%s", place);
	else if (a->line[0] == '\0')
		snprintf(out, 4 * MCR_NAME_MAX + 8, "%s", a->feed);
	else
		snprintf(out, 4 * MCR_NAME_MAX + 8, "%s %s%s%s%s", a->feed, a->line,
			 place[0] ? " (" : "", place, place[0] ? ")" : "");
}

static void tell(struct watch *w, const struct watch_alarm *a)
{
	char time[WATCH_TIME_MAX], at[4 * MCR_NAME_MAX + 8];

	where(at, a);
	watch_log(&w->log, "%s %s%s %s%s%s", watch_time_text(time, a->ns),
		  watch_alarm_word(a->kind), a->is_over ? " over:" : ":", at,
		  at[0] && a->text[0] ? ": " : "", a->text);
}

/* A flood of one kind does not drown the others: so many lines of each in a second. */
static void tell_or_count(struct watch *w, const struct watch_alarm *a)
{
	struct watch_flood *flood = &w->floods[a->kind];

	if (flood->lines < WATCH_LINES_PER_SECOND) {
		flood->lines++;
		tell(w, a);
	} else {
		flood->more++;
	}
}

void watch_raise_tick(struct watch *w, uint64_t now_ns)
{
	if (now_ns - w->floods_ns < SECOND_NS)
		return;
	w->floods_ns = now_ns;
	for (unsigned i = 0; i < WATCH_ALARM_KINDS; i++) {
		struct watch_flood *flood = &w->floods[i];

		if (flood->more > 0)
			watch_log(&w->log, "%s: and %" PRIu64 " more", watch_alarm_word(i),
				  flood->more);
		*flood = (struct watch_flood){0};
	}
}

void watch_raise(struct watch *w, const struct watch_alarm *a)
{
	if (a->is_over) {
		w->alarms_now[a->kind] -= w->alarms_now[a->kind] > 0;
	} else {
		w->alarms[a->kind]++;
		w->alarms_now[a->kind] += watch_alarm_ends(a->kind) && !a->is_brief;
	}
	w->recent[w->n_recent++ % WATCH_RECENT] = *a;
	tell_or_count(w, a);
	if (!a->is_over)
		recording_trigger(w, a);
}
