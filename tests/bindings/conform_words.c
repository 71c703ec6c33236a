/* SPDX-License-Identifier: BSD-3-Clause */
/* Words, options and answers of conform. */
#include "conform.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words and answers ---- */

int next_option(char **rest, struct option *out)
{
	if (!*rest || !**rest)
		return 0;
	out->key = *rest;
	*rest = NULL;
	if (strncmp(out->key, "config=", 7) != 0) {
		*rest = strchr(out->key, ' ');
		if (*rest)
			*(*rest)++ = 0;
	}
	out->value = strchr(out->key, '=');
	if (out->value)
		*out->value++ = 0;
	else
		out->value = out->key + strlen(out->key);
	return 1;
}

void ok(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("ok ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
}

void failed(int err, const char *text)
{
	printf("error %s %s\n", strerrorname_np(err), text && *text ? text : "-");
}

void answer(int ret, const struct mcr_error *err)
{
	if (ret < 0)
		failed(-ret, err ? err->text : NULL);
	else
		puts("ok");
}

void print_hex(const void *data, size_t len)
{
	const uint8_t *octets = data;

	if (len == 0)
		putchar('-');
	for (size_t i = 0; i < len; i++)
		printf("%02x", octets[i]);
	putchar('\n');
}

uint32_t start_of(const char *value, uint64_t *seq)
{
	if (strcmp(value, "newest") == 0)
		return MCR_START_NEWEST;
	if (strcmp(value, "oldest") == 0)
		return MCR_START_OLDEST;
	*seq = strtoull(value, NULL, 10);
	return MCR_START_SEQ;
}

/* ---- options ---- */

static int read_groups(struct selection *s, char *value)
{
	for (char *word = strtok(value, ","); word && s->n_groups < 64; word = strtok(NULL, ",")) {
		struct mcr_select_group *g = &s->groups[s->n_groups++];
		size_t len = strcspn(word, "/");

		g->port = word[len] ? (uint16_t)atoi(word + len + 1) : 0;
		if (mcr_address_parse(&g->group, word, len) != 0)
			return -EINVAL;
	}
	return 0;
}

int read_selection(struct selection *s, const struct option *o)
{
	if (strcmp(o->key, "groups") == 0)
		return read_groups(s, o->value);
	if (strcmp(o->key, "ids") != 0)
		return -EINVAL;
	for (char *word = strtok(o->value, ","); word && s->n_ids <= MCR_SELECT_MAX;
	     word = strtok(NULL, ","))
		s->ids[s->n_ids++] = (uint32_t)strtoul(word, NULL, 10);
	return 0;
}

int read_opts(struct mcr_consumer_opts *opts, struct selection *s, char *rest)
{
	struct option o;

	while (next_option(&rest, &o)) {
		uint64_t n = strtoull(o.value, NULL, 10);

		if (strcmp(o.key, "run_dir") == 0)
			opts->run_dir = o.value;
		else if (strcmp(o.key, "name") == 0)
			opts->name = o.value;
		else if (strcmp(o.key, "channel") == 0)
			opts->channel = o.value;
		else if (strcmp(o.key, "label") == 0)
			opts->label = o.value;
		else if (strcmp(o.key, "start") == 0)
			opts->start = start_of(o.value, &opts->seq);
		else if (strcmp(o.key, "ring") == 0)
			opts->ring = (uint32_t)n;
		else if (strcmp(o.key, "order") == 0)
			opts->order =
			    strcmp(o.value, "merged") == 0 ? MCR_ORDER_MERGED : MCR_ORDER_RINGS;
		else if (strcmp(o.key, "hold_ms") == 0)
			opts->hold_ns = n * 1000000;
		else if (strcmp(o.key, "stall_ms") == 0)
			opts->stall_ns = n * 1000000;
		else if (strcmp(o.key, "answer_ms") == 0)
			opts->answer_ns = n * 1000000;
		else if (strcmp(o.key, "no_wait") == 0)
			opts->no_wait = (uint32_t)n;
		else if (read_selection(s, &o) != 0)
			return -EINVAL;
	}
	opts->groups = s->groups;
	opts->ids = s->ids;
	opts->n_groups = s->n_groups;
	opts->n_ids = s->n_ids;
	return 0;
}

/* The declaration's lines, which the command joins with "; ", and back. */
static char *to_lines(char *text)
{
	for (char *at = text; (at = strstr(at, "; ")); at++)
		memcpy(at, " \n", 2);
	return text;
}

int read_feed_opts(struct mcr_feed_opts *opts, char *rest)
{
	struct option o;
	uint64_t unused;

	while (next_option(&rest, &o)) {
		uint64_t n = strtoull(o.value, NULL, 10);

		if (strcmp(o.key, "run_dir") == 0)
			opts->run_dir = o.value;
		else if (strcmp(o.key, "name") == 0)
			opts->name = o.value;
		else if (strcmp(o.key, "feed") == 0)
			opts->feed = o.value;
		else if (strcmp(o.key, "label") == 0)
			opts->label = o.value;
		else if (strcmp(o.key, "order") == 0)
			opts->order = strcmp(o.value, "as_they_come") == 0 ? MCR_FEED_AS_THEY_COME
									   : MCR_FEED_IN_ORDER;
		else if (strcmp(o.key, "start") == 0)
			opts->start = start_of(o.value, &unused);
		else if (strcmp(o.key, "start_seq") == 0)
			opts->start_seq = n;
		else if (strcmp(o.key, "gap_timeout_ms") == 0)
			opts->gap_timeout_ns = n * 1000000;
		else if (strcmp(o.key, "late") == 0)
			opts->late = (uint32_t)n;
		else if (strcmp(o.key, "compare") == 0)
			opts->compare = (uint32_t)n;
		else if (strcmp(o.key, "hold_on_gap") == 0)
			opts->hold_on_gap = (uint32_t)n;
		else if (strcmp(o.key, "unsequenced") == 0)
			opts->unsequenced = (uint32_t)n;
		else if (strcmp(o.key, "events") == 0)
			opts->events = (uint32_t)n;
		else if (strcmp(o.key, "held_max") == 0)
			opts->held_max = (uint32_t)n;
		else if (strcmp(o.key, "keys_max") == 0)
			opts->keys_max = (uint32_t)n;
		else if (strcmp(o.key, "config") == 0)
			opts->config = to_lines(o.value);
		else
			return -EINVAL;
	}
	return 0;
}

void await_go(const char *rest, int polled)
{
	char line[16];

	if (!strstr(rest, " go"))
		return;
	printf("polled %d\n", polled);
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		exit(0);
}

int sleep_on(int fd, int (*arm)(void *object), void *object, int ms)
{
	struct pollfd one = {.fd = fd, .events = POLLIN};

	return arm(object) != 0 ? 1 : poll(&one, 1, ms);
}
