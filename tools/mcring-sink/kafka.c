/* SPDX-License-Identifier: BSD-3-Clause */
/* The broker Kafka: units in transactions, each with the position that follows it. A thread of its
 * own makes the calls of librdkafka, since those of transactions wait. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/error.h"
#include "kafka_conf.h"
#include "kafka_note.h"
#include "kafka_producer.h"
#include "kafka_thread.h"

static struct sink_broker *make(const struct sink_broker_config *config)
{
	struct sink_broker *b = calloc(1, sizeof(*b));
	pthread_condattr_t attributes;

	if (!b)
		return NULL;
	b->config = config;
	b->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (b->fd < 0) {
		free(b);
		return NULL;
	}
	pthread_mutex_init(&b->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&b->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	return b;
}

static void kafka_close(struct sink_broker *b)
{
	kafka_thread_stop(b);
	kafka_producer_close(b);
	while (b->refused) {
		struct kafka_refusal *next = b->refused->next;

		free(b->refused);
		b->refused = next;
	}
	free(b->text);
	free(b->committed);
	pthread_cond_destroy(&b->wake);
	pthread_mutex_destroy(&b->lock);
	close(b->fd);
	free(b);
}

static int kafka_open(struct sink_broker **out, const struct sink_broker_config *config,
		      struct mcr_error *err)
{
	struct sink_broker *b = make(config);
	int r;

	if (!b)
		return mcr_error_set(err, -ENOMEM, "cannot allocate the broker's state");
	r = kafka_producer_open(b, err);
	if (r == 0) {
		kafka_conf_servers(b->info.server, sizeof(b->info.server), config->url);
		r = kafka_producer_reach(b, kafka_now_ns() + config->give_up_ns, err);
	}
	if (r != 0)
		kafka_close(b);
	else
		*out = b;
	return r;
}

static int kafka_load(struct sink_broker *b, char **text, struct mcr_error *err)
{
	int r = kafka_producer_load(b, kafka_now_ns() + b->config->give_up_ns, text, err);

	if (r == 0 && *text) {
		b->committed = strdup(*text);
		r = b->committed ? 0 : mcr_error_set(err, -ENOMEM, "cannot copy the position");
	}
	if (r == 0 && !b->config->is_check) {
		r = kafka_thread_start(b);
		if (r != 0)
			mcr_error_set(err, r, "cannot start Kafka's thread: %s", strerror(-r));
	}
	if (r != 0) {
		free(*text);
		*text = NULL;
	}
	return r;
}

static int kafka_send(struct sink_broker *b, struct sink_unit *unit)
{
	pthread_mutex_lock(&b->lock);
	kafka_list_add(&b->waiting, unit);
	b->sent++;
	if (b->waiting.n == (b->is_open ? KAFKA_WAKE_AT : 1))
		pthread_cond_signal(&b->wake);
	pthread_mutex_unlock(&b->lock);
	return 0;
}

static int kafka_checkpoint(struct sink_broker *b, const char *text)
{
	int r = 0;

	pthread_mutex_lock(&b->lock);
	if (b->text) {
		r = -EAGAIN;
	} else if (!(b->text = strdup(text))) {
		r = -EAGAIN; /* memory may be there later */
	} else {
		b->text_after = b->sent;
		pthread_cond_signal(&b->wake);
	}
	pthread_mutex_unlock(&b->lock);
	return r;
}

static unsigned kafka_poll(struct sink_broker *b, struct sink_done *done, unsigned n)
{
	unsigned i = 0;

	pthread_mutex_lock(&b->lock);
	for (; i < n && b->stored.first; i++) {
		done[i] = (struct sink_done){.unit = b->stored.first, .result = SINK_STORED};
		b->stored.first = b->stored.first->next;
	}
	if (!b->stored.first)
		b->stored = (struct kafka_list){0};
	for (; i < n && b->refused; i++) {
		struct kafka_refusal *refusal = b->refused;

		done[i] = refusal->done;
		b->refused = refusal->next;
		free(refusal);
	}
	b->given_back += i;
	if (i < n) {
		uint64_t count;
		ssize_t r = read(b->fd, &count, sizeof(count));

		(void)r; /* nothing to read: it was unreadable already */
	}
	pthread_mutex_unlock(&b->lock);
	return i;
}

static int kafka_fd(const struct sink_broker *b)
{
	return b->fd;
}

static void kafka_info(const struct sink_broker *b, struct sink_broker_info *out)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&b->lock;

	pthread_mutex_lock(lock);
	*out = b->info;
	out->in_flight = b->sent - b->given_back;
	pthread_mutex_unlock(lock);
}

const struct sink_broker_calls sink_kafka = {
    .open = kafka_open,
    .load = kafka_load,
    .send = kafka_send,
    .checkpoint = kafka_checkpoint,
    .poll = kafka_poll,
    .fd = kafka_fd,
    .info = kafka_info,
    .close = kafka_close,
};
