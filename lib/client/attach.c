/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/run_dir.h"
#include "core/error.h"
#include "core/ring_layout.h"

/* Room for the descriptors of a welcome. CMSG_SPACE rounds up, so one too many can come. */
#define FDS_SPACE CMSG_SPACE(sizeof(int) * (MCR_RINGS_MAX + 1))
#define FDS_MAX   ((FDS_SPACE - CMSG_LEN(0)) / sizeof(int))

/* The longest region: its largest parts, rounded up to huge pages. */
#define REGION_LEN_MAX (MCR_RING_HEADER_BYTES + MCR_RING_BYTES_MAX + (UINT64_C(1) << 30))

static int set_path(struct mcr_attach_target *t, const struct mcr_consumer_opts *opts,
		    struct mcr_error *err)
{
	char dir[sizeof(t->path)];
	size_t len = mcr_run_dir(dir, sizeof(dir), opts->run_dir, opts->name, &t->origin);

	if (len < sizeof(dir))
		len = (size_t)snprintf(t->path, sizeof(t->path), "%s/" MCR_ATTACH_SOCKET, dir);
	if (len < sizeof(t->path))
		return 0;
	return mcr_error_set(err, -ENOENT,
			     "run directory %s%s: the path of its socket would be longer than %zu "
			     "characters",
			     dir, t->origin, sizeof(t->path) - 1);
}

int mcr_attach_target_init(struct mcr_attach_target *t, const struct mcr_consumer_opts *opts,
			   struct mcr_error *err)
{
	const char *channel = opts->channel ? opts->channel : "default";

	memset(t, 0, sizeof(*t));
	t->hello.magic = MCR_HELLO_MAGIC;
	t->hello.version = MCR_ATTACH_VERSION;
	t->hello.oldest = MCR_ATTACH_OLDEST;
	t->answer_ns = opts->answer_ns;
	if (strlen(channel) >= sizeof(t->hello.channel))
		return mcr_error_set(err, -ENOENT,
				     "channel \"%s\": a name has at most %d characters", channel,
				     MCR_NAME_MAX - 1);
	strcpy(t->hello.channel, channel);
	snprintf(t->hello.label, sizeof(t->hello.label), "%s",
		 opts->label ? opts->label : program_invocation_short_name);
	return set_path(t, opts, err);
}

static int fail_connect(int code, const struct mcr_attach_target *t, struct mcr_error *err)
{
	char at[sizeof(t->path) + 32];

	snprintf(at, sizeof(at), "%s%s", t->path, t->origin);
	switch (code) {
	case -ENOENT:
	case -ENOTDIR:
		return mcr_error_set(err, -ENOENT,
				     "no engine at %s: is it running under this name?", at);
	case -ECONNREFUSED:
		return mcr_error_set(err, code, "nobody listens at %s: the engine is gone", at);
	case -EACCES:
	case -EPERM:
		return mcr_error_set(err, -EACCES,
				     "no permission for %s: its mode and group say who may attach",
				     at);
	case -EAGAIN:
	case -ETIMEDOUT:
		return mcr_error_set(err, code, "the engine at %s takes no connection now", at);
	case -EPROTOTYPE:
		return mcr_error_set(err, -EPROTO, "%s is not the socket of an engine", at);
	default:
		return mcr_error_set(err, code, "%s: %s", at, strerror(-code));
	}
}

int mcr_attachment_ask(struct mcr_attachment *out, const struct mcr_attach_target *t, int blocks,
		       struct mcr_error *err)
{
	const uint64_t us = t->answer_ns / 1000 + 1; /* 0 would be for ever */
	const struct timeval timeout = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int ret,
	    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (blocks ? 0 : SOCK_NONBLOCK), 0);

	*out = (struct mcr_attachment)MCR_ATTACHMENT_NONE;
	if (fd < 0)
		return mcr_error_set(err, -errno, "socket: %s", strerror(errno));
	strcpy(address.sun_path, t->path);
	/* Bounds connect too: an engine that does not accept has a full backlog. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		ret = errno == EAGAIN && blocks ? -ETIMEDOUT : -errno;
		close(fd);
		return fail_connect(ret, t, err);
	}
	/* A new connection has room. One that was hung up has its last answer still to be read. */
	if (send(fd, &t->hello, sizeof(t->hello), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
	    errno != EPIPE && errno != ECONNRESET) {
		ret = -errno;
		close(fd);
		return mcr_error_set(err, ret == -EAGAIN ? -ETIMEDOUT : -EPROTO,
				     "the engine takes no request: %s", strerror(-ret));
	}
	out->socket = fd;
	return 0;
}

int mcr_attachment_wait(const struct mcr_attachment *a, uint64_t deadline_ns, struct mcr_error *err)
{
	for (;;) {
		struct pollfd p = {.fd = a->socket, .events = POLLIN};
		uint64_t now_ns = mcr_client_now_ns();
		uint64_t ms = now_ns < deadline_ns ? (deadline_ns - now_ns) / 1000000 + 1 : 0;
		int n = poll(&p, 1, ms < INT_MAX ? (int)ms : INT_MAX);

		if (n > 0)
			return 0;
		if (n == 0)
			errno = ETIMEDOUT;
		if (errno != EINTR)
			return mcr_error_set(err, -errno, "the engine does not answer: %s",
					     strerror(errno));
	}
}

/* Takes one message and its descriptors. Returns its length or -errno; *n_fds is valid in either
 * case and all of fds belong to the caller. */
static ssize_t receive(int fd, void *buf, size_t cap, int *fds, size_t *n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[FDS_SPACE];
	} control;
	struct iovec iov = {buf, cap};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	ssize_t n;

	*n_fds = 0;
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		*n_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(c), *n_fds * sizeof(int));
		break; /* the kernel gives one, and there is room for no second */
	}
	if (msg.msg_flags & MSG_CTRUNC)
		return -EMFILE; /* this process has no room for the descriptors */
	return msg.msg_flags & MSG_TRUNC ? -EPROTO : n;
}

/* Maps what the engine handed over. It must be a memfd that cannot shrink, so that no read faults.
 * An engine's region has all of its pages. Populating another would make the missing ones here. */
static void *map_memfd(int fd, int prot, size_t min_len, uint64_t max_len, size_t *len)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS), populate;
	void *map;

	if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat(fd, &st) < 0 ||
	    st.st_size < (off_t)min_len || (uint64_t)st.st_size > max_len) {
		errno = EPROTO;
		return NULL;
	}
	populate = st.st_blocks * 512 >= st.st_size ? MAP_POPULATE : 0;
	map = mmap(NULL, (size_t)st.st_size, prot, MAP_SHARED | populate, fd, 0);
	if (map == MAP_FAILED)
		return NULL;
	*len = (size_t)st.st_size;
	return map;
}

static int map_all(struct mcr_attachment *a, const int *fds, unsigned n_rings,
		   struct mcr_error *err)
{
	size_t len;

	for (unsigned i = 0; i < n_rings; i++) {
		a->rings[i].mem = map_memfd(fds[i], PROT_READ, MCR_RING_HEADER_BYTES,
					    REGION_LEN_MAX, &a->rings[i].len);
		if (!a->rings[i].mem)
			return mcr_error_set(err, -errno, "ring %u cannot be mapped: %s", i,
					     strerror(errno));
		a->n_rings = i + 1;
	}
	a->page = map_memfd(fds[n_rings], PROT_READ | PROT_WRITE, MCR_CONSUMER_PAGE_BYTES,
			    MCR_CONSUMER_PAGE_BYTES, &len);
	if (!a->page)
		return mcr_error_set(err, -errno, "the consumer's page cannot be mapped: %s",
				     strerror(errno));
	return 0;
}

/* What the answer says; n: its length, or -errno. */
static int check_welcome(struct mcr_welcome *welcome, const void *raw, ssize_t n, size_t n_fds,
			 struct mcr_error *err)
{
	char text[128];
	int ret;

	if (n == 0 || n == -ECONNRESET)
		return mcr_error_set(err, -ECONNREFUSED,
				     "the engine hung up without an answer: it is ending");
	if (n < 0 && n != -EPROTO)
		return mcr_error_set(err, (int)n, "the engine's answer: %s", strerror((int)-n));
	ret = n < 0 ? -EPROTO : mcr_welcome_parse(welcome, raw, (size_t)n, n_fds);
	if (ret == -EPROTONOSUPPORT) {
		mcr_attach_mismatch(text, sizeof(text), welcome->version, MCR_ATTACH_OLDEST,
				    MCR_ATTACH_VERSION);
		return mcr_error_set(err, -EPROTO, "%s", text);
	}
	if (ret < 0)
		return mcr_error_set(err, -EPROTO, "the answer is not one of an mcring engine");
	if (welcome->status == 0)
		return 0;
	return mcr_error_set(err, welcome->status, "%s", welcome->text);
}

int mcr_attachment_take(struct mcr_attachment *a, struct mcr_error *err)
{
	struct mcr_welcome raw, welcome;
	int fds[FDS_MAX], ret;
	size_t n_fds = 0;
	ssize_t n = receive(a->socket, &raw, sizeof(raw), fds, &n_fds);

	if (n == -EAGAIN)
		return mcr_error_set(err, -EAGAIN, "the engine has not answered yet");
	ret = check_welcome(&welcome, &raw, n, n_fds, err);
	if (ret == 0) {
		a->version = welcome.version;
		ret = map_all(a, fds, welcome.n_rings, err);
	}
	for (size_t i = 0; i < n_fds; i++)
		close(fds[i]);
	/* mmap says EAGAIN at the limit of locked memory. Here it means that no answer came. */
	return ret == -EAGAIN ? -ENOMEM : ret;
}

int mcr_attachment_await(struct mcr_attachment *a, uint64_t answer_ns, struct mcr_error *err)
{
	uint64_t deadline_ns = mcr_client_deadline(answer_ns);
	int ret;

	do {
		ret = mcr_attachment_wait(a, deadline_ns, err);
		if (ret == 0)
			ret = mcr_attachment_take(a, err);
	} while (ret == -EAGAIN);
	return ret;
}

void mcr_attachment_close(struct mcr_attachment *a)
{
	for (unsigned i = 0; i < a->n_rings; i++)
		munmap((void *)(uintptr_t)a->rings[i].mem, a->rings[i].len);
	if (a->page)
		munmap(a->page, MCR_CONSUMER_PAGE_BYTES);
	if (a->socket >= 0)
		close(a->socket);
	*a = (struct mcr_attachment)MCR_ATTACHMENT_NONE;
}
