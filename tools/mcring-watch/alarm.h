/* SPDX-License-Identifier: BSD-3-Clause */
/* What a person should know of at once: it goes to the log, to the command of --alarm, and to the
 * recordings that want it. Thread: the watch's. */
#ifndef MCR_WATCH_ALARM_H
#define MCR_WATCH_ALARM_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/types.h>

enum watch_alarm_kind {
	WATCH_GAP,       /* numbers came on no line in time */
	WATCH_MISMATCH,  /* two lines had other octets under one number */
	WATCH_RESET,     /* numbers start anew, and nothing announced it */
	WATCH_SILENCE,   /* all lines of a feed are down */
	WATCH_LINE_DOWN, /* one of them is */
	WATCH_GROUP_SILENT,
	WATCH_IMPLAUSIBLE, /* a number too far ahead to be believed */
	WATCH_BLIND,       /* the watch itself missed something, or an engine is gone */
	WATCH_RECORDER,    /* a recording stopped: its disk is full, ... */
	WATCH_ALARM_KINDS,
};

/* Names that say where stay "" where they do not apply. */
struct watch_alarm {
	enum watch_alarm_kind kind;
	int is_over;  /* SILENCE, LINE_DOWN, GROUP_SILENT, BLIND, RECORDER: it has ended */
	int is_brief; /* BLIND: it had ended when it was found, so no end comes */
	uint64_t ns;  /* CLOCK_REALTIME of arrivals */
	char engine[MCR_NAME_MAX], channel[MCR_NAME_MAX], feed[MCR_NAME_MAX], line[MCR_NAME_MAX];
	char text[256]; /* one line for a person: "gap 124769-124772 of unit=1: 4 messages, lost by
			 * the wire" */
};

/* watch_alarm_word: "gap", "line-down"; as in options, JSON and the names of files. */
const char *watch_alarm_word(enum watch_alarm_kind kind);

/* watch_alarm_ends: whether one of this kind lasts until it is over; the others are moments. */
int watch_alarm_ends(enum watch_alarm_kind kind);

/* watch_alarm_message writes a line with all but the time: "line-down: itch A (md1/feed): ...".
 * Returns out. */
const char *watch_alarm_message(char *out, size_t cap, const struct watch_alarm *a);

#endif
