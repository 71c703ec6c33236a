/* SPDX-License-Identifier: BSD-3-Clause */
/* feed_truth RUN_DIR FEED FATES: reads a feed of feed_sender and writes down what became of each
 * message. Each line of standard input asks for a report, a JSON object on a line; before it FATES
 * is written, an octet for each message from 1 on. Ends with the input. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mcring/feed.h>

#define NUMBERS 0x4000000u
#define KINDS   32
#define HEADER  20

enum fate {
	TAKEN = 1,    /* handed out */
	GAP_WIRE = 2, /* given up, and whose loss */
	GAP_HOST = 4,
	GAP_RING = 8,
	LATE = 16,        /* came after it was given up */
	OVERWRITTEN = 32, /* handed out, and overwritten before it was read */
};

struct account {
	uint8_t *fates;
	uint64_t next;         /* the number that is due */
	uint64_t wrong;        /* numbers that were not due, or not what the packet has */
	uint64_t kinds[KINDS]; /* events */
};

/* The messages that are to be taken carry their numbers. */
static int is_right(const struct mcr_feed_msg *m, const uint8_t *payload, int64_t len)
{
	const uint8_t *at = payload + HEADER, *end = payload + len;
	uint64_t number;

	for (uint32_t i = 0; i < m->skip + m->count; i++) {
		const unsigned size = at + 2 <= end ? (unsigned)(at[0] << 8 | at[1]) : 0;

		if (size < sizeof(number) || at + 2 + size > end)
			return 0;
		memcpy(&number, at + 2, sizeof(number));
		if (number != m->seq - m->skip + i)
			return 0;
		at += 2 + size;
	}
	return 1;
}

/* Each number once, in order. */
static void mark(struct account *a, uint64_t first, uint64_t count, uint8_t fate)
{
	if (first != a->next)
		a->wrong++;
	a->next = first + count;
	for (uint64_t n = first; n < first + count && n < NUMBERS; n++) {
		a->wrong += a->fates[n] != 0;
		a->fates[n] = fate;
	}
}

static void on_data(struct account *a, struct mcr_feed *f, const struct mcr_feed_msg *m)
{
	uint8_t payload[2048];
	const int64_t len = mcr_feed_read(f, m, payload, sizeof(payload));

	mark(a, m->seq, m->count, len < 0 ? TAKEN | OVERWRITTEN : TAKEN);
	if (len >= 0)
		a->wrong += !is_right(m, payload, len);
}

static void on_event(struct account *a, const struct mcr_feed_msg *m)
{
	const uint8_t of_whose[] = {[MCR_FEED_WIRE] = GAP_WIRE,
				    [MCR_FEED_HOST_MAYBE] = GAP_HOST,
				    [MCR_FEED_RING] = GAP_RING};

	a->kinds[m->kind % KINDS]++;
	if (m->kind == MCR_FEED_GAP)
		mark(a, m->gap.first, m->gap.last - m->gap.first + 1, of_whose[m->gap.whose]);
	else if (m->kind == MCR_FEED_FILLED_LATE)
		for (uint64_t n = m->late.first; n <= m->late.last && n < NUMBERS; n++) {
			a->wrong += a->fates[n] == 0 || (a->fates[n] & (TAKEN | LATE));
			a->fates[n] |= LATE;
		}
	else if (m->kind == MCR_FEED_GAP_HOST) /* the same once more */
		for (uint64_t n = m->gap.first; n <= m->gap.last && n < NUMBERS; n++) {
			a->wrong += !(a->fates[n] & GAP_WIRE);
			a->fates[n] = (uint8_t)((a->fates[n] & ~GAP_WIRE) | GAP_HOST);
		}
	if (m->kind == MCR_FEED_RESET || m->kind == MCR_FEED_IMPLAUSIBLE)
		a->wrong++;
}

static void report_lines(const struct mcr_feed *f)
{
	struct mcr_feed_line line = {.size = sizeof(line)};

	for (uint32_t i = 0; mcr_feed_line_info(f, i, &line) == 0; i++)
		printf("%s{\"up\": %u, \"packets\": %" PRIu64 ", \"first\": %" PRIu64
		       ", \"duplicates\": %" PRIu64 ", \"late\": %" PRIu64 ", \"lost\": %" PRIu64
		       ", \"unsettled\": %" PRIu64 ", \"ring_lost\": %" PRIu64
		       ", \"out_of_order\": %" PRIu64 "}",
		       i ? ", " : "", line.is_up, line.packets, line.first, line.duplicates,
		       line.late, line.lost, line.unsettled, line.ring_lost, line.out_of_order);
}

static int report(const struct account *a, const struct mcr_feed *f, const char *path)
{
	struct mcr_feed_stats stats = {.size = sizeof(stats)};
	FILE *file = fopen(path, "w");

	if (!file || fwrite(a->fates + 1, 1, a->next - 1, file) != a->next - 1 ||
	    fclose(file) != 0 || mcr_feed_stats_info(f, &stats) < 0)
		return -1;
	printf("{\"next\": %" PRIu64 ", \"wrong\": %" PRIu64 ", \"messages\": %" PRIu64
	       ", \"gap_messages\": %" PRIu64 ", \"late_messages\": %" PRIu64
	       ", \"held\": %u, \"held_copied\": %" PRIu64 ", \"held_lost\": %" PRIu64
	       ", \"kinds\": [",
	       a->next, a->wrong, stats.messages, stats.gap_messages, stats.late_messages,
	       stats.held, stats.held_copied, stats.held_lost);
	for (unsigned i = 0; i < KINDS; i++)
		printf("%s%" PRIu64, i ? ", " : "", a->kinds[i]);
	printf("], \"lines\": [");
	report_lines(f);
	puts("]}");
	return fflush(stdout);
}

/* Returns 1: a report is due, 0: nothing is, -1: the end. */
static int asked(void)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char text[8];

	if (poll(&in, 1, 0) <= 0)
		return 0;
	return read(STDIN_FILENO, text, sizeof(text)) > 0 ? 1 : -1;
}

int main(int argc, char **argv)
{
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct account a = {.fates = calloc(1, NUMBERS), .next = 1};
	struct mcr_feed_msg msgs[32];
	struct mcr_error err = {"out of memory"};
	struct mcr_feed *f;
	int n, question;

	if (argc != 4)
		return EXIT_FAILURE;
	opts.run_dir = argv[1];
	opts.feed = argv[2];
	opts.start_seq = 1;
	if (!a.fates || mcr_feed_open(&f, &opts, &err) < 0) {
		fprintf(stderr, "feed_truth: %s\n", err.text);
		return EXIT_FAILURE;
	}
	puts("ready");
	fflush(stdout);
	while ((n = mcr_feed_poll(f, msgs, 32)) >= 0) {
		for (int i = 0; i < n; i++)
			if (msgs[i].kind == MCR_FEED_DATA)
				on_data(&a, f, &msgs[i]);
			else
				on_event(&a, &msgs[i]);
		mcr_feed_release(f);
		if (n > 0)
			continue;
		mcr_feed_wait(f, 10000000);
		question = asked();
		if (question < 0 || (question > 0 && report(&a, f, argv[3]) != 0))
			break;
	}
	if (n < 0)
		fprintf(stderr, "feed_truth: %s\n", strerror(-n));
	mcr_feed_close(f);
	free(a.fates);
	return n < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
