/* SPDX-License-Identifier: BSD-3-Clause */
/* Who receives each join. Each wants the engine; the kernel has those that the engine does not
 * take, where it can receive them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/error.h"
#include "socket/mcr_receive_state.h"

#define RETRY_NS  UINT64_C(1000000000)
#define ANSWER_NS UINT64_C(2000000000) /* the kernel's sockets fill up meanwhile */

int mcr_receiver_give(struct mcr_receiver *r, const struct mcr_msg *m, const void *payload)
{
	if (r->result == 0)
		r->result = r->fn(r->ctx, m, payload);
	return r->result;
}

/* ---- one join ---- */

/* Reports who receives a join now. */
static void report(struct mcr_receiver *r, size_t i, uint32_t way, const char *text)
{
	struct mcr_received_join *j = &r->joins.items[i];
	const struct mcr_join *first = &r->joins.list.items[j->first];
	const struct mcr_msg m = {
	    .kind = (uint16_t)way,
	    .id = (uint32_t)i,
	    .len = (uint32_t)strlen(text),
	    .data = (const uint8_t *)text,
	    .group = first->group,
	    .dst_port = first->port,
	    .interface = j->place.interface,
	    .since_ns = j->since_ns,
	    .rx_ns = mcr_receiver_clock(CLOCK_REALTIME),
	};

	if (way != MCR_RECEIVE_NOWHERE)
		j->since_ns = 0;
	mcr_receiver_give(r, &m, text);
}

/* The text with the engine's own name of the interface. */
static void write_join(char *out, size_t cap, const struct mcr_received_joins *joins,
		       const struct mcr_received_join *j)
{
	static const char key[] = ",interface=";
	const char *named = joins->list.items[j->first].interface;
	const char *at = strstr(j->text, key);

	if (j->place.name[0] == '\0' || strcmp(named, j->place.name) == 0)
		snprintf(out, cap, "%s", j->text);
	else if (!at)
		snprintf(out, cap, "%s%s%s", j->text, key, j->place.name);
	else
		snprintf(out, cap, "%.*s%s%s%s", (int)(at - j->text), j->text, key, j->place.name,
			 at + strlen(key) + strlen(named));
}

static int join_engine(struct mcr_receiver *r, size_t i)
{
	struct mcr_received_join *j = &r->joins.items[i];
	char text[4096];
	int ret;

	write_join(text, sizeof(text), &r->joins, j);
	ret = mcr_consumer_join(r->consumer, text, &r->refusal);
	if (ret == 0)
		j->way = MCR_RECEIVE_ENGINE;
	return ret;
}

/* The kernel, if it may and can. code: why the engine does not. Then that is the error, but where
 * the kernel has a better one to say. */
static int join_kernel(struct mcr_receiver *r, size_t i, int code, struct mcr_error *err)
{
	struct mcr_received_join *j = &r->joins.items[i];
	int ret;

	if (r->opts.fallback == MCR_RECEIVE_NEVER)
		return mcr_error_set(err, code, "%s", r->refusal.text);
	if (j->place.fault == -ENODEV)
		return mcr_error_set(err, -ENODEV,
				     "join \"%s\": no such interface, or no route to the group "
				     "(%s)",
				     j->text, r->refusal.text);
	if (j->place.fault != 0)
		return mcr_error_set(err, r->is_attached ? code : j->place.fault,
				     "join \"%s\": the kernel sees no interface %s, which is the "
				     "engine's alone, and: %s",
				     j->text, j->place.name, r->refusal.text);
	ret = mcr_kernel_open(&r->kernel, i, err);
	if (ret < 0)
		return ret;
	j->way = MCR_RECEIVE_KERNEL;
	snprintf(j->why, sizeof(j->why), "%.*s", (int)sizeof(j->why) - 1, r->refusal.text);
	return 0;
}

static void report_way(struct mcr_receiver *r, size_t i)
{
	const struct mcr_received_join *j = &r->joins.items[i];
	char text[sizeof(r->run_dir) + sizeof(j->why) + 256];

	if (j->way == MCR_RECEIVE_ENGINE)
		snprintf(text, sizeof(text), "%s: by the engine in %s, on its interface %s",
			 j->text, r->run_dir, j->place.name);
	else
		snprintf(text, sizeof(text), "%s: by the kernel on %s: %s", j->text,
			 j->place.device, j->why);
	report(r, i, j->way, text);
}

/* ---- all of them ---- */

static int index_joins(struct mcr_receiver *r)
{
	int ret = mcr_received_joins_index(&r->joins);

	if (ret < 0 && r->result == 0)
		r->result = mcr_error_set(r->err, ret, "joins: no memory");
	return ret;
}

/* Where the joins belong, and by that whose a message is. */
static int place_all(struct mcr_receiver *r)
{
	for (size_t i = 0; i < r->joins.n; i++) {
		struct mcr_received_join *j = &r->joins.items[i];

		mcr_received_place_find(&j->place, &r->interfaces, r->run_dir,
					&r->joins.list.items[j->first],
					r->opts.fallback == MCR_RECEIVE_ALWAYS);
	}
	return index_joins(r);
}

int mcr_receiver_is_settled(const struct mcr_receiver *r)
{
	for (size_t i = 0; i < r->joins.n; i++)
		if (r->joins.items[i].way != MCR_RECEIVE_ENGINE)
			return 0;
	return 1;
}

/* The engine, if it takes a join. What the kernel still has of it comes first. */
static int move(struct mcr_receiver *r, size_t i)
{
	const uint32_t before = r->joins.items[i].way;
	int ret = join_engine(r, i);

	if (ret < 0)
		return ret;
	index_joins(r);
	if (before == MCR_RECEIVE_KERNEL && r->result == 0)
		mcr_kernel_close(&r->kernel, i);
	report_way(r, i);
	return 0;
}

/* The kernel for a join that nobody receives. */
static void replace(struct mcr_receiver *r, size_t i, int code, struct mcr_error *err)
{
	if (join_kernel(r, i, code, err) < 0)
		return;
	index_joins(r);
	report_way(r, i);
}

/* ---- the engine ---- */

static int watch(struct mcr_receiver *r)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	const int fd = mcr_consumer_fd(r->consumer);

	return epoll_ctl(r->kernel.epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_consumer(struct mcr_receiver *r)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	int ret;

	opts.run_dir = r->opts.run_dir;
	opts.name = r->opts.name;
	opts.label = r->opts.label;
	opts.channel = r->opts.channel;
	opts.answer_ns = ANSWER_NS;
	ret = mcr_consumer_open(&r->consumer, &opts, &r->refusal);
	if (ret < 0)
		return ret;
	ret = watch(r);
	if (ret < 0) {
		mcr_consumer_close(r->consumer);
		r->consumer = NULL;
		return mcr_error_set(&r->refusal, ret, "epoll: %s", strerror(-ret));
	}
	return 0;
}

/* Attaches for the first time, or again. */
static int attach(struct mcr_receiver *r)
{
	int ret = r->consumer ? mcr_consumer_reattach(r->consumer, &r->refusal) : open_consumer(r);

	if (ret < 0)
		return ret;
	r->is_attached = 1;
	mcr_received_interfaces_read(&r->interfaces, r->run_dir, r->consumer);
	return place_all(r);
}

int mcr_receiver_start(struct mcr_receiver *r)
{
	int absent, ret;

	mcr_received_interfaces_read(&r->interfaces, r->run_dir, NULL);
	ret = place_all(r);
	absent = attach(r);
	for (size_t i = 0; ret == 0 && r->result == 0 && i < r->joins.n; i++) {
		ret = absent ? absent : join_engine(r, i);
		if (ret < 0)
			ret = join_kernel(r, i, ret, r->err);
	}
	if (ret < 0)
		return ret;
	r->joined_ns = mcr_receiver_clock(CLOCK_REALTIME);
	r->retry_ns = mcr_receiver_clock(CLOCK_MONOTONIC) + RETRY_NS;
	index_joins(r);
	for (size_t i = 0; i < r->joins.n; i++)
		report_way(r, i);
	return 0;
}

/* An engine is there: all joins are tried. */
static void move_all(struct mcr_receiver *r)
{
	struct mcr_error err;

	for (size_t i = 0; i < r->joins.n && r->result == 0; i++) {
		int ret = move(r, i);

		if (ret < 0 && r->joins.items[i].way == MCR_RECEIVE_NOWHERE)
			replace(r, i, ret, &err);
	}
	r->joined_ns = mcr_receiver_clock(CLOCK_REALTIME);
}

/* What is not on the engine is tried again. One refusal a round is enough, the next round begins
 * behind it. */
static void retry(struct mcr_receiver *r)
{
	struct mcr_error err;

	for (size_t k = 0, first = r->retry_from; k < r->joins.n && r->result == 0; k++) {
		const size_t i = (first + k) % r->joins.n;
		struct mcr_received_join *j = &r->joins.items[i];
		int ret = -ENOENT;

		if (j->way == MCR_RECEIVE_ENGINE)
			continue;
		if (r->is_attached)
			ret = move(r, i);
		if (ret < 0 && j->way == MCR_RECEIVE_NOWHERE)
			replace(r, i, ret, &err);
		if (ret < 0 && r->is_attached) {
			r->retry_from = i + 1;
			return;
		}
	}
}

void mcr_receiver_tend(struct mcr_receiver *r, uint64_t now_ns)
{
	if (!r->is_attached && (r->consumer || now_ns >= r->retry_ns) && attach(r) == 0) {
		r->retry_ns = now_ns + RETRY_NS;
		move_all(r);
		return;
	}
	if (now_ns < r->retry_ns || r->result != 0)
		return;
	r->retry_ns = now_ns + RETRY_NS;
	retry(r);
}

/* The time up to which all that arrived has been given. */
static uint64_t known_until(struct mcr_consumer *c)
{
	struct mcr_consumer_ring ring = {.size = sizeof(ring)};
	uint64_t until = UINT64_MAX;

	for (uint32_t i = 0; mcr_consumer_ring_info(c, i, &ring, NULL) == 0; i++)
		until = ring.watermark_ns < until ? ring.watermark_ns : until;
	return until == UINT64_MAX ? 0 : until;
}

void mcr_receiver_lose(struct mcr_receiver *r)
{
	const uint64_t since_ns = known_until(r->consumer);
	struct mcr_error err;

	r->is_attached = 0;
	r->is_covered = 1;
	mcr_error_set(&r->refusal, 0, "the engine has ended");
	for (size_t i = 0; i < r->joins.n && r->result == 0; i++) {
		struct mcr_received_join *j = &r->joins.items[i];

		if (j->way != MCR_RECEIVE_ENGINE)
			continue;
		j->way = MCR_RECEIVE_NOWHERE;
		j->since_ns = since_ns;
		replace(r, i, -EPIPE, &err);
		if (j->way == MCR_RECEIVE_NOWHERE)
			report(r, i, MCR_RECEIVE_NOWHERE, err.text);
	}
	for (size_t i = 0; i < r->joins.n; i++)
		r->is_covered &= r->joins.items[i].way == MCR_RECEIVE_KERNEL;
	index_joins(r);
}
