/* SPDX-License-Identifier: BSD-3-Clause */
#include "kafka_transaction.h"

#include <string.h>

#include "kafka_note.h"
#include "kafka_position.h"

#define STEP_MS      200
#define LIMIT_TRUST  60000000000 /* for so long what a topic refused is not tried again */
#define REPORT_EVERY 1024        /* units produced, before reports are looked at */

/* Whether the broker refuses the records for what they are, not for its own state. */
static int is_refusal(rd_kafka_resp_err_t error)
{
	return error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
	       error == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
	       error == RD_KAFKA_RESP_ERR_INVALID_MSG ||
	       error == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE ||
	       error == RD_KAFKA_RESP_ERR_INVALID_RECORD ||
	       error == RD_KAFKA_RESP_ERR_POLICY_VIOLATION;
}

/* What to do about it. */
static const char *hint(rd_kafka_resp_err_t error)
{
	if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
	    error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
		return ": create it, or let the brokers do it (auto.create.topics.enable)";
	if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		return ": let the sink's user write to it";
	return "";
}

static int is_suspect(const struct sink_broker *b, const struct sink_unit *unit)
{
	for (unsigned i = 0; i < b->n_suspects; i++)
		if (b->suspects[i] == unit)
			return 1;
	return 0;
}

static void forget_suspect(struct sink_broker *b, const struct sink_unit *unit)
{
	for (unsigned i = 0; i < b->n_suspects; i++)
		if (b->suspects[i] == unit)
			b->suspects[i--] = b->suspects[--b->n_suspects];
}

void kafka_transaction_on_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct sink_broker *b = opaque;
	struct sink_unit *unit = m->_private;

	if (!m->err || m->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
	    m->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
		return;
	b->has_failed = 1;
	kafka_note_error(b, "topic %s: %s%s", rd_kafka_topic_name(m->rkt), rd_kafka_err2str(m->err),
			 hint(m->err));
	if (!unit && is_refusal(m->err))
		kafka_note_fatal(
		    b, 0,
		    "the position has %zu octets, and the broker refuses it: %s. Raise "
		    "max.message.bytes of the topic %s",
		    m->len, rd_kafka_err2str(m->err), KAFKA_POSITION_TOPIC);
	if (!unit)
		return;
	if (m->err == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION ||
	    (is_refusal(m->err) && unit == b->alone)) {
		b->guilty = unit;
		b->guilt = m->err;
	} else if (is_refusal(m->err) && b->n_suspects < KAFKA_SUSPECTS && !is_suspect(b, unit)) {
		b->suspects[b->n_suspects++] = unit;
	}
}

/* What an error of the API of transactions asks for; it is destroyed. KAFKA_DONE: call again. */
static enum kafka_outcome judge(struct sink_broker *b, rd_kafka_error_t *error, const char *what)
{
	rd_kafka_resp_err_t code = rd_kafka_error_code(error);
	enum kafka_outcome outcome = KAFKA_DONE;

	b->is_fenced = code == RD_KAFKA_RESP_ERR__FENCED ||
		       code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
		       code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
	if (rd_kafka_error_is_fatal(error))
		outcome = KAFKA_LOST;
	else if (rd_kafka_error_txn_requires_abort(error))
		outcome = KAFKA_AGAIN;
	else if (!rd_kafka_error_is_retriable(error))
		outcome = KAFKA_FATAL;
	if (outcome == KAFKA_FATAL)
		kafka_note_fatal(b, 0, "%s: %s", what, rd_kafka_error_string(error));
	else if (code != RD_KAFKA_RESP_ERR__TIMED_OUT)
		kafka_note_error(b, "%s: %s", what, rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
	return outcome;
}

/* Calls until it is done, has to be aborted, or never will be. */
static enum kafka_outcome call(struct sink_broker *b, const char *what,
			       rd_kafka_error_t *(*f)(rd_kafka_t *, int))
{
	enum kafka_outcome outcome = KAFKA_DONE;

	while (outcome == KAFKA_DONE) {
		rd_kafka_error_t *error = f(b->rk, STEP_MS);

		if (!error)
			return KAFKA_DONE;
		outcome = judge(b, error, what);
		if (outcome == KAFKA_DONE && kafka_is_closing(b))
			outcome = KAFKA_CLOSING;
	}
	return outcome;
}

static enum kafka_outcome state_of(struct sink_broker *b)
{
	if (b->info.fatal[0]) /* only this thread writes it */
		return KAFKA_FATAL;
	return b->has_failed ? KAFKA_AGAIN : KAFKA_DONE;
}

/* Whether librdkafka knows that the transaction has failed, which it tells only who produces: here,
 * for no topic. Units may wait for their timeout meanwhile. */
static int has_failed_unsaid(struct sink_broker *b)
{
	rd_kafka_resp_err_t error = rd_kafka_producev(b->rk, RD_KAFKA_V_END);

	return error == RD_KAFKA_RESP_ERR__STATE || error == RD_KAFKA_RESP_ERR__FATAL;
}

/* Waits until all that was produced is stored. */
static enum kafka_outcome flush(struct sink_broker *b)
{
	while (state_of(b) == KAFKA_DONE && rd_kafka_outq_len(b->rk) > 0) {
		rd_kafka_flush(b->rk, STEP_MS);
		if (kafka_is_closing(b))
			return KAFKA_CLOSING;
		if (rd_kafka_outq_len(b->rk) > 0 && has_failed_unsaid(b))
			b->has_failed = 1;
	}
	return state_of(b);
}

static enum kafka_outcome begin(struct sink_broker *b)
{
	rd_kafka_error_t *error = rd_kafka_begin_transaction(b->rk);

	if (error) {
		enum kafka_outcome outcome = judge(b, error, "a transaction cannot begin");

		return outcome == KAFKA_DONE ? KAFKA_AGAIN : outcome;
	}
	b->has_begun = 1;
	b->begun_ns = kafka_now_ns();
	return KAFKA_DONE;
}

/* Takes the unit behind previous, NULL = the first, out of the transaction. */
static void take_out(struct sink_broker *b, struct sink_unit *previous)
{
	struct kafka_list *list = &b->transaction;
	struct sink_unit **at = previous ? &previous->next : &list->first, *unit = *at;

	*at = unit->next;
	if (list->last == unit)
		list->last = previous;
	list->n--;
	forget_suspect(b, unit);
}

/* Hands unit to librdkafka, waiting for room in its queue. */
static rd_kafka_resp_err_t produce_one(struct sink_broker *b, struct sink_unit *unit,
				       struct kafka_topic *topic)
{
	rd_kafka_resp_err_t error;

	do {
		/* librdkafka's macros are expressions of GNU C. */
		error = __extension__ rd_kafka_producev(
		    b->rk, RD_KAFKA_V_RKT(topic->rkt),
		    RD_KAFKA_V_KEY(unit->flow, strlen(unit->flow)),
		    RD_KAFKA_V_VALUE((void *)(uintptr_t)unit->body, unit->len),
		    RD_KAFKA_V_HEADER("Mcring", unit->header, -1),
		    RD_KAFKA_V_HEADER("id", unit->id, -1), RD_KAFKA_V_OPAQUE(unit), RD_KAFKA_V_END);
		if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL)
			rd_kafka_poll(b->rk, STEP_MS);
	} while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && state_of(b) == KAFKA_DONE &&
		 !kafka_is_closing(b));
	return error;
}

/* A batch of its own for a suspect. */
static rd_kafka_resp_err_t produce_alone(struct sink_broker *b, struct sink_unit *unit,
					 struct kafka_topic *topic)
{
	rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__STATE;

	if (flush(b) == KAFKA_DONE) {
		b->alone = unit;
		error = produce_one(b, unit, topic);
		if (!error)
			flush(b);
		b->alone = NULL;
	}
	return error;
}

/* The next unit. Returns KAFKA_DONE when it was produced or refused. */
static enum kafka_outcome produce_next(struct sink_broker *b)
{
	struct sink_unit *unit = b->produced ? b->produced->next : b->transaction.first;
	struct kafka_topic *topic = kafka_topics_find(&b->topics, b->rk, unit->subject);
	rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;

	if (topic && topic->refusal && unit->len >= topic->refused &&
	    kafka_now_ns() - topic->since_ns < LIMIT_TRUST)
		error = topic->refusal;
	else if (topic && b->n_suspects > 0 && is_suspect(b, unit))
		error = produce_alone(b, unit, topic);
	else if (topic)
		error = produce_one(b, unit, topic);
	if (!error) {
		b->produced = unit;
		return state_of(b);
	}
	if (is_refusal(error) || error == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION) {
		take_out(b, b->produced);
		kafka_note_refused(b, unit, "topic %s: %s (%u octets)", unit->subject,
				   rd_kafka_err2str(error), unit->len);
		return KAFKA_DONE;
	}
	/* Where a transaction has failed, nothing is taken any more: its own error is the cause. */
	if (error != RD_KAFKA_RESP_ERR__STATE && error != RD_KAFKA_RESP_ERR__QUEUE_FULL)
		kafka_note_error(b, "topic %s: %s%s", unit->subject, rd_kafka_err2str(error),
				 hint(error));
	return kafka_is_closing(b) ? KAFKA_CLOSING : KAFKA_AGAIN;
}

enum kafka_outcome kafka_transaction_produce(struct sink_broker *b)
{
	enum kafka_outcome outcome = b->has_begun ? state_of(b) : begin(b);

	for (unsigned n = 0; outcome == KAFKA_DONE && b->produced != b->transaction.last; n++) {
		outcome = produce_next(b);
		if (n % REPORT_EVERY == REPORT_EVERY - 1)
			rd_kafka_poll(b->rk, 0);
	}
	rd_kafka_poll(b->rk, 0);
	return outcome == KAFKA_DONE ? state_of(b) : outcome;
}

static enum kafka_outcome produce_position(struct sink_broker *b, const char *position)
{
	struct kafka_topic *topic = kafka_topics_find(&b->topics, b->rk, KAFKA_POSITION_TOPIC);
	rd_kafka_resp_err_t error =
	    topic ? __extension__ rd_kafka_producev(
			b->rk, RD_KAFKA_V_RKT(topic->rkt),
			RD_KAFKA_V_PARTITION(KAFKA_POSITION_PARTITION),
			RD_KAFKA_V_KEY(b->config->name, strlen(b->config->name)),
			RD_KAFKA_V_VALUE((void *)(uintptr_t)position, strlen(position)),
			RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END)
		  : RD_KAFKA_RESP_ERR__FAIL;

	if (!error)
		return KAFKA_DONE;
	if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
		kafka_note_fatal(
		    b, 0,
		    "the position has %zu octets: --set message.max.bytes to more, and "
		    "max.message.bytes of the topic %s",
		    strlen(position), KAFKA_POSITION_TOPIC);
		return KAFKA_FATAL;
	}
	kafka_note_error(b, "topic %s: %s", KAFKA_POSITION_TOPIC, rd_kafka_err2str(error));
	return KAFKA_AGAIN;
}

enum kafka_outcome kafka_transaction_commit(struct sink_broker *b, const char *position)
{
	enum kafka_outcome outcome = flush(b);

	if (outcome == KAFKA_DONE)
		outcome = produce_position(b, position);
	if (outcome == KAFKA_DONE)
		outcome =
		    call(b, "the transaction cannot be committed", rd_kafka_commit_transaction);
	if (outcome != KAFKA_DONE)
		return state_of(b) == KAFKA_FATAL ? KAFKA_FATAL : outcome;
	b->has_begun = 0;
	b->produced = NULL;
	b->n_suspects = 0;
	b->pause_ms = 0;
	return KAFKA_DONE;
}

/* Alone in its batch it was refused: so it always will be. */
static void refuse_guilty(struct sink_broker *b)
{
	struct sink_unit *previous = NULL, *unit = b->guilty;
	struct kafka_topic *topic = kafka_topics_find(&b->topics, b->rk, unit->subject);

	for (struct sink_unit *u = b->transaction.first; u && u != unit; u = u->next)
		previous = u;
	if (topic && (b->guilt == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
		      b->guilt == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION)) {
		topic->refusal = b->guilt;
		topic->refused = b->guilt == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION ? 0 : unit->len;
		topic->since_ns = kafka_now_ns();
	}
	take_out(b, previous);
	kafka_note_refused(b, unit, "topic %s: %s (%u octets)", unit->subject,
			   rd_kafka_err2str(b->guilt), unit->len);
	b->guilty = NULL;
}

enum kafka_outcome kafka_transaction_abort(struct sink_broker *b)
{
	enum kafka_outcome outcome = KAFKA_DONE;

	if (b->has_begun)
		outcome = call(b, "the transaction cannot be aborted", rd_kafka_abort_transaction);
	if (outcome != KAFKA_DONE)
		return outcome;
	if (b->guilty)
		refuse_guilty(b);
	pthread_mutex_lock(&b->lock);
	b->info.aborted += !!b->has_begun;
	b->info.retried += b->transaction.n;
	pthread_mutex_unlock(&b->lock);
	b->has_begun = 0;
	b->has_failed = 0;
	b->produced = NULL;
	return KAFKA_DONE;
}
