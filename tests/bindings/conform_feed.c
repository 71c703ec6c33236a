/* SPDX-License-Identifier: BSD-3-Clause */
/* The feed's half of conform. */
#include "conform.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct mcr_feed *feed;
static struct mcr_feed_msg items[BATCH];
static struct mcr_msg msgs[BATCH];
static uint8_t payload[65536];
static _Alignas(8) uint8_t taken[TAKE_BYTES];

static void run_open(char *rest)
{
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct mcr_error err = {0};

	close_feed();
	if (read_feed_opts(&opts, rest) != 0)
		failed(EINVAL, "option");
	else
		answer(mcr_feed_open(&feed, &opts, &err), &err);
}

/* ---- items ---- */

static void print_gap(const char *kind, const struct mcr_feed_msg *m)
{
	const struct mcr_feed_gap *g = &m->gap;

	printf("%s %u %" PRIu64 " %" PRIu64 " %u %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", kind,
	       m->key, g->first, g->last, g->why, g->whose, g->host_lost, g->opened_ns,
	       g->declared_ns);
}

static void print_event(const struct mcr_feed_msg *m)
{
	switch (m->kind) {
	case MCR_FEED_START:
		printf("start %u %u %" PRIu64 "\n", m->key, m->line, m->seq);
		break;
	case MCR_FEED_GAP:
		print_gap("gap", m);
		break;
	case MCR_FEED_GAP_HOST:
		print_gap("gap_host", m);
		break;
	case MCR_FEED_FILLED_LATE:
		printf("filled_late %u %" PRIu64 " %" PRIu64 "\n", m->key, m->late.first,
		       m->late.last);
		break;
	case MCR_FEED_RESET:
		printf("reset %u %" PRIu64 " %" PRIu64 " %u\n", m->key, m->reset.old_next,
		       m->reset.new_next, m->reset.why);
		break;
	case MCR_FEED_CYCLE:
		printf("cycle %u %" PRIu64 " %" PRIu64 "\n", m->key, m->reset.old_next,
		       m->reset.new_next);
		break;
	case MCR_FEED_LINE_DOWN:
		printf("line_down %u %u\n", m->line, m->down.why);
		break;
	case MCR_FEED_LINE_UP:
		printf("line_up %u\n", m->line);
		break;
	case MCR_FEED_LINE_SWITCH:
		printf("line_switch %u %u\n", m->key, m->line);
		break;
	case MCR_FEED_SILENCE:
		puts("silence");
		break;
	case MCR_FEED_SILENCE_END:
		puts("silence_end");
		break;
	case MCR_FEED_MISMATCH:
	case MCR_FEED_IMPLAUSIBLE:
		printf("%s %u %" PRIu64 " %u\n",
		       m->kind == MCR_FEED_MISMATCH ? "mismatch" : "implausible", m->key,
		       m->mismatch.seq, m->mismatch.first_line);
		break;
	case MCR_FEED_END_OF_SESSION:
		printf("end_of_session %u %" PRIu64 "\n", m->key, m->seq);
		break;
	case MCR_FEED_KEYS_FULL:
		puts("keys_full");
		break;
	case MCR_FEED_CHANGED:
		puts("changed");
		break;
	default:
		printf("kind %u\n", m->kind);
	}
}

static void print_data(const struct mcr_feed_msg *m, char way)
{
	int whole = 1;

	if (way == 'p')
		whole = mcr_feed_read(feed, m, payload, sizeof(payload)) == m->msg->len;
	else
		memcpy(payload, m->msg->data, m->msg->len);
	if (way == 'v')
		whole = mcr_feed_intact(feed, m);
	if (!whole) {
		printf("overwritten %u %" PRIu64 "\n", m->key, m->seq);
		return;
	}
	printf("data %u %u %" PRIu64 " %u %u %u %u ", m->key, m->line, m->seq, m->count, m->skip,
	       m->flags, m->msg->len);
	print_hex(payload, m->msg->len);
}

static void run_poll(char way, const char *rest)
{
	int want = atoi(rest), n;

	if (want < 0 || want > BATCH) {
		failed(EINVAL, "N is 0 to 1000");
		return;
	}
	if (way == 't' && want > 0)
		n = mcr_feed_take(feed, items, msgs, want, taken, sizeof(taken));
	else
		n = mcr_feed_poll(feed, items, want);
	if (n < 0) {
		failed(-n, NULL);
		return;
	}
	await_go(rest, n);
	for (int i = 0; i < n; i++) {
		if (items[i].kind == MCR_FEED_DATA)
			print_data(&items[i], way);
		else
			print_event(&items[i]);
	}
	if (way != 't')
		mcr_feed_release(feed);
	ok("%d", n);
}

/* ---- the rest ---- */

static uint8_t nibble(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void run_insert(char *rest)
{
	uint32_t key = (uint32_t)strtoul(rest, &rest, 10);
	uint64_t seq = strtoull(rest, &rest, 10);
	uint32_t count = (uint32_t)strtoul(rest, &rest, 10);
	const char *hex = *rest ? rest + 1 : rest;
	size_t len = 0;

	for (; hex[2 * len] && hex[2 * len] != '-' && len < sizeof(payload); len++)
		payload[len] = (uint8_t)(nibble(hex[2 * len]) << 4 | nibble(hex[2 * len + 1]));
	answer(mcr_feed_insert(feed, key, seq, count, payload, len), NULL);
}

static void run_resume(char *rest)
{
	uint32_t key = (uint32_t)strtoul(rest, &rest, 10);

	answer(mcr_feed_resume(feed, key, strtoull(rest, NULL, 10)), NULL);
}

static void run_key(uint32_t i)
{
	struct mcr_feed_key k = {.size = sizeof(k)};
	int ret = mcr_feed_key_info(feed, i, &k);

	if (ret < 0)
		failed(-ret, NULL);
	else
		ok("%" PRIu64 " %" PRIu64 " %s", k.next, k.gaps, *k.text ? k.text : "-");
}

static void run_line(uint32_t i)
{
	struct mcr_feed_line l = {.size = sizeof(l)};
	int ret = mcr_feed_line_info(feed, i, &l);

	if (ret < 0)
		failed(-ret, NULL);
	else
		ok("%s %u %" PRIu64 " %" PRIu64, l.name, l.is_up, l.packets, l.lost);
}

static void run_stats(void)
{
	struct mcr_feed_stats s = {.size = sizeof(s)};
	int ret = mcr_feed_stats_info(feed, &s);

	if (ret < 0)
		failed(-ret, NULL);
	else
		ok("%u %u %" PRIu64 " %" PRIu64 " %" PRIu64, s.lines, s.keys, s.packets, s.messages,
		   s.gaps);
}

static void run_config(void)
{
	const char *at = mcr_feed_config_text(feed), *separator = "ok ";

	while (*at) {
		int len = (int)strcspn(at, "\n");

		if (len > 0) {
			printf("%s%.*s", separator, len, at);
			separator = "; ";
		}
		at += len + (at[len] != 0);
	}
	putchar('\n');
}

static int arm_feed(void *object)
{
	return mcr_feed_arm(object);
}

static void run_wait(int ret)
{
	if (ret < 0)
		failed(-ret, NULL);
	else
		ok("%d", ret);
}

static int is(const char *word, const char *name)
{
	return strcmp(word, name) == 0;
}

void run_feed(char *rest)
{
	char *word = rest;
	struct mcr_error err = {0};

	rest += strcspn(rest, " ");
	if (*rest)
		*rest++ = 0;
	if (is(word, "open")) {
		run_open(rest);
	} else if (is(word, "close")) {
		close_feed();
		answer(0, NULL);
	} else if (!feed) {
		failed(EBADF, NULL);
	} else if (is(word, "poll") || is(word, "view") || is(word, "take")) {
		run_poll(word[0], rest);
	} else if (is(word, "insert")) {
		run_insert(rest);
	} else if (is(word, "resume")) {
		run_resume(rest);
	} else if (is(word, "wire")) {
		ok("%" PRIu64, mcr_feed_wire(feed, strtoull(rest, NULL, 10)));
	} else if (is(word, "key")) {
		run_key((uint32_t)strtoul(rest, NULL, 10));
	} else if (is(word, "line")) {
		run_line((uint32_t)strtoul(rest, NULL, 10));
	} else if (is(word, "stats")) {
		run_stats();
	} else if (is(word, "config")) {
		run_config();
	} else if (is(word, "wait")) {
		run_wait(mcr_feed_wait(feed, strtoull(rest, NULL, 10) * 1000000));
	} else if (is(word, "sleep")) {
		run_wait(sleep_on(mcr_feed_fd(feed), arm_feed, feed, atoi(rest)));
	} else if (is(word, "reattach")) {
		answer(mcr_feed_reattach(feed, &err), &err);
	} else {
		failed(EINVAL, NULL);
	}
}

void close_feed(void)
{
	mcr_feed_close(feed);
	feed = NULL;
}
