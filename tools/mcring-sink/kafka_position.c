/* SPDX-License-Identifier: BSD-3-Clause */
#include "kafka_position.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/error.h"
#include "kafka_conf.h"

#define STEP_MS   200
#define FIRST_RUN 1000 /* records to read from the end, ten times more each time if in vain */

struct reader {
	rd_kafka_t *rk;
	rd_kafka_topic_t *rkt;
	const char *name;
	uint64_t deadline_ns;
	int64_t low, high; /* first offset; one past the last that was there at the start */
	char *text;        /* the newest so far */
	int is_found;      /* text, or a record without a value, which takes a position back */
	char why[256];     /* what went wrong last */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int left_ms(uint64_t deadline_ns)
{
	uint64_t now = now_ns();

	return deadline_ns > now ? (int)((deadline_ns - now) / 1000000) : 0;
}

/* The time that is left, at most a step. 0 = none. */
static int step_ms(uint64_t deadline_ns)
{
	int left = left_ms(deadline_ns);

	return left < STEP_MS ? left : STEP_MS;
}

static void pause_step(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

/* What the brokers say of the topic. Returns partitions, or -errno; -EAGAIN: ask again. */
static int ask_topic(rd_kafka_t *rk, rd_kafka_topic_t *rkt, uint64_t deadline_ns, char *why,
		     size_t size)
{
	const struct rd_kafka_metadata *metadata;
	int ms = step_ms(deadline_ns), r = -EAGAIN;
	rd_kafka_resp_err_t error =
	    ms ? rd_kafka_metadata(rk, 0, rkt, &metadata, ms) : RD_KAFKA_RESP_ERR__TIMED_OUT;

	if (error) {
		snprintf(why, size, "%s", rd_kafka_err2str(error));
		return ms ? -EAGAIN : -ETIMEDOUT;
	}
	if (metadata->topic_cnt == 1) {
		error = metadata->topics[0].err;
		snprintf(why, size, "%s", rd_kafka_err2str(error));
		if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
			r = -ENOENT;
		else if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
			r = -EACCES;
		else if (!error && metadata->topics[0].partition_cnt > 0)
			r = metadata->topics[0].partition_cnt;
	}
	rd_kafka_metadata_destroy(metadata);
	return r;
}

/* Has the topic made with what suits it. Returns 0, -EACCES, or -EAGAIN: ask otherwise. */
static int create_topic(rd_kafka_t *rk, uint64_t deadline_ns, char *why, size_t size)
{
	rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(KAFKA_POSITION_TOPIC, 1, -1, why, size);
	rd_kafka_AdminOptions_t *options =
	    rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_event_t *event = NULL;
	rd_kafka_resp_err_t error;
	int ms = left_ms(deadline_ns);

	if (topic && ms > 0 && !rd_kafka_NewTopic_set_config(topic, "cleanup.policy", "compact") &&
	    !rd_kafka_AdminOptions_set_request_timeout(options, ms, why, size)) {
		rd_kafka_CreateTopics(rk, &topic, 1, options, queue);
		event = rd_kafka_queue_poll(queue, ms);
	}
	error = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
	if (event && !error) {
		size_t n;
		const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
		    rd_kafka_event_CreateTopics_result(event), &n);

		error =
		    n == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
	}
	snprintf(why, size, "%s", rd_kafka_err2str(error));
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	rd_kafka_AdminOptions_destroy(options);
	if (topic)
		rd_kafka_NewTopic_destroy(topic);
	if (!error || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		return 0;
	return error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
		       error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED
		   ? -EACCES
		   : -EAGAIN;
}

int kafka_position_prepare(rd_kafka_t *producer, uint64_t deadline_ns, struct mcr_error *err)
{
	rd_kafka_topic_t *rkt;
	char why[256] = "", why_not_made[256] = "";
	int r = create_topic(producer, deadline_ns, why_not_made, sizeof(why_not_made));
	uint64_t unknown_until_ns = now_ns() + 5000000000;

	/* A producer that asks for a topic makes the broker create it, where it does that. */
	rkt = rd_kafka_topic_new(producer, KAFKA_POSITION_TOPIC, NULL);
	if (!rkt)
		return mcr_error_set(err, -ENOMEM, "cannot allocate a topic's handle");
	while ((r = ask_topic(producer, rkt, deadline_ns, why, sizeof(why))) == -EAGAIN ||
	       (r == -ENOENT && now_ns() < unknown_until_ns && step_ms(deadline_ns)))
		pause_step();
	rd_kafka_topic_destroy(rkt);
	if (r > 0)
		return 0;
	return mcr_error_set(err, r,
			     "the topic %s of the sinks' positions: %s; it could not be created, "
			     "either: %s. Create it: kafka-topics.sh --create --topic %s "
			     "--partitions 1 --config cleanup.policy=compact",
			     KAFKA_POSITION_TOPIC, why, why_not_made, KAFKA_POSITION_TOPIC);
}

/* One record of the topic. */
static void take(struct reader *r, const rd_kafka_message_t *m)
{
	if (m->key_len != strlen(r->name) || memcmp(m->key, r->name, m->key_len))
		return;
	free(r->text);
	r->text = m->payload ? strndup(m->payload, m->len) : NULL;
	r->is_found = 1;
}

/* The end of the topic when it was first reached: what was written by then, be it committed or
 * not, as the broker's answer says. */
static int64_t end_now(struct reader *r, int64_t offset)
{
	int64_t low, high;

	if (rd_kafka_get_watermark_offsets(r->rk, KAFKA_POSITION_TOPIC, KAFKA_POSITION_PARTITION,
					   &low, &high))
		return offset;
	return high > offset ? high : offset;
}

/* Reads from offset until before end; -1 = all that is there. Marks of the ends of transactions
 * have offsets, but are no records: so an end is seen by EOF, which comes again when more was
 * committed, or by what stands behind it. Returns 0 or -errno. */
static int read_run(struct reader *r, int64_t offset, int64_t end)
{
	int result = -EAGAIN;

	if (rd_kafka_consume_start(r->rkt, KAFKA_POSITION_PARTITION, offset) != 0)
		return -EPROTO;
	snprintf(r->why, sizeof(r->why), "the broker does not answer");
	while (result == -EAGAIN) {
		int ms = step_ms(r->deadline_ns);
		rd_kafka_message_t *m =
		    ms ? rd_kafka_consume(r->rkt, KAFKA_POSITION_PARTITION, ms) : NULL;

		if (!ms)
			result = -ETIMEDOUT;
		if (!m)
			continue;
		if (!m->err && (end < 0 || m->offset < end))
			take(r, m);
		else if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			snprintf(r->why, sizeof(r->why),
				 "its end cannot be read yet: the transaction of another sink is "
				 "open");
		else if (m->err)
			snprintf(r->why, sizeof(r->why), "%s", rd_kafka_message_errstr(m));
		if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && end < 0)
			end = end_now(r, m->offset);
		if ((!m->err && end >= 0 && m->offset + 1 >= end) ||
		    (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && m->offset >= end))
			result = 0;
		rd_kafka_message_destroy(m);
	}
	rd_kafka_consume_stop(r->rkt, KAFKA_POSITION_PARTITION);
	return result;
}

/* Where the partition begins, and where what is committed ends. */
static int ask_range(struct reader *r)
{
	rd_kafka_resp_err_t error;
	int ms;

	do {
		ms = step_ms(r->deadline_ns);
		error = ms ? rd_kafka_query_watermark_offsets(r->rk, KAFKA_POSITION_TOPIC,
							      KAFKA_POSITION_PARTITION, &r->low,
							      &r->high, ms)
			   : RD_KAFKA_RESP_ERR__TIMED_OUT;
		if (error && ms)
			snprintf(r->why, sizeof(r->why), "%s", rd_kafka_err2str(error));
	} while (error && ms);
	return error ? -ETIMEDOUT : 0;
}

/* The newest record of the name: mostly among the last ones, since a sink writes it all the time.
 */
static int read_all(struct reader *r)
{
	int64_t span = FIRST_RUN, end = -1;
	int result;

	while ((result = ask_topic(r->rk, r->rkt, r->deadline_ns, r->why, sizeof(r->why))) ==
	       -EAGAIN)
		pause_step();
	if (result < 0)
		return result;
	result = ask_range(r);
	while (result == 0) {
		int64_t begin = r->high - span > r->low ? r->high - span : r->low;

		result = read_run(r, begin, end);
		if (r->is_found || begin == r->low)
			break;
		end = begin;
		span *= 10;
	}
	return result;
}

int kafka_position_read(const struct sink_broker_config *config, uint64_t deadline_ns, char **text,
			struct mcr_error *err)
{
	struct reader r = {.name = config->name, .deadline_ns = deadline_ns};
	rd_kafka_conf_t *conf;
	int result = kafka_conf_make(&conf, config, KAFKA_READER, err);

	*text = NULL;
	if (result != 0)
		return result;
	r.rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, r.why, sizeof(r.why));
	if (!r.rk) {
		rd_kafka_conf_destroy(conf);
		return mcr_error_set(err, -EINVAL, "librdkafka: %s", r.why);
	}
	r.rkt = rd_kafka_topic_new(r.rk, KAFKA_POSITION_TOPIC, NULL);
	result = r.rkt ? read_all(&r) : -ENOMEM;
	if (result == 0)
		*text = r.text;
	else
		free(r.text);
	if (r.rkt)
		rd_kafka_topic_destroy(r.rkt);
	rd_kafka_destroy(r.rk);
	if (result == 0)
		return 0;
	return mcr_error_set(err, result, "the topic %s of the sinks' positions: %s",
			     KAFKA_POSITION_TOPIC, r.why);
}
