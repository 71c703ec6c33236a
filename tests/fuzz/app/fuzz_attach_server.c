/* SPDX-License-Identifier: BSD-3-Clause */
/* The attach socket against hostile clients: several connections that say anything, send
 * descriptors along, say nothing, vanish, and write anything into the page that they were given. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/attach_wire.h"
#include "core/consumer_page.h"
#include "core/ring.h"
#include "engine/attach/attach_server.h"
#include "fuzz_dir.h"
#include "fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define CLIENTS 6
#define RINGS   3
#define MADE    4 /* consumers that the server takes */
#define BYTES   65536

struct client {
	int fd; /* -1 = not connected */
	uint64_t *page;
};

struct fuzz {
	struct mcr_attach_server *server;
	struct mcr_ring_writer writers[RINGS];
	const struct sockaddr_un *address;
	struct client clients[CLIENTS];
	uint64_t now_ns;
	struct { /* channels of programs that are being made */
		uint64_t id;
		struct mcr_channel_config config;
	} made[MADE];
	unsigned n_made;
	int ring_fd;
	const void *ring_mem;
};

/* What an engine does with the requests of consumers; none of it fails without a reason. */
static int update(void *ctx, uint64_t consumer, const struct mcr_join *remove, size_t n_remove,
		  const struct mcr_join *add, size_t n_add, struct mcr_error *err)
{
	assert(n_remove + n_add <= MCR_CONSUMER_JOINS && (n_remove == 0 || n_add == 0));
	for (size_t i = 0; i < n_add; i++)
		assert(strcmp(add[i].channel, "md") == 0 ||
		       strcmp(add[i].channel, "default") == 0 || /* of a feed */
		       strncmp(add[i].channel, "sockets/", 8) == 0);
	return 0;
}

static int ended(void *ctx, const uint64_t *living, size_t n)
{
	assert(n <= 4);
	return 0;
}

static int describe(void *ctx, uint32_t index, struct mcr_wire_interface *out)
{
	if (index > 2)
		return -ENOENT;
	*out = (struct mcr_wire_interface){.name = "a"};
	return 0;
}

static const struct mcr_attach_joining joining = {.update = update, .ended = ended};

static int make(void *ctx, uint64_t id, const struct mcr_channel_config *config,
		struct mcr_error *err)
{
	struct fuzz *f = ctx;

	assert(f->n_made < MADE && strncmp(config->name, "sockets/", 8) == 0);
	f->made[f->n_made].id = id;
	f->made[f->n_made++].config = *config;
	return 0;
}

static void cancel(void *ctx, uint64_t id)
{
	const struct fuzz *f = ctx;
	unsigned i = 0;

	while (i < f->n_made && f->made[i].id != id)
		i++;
	assert(i < f->n_made);
}

static int end(void *ctx, const char *channel)
{
	struct fuzz *f = ctx;

	assert(strncmp(channel, "sockets/", 8) == 0);
	return mcr_attach_server_remove_channel(f->server, channel);
}

static const struct mcr_attach_programs programs = {.make = make, .cancel = cancel, .end = end};

/* The oldest channel is ready, or could not be made. */
static void finish(struct fuzz *f, int fails)
{
	int ret = -ENOMEM;

	if (f->n_made == 0)
		return;
	if (!fails)
		ret = mcr_attach_server_add_program(f->server, f->made[0].id, &f->made[0].config,
						    &f->ring_fd, &f->ring_mem, 1, 1);
	assert(ret == 0 || ret == -ESRCH || fails);
	mcr_attach_server_answer(f->server, f->made[0].id, ret, "no memory", f->now_ns);
	memmove(&f->made[0], &f->made[1], sizeof(f->made[0]) * --f->n_made);
}

/* One of several declarations; NULL: none. */
static void declare(struct fuzz *f, const char *text)
{
	struct mcr_feeds *feeds = NULL;

	assert(!text || mcr_feeds_create(&feeds, &text, 1, NULL) == 0);
	assert(mcr_attach_server_keep_feeds(f->server, feeds, NULL) == 0);
	mcr_attach_server_put_feeds(f->server, feeds, "engine");
}

#define FEED "feed md\ndeclaration pitch\nline A channel=md\njoin 239.1.1.1\n"
static const char *const declarations[] = {NULL, FEED, FEED "window 64\n",
					   "feed other\ndeclaration cme\nline A\njoin 239.1.1.1\n"};

/* Made once: a server with a channel of one ring and one of two. */
static struct fuzz *fuzz_create(void)
{
	static const struct mcr_attach_config config = {
	    .mode = 0600, .gid = UINT32_MAX, .consumers_max = 4};
	static const struct mcr_channel_config one = {.name = "default", .consumers_max = 2};
	const struct mcr_channel_config two = {.name = "md",
					       .joiners = {.uids = {geteuid()}, .n_uids = 1}};
	const struct mcr_channel_config each = {
	    .name = "sockets", .per_program = 1, .programs_max = 3, .joiners = two.joiners};
	struct fuzz *f = calloc(1, sizeof(*f));
	const void *mems[RINGS];
	int fds[RINGS];

	assert(f);
	f->address = fuzz_dir_create("attach");
	for (unsigned i = 0; i < RINGS; i++) {
		size_t size = mcr_ring_footprint(BYTES);
		void *mem;

		fds[i] = memfd_create("fuzz", MFD_CLOEXEC);
		assert(fds[i] >= 0 && ftruncate(fds[i], (off_t)size) == 0);
		mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0);
		assert(mem != MAP_FAILED);
		mcr_ring_format(mem, BYTES, 1, i == 2, i == 0 ? 1 : 2);
		mcr_ring_writer_attach(&f->writers[i], mem);
		mems[i] = mem;
	}
	assert(mcr_attach_server_create(&f->server, f->address->sun_path, &config, NULL) == 0);
	assert(mcr_attach_server_add_channel(f->server, &one, fds, mems, 1, 1) == 0);
	assert(mcr_attach_server_add_channel(f->server, &two, fds + 1, mems + 1, 2, 1) == 0);
	assert(mcr_attach_server_add_channel(f->server, &each, NULL, NULL, 1, 1) == 0);
	declare(f, FEED);
	f->ring_fd = fds[0];
	f->ring_mem = mems[0];
	mcr_attach_server_programs(f->server, &programs, f);
	mcr_attach_server_joins(f->server, &joining, f, 0);
	mcr_attach_server_interfaces(f->server, describe, f);
	for (unsigned i = 0; i < CLIENTS; i++)
		f->clients[i].fd = -1;
	return f;
}

static void dial(struct fuzz *f, struct client *c)
{
	if (c->fd >= 0)
		return;
	c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert(c->fd >= 0);
	connect(c->fd, (const struct sockaddr *)f->address, sizeof(*f->address));
}

static void hang_up(struct client *c)
{
	if (c->page)
		munmap(c->page, MCR_CONSUMER_PAGE_BYTES);
	if (c->fd >= 0)
		close(c->fd);
	c->page = NULL;
	c->fd = -1;
}

/* Anything, or a hello with something wrong in it, and perhaps descriptors along with it. */
static void say(struct client *c, struct input *in)
{
	struct mcr_hello hello = {
	    .magic = MCR_HELLO_MAGIC, .version = MCR_ATTACH_VERSION, .channel = "md"};
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * 3)];
	} control = {0};
	uint8_t how = (uint8_t)take(in, 1), raw[512];
	struct iovec iov = {&hello, sizeof(hello)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	int fds[3] = {0, 0, c->fd};

	if (c->fd < 0)
		return;
	if (how & 1)
		strcpy(hello.channel, "default");
	if (how & 32)
		strcpy(hello.channel, "sockets");
	hello.what = how >> 6 & 1 ? 1 + take(in, 1) % 2 : 0;
	if (how & 128)
		hello.channel[0] = '\0';
	if (how & 2)
		spoil(in, &hello, sizeof(hello));
	if (how & 4)
		iov.iov_len = take(in, 1);
	if (iov.iov_len > sizeof(hello) || how & 8)
		iov = (struct iovec){raw, take_bytes(in, raw, take(in, 2) % sizeof(raw))};
	if (how & 16) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(fds));
		memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
	}
	sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* A request, mostly whole. */
static void ask(struct client *c, struct input *in)
{
	static const char *const joins[] = {"239.1.1.1", "239.1.0.0/25:1-2",
					    "239.1.1.1,channel=default"};
	struct mcr_request request = {.kind = (uint32_t)take(in, 1) % 5, .serial = 1};
	uint8_t how = (uint8_t)take(in, 1);

	if (c->fd < 0)
		return;
	if (request.kind == MCR_REQUEST_INTERFACE)
		request.index = (uint32_t)take(in, how & 1 ? 1 : 4);
	else if (how & 1)
		take_bytes(in, request.text, take(in, 1));
	else
		strcpy(request.text, joins[how / 2 % 3]);
	if (how & 64)
		spoil(in, &request, sizeof(request));
	send(c->fd, &request, how & 128 ? take(in, 2) % sizeof(request) : sizeof(request),
	     MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int is_reply(const void *buf, ssize_t len)
{
	struct mcr_reply reply;

	if (len != sizeof(reply))
		return 0;
	memcpy(&reply, buf, sizeof(reply));
	if (reply.kind != MCR_NOTICE_REPLY)
		return 0;
	assert(reply.status <= 0 && reply.pad == 0);
	assert(reply.status == 0 || strnlen(reply.text, sizeof(reply.text)) < sizeof(reply.text));
	return 1;
}

/* The longest of them is a list of two channels and a feed. */
struct answer {
	struct mcr_welcome welcome;
	struct mcr_listed items[3];
};

/* Only those who have a feed get one here. */
static int is_notice(const void *buf, ssize_t len)
{
	struct mcr_notice notice;

	if (len != sizeof(notice))
		return 0;
	memcpy(&notice, buf, sizeof(notice));
	assert(notice.kind == MCR_NOTICE_FEED && notice.pad == 0);
	return 1;
}

static int is_list(const struct answer *answer, size_t len)
{
	struct mcr_welcome copy;
	struct mcr_listed item;
	int n = mcr_list_welcome_parse(&copy, answer, len);

	for (int i = 0; i < n; i++) {
		if (mcr_listed_parse(&item, answer, (size_t)i) < 0 ||
		    (strcmp(item.name, "md") != 0 && strcmp(item.name, "default") != 0 &&
		     strcmp(item.name, "other") != 0))
			return 0;
	}
	return n >= 0;
}

static int is_welcome(const struct mcr_welcome *welcome, size_t len, size_t n_fds)
{
	struct mcr_welcome copy;

	if (len == sizeof(*welcome) && welcome->flags & MCR_WELCOME_FEED)
		return mcr_feed_welcome_parse(&copy, welcome, len, n_fds) == 0;
	return mcr_welcome_parse(&copy, welcome, len, n_fds) == 0;
}

/* Takes what the engine says; keeps the page, which is the last of the descriptors. */
static void listen_to(struct client *c)
{
	struct answer answer;
	struct mcr_welcome welcome;
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * (MCR_RINGS_MAX + 1))];
	} control;
	struct iovec iov = {&answer, sizeof(answer)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *header;
	int fds[MCR_RINGS_MAX + 1];
	size_t n = 0;
	ssize_t len;

	if (c->fd < 0)
		return;
	len = recvmsg(c->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (len <= 0)
		return;
	header = CMSG_FIRSTHDR(&msg);
	if (header) {
		n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(header), n * sizeof(int));
	}
	assert((msg.msg_flags & MSG_TRUNC) == 0);
	if (is_reply(&answer, len) || is_notice(&answer, len))
		return;
	/* What the engine says is what a client takes. */
	welcome = answer.welcome;
	if (len >= (ssize_t)sizeof(welcome) && welcome.flags & MCR_WELCOME_LIST) {
		assert(n == 0 && is_list(&answer, (size_t)len));
		return;
	}
	assert(is_welcome(&welcome, (size_t)len, n));
	if (n > 0 && welcome.flags & MCR_WELCOME_FEED)
		assert(ftruncate(fds[0], 0) < 0 && pwrite(fds[0], "x", 1, 0) < 0);
	else if (n > 0 && !c->page) {
		c->page = mmap(NULL, MCR_CONSUMER_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			       fds[n - 1], 0);
		assert(c->page != MAP_FAILED);
		assert(ftruncate(fds[n - 1], 0) < 0); /* the engine has it mapped too */
	}
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

static void write_page(struct client *c, struct input *in)
{
	size_t at = take(in, 2) % (MCR_CONSUMER_PAGE_BYTES / 8);

	if (!c->page)
		return;
	for (unsigned n = (unsigned)take(in, 1) % 16; n > 0; n--)
		c->page[at++ % (MCR_CONSUMER_PAGE_BYTES / 8)] = take(in, take(in, 1) % 9);
}

static void publish(struct fuzz *f, struct input *in)
{
	struct mcr_ring_writer *w = &f->writers[take(in, 1) % RINGS];
	const struct mcr_record record = {.len = 0};

	for (unsigned n = (unsigned)take(in, 1); n > 0; n--) {
		mcr_ring_put(w, &record, "");
		mcr_ring_publish(w);
	}
}

static void check_info(struct fuzz *f)
{
	struct mcr_consumer_info info;
	uint64_t published = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < RINGS; i++)
		published += f->writers[i].next;
	for (; mcr_attach_server_info(f->server, n, f->now_ns, &info) == 0; n++) {
		assert(strnlen(info.label, sizeof(info.label)) < sizeof(info.label));
		for (const char *s = info.label; *s != 0; s++)
			assert(*s >= 0x20 && *s <= 0x7e);
		assert(strcmp(info.channel, "md") == 0 || strcmp(info.channel, "default") == 0 ||
		       strncmp(info.channel, "sockets/", 8) == 0);
		assert(info.received <= published && info.lost <= published);
		assert(info.headroom <= BYTES / MCR_RING_LINE && info.pid == getpid());
	}
	for (unsigned i = 0; i < 2; i++) {
		struct mcr_feed_info feed;

		if (mcr_attach_server_feed_info(f->server, i, &feed) < 0)
			break;
		assert(i == 0 && feed.readers + feed.old_readers + n <= 4);
	}
	assert(n == mcr_attach_server_count(f->server, NULL) && n <= 4);
}

static void step(struct fuzz *f, struct input *in)
{
	uint8_t what = (uint8_t)take(in, 1);
	struct client *c = &f->clients[what / 16 % CLIENTS];

	switch (what % 16) {
	case 0:
	case 1:
		dial(f, c);
		break;
	case 2:
	case 3:
	case 4:
		say(c, in);
		break;
	case 5:
	case 6:
		listen_to(c);
		break;
	case 7:
	case 8:
		write_page(c, in);
		break;
	case 9:
		hang_up(c);
		break;
	case 10:
		if (c->fd >= 0)
			shutdown(c->fd, (int)(take(in, 1) % 3));
		break;
	case 11:
		publish(f, in);
		break;
	case 12:
		check_info(f);
		if (take(in, 1) % 4 == 0)
			declare(f, declarations[take(in, 1) % 4]);
		break;
	case 13:
		ask(c, in);
		break;
	case 14:
		finish(f, take(in, 1) % 4 == 3);
		/* fallthrough */
	default:
		f->now_ns += take(in, 1) << 24;
		mcr_attach_server_poll(f->server, f->now_ns);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fuzz *f;
	struct input in = {data, len};
	int free_fd;

	if (!f)
		f = fuzz_create();
	free_fd = dup(0);
	close(free_fd);
	while (in.left > 0)
		step(f, &in);
	check_info(f);
	for (unsigned i = 0; i < CLIENTS; i++)
		hang_up(&f->clients[i]);
	while (f->n_made > 0)
		finish(f, 0);
	for (int i = 0; i < 16; i++) { /* what lingers is looked at now and then */
		f->now_ns += 10000000;
		mcr_attach_server_poll(f->server, f->now_ns);
	}
	declare(f, NULL);
	declare(f, FEED);
	/* Nothing is left of them. */
	assert(mcr_attach_server_count(f->server, NULL) == 0);
	assert(dup(0) == free_fd);
	close(free_fd);
	return 0;
}
