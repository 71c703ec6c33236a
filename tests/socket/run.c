/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include "allowed.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* How long a host may take for what the other has done. */
#define CATCH_UP_MS 4000

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void rig_start(struct rig *r, int host)
{
	const struct rig_options *o = r->options;

	side_start(&r->sides[host], o->workers[host], o->namespaces[1 + host],
		   host ? o->preload : NULL, host ? o->run_dir : NULL);
}

static int differs(const struct text texts[HOSTS])
{
	return strcmp(texts[0].s, texts[1].s) != 0;
}

/* One step that both programs run at once. */
static void clear(struct text texts[HOSTS])
{
	for (int host = 0; host < HOSTS; host++) {
		texts[host].n = 0;
		texts[host].s[0] = '\0';
	}
}

static int run_both(struct rig *r, const struct step *s, struct text texts[HOSTS])
{
	static struct text heard;

	for (int host = 0; host < HOSTS; host++)
		side_tell(&r->sides[host], s);
	for (int host = 0; host < HOSTS; host++) {
		side_hear(&r->sides[host], &heard);
		say(&texts[host], "%s", heard.s);
	}
	return differs(texts);
}

/* ---- the call that sleeps ---- */

static enum side_state await_settled(struct side *s, struct text *t)
{
	uint64_t end = now_ms() + CATCH_UP_MS;
	enum side_state state;

	while ((state = side_look(s, t)) == SIDE_RUNS && now_ms() < end)
		sched_yield();
	return state;
}

static enum side_state await_done(struct side *s, struct text *t)
{
	uint64_t end = now_ms() + CATCH_UP_MS;
	enum side_state state;

	while ((state = side_look(s, t)) != SIDE_DONE && now_ms() < end)
		sched_yield();
	return state;
}

/* Says in the sleeping step's text how it ended or did not. */
static int end_sleep(struct rig *r)
{
	struct text *texts = r->texts[r->slept_at];

	r->sleeping.code = STEP_CODES;
	for (int host = 0; host < HOSTS; host++)
		say(&texts[host], "%s", r->late[host].s);
	return differs(texts);
}

/* Host 0 has done its part when the last step was done; host 1 follows. A timed call ends. Returns
 * whether they differ. */
static int look_at_sleeper(struct rig *r, int is_timed)
{
	enum side_state state;

	for (int host = 0; host < HOSTS; host++)
		r->late[host].n = 0;
	if (is_timed)
		state = await_done(&r->sides[0], &r->late[0]);
	else
		state = await_settled(&r->sides[0], &r->late[0]);
	if (state == SIDE_DONE) {
		if (await_done(&r->sides[1], &r->late[1]) != SIDE_DONE)
			say(&r->late[1], "it still sleeps");
		return end_sleep(r);
	}
	if (await_settled(&r->sides[1], &r->late[1]) == SIDE_SLEEPS)
		return 0;
	say(&r->late[0], "it still sleeps");
	return end_sleep(r);
}

static int start_sleep(struct rig *r, const struct step *s, unsigned at)
{
	struct text *texts = r->texts[at];
	int is_timed = 0, timed;

	run_both(r, s, texts);
	for (int host = 0; host < HOSTS; host++) {
		struct side *side = &r->sides[host];

		if (sscanf(texts[host].s, "%d %d %d", &side->pid, &side->sleeper, &timed) != 3)
			return 1;
		is_timed |= timed;
	}
	clear(texts);
	r->sleeping = *s;
	r->slept_at = (int)at;
	r->names_changed = 0;
	return look_at_sleeper(r, is_timed);
}

static int is_blocked_by_mask(const struct step *s)
{
	switch (s->code) {
	case STEP_POLL:
		return s->a[0] && s->a[4] == MASK_BLOCK;
	case STEP_SELECT:
		return s->a[0] && s->a[5] == MASK_BLOCK;
	case STEP_SET_WAIT:
		return s->a[0] && s->a[3] == MASK_BLOCK;
	}
	return 0;
}

static int signal_sleeper(struct rig *r)
{
	uint64_t end = now_ms() + CATCH_UP_MS;

	for (int host = 0; host < HOSTS; host++)
		side_signal(&r->sides[host], SIGUSR1);
	if (is_blocked_by_mask(&r->sleeping))
		return 0;
	for (int host = 0; host < HOSTS; host++) {
		struct side *s = &r->sides[host];

		while (__atomic_load_n(&s->shared->handled, __ATOMIC_ACQUIRE) ==
		       s->handled_before) {
			if (now_ms() > end) {
				say(&r->texts[r->slept_at][host], "(the handler did not run) ");
				break;
			}
			sched_yield();
		}
	}
	return differs(r->texts[r->slept_at]);
}

static int kick_sleeper(struct rig *r)
{
	if (r->sleeping.code == STEP_CODES)
		return 0;
	for (int host = 0; host < HOSTS; host++)
		side_signal(&r->sides[host], SIGUSR2);
	for (int host = 0; host < HOSTS; host++) {
		r->late[host].n = 0;
		if (await_done(&r->sides[host], &r->late[host]) != SIDE_DONE)
			say(&r->late[host], "nothing wakes it");
	}
	return end_sleep(r);
}

/* ---- what arrives ---- */

static void say_arrival(struct text *t, const struct step *s)
{
	say(t, "--> %d x %d octets from %s:%u to %s:%u by %s, ttl %d, tos 0x%02x", s->a[5], s->a[4],
	    place_text((enum place)s->a[2]), sender_ports[s->a[3]], place_text((enum place)s->a[0]),
	    ports[s->a[1]], where_names[s->a[6]], s->a[7], s->a[8]);
}

/* While a call sleeps, datagrams come one by one: else it is chance how many of them it finds. */
static int send_arrival(struct rig *r, const struct step *s)
{
	int different = 0;
	uint8_t payload[PAYLOAD_MAX];
	struct datagram d = {.to = (enum place)s->a[0],
			     .from = (enum place)s->a[2],
			     .to_port = ports[s->a[1]],
			     .from_port = sender_ports[s->a[3]],
			     .ttl = (uint8_t)s->a[7],
			     .tos = (uint8_t)s->a[8],
			     .len = (size_t)s->a[4],
			     .payload = payload};

	for (int i = 0; i < s->a[5] && !different; i++) {
		uint32_t number = ++r->payload;

		for (size_t k = 0; k < d.len; k++)
			payload[k] = (uint8_t)(k < 4 ? number >> (24 - 8 * k) : number * 31 + k);
		wire_send(&r->wire, (enum where)s->a[6], &d);
		if (r->sleeping.code == STEP_CODES)
			continue;
		wire_settle(&r->wire);
		different = look_at_sleeper(r, 0);
	}
	wire_settle(&r->wire);
	return different;
}

static int run_arrival(struct rig *r, const struct step *s, unsigned at)
{
	r->by_kernel = is_kernels(s);
	for (int host = 0; host < HOSTS; host++)
		say_arrival(&r->texts[at][host], s);
	return send_arrival(r, s);
}

/* Empties the queues before a step after which they might differ, as they may. */
static int drain_before(struct rig *r, const struct step *s, unsigned at)
{
	const struct step drain = {.code = STEP_DRAIN};
	int different, is_wanted = 0;

	for (unsigned i = 0; i < n_allowed; i++)
		is_wanted |= allowed[i].wants_empty && allowed[i].wants_empty(s, r->by_kernel);
	if (!is_wanted)
		return 0;
	different = run_both(r, &drain, r->texts[at]);
	for (int host = 0; host < HOSTS; host++)
		say(&r->texts[at][host], "\n    ");
	return different;
}

/* ---- scripts ---- */

static int wants_awake(const struct rig *r, const struct step *s)
{
	for (unsigned i = 0; i < n_allowed; i++)
		if (allowed[i].wants_awake &&
		    allowed[i].wants_awake(s, &r->sleeping, r->names_changed))
			return 1;
	return 0;
}

static int run_step(struct rig *r, const struct step *s, unsigned at)
{
	struct text *texts = r->texts[at];
	int different = 0;

	clear(texts);
	if (s->may_sleep || s->code == STEP_KICK || s->code == STEP_FORK || wants_awake(r, s))
		different = kick_sleeper(r);
	if (different || drain_before(r, s, at))
		return 1;
	if (s->may_sleep)
		return start_sleep(r, s, at);
	switch (s->code) {
	case STEP_KICK:
	case STEP_SIGNAL:
		for (int host = 0; host < HOSTS; host++)
			say(&texts[host], s->code == STEP_KICK ? "--> kick" : "--> SIGUSR1");
		if (s->code == STEP_SIGNAL && r->sleeping.code != STEP_CODES)
			different = signal_sleeper(r);
		break;
	case STEP_ARRIVE:
		different = run_arrival(r, s, at);
		break;
	default:
		r->names_changed |= changes_names(s);
		different = run_both(r, s, texts);
	}
	if (!different && r->sleeping.code != STEP_CODES)
		different = look_at_sleeper(r, 0);
	return different;
}

static int begin(struct rig *r)
{
	const struct step s = {.code = STEP_BEGIN};

	r->sleeping.code = STEP_CODES;
	r->by_kernel = 0;
	r->payload = 0;
	r->n = 1;
	for (int host = 0; host < HOSTS; host++)
		r->sides[host].is_dead = 0;
	clear(r->texts[0]);
	return run_both(r, &s, r->texts[0]) || strcmp(r->texts[0][0].s, "begin") != 0;
}

/* Ends both programs; those that differed are ended by force. */
static int end(struct rig *r, int different)
{
	const struct step s = {.code = STEP_END};

	if (!different) {
		clear(r->texts[r->n]);
		different = run_both(r, &s, r->texts[r->n]) ||
			    strcmp(r->texts[r->n][0].s, "the program ended with 0") != 0;
		r->n++;
	}
	for (int host = 0; different && host < HOSTS; host++) {
		side_stop(&r->sides[host]);
		rig_start(r, host);
	}
	return different;
}

int run_script(struct rig *r, const struct script *script)
{
	int different = begin(r);

	for (unsigned i = 0; !different && i < script->n; i++) {
		different = run_step(r, &script->steps[i], i);
		r->n = i + 1;
	}
	if (!different)
		different = kick_sleeper(r);
	return end(r, different);
}
