/* SPDX-License-Identifier: BSD-3-Clause */
/* querier_cost GROUPS igmp|mld any|sources [ROUNDS]: what the querier's table costs. Three hosts
 * are members of each of the groups, of any source (IS_EX{}) or of three sources (IS_IN). Groups
 * come in an order that no prefetcher knows, and each change is looked at as the engine does.
 * Prints one JSON object: medians over the rounds (9), in CPU time of the thread.
 *
 * For instructions, of one round:
 * valgrind --tool=callgrind --toggle-collect='phase_refresh*' querier_cost ... 1 */
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <malloc.h>

#include "core/gmp/gmp_wire.h"
#include "core/querier/querier.h"

#define SECOND     1000000000ull
#define HOSTS      3u
#define SOURCES    3u
#define MTU        1500u
#define SLOT       160u /* octets of a packet with one record, at least */
#define ROUNDS_MAX 99u
#define NOINLINE   __attribute__((noinline))

enum phase {
	FIRST,    /* the first report of a group */
	REFRESH,  /* the same of other hosts */
	ANSWER,   /* all hosts answer a general query, as many groups a packet as fit */
	EXPIRE,   /* nobody answers any more: all groups end in one poll */
	LEAVE,    /* a leave or BLOCK of each group, which begins the questions */
	QUESTION, /* the questions until the groups end */
	PHASES
};

static const char *const names[PHASES] = {"first",  "refresh", "answer",
					  "expire", "leave",   "question"};
static const char *const units[PHASES] = {"report", "report", "record", "group", "report", "query"};

struct packet {
	uint8_t *octets;
	size_t len;
};

struct bench {
	const struct mcr_gmp_wire *wire;
	struct mcr_querier *q;
	uint64_t now, sent, changed, polls;
	uint32_t groups, with_sources;
	uint32_t *order;
	struct packet *reports[HOSTS], *leaves; /* one a group, in the order */
	struct packet *answers;
	size_t n_answers;
	double ns[PHASES][ROUNDS_MAX]; /* by round */
	double octets, heap;
};

static void die(const char *what)
{
	fprintf(stderr, "querier_cost: %s\n", what);
	exit(EXIT_FAILURE);
}

static void *make(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		die("no memory");
	return p;
}

static struct mcr_address address(const struct bench *b, uint32_t ipv4, uint16_t prefix)
{
	uint32_t be = htobe32(ipv4);
	struct mcr_address a = mcr_address_from_ipv4(be);

	if (mcr_address_is_ipv4(b->wire->all_nodes))
		return a;
	memset(a.octets, 0, 12);
	a.octets[0] = (uint8_t)(prefix >> 8);
	a.octets[1] = (uint8_t)prefix;
	return a;
}

static struct mcr_address group(const struct bench *b, uint32_t i)
{
	return b->with_sources ? address(b, 0xe8010000u + i, 0xff35)
			       : address(b, 0xef010000u + i, 0xff15);
}

static size_t put_record(const struct bench *b, uint8_t *p, enum mcr_record type, uint32_t i)
{
	struct mcr_address sources[SOURCES];

	for (uint32_t k = 0; k < SOURCES; k++)
		sources[k] = address(b, 0x0a000001u + k, 0x2001);
	return mcr_gmp_write_record(b->wire, p, type, group(b, i), sources,
				    b->with_sources ? SOURCES : 0);
}

static size_t headers(const struct bench *b)
{
	return b->wire->ip_octets + MCR_GMP_REPORT_HEADER;
}

static struct mcr_address host(const struct bench *b, uint32_t h)
{
	return address(b, 0x0a090002u + h, 0xfe80);
}

/* One report a group. */
static struct packet *make_reports(const struct bench *b, enum mcr_record type, uint32_t h)
{
	struct packet *packets = make(b->groups, sizeof(*packets));
	uint8_t *octets = make(b->groups, SLOT);

	for (uint32_t i = 0; i < b->groups; i++, octets += SLOT) {
		packets[i] = (struct packet){octets, headers(b)};
		packets[i].len += put_record(b, octets + headers(b), type, b->order[i]);
		b->wire->finish(octets, packets[i].len, host(b, h), 1);
	}
	return packets;
}

static void make_answers(struct bench *b, enum mcr_record type)
{
	size_t record = mcr_gmp_record_octets(b->wire, b->with_sources ? SOURCES : 0);
	uint32_t each = (uint32_t)((MTU - headers(b)) / record);
	uint32_t packets = (b->groups + each - 1) / each;

	b->answers = make((size_t)HOSTS * packets, sizeof(*b->answers));
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t i = 0; i < b->groups; i += each) {
			struct packet *p = &b->answers[b->n_answers++];
			uint32_t n = b->groups - i < each ? b->groups - i : each;

			*p = (struct packet){make(1, MTU), headers(b)};
			for (uint32_t k = 0; k < n; k++)
				p->len += put_record(b, p->octets + p->len, type, b->order[i + k]);
			b->wire->finish(p->octets, p->len, host(b, h), (uint16_t)n);
		}
}

static void prepare(struct bench *b)
{
	enum mcr_record is = b->with_sources ? MCR_RECORD_IS_IN : MCR_RECORD_IS_EX;
	uint64_t random = 1;

	b->order = make(b->groups, sizeof(*b->order));
	for (uint32_t i = 0; i < b->groups; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		uint32_t k = (uint32_t)((random >> 32) * (i + 1) >> 32);

		b->order[i] = b->order[k];
		b->order[k] = i;
	}
	for (uint32_t h = 0; h < HOSTS; h++)
		b->reports[h] = make_reports(b, is, h);
	b->leaves = make_reports(b, b->with_sources ? MCR_RECORD_BLOCK : MCR_RECORD_TO_IN, 0);
	make_answers(b, is);
}

static void on_changed(void *ctx, struct mcr_address g)
{
	struct bench *b = ctx;
	struct mcr_source_filter f;

	mcr_querier_filter(b->q, g, &f);
	b->changed++;
}

static int on_send(void *ctx, const uint8_t *packet, size_t len)
{
	struct bench *b = ctx;

	(void)packet;
	(void)len;
	b->sent++;
	return 0;
}

static void hear(struct bench *b, const struct packet *packets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (mcr_querier_input(b->q, packets[i].octets, packets[i].len,
				      MCR_QUERIER_FROM_WIRE, b->now) < 0)
			die("a report was refused");
}

static NOINLINE void phase_first(struct bench *b)
{
	hear(b, b->reports[0], b->groups);
}

static NOINLINE void phase_refresh(struct bench *b)
{
	for (uint32_t h = 1; h < HOSTS; h++)
		hear(b, b->reports[h], b->groups);
}

static NOINLINE void phase_answer(struct bench *b)
{
	hear(b, b->answers, b->n_answers);
}

static NOINLINE void phase_expire(struct bench *b)
{
	(void)mcr_querier_poll(b->q, b->now, on_send, b);
}

static NOINLINE void phase_leave(struct bench *b)
{
	hear(b, b->leaves, b->groups);
}

static NOINLINE void phase_question(struct bench *b, uint64_t until)
{
	while (b->now <= until)
		b->now = mcr_querier_poll(b->q, b->now, on_send, b);
}

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static struct mcr_querier_state state(const struct bench *b)
{
	struct mcr_querier_state s;

	mcr_querier_get_state(b->q, &s);
	return s;
}

/* All leave, are asked about, and end. */
static void leave_all(struct bench *b, unsigned round)
{
	double start = cpu_ns();
	uint64_t sent;

	phase_leave(b);
	b->ns[LEAVE][round] = (cpu_ns() - start) / b->groups;
	sent = b->sent;
	start = cpu_ns();
	phase_question(b, b->now + 19 * SECOND / 10); /* the groups end at 2.0 s */
	sent = b->sent - sent;
	b->ns[QUESTION][round] = (cpu_ns() - start) / (double)sent;
	if (state(b).groups != b->groups || sent < 2 * (uint64_t)b->groups)
		die("not all were asked about");
	(void)mcr_querier_poll(b->q, b->now, on_send, b);
	if (state(b).groups != 0)
		die("groups are left");
}

static void run_round(struct bench *b, unsigned round)
{
	struct mcr_querier_config cfg = {
	    .family = mcr_address_is_ipv4(b->wire->all_nodes) ? MCR_GMP_IGMP : MCR_GMP_MLD,
	    .address = address(b, 0x0a090001, 0xfe80),
	    .groups_max = b->groups,
	    .changed = on_changed,
	    .changed_ctx = b};
	size_t heap = mallinfo2().uordblks;
	double start;

	b->now = SECOND;
	if (mcr_querier_create(&b->q, &cfg, b->now))
		die("no querier");
	(void)mcr_querier_poll(b->q, b->now, on_send, b);
	start = cpu_ns();
	phase_first(b);
	b->ns[FIRST][round] = (cpu_ns() - start) / b->groups;
	b->now += SECOND;
	start = cpu_ns();
	phase_refresh(b);
	b->ns[REFRESH][round] = (cpu_ns() - start) / ((HOSTS - 1) * b->groups);
	b->octets = (double)state(b).memory_bytes / b->groups;
	b->heap = (double)(mallinfo2().uordblks - heap) / b->groups;
	b->now += SECOND;
	start = cpu_ns();
	phase_answer(b);
	b->ns[ANSWER][round] = (cpu_ns() - start) / (HOSTS * b->groups);
	if (state(b).groups != b->groups || b->changed != b->groups)
		die("groups are missing");
	b->now += 300 * SECOND;
	start = cpu_ns();
	phase_expire(b);
	b->ns[EXPIRE][round] = (cpu_ns() - start) / b->groups;
	if (state(b).groups != 0 || b->changed != 2 * (uint64_t)b->groups)
		die("groups are left");
	hear(b, b->reports[0], b->groups);
	b->now += SECOND;
	leave_all(b, round);
	b->changed = 0;
	mcr_querier_destroy(b->q);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static struct bench b;
	unsigned rounds = argc > 4 ? (unsigned)atoi(argv[4]) : 9;

	if (argc < 4 || rounds == 0 || rounds > ROUNDS_MAX || atoi(argv[1]) < 1)
		die("usage: querier_cost GROUPS igmp|mld any|sources [ROUNDS]");
	b.groups = (uint32_t)atoi(argv[1]);
	b.wire = mcr_gmp_wire_of(strcmp(argv[2], "mld") == 0 ? MCR_GMP_MLD : MCR_GMP_IGMP);
	b.with_sources = strcmp(argv[3], "sources") == 0;
	prepare(&b);
	for (unsigned round = 0; round < rounds; round++)
		run_round(&b, round);
	printf("{\"groups\": %u, \"octets_a_group\": %.1f, \"heap_a_group\": %.1f", b.groups,
	       b.octets, b.heap);
	for (unsigned i = 0; i < PHASES; i++) {
		qsort(b.ns[i], rounds, sizeof(b.ns[i][0]), compare);
		printf(", \"%s_ns_a_%s\": %.1f", names[i], units[i], b.ns[i][rounds / 2]);
	}
	printf("}\n");
	return EXIT_SUCCESS;
}
