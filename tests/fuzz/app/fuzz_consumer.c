/* SPDX-License-Identifier: BSD-3-Clause */
/* The client library against a hostile engine: what it answers, what descriptors it hands over,
 * what the regions hold, when they are attached and while they are read, from this thread between
 * two steps or from another during them. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mcring/consumer.h>

#include "core/attach_wire.h"
#include "core/consumer_page.h"
#include "core/ring.h"
#include "fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define RINGS       2
#define GROUP_BE(i) htobe32(0xef000000u + (i))
#define BYTES       4096
#define SIZE        (MCR_RING_HEADER_BYTES + BYTES)

struct engine {
	uint8_t *maps[RINGS]; /* the hostile engine's own */
	struct mcr_ring_writer writers[RINGS];
	int ring_fds[RINGS], page_fd;
	int fds[RINGS + 1]; /* what an honest one would hand over */
	unsigned n_rings;
	pthread_t thread;
	int stop;
};

static int memfd(size_t size, int seals)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
	assert(fcntl(fd, F_ADD_SEALS, seals) == 0);
	return fd;
}

/* Where a word does most: the fields that steer the reader, a mark, a record, anywhere. */
static void scribble(struct engine *e, uint64_t where, uint64_t value)
{
	static const size_t places[] = {
	    offsetof(struct mcr_ring_header, reserved),
	    offsetof(struct mcr_ring_header, n_marks),
	    offsetof(struct mcr_ring_header, state),
	    offsetof(struct mcr_ring_header, heartbeat_ns),
	    offsetof(struct mcr_ring_header, polled_ns),
	    offsetof(struct mcr_ring_header, version),
	    offsetof(struct mcr_ring_header, published[0].messages),
	    offsetof(struct mcr_ring_header, published[0].end),
	    offsetof(struct mcr_ring_header, published[1].messages),
	    offsetof(struct mcr_ring_header, published[1].end),
	};
	uint8_t *map = e->maps[where % e->n_rings];
	size_t at = where >> 8 & 0xffff;

	if (where & 0x40)
		at = places[at % (sizeof(places) / sizeof(places[0]))];
	else if (where & 0x20)
		at = MCR_RING_HEADER_BYTES + at % BYTES / MCR_RING_LINE * MCR_RING_LINE +
		     (where & 0x10 ? 32 : 0);
	else if (where & 0x10)
		at = offsetof(struct mcr_ring_header, marks) +
		     at % (MCR_RING_MARKS * sizeof(struct mcr_ring_mark));
	__atomic_store_n((uint64_t *)(void *)(map + at % SIZE / 8 * 8), value, __ATOMIC_RELAXED);
}

/* Lies in the record of a message, where it is right but for that: one of the last messages, or the
 * one that comes next. */
static void lie(struct engine *e, struct input *in)
{
	uint8_t what = (uint8_t)take(in, 1), more = (uint8_t)take(in, 1);
	const struct mcr_ring_writer *w = &e->writers[what % e->n_rings];
	uint64_t back = what & 2 ? 0 : what >> 4, line = w->published_end - back * MCR_RING_LINE;
	uint64_t *words = (uint64_t *)(void *)(w->data + line % BYTES);
	uint32_t tag = mcr_ring_tag(w->next + 1 - back) | (what & 4 ? MCR_TAG_PAD : 0);

	words[0] = MCR_WORD_AT(tag | (more & MCR_TAG_MORE_MAX) << MCR_TAG_MORE_SHIFT, 0, 4);
	if (what & 8)
		words[4] = take(in, 8); /* len, kind and form */
}

static void *scribble_on(void *arg)
{
	struct engine *e = arg;
	uint64_t x = 88172645463325252u;

	while (!__atomic_load_n(&e->stop, __ATOMIC_RELAXED)) {
		uint64_t small;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		small = x >> 56;
		scribble(e, x, x & 0x80 ? x >> 16 : small);
		/* The latch is never at rest. */
		__atomic_store_n(&((struct mcr_ring_header *)(void *)e->maps[0])->version, x,
				 __ATOMIC_RELAXED);
	}
	return NULL;
}

/* In chunks of `chunk`. */
static void publish(struct engine *e, unsigned ring, unsigned n, unsigned chunk, uint32_t len)
{
	static const uint8_t payload[BYTES];
	struct mcr_ring_writer *w = &e->writers[ring];

	for (unsigned i = 0; i < n; i++) {
		struct mcr_record record = {
		    .len = (uint16_t)len, .id = i, .group_be = GROUP_BE(i % 3)};

		mcr_ring_put(w, &record, payload);
		if ((i + 1) % chunk == 0)
			mcr_ring_publish(w);
	}
	mcr_ring_publish(w);
}

/* Its memory, once. */
static void engine_create(struct engine *e)
{
	for (unsigned i = 0; i < RINGS; i++) {
		e->ring_fds[i] = memfd(SIZE, F_SEAL_SHRINK | F_SEAL_GROW);
		e->maps[i] =
		    mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, e->ring_fds[i], 0);
		assert(e->maps[i] != MAP_FAILED);
	}
	e->page_fd = memfd(MCR_CONSUMER_PAGE_BYTES, F_SEAL_SHRINK | F_SEAL_GROW);
}

static void engine_start(struct engine *e, struct input *in, uint8_t how)
{
	e->n_rings = 1 + (how & 1);
	for (unsigned i = 0; i < e->n_rings; i++) {
		e->fds[i] = e->ring_fds[i];
		memset(e->maps[i], 0, SIZE);
		mcr_ring_format(e->maps[i], BYTES, 1, i, e->n_rings);
		mcr_ring_writer_attach(&e->writers[i], e->maps[i]);
		publish(e, i, (unsigned)take(in, 1) % 128, 1, 24);
	}
	for (unsigned i = 0; i < e->n_rings; i++) {
		if (how & 2)
			spoil(in, e->maps[i], 256);
		if (how & 4)
			scribble(e, take(in, 4), take(in, 8));
	}
	e->fds[e->n_rings] = e->page_fd;
}

/* One of the descriptors that a client must not take, or may. */
static int odd_fd(struct input *in)
{
	switch (take(in, 1) % 6) {
	case 0:
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	case 1:
		return memfd(SIZE, 0); /* may shrink */
	case 2:
		return memfd(take(in, 2), F_SEAL_SHRINK);
	case 3:
		return memfd(0, F_SEAL_SHRINK);
	case 4:
		return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	default:
		return memfd(MCR_CONSUMER_PAGE_BYTES, F_SEAL_SHRINK | F_SEAL_WRITE);
	}
}

/* The answer, with as many descriptors as the input likes. */
static void welcome(struct engine *e, struct input *in, uint8_t how, int to)
{
	struct mcr_welcome w = {.magic = MCR_WELCOME_MAGIC,
				.version = MCR_ATTACH_VERSION,
				.n_rings = e->n_rings,
				.epoch = 1};
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * 40)];
	} control = {0};
	struct iovec iov = {&w, sizeof(w)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	int fds[40], own[40];
	size_t n = e->n_rings + 1, n_own = 0;

	memcpy(fds, e->fds, sizeof(int) * n);
	if (how & 8) {
		spoil(in, &w, sizeof(w));
		if (take(in, 1) % 4 == 0)
			iov.iov_len = take(in, 2) % (sizeof(w) + 1);
		n = take(in, 1) % 41;
		for (size_t i = 0; i < n; i++) {
			fds[i] = i <= e->n_rings ? e->fds[i] : e->fds[0];
			if (take(in, 1) % 4 == 0)
				fds[i] = own[n_own++] = odd_fd(in);
		}
	}
	if (n > 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * n);
		memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n);
	}
	if (how & 16) /* more than one message */
		send(to, &w, 7, MSG_NOSIGNAL | MSG_DONTWAIT);
	sendmsg(to, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	for (size_t i = 0; i < n_own; i++)
		close(own[i]);
}

/* What it will say to requests that were not made yet; then it says no more. */
static void answers(struct input *in, int to)
{
	for (uint32_t i = take(in, 1) % 4; i > 0; i--) {
		struct mcr_reply reply = {.kind = MCR_NOTICE_REPLY, .serial = 4 - i};

		memset(reply.text, (int)take(in, 1), sizeof(reply.text));
		if (take(in, 1) % 2)
			spoil(in, &reply, sizeof(reply));
		send(to, &reply, take(in, 1) % 8 ? sizeof(reply) : take(in, 1),
		     MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	shutdown(to, SHUT_WR);
}

static void ask(struct mcr_consumer *c)
{
	struct mcr_consumer_interface it = {.size = sizeof(it)};
	struct mcr_error err = {""};
	int ret = mcr_consumer_interface_info(c, 0, &it, &err);

	assert(ret <= 0 && (ret == 0 || strnlen(err.text, sizeof(err.text)) < sizeof(err.text)));
	if (ret == 0)
		assert(strnlen(it.name, sizeof(it.name)) < sizeof(it.name) &&
		       strnlen(it.port, sizeof(it.port)) < sizeof(it.port) &&
		       strnlen(it.netdev, sizeof(it.netdev)) < sizeof(it.netdev) &&
		       strnlen(it.kernel, sizeof(it.kernel)) < sizeof(it.kernel));
}

static void use(struct mcr_consumer *c, const struct mcr_msg *m, struct input *in)
{
	size_t cap = take(in, 1) % 2 ? m->len : take(in, 1);
	uint8_t *buf = malloc(cap + 1); /* of its exact size, for ASan */
	volatile uint8_t sum = 0;
	int64_t got;

	assert(buf && m->len <= BYTES);
	for (uint32_t i = 0; i < m->len; i++)
		sum = (uint8_t)(sum + m->data[i]);
	mcr_consumer_intact(c, m);
	got = mcr_consumer_read(c, m, buf + 1, cap);
	assert(got == -ESTALE || got == m->len);
	free(buf);
}

static void take_batch(struct mcr_consumer *c, struct input *in)
{
	size_t cap = MCR_TAKE_ROOM + take(in, 1) * 512;
	uint8_t *buf = malloc(cap); /* of its exact size, for ASan */
	const uint8_t *next = buf;
	struct mcr_msg msgs[40];
	int want = (int)(take(in, 1) % 41), n;

	assert(buf);
	n = mcr_consumer_take(c, msgs, want, buf, cap);
	assert(n <= want && (n >= 0 || n == -EPROTO || n == -EPIPE));
	for (int i = 0; i < n; i++)
		if (msgs[i].len > 0) {
			assert(msgs[i].data == next && msgs[i].len <= BYTES);
			next += (msgs[i].len + 7) / 8 * 8;
		}
	assert(next <= buf + cap);
	free(buf);
}

static void step(struct engine *e, struct mcr_consumer *c, struct input *in)
{
	const struct mcr_select_group groups[2] = {{mcr_address_from_ipv4(GROUP_BE(0)), 0},
						   {mcr_address_from_ipv4(GROUP_BE(1)), 5000}};
	const uint32_t ids[2] = {5, 7};
	struct mcr_consumer_ring ring = {.size = sizeof(ring)};
	struct mcr_msg msgs[40];
	int n, want;

	switch (take(in, 1) % 11) {
	case 0:
		lie(e, in);
		break;
	case 1:
		scribble(e, take(in, 3), take(in, take(in, 1) % 9));
		break;
	case 2:
		publish(e, (unsigned)take(in, 1) % e->n_rings, (unsigned)take(in, 1),
			1 + (unsigned)take(in, 1) % 64,
			(uint32_t)take(in, 2) % (mcr_ring_max_payload(&e->writers[0]) + 1));
		break;
	case 3:
		mcr_consumer_release(c);
		break;
	case 4:
		mcr_consumer_headroom(c);
		if (mcr_consumer_ring_info(c, 0, &ring, NULL) == 0)
			assert(ring.head >= ring.next);
		break;
	case 5:
		mcr_consumer_select(c, groups, take(in, 1) % 3, ids, take(in, 1) % 3, NULL);
		break;
	case 6:
		ask(c);
		break;
	case 7:
		mcr_consumer_arm(c);
		break;
	case 8:
		take_batch(c, in);
		break;
	default:
		want = (int)(take(in, 1) % 41);
		n = mcr_consumer_poll(c, msgs, want);
		assert(n <= want && (n >= 0 || n == -EPROTO || n == -EPIPE));
		for (int i = 0; i < n; i++)
			if (msgs[i].kind == MCR_LOST)
				assert(msgs[i].len == 0 && msgs[i].lost > 0);
			else if (msgs[i].kind != MCR_STALL)
				use(c, &msgs[i], in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = {data, len};
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	uint8_t how = (uint8_t)take(&in, 1);
	struct mcr_consumer *c = NULL;
	struct mcr_error err;
	static struct engine e;
	int pair[2], free_fd;

	if (!e.maps[0])
		engine_create(&e);
	free_fd = dup(0);
	close(free_fd);
	engine_start(&e, &in, how);
	assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
	welcome(&e, &in, how, pair[1]);
	answers(&in, pair[1]);
	opts.fd = pair[0];
	opts.start = (uint32_t)take(&in, 1) % 4;
	opts.seq = take(&in, 1);
	opts.ring = opts.start == MCR_START_SEQ ? 0 : MCR_ALL_RINGS;
	opts.order = how & 64 ? MCR_ORDER_MERGED : MCR_ORDER_RINGS;
	opts.hold_ns = how & 128 ? 1 : 0; /* a silent ring is waited for, or hardly */
	e.stop = 0;
	if (how & 32)
		pthread_create(&e.thread, NULL, scribble_on, &e);
	if (mcr_consumer_open(&c, &opts, &err) == 0) {
		while (in.left > 0)
			step(&e, c, &in);
		mcr_consumer_close(c);
	} else {
		assert(strlen(err.text) > 0);
	}
	if (how & 32) {
		__atomic_store_n(&e.stop, 1, __ATOMIC_RELAXED);
		pthread_join(e.thread, NULL);
	}
	close(pair[1]);
	assert(dup(0) == free_fd); /* no descriptor is left */
	close(free_fd);
	return 0;
}
