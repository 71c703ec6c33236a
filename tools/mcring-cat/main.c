/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-cat prints the messages of a channel. It is a consumer like any other: docs/ring.md. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mcring/consumer.h>

#include "../common/clock.h"
#include "../common/engines.h"
#include "../common/fail.h"
#include "options.h"
#include "print.h"
#include "why.h"

#define BATCH      64
#define IDLE_POLLS 200       /* empty ones, then it sleeps */
#define SLEEP_NS   200000000 /* then it looks for signals and the engine's heartbeat */
#define NAP_NS     50000

struct cat {
	struct cat_options options;
	uint64_t end_ns; /* of --timeout */
	uint64_t received, lost, first_seq, last_seq;
	int write_errno; /* why standard output failed first */
	struct cat_printer print;
};

static volatile sig_atomic_t stopped; /* all that the signal handler touches */

static void on_signal(int signal)
{
	stopped = 1;
}

static void take(struct cat *cat, struct mcr_consumer *c, const struct mcr_msg *m)
{
	if (m->kind == MCR_LOST) {
		cat->lost += m->lost;
		cat_print_lost(&cat->print, m->pos.ring, m->pos.seq, m->lost);
	} else if (m->kind == MCR_LINK) {
		cat_print_link(&cat->print, m);
	} else if (m->kind == MCR_STALL) {
		cat_print_stall(&cat->print, m);
	} else if (m->kind == MCR_ENGINE_STALL) {
		cat_print_engine_stall(&cat->print, m);
	} else if (m->kind == MCR_RESTART) {
		cat_print_restart(&cat->print, m);
	} else if (m->kind == MCR_DATA) {
		if (mcr_consumer_read(c, m, cat->print.payload, sizeof(cat->print.payload)) < 0 ||
		    m->len > sizeof(cat->print.payload)) {
			cat->lost++;
			cat_print_lost(&cat->print, m->pos.ring, m->pos.seq, 1);
			return;
		}
		cat->received++;
		cat->last_seq = m->pos.seq;
		if (cat->first_seq == 0)
			cat->first_seq = m->pos.seq;
		cat_print_data(&cat->print, m);
	}
}

static int done(struct cat *cat)
{
	if (cat->write_errno == 0)
		cat->write_errno = -cat_print_error(&cat->print);
	return stopped || cat->write_errno != 0 ||
	       (cat->options.count != 0 && cat->received >= cat->options.count);
}

/* Sleeps until something comes, but not for longer than most_ns, and finds out when the reader of
 * the output has gone. */
static void rest(struct cat *cat, struct mcr_consumer *c, uint64_t most_ns)
{
	struct pollfd fds[] = {{.fd = STDOUT_FILENO}, {.fd = mcr_consumer_fd(c), .events = POLLIN}};
	uint64_t now = monotonic_ns(), left = cat->end_ns > now ? cat->end_ns - now : 0;
	struct timespec pause = {0, (long)(left < most_ns ? left : most_ns)};

	if (ppoll(fds, 2, &pause, NULL) > 0 && fds[0].revents != 0)
		cat->write_errno = EPIPE;
}

static int timed_out(const struct cat *cat)
{
	return cat->end_ns != UINT64_MAX && monotonic_ns() >= cat->end_ns;
}

/* Joins what --join names; also with the next engine, which knows nothing of it. */
static int join_all(struct cat *cat, struct mcr_consumer *c, struct mcr_error *err)
{
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < cat->options.n_joins; i++)
		ret = mcr_consumer_join(c, cat->options.joins[i], err);
	return ret;
}

/* Returns 0, or what mcr_consumer_poll gave at the end. */
static int follow(struct cat *cat, struct mcr_consumer *c)
{
	struct mcr_msg msgs[BATCH];
	unsigned idle = 0;

	while (!done(cat)) {
		int n = mcr_consumer_poll(c, msgs, BATCH);

		if (n < 0)
			return n;
		for (int i = 0; i < n && !done(cat); i++)
			take(cat, c, &msgs[i]);
		mcr_consumer_release(c);
		if (timed_out(cat))
			break;
		idle = n == 0 ? idle + 1 : 0;
		if (idle == 1)
			cat_print_flush(&cat->print); /* the reader sees everything there is */
		if (idle > IDLE_POLLS) /* armed, unless something comes without a notice */
			rest(cat, c, mcr_consumer_arm(c) ? NAP_NS : SLEEP_NS);
	}
	return 0;
}

/* Waits for the next engine. Returns 0 (also at the end of the wait), or an error when the next one
 * is not for us. */
static int follow_next(struct cat *cat, struct mcr_consumer *c, struct mcr_error *err)
{
	fail("the engine has ended; waiting for the next");
	cat_print_flush(&cat->print);
	while (!done(cat) && !timed_out(cat)) {
		int ret = mcr_consumer_reattach(c, err);

		/* Not there yet, or not ready. Any other error would come again. */
		if (ret == 0)
			return join_all(cat, c, err);
		if (ret != -EAGAIN && ret != -ENOENT && ret != -ECONNREFUSED && ret != -ETIMEDOUT &&
		    ret != -EBUSY)
			return ret;
		rest(cat, c, SLEEP_NS);
	}
	return 0;
}

/* Follows engine after engine, where --reattach asks for that. Returns what the last one ended
 * with, 0 or -errno; a line on stderr says why. */
static int follow_all(struct cat *cat, struct mcr_consumer *c, struct mcr_error *err)
{
	int ret;

	do {
		err->text[0] = '\0';
		ret = follow(cat, c);
		if (ret != -EPIPE || !cat->options.reattach)
			break;
		ret = follow_next(cat, c, err);
	} while (ret == 0 && !done(cat) && !timed_out(cat));
	if (ret < 0 && err->text[0] != '\0')
		fail("%s", err->text);
	else if (ret == -EPIPE)
		fail("the engine has ended");
	else if (ret < 0)
		fail("the ring makes no sense: %s", strerror(-ret));
	return ret;
}

static int open_consumer(struct cat *cat, struct mcr_consumer **out, struct mcr_error *err)
{
	const struct mcr_consumer_opts *opts = &cat->options.opts;
	char hint[ENGINES_TEXT];

	if (mcr_consumer_open(out, opts, err) < 0)
		return fail("%s%s", err->text, engines_hint(hint, opts->run_dir, opts->name));
	if (join_all(cat, *out, err) == 0)
		return 0;
	mcr_consumer_close(*out);
	return fail("%s", err->text);
}

static void print_summary(const struct cat *cat)
{
	const int is_binary =
	    cat->options.format == CAT_FORMAT_RAW || cat->options.format == CAT_FORMAT_PCAPNG;

	fprintf(is_binary ? stderr : stdout,
		"{\"received\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"first_seq\":%" PRIu64
		",\"last_seq\":%" PRIu64 "}\n",
		cat->received, cat->lost, cat->first_seq, cat->last_seq);
}

int main(int argc, char **argv)
{
	static struct cat cat;
	const struct cat_options *o = &cat.options;
	struct sigaction action = {.sa_handler = on_signal};
	struct mcr_consumer *c;
	struct mcr_error err;
	int ret;

	cat_options_parse(&cat.options, argc, argv);
	cat.print.format = o->format;
	if (o->format == CAT_FORMAT_PCAPNG && isatty(STDOUT_FILENO)) {
		fail("standard output is a terminal: write the capture to a file or a pipe");
		return CAT_EXIT_ERROR;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (open_consumer(&cat, &c, &err) < 0)
		return CAT_EXIT_ERROR;
	cat.end_ns = o->timeout_ns != 0 ? monotonic_ns() + o->timeout_ns : UINT64_MAX;
	cat_print_begin(&cat.print, c);
	ret = follow_all(&cat, c, &err);
	cat_print_end(&cat.print);
	if (ret == 0 && cat.received == 0 && !stopped && cat.write_errno == 0 && timed_out(&cat)) {
		cat_print_flush(&cat.print);
		cat_why(o); /* still attached: the engine sees this reader too */
	}
	mcr_consumer_close(c);
	if (o->summary)
		print_summary(&cat);
	if (cat.write_errno == 0)
		cat.write_errno = -cat_print_flush(&cat.print);
	/* The reader may have had enough: head -1. */
	if (cat.write_errno != 0 && cat.write_errno != EPIPE) {
		fail("standard output: %s", strerror(cat.write_errno));
		return CAT_EXIT_ERROR;
	}
	if (ret < 0 && ret != -EPIPE)
		return CAT_EXIT_ERROR;
	return o->count != 0 && cat.received < o->count ? CAT_EXIT_NOT_REACHED : CAT_EXIT_REACHED;
}
