/* SPDX-License-Identifier: BSD-3-Clause */
#include "alarm.h"

#include <stdio.h>

const char *watch_alarm_word(enum watch_alarm_kind kind)
{
	static const char *const words[WATCH_ALARM_KINDS] = {
	    [WATCH_GAP] = "gap",
	    [WATCH_MISMATCH] = "mismatch",
	    [WATCH_RESET] = "reset",
	    [WATCH_SILENCE] = "silence",
	    [WATCH_LINE_DOWN] = "line-down",
	    [WATCH_GROUP_SILENT] = "group-silent",
	    [WATCH_IMPLAUSIBLE] = "implausible",
	    [WATCH_BLIND] = "blind",
	    [WATCH_RECORDER] = "recorder",
	};

	return kind < WATCH_ALARM_KINDS ? words[kind] : "snap";
}

int watch_alarm_ends(enum watch_alarm_kind kind)
{
	switch (kind) {
	case WATCH_SILENCE:
	case WATCH_LINE_DOWN:
	case WATCH_GROUP_SILENT:
	case WATCH_BLIND:
	case WATCH_RECORDER:
		return 1;
	default:
		return 0;
	}
}

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

const char *watch_alarm_message(char *out, size_t cap, const struct watch_alarm *a)
{
	char at[4 * MCR_NAME_MAX + 8];

	where(at, a);
	snprintf(out, cap, "%s%s %s%s%s", watch_alarm_word(a->kind), a->is_over ? " over:" : ":",
		 at, at[0] && a->text[0] ? ": " : "", a->text);
	return out;
}
