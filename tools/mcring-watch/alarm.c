/* SPDX-License-Identifier: BSD-3-Clause */
#include "alarm.h"

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
