/* SPDX-License-Identifier: BSD-3-Clause */
/* From options to a consumer that stands where they say. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client/state.h"
#include "core/error.h"

/* Of the first version of this ABI. */
#define OPTS_SIZE_1 (offsetof(struct mcr_consumer_opts, stall_ns) + sizeof(uint64_t))
#define STALL_NS    UINT64_C(10000000000)
#define ANSWER_NS   UINT64_C(5000000000)

/* A program may have been compiled with fewer options than this library knows, or with more. The
 * additional ones must be unset. */
int mcr_client_take_opts(struct mcr_consumer_opts *out, const struct mcr_consumer_opts *opts,
			 struct mcr_error *err)
{
	if (!opts || opts->size < OPTS_SIZE_1 || !mcr_sized_ok(opts->size))
		return mcr_error_set(err, -EINVAL,
				     "options: set them with MCR_CONSUMER_OPTS_INIT first");
	if (opts->msg_size != sizeof(struct mcr_msg))
		return mcr_error_set(err, -EINVAL,
				     "options: a message of this libmcring-client has %zu octets, "
				     "the program's has %u: compile it with the library's header",
				     sizeof(struct mcr_msg), opts->msg_size);
	if (mcr_sized_take(out, sizeof(*out), opts) < 0)
		return mcr_error_set(
		    err, -EINVAL, "options: the program was compiled for a newer libmcring-client");
	if (out->stall_ns == 0)
		out->stall_ns = STALL_NS;
	if (out->answer_ns == 0)
		out->answer_ns = ANSWER_NS;
	return 0;
}

static int refuse_ring(const struct mcr_ring_reader *r, unsigned index, int code, const char *why,
		       struct mcr_error *err)
{
	if (r->abi != 0 && (r->abi > MCR_RING_ABI || r->abi < MCR_RING_ABI_OLDEST))
		return mcr_error_set(
		    err, code, "ring %u has ABI %u, and this client library reads %d to %d: %s",
		    index, r->abi, MCR_RING_ABI_OLDEST, MCR_RING_ABI, why);
	return mcr_error_set(err, code, "ring %u: %s", index, why);
}

static int stand_on(struct mcr_consumer *c, unsigned i, const struct mcr_consumer_opts *opts,
		    struct mcr_error *err)
{
	const struct mcr_attachment *a = &c->attachment;
	struct mcr_client_ring *ring = &c->rings[i];
	struct mcr_ring_reader *r = &ring->reader;
	unsigned index = c->first + i;
	const char *why;
	int ret = mcr_ring_reader_attach(r, a->rings[index].mem, a->rings[index].len, &why);

	if (ret == 0 && (r->index != index || r->n_rings != a->n_rings)) {
		why = "the rings came in a wrong order";
		ret = -EPROTO;
	}
	if (ret < 0)
		return refuse_ring(r, index, ret, why, err);
	ret = mcr_client_start(ring, opts, err);
	ring->done = mcr_client_next(ring);
	return ret;
}

int mcr_client_stand(struct mcr_consumer *c, const struct mcr_consumer_opts *opts,
		     struct mcr_error *err)
{
	const struct mcr_attachment *a = &c->attachment;
	int ret;

	if (opts->order > MCR_ORDER_MERGED)
		return mcr_error_set(err, -EINVAL, "order %u: not an enum mcr_order", opts->order);
	if (opts->ring == MCR_ALL_RINGS && opts->start == MCR_START_SEQ && a->n_rings > 1)
		return mcr_error_set(err, -EINVAL,
				     "a seq counts within one ring: say which of the channel's %u",
				     a->n_rings);
	if (opts->ring != MCR_ALL_RINGS && opts->ring >= a->n_rings)
		return mcr_error_set(err, -EINVAL, "no ring %u: the channel has 0 to %u",
				     opts->ring, a->n_rings - 1);
	c->first = opts->ring == MCR_ALL_RINGS ? 0 : opts->ring;
	c->n_rings = opts->ring == MCR_ALL_RINGS ? a->n_rings : 1;
	if (!c->map)
		c->map = mcr_client_map_add(c->share, a);
	c->rings = calloc(c->n_rings, sizeof(*c->rings));
	if (!c->map || !c->rings)
		return mcr_error_set(err, -ENOMEM, "consumer: no memory");
	for (unsigned i = 0; i < c->n_rings; i++) {
		ret = stand_on(c, i, opts, err);
		if (ret < 0)
			return ret;
	}
	c->order = opts->order;
	return c->order == MCR_ORDER_MERGED ? mcr_client_merge_init(c, opts->hold_ns, err) : 0;
}

void mcr_client_disconnect(struct mcr_consumer *c)
{
	if (c->map) {
		if (!c->seat)
			mcr_client_map_end(c->map, 1);
		mcr_client_map_leave(c->map);
		/* The map's; what is left here is the socket. */
		c->attachment = (struct mcr_attachment){.socket = c->attachment.socket};
		c->map = NULL;
	}
	mcr_client_unwatch_fd(c, c->attachment.socket);
	mcr_attachment_close(&c->attachment);
	mcr_client_merge_fini(c);
	free(c->rings);
	c->rings = NULL;
}

void mcr_client_begin(struct mcr_consumer *c)
{
	if (c->seat) {
		c->watch.stride = UINT_MAX;
		mcr_client_sit(c);
		return;
	}
	c->watch = (struct mcr_client_watch){.stride = 1, .stall_ns = c->opts.stall_ns};
	c->attachment.page->abi = c->attachment.version;
	c->attachment.page->pid = (int32_t)getpid();
	mcr_client_report(c);
}

size_t mcr_client_descriptors(const struct mcr_consumer *c, int fds[MCR_CLIENT_DESCRIPTORS_MAX])
{
	const int all[] = {c->fd, c->attachment.socket, c->next.inotify_fd, c->next.timer_fd,
			   c->next.asked.socket};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] >= 0)
			fds[n++] = all[i];
	return n;
}

/* Attaches, as opts says. */
static int attach(struct mcr_consumer *c, const struct mcr_consumer_opts *opts,
		  struct mcr_error *err)
{
	struct mcr_attachment *a = &c->attachment;
	int ret = 0;

	if (opts->fd < 0) {
		ret = mcr_attach_target_init(&c->target, opts, err);
		if (ret == 0 && opts->no_wait) {
			c->watch.stride = UINT_MAX;
			return 0;
		}
		if (ret == 0)
			ret = mcr_attachment_ask(a, &c->target, 1, err);
	}
	if (ret == 0)
		ret = mcr_attachment_await(a, opts->answer_ns, err);
	if (ret == 0)
		ret = mcr_client_stand(c, opts, err);
	return ret;
}

static int make_fd(struct mcr_consumer *c, struct mcr_error *err)
{
	int ret;

	c->fd = epoll_create1(EPOLL_CLOEXEC);
	ret = c->fd < 0 ? -errno : 0;
	if (ret == 0 && c->map)
		ret = mcr_client_watch_fd(c, c->attachment.socket);
	return ret < 0 ? mcr_error_set(err, ret, "epoll: %s", strerror(-ret)) : 0;
}

struct mcr_consumer *mcr_client_new(const struct mcr_consumer_opts *opts,
				    struct mcr_client_share *share)
{
	struct mcr_consumer *c = share ? calloc(1, sizeof(*c)) : NULL;

	if (share)
		__atomic_add_fetch(&share->users, 1, __ATOMIC_RELAXED);
	if (!c) {
		mcr_client_share_leave(share);
		return NULL;
	}
	c->opts = *opts;
	c->share = share;
	c->fd = c->next.inotify_fd = c->next.timer_fd = c->next.watch = -1;
	c->next.asked.socket = c->attachment.socket = -1;
	return c;
}

int mcr_consumer_open(struct mcr_consumer **out, const struct mcr_consumer_opts *user_opts,
		      struct mcr_error *err)
{
	struct mcr_consumer_opts opts;
	struct mcr_consumer *c;
	int ret = mcr_client_take_opts(&opts, user_opts, err);

	if (ret < 0)
		return ret;
	c = mcr_client_new(&opts, calloc(1, sizeof(*c->share)));
	if (!c) {
		if (opts.fd >= 0)
			close(opts.fd);
		return mcr_error_set(err, -ENOMEM, "consumer: no memory");
	}
	c->attachment.socket = opts.fd;
	ret = attach(c, &opts, err);
	if (ret == 0)
		ret = make_fd(c, err);
	if (ret == 0)
		ret = mcr_client_select_set(&c->select, opts.groups, opts.n_groups, opts.ids,
					    opts.n_ids, err);
	if (ret < 0) {
		mcr_consumer_close(c);
		return ret;
	}
	if (c->map)
		mcr_client_begin(c);
	__atomic_store_n(&c->share->now, c->map, __ATOMIC_RELEASE);
	*out = c;
	return 0;
}

void mcr_consumer_close(struct mcr_consumer *c)
{
	if (!c)
		return;
	/* First, so that nothing is taken out of it: in a forked child it is still the parent's. */
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (!c->seat) /* before the cursors learn that the map is no longer ours */
		__atomic_store_n(&c->share->now, NULL, __ATOMIC_RELEASE);
	mcr_client_end_next(c);
	mcr_client_disconnect(c);
	mcr_client_select_clear(&c->select);
	if (c->seat)
		mcr_client_give_back(&c->seat->lasting);
	mcr_client_share_leave(c->share);
	free(c);
}
