/* SPDX-License-Identifier: BSD-3-Clause */
/* A recorder in a directory of its own, numbered messages for it, and a reader of its files that
 * takes nothing but whole blocks (draft-ietf-opsawg-pcapng). */
#ifndef RECORDER_RIG_H
#define RECORDER_RIG_H

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
/* after them */
#include <cmocka.h>

#include "mcring-watch/record/recorder.h"

#define MIB       ((uint64_t)1 << 20)
#define SECOND    UINT64_C(1000000000)
#define START     (UINT64_C(1796000000) * SECOND) /* 2026-11-30T00:53:20Z */
#define AFTER     (100 * SECOND) /* long enough that the host's clock ends no file */
#define STEP      (AFTER / 1000)
#define GAP       2u
#define HEADERS   42u /* Ethernet, IPv4, UDP */
#define SHOWN_MAX 256

/* ---- files ---- */

struct shown_packet {
	uint64_t ns, number, drops, id;
	uint32_t interface, kept, len;
	char comment[1024]; /* all of them, a line each */
};

struct shown {
	char comments[2048], names[RECORDER_INTERFACES_MAX][80];
	unsigned n_interfaces;
	struct shown_packet *packets;
	size_t n;
	uint64_t received[RECORDER_INTERFACES_MAX], not_read[RECORDER_INTERFACES_MAX];
	unsigned n_statistics;
	char end[2048]; /* comments of the statistics */
};

static inline uint32_t word(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline uint64_t number_at(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* The options of a block, up to its end: those with this code, as a text of lines if cap > 0, else
 * as a number. */
static inline uint64_t option_of(const uint8_t *at, const uint8_t *end, unsigned code, char *out,
				 size_t cap)
{
	uint64_t value = 0;
	size_t used = 0;

	while (at + 4 <= end) {
		const unsigned one = word(at) & 0xffff, len = word(at) >> 16;

		assert_true(at + 4 + len <= end);
		if (one == 0)
			break;
		if (one == code && cap == 0 && len == 8)
			value = number_at(at + 4);
		if (one == code && cap > 0)
			used += (size_t)snprintf(out + used, cap - used, "%.*s\n", (int)len,
						 (const char *)at + 4);
		if (used >= cap)
			used = 0;
		at += 4 + (len + 3) / 4 * 4;
	}
	return value;
}

static inline void show_packet(struct shown *s, const uint8_t *at, const uint8_t *end)
{
	struct shown_packet *p = &s->packets[s->n++];

	memset(p, 0, sizeof(*p));
	p->interface = word(at);
	p->ns = (uint64_t)word(at + 4) << 32 | word(at + 8);
	p->kept = word(at + 12) - HEADERS;
	p->len = word(at + 16) - HEADERS;
	assert_true(p->interface < s->n_interfaces);
	assert_true(p->kept >= 8 && p->kept <= p->len);
	p->number = number_at(at + 20 + HEADERS);
	at += 20 + (HEADERS + p->kept + 3) / 4 * 4;
	p->drops = option_of(at, end, 4, NULL, 0);
	p->id = option_of(at, end, 5, NULL, 0);
	option_of(at, end, 1, p->comment, sizeof(p->comment));
}

static inline void show_block(struct shown *s, const uint8_t *at, uint32_t len)
{
	const uint8_t *end = at + len - 4;
	unsigned i;

	switch (word(at)) {
	case 0x0a0d0d0a:
		assert_int_equal(word(at + 8), 0x1a2b3c4d);
		option_of(at + 24, end, 1, s->comments, sizeof(s->comments));
		break;
	case 1:
		option_of(at + 16, end, 2, s->names[s->n_interfaces], sizeof(s->names[0]));
		s->names[s->n_interfaces][strcspn(s->names[s->n_interfaces], "\n")] = '\0';
		s->n_interfaces++;
		break;
	case 5:
		i = word(at + 8);
		assert_true(i < s->n_interfaces);
		s->received[i] = option_of(at + 20, end, 4, NULL, 0);
		s->not_read[i] = option_of(at + 20, end, 7, NULL, 0);
		s->n_statistics++;
		if (s->end[0] == '\0')
			option_of(at + 20, end, 1, s->end, sizeof(s->end));
		break;
	default:
		assert_int_equal(word(at), 6);
		show_packet(s, at + 8, end);
	}
}

static inline void show(struct shown *s, const char *path)
{
	FILE *in = fopen(path, "r");
	struct stat st;
	uint8_t *all;
	uint32_t len;

	if (!in)
		fail_msg("%s cannot be read", path);
	assert_int_equal(fstat(fileno(in), &st), 0);
	all = malloc((size_t)st.st_size + 1);
	memset(s, 0, sizeof(*s));
	s->packets = malloc(((size_t)st.st_size / 80 + 1) * sizeof(*s->packets));
	assert_int_equal(fread(all, 1, (size_t)st.st_size, in), st.st_size);
	assert_int_equal(word(all), 0x0a0d0d0a);
	for (size_t at = 0; at < (size_t)st.st_size; at += len) {
		assert_true(at + 12 <= (size_t)st.st_size);
		len = word(all + at + 4);
		assert_true(len >= 12 && len % 4 == 0 && at + len <= (size_t)st.st_size);
		assert_int_equal(word(all + at + len - 4), len);
		show_block(s, all + at, len);
	}
	free(all);
	fclose(in);
}

static inline void forget(struct shown *s)
{
	free(s->packets);
}

/* The packets of a file are in the order of time, and those of each interface follow each other by
 * number, but where some were dropped. Returns the drops. */
static inline uint64_t check_order(const struct shown *s)
{
	uint64_t next[RECORDER_INTERFACES_MAX] = {0}, drops = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct shown_packet *p = &s->packets[i];

		if (i > 0)
			assert_true(p->ns >= s->packets[i - 1].ns);
		if (next[p->interface] > 0)
			assert_int_equal(p->number, next[p->interface] + p->drops);
		next[p->interface] = p->number + 1;
		drops += p->drops;
	}
	return drops;
}

/* ---- directories ---- */

static inline int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The names in a directory that end so, in order. */
static inline unsigned list_dir(const char *dir, const char *end, char names[SHOWN_MAX][256])
{
	DIR *stream = opendir(dir);
	struct dirent *entry;
	unsigned n = 0;

	assert_non_null(stream);
	while ((entry = readdir(stream))) {
		const size_t len = strlen(entry->d_name);

		if (len < strlen(end) || strcmp(entry->d_name + len - strlen(end), end) != 0)
			continue;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		assert_true(n < SHOWN_MAX);
		strcpy(names[n++], entry->d_name);
	}
	closedir(stream);
	qsort(names, n, sizeof(names[0]), by_name);
	return n;
}

/* ---- the recorder ---- */

struct recorder_rig {
	struct recorder_config config;
	struct recorder *r;
	uint64_t ns, step_ns;  /* of the next message, and between two */
	uint64_t lag_ns;       /* the time that put() tells is so far behind */
	uint64_t hw_before_ns; /* so much before arrival the NIC saw it; 0 = it says nothing */
	uint64_t numbers[RECORDER_INTERFACES_MAX]; /* of each interface's last */
	uint32_t len;
	struct recorder_stats stats;
};

static inline void rig_clear(struct recorder_rig *rig)
{
	char names[SHOWN_MAX][256], path[600];
	unsigned n = list_dir(rig->config.dir, "", names);

	for (unsigned i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%.255s", rig->config.dir, names[i]);
		remove(path);
	}
	rmdir(rig->config.dir);
}

/* A configuration to be changed before rig_begin: 4 MiB, a file ends 1,000 messages after its
 * trigger. */
static inline void rig_init(struct recorder_rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	rig->config = (struct recorder_config){
	    .name = "md",
	    .dir = "/tmp/recorder-XXXXXX",
	    .octets = 4 * MIB,
	    .after_ns = AFTER,
	    .on = GAP,
	    .gid = UINT32_MAX,
	    .program = "test 1",
	};
	assert_non_null(mkdtemp(rig->config.dir));
	rig->ns = START;
	rig->step_ns = STEP;
	rig->len = 100;
}

static inline void rig_begin(struct recorder_rig *rig)
{
	struct mcr_error err = {""};

	if (recorder_create(&rig->r, &rig->config, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(recorder_interface(rig->r, &(struct recorder_interface){"f/A", "line A"}),
			 0);
	assert_int_equal(recorder_interface(rig->r, &(struct recorder_interface){"f/B", "line B"}),
			 1);
}

static inline void rig_end(struct recorder_rig *rig)
{
	recorder_destroy(rig->r);
	rig->r = NULL;
	rig_clear(rig);
}

static inline void put_at(struct recorder_rig *rig, unsigned interface, uint64_t ns)
{
	uint8_t payload[65536] = {0};
	struct mcr_msg m = {
	    .len = rig->len,
	    .rx_ns = ns,
	    .hw_ns = rig->hw_before_ns ? ns - rig->hw_before_ns : 0,
	    .dst_port = 4000,
	    .src_port = 5000,
	    .ttl = 7,
	    .group = mcr_address_from_ipv4(0x010101ef),
	    .source = mcr_address_from_ipv4(0x0100000a),
	};

	memcpy(payload, &(uint64_t){++rig->numbers[interface]}, 8);
	recorder_put(rig->r, &m, payload, interface, rig->numbers[interface]);
}

/* Messages by one interface, step_ns apart, and the time after each. */
static inline void put(struct recorder_rig *rig, unsigned interface, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		put_at(rig, interface, rig->ns);
		recorder_time(rig->r, rig->ns - rig->lag_ns);
		rig->ns += rig->step_ns;
	}
}

static inline enum recorder_answer trigger(struct recorder_rig *rig, uint32_t bit, const char *word,
					   const char *text)
{
	const struct recorder_cause cause = {bit, rig->ns, word, text};

	return recorder_trigger(rig->r, &cause);
}

/* Time goes on without messages. */
static inline void pass(struct recorder_rig *rig, uint64_t ns)
{
	rig->ns += ns;
	recorder_time(rig->r, rig->ns);
}

/* Waits for the writer, while the time of arrivals stands still: until so many files that were
 * asked for have ended. */
static inline void wait_answered(struct recorder_rig *rig, uint64_t n)
{
	do {
		recorder_time(rig->r, rig->ns);
		usleep(1000);
		recorder_stats(rig->r, &rig->stats);
	} while (rig->stats.answered < n);
}

static inline void show_last(struct recorder_rig *rig, struct shown *s)
{
	recorder_stats(rig->r, &rig->stats);
	show(s, rig->stats.file);
}

#endif
