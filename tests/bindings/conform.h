/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the C conform program share, and the C++ one: words of a command, options,
 * answers. */
#ifndef CONFORM_H
#define CONFORM_H

#include <stdint.h>

#include <mcring/consumer.h>
#include <mcring/feed.h>

#define BATCH      1000      /* messages of one command */
#define TAKE_BYTES (4 << 20) /* for their payloads */

/* One K=V of a command. */
struct option {
	char *key, *value;
};

/* next_option cuts the next K=V off *rest; returns 0 at the end. config=TEXT goes to the end of the
 * line. */
int next_option(char **rest, struct option *out);

/* Groups and ids of a command. */
struct selection {
	struct mcr_select_group groups[64];
	uint32_t ids[MCR_SELECT_MAX + 1];
	size_t n_groups, n_ids;
};

/* They return 0 or -EINVAL. What they fill in borrows the command's line. */
int read_selection(struct selection *s, const struct option *o);
int read_opts(struct mcr_consumer_opts *opts, struct selection *s, char *rest);
int read_feed_opts(struct mcr_feed_opts *opts, char *rest);

/* The answer's last line: `ok` and what format gives, or the error -err with its text. */
void ok(const char *format, ...) __attribute__((format(printf, 1, 2)));
void failed(int err, const char *text);
/* answer says ok, or the error that a call returned. */
void answer(int ret, const struct mcr_error *err);

void print_hex(const void *data, size_t len); /* `-` if there is none, and the line's end */
uint32_t start_of(const char *value, uint64_t *seq);
/* sleep_on arms the object and waits for its descriptor. Returns 1: poll; 0: the time is over. */
int sleep_on(int fd, int (*arm)(void *object), void *object, int ms);

/* await_go: with `N go` in rest, says how many were polled and reads one line more, so that a test
 * can do something before anything of them is read. */
void await_go(const char *rest, int polled);

/* run_feed runs `feed REST`; close_feed closes what it holds. */
void run_feed(char *rest);
void close_feed(void);

#endif
