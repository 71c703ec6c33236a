/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <mcring/feed.h>
#include <stdio.h>

/* Your decoder starts here: m->count messages, behind m->skip that were handed out before. */
static void on_packet(const struct mcr_feed_msg *m, const char *payload, int64_t len)
{
	printf("%u: %" PRIu64 "+%u, %" PRId64 " octets by line %u\n", m->key, m->seq, m->count, len,
	       m->line);
}

static void on_event(const struct mcr_feed_msg *m)
{
	static const char *const whose[] = {"", "the wire", "perhaps this host", "this program"};

	if (m->kind == MCR_FEED_GAP) /* ask for them: mcr_feed_insert, mcr_feed_resume */
		printf("%u: gap %" PRIu64 "-%" PRIu64 ", lost by %s\n", m->key, m->gap.first,
		       m->gap.last, whose[m->gap.whose]);
	else if (m->kind == MCR_FEED_RESET)
		printf("%u: goes on at %" PRIu64 "\n", m->key, m->reset.new_next);
	else if (m->kind == MCR_FEED_LINE_DOWN || m->kind == MCR_FEED_LINE_UP)
		printf("line %u %s\n", m->line, m->kind == MCR_FEED_LINE_UP ? "up" : "down");
}

int main(int argc, char **argv)
{
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct mcr_feed_msg msgs[32];
	char payload[9000];
	struct mcr_error err;
	struct mcr_feed *f;
	int64_t len;
	int n;

	opts.feed = argc > 1 ? argv[1] : NULL; /* its name; else the engine's only one */
	if (mcr_feed_open(&f, &opts, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	while ((n = mcr_feed_poll(f, msgs, 32)) >= 0) {
		for (const struct mcr_feed_msg *m = msgs; m < msgs + n; m++) {
			if (m->kind != MCR_FEED_DATA)
				on_event(m);
			else if ((len = mcr_feed_read(f, m, payload, sizeof(payload))) >= 0)
				on_packet(m, payload, len);
			else /* overwritten since the poll */
				printf("%u: lost %" PRIu64 "+%u\n", m->key, m->seq, m->count);
		}
		mcr_feed_release(f);
		if (n == 0) /* or poll again at once, on a core of its own */
			mcr_feed_wait(f, UINT64_MAX);
	}
	mcr_feed_close(f);
	return 0;
}
