/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/attach_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/attach_wire.h"
#include "core/consumer_page.h"
#include "core/error.h"
#include "core/ring_reader.h"

_Static_assert(MCR_RINGS_MAX >= MCR_LCORES_MAX, "a channel has a ring for each lcore");

#define SLOTS          (MCR_ATTACH_CONSUMERS_MAX + MCR_ATTACH_HALF_OPEN_MAX)
#define LISTENER       UINT32_MAX /* epoll data; else a slot's index */
#define EVENTS         64         /* handled per call */
#define ACCEPTS        16
#define ACCEPT_REST_NS UINT64_C(100000000) /* after the process ran out of descriptors */

struct channel {
	char name[MCR_NAME_MAX];
	uint64_t epoch;
	unsigned n_rings, consumers;
	int fds[MCR_RINGS_MAX];
	struct mcr_ring_reader readers[MCR_RINGS_MAX]; /* for their numbers only */
};

enum slot_state {
	SLOT_FREE = 0,
	SLOT_HALF_OPEN, /* MCR_ATTACH_HELLO_NS run from since_ns */
	SLOT_ATTACHED,  /* channel and page are set */
};

struct slot {
	enum slot_state state;
	int fd;
	int32_t pid; /* SO_PEERCRED */
	uint32_t uid;
	uint64_t since_ns; /* connected or attached */
	struct channel *channel;
	const struct mcr_consumer_page *page;
	char label[MCR_LABEL_MAX];
};

struct mcr_attach_server {
	int epoll_fd, listen_fd;
	int listening; /* whether epoll watches the listener */
	uint64_t now_ns, rest_until_ns;
	unsigned half_open, attached;
	dev_t path_dev; /* of the socket file that this server made */
	ino_t path_ino;
	struct sockaddr_un address;
	struct channel *channels[MCR_CHANNELS_MAX];
	struct slot slots[SLOTS];
};

/* ---- the listening socket ---- */

static void watch_listener(struct mcr_attach_server *s)
{
	int want = s->listen_fd >= 0 && s->half_open < MCR_ATTACH_HALF_OPEN_MAX &&
		   s->now_ns >= s->rest_until_ns;
	struct epoll_event event = {.events = want ? EPOLLIN : 0, .data.u32 = LISTENER};

	if (want == s->listening)
		return;
	epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, s->listen_fd, &event);
	s->listening = want;
}

static int listen_at(struct mcr_attach_server *s, const char *path, uint32_t mode,
		     struct mcr_error *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = LISTENER};
	struct stat st;
	int ret;

	if (strlen(path) >= sizeof(s->address.sun_path))
		return mcr_error_set(err, -ENAMETOOLONG,
				     "attach socket %s: the path is longer than %zu characters: "
				     "use a shorter run directory",
				     path, sizeof(s->address.sun_path) - 1);
	s->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->listen_fd < 0)
		goto fail;
	/* The file gets these bits, less the umask, as it appears: it is never wider than asked. */
	fchmod(s->listen_fd, (mode_t)mode);
	strcpy(s->address.sun_path, path);
	if (bind(s->listen_fd, (struct sockaddr *)&s->address, sizeof(s->address)) < 0)
		goto fail;
	if (lstat(path, &st) == 0) {
		s->path_dev = st.st_dev;
		s->path_ino = st.st_ino;
	}
	if (chmod(path, (mode_t)mode) < 0 || listen(s->listen_fd, 128) < 0 ||
	    epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->listen_fd, &event) < 0)
		goto fail;
	s->listening = 1;
	return 0;
fail:
	ret = -errno;
	if (ret == -EADDRINUSE)
		return mcr_error_set(err, ret,
				     "attach socket %s exists: an engine runs there, or a dead one "
				     "left it behind",
				     path);
	return mcr_error_set(err, ret, "attach socket %s: %s", path, strerror(-ret));
}

int mcr_attach_server_create(struct mcr_attach_server **out, const char *path, uint32_t mode,
			     struct mcr_error *err)
{
	struct mcr_attach_server *s = calloc(1, sizeof(*s));
	int ret;

	if (s == NULL)
		return mcr_error_set(err, -ENOMEM, "attach server: no memory");
	s->listen_fd = -1;
	s->address.sun_family = AF_UNIX;
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0) {
		ret = mcr_error_set(err, -errno, "attach server: epoll: %s", strerror(errno));
		free(s);
		return ret;
	}
	if (path != NULL) {
		ret = listen_at(s, path, mode, err);
		if (ret < 0) {
			mcr_attach_server_destroy(s);
			return ret;
		}
	}
	*out = s;
	return 0;
}

/* ---- one connection ---- */

static struct slot *slot_take(struct mcr_attach_server *s, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct ucred peer;
	socklen_t len = sizeof(peer);

	for (uint32_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &s->slots[i];

		if (slot->state != SLOT_FREE)
			continue;
		event.data.u32 = i;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
		    epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
			return NULL;
		memset(slot, 0, sizeof(*slot));
		slot->state = SLOT_HALF_OPEN;
		slot->fd = fd;
		slot->pid = peer.pid;
		slot->uid = peer.uid;
		slot->since_ns = s->now_ns;
		s->half_open++;
		return slot;
	}
	errno = EBUSY;
	return NULL;
}

/* Closing the socket also takes it out of the epoll set: no other descriptor refers to it. */
static void slot_release(struct mcr_attach_server *s, struct slot *slot)
{
	if (slot->state == SLOT_HALF_OPEN) {
		s->half_open--;
	} else {
		s->attached--;
		slot->channel->consumers--;
		munmap((void *)(uintptr_t)slot->page, MCR_CONSUMER_PAGE_BYTES);
	}
	close(slot->fd);
	memset(slot, 0, sizeof(*slot));
}

/* The consumer's page: it may write it, nobody may resize it, so the engine's reads never fault. */
static int page_create(const struct mcr_consumer_page **page, int *page_fd)
{
	int fd = memfd_create("mcring-consumer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int ret;
	void *map;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, MCR_CONSUMER_PAGE_BYTES) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		goto fail;
	map = mmap(NULL, MCR_CONSUMER_PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		goto fail;
	*page = map;
	*page_fd = fd;
	return 0;
fail:
	ret = -errno;
	close(fd);
	return ret;
}

static int send_welcome(int fd, const struct mcr_welcome *welcome, const int *fds, size_t n_fds)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * (MCR_RINGS_MAX + 1))];
	} control;
	struct iovec iov = {(void *)(uintptr_t)welcome, sizeof(*welcome)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (n_fds > 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n_fds);
	}
	return sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static struct channel *find_channel(const struct mcr_attach_server *s, const char *name)
{
	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
		if (s->channels[i] != NULL && strcmp(s->channels[i]->name, name) == 0)
			return s->channels[i];
	return NULL;
}

static void list_channels(const struct mcr_attach_server *s, const char *name, char *text,
			  size_t cap)
{
	int len = snprintf(text, cap, "unknown channel \"%s\"; this engine has:", name);
	size_t used = (size_t)len, n = 0;

	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++) {
		if (s->channels[i] == NULL)
			continue;
		if (used + strlen(s->channels[i]->name) + 8 > cap) {
			strcpy(text + used, " ...");
			return;
		}
		used += (size_t)snprintf(text + used, cap - used, "%s %s", n++ > 0 ? "," : "",
					 s->channels[i]->name);
	}
	if (n == 0)
		snprintf(text + used, cap - used, " none");
}

/* Fills the welcome for a channel and, when it is granted, makes the slot its consumer. The answer
 * stands in welcome->status. */
static void admit(struct mcr_attach_server *s, struct slot *slot, const char *name,
		  const char *label, struct mcr_welcome *welcome)
{
	struct channel *channel = find_channel(s, name);
	int fds[MCR_RINGS_MAX + 1], ret;
	const struct mcr_consumer_page *page = NULL;

	if (channel == NULL) {
		welcome->status = -ENOENT;
		list_channels(s, name, welcome->text, sizeof(welcome->text));
		return;
	}
	if (s->attached >= MCR_ATTACH_CONSUMERS_MAX) {
		welcome->status = -EBUSY;
		snprintf(welcome->text, sizeof(welcome->text),
			 "the engine has %d consumers already and takes no more",
			 MCR_ATTACH_CONSUMERS_MAX);
		return;
	}
	memcpy(fds, channel->fds, sizeof(int) * channel->n_rings);
	ret = page_create(&page, &fds[channel->n_rings]);
	if (ret == 0) {
		welcome->n_rings = channel->n_rings;
		welcome->epoch = channel->epoch;
		ret = send_welcome(slot->fd, welcome, fds, channel->n_rings + 1);
		close(fds[channel->n_rings]);
		if (ret < 0)
			munmap((void *)(uintptr_t)page, MCR_CONSUMER_PAGE_BYTES);
	}
	if (ret < 0) {
		welcome->status = ret;
		snprintf(welcome->text, sizeof(welcome->text), "the engine cannot attach now: %s",
			 strerror(-ret));
		return;
	}
	s->half_open--;
	s->attached++;
	channel->consumers++;
	slot->state = SLOT_ATTACHED;
	slot->since_ns = s->now_ns;
	slot->channel = channel;
	slot->page = page;
	snprintf(slot->label, sizeof(slot->label), "%s", label);
	mcr_text_clean(slot->label, sizeof(slot->label));
}

static const struct mcr_welcome WELCOME = {.magic = MCR_WELCOME_MAGIC,
					   .version = MCR_ATTACH_VERSION};

static void on_hello(struct mcr_attach_server *s, struct slot *slot)
{
	struct mcr_welcome welcome = WELCOME;
	struct mcr_hello hello;
	char buf[sizeof(hello)];
	/* Descriptors that somebody sends along are dropped by the kernel: no room is given. */
	ssize_t n = recv(slot->fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC);
	int ret;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	ret = n <= 0 ? -EBADMSG : mcr_hello_parse(&hello, buf, (size_t)n);
	if (ret == -EPROTO) {
		welcome.status = -EPROTO;
		snprintf(welcome.text, sizeof(welcome.text),
			 "the client speaks attach version %u (flags 0x%x), this engine version "
			 "%d: use the client library of the engine's version",
			 hello.version, hello.flags, MCR_ATTACH_VERSION);
	} else if (ret == 0) {
		admit(s, slot, hello.channel, hello.label, &welcome);
	}
	if (slot->state == SLOT_ATTACHED)
		return;
	if (welcome.status != 0)
		send_welcome(slot->fd, &welcome, NULL, 0);
	slot_release(s, slot);
}

/* A consumer has nothing to say: either it is gone or it breaks the protocol. */
static void on_attached(struct mcr_attach_server *s, struct slot *slot)
{
	char byte;

	if (recv(slot->fd, &byte, 1, MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	slot_release(s, slot);
}

static void on_connection(struct mcr_attach_server *s)
{
	for (int i = 0; i < ACCEPTS && s->half_open < MCR_ATTACH_HALF_OPEN_MAX; i++) {
		int fd = accept4(s->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
			    errno == ENOBUFS)
				s->rest_until_ns = s->now_ns + ACCEPT_REST_NS;
			if (errno != EINTR && errno != ECONNABORTED)
				return;
		} else if (slot_take(s, fd) == NULL) {
			close(fd);
		}
	}
}

static void end_half_open(struct mcr_attach_server *s)
{
	for (size_t i = 0; i < SLOTS && s->half_open > 0; i++)
		if (s->slots[i].state == SLOT_HALF_OPEN &&
		    s->now_ns - s->slots[i].since_ns > MCR_ATTACH_HELLO_NS)
			slot_release(s, &s->slots[i]);
}

void mcr_attach_server_poll(struct mcr_attach_server *s, uint64_t now_ns)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(s->epoll_fd, events, EVENTS, 0);

	s->now_ns = now_ns;
	for (int i = 0; i < n; i++) {
		uint32_t index = events[i].data.u32;

		if (index == LISTENER)
			on_connection(s);
		else if (s->slots[index].state == SLOT_HALF_OPEN)
			on_hello(s, &s->slots[index]);
		else if (s->slots[index].state == SLOT_ATTACHED)
			on_attached(s, &s->slots[index]);
	}
	if (s->half_open > 0)
		end_half_open(s);
	watch_listener(s);
}

int mcr_attach_server_fd(const struct mcr_attach_server *s)
{
	return s->epoll_fd;
}

int mcr_attach_server_open(struct mcr_attach_server *s, const char *channel, const char *label,
			   struct mcr_error *err)
{
	struct mcr_welcome welcome = WELCOME;
	struct slot *slot;
	int pair[2], ret;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return mcr_error_set(err, -errno, "attach: socketpair: %s", strerror(errno));
	slot = slot_take(s, pair[0]);
	if (slot == NULL) {
		ret = mcr_error_set(err, -errno, "attach: %s", strerror(errno));
		close(pair[0]);
		close(pair[1]);
		return ret;
	}
	admit(s, slot, channel, label != NULL ? label : "", &welcome);
	if (slot->state == SLOT_ATTACHED)
		return pair[1];
	slot_release(s, slot);
	close(pair[1]);
	return mcr_error_set(err, welcome.status, "%s", welcome.text);
}

/* ---- channels ---- */

int mcr_attach_server_add_channel(struct mcr_attach_server *s, const char *name,
				  const int *ring_fds, const void *const *ring_mems,
				  unsigned n_rings, uint64_t epoch)
{
	struct channel *channel;
	struct stat st;
	const char *why;
	size_t at = 0;

	if (n_rings == 0 || n_rings > MCR_RINGS_MAX || strlen(name) >= sizeof(channel->name))
		return -EINVAL;
	if (find_channel(s, name) != NULL)
		return -EEXIST;
	while (at < MCR_CHANNELS_MAX && s->channels[at] != NULL)
		at++;
	if (at == MCR_CHANNELS_MAX)
		return -ENOSPC;
	channel = calloc(1, sizeof(*channel));
	if (channel == NULL)
		return -ENOMEM;
	strcpy(channel->name, name);
	channel->epoch = epoch;
	channel->n_rings = n_rings;
	for (unsigned i = 0; i < n_rings; i++) {
		channel->fds[i] = ring_fds[i];
		if (fstat(ring_fds[i], &st) < 0 ||
		    mcr_ring_reader_attach(&channel->readers[i], ring_mems[i], (size_t)st.st_size,
					   &why) < 0) {
			free(channel);
			return -EINVAL;
		}
	}
	s->channels[at] = channel;
	return 0;
}

static void drop_channel(struct mcr_attach_server *s, size_t at)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (s->slots[i].state == SLOT_ATTACHED && s->slots[i].channel == s->channels[at])
			slot_release(s, &s->slots[i]);
	free(s->channels[at]);
	s->channels[at] = NULL;
}

int mcr_attach_server_remove_channel(struct mcr_attach_server *s, const char *name)
{
	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++) {
		if (s->channels[i] != NULL && strcmp(s->channels[i]->name, name) == 0) {
			drop_channel(s, i);
			return 0;
		}
	}
	return -ENOENT;
}

/* ---- what is known of the consumers ---- */

unsigned mcr_attach_server_count(const struct mcr_attach_server *s, const char *channel)
{
	const struct channel *found;

	if (channel == NULL)
		return s->attached;
	found = find_channel(s, channel);
	return found != NULL ? found->consumers : 0;
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Each word of the page is loaded once and clamped: the consumer may have written anything. */
static void describe(const struct mcr_attach_server *s, const struct slot *slot,
		     struct mcr_consumer_info *out)
{
	const struct channel *channel = slot->channel;
	const struct mcr_consumer_page *page = slot->page;
	uint64_t published = 0, headroom = UINT64_MAX, stale, heartbeat;

	for (unsigned i = 0; i < channel->n_rings; i++) {
		const struct mcr_ring_reader *ring = &channel->readers[i];
		uint64_t next_seq = load(&page->rings[i].next_seq);
		uint64_t offset = load(&page->rings[i].next_offset);

		published += mcr_ring_reader_published(ring);
		if (next_seq != 0)
			headroom =
			    min(headroom, mcr_ring_reader_headroom(ring, next_seq - 1, offset));
	}
	memset(out, 0, sizeof(*out));
	strcpy(out->channel, channel->name);
	strcpy(out->label, slot->label);
	out->pid = slot->pid;
	out->uid = slot->uid;
	out->received = min(load(&page->received), published);
	stale = min(load(&page->stale), out->received);
	out->received -= stale;
	out->lost = min(min(load(&page->lost), published) + stale, published);
	out->headroom = headroom == UINT64_MAX ? 0 : headroom;
	heartbeat = load(&page->heartbeat_ns);
	if (heartbeat == 0)
		heartbeat = slot->since_ns;
	out->heartbeat_age_ns = heartbeat < s->now_ns ? s->now_ns - heartbeat : 0;
}

int mcr_attach_server_info(const struct mcr_attach_server *s, size_t i,
			   struct mcr_consumer_info *out)
{
	for (size_t at = 0; at < SLOTS; at++) {
		if (s->slots[at].state == SLOT_ATTACHED && i-- == 0) {
			describe(s, &s->slots[at], out);
			return 0;
		}
	}
	return -ENOENT;
}

void mcr_attach_server_destroy(struct mcr_attach_server *s)
{
	struct stat st;

	if (s == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		if (s->slots[i].state != SLOT_FREE)
			slot_release(s, &s->slots[i]);
	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
		free(s->channels[i]);
	if (s->path_ino != 0 && lstat(s->address.sun_path, &st) == 0 && st.st_dev == s->path_dev &&
	    st.st_ino == s->path_ino)
		unlink(s->address.sun_path);
	if (s->listen_fd >= 0)
		close(s->listen_fd);
	close(s->epoll_fd);
	free(s);
}
