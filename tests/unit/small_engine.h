/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine for tests: regions, rings and the attach server, no packets. Its control thread beats
 * and polls the server; messages are published by the test itself. */
#ifndef SMALL_ENGINE_H
#define SMALL_ENGINE_H

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <mcring/consumer.h>

#include "../../tools/common/clock.h"
#include "core/ring.h"
#include "engine/attach/attach_server.h"
#include "engine/os/region.h"

#define SMALL_RINGS_MAX 32

/* Descriptors that are open, and a few more, the same number each time. */
static inline size_t fd_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

struct small_engine {
	char dir[64], path[96];
	unsigned n_rings;
	struct mcr_region regions[SMALL_RINGS_MAX];
	struct mcr_ring_writer writers[SMALL_RINGS_MAX];
	struct mcr_attach_server *server;
	pthread_t control;
	pthread_mutex_t lock; /* held while the server is touched */
	int running, beating, looking;
	unsigned rounds; /* of its control thread */
};

static inline void sleep_ms(long ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&ts, NULL);
}

static void *small_engine_control(void *arg)
{
	struct small_engine *e = arg;

	while (__atomic_load_n(&e->running, __ATOMIC_ACQUIRE)) {
		if (__atomic_load_n(&e->beating, __ATOMIC_ACQUIRE))
			for (unsigned i = 0; i < e->n_rings; i++)
				mcr_ring_set_heartbeat(e->regions[i].mem, monotonic_ns());
		pthread_mutex_lock(&e->lock);
		mcr_attach_server_poll(e->server, monotonic_ns());
		if (__atomic_load_n(&e->looking, __ATOMIC_ACQUIRE))
			mcr_attach_server_look(e->server, monotonic_ns());
		mcr_attach_server_wake(e->server);
		pthread_mutex_unlock(&e->lock);
		__atomic_add_fetch(&e->rounds, 1, __ATOMIC_RELEASE);
		sleep_ms(1);
	}
	return NULL;
}

/* One life of the engine: one channel of n_rings rings, in e->dir. */
static inline void small_engine_start(struct small_engine *e,
				      const struct mcr_attach_config *attach,
				      const struct mcr_channel_config *channel, unsigned n_rings,
				      uint64_t epoch)
{
	const uint64_t bytes = channel->bytes;
	const void *mems[SMALL_RINGS_MAX];
	int fds[SMALL_RINGS_MAX];

	assert_int_equal(mcr_attach_server_create(&e->server, e->path, attach, NULL), 0);
	e->n_rings = n_rings;
	for (unsigned i = 0; i < n_rings; i++) {
		assert_int_equal(mcr_region_create(&e->regions[i], mcr_ring_footprint(bytes), -1,
						   "test", NULL, NULL),
				 0);
		mcr_ring_format(e->regions[i].mem, bytes, epoch, i, n_rings);
		mcr_ring_writer_attach(&e->writers[i], e->regions[i].mem);
		mems[i] = e->regions[i].mem;
		fds[i] = e->regions[i].fd;
	}
	assert_int_equal(
	    mcr_attach_server_add_channel(e->server, channel, fds, mems, n_rings, epoch), 0);
	pthread_mutex_init(&e->lock, NULL);
	e->running = e->beating = e->looking = 1;
	assert_int_equal(pthread_create(&e->control, NULL, small_engine_control, e), 0);
}

/* The end of one life, as sudden as a SIGKILL. */
static inline void small_engine_kill(struct small_engine *e)
{
	__atomic_store_n(&e->running, 0, __ATOMIC_RELEASE);
	pthread_join(e->control, NULL);
	mcr_attach_server_destroy(e->server);
	for (unsigned i = 0; i < e->n_rings; i++)
		mcr_region_destroy(&e->regions[i]);
}

/* Its control thread, whose lock is free, has gone round once, from the begin to the end. */
static inline void small_engine_round(struct small_engine *e)
{
	const unsigned now = __atomic_load_n(&e->rounds, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(&e->rounds, __ATOMIC_ACQUIRE) - now < 2)
		sleep_ms(1);
}

/* Its control thread does not beat any more, as by SIGSTOP. */
static inline void small_engine_stop_beating(struct small_engine *e)
{
	__atomic_store_n(&e->beating, 0, __ATOMIC_RELEASE);
	small_engine_round(e);
}

/* An engine with a run directory that everybody may enter. */
static inline void small_engine_create_as(struct small_engine *e,
					  const struct mcr_attach_config *attach,
					  const struct mcr_channel_config *channel,
					  unsigned n_rings)
{
	memset(e, 0, sizeof(*e));
	strcpy(e->dir, "/tmp/mcring-test-XXXXXX");
	assert_non_null(mkdtemp(e->dir));
	assert_int_equal(chmod(e->dir, 0755), 0);
	snprintf(e->path, sizeof(e->path), "%s/attach", e->dir);
	small_engine_start(e, attach, channel, n_rings, 4711);
}

/* The same by default: a channel "md", a socket of mode 0660. */
static inline void small_engine_create(struct small_engine *e, unsigned n_rings, uint64_t bytes)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	const struct mcr_channel_config channel = {.name = "md", .bytes = bytes};

	small_engine_create_as(e, &attach, &channel, n_rings);
}

static inline void small_engine_destroy(struct small_engine *e)
{
	small_engine_kill(e);
	assert_int_equal(rmdir(e->dir), 0); /* the socket is gone */
}

/* One message as record says, but for its length. An event has none. Not inline: gcc would compare
 * each length that a record can have with the payloads that tests give. */
static __attribute__((noinline, unused)) void small_engine_put(struct small_engine *e,
							       unsigned ring,
							       struct mcr_record record,
							       const void *payload, uint32_t len)
{
	static const uint8_t nothing[512]; /* gcc thinks that it is read */
	struct mcr_ring_writer *w = &e->writers[ring];

	record.len = (uint16_t)len;
	mcr_ring_put(w, &record, len > 0 ? payload : nothing);
	mcr_ring_publish(w);
}

/* The same of IPv6: the record names no addresses. */
static __attribute__((noinline, unused)) void
small_engine_put_ipv6(struct small_engine *e, unsigned ring, struct mcr_record record,
		      const struct mcr_address addresses[2], const void *payload, uint32_t len)
{
	struct mcr_ring_writer *w = &e->writers[ring];
	const uint32_t extras = 2 * sizeof(*addresses);
	uint8_t *to = mcr_ring_begin(w, extras + len);

	record.len = (uint16_t)len;
	record.group_be = record.source_be = 0;
	record.interface_form |= MCR_FORM_INET6;
	mcr_ring_copy(to + MCR_RECORD_BYTES, addresses, extras);
	mcr_ring_copy(to + MCR_RECORD_BYTES + extras, payload, len);
	mcr_ring_end(w, extras + len, &record);
	mcr_ring_publish(w);
}

/* What stands before a message that nothing is asked of. */
static inline struct mcr_record small_engine_record(const struct mcr_ring_writer *w)
{
	return (struct mcr_record){
	    .rx_ns = 1000 + w->next,
	    .hw_delta = 1000,
	    .flags = MCR_FLAG_HW_TIME,
	    .group_be = 0x010101ef,
	    .source_be = 0x0100000a,
	    .id = 77,
	    .port = 5000,
	    .source_port = 6000,
	    .vlan_kind = 12,
	    .ttl = 3,
	};
}

static inline void small_engine_publish(struct small_engine *e, unsigned ring, const void *payload,
					uint32_t len)
{
	small_engine_put(e, ring, small_engine_record(&e->writers[ring]), payload, len);
}

/* A consumer of "md" with these options, but for where the engine is. */
static inline struct mcr_consumer *small_engine_consumer(struct small_engine *e,
							 struct mcr_consumer_opts opts)
{
	struct mcr_consumer *c = NULL;
	struct mcr_error err = {""};
	int ret;

	opts.run_dir = e->dir;
	opts.channel = "md";
	ret = mcr_consumer_open(&c, &opts, &err);
	if (ret != 0)
		print_message("%s\n", err.text);
	assert_int_equal(ret, 0);
	return c;
}

static inline struct mcr_consumer *small_engine_open(struct small_engine *e, enum mcr_start start)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

	opts.start = start;
	return small_engine_consumer(e, opts);
}

/* n messages whose payload is their own seq, in one chunk if the ring takes that. */
static inline void small_engine_publish_seqs(struct small_engine *e, unsigned ring, unsigned n)
{
	struct mcr_ring_writer *w = &e->writers[ring];

	for (unsigned i = 0; i < n; i++) {
		struct mcr_record record = small_engine_record(w);
		uint64_t seq = w->next + 1;

		record.len = sizeof(seq);
		mcr_ring_put(w, &record, &seq);
	}
	mcr_ring_publish(w);
}

static inline unsigned small_engine_count(struct small_engine *e)
{
	unsigned n;

	pthread_mutex_lock(&e->lock);
	n = mcr_attach_server_count(e->server, "md");
	pthread_mutex_unlock(&e->lock);
	return n;
}

/* Waits up to 10 s until so many consumers are attached. */
static inline void small_engine_await(struct small_engine *e, unsigned n)
{
	for (int i = 0; i < 10000 && small_engine_count(e) != n; i++)
		sleep_ms(1);
	assert_int_equal(small_engine_count(e), n);
}

static inline struct mcr_consumer_opts opts_for(const struct small_engine *e, const char *channel)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

	opts.run_dir = e->dir;
	opts.channel = channel;
	opts.label = "unit test";
	return opts;
}

#endif
