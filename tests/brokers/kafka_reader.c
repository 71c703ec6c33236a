/* SPDX-License-Identifier: BSD-3-Clause */
/* kafka_reader BROKERS PREFIX: what a reader of committed messages finds in all topics whose names
 * begin with PREFIX. Prints a line for each message, its parts divided by tabs,
 *
 *   topic partition offset key id header body
 *
 * header is what Mcring says, body is in hexadecimal; "-" = none. Those of a partition stand in
 * order. It ends where all partitions ended when it came there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#define WAIT_MS 20000

static void print_text(const void *text, size_t len)
{
	printf("\t%.*s", text ? (int)len : 1, text ? (const char *)text : "-");
}

static void print_header(const rd_kafka_message_t *m, const char *name)
{
	rd_kafka_headers_t *headers;
	const void *value = NULL;
	size_t len = 0;

	if (!rd_kafka_message_headers(m, &headers))
		rd_kafka_header_get_last(headers, name, &value, &len);
	print_text(value, len);
}

static void print_message(const rd_kafka_message_t *m)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *body = m->payload;

	printf("%s\t%d\t%lld", rd_kafka_topic_name(m->rkt), m->partition, (long long)m->offset);
	print_text(m->key, m->key_len);
	print_header(m, "id");
	print_header(m, "Mcring");
	putchar('\t');
	if (!body)
		putchar('-');
	for (size_t i = 0; body && i < m->len; i++) {
		putchar(digits[body[i] >> 4]);
		putchar(digits[body[i] & 15]);
	}
	putchar('\n');
}

/* All partitions of the topics, from their beginnings. */
static rd_kafka_topic_partition_list_t *find(rd_kafka_t *rk, const char *prefix)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
	const struct rd_kafka_metadata *all;

	if (rd_kafka_metadata(rk, 1, NULL, &all, WAIT_MS)) {
		fprintf(stderr, "kafka_reader: no broker answers\n");
		exit(1);
	}
	for (int i = 0; i < all->topic_cnt; i++)
		for (int j = 0; j < all->topics[i].partition_cnt; j++)
			if (!strncmp(all->topics[i].topic, prefix, strlen(prefix)))
				rd_kafka_topic_partition_list_add(list, all->topics[i].topic,
								  all->topics[i].partitions[j].id)
				    ->offset = RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_metadata_destroy(all);
	return list;
}

static void set(rd_kafka_conf_t *conf, const char *key, const char *value)
{
	char why[256];

	if (rd_kafka_conf_set(conf, key, value, why, sizeof(why)) != RD_KAFKA_CONF_OK) {
		fprintf(stderr, "kafka_reader: %s\n", why);
		exit(1);
	}
}

/* Reads until each partition of list has ended once. */
static int read_all(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
	int left = list->cnt;

	while (left > 0) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, WAIT_MS);
		rd_kafka_topic_partition_t *one;

		if (!m) {
			fprintf(stderr, "kafka_reader: nothing comes\n");
			return 1;
		}
		if (!m->err) {
			print_message(m);
		} else if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
			one = rd_kafka_topic_partition_list_find(list, rd_kafka_topic_name(m->rkt),
								 m->partition);
			left -= one && one->offset != RD_KAFKA_OFFSET_END;
			if (one)
				one->offset = RD_KAFKA_OFFSET_END;
		}
		rd_kafka_message_destroy(m);
	}
	return 0;
}

int main(int argc, char **argv)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *list;
	char why[256];
	rd_kafka_t *rk;
	int r;

	if (argc != 3) {
		fprintf(stderr, "usage: kafka_reader BROKERS PREFIX\n");
		return 2;
	}
	set(conf, "bootstrap.servers", argv[1]);
	set(conf, "group.id", "kafka_reader");
	set(conf, "isolation.level", "read_committed");
	set(conf, "enable.partition.eof", "true");
	set(conf, "enable.auto.commit", "false");
	set(conf, "fetch.wait.max.ms", "20");
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	if (!rk) {
		fprintf(stderr, "kafka_reader: %s\n", why);
		return 1;
	}
	rd_kafka_poll_set_consumer(rk);
	list = find(rk, argv[2]);
	r = rd_kafka_assign(rk, list) ? 1 : read_all(rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
	return r;
}
