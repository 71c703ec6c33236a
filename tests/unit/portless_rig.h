/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine without ports, in a run directory of its own, and consumers of it. */
#ifndef MCR_TEST_PORTLESS_RIG_H
#define MCR_TEST_PORTLESS_RIG_H

#include "parse_rig.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <mcring/consumer.h>

#include "engine/portless/portless.h"

struct rig {
	char base[64], dir[80];
	struct mcr_interface_config interfaces[4];
	struct mcr_channel_config channels[4];
	struct mcr_portless_config config;
	struct mcr_portless *p;
	uint64_t now_ns; /* rx_ns of the next frame */
};

static inline struct mcr_interface_config *rig_interface(struct rig *r, const char *name,
							 const char *port, uint16_t vlan)
{
	struct mcr_interface_config *config = &r->interfaces[r->config.n_interfaces++];

	strcpy(config->name, name);
	strcpy(config->port, port);
	config->vlan = vlan;
	return config;
}

static inline struct mcr_channel_config *rig_channel(struct rig *r, const char *name)
{
	struct mcr_channel_config *config = &r->channels[r->config.n_channels++];

	strcpy(config->name, name);
	config->bytes = 65536;
	config->joiners = (struct mcr_access){.uids = {geteuid()}, .n_uids = 1};
	return config;
}

static inline void rig_init(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	strcpy(r->base, "/tmp/mcring-portless-XXXXXX");
	assert_non_null(mkdtemp(r->base));
	snprintf(r->dir, sizeof(r->dir), "%s/lab", r->base);
	r->now_ns = 1000000;
	r->config = (struct mcr_portless_config){.run_dir = r->dir,
						 .attach = {.mode = 0660, .gid = UINT32_MAX},
						 .interfaces = r->interfaces,
						 .channels = r->channels};
}

static inline void rig_start(struct rig *r)
{
	struct mcr_error err = {""};
	int ret = mcr_portless_create(&r->p, &r->config, &err);

	if (ret == 0)
		ret = mcr_portless_start(r->p, &err);
	if (ret < 0)
		print_message("%s\n", err.text);
	assert_int_equal(ret, 0);
}

static inline void rig_end(struct rig *r)
{
	mcr_portless_destroy(r->p);
	assert_int_equal(rmdir(r->base), 0); /* the run directory is gone */
}

/* One interface "lan" on one port, and the channel "md". */
static inline void rig_begin(struct rig *r)
{
	rig_init(r);
	rig_interface(r, "lan", "0", 0);
	rig_channel(r, "md");
	rig_start(r);
}

static inline int rig_try_join(struct rig *r, const char *text)
{
	struct mcr_join_list list = {0};
	struct mcr_error err;
	int ret;

	assert_int_equal(mcr_join_parse(&list, text, &err), 0);
	ret = mcr_portless_join(r->p, list.items, list.n, &err);
	mcr_join_list_clear(&list);
	return ret;
}

static inline void rig_join(struct rig *r, const char *text)
{
	assert_int_equal(rig_try_join(r, text), 0);
}

/* A frame that is published by itself. */
static inline void rig_put(struct rig *r, unsigned port, const struct frame *f)
{
	mcr_portless_begin(r->p, r->now_ns);
	mcr_portless_put(r->p, port, f->bytes, f->len, r->now_ns, r->now_ns);
	mcr_portless_publish(r->p, r->now_ns);
	r->now_ns++;
}

static inline void rig_send(struct rig *r, unsigned port, struct shape shape)
{
	struct frame f;

	build(&f, shape);
	rig_put(r, port, &f);
}

static inline struct mcr_consumer *rig_open(struct rig *r, const char *channel)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_error err = {""};
	struct mcr_consumer *c;
	int ret;

	opts.run_dir = r->dir;
	opts.channel = channel;
	opts.start = MCR_START_OLDEST;
	ret = mcr_consumer_open(&c, &opts, &err);
	if (ret < 0)
		print_message("%s\n", err.text);
	assert_int_equal(ret, 0);
	return c;
}

/* The one message that there is. */
static inline struct mcr_msg rig_next(struct mcr_consumer *c)
{
	struct mcr_msg msgs[2];

	assert_int_equal(mcr_consumer_poll(c, msgs, 2), 1);
	mcr_consumer_release(c);
	return msgs[0];
}

static inline void rig_no_more(struct mcr_consumer *c)
{
	struct mcr_msg m;

	assert_int_equal(mcr_consumer_poll(c, &m, 1), 0);
}

/* That one frame more was dropped for this reason, and the account is right. */
static inline void rig_dropped(struct rig *r, enum mcr_drop reason)
{
	struct mcr_account a;
	uint64_t sum;

	mcr_portless_account(r->p, &a);
	sum = a.delivered + a.punted;
	for (unsigned i = 0; i < MCR_DROP_COUNT; i++)
		sum += a.drops[i];
	assert_int_equal(a.received, sum);
	assert_int_equal(a.drops[reason], 1);
}

static inline void rig_rest(void)
{
	const struct timespec ms = {.tv_nsec = 1000000};

	nanosleep(&ms, NULL);
}

#endif
