/* SPDX-License-Identifier: BSD-3-Clause */
/* An attach server with a channel for each program, "sockets". The test is the engine: it makes the
 * channels when it likes, and polls the server itself. */
#ifndef MCR_TEST_PROGRAM_RIG_H
#define MCR_TEST_PROGRAM_RIG_H

#include "small_engine.h"

#include <sys/socket.h>

#include "client/attach.h"
#include "core/attach_wire.h"

#define MADE_MAX  8
#define SECOND_NS UINT64_C(1000000000)

/* What the engine was asked for. */
struct made {
	uint64_t id;
	struct mcr_channel_config config;
	int is_cancelled;
	struct mcr_region region;
};

struct programs {
	struct mcr_attach_server *server;
	char dir[64], path[80];
	struct made made[MADE_MAX];
	unsigned n_made;
	char ended[MADE_MAX][MCR_NAME_MAX];
	unsigned n_ended;
	int refusal; /* of the next make or end */
	unsigned joins;
	uint64_t now_ns;
};

static inline int make(void *ctx, uint64_t id, const struct mcr_channel_config *config,
		       struct mcr_error *err)
{
	struct programs *p = ctx;
	int refusal = p->refusal;

	p->refusal = 0;
	if (refusal) {
		strcpy(err->text, "no more than 64 channels");
		return refusal;
	}
	assert_in_range(p->n_made, 0, MADE_MAX - 1);
	p->made[p->n_made].id = id;
	p->made[p->n_made++].config = *config;
	return 0;
}

static inline void cancel(void *ctx, uint64_t id)
{
	struct programs *p = ctx;

	for (unsigned i = 0; i < p->n_made; i++)
		if (p->made[i].id == id)
			p->made[i].is_cancelled++;
}

static inline int end(void *ctx, const char *channel)
{
	struct programs *p = ctx;
	int refusal = p->refusal;

	p->refusal = 0;
	strcpy(p->ended[p->n_ended++], channel);
	return refusal ? refusal : mcr_attach_server_remove_channel(p->server, channel);
}

static const struct mcr_attach_programs callbacks = {.make = make, .cancel = cancel, .end = end};

static inline int update(void *ctx, uint64_t consumer, const struct mcr_join *remove,
			 size_t n_remove, const struct mcr_join *add, size_t n_add,
			 struct mcr_error *err)
{
	struct programs *p = ctx;

	if (n_add > 0)
		assert_non_null(strchr(add[0].channel, '/'));
	p->joins += (unsigned)n_add;
	return 0;
}

static inline int leave_ended(void *ctx, const uint64_t *living, size_t n)
{
	struct programs *p = ctx;

	p->joins = 0;
	return 0;
}

static const struct mcr_attach_joining joining = {.update = update, .ended = leave_ended};

static inline void create_with(struct programs *p, uint16_t programs_max, uint32_t per_uid)
{
	const struct mcr_attach_config attach = {
	    .mode = 0600, .gid = UINT32_MAX, .consumers_per_uid = per_uid};
	const struct mcr_channel_config template = {
	    .name = "sockets", .bytes = 65536, .per_program = 1, .programs_max = programs_max};

	memset(p, 0, sizeof(*p));
	strcpy(p->dir, "/tmp/mcring-test-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/attach", p->dir);
	p->now_ns = 1000 * SECOND_NS;
	assert_int_equal(mcr_attach_server_create(&p->server, p->path, &attach, NULL), 0);
	mcr_attach_server_programs(p->server, &callbacks, p);
	mcr_attach_server_joins(p->server, &joining, p, 0);
	assert_int_equal(mcr_attach_server_add_channel(p->server, &template, NULL, NULL, 1, 1), 0);
}

static inline void create(struct programs *p)
{
	create_with(p, 0, 0);
}

static inline void destroy(struct programs *p)
{
	mcr_attach_server_destroy(p->server);
	for (unsigned i = 0; i < p->n_made; i++)
		if (p->made[i].region.mem)
			mcr_region_destroy(&p->made[i].region);
	assert_int_equal(rmdir(p->dir), 0);
}

static inline void poll_server(struct programs *p)
{
	mcr_attach_server_poll(p->server, p->now_ns);
}

/* A client has said its hello, and the server has read it. */
static inline struct mcr_attachment ask_for(struct programs *p, const char *channel)
{
	const struct mcr_consumer_opts opts = {.size = sizeof(opts),
					       .run_dir = p->dir,
					       .channel = channel,
					       .label = "program",
					       .fd = -1};
	struct mcr_attachment a;
	struct mcr_attach_target target;

	assert_int_equal(mcr_attach_target_init(&target, &opts, NULL), 0);
	assert_int_equal(mcr_attachment_ask(&a, &target, 0, NULL), 0);
	poll_server(p);
	return a;
}

/* Has the channel that was asked for as number i. Returns the result of add_program. */
static inline int finish(struct programs *p, unsigned i)
{
	struct made *made = &p->made[i];
	const void *mem;
	int ret;

	assert_int_equal(
	    mcr_region_create(&made->region, mcr_ring_footprint(65536), -1, "test", NULL, NULL), 0);
	mcr_ring_format(made->region.mem, 65536, 100 + i, 0, 1);
	mem = made->region.mem;
	ret = mcr_attach_server_add_program(p->server, made->id, &made->config, &made->region.fd,
					    &mem, 1, 100 + i);
	mcr_attach_server_answer(p->server, made->id, ret, "it was not made", p->now_ns);
	return ret;
}

static inline int take(struct mcr_attachment *a, struct mcr_error *err)
{
	int ret;

	memset(err, 0, sizeof(*err));
	ret = mcr_attachment_take(a, err);
	return ret;
}

static inline void assert_refused(struct mcr_attachment *a, int code, const char *text)
{
	struct mcr_error err;

	assert_int_equal(take(a, &err), code);
	if (!strstr(err.text, text))
		fail_msg("%s", err.text);
	mcr_attachment_close(a);
}

static inline struct mcr_attachment attach(struct programs *p)
{
	struct mcr_attachment a = ask_for(p, "sockets");
	struct mcr_error err;

	assert_int_equal(finish(p, p->n_made - 1), 0);
	assert_int_equal(take(&a, &err), 0);
	return a;
}

#endif
