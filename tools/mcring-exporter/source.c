/* SPDX-License-Identifier: BSD-3-Clause */
#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

#define BETWEEN_NS     (1 * (uint64_t)SECOND_NS)
#define BETWEEN_WHY_NS (5 * (uint64_t)SECOND_NS)
#define PATIENCE_NS    (2 * (uint64_t)SECOND_NS)
#define KNOCK_NS       ((uint64_t)SECOND_NS / 50) /* between attempts to connect */

/* What an answer may be at most: an engine with 10,000 groups, of which it shows 100, and 256
 * readers says 0.3 MB in 10,000 values; a group with 64 sources takes 3 KB and 90 values. */
#define OCTETS_MAX     (4u << 20)
#define OCTETS_A_GROUP 3072u
#define VALUES_MAX     100000u
#define VALUES_A_GROUP 100u

/* ---- the end of a question ---- */

static void forget(struct source *s)
{
	json_decref(s->stats);
	json_decref(s->why);
	s->stats = s->why = NULL;
	s->why_asked_ns = 0;
}

static int settle(struct source *s, uint64_t now_ns)
{
	question_close(&s->question);
	s->stage = SOURCE_IDLE;
	s->took_ns = now_ns - s->asked_ns;
	return 1;
}

/* One that said what it counts is up, whatever becomes of the verdict. */
static int fail_with(struct source *s, uint64_t now_ns, const char *why)
{
	char text[ANSWER_ERROR];

	s->failures++;
	if (s->stage == SOURCE_WHY) {
		json_decref(s->why);
		s->why = NULL;
		return settle(s, now_ns);
	}
	text_copy(text, sizeof(text), why);
	strcpy(s->error, text);
	s->is_up = 0;
	s->is_slow = 0;
	forget(s);
	return settle(s, now_ns);
}

static int fail_with_errno(struct source *s, uint64_t now_ns, int error)
{
	char text[ANSWER_ERROR];

	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		return fail_with(s, now_ns, "nobody listens there: the engine does not run");
	case EACCES:
		return fail_with(s, now_ns,
				 "permission denied: the exporter's user must be in the "
				 "socket's group");
	case EAGAIN:
		return fail_with(s, now_ns, "it reads nothing");
	case EPIPE:
		return fail_with(s, now_ns, "it closed the connection without an answer");
	case EMSGSIZE:
		return fail_with(s, now_ns, "the answer is too long");
	default:
		snprintf(text, sizeof(text), "%s", strerror(error));
		return fail_with(s, now_ns, text);
	}
}

/* ---- answers ---- */

static int same_number(const json_t *a, const json_t *b, const char *key)
{
	return json_integer_value(json_object_get(a, key)) ==
	       json_integer_value(json_object_get(b, key));
}

/* An engine that started anew counts its consumers from 1, and what was wrong is over. */
static void take_stats(struct source *s, json_t *stats, uint64_t now_ns)
{
	if (!s->stats || !same_number(s->stats, stats, "started_ns")) {
		forget(s);
		s->readers.n = 0;
	}
	json_decref(s->stats);
	s->stats = stats;
	s->answered_ns = now_ns;
	s->is_up = 1;
	s->is_slow = 0;
	s->error[0] = '\0';
	readers_update(&s->readers, json_object_get(stats, "consumers"));
}

static int ask_why(struct source *s, uint64_t now_ns)
{
	if (s->why_asked_ns > 0 && now_ns - s->why_asked_ns < BETWEEN_WHY_NS)
		return -1;
	s->why_asked_ns = now_ns;
	if (question_ask(&s->question, "{\"command\":\"why\"}\n") < 0)
		return -1;
	s->stage = SOURCE_WHY;
	return 0;
}

static int take_answer(struct source *s, uint64_t now_ns)
{
	const size_t values = VALUES_MAX + (size_t)s->groups * VALUES_A_GROUP;
	char error[ANSWER_ERROR];
	json_t *answer = answer_parse(s->question.text, s->question.len, values, error);

	s->octets += s->question.len;
	if (s->stage == SOURCE_WHY) { /* programs other than engines may not know it */
		json_decref(s->why);
		s->why = answer;
		return settle(s, now_ns);
	}
	if (!answer)
		return fail_with(s, now_ns, error);
	take_stats(s, answer, now_ns);
	return ask_why(s, now_ns) < 0 ? settle(s, now_ns) : 0;
}

/* ---- questions ---- */

static uint64_t end_of_patience_ns(const struct source *s)
{
	return s->asked_ns + PATIENCE_NS;
}

/* While others wait to be accepted, and there is no room for one more, it is tried again. */
static int begin(struct source *s, uint64_t now_ns)
{
	const size_t limit = OCTETS_MAX + (size_t)s->groups * OCTETS_A_GROUP;
	char request[64];
	int ret = question_open(&s->question, s->path, limit);

	if (ret == -EAGAIN) {
		s->stage = SOURCE_KNOCKS;
		s->knocked_ns = now_ns;
		return 0;
	}
	snprintf(request, sizeof(request), "{\"command\":\"stats\",\"groups\":%u}\n", s->groups);
	if (ret == 0)
		ret = question_ask(&s->question, request);
	if (ret < 0)
		return fail_with_errno(s, now_ns, -ret);
	s->stage = SOURCE_STATS;
	return 0;
}

int source_go_on(struct source *s, int has_more, uint64_t now_ns)
{
	const int knocks = s->stage == SOURCE_KNOCKS;
	int ret = has_more ? question_more(&s->question) : 0;

	if (ret > 0)
		return take_answer(s, now_ns);
	if (ret < 0)
		return fail_with_errno(s, now_ns, -ret);
	if (now_ns < end_of_patience_ns(s))
		return knocks && now_ns >= source_deadline_ns(s) ? begin(s, now_ns) : 0;
	fail_with(s, now_ns,
		  knocks ? "it accepted no connection within 2 s" : "it did not answer within 2 s");
	s->is_slow = 1;
	return 1;
}

void source_ask(struct source *s, uint64_t now_ns)
{
	if (s->stage != SOURCE_IDLE || (s->asked_ns > 0 && now_ns - s->asked_ns < BETWEEN_NS))
		return;
	s->asked_ns = now_ns;
	s->octets = 0;
	s->questions++;
	begin(s, now_ns);
}

uint64_t source_deadline_ns(const struct source *s)
{
	return s->stage == SOURCE_KNOCKS ? s->knocked_ns + KNOCK_NS : end_of_patience_ns(s);
}

void source_clear(struct source *s)
{
	question_close(&s->question);
	forget(s);
}
