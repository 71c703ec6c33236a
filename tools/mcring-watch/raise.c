/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "../common/clock.h"
#include "../common/line_log.h"
#include "command.h"
#include "record/utc.h"
#include "recording.h"
#include "watch.h"

#define SECOND_NS UINT64_C(1000000000)

/* ---- the log ---- */

static void tell(struct watch *w, const struct watch_alarm *a)
{
	char time[UTC_TEXT], message[LINE_LOG_MAX];

	line_log(&w->log, "%s %s", utc_text(time, a->ns),
		 watch_alarm_message(message, sizeof(message), a));
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

/* ---- the command ---- */

static void count_commands(struct watch *w)
{
	struct command_stats stats;

	command_stats(w->command, &stats);
	w->commands = stats.run;
	w->commands_failed = stats.failed;
	w->commands_suppressed = stats.suppressed;
}

static void look_after_commands(struct watch *w, uint64_t now_ns)
{
	command_tick(w->command, now_ns);
	count_commands(w);
}

static void run_command(struct watch *w, const struct watch_alarm *a)
{
	command_raise(w->command, a, monotonic_ns());
	count_commands(w);
}

/* ---- both ---- */

void watch_raise_tick(struct watch *w, uint64_t now_ns)
{
	if (w->command)
		look_after_commands(w, now_ns);
	if (now_ns - w->floods_ns < SECOND_NS)
		return;
	w->floods_ns = now_ns;
	for (unsigned i = 0; i < WATCH_ALARM_KINDS; i++) {
		struct watch_flood *flood = &w->floods[i];

		if (flood->more > 0)
			line_log(&w->log, "%s: and %" PRIu64 " more", watch_alarm_word(i),
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
	if (w->command)
		run_command(w, a);
}
