/* SPDX-License-Identifier: BSD-3-Clause */
/* sink_peer_kafka BOOTSTRAP TOPIC TOPICS MESSAGES OCTETS HEADER COMMIT_MS: what one would write who
 * has messages and wants them in Kafka once: publishes MESSAGES of OCTETS to TOPIC.0 and so on, in
 * turn, each with an id and a header of HEADER octets, in transactions of COMMIT_MS. Prints how
 * many were committed. It knows nothing of mcring, and ends with the first error: see sink.py. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_MS   60000
#define TOPIC_MAX 128
#define EVERY     256 /* messages between two looks at the clock */

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "sink_peer_kafka: %s: %s\n", what, why);
	exit(1);
}

static void check(const char *what, rd_kafka_error_t *error)
{
	if (error)
		fail(what, rd_kafka_error_string(error));
}

static rd_kafka_t *producer(const char *bootstrap)
{
	const char *const settings[][2] = {{"bootstrap.servers", bootstrap},
					   {"transactional.id", "sink_peer"},
					   {"linger.ms", "5"}};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];
	rd_kafka_t *k;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof(why)))
			fail(settings[i][0], why);
	}
	k = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (!k)
		fail("rd_kafka_new", why);
	return k;
}

static void produce(rd_kafka_t *k, const char *topic, const char *id, const char *header,
		    const char *body, size_t len)
{
	rd_kafka_resp_err_t ret;

	do {
		ret = __extension__ rd_kafka_producev(
		    k, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(topic, strlen(topic)),
		    RD_KAFKA_V_VALUE((void *)body, len), RD_KAFKA_V_HEADER("Mcring", header, -1),
		    RD_KAFKA_V_HEADER("id", id, -1), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		    RD_KAFKA_V_END);
		rd_kafka_poll(k, ret == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 1 : 0);
	} while (ret == RD_KAFKA_RESP_ERR__QUEUE_FULL);
	if (ret)
		fail("produce", rd_kafka_err2str(ret));
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	rd_kafka_t *k;
	unsigned long topics, messages;
	size_t len, header_len;
	long every_ms, due_ms;
	char *body, *header;

	if (argc != 8) {
		fprintf(stderr,
			"usage: sink_peer_kafka BOOTSTRAP TOPIC TOPICS MESSAGES OCTETS HEADER "
			"COMMIT_MS\n");
		return 2;
	}
	topics = strtoul(argv[3], NULL, 10);
	messages = strtoul(argv[4], NULL, 10);
	len = strtoul(argv[5], NULL, 10);
	header_len = strtoul(argv[6], NULL, 10);
	every_ms = atol(argv[7]);
	body = calloc(1, len + 1);
	header = calloc(1, header_len + 1);
	if (!body || !header || topics == 0)
		fail("arguments", "no memory, or no topic");
	memset(body, 'x', len);
	memset(header, 'h', header_len);
	k = producer(argv[1]);
	check("init_transactions", rd_kafka_init_transactions(k, WAIT_MS));
	check("begin_transaction", rd_kafka_begin_transaction(k));
	due_ms = now_ms() + every_ms;
	for (unsigned long i = 0; i < messages; i++) {
		char topic[TOPIC_MAX], id[64];

		snprintf(topic, sizeof(topic), "%s.%lu", argv[2], i % topics);
		snprintf(id, sizeof(id), "17f3a9c2b4d51e08.0.%lu", i + 1);
		produce(k, topic, id, header, body, len);
		if (i % EVERY == 0 && now_ms() >= due_ms) {
			check("commit_transaction", rd_kafka_commit_transaction(k, WAIT_MS));
			check("begin_transaction", rd_kafka_begin_transaction(k));
			due_ms = now_ms() + every_ms;
		}
	}
	check("commit_transaction", rd_kafka_commit_transaction(k, WAIT_MS));
	rd_kafka_destroy(k);
	printf("stored %lu\n", messages);
	return 0;
}
