/* SPDX-License-Identifier: BSD-3-Clause */
/* The loop of mcr_receive: the ring first, then the kernel's sockets, then sleep on both. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "client/run_dir.h"
#include "core/error.h"
#include "core/sized.h"
#include "socket/mcr_receive_state.h"

#define CHANNEL      "sockets"
#define BUFFER_BYTES (16u << 20)
#define IDLE_NS      UINT64_C(1000000000)
#define LOOK_NS      UINT64_C(500000000) /* between two looks whether the engine lives */
#define TEND_EVERY   64 /* rounds in which something came: then the clock is looked at, too */
#define KERNEL_EVERY 16 /* rounds in which the ring had something: then the sockets have a turn */
#define EVENTS       32

/* ---- what comes ---- */

/* A message of the ring, as a copy, if it belongs to a join that the engine receives. */
static void give_data(struct mcr_receiver *r, const struct mcr_msg *m)
{
	struct mcr_msg own = *m;
	const struct mcr_join *join;
	size_t text = 0;

	join = mcr_received_joins_match(&r->joins, m->interface, m, &text);
	if (!join || r->joins.items[text].way != MCR_RECEIVE_ENGINE)
		return;
	if (mcr_consumer_read(r->consumer, m, r->payload, sizeof(r->payload)) < 0)
		own = (struct mcr_msg){.kind = MCR_LOST, .pos = m->pos, .lost = 1};
	else
		own.id = join->id;
	own.data = r->payload;
	mcr_receiver_give(r, &own, r->payload);
}

/* An event of the ring. After a restart all that came before the joins is missing as well. */
static void give_event(struct mcr_receiver *r, const struct mcr_msg *m)
{
	struct mcr_msg own = *m;

	if (m->kind == MCR_RESTART) {
		if (r->is_covered)
			return;
		if (own.rx_ns < r->joined_ns)
			own.rx_ns = r->joined_ns;
	}
	own.data = (const uint8_t *)"";
	own.len = 0;
	mcr_receiver_give(r, &own, "");
}

/* Returns how many messages the ring had. */
static int read_ring(struct mcr_receiver *r)
{
	int n = mcr_consumer_poll(r->consumer, r->msgs, MCR_RECEIVER_BATCH);

	for (int i = 0; i < n && r->result == 0; i++) {
		if (r->msgs[i].kind == MCR_DATA)
			give_data(r, &r->msgs[i]);
		else
			give_event(r, &r->msgs[i]);
	}
	if (n == -EPIPE)
		mcr_receiver_lose(r);
	else if (n < 0)
		r->result =
		    mcr_error_set(r->err, n, "the engine in %s: %s", r->run_dir, strerror(-n));
	else
		mcr_consumer_release(r->consumer);
	return n > 0 ? n : 0;
}

static int give_kernel(void *ctx, struct mcr_msg *m, const void *payload)
{
	return mcr_receiver_give(ctx, m, payload);
}

/* Waits so long for sockets, and the engine's descriptor. Returns how many sockets had something,
 * or -EINTR. */
static int read_sockets(struct mcr_receiver *r, int ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(r->kernel.epoll, events, EVENTS, ms), used = 0;

	for (int i = 0; i < n && r->result == 0; i++) {
		if (!events[i].data.ptr)
			continue;
		mcr_kernel_read(&r->kernel, events[i].data.ptr);
		used++;
	}
	return n < 0 ? -errno : used;
}

static void give_idle(struct mcr_receiver *r)
{
	const struct mcr_msg m = {.kind = MCR_RECEIVE_IDLE,
				  .data = (const uint8_t *)"",
				  .rx_ns = mcr_receiver_clock(CLOCK_REALTIME)};

	mcr_receiver_give(r, &m, "");
}

/* ---- the loop ---- */

/* One round without a sleep. Returns whether anything came. */
static int look(struct mcr_receiver *r, unsigned round)
{
	int n = r->is_attached ? read_ring(r) : 0;

	if (r->kernel.n > 0 && (n == 0 || round % KERNEL_EVERY == 0) && r->result == 0)
		n += read_sockets(r, 0) > 0;
	return n > 0;
}

static int milliseconds(uint64_t ns)
{
	return ns / 1000000 < INT_MAX ? (int)((ns + 999999) / 1000000) : INT_MAX;
}

/* Sleeps until something may have come, or until_ns. */
static void sleep_until(struct mcr_receiver *r, uint64_t now_ns, uint64_t until_ns)
{
	int ms;

	if (mcr_kernel_look(&r->kernel) != 0)
		return;
	if (r->is_attached && until_ns > now_ns + LOOK_NS)
		until_ns = now_ns + LOOK_NS;
	ms = milliseconds(until_ns > now_ns ? until_ns - now_ns : 0);
	/* A new engine that does not receive yet, or one that has hung up, shows nothing for a
	 * moment: poll finds out. */
	if (r->is_attached && mcr_consumer_arm(r->consumer)) {
		ms = r->was_empty && ms > 0;
		r->was_empty = 1;
	} else {
		r->was_empty = 0;
	}
	if (read_sockets(r, ms) == -EINTR)
		give_idle(r);
}

static uint64_t later(uint64_t now_ns, uint64_t by_ns)
{
	return by_ns < UINT64_MAX - now_ns ? now_ns + by_ns : UINT64_MAX;
}

/* Nothing has come since since_ns: spins, sleeps, or says so. */
static void rest(struct mcr_receiver *r, uint64_t *since_ns, uint64_t *said_ns, uint64_t now_ns)
{
	const uint64_t idle_ns = later(*said_ns, r->opts.idle_ns);
	uint64_t until_ns = idle_ns;

	if (now_ns >= idle_ns) {
		*said_ns = now_ns;
		give_idle(r);
		return;
	}
	if (now_ns < later(*since_ns, r->opts.spin_ns))
		return;
	if (!mcr_receiver_is_settled(r) && r->retry_ns < until_ns)
		until_ns = r->retry_ns;
	sleep_until(r, now_ns, until_ns);
}

static void loop(struct mcr_receiver *r)
{
	uint64_t since_ns = 0, said_ns = 0, now_ns;

	for (unsigned round = 0; r->result == 0; round++) {
		const int came = look(r, round);

		if (came)
			since_ns = 0;
		if ((came && round % TEND_EVERY != 0) || r->result != 0)
			continue;
		now_ns = mcr_receiver_clock(CLOCK_MONOTONIC);
		if (!mcr_receiver_is_settled(r))
			mcr_receiver_tend(r, now_ns);
		if (came || r->result != 0)
			continue;
		if (since_ns == 0)
			since_ns = said_ns = now_ns;
		rest(r, &since_ns, &said_ns, now_ns);
	}
}

/* ---- the call ---- */

static int take_opts(struct mcr_receive_opts *out, const struct mcr_receive_opts *opts,
		     struct mcr_error *err)
{
	if (!opts || !mcr_sized_ok(opts->size))
		return mcr_error_set(err, -EINVAL,
				     "options: set them with MCR_RECEIVE_OPTS_INIT first");
	if (opts->msg_size != sizeof(struct mcr_msg))
		return mcr_error_set(err, -EINVAL,
				     "options: a message of this libmcring-socket has %zu octets, "
				     "the program's has %u: compile it with the library's header",
				     sizeof(struct mcr_msg), opts->msg_size);
	if (mcr_sized_take(out, sizeof(*out), opts) < 0)
		return mcr_error_set(
		    err, -EINVAL, "options: the program was compiled for a newer libmcring-socket");
	if (out->fallback > MCR_RECEIVE_NEVER)
		return mcr_error_set(err, -EINVAL, "fallback %u: not an enum mcr_receive_fallback",
				     out->fallback);
	if (!out->channel)
		out->channel = CHANNEL;
	if (out->buffer_bytes == 0)
		out->buffer_bytes = BUFFER_BYTES;
	if (out->idle_ns == 0)
		out->idle_ns = IDLE_NS;
	return 0;
}

static int begin(struct mcr_receiver *r, struct mcr_error *err)
{
	const struct mcr_receive_opts *opts = &r->opts;
	const char *origin;
	int ret;

	if (mcr_run_dir(r->run_dir, sizeof(r->run_dir), opts->run_dir, opts->name, &origin) >=
	    sizeof(r->run_dir))
		return mcr_error_set(err, -ENOENT, "run directory %s: too long", r->run_dir);
	ret = mcr_received_joins_parse(&r->joins, opts->joins, opts->n_joins, err);
	if (ret < 0)
		return ret;
	ret = mcr_kernel_init(&r->kernel);
	if (ret < 0)
		return mcr_error_set(err, ret, "epoll: %s", strerror(-ret));
	return mcr_receiver_start(r);
}

int mcr_receive(const struct mcr_receive_opts *opts,
		int (*fn)(void *ctx, const struct mcr_msg *m, const void *payload), void *ctx,
		struct mcr_error *err)
{
	struct mcr_receiver *r = calloc(1, sizeof(*r));
	int ret;

	if (!r)
		return mcr_error_set(err, -ENOMEM, "no memory");
	mcr_error_set(err, 0, "%s", "");
	r->fn = fn;
	r->ctx = ctx;
	r->err = err;
	r->kernel =
	    (struct mcr_kernel){.joins = &r->joins, .epoll = -1, .give = give_kernel, .ctx = r};
	ret = take_opts(&r->opts, opts, err);
	r->kernel.buffer_bytes = r->opts.buffer_bytes;
	if (ret == 0)
		ret = begin(r, err);
	if (ret == 0) {
		loop(r);
		ret = r->result;
	}
	mcr_kernel_fini(&r->kernel);
	mcr_consumer_close(r->consumer);
	mcr_received_joins_clear(&r->joins);
	free(r);
	return ret;
}
