/* SPDX-License-Identifier: BSD-3-Clause */
/* kafka_mock BROKERS: librdkafka's mock of a Kafka cluster as a program. It prints the addresses
 * of the brokers on loopback, obeys the commands of standard input, each answered by a line, and
 * ends with it:
 *
 *   error API ERROR COUNT [MS]  the next COUNT requests of the kind API fail with ERROR, on any
 *                               broker; with MS they only take so long, if ERROR is NO_ERROR
 *   down BROKER, up BROKER      it closes its connections and takes none; 0 = all
 *   rtt BROKER MS               its answers take so long
 *   topic NAME PARTITIONS
 *   topic_error NAME ERROR      what metadata of it say
 *   leader TOPIC PARTITION BROKER
 *   coordinator ID BROKER       of a transactional.id
 *
 * ERROR is a name as Kafka's documentation has it, or _TRANSPORT: closes the connection.
 * What the mock lacks: it keeps no order among producers of one transactional.id, shows what
 * was aborted, and keeps 5 MB or 100,000 batches of a partition. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

static rd_kafka_mock_cluster_t *cluster;
static int n_brokers;

static const struct {
	const char *name;
	int16_t key;
} apis[] = {
    {"produce", 0},           {"fetch", 1},
    {"list_offsets", 2},      {"metadata", 3},
    {"find_coordinator", 10}, {"init_producer", 22},
    {"add_partitions", 24},   {"end_transaction", 26},
};

static int api_of(const char *name)
{
	for (size_t i = 0; i < sizeof(apis) / sizeof(*apis); i++)
		if (!strcmp(apis[i].name, name))
			return apis[i].key;
	return -1;
}

/* Returns 0 and *error, or -1. */
static int error_of(const char *name, rd_kafka_resp_err_t *error)
{
	const struct rd_kafka_err_desc *all;
	size_t n;

	rd_kafka_get_err_descs(&all, &n);
	for (size_t i = 0; i < n; i++)
		if (all[i].name && !strcmp(all[i].name, name)) {
			*error = all[i].code;
			return 0;
		}
	return -1;
}

static int push_errors(const char *api, const char *name, int count, int ms)
{
	rd_kafka_resp_err_t error;
	int key = api_of(api);

	if (key < 0 || error_of(name, &error) != 0)
		return -1;
	for (int i = 0; i < count; i++) {
		if (!ms)
			rd_kafka_mock_push_request_errors(cluster, (int16_t)key, 1, error);
		for (int id = 1; ms && id <= n_brokers; id++)
			rd_kafka_mock_broker_push_request_error_rtts(cluster, id, (int16_t)key, 1,
								     error, ms);
	}
	return 0;
}

static int set_down(int id, int is_down)
{
	rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (int i = 1; i <= n_brokers; i++)
		if ((!id || id == i) && !error)
			error = is_down ? rd_kafka_mock_broker_set_down(cluster, i)
					: rd_kafka_mock_broker_set_up(cluster, i);
	return error;
}

static int obey(const char *line)
{
	char a[256], b[256];
	rd_kafka_resp_err_t error;
	int n, m, ms = 0;

	if (sscanf(line, "error %255s %255s %d %d", a, b, &n, &ms) >= 3)
		return push_errors(a, b, n, ms);
	if (sscanf(line, "down %d", &n) == 1)
		return set_down(n, 1);
	if (sscanf(line, "up %d", &n) == 1)
		return set_down(n, 0);
	if (sscanf(line, "rtt %d %d", &n, &m) == 2)
		return rd_kafka_mock_broker_set_rtt(cluster, n, m);
	if (sscanf(line, "topic %255s %d", a, &n) == 2)
		return rd_kafka_mock_topic_create(cluster, a, n, 1);
	if (sscanf(line, "topic_error %255s %255s", a, b) == 2) {
		if (error_of(b, &error) != 0)
			return -1;
		rd_kafka_mock_topic_set_error(cluster, a, error);
		return 0;
	}
	if (sscanf(line, "leader %255s %d %d", a, &n, &m) == 3)
		return rd_kafka_mock_partition_set_leader(cluster, a, n, m);
	if (sscanf(line, "coordinator %255s %d", a, &n) == 2)
		return rd_kafka_mock_coordinator_set(cluster, "transaction", a, n);
	return -1;
}

int main(int argc, char **argv)
{
	char why[256], line[600];
	rd_kafka_t *rk;

	n_brokers = argc == 2 ? atoi(argv[1]) : 0;
	if (n_brokers < 1) {
		fprintf(stderr, "usage: kafka_mock BROKERS\n");
		return 2;
	}
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof(why));
	cluster = rk ? rd_kafka_mock_cluster_new(rk, n_brokers) : NULL;
	if (!cluster) {
		fprintf(stderr, "kafka_mock: cannot start: %s\n", why);
		return 1;
	}
	printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		printf("%s\n", obey(line) ? "error" : "ok");
		fflush(stdout);
	}
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(rk);
	return 0;
}
