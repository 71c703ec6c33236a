/* SPDX-License-Identifier: BSD-3-Clause */
#include "kafka_note.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

uint64_t kafka_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int kafka_is_closing(struct sink_broker *b)
{
	int is_closing;

	pthread_mutex_lock(&b->lock);
	is_closing = b->is_closing;
	pthread_mutex_unlock(&b->lock);
	return is_closing;
}

void kafka_wake_caller(struct sink_broker *b)
{
	uint64_t one = 1;
	/* Full only if it is readable already. */
	ssize_t n = write(b->fd, &one, sizeof(one));

	(void)n;
}

void kafka_note_answer(struct sink_broker *b)
{
	pthread_mutex_lock(&b->lock);
	b->info.connects += !b->info.is_connected;
	b->info.is_connected = 1;
	b->info.error[0] = '\0';
	pthread_mutex_unlock(&b->lock);
}

void kafka_note_error(struct sink_broker *b, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	pthread_mutex_lock(&b->lock);
	vsnprintf(b->info.error, sizeof(b->info.error), format, ap);
	pthread_mutex_unlock(&b->lock);
	va_end(ap);
}

void kafka_note_down(struct sink_broker *b)
{
	pthread_mutex_lock(&b->lock);
	b->info.disconnects += !!b->info.is_connected;
	b->info.is_connected = 0;
	pthread_mutex_unlock(&b->lock);
}

void kafka_note_fatal(struct sink_broker *b, int is_taken_over, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	pthread_mutex_lock(&b->lock);
	b->info.is_taken_over = is_taken_over;
	vsnprintf(b->info.fatal, sizeof(b->info.fatal), format, ap);
	kafka_wake_caller(b);
	pthread_mutex_unlock(&b->lock);
	va_end(ap);
}

void kafka_note_refused(struct sink_broker *b, struct sink_unit *unit, const char *format, ...)
{
	struct kafka_refusal *refusal = calloc(1, sizeof(*refusal));
	va_list ap;

	if (!refusal) {
		kafka_note_fatal(b, 0, "out of memory");
		return;
	}
	refusal->done = (struct sink_done){.unit = unit, .result = SINK_REFUSED};
	va_start(ap, format);
	vsnprintf(refusal->done.why, sizeof(refusal->done.why), format, ap);
	va_end(ap);
	pthread_mutex_lock(&b->lock);
	refusal->next = b->refused;
	b->refused = refusal;
	kafka_wake_caller(b);
	pthread_mutex_unlock(&b->lock);
}
