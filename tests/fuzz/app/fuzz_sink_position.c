/* SPDX-License-Identifier: BSD-3-Clause */
/* The position of a sink, as a broker gives it: it is refused with a reason, or what the sink
 * writes of it is a position that says the same. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mcring-sink/position.h"
#include "mcring-sink/sink.h"

#include "../check.h"

#define NOW_NS 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* It calls nothing of the broker. */
static int open_none(struct sink_broker **out, const struct sink_broker_config *config,
		     struct mcr_error *err)
{
	(void)config;
	(void)err;
	*out = NULL;
	return -EAGAIN;
}

static const struct sink_broker_calls none = {.open = open_none};

/* A sink of channel "md" and feed "itch", with a position or without. */
static void open_sink(struct sink *s, struct sink_options *options)
{
	struct mcr_error err = {""};

	*options = (struct sink_options){.name = "fuzz",
					 .run_dir = "/nonexistent",
					 .channels = {"md"},
					 .n_channels = 1,
					 .feeds = {"itch"},
					 .n_feeds = 1,
					 .calls = &none,
					 .prefix = "mcring",
					 .pack = 1,
					 .linger_ns = 1000000,
					 .memory = 8u << 20};
	*s =
	    (struct sink){.options = options, .epoll_fd = -1, .log = {.program = "sink", .fd = -1}};
	CHECK(sink_open(s, &err) == -EAGAIN);
	s->instance = 1;
}

/* What a sink writes that has loaded text; NULL = it was refused. */
static char *loaded(const char *text)
{
	struct sink_options options;
	struct mcr_error err = {""};
	struct sink s;
	char *written = NULL;
	int ret;

	open_sink(&s, &options);
	ret = position_load(&s, text, &err);
	CHECK(ret == 0 || (ret == -EINVAL && err.text[0] != '\0'));
	if (ret == 0) {
		written = position_text(&s, NOW_NS);
		CHECK(written != NULL);
	}
	sink_close(&s);
	return written;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *first, *second;

	CHECK(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	first = loaded(text);
	if (first) {
		second = loaded(first);
		CHECK(second != NULL && strcmp(first, second) == 0);
		free(second);
	}
	free(first);
	free(text);
	return 0;
}
