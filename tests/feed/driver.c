/* SPDX-License-Identifier: BSD-3-Clause */
/* The arbiter driven by a script in virtual time: what it hands out is printed, one item a line.
 * Standard input has one operation a line:
 *
 *   new NAME=VALUE...             another arbiter: the members of struct mcr_arbiter_config
 *   put NS LINE KIND SEQ COUNT SCOPE EPOCH RESETS PAYLOAD
 *                                 KIND is data, heartbeat, end, reset, unsequenced, not_tracked or
 *                                 malformed; PAYLOAD: its hash
 *   time NS                       mcr_arbiter_time
 *   down LINE WHY                 mcr_arbiter_line_down
 *   awake 0|1                     mcr_arbiter_awake
 *   lapped LINES MESSAGES         mcr_arbiter_lapped
 *   host LINES PACKETS NS         mcr_arbiter_host_loss
 *   insert NS KEY SEQ COUNT
 *   resume KEY NEXT
 *   stats                         prints the counters
 *   echo TEXT                     prints the line
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/feed/arbiter.h"
#include "items.h"

struct driver {
	struct mcr_arbiter *arbiter;
	struct mcr_msg msg; /* the one that was put last */
};

static void fail(const char *what, const char *text)
{
	fprintf(stderr, "driver: %s: %s\n", what, text);
	exit(2);
}

static uint64_t number(char **save)
{
	const char *text = strtok_r(NULL, " \n", save);
	char *end;
	uint64_t n;

	if (!text)
		fail("a number is missing", "");
	n = strtoull(text, &end, 0);
	if (*end)
		fail("not a number", text);
	return n;
}

struct member {
	const char *name;
	size_t offset, size;
};
#define MEMBER(m)                                               \
	{                                                       \
#m, offsetof(struct mcr_arbiter_config, m),     \
		    sizeof(((struct mcr_arbiter_config *)0)->m) \
	}

static const struct member members[] = {
    MEMBER(n_lines),        MEMBER(bits),       MEMBER(wraps_to_one), MEMBER(is_loop),
    MEMBER(order),          MEMBER(late),       MEMBER(compare),      MEMBER(hold_on_gap),
    MEMBER(unsequenced),    MEMBER(events),     MEMBER(window),       MEMBER(reorder),
    MEMBER(reset_run),      MEMBER(held_max),   MEMBER(keys_max),     MEMBER(hash_ring),
    MEMBER(gap_timeout_ns), MEMBER(silence_ns), MEMBER(reset_back),   MEMBER(jump_max),
    MEMBER(start_seq),
};

static void set(struct mcr_arbiter_config *c, const char *name, uint64_t value)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		unsigned char *at = (unsigned char *)c + members[i].offset;

		if (strcmp(members[i].name, name) != 0)
			continue;
		if (members[i].size == 1)
			*at = (uint8_t)value;
		else if (members[i].size == 4)
			memcpy(at, &(uint32_t){(uint32_t)value}, 4);
		else
			memcpy(at, &value, 8);
		return;
	}
	fail("no member of struct mcr_arbiter_config", name);
}

static void make(struct driver *d, char **save)
{
	struct mcr_arbiter_config c = {.n_lines = 2, .bits = 64};
	struct mcr_error err = {0};
	char *text;

	while ((text = strtok_r(NULL, " \n", save))) {
		char *value = strchr(text, '=');

		if (!value)
			fail("not NAME=VALUE", text);
		*value++ = '\0';
		set(&c, text, strtoull(value, NULL, 0));
	}
	mcr_arbiter_destroy(d->arbiter);
	if (mcr_arbiter_create(&d->arbiter, &c, &err) != 0)
		fail("mcr_arbiter_create", err.text);
}

static void drain(struct driver *d)
{
	struct mcr_feed_msg item;

	memset(&item, 0xa5, sizeof(item)); /* what is not set must not look like 0 */
	while (mcr_arbiter_next(d->arbiter, &item)) {
		print_item(&item);
		memset(&item, 0xa5, sizeof(item));
	}
}

static uint8_t kind_of(const char *text)
{
	static const char *const kinds[] = {"data",        "heartbeat",   "end",      "reset",
					    "unsequenced", "not_tracked", "malformed"};

	for (uint8_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (text && strcmp(text, kinds[i]) == 0)
			return i;
	fail("no kind of packet", text ? text : "");
	return 0;
}

static void put(struct driver *d, char **save)
{
	struct mcr_feed_packet packet = {0};
	struct mcr_feed_msg item;
	uint64_t ns = number(save);
	unsigned line = (unsigned)number(save);

	packet.kind = kind_of(strtok_r(NULL, " \n", save));
	packet.seq = number(save);
	packet.count = (uint32_t)number(save);
	packet.scope[0] = number(save);
	packet.epoch[0] = number(save);
	packet.resets = (uint8_t)number(save);
	packet.hash = number(save);
	d->msg = (struct mcr_msg){.rx_ns = ns, .len = 8};
	memset(&item, 0xa5, sizeof(item));
	if (mcr_arbiter_put(d->arbiter, line, &packet, &d->msg, &item)) {
		if (item.msg != &d->msg)
			fail("what put hands out at once", "is not the packet itself");
		print_item(&item);
	}
}

static void insert(struct driver *d, char **save)
{
	uint64_t ns = number(save), seq;
	uint32_t key = (uint32_t)number(save), count;
	int r;

	seq = number(save);
	count = (uint32_t)number(save);
	d->msg = (struct mcr_msg){.rx_ns = ns, .len = 8};
	r = mcr_arbiter_insert(d->arbiter, key, seq, count, &d->msg, 0);
	printf("insert %s\n", r ? strerror(-r) : "ok");
}

static void print_stats(const struct driver *d)
{
	struct mcr_feed_stats stats = {.size = sizeof(stats)};

	mcr_arbiter_stats(d->arbiter, &stats);
	print_feed(&stats);
	for (uint32_t i = 0; i < stats.lines; i++) {
		struct mcr_feed_line line = {.size = sizeof(line)};

		if (mcr_arbiter_line_info(d->arbiter, i, &line) != 0)
			fail("mcr_arbiter_line_info", "");
		print_line(i, &line);
	}
	for (uint32_t i = 0; i < stats.keys; i++) {
		struct mcr_feed_key key = {.size = sizeof(key)};

		if (mcr_arbiter_key_info(d->arbiter, i, &key) != 0)
			fail("mcr_arbiter_key_info", "");
		printf("key %u next=%llu\n", i, (unsigned long long)key.next);
	}
}

static void run(struct driver *d, char *text)
{
	char *save = NULL, *op;
	uint64_t a, b;

	if (strncmp(text, "echo ", 5) == 0) {
		fputs(text + 5, stdout);
		return;
	}
	op = strtok_r(text, " \n", &save);
	if (!op || *op == '#')
		return;
	if (strcmp(op, "new") == 0) {
		make(d, &save);
	} else if (strcmp(op, "put") == 0) {
		put(d, &save);
	} else if (strcmp(op, "time") == 0) {
		mcr_arbiter_time(d->arbiter, number(&save));
	} else if (strcmp(op, "down") == 0) {
		a = number(&save);
		mcr_arbiter_line_down(d->arbiter, (unsigned)a, (uint32_t)number(&save));
	} else if (strcmp(op, "awake") == 0) {
		mcr_arbiter_awake(d->arbiter, (int)number(&save));
	} else if (strcmp(op, "lapped") == 0) {
		a = number(&save);
		mcr_arbiter_lapped(d->arbiter, (uint32_t)a, number(&save));
	} else if (strcmp(op, "host") == 0) {
		a = number(&save);
		b = number(&save);
		mcr_arbiter_host_loss(d->arbiter, (uint32_t)a, b, number(&save));
	} else if (strcmp(op, "insert") == 0) {
		insert(d, &save);
	} else if (strcmp(op, "resume") == 0) {
		a = number(&save);
		b = number(&save);
		if (mcr_arbiter_resume(d->arbiter, (uint32_t)a, b) != 0)
			puts("resume refused");
	} else if (strcmp(op, "stats") == 0) {
		print_stats(d);
	} else {
		fail("no such operation", op);
	}
	drain(d);
}

int main(void)
{
	struct driver d = {0};
	char text[512];

	while (fgets(text, sizeof(text), stdin))
		run(&d, text);
	mcr_arbiter_destroy(d.arbiter);
	return fflush(stdout) == 0 ? 0 : 2;
}
