/* SPDX-License-Identifier: BSD-3-Clause */
#include "kafka_producer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "kafka_conf.h"
#include "kafka_note.h"
#include "kafka_position.h"
#include "kafka_transaction.h"

#define STEP_MS        200
#define RENEW_ROUND_NS 10000000000

/* Served by the calls of librdkafka that wait, in the thread that calls them. */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct sink_broker *b = opaque;

	kafka_note_error(b, "%s", reason);
	if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		kafka_note_down(b);
	else if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION)
		b->is_denied = 1;
	else if (code == RD_KAFKA_RESP_ERR__FATAL)
		b->has_failed = 1;
}

int kafka_producer_open(struct sink_broker *b, struct mcr_error *err)
{
	rd_kafka_conf_t *conf;
	char why[256];
	int r = kafka_conf_make(&conf, b->config, KAFKA_PRODUCER, err);

	if (r != 0)
		return r;
	rd_kafka_conf_set_opaque(conf, b);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_dr_msg_cb(conf, kafka_transaction_on_report);
	b->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (b->rk)
		return 0;
	rd_kafka_conf_destroy(conf);
	return mcr_error_set(err, -EINVAL, "--set: librdkafka does not take these together: %s",
			     why);
}

/* Time for another step: 0 = none is left. */
static int step_ms(uint64_t deadline_ns)
{
	uint64_t now = kafka_now_ns(), left = deadline_ns > now ? (deadline_ns - now) / 1000000 : 0;

	return left < STEP_MS ? (int)left : STEP_MS;
}

int kafka_producer_reach(struct sink_broker *b, uint64_t deadline_ns, struct mcr_error *err)
{
	const struct rd_kafka_metadata *metadata;
	int ms;

	b->is_denied = 0;
	while ((ms = step_ms(deadline_ns)) > 0 && !b->is_denied) {
		if (!rd_kafka_metadata(b->rk, 0, NULL, &metadata, ms)) {
			rd_kafka_metadata_destroy(metadata);
			kafka_note_answer(b);
			return 0;
		}
		rd_kafka_poll(b->rk, 0);
	}
	return mcr_error_set(err, b->is_denied ? -EACCES : -ETIMEDOUT, "%s: %s", b->info.server,
			     b->info.error[0] ? b->info.error : "no broker answers");
}

static int fence_others(struct sink_broker *b, uint64_t deadline_ns, struct mcr_error *err)
{
	int ms;

	while ((ms = step_ms(deadline_ns)) > 0) {
		rd_kafka_error_t *error = rd_kafka_init_transactions(b->rk, ms);
		rd_kafka_resp_err_t code = rd_kafka_error_code(error);
		int is_over = error && !rd_kafka_error_is_retriable(error);

		if (!error)
			return 0;
		mcr_error_set(err, 0, "%s: transactional.id mcring-sink-%s: %s", b->info.server,
			      b->config->name, rd_kafka_error_string(error));
		rd_kafka_error_destroy(error);
		rd_kafka_poll(b->rk, 0);
		if (code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED ||
		    code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
			return -EACCES;
		if (is_over)
			return -EPROTO;
	}
	return -ETIMEDOUT;
}

int kafka_producer_load(struct sink_broker *b, uint64_t deadline_ns, char **text,
			struct mcr_error *err)
{
	const int is_check = b->config->is_check;
	int r = is_check ? 0 : fence_others(b, deadline_ns, err);

	*text = NULL;
	if (r == 0)
		r = kafka_position_read(b->config, deadline_ns, text, err);
	if (r == -ENOENT)
		r = is_check ? 0 : kafka_position_prepare(b->rk, deadline_ns, err);
	if (r == 0)
		kafka_note_answer(b);
	return r;
}

void kafka_producer_close(struct sink_broker *b)
{
	if (!b->rk)
		return;
	rd_kafka_purge(b->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	kafka_topics_clear(&b->topics);
	rd_kafka_destroy(b->rk);
	b->rk = NULL;
}

/* Whether the broker may have ended the transaction itself. */
static int was_open_too_long(struct sink_broker *b)
{
	char value[32] = "";
	size_t size = sizeof(value);

	rd_kafka_conf_get(rd_kafka_conf(b->rk), "transaction.timeout.ms", value, &size);
	return b->has_begun && kafka_now_ns() - b->begun_ns >= strtoull(value, NULL, 10) * 1000000;
}

static int is_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

int kafka_producer_renew(struct sink_broker *b, const char *position, int *is_stored,
			 struct mcr_error *err)
{
	char *text = NULL;
	int r;

	if (!was_open_too_long(b) && b->is_fenced)
		return mcr_error_set(
		    err, -ESTALE,
		    "another mcring-sink with --name %s has taken over at this "
		    "broker; sinks that run at the same time need names of their own",
		    b->config->name);
	if (!was_open_too_long(b))
		return mcr_error_set(err, -EPROTO, "%s", b->info.error);
	kafka_producer_close(b);
	b->has_begun = 0;
	b->has_failed = 0;
	b->produced = NULL;
	r = kafka_producer_open(b, err);
	if (r != 0)
		return r;
	while ((r = kafka_producer_load(b, kafka_now_ns() + RENEW_ROUND_NS, &text, err)) ==
	       -ETIMEDOUT) {
		if (kafka_is_closing(b))
			return -ECANCELED;
		kafka_note_error(b, "%s", err->text);
	}
	*is_stored = r == 0 && position && is_same(text, position);
	if (r == 0 && !*is_stored && !is_same(text, b->committed))
		r = mcr_error_set(err, -ESTALE,
				  "during an outage another mcring-sink with --name %s has taken "
				  "over at this broker",
				  b->config->name);
	free(text);
	return r;
}
