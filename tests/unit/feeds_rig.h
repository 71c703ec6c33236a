/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine that declares feeds, and clients that ask for them by hand. */
#ifndef FEEDS_RIG_H
#define FEEDS_RIG_H

#include "small_engine.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/attach_wire.h"
#include "core/feed/feed_config.h"

#define ALICE 12001

#define ITCH                                                                                \
	"feed itch\ndeclaration moldudp64\nline A channel=md\njoin 239.1.1.1:5000\nline B " \
	"channel=md\njoin 239.1.1.2:5000\n"
#define ITCH_LATER ITCH "gap_timeout 2ms\n"
#define OPEN       "feed open\ndeclaration moldudp64\nline A channel=open\njoin 239.1.1.3:5000\n"

static const struct mcr_attach_config TO_ALL = {.mode = 0666, .gid = UINT32_MAX};
static const struct mcr_channel_config MD = {
    .name = "md", .bytes = 65536, .readers = {.uids = {0, ALICE}, .n_uids = 2}};

/* An engine with the channels md, for root and alice, and open, for all. */
static inline void engine_create(struct small_engine *e, const struct mcr_attach_config *config)
{
	const struct mcr_channel_config open = {.name = "open"};
	const void *mem;

	small_engine_create_as(e, config, &MD, 1);
	mem = e->regions[0].mem;
	pthread_mutex_lock(&e->lock);
	assert_int_equal(
	    mcr_attach_server_add_channel(e->server, &open, &e->regions[0].fd, &mem, 1, 4711), 0);
	pthread_mutex_unlock(&e->lock);
}

static inline void put(struct small_engine *e, const char *engine, const char *const *texts,
		       size_t n)
{
	struct mcr_feeds *feeds;
	struct mcr_error err = {""};

	if (mcr_feeds_create(&feeds, texts, n, &err) != 0)
		fail_msg("%s", err.text);
	pthread_mutex_lock(&e->lock);
	mcr_attach_server_put_feeds(e->server, feeds, engine);
	pthread_mutex_unlock(&e->lock);
}

static inline struct mcr_feed_info info_of(struct small_engine *e, size_t i)
{
	struct mcr_feed_info info;

	pthread_mutex_lock(&e->lock);
	assert_int_equal(mcr_attach_server_feed_info(e->server, i, &info), 0);
	pthread_mutex_unlock(&e->lock);
	return info;
}

/* Says hello with a request for a feed. Returns the socket. */
static inline int ask(const struct small_engine *e, const char *name, uint8_t what)
{
	struct mcr_hello hello = {.magic = MCR_HELLO_MAGIC,
				  .version = MCR_ATTACH_VERSION,
				  .oldest = MCR_ATTACH_OLDEST,
				  .label = "me",
				  .what = what};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, e->path);
	strcpy(hello.channel, name);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, &hello, sizeof(hello), 0), sizeof(hello));
	return fd;
}

/* Takes the answer, and a descriptor if one came; else *file is -1. */
static inline void take(int fd, struct mcr_welcome *welcome, int *file)
{
	struct mcr_welcome raw;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {&raw, sizeof(raw)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct pollfd p = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(recvmsg(fd, &msg, MSG_CMSG_CLOEXEC), sizeof(raw));
	*file = -1;
	if (CMSG_FIRSTHDR(&msg))
		memcpy(file, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	assert_int_equal(mcr_feed_welcome_parse(welcome, &raw, sizeof(raw), *file >= 0), 0);
}

/* What a request gives: 0 with the feed, or the refusal's status. The connection stays open in
 * *fd; -1 = it is not wanted. */
static inline int open_feed(const struct small_engine *e, const char *name,
			    struct mcr_feed_config *c, struct mcr_welcome *welcome, int *fd)
{
	int file, s = ask(e, name, MCR_HELLO_FEED), seals;
	struct stat st;
	char *text;

	take(s, welcome, &file);
	if (fd && welcome->status == 0)
		*fd = s;
	else
		close(s);
	if (welcome->status < 0)
		return welcome->status;
	assert_int_equal(fstat(file, &st), 0);
	seals = fcntl(file, F_GET_SEALS);
	assert_int_equal(seals & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
			 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_int_equal(pread(file, text, (size_t)st.st_size, 0), st.st_size);
	assert_int_equal(mcr_feed_config_digest(text), welcome->epoch);
	assert_int_equal(mcr_feed_config_parse(c, text, strlen(text), NULL, NULL), 0);
	free(text);
	close(file);
	return 0;
}

static inline int has_notice(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct mcr_notice notice;

	if (poll(&p, 1, timeout_ms) != 1)
		return 0;
	assert_int_equal(recv(fd, &notice, sizeof(notice), 0), sizeof(notice));
	return notice.kind == MCR_NOTICE_FEED;
}

static inline void await_readers(struct small_engine *e, size_t i, uint32_t n)
{
	for (int k = 0; k < 1000 && info_of(e, i).readers != n; k++)
		sleep_ms(2);
	assert_int_equal(info_of(e, i).readers, n);
}

#endif
