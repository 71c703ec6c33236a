/* SPDX-License-Identifier: BSD-3-Clause */
#include "channel.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "../common/clock.h"
#include "blind.h"
#include "core/error.h"
#include "tap.h"

#define RETRY_NS UINT64_C(1000000000)  /* a step is taken, whatever its descriptor says */
#define NAMES_NS UINT64_C(10000000000) /* between two questions for interfaces */
#define LABEL    "mcring-watch"

enum step {
	SEEK,  /* the engine, and its channel */
	NAMES, /* of its interfaces */
	READ,
};

static void take_error(struct watch_channel *c, const char *text)
{
	snprintf(c->error, sizeof(c->error), "%.159s", text);
}

static void close_channel(struct watch *w, struct watch_channel *c)
{
	if (c->consumer)
		epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, mcr_consumer_fd(c->consumer), NULL);
	mcr_consumer_close(c->consumer);
	c->consumer = NULL;
	c->is_attached = 0;
	c->step = SEEK;
}

void channel_free(struct watch *w, struct watch_channel *c)
{
	close_channel(w, c);
	tap_destroy(c);
	free(c);
}

static int open_consumer(struct watch *w, struct watch_channel *c, struct mcr_error *err)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct epoll_event event = {.events = EPOLLIN};
	int ret;

	opts.run_dir = c->engine->run_dir;
	opts.channel = c->name;
	opts.label = LABEL;
	opts.order = MCR_ORDER_MERGED; /* bursts and recordings are in the order of time */
	opts.no_wait = 1;
	ret = mcr_consumer_open(&c->consumer, &opts, err);
	if (ret < 0)
		return ret;
	if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, mcr_consumer_fd(c->consumer), &event) == 0)
		return 0;
	ret = -errno;
	close_channel(w, c);
	return mcr_error_set(err, ret, "epoll: %s", strerror(-ret));
}

/* Returns 0 when all names are known, or no more come. */
static int ask_names(struct watch_channel *c)
{
	struct mcr_consumer_interface it = {.size = sizeof(it)};
	struct mcr_error err;
	int ret = 0;

	while (c->asked < WATCH_INTERFACES_MAX) {
		ret = mcr_consumer_interface_info(c->consumer, c->asked, &it, &err);
		if (ret < 0)
			break;
		tap_interface(c, &it);
		c->asked++;
	}
	return ret == -EAGAIN || ret == -EPIPE ? ret : 0;
}

static void begin(struct watch *w, struct watch_channel *c)
{
	c->is_attached = 1;
	c->error[0] = '\0';
	if (c->first_ns == 0)
		c->first_ns = realtime_ns();
	w->changes++;
}

static void step_failed(struct watch *w, struct watch_channel *c, int code, const char *text)
{
	c->step = SEEK;
	c->due_ns = monotonic_ns() + RETRY_NS;
	if (code == -EAGAIN)
		return;
	take_error(c, text);
	if (code == -EPROTO) /* it may be another kind of engine tomorrow */
		close_channel(w, c);
}

/* One step, which waits for nobody; as long as that succeeds the next one follows. */
void channel_advance(struct watch *w, struct watch_channel *c)
{
	struct mcr_error err = {""};
	int ret = c->consumer ? 0 : open_consumer(w, c, &err);

	if (ret == 0 && c->step == SEEK) {
		ret = mcr_consumer_reattach(c->consumer, &err);
		if (ret == 0) {
			tap_attached(w, c);
			c->step = NAMES;
			c->asked = 0;
		}
	}
	if (ret == 0 && c->step == NAMES) {
		ret = ask_names(c);
		if (ret == -EAGAIN)
			return;
		if (ret == 0) {
			c->step = READ;
			tap_renew(w, c);
		}
	}
	if (ret < 0)
		step_failed(w, c, ret, err.text);
	else
		begin(w, c);
}

int channel_is_due(const struct watch_channel *c, uint64_t now_ns)
{
	struct pollfd p = {.fd = c->consumer ? mcr_consumer_fd(c->consumer) : -1, .events = POLLIN};

	return now_ns >= c->due_ns || poll(&p, 1, 0) > 0;
}

/* The engine ended, or its ring makes no sense. */
static void lose(struct watch *w, struct watch_channel *c, int code)
{
	tap_judge(w, c); /* up to where it was read */
	blind_begin(w, c, code == -EPIPE ? "the engine is gone" : "the ring makes no sense");
	if (code != -EPIPE)
		close_channel(w, c);
	c->is_attached = 0;
	c->step = SEEK;
	c->due_ns = code == -EPIPE ? 0 : monotonic_ns() + RETRY_NS;
	w->changes++;
}

int channel_read(struct watch *w, struct watch_channel *c)
{
	const int n = tap_read(w, c);

	if (n < 0) {
		lose(w, c, n);
	} else if (n > 0 && tap_wants_interfaces(c) && monotonic_ns() >= c->due_ns) {
		c->due_ns = monotonic_ns() + NAMES_NS;
		tap_forget_interfaces(c);
		c->asked = 0;
		c->step = NAMES;
		c->is_attached = 0;
	}
	return n > 0 ? n : 0;
}

/* ---- which there are ---- */

static struct watch_channel *find_channel(const struct watch_engine *e, const char *name)
{
	for (unsigned i = 0; i < e->n_channels; i++)
		if (strcmp(e->channels[i]->name, name) == 0)
			return e->channels[i];
	return NULL;
}

static struct watch_channel *add_channel(struct watch *w, struct watch_engine *e, const char *name)
{
	struct watch_channel *c;

	if (e->n_channels == WATCH_CHANNELS_MAX)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->engine = e;
	snprintf(c->name, sizeof(c->name), "%s", name);
	if (tap_create(c) < 0) {
		channel_free(w, c);
		return NULL;
	}
	e->channels[e->n_channels++] = c;
	w->changes++;
	return c;
}

void channel_note(struct watch *w, struct watch_engine *e, const char *name, const char *readers)
{
	struct watch_channel *c = find_channel(e, name);

	if (!c)
		c = add_channel(w, e, name);
	if (!c)
		return;
	c->is_listed = 1;
	if (strcmp(c->readers, readers) == 0)
		return;
	snprintf(c->readers, sizeof(c->readers), "%s", readers);
	w->changes++;
}
