/* SPDX-License-Identifier: BSD-3-Clause */
#include "feed/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/attach_wire.h"
#include "core/error.h"
#include "core/feed/feed_config.h"
#include "feed/dial.h"
#include "feed/state.h"

/* Takes the welcome and its descriptor. Returns its length or -errno; *n_fds descriptors are the
 * caller's in either case. */
static ssize_t receive(int fd, void *buf, size_t cap, int *memfd, size_t *n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	int fds[sizeof(control) / sizeof(int)];
	struct iovec iov = {buf, cap};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c;
	ssize_t n;

	*n_fds = 0;
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		*n_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(c), *n_fds * sizeof(int));
		*memfd = fds[0];
		for (size_t i = 1; i < *n_fds; i++) /* CMSG_SPACE rounds up: one too many */
			close(fds[i]);
	}
	if (msg.msg_flags & MSG_CTRUNC)
		return -EMFILE; /* this process has no room for the descriptor */
	return msg.msg_flags & MSG_TRUNC ? -EPROTO : n;
}

/* Others hold the same memfd: it is read without moving its place. It must be one that is sealed:
 * reading another file could take for ever. */
static int read_text(struct mcr_feed_ask *out, int memfd, struct mcr_error *err)
{
	const int seals = fcntl(memfd, F_GET_SEALS), wanted = F_SEAL_SHRINK | F_SEAL_WRITE;
	struct stat st;
	size_t len;

	if (seals < 0 || (seals & wanted) != wanted || fstat(memfd, &st) < 0 || st.st_size <= 0 ||
	    st.st_size > (off_t)MCR_FEED_TEXT_MAX)
		return mcr_error_set(err, -EPROTO, "the engine's declaration makes no sense");
	len = (size_t)st.st_size;
	out->text = malloc(len + 1);
	if (!out->text)
		return mcr_error_set(err, -ENOMEM, "feed: no memory");
	while (out->len < len) {
		ssize_t n = pread(memfd, out->text + out->len, len - out->len, (off_t)out->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return mcr_error_set(err, -EPROTO, "the engine's declaration is cut off");
		out->len += (size_t)n;
	}
	out->text[len] = '\0';
	if (strlen(out->text) != len)
		return mcr_error_set(err, -EPROTO, "the engine's declaration makes no sense");
	return 0;
}

int mcr_feed_ask_take(struct mcr_feed_ask *out, struct mcr_error *err)
{
	struct mcr_welcome raw, welcome;
	size_t n_fds = 0;
	int memfd = -1, ret;
	char text[128];
	ssize_t n = receive(out->fd, &raw, sizeof(raw), &memfd, &n_fds);

	if (n == -EAGAIN)
		return mcr_error_set(err, -EAGAIN, "the engine has not answered yet");
	if (n == 0 || n == -ECONNRESET)
		ret = mcr_error_set(err, -ECONNREFUSED,
				    "the engine hung up without an answer: it is ending");
	else if (n < 0)
		ret = mcr_error_set(err, (int)n, "the engine's answer: %s", strerror((int)-n));
	else
		ret = mcr_feed_welcome_parse(&welcome, &raw, (size_t)n, n_fds);
	if (n > 0 && ret == -EPROTONOSUPPORT) {
		mcr_attach_mismatch(text, sizeof(text), welcome.version, MCR_ATTACH_OLDEST,
				    MCR_ATTACH_VERSION);
		ret = mcr_error_set(err, -EPROTO, "%s", text);
	} else if (n > 0 && ret == -EOPNOTSUPP) {
		mcr_error_set(err, ret,
			      "the engine is older than feeds: upgrade it, or bring the "
			      "declaration (opts.config)");
	} else if (n > 0 && ret < 0) {
		mcr_error_set(err, ret, "the answer is not one of an mcring engine");
	} else if (n > 0 && welcome.status != 0) {
		out->is_answered = 1;
		ret = mcr_error_set(err, welcome.status, "%s", welcome.text);
	} else if (ret == 0) {
		out->digest = welcome.epoch;
		ret = read_text(out, memfd, err);
	}
	if (memfd >= 0)
		close(memfd);
	return ret;
}

int mcr_feed_ask_begin(struct mcr_feed_ask *out, const char *run_dir, const char *feed,
		       const char *label, uint64_t wait_ns, struct mcr_error *err)
{
	struct mcr_hello hello = {
	    .magic = MCR_HELLO_MAGIC,
	    .version = MCR_ATTACH_VERSION,
	    .oldest = MCR_ATTACH_OLDEST,
	    .what = MCR_HELLO_FEED,
	};
	int ret;

	*out = (struct mcr_feed_ask)MCR_FEED_ASK_NONE;
	if (feed && strlen(feed) >= sizeof(hello.channel))
		return mcr_error_set(err, -ENOENT, "feed \"%s\": a name has at most %d characters",
				     feed, MCR_NAME_MAX - 1);
	strcpy(hello.channel, feed ? feed : "");
	strncpy(hello.label, label, sizeof(hello.label) - 1);
	ret = mcr_feed_dial(run_dir, wait_ns, err);
	if (ret < 0)
		return ret;
	out->fd = ret;
	/* A new connection has room. One that was hung up has its last answer still to be read. */
	if (send(out->fd, &hello, sizeof(hello), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 ||
	    errno == EPIPE || errno == ECONNRESET)
		return 0;
	ret = mcr_error_set(err, errno == EAGAIN ? -ETIMEDOUT : -errno,
			    "the engine takes no request: %s", strerror(errno));
	mcr_feed_ask_close(out);
	return ret;
}

int mcr_feed_ask_await(struct mcr_feed_ask *ask, uint64_t wait_ns, struct mcr_error *err)
{
	struct pollfd p = {.fd = ask->fd, .events = POLLIN};
	uint64_t now_ns = mcr_feed_clock_ns(CLOCK_MONOTONIC);
	const uint64_t end_ns = now_ns + wait_ns;
	int ret;

	while ((ret = mcr_feed_ask_take(ask, err)) == -EAGAIN) {
		if (now_ns >= end_ns)
			return mcr_error_set(err, -ETIMEDOUT, "the engine does not answer");
		poll(&p, 1, (int)((end_ns - now_ns) / 1000000) + 1);
		now_ns = mcr_feed_clock_ns(CLOCK_MONOTONIC);
	}
	return ret;
}

void mcr_feed_ask_close(struct mcr_feed_ask *ask)
{
	if (ask->fd >= 0)
		close(ask->fd);
	free(ask->text);
	ask->fd = -1;
	ask->text = NULL;
}

int mcr_feed_ask_changed(struct mcr_feed_ask *ask)
{
	struct mcr_notice notice;
	ssize_t n;
	int changed = 0;

	for (int i = 0; i < 16; i++) {
		n = recv(ask->fd, &notice, sizeof(notice), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0)
			return changed ? changed : -EPIPE;
		changed |= n == sizeof(notice) && notice.kind == MCR_NOTICE_FEED;
	}
	return changed;
}
