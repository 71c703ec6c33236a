/* SPDX-License-Identifier: BSD-3-Clause */
/* The rings of an engine and its side of the attach socket, without the engine: what
 * ThreadSanitizer builds have. One thread owns it. */
#ifndef TINY_ENGINE_H
#define TINY_ENGINE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/attach_wire.h"
#include "core/consumer_page.h"
#include "core/ring.h"

#define TINY_RINGS   2
#define TINY_BYTES   65536
#define TINY_CLIENTS 64

struct tiny_engine {
	char dir[64];
	int listener, clients[TINY_CLIENTS]; /* 0: none */
	uint64_t epoch;
	int fds[TINY_RINGS];
	void *mems[TINY_RINGS];
	struct mcr_ring_writer writers[TINY_RINGS];
};

static inline void must(int holds)
{
	if (!holds) {
		perror("the tiny engine");
		abort();
	}
}

static inline uint64_t tiny_now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static inline int tiny_memfd(size_t len)
{
	int fd = memfd_create("tiny", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	must(fd >= 0 && ftruncate(fd, (off_t)len) == 0 &&
	     fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	return fd;
}

static inline void tiny_engine_listen(struct tiny_engine *e)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	strcpy(e->dir, "/tmp/mcring-tiny-XXXXXX");
	must(mkdtemp(e->dir) != NULL);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/" MCR_ATTACH_SOCKET, e->dir);
	e->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	must(e->listener >= 0 && bind(e->listener, (struct sockaddr *)&at, sizeof(at)) == 0 &&
	     listen(e->listener, 16) == 0);
}

/* A new life, with new rings. */
static inline void tiny_engine_begin(struct tiny_engine *e, uint64_t epoch)
{
	size_t len = mcr_ring_footprint(TINY_BYTES);

	e->epoch = epoch;
	for (unsigned i = 0; i < TINY_RINGS; i++) {
		e->fds[i] = tiny_memfd(len);
		e->mems[i] = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, e->fds[i], 0);
		must(e->mems[i] != MAP_FAILED);
		mcr_ring_format(e->mems[i], TINY_BYTES, epoch, i, TINY_RINGS);
		mcr_ring_writer_attach(&e->writers[i], e->mems[i]);
		mcr_ring_set_started(&e->writers[i], tiny_now_ns(CLOCK_REALTIME));
	}
}

static inline void tiny_engine_welcome(const struct tiny_engine *e, int client)
{
	struct mcr_welcome welcome = {.magic = MCR_WELCOME_MAGIC,
				      .version = MCR_ATTACH_VERSION,
				      .n_rings = TINY_RINGS,
				      .epoch = e->epoch};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * (TINY_RINGS + 1))];
	} control = {.bytes = {0}};
	struct iovec iov = {&welcome, sizeof(welcome)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fds[TINY_RINGS + 1], page = tiny_memfd(MCR_CONSUMER_PAGE_BYTES);

	memcpy(fds, e->fds, sizeof(e->fds));
	fds[TINY_RINGS] = page;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	sendmsg(client, &msg, MSG_NOSIGNAL);
	close(page);
}

/* A round of its control thread: greets who has come, and wakes everybody. */
static inline void tiny_engine_round(struct tiny_engine *e)
{
	const struct mcr_notice notice = {.kind = MCR_NOTICE_WAKE};
	int client = accept4(e->listener, NULL, NULL, SOCK_CLOEXEC);
	struct mcr_hello hello;

	for (unsigned i = 0; i < TINY_RINGS; i++) {
		mcr_ring_set_heartbeat(e->mems[i], tiny_now_ns(CLOCK_MONOTONIC));
		mcr_ring_set_polled(&e->writers[i], tiny_now_ns(CLOCK_REALTIME));
	}
	for (unsigned i = 0; i < TINY_CLIENTS; i++) {
		if (client >= 0 && e->clients[i] == 0) {
			e->clients[i] = client;
			client = -1;
			must(recv(e->clients[i], &hello, sizeof(hello), 0) == sizeof(hello));
			tiny_engine_welcome(e, e->clients[i]);
		} else if (e->clients[i] > 0 &&
			   send(e->clients[i], &notice, sizeof(notice),
				MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
			   errno != EAGAIN) {
			close(e->clients[i]);
			e->clients[i] = 0;
		}
	}
	must(client < 0);
}

static inline void tiny_engine_put(struct tiny_engine *e, unsigned ring)
{
	struct mcr_ring_writer *w = &e->writers[ring];
	uint64_t seq = w->next + 1;
	struct mcr_record record = {.rx_ns = tiny_now_ns(CLOCK_REALTIME),
				    .id = (uint32_t)(seq % 2),
				    .group_be = 0x010101ef,
				    .len = sizeof(seq)};

	mcr_ring_put(w, &record, &seq);
	mcr_ring_publish(w);
}

static inline void tiny_engine_end(struct tiny_engine *e)
{
	for (unsigned i = 0; i < TINY_RINGS; i++) {
		mcr_ring_set_state(e->mems[i], MCR_RING_STOPPED);
		munmap(e->mems[i], mcr_ring_footprint(TINY_BYTES));
		close(e->fds[i]);
	}
	for (unsigned i = 0; i < TINY_CLIENTS; i++) {
		if (e->clients[i] > 0)
			close(e->clients[i]);
		e->clients[i] = 0;
	}
}

static inline void tiny_engine_close(struct tiny_engine *e)
{
	char path[96];

	close(e->listener);
	snprintf(path, sizeof(path), "%s/" MCR_ATTACH_SOCKET, e->dir);
	unlink(path);
	rmdir(e->dir);
}

#endif
