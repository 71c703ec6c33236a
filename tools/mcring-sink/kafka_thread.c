/* SPDX-License-Identifier: BSD-3-Clause */
#include "kafka_thread.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "kafka_note.h"
#include "kafka_producer.h"
#include "kafka_transaction.h"

#define OPEN_TICK_NS  5000000   /* how long few units may wait in an open transaction */
#define IDLE_TICK_NS  100000000 /* how often librdkafka's callbacks are served without one */
#define PROBE_NS      1000000000
#define PAUSE_MAX_MS  1000
#define ABORT_LAST_MS 500

static struct timespec after(uint64_t ns)
{
	uint64_t at = kafka_now_ns() + ns;

	return (struct timespec){.tv_sec = (time_t)(at / 1000000000),
				 .tv_nsec = (long)(at % 1000000000)};
}

/* Whether the next thing to do is to commit. With the lock held. */
static int is_due(const struct sink_broker *b)
{
	return b->text && b->taken == b->text_after;
}

/* Takes what waits, up to a checkpoint. With the lock held. */
static void take(struct sink_broker *b)
{
	while (b->waiting.first && !is_due(b)) {
		struct sink_unit *unit = b->waiting.first;

		if (!b->text) {
			b->taken += b->waiting.n;
			kafka_list_move(&b->transaction, &b->waiting);
			break;
		}
		b->waiting.first = unit->next;
		if (!unit->next)
			b->waiting.last = NULL;
		b->waiting.n--;
		b->taken++;
		kafka_list_add(&b->transaction, unit);
	}
	b->is_open = b->transaction.n > 0;
}

/* Waits until there is something to do, a while at most. *position is the one to commit when all
 * units were produced. Returns whether to go on. */
static int wait_for_work(struct sink_broker *b, const char **position)
{
	struct timespec until = after(b->transaction.n ? OPEN_TICK_NS : IDLE_TICK_NS);
	int is_closing;

	pthread_mutex_lock(&b->lock);
	while (!b->is_closing && !b->text && b->waiting.n < (b->is_open ? KAFKA_WAKE_AT : 1) &&
	       b->produced == b->transaction.last &&
	       pthread_cond_timedwait(&b->wake, &b->lock, &until) != ETIMEDOUT)
		;
	take(b);
	*position = is_due(b) ? b->text : NULL;
	is_closing = b->is_closing;
	pthread_mutex_unlock(&b->lock);
	return !is_closing;
}

/* All units of the transaction are stored, and the position with them. */
static void settle(struct sink_broker *b)
{
	struct timespec now;

	kafka_note_answer(b);
	clock_gettime(CLOCK_REALTIME, &now);
	free(b->committed);
	pthread_mutex_lock(&b->lock);
	b->committed = b->text;
	b->text = NULL;
	b->is_open = 0;
	kafka_list_move(&b->stored, &b->transaction);
	b->info.checkpoints++;
	b->info.checkpoint_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	kafka_wake_caller(b);
	pthread_mutex_unlock(&b->lock);
}

/* What a person should know may have passed while there is nothing to store. */
static void probe(struct sink_broker *b, uint64_t *probed_ns)
{
	rd_kafka_poll(b->rk, 0);
	if ((b->info.is_connected && !b->info.error[0]) || kafka_now_ns() - *probed_ns < PROBE_NS)
		return;
	kafka_producer_reach(b, kafka_now_ns() + IDLE_TICK_NS, NULL);
	*probed_ns = kafka_now_ns();
}

/* Pauses before another try, longer each time. */
static void hold_on(struct sink_broker *b)
{
	struct timespec until;

	b->pause_ms = b->pause_ms ? b->pause_ms * 2 : 10;
	if (b->pause_ms > PAUSE_MAX_MS)
		b->pause_ms = PAUSE_MAX_MS;
	until = after((uint64_t)b->pause_ms * 1000000);
	pthread_mutex_lock(&b->lock);
	while (!b->is_closing && pthread_cond_timedwait(&b->wake, &b->lock, &until) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&b->lock);
}

/* A producer that can do nothing more is replaced if that is right. */
static enum kafka_outcome renew(struct sink_broker *b, const char *position)
{
	struct mcr_error err;
	int is_stored, r = kafka_producer_renew(b, position, &is_stored, &err);

	if (r == -ECANCELED)
		return KAFKA_CLOSING;
	if (r != 0) {
		kafka_note_fatal(b, r == -ESTALE, "%s", err.text);
		return KAFKA_FATAL;
	}
	if (is_stored)
		settle(b);
	return KAFKA_DONE;
}

/* One round. Returns KAFKA_DONE to go on. */
static enum kafka_outcome work(struct sink_broker *b, const char *position)
{
	enum kafka_outcome outcome = kafka_transaction_produce(b);

	if (outcome == KAFKA_DONE && position) {
		outcome = kafka_transaction_commit(b, position);
		if (outcome == KAFKA_DONE)
			settle(b);
	}
	if (outcome == KAFKA_AGAIN) {
		b->has_failed = 1; /* until it is aborted */
		outcome = kafka_transaction_abort(b);
		if (outcome == KAFKA_AGAIN)
			outcome = KAFKA_DONE;
		if (outcome == KAFKA_DONE)
			hold_on(b);
	}
	return outcome;
}

static void *run(void *arg)
{
	struct sink_broker *b = arg;
	enum kafka_outcome outcome = KAFKA_DONE;
	const char *position;
	uint64_t probed_ns = 0;

	while (outcome == KAFKA_DONE && wait_for_work(b, &position)) {
		if (b->transaction.n || position)
			outcome = work(b, position);
		else
			probe(b, &probed_ns);
		if (outcome == KAFKA_LOST)
			outcome = renew(b, position);
	}
	/* Else readers of committed messages would wait for its end. */
	if (b->rk && b->has_begun && outcome != KAFKA_FATAL) {
		rd_kafka_error_t *error = rd_kafka_abort_transaction(b->rk, ABORT_LAST_MS);

		if (error)
			rd_kafka_error_destroy(error);
	}
	return NULL;
}

int kafka_thread_start(struct sink_broker *b)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = -pthread_create(&b->thread, NULL, run, b);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	b->is_running = r == 0;
	return r;
}

void kafka_thread_stop(struct sink_broker *b)
{
	if (!b->is_running)
		return;
	pthread_mutex_lock(&b->lock);
	b->is_closing = 1;
	pthread_cond_signal(&b->wake);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->thread, NULL);
	b->is_running = 0;
}
