/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "../common/clock.h"
#include "core/error.h"
#include "loss.h"
#include "pack.h"
#include "position.h"
#include "source.h"

#define DONE_BATCH     64
#define LOG_NS         UINT64_C(1000000000) /* between two looks at what is to be logged */
#define AGAIN_NS       UINT64_C(1000000)    /* until a checkpoint is tried again */
#define SLEEP_MS       100
#define HELD_MS        1                     /* until rings that wait are looked at again */
#define TAKES_NS       UINT64_C(100000000)   /* so long after its last unit the broker takes none */
#define GIVE_UP_NS     UINT64_C(10000000000) /* what the start waits for the broker */
#define NS_OF_A_MS     1000000
#define NS_OF_A_SECOND 1000000000

/* ---- what the broker gives back ---- */

static void settle(struct sink *s, const struct sink_done *done)
{
	struct unit *u = (struct unit *)done->unit;
	struct sink_counts *c = &u->lane->source->counts;

	s->in_flight--;
	c->units += done->result != SINK_REFUSED;
	if (done->result == SINK_STORED)
		c->stored += u->to_broker.messages;
	else if (done->result == SINK_STORED_BEFORE)
		c->stored_before += u->to_broker.messages;
	else
		loss_refused(s, u, done->why);
	pack_settle(s, u);
}

static unsigned settle_all(struct sink *s)
{
	struct sink_done done[DONE_BATCH];
	unsigned sum = 0, n;

	do {
		n = s->calls->poll(s->broker, done, DONE_BATCH);
		for (unsigned i = 0; i < n; i++)
			settle(s, &done[i]);
		sum += n;
	} while (n == DONE_BATCH);
	return sum;
}

/* ---- what it gets ---- */

/* Between two cells only: what was sent and what the position says are one. */
static void checkpoint(struct sink *s, uint64_t now_ns)
{
	char *text;

	if (!s->is_moved || !s->is_between || now_ns < s->checkpoint_due_ns)
		return;
	s->checkpoint_due_ns = now_ns + AGAIN_NS;
	text = position_text(s, realtime_ns());
	if (text && s->calls->checkpoint(s->broker, text) == 0) {
		s->is_moved = 0;
		s->checkpoints++;
		s->checkpoint_due_ns = now_ns + s->options->commit_ns;
	}
	free(text);
}

static void was_sent(struct sink *s, struct unit *u)
{
	struct sink_lane *lane = u->lane;

	s->in_flight++;
	s->is_between = u->is_end;
	if (u->has_place) {
		lane->sent = u->end;
		lane->sent_ns = u->end_ns != 0 ? u->end_ns : lane->sent_ns;
		s->is_moved = 1;
	}
	if (lane->last == u)
		lane->last = NULL;
}

static unsigned send_all(struct sink *s, uint64_t now_ns)
{
	unsigned n = 0;

	while (s->ready.head && s->calls->send(s->broker, &s->ready.head->to_broker) == 0) {
		was_sent(s, unit_list_take(&s->ready));
		s->took_ns = now_ns;
		checkpoint(s, now_ns);
		n++;
	}
	checkpoint(s, now_ns);
	return n;
}

unsigned sink_round(struct sink *s, uint64_t now_ns)
{
	unsigned n = settle_all(s);

	s->is_held = s->ready.head && now_ns - s->took_ns < TAKES_NS && !s->is_pressed;
	s->is_pressed = 0;
	for (unsigned i = 0; i < s->n_sources; i++)
		n += s->sources[i]->calls->read(s, s->sources[i], now_ns);
	n += send_all(s, now_ns);
	if (now_ns >= s->log_due_ns) {
		s->log_due_ns = now_ns + LOG_NS;
		loss_log(s);
	}
	return n;
}

int sink_arm(struct sink *s)
{
	const uint64_t linger_ms = s->options->linger_ns / NS_OF_A_MS + 1;

	for (unsigned i = 0; i < s->n_sources; i++)
		if (s->sources[i]->calls->arm(s, s->sources[i]) != 0)
			return 0;
	if (s->is_held)
		return HELD_MS;
	return s->open > 0 && linger_ms < SLEEP_MS ? (int)linger_ms : SLEEP_MS;
}

int sink_finish(struct sink *s, uint64_t now_ns)
{
	struct sink_broker_info info;

	if (!s->is_ending) {
		s->is_ending = 1;
		for (unsigned i = 0; i < s->n_sources; i++)
			s->sources[i]->calls->flush(s, s->sources[i]);
		s->checkpoint_due_ns = 0;
	}
	settle_all(s);
	send_all(s, now_ns);
	s->calls->info(s->broker, &info);
	return !s->ready.head && s->in_flight == 0 && !s->is_moved &&
	       info.checkpoints >= s->checkpoints;
}

void sink_tell_trouble(struct sink *s, uint64_t now_ns)
{
	struct sink_broker_info info = {0};

	s->calls->info(s->broker, &info);
	if (info.is_connected && !info.error[0]) {
		if (s->is_trouble_told)
			line_log(&s->log, "the broker takes messages again, after %" PRIu64 " s",
				 (now_ns - s->trouble_ns) / NS_OF_A_SECOND);
		s->trouble_ns = 0;
		s->is_trouble_told = 0;
		return;
	}
	if (s->trouble_ns == 0)
		s->trouble_ns = now_ns;
	if (s->is_trouble_told || now_ns - s->trouble_ns < NS_OF_A_SECOND)
		return;
	line_log(&s->log, "the broker takes no messages: %s",
		 info.error[0] ? info.error : "it is not connected");
	s->is_trouble_told = 1;
}

int sink_fatal(const struct sink *s, char *why)
{
	struct sink_broker_info info;

	s->calls->info(s->broker, &info);
	memcpy(why, info.fatal, SINK_FATAL_MAX);
	if (!info.fatal[0])
		return 0;
	return info.is_taken_over ? SINK_EXIT_TAKEN : SINK_EXIT_ERROR;
}

uint64_t sink_behind(const struct sink_source *src)
{
	return src->calls->behind(src);
}

uint64_t sink_oldest_ns(const struct sink_source *src)
{
	if (src->oldest)
		return src->oldest->rx_ns;
	return sink_behind(src) > 0 ? src->calls->until_ns(src) : 0;
}

/* ---- the life of it ---- */

static int add_source(struct sink *s, const struct sink_source_calls *calls, const char *name,
		      struct mcr_error *err)
{
	struct sink_source *src = calloc(1, sizeof(*src));

	if (!src)
		return mcr_error_set(err, -ENOMEM, "no memory");
	s->sources[s->n_sources++] = src;
	src->calls = calls;
	src->is_feed = calls == &feed_calls;
	memcpy(src->name, name, strnlen(name, sizeof(src->name) - 1));
	return calls->open(s, src, err);
}

static int add_sources(struct sink *s, struct mcr_error *err)
{
	const struct sink_options *o = s->options;
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < o->n_channels; i++)
		ret = add_source(s, &channel_calls, o->channels[i], err);
	for (unsigned i = 0; ret == 0 && i < o->n_feeds; i++)
		ret = add_source(s, &feed_calls, o->feeds[i], err);
	return ret;
}

static int open_broker(struct sink *s, struct mcr_error *err)
{
	struct epoll_event event = {.events = EPOLLIN};
	int ret = s->calls->open(&s->broker, &s->config, err);

	if (ret < 0)
		return ret;
	event.data.fd = s->calls->fd(s->broker);
	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, event.data.fd, &event) < 0)
		return mcr_error_set(err, -errno, "epoll: %s", strerror(errno));
	return 0;
}

/* What was sent after the position, and before the sink ended, is sent again. */
static void log_outage(struct sink *s)
{
	const uint64_t now_ns = realtime_ns();
	struct sink_broker_info info;

	s->calls->info(s->broker, &info);
	if (info.once_ns == 0 || s->position_ns == 0 || now_ns < s->position_ns + info.once_ns)
		return;
	line_log(&s->log,
		 "the position is %" PRIu64
		 " s old, and the broker finds second copies for %" PRIu64
		 " s: what was sent behind it may be stored twice",
		 (now_ns - s->position_ns) / NS_OF_A_SECOND, info.once_ns / NS_OF_A_SECOND);
}

static int load(struct sink *s, struct mcr_error *err)
{
	struct mcr_error why = {""};
	char *text = NULL;
	int ret = s->calls->load(s->broker, &text, err);

	if (ret == 0 && text) {
		ret = position_load(s, text, &why);
		if (ret < 0)
			mcr_error_set(err, ret,
				      "the position of sink '%s', as the broker has it: %s; delete "
				      "it there, or take another --name, to begin without one",
				      s->options->name, why.text);
	}
	free(text);
	if (ret == 0)
		log_outage(s);
	return ret;
}

static void configure(struct sink *s)
{
	const struct sink_options *o = s->options;

	s->calls = o->calls;
	s->config = (struct sink_broker_config){
	    .url = o->to,
	    .name = o->name,
	    .prefix = o->prefix,
	    .stream = o->stream,
	    .sets = o->sets,
	    .n_sets = o->n_sets,
	    .credentials = o->credentials,
	    .tls_ca = o->tls_ca,
	    .tls_cert = o->tls_cert,
	    .tls_key = o->tls_key,
	    .commit_ns = o->commit_ns,
	    .is_check = o->is_check,
	    .give_up_ns = GIVE_UP_NS,
	};
	s->pool.max = o->memory;
	s->is_between = 1;
}

int sink_open(struct sink *s, struct mcr_error *err)
{
	int ret = 0;

	configure(s);
	s->others = json_array();
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!s->others || s->epoll_fd < 0 ||
	    getrandom(&s->instance, sizeof(s->instance), 0) != (ssize_t)sizeof(s->instance))
		ret = mcr_error_set(err, -ENOMEM, "%s", strerror(errno));
	if (ret == 0)
		ret = add_sources(s, err);
	if (ret == 0)
		ret = open_broker(s, err);
	return ret == 0 ? load(s, err) : ret;
}

void sink_close(struct sink *s)
{
	if (s->broker)
		s->calls->close(s->broker);
	s->broker = NULL;
	for (unsigned i = 0; i < s->n_sources; i++) {
		struct sink_source *src = s->sources[i];

		while (src->oldest)
			pack_settle(s, src->oldest);
		src->calls->close(s, src);
		free(src);
	}
	s->n_sources = 0;
	unit_pool_clear(&s->pool);
	json_decref(s->others);
	s->others = NULL;
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	s->epoll_fd = -1;
}
