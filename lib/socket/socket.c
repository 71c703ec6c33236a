/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "socket/link.h"
#include "socket/real.h"
#include "socket/receive.h"
#include "socket/settings.h"
#include "socket/socket.h"

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif

/* ---- adoption ---- */

int mcr_socket_family(int fd)
{
	int type = 0, protocol = 0, family = 0;
	socklen_t len = sizeof(int);

	if (mcr_real.getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_DGRAM)
		return 0;
	if (mcr_real.getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) < 0 ||
	    protocol != IPPROTO_UDP)
		return 0;
	if (mcr_real.getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) < 0)
		return 0;
	return family == AF_INET || family == AF_INET6 ? family : 0;
}

static uint8_t take_all(int fd, int level, int name)
{
	int value = 1, none = 0;
	socklen_t len = sizeof(value);

	if (mcr_real.getsockopt(fd, level, name, &value, &len) < 0)
		return 1;
	mcr_real.setsockopt(fd, level, name, &none, sizeof(none));
	return value != 0;
}

static void end(struct mcr_object *o)
{
	struct mcr_socket *s = mcr_socket_of(o);

	s->owner->end(s);
	mcr_consumer_close(s->cursor);
	mcr_consumer_close(s->past);
	mcr_consumer_close(s->scout);
	mcr_filter_clear(s);
	mcr_table_disown(s->fd);
}

/* The descriptors that were dup'ed before it was ours. By their names: they are other threads', who
 * may open and close them meanwhile. */
static void name_dups(struct mcr_socket *s)
{
	DIR *all = opendir("/proc/self/fd");
	char ours[32], link[32];
	struct dirent *entry;
	size_t len;

	len = (size_t)snprintf(ours, sizeof(ours), "socket:[%" PRIu64 "]", s->inode);
	while (all && (entry = readdir(all))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] != '.' && !mcr_table_find(fd) &&
		    readlinkat(dirfd(all), entry->d_name, link, sizeof(link)) == (ssize_t)len &&
		    memcmp(link, ours, len) == 0)
			mcr_table_name(fd, &s->object);
	}
	if (all)
		closedir(all);
}

struct mcr_socket *mcr_socket_adopt(int fd, const struct mcr_socket_owner *owner)
{
	struct mcr_socket *s = mcr_socket_hold(fd);
	struct stat st;
	int family, copy;

	if (s)
		return s;
	family = mcr_socket_family(fd);
	if (family == 0) {
		errno = ENOTSOCK;
		return NULL;
	}
	copy = mcr_table_own(fd);
	if (copy < 0)
		return NULL;
	s = mcr_socket_of(mcr_object_make(fd, MCR_OBJECT_SOCKET, sizeof(*s), end));
	if (!s) {
		mcr_table_disown(copy);
		errno = ENOMEM;
		return mcr_socket_hold(fd); /* another thread's */
	}
	s->owner = owner;
	s->fd = copy;
	s->family = family;
	s->inode = fstat(copy, &st) == 0 ? st.st_ino : 0;
	name_dups(s);
	s->life = mcr_link_life();
	s->all_ipv4 = take_all(copy, IPPROTO_IP, IP_MULTICAST_ALL);
	s->all_ipv6 = family == AF_INET6 ? take_all(copy, IPPROTO_IPV6, IPV6_MULTICAST_ALL) : 1;
	mcr_socket_wants(s);
	mcr_socket_stand(s);
	if (mcr_filter_refresh(s) == 0)
		return s;
	mcr_socket_release(s);
	mcr_table_forget(fd);
	errno = ENOMEM;
	return NULL;
}

int (*mcr_socket_revive)(int fd);

struct mcr_socket *mcr_socket_hold(int fd)
{
	struct mcr_socket *s = mcr_socket_of(mcr_object_lock(fd, MCR_OBJECT_SOCKET));

	if (__builtin_expect(!s && mcr_socket_revive, 0) && mcr_socket_revive(fd))
		s = mcr_socket_of(mcr_object_lock(fd, MCR_OBJECT_SOCKET));
	if (s && __builtin_expect(s->life != mcr_link_life(), 0))
		mcr_socket_renew(s);
	return s;
}

void mcr_socket_renew(struct mcr_socket *s)
{
	if (mcr_link_state() == MCR_LINK_UNUSED) /* a child of fork that begins to receive */
		mcr_link_open(NULL);
	s->life = mcr_link_life();
	s->owner->renew(s);
}

/* ---- where it stands ---- */

static int is_unread(const struct mcr_socket *s)
{
	uint32_t n = mcr_consumer_rings(s->cursor);

	for (uint32_t i = 0; i < n; i++) {
		struct mcr_consumer_ring info = {.size = sizeof(info)};

		if (mcr_consumer_ring_info(s->cursor, i, &info, NULL) == 0 && info.next < info.head)
			return 1;
	}
	return !s->past && s->at < s->n;
}

/* Whether both read the same rings: the channel is that of before. */
static int is_same(const struct mcr_consumer *a, const struct mcr_consumer *b)
{
	struct mcr_consumer_ring one = {.size = sizeof(one)}, other = {.size = sizeof(other)};

	return mcr_consumer_ring_info(a, 0, &one, NULL) == 0 &&
	       mcr_consumer_ring_info(b, 0, &other, NULL) == 0 && one.epoch == other.epoch;
}

/* What is unread of the rings before is read first, as far as they are written now, or up to where
 * the next cursor begins. */
static void keep_past(struct mcr_socket *s, const struct mcr_consumer *next)
{
	uint32_t n = mcr_consumer_rings(s->cursor);
	int goes_on = is_same(s->cursor, next);

	if (s->past) /* of an engine before that one: two restarts without a read */
		mcr_filter_drop_past(s);
	s->past = s->cursor;
	memset(s->past_end, 0, sizeof(s->past_end));
	for (uint32_t i = 0; i < n && i < MCR_RINGS_MAX; i++) {
		struct mcr_consumer_ring info = {.size = sizeof(info)};

		if (mcr_consumer_ring_info(goes_on ? next : s->past, i, &info, NULL) == 0)
			s->past_end[i] = goes_on ? info.next : info.head;
	}
}

int mcr_socket_stand(struct mcr_socket *s)
{
	struct mcr_consumer *cursor;
	int ret = mcr_link_cursor(&cursor, NULL), keeps_past;

	if (ret < 0)
		return ret;
	if (s->cursor && !is_same(s->cursor, cursor)) {
		s->lost++; /* nobody knows what came in between */
		mcr_log("socket %d goes on with another ring: what came in between is lost",
			s->object.fd);
	}
	keeps_past = s->cursor && is_unread(s);
	if (keeps_past)
		keep_past(s, cursor);
	else
		mcr_consumer_close(s->cursor);
	s->cursor = cursor;
	mcr_consumer_close(s->scout);
	s->scout = NULL;
	mcr_filter_reset(s, keeps_past);
	return 0;
}

/* ---- messages ---- */

static const struct mcr_consumer *of_batch(const struct mcr_socket *s)
{
	return s->past ? s->past : s->cursor;
}

int64_t mcr_socket_read(struct mcr_socket *s, const struct mcr_msg *m, void *buf, size_t cap)
{
	return mcr_consumer_read(s->past ? s->past : s->cursor, m, buf, cap);
}

int mcr_socket_intact(const struct mcr_socket *s, const struct mcr_msg *m)
{
	return mcr_consumer_intact(of_batch(s), m);
}

/* Whether all of the rings before was polled. They may still be written, by an engine that goes on
 * with the parent of this process. */
static int is_past_over(const struct mcr_socket *s)
{
	uint32_t n = mcr_consumer_rings(s->past);

	for (uint32_t i = 0; i < n; i++) {
		struct mcr_consumer_ring info = {.size = sizeof(info)};

		if (mcr_consumer_ring_info(s->past, i, &info, NULL) == 0 &&
		    info.next < s->past_end[i])
			return 0;
	}
	return 1;
}

/* Polls the next messages. Returns how many. */
static int fill(struct mcr_socket *s)
{
	int n;

	if (s->n > 0) /* for what the engine shows of its readers */
		mcr_consumer_release(s->past ? s->past : s->cursor);
	s->at = s->n = 0;
	if (s->past) {
		n = is_past_over(s) ? 0 : mcr_consumer_poll(s->past, s->batch, MCR_SOCKET_BATCH);
		if (n > 0) {
			s->n = n;
			return n;
		}
		mcr_consumer_close(s->past);
		s->past = NULL;
		mcr_filter_forget_past(s);
	}
	mcr_filter_prune(s);
	if (!s->cursor)
		return 0;
	n = mcr_consumer_poll(s->cursor, s->batch, MCR_SOCKET_BATCH);
	if (n > 0)
		s->n = n;
	return s->n;
}

/* What came after the rings before were left is not of the socket's. */
static int is_over(const struct mcr_socket *s, const struct mcr_msg *m)
{
	return s->past && m->pos.ring < MCR_RINGS_MAX && m->pos.seq >= s->past_end[m->pos.ring];
}

static const struct mcr_filter_version *versions_of_batch(const struct mcr_socket *s)
{
	if (__builtin_expect(!s->past, 1))
		return s->oldest;
	return s->past_versions ? s->past_versions : s->newest;
}

static uint64_t lost_of(const struct mcr_socket *s, const struct mcr_msg *m)
{
	uint64_t most = UINT64_MAX;

	if (is_over(s, m))
		return 0;
	if (s->past && m->pos.ring < MCR_RINGS_MAX)
		most = s->past_end[m->pos.ring] - m->pos.seq;
	return m->lost < most ? m->lost : most;
}

/* Whether the program gets this message. It takes note of events. */
static int is_for(struct mcr_socket *s, const struct mcr_msg *m)
{
	if (m->kind == MCR_DATA)
		return !is_over(s, m) && mcr_filter_accepts(s, versions_of_batch(s), m);
	if (m->kind == MCR_LOST)
		s->lost += lost_of(s, m);
	return 0;
}

const struct mcr_msg *mcr_socket_next(struct mcr_socket *s)
{
	for (;;) {
		for (; s->at < s->n; s->at++)
			if (is_for(s, &s->batch[s->at]))
				return &s->batch[s->at];
		if (fill(s) == 0)
			return NULL;
	}
}
