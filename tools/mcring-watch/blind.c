/* SPDX-License-Identifier: BSD-3-Clause */
#include "blind.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "record/utc.h"

struct watch_alarm channel_alarm(const struct watch_channel *c, enum watch_alarm_kind kind,
				 uint64_t ns)
{
	struct watch_alarm a = {.kind = kind, .ns = ns};

	memcpy(a.engine, c->engine->name, sizeof(a.engine));
	memcpy(a.channel, c->name, sizeof(a.channel));
	return a;
}

void blind_begin(struct watch *w, struct watch_channel *c, const char *why)
{
	struct watch_alarm a;

	if (c->blind_since_ns != 0 || c->first_ns == 0)
		return;
	c->blind_since_ns = c->until_ns != 0 ? c->until_ns : c->first_ns;
	c->blinds++;
	a = channel_alarm(c, WATCH_BLIND, c->blind_since_ns);
	snprintf(a.text, sizeof(a.text), "%s: nothing is seen from now on", why);
	watch_raise(w, &a);
}

void blind_end(struct watch *w, struct watch_channel *c, const char *text)
{
	struct watch_alarm a = channel_alarm(c, WATCH_BLIND, c->until_ns);

	if (c->blind_since_ns == 0)
		return;
	a.is_over = 1;
	snprintf(a.text, sizeof(a.text), "%s", text);
	c->blind_since_ns = 0;
	watch_raise(w, &a);
}

void blind_was(struct watch *w, struct watch_channel *c, uint64_t from_ns, uint64_t to_ns,
	       uint64_t messages)
{
	struct watch_alarm a = channel_alarm(c, WATCH_BLIND, to_ns);
	char from[UTC_TEXT], many[64] = "an unknown number of messages";

	if (messages > 0)
		snprintf(many, sizeof(many), "%" PRIu64 " message%s", messages,
			 messages == 1 ? "" : "s");
	snprintf(a.text, sizeof(a.text), "the watch missed %s since %s", many,
		 utc_text(from, from_ns));
	a.is_over = c->blind_since_ns != 0;
	a.is_brief = !a.is_over;
	c->blinds += !a.is_over;
	c->blind_ns += to_ns > from_ns ? to_ns - from_ns : 0;
	c->blind_since_ns = 0;
	if (c->recorder)
		recorder_blind(c->recorder, UINT32_MAX, from_ns, to_ns, messages);
	watch_raise(w, &a);
}
