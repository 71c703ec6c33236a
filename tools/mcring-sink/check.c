/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <time.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include <mcring/consumer.h>

#include "source.h"
#include "subject.h"

#define ASK_NS   UINT64_C(3000000000) /* what engines have to answer */
#define SLEEP_MS 10

/* Attaches to the sources: what they read is thrown away. */
static void attach(struct sink *s)
{
	const uint64_t end_ns = monotonic_ns() + ASK_NS;
	struct epoll_event events[4];
	unsigned away;

	do {
		away = 0;
		for (unsigned i = 0; i < s->n_sources; i++) {
			struct sink_source *src = s->sources[i];

			if (!src->is_attached)
				src->calls->read(s, src, monotonic_ns());
			away += !src->is_attached;
		}
		if (away > 0)
			epoll_wait(s->epoll_fd, events, 4, SLEEP_MS);
	} while (away > 0 && monotonic_ns() < end_ns);
}

static void print_broker(const struct sink *s)
{
	struct sink_broker_info info = {0};
	char text[64] = "there is none";
	const time_t at = (time_t)(s->position_ns / 1000000000);
	struct tm tm;

	s->calls->info(s->broker, &info);
	printf("broker    %s\n", info.server);
	if (s->options->stream)
		printf("stream    %s\n", s->options->stream);
	if (info.once_ns > 0)
		printf("window    %" PRIu64 " s, in which it finds second copies\n",
		       info.once_ns / 1000000000);
	if (s->position_ns != 0 && gmtime_r(&at, &tm))
		strftime(text, sizeof(text), "of %Y-%m-%d %H:%M:%S UTC", &tm);
	printf("position  %s, as sink '%s'\n", text, s->options->name);
}

static int print_source(const struct sink *s, const struct sink_source *src)
{
	const char *kind = src->is_feed ? "feed" : "channel";
	char name[MCR_NAME_MAX];

	subject_token(name, sizeof(name), src->name);
	if (!src->is_attached)
		return fail("%s %s: %s", kind, src->name,
			    src->error[0] ? src->error : "its engine does not answer");
	printf("%-9s %s: to %s.%s.>, from %s; %" PRIu64 " messages are in its rings\n", kind,
	       src->name, s->options->prefix, name,
	       src->has_position                       ? "the position"
	       : s->options->start == MCR_START_OLDEST ? "the oldest message"
						       : "the newest message",
	       sink_behind(src));
	return 0;
}

int check_print(struct sink *s)
{
	int ret = 0;

	s->log.fd = -1;
	print_broker(s);
	attach(s);
	for (unsigned i = 0; i < s->n_sources; i++)
		if (print_source(s, s->sources[i]) < 0)
			ret = -1;
	return ret;
}
