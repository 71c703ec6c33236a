/* SPDX-License-Identifier: BSD-3-Clause */
/* conform: the C API for the scenarios of tests/bindings; README.md has the commands. */
#include "conform.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct mcr_consumer *consumer, *cursor;
static struct mcr_msg msgs[BATCH];
static uint8_t payload[65536];
static _Alignas(8) uint8_t taken[TAKE_BYTES];

/* ---- items ---- */

static void print_head(const struct mcr_msg *m)
{
	char group[MCR_ADDRESS_TEXT], source[MCR_ADDRESS_TEXT];

	printf("data %u %" PRIu64 " %s %u %s %u %u %u %u %u %u %u %" PRIu64 " %" PRIu64 " %u ",
	       m->pos.ring, m->pos.seq, mcr_address_format(group, m->group), m->dst_port,
	       mcr_address_format(source, m->source), m->src_port, m->id, m->vlan, m->interface,
	       m->ttl, m->traffic_class, m->flags, m->rx_ns, m->hw_ns, m->len);
}

static void print_event(const struct mcr_msg *m)
{
	switch (m->kind) {
	case MCR_LOST:
		printf("lost %u %" PRIu64 " %" PRIu64 "\n", m->pos.ring, m->pos.seq, m->lost);
		break;
	case MCR_LINK:
		printf("link %u %" PRIu64 " %u %u\n", m->pos.ring, m->pos.seq, m->id, m->flags);
		break;
	case MCR_RESTART:
		printf("restart %u %" PRIu64 " %" PRIu64 "\n", m->pos.ring, m->since_ns, m->rx_ns);
		break;
	case MCR_STALL:
		printf("stall %u %" PRIu64 "\n", m->pos.ring, m->rx_ns);
		break;
	case MCR_ENGINE_STALL:
		printf("engine_stall %u %" PRIu64 " %" PRIu64 "\n", m->flags, m->since_ns,
		       m->rx_ns);
		break;
	default:
		printf("kind %u\n", m->kind);
	}
}

/* Prints the payload, as far as it was whole when it was read. */
static void print_data(struct mcr_consumer *c, const struct mcr_msg *m, char way)
{
	int whole = 1;

	if (way == 'p')
		whole = mcr_consumer_read(c, m, payload, sizeof(payload)) == m->len;
	else
		memcpy(payload, m->data, m->len);
	if (way == 'v')
		whole = mcr_consumer_intact(c, m);
	if (!whole) {
		printf("overwritten %u %" PRIu64 "\n", m->pos.ring, m->pos.seq);
		return;
	}
	print_head(m);
	print_hex(payload, m->len);
}

/* way: p, v or t for poll, view, take. */
static void run_poll(struct mcr_consumer *c, char way, const char *rest)
{
	int want = atoi(rest), n;

	if (want < 0 || want > BATCH) {
		failed(EINVAL, "N is 0 to 1000");
		return;
	}
	if (way == 't' && want > 0)
		n = mcr_consumer_take(c, msgs, want, taken, sizeof(taken));
	else
		n = mcr_consumer_poll(c, msgs, want);
	if (n < 0) {
		failed(-n, NULL);
		return;
	}
	await_go(rest, n);
	for (int i = 0; i < n; i++) {
		if (msgs[i].kind == MCR_DATA)
			print_data(c, &msgs[i], way);
		else
			print_event(&msgs[i]);
	}
	if (way != 't')
		mcr_consumer_release(c);
	ok("%d", n);
}

static void run_follow(const char *rest)
{
	uint64_t want = strtoull(rest, NULL, 10), data = 0, lost = 0, sum = 0;

	while (data + lost < want) {
		int n = mcr_consumer_take(consumer, msgs, BATCH, taken, sizeof(taken));

		if (n < 0) {
			failed(-n, NULL);
			return;
		}
		for (int i = 0; i < n; i++) {
			if (msgs[i].kind == MCR_LOST)
				lost += msgs[i].lost;
			if (msgs[i].kind != MCR_DATA)
				continue;
			data++;
			for (uint32_t at = 0; at < msgs[i].len; at++)
				sum += msgs[i].data[at];
		}
		if (n == 0)
			mcr_consumer_wait(consumer, 100000000);
	}
	ok("%" PRIu64 " %" PRIu64 " %" PRIu64, data, lost, sum);
}

static void run_held(void)
{
	static char line[64];
	int n;

	do {
		n = mcr_consumer_poll(consumer, msgs, 1);
	} while (n == 1 && msgs[0].kind != MCR_DATA);
	if (n != 1) {
		failed(n < 0 ? -n : EAGAIN, NULL);
		return;
	}
	memcpy(payload, msgs[0].data, msgs[0].len);
	printf("held %" PRIu64 " ", msgs[0].pos.seq);
	print_hex(payload, msgs[0].len);
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return;
	ok("%s", mcr_consumer_intact(consumer, &msgs[0]) ? "intact" : "overwritten");
	mcr_consumer_release(consumer);
}

/* ---- the consumer ---- */

static void run_open(char *rest)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct selection s = {0};
	struct mcr_error err = {0};

	mcr_consumer_close(consumer);
	consumer = NULL;
	if (read_opts(&opts, &s, rest) != 0)
		failed(EINVAL, "option");
	else
		answer(mcr_consumer_open(&consumer, &opts, &err), &err);
}

static void run_cursor(char *rest)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct selection s = {0};
	struct mcr_error err = {0};

	mcr_consumer_close(cursor);
	cursor = NULL;
	if (read_opts(&opts, &s, rest) != 0)
		failed(EINVAL, "option");
	else
		answer(mcr_consumer_cursor(&cursor, consumer, &opts, &err), &err);
}

static void run_select(char *rest)
{
	struct selection s = {0};
	struct mcr_error err = {0};
	struct option o;

	while (next_option(&rest, &o)) {
		if (read_selection(&s, &o) != 0) {
			failed(EINVAL, "selection");
			return;
		}
	}
	answer(mcr_consumer_select(consumer, s.groups, s.n_groups, s.ids, s.n_ids, &err), &err);
}

static void run_ring(uint32_t i)
{
	struct mcr_consumer_ring r = {.size = sizeof(r)};
	struct mcr_error err = {0};
	int ret = mcr_consumer_ring_info(consumer, i, &r, &err);

	if (ret < 0)
		answer(ret, &err);
	else
		ok("%u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
		   r.ring, r.epoch, r.oldest, r.next, r.head, r.watermark_ns, r.host_lost);
}

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static void run_interface(uint32_t i)
{
	struct mcr_consumer_interface in = {.size = sizeof(in)};
	char address[MCR_ADDRESS_TEXT];
	struct mcr_error err = {0};
	int ret = mcr_consumer_interface_info(consumer, i, &in, &err);

	if (ret < 0)
		answer(ret, &err);
	else
		ok("%u %s %s/%u %u %u %s %s %s", in.index, or_dash(in.name),
		   mcr_address_format(address, in.address), in.prefix_len, in.vlan, in.dpdk_port,
		   or_dash(in.port), or_dash(in.netdev), or_dash(in.kernel));
}

static int arm_consumer(void *object)
{
	return mcr_consumer_arm(object);
}

static void run_wait(int ret)
{
	if (ret < 0)
		failed(-ret, NULL);
	else
		ok("%d", ret);
}

/* ---- the process ---- */

static void run_address(const char *text)
{
	struct mcr_address address;
	char out[MCR_ADDRESS_TEXT];
	int ret = mcr_address_parse(&address, text, strlen(text));

	if (ret < 0)
		failed(-ret, NULL);
	else
		ok("%s", mcr_address_format(out, address));
}

static void run_cycle(char *rest)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct selection s = {0};
	long n = strtol(rest, &rest, 10), opened = 0;

	if (read_opts(&opts, &s, *rest ? rest + 1 : rest) != 0) {
		failed(EINVAL, "option");
		return;
	}
	for (long i = 0; i < n; i++) {
		struct mcr_consumer *c;
		struct mcr_error err;

		if (mcr_consumer_open(&c, &opts, &err) != 0)
			continue;
		mcr_consumer_poll(c, msgs, 16);
		mcr_consumer_take(c, msgs, 16, taken, sizeof(taken));
		mcr_consumer_close(c);
		opened++;
	}
	ok("%ld", opened);
}

static void close_all(void)
{
	mcr_consumer_close(cursor);
	mcr_consumer_close(consumer);
	cursor = consumer = NULL;
	close_feed();
}

static void run_fork(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		close_all();
		_exit(0);
	}
	waitpid(child, &status, 0);
	ok("%d", WEXITSTATUS(status));
}

/* ---- commands ---- */

static int is(const char *word, const char *name)
{
	return strcmp(word, name) == 0;
}

/* Commands of an open consumer; returns 0 if word is none. */
static int run_consumer(const char *word, char *rest)
{
	struct mcr_error err = {0};
	uint64_t seq;

	if (is(word, "poll") || is(word, "view") || is(word, "take"))
		run_poll(consumer, word[0], rest);
	else if (is(word, "follow"))
		run_follow(rest);
	else if (is(word, "held"))
		run_held();
	else if (is(word, "wait"))
		run_wait(mcr_consumer_wait(consumer, strtoull(rest, NULL, 10) * 1000000));
	else if (is(word, "sleep"))
		run_wait(sleep_on(mcr_consumer_fd(consumer), arm_consumer, consumer, atoi(rest)));
	else if (is(word, "seek"))
		answer(mcr_consumer_seek(consumer, start_of(rest, &seq)), NULL);
	else if (is(word, "select"))
		run_select(rest);
	else if (is(word, "join"))
		answer(mcr_consumer_join(consumer, rest, &err), &err);
	else if (is(word, "leave"))
		answer(mcr_consumer_leave(consumer, rest, &err), &err);
	else if (is(word, "reattach"))
		answer(mcr_consumer_reattach(consumer, &err), &err);
	else if (is(word, "skipped"))
		ok("%" PRIu64, mcr_consumer_skipped(consumer));
	else if (is(word, "rings"))
		ok("%u", mcr_consumer_rings(consumer));
	else if (is(word, "headroom"))
		ok("%" PRIu64, mcr_consumer_headroom(consumer));
	else if (is(word, "until"))
		ok("%" PRIu64, mcr_consumer_until(consumer, (uint32_t)atoi(rest)));
	else if (is(word, "ring"))
		run_ring((uint32_t)strtoul(rest, NULL, 10));
	else if (is(word, "interface"))
		run_interface((uint32_t)strtoul(rest, NULL, 10));
	else if (is(word, "cursor"))
		run_cursor(rest);
	else
		return 0;
	return 1;
}

static int run_on_cursor(const char *word, char *rest)
{
	struct mcr_error err = {0};

	if (is(word, "cpoll") || is(word, "ctake"))
		run_poll(cursor, word[1], rest);
	else if (is(word, "creattach"))
		answer(mcr_consumer_reattach(cursor, &err), &err);
	else
		return 0;
	return 1;
}

static void run(char *line)
{
	char *rest = line + strcspn(line, " ");

	if (*rest)
		*rest++ = 0;
	if (is(line, "open")) {
		run_open(rest);
	} else if (is(line, "close")) {
		mcr_consumer_close(consumer);
		consumer = NULL;
		answer(0, NULL);
	} else if (is(line, "cclose")) {
		mcr_consumer_close(cursor);
		cursor = NULL;
		answer(0, NULL);
	} else if (is(line, "feed")) {
		run_feed(rest);
	} else if (is(line, "abi")) {
		ok("%s %s", MCR_SOVERSION, MCR_VERSION);
	} else if (is(line, "address")) {
		run_address(rest);
	} else if (is(line, "cycle")) {
		run_cycle(rest);
	} else if (is(line, "fork")) {
		run_fork();
	} else if (is(line, "keep") || is(line, "kept") || is(line, "busy")) {
		failed(ENOTSUP, NULL);
	} else if (consumer && run_consumer(line, rest)) {
		return;
	} else if (cursor && run_on_cursor(line, rest)) {
		return;
	} else {
		failed(consumer && line[0] != 'c' ? EINVAL : EBADF, NULL);
	}
}

int main(void)
{
	static char line[1 << 20];

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		run(line);
		fflush(stdout);
	}
	close_all();
	return 0;
}
