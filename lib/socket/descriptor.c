/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that make, end or rename descriptors, and those that the kernel does for us but that change
 * what a socket receives. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "socket/bystander.h"
#include "socket/calls.h"
#include "socket/process.h"
#include "socket/real.h"
#include "socket/receive.h"
#include "socket/socket.h"
#include "socket/table.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

/* ---- another name ---- */

static struct mcr_object *lock_any(int fd)
{
	static const enum mcr_object_kind kinds[] = {MCR_OBJECT_SOCKET, MCR_OBJECT_SET,
						     MCR_OBJECT_HEIR};
	struct mcr_object *o = NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !o; i++)
		o = mcr_object_lock(fd, kinds[i]);
	return o;
}

/* A child of vfork has descriptors of its own, but its parent's memory. */
static int is_ours(int fd)
{
	return mcr_table_find(fd) && !mcr_process_is_borrowed();
}

/* The descriptor is about to mean something else. */
static void forget(int fd)
{
	if (is_ours(fd))
		mcr_table_forget(fd);
}

/* name ends a call that made fd another name of o, which it unlocks. Returns fd or -1. */
static int name(struct mcr_object *o, int fd)
{
	int saved = errno;

	/* What the number meant before and was closed behind our back may be o itself. */
	mcr_object_ref(o);
	mcr_object_unlock(o);
	if (fd >= 0)
		forget(fd);
	mcr_object_relock(o);
	if (fd >= 0 && mcr_table_name(fd, o) < 0) {
		mcr_real.close(fd);
		fd = -1;
		saved = ENOMEM;
	}
	mcr_object_unref(o);
	errno = saved;
	return fd;
}

/* The same if o is NULL, as it is when the descriptor is none of ours. */
static int name_copy(struct mcr_object *o, int fd)
{
	if (o)
		return name(o, fd);
	if (fd >= 0)
		forget(fd);
	return fd;
}

/* Whether fd is the library's own, and must stay. */
static int is_kept(int fd)
{
	return mcr_table_is_protected(fd) && !mcr_process_is_borrowed();
}

int mcr_sock_dup(int fd)
{
	struct mcr_object *o = is_ours(fd) ? lock_any(fd) : NULL;

	return name_copy(o, mcr_real.dup(fd));
}

/* dup_to: what dup2 and dup3 have in common. EBUSY, which Linux gives when another thread opens
 * that very number, says that the library has a descriptor there. */
static int dup_to(int fd, int to, int flags, int has_flags)
{
	struct mcr_object *o;
	int copy;

	if (fd != to && is_kept(to)) {
		errno = EBUSY;
		return -1;
	}
	if (fd == to || mcr_real.fcntl(fd, F_GETFD) < 0 || mcr_process_is_borrowed())
		return has_flags ? mcr_real.dup3(fd, to, flags) : mcr_real.dup2(fd, to);
	forget(to);
	o = lock_any(fd);
	copy = has_flags ? mcr_real.dup3(fd, to, flags) : mcr_real.dup2(fd, to);
	return o ? name(o, copy) : copy;
}

int mcr_sock_dup2(int fd, int to)
{
	if (!mcr_table_find(fd) && !mcr_table_find(to) && !mcr_table_is_protected(to))
		return mcr_real.dup2(fd, to);
	return dup_to(fd, to, 0, 0);
}

int mcr_sock_dup3(int fd, int to, int flags)
{
	if (!mcr_table_find(fd) && !mcr_table_find(to) && !mcr_table_is_protected(to))
		return mcr_real.dup3(fd, to, flags);
	return dup_to(fd, to, flags, 1);
}

int mcr_sock_fcntl(int fd, int command, void *argument)
{
	struct mcr_object *o;

	if (command != F_DUPFD && command != F_DUPFD_CLOEXEC)
		return mcr_real.fcntl(fd, command, argument);
	o = is_ours(fd) ? lock_any(fd) : NULL;
	return name_copy(o, mcr_real.fcntl(fd, command, argument));
}

/* ---- the end ---- */

int mcr_sock_close(int fd)
{
	if (is_kept(fd)) {
		errno = EBADF;
		return -1;
	}
	forget(fd);
	return mcr_real.close(fd);
}

/* libc reads for the file by calls that nobody can take over: the kernel has to receive. */
FILE *mcr_sock_fdopen(int fd, const char *mode)
{
	struct mcr_socket *s = strpbrk(mode, "r+") ? mcr_socket_hold(fd) : NULL;

	if (s) {
		s->owner->hand_over(s);
		mcr_socket_release(s);
	}
	return mcr_real.fdopen(fd, mode);
}

/* libc closes the descriptor by a call that nobody can take over. */
int mcr_sock_fclose(FILE *file)
{
	int fd = fileno(file);

	forget(fd);
	return mcr_real.fclose(file);
}

/* The library's descriptors cut the range into pieces. */
int mcr_sock_close_range(unsigned first, unsigned last, int flags)
{
	if (flags & CLOSE_RANGE_CLOEXEC || first > last || first > INT_MAX ||
	    mcr_process_is_borrowed())
		return mcr_real.close_range(first, last, flags);
	for (int fd = mcr_table_next((int)first); fd >= 0 && (unsigned)fd <= last;
	     fd = mcr_table_next(fd + 1)) {
		if (!mcr_table_is_protected(fd)) {
			mcr_table_forget(fd);
			continue;
		}
		if ((unsigned)fd > first &&
		    mcr_real.close_range(first, (unsigned)fd - 1, flags) < 0)
			return -1;
		first = (unsigned)fd + 1;
	}
	return first <= last ? mcr_real.close_range(first, last, flags) : 0;
}

/* ---- splice ---- */

#define SPLICE_MAX 65536 /* octets: no datagram has more */

/* Writes all, however long the pipe is full: what was received is nowhere else. */
static ssize_t write_all(int to, const char *buf, size_t len)
{
	struct pollfd out = {.fd = to, .events = POLLOUT};
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(to, buf + done, len - done);

		if (n > 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			mcr_real.poll(&out, 1, -1);
		else if (errno != EINTR)
			return done > 0 ? (ssize_t)done : -1;
	}
	return (ssize_t)len;
}

/* A datagram into a pipe, of which the kernel knows nothing. SPLICE_F_NONBLOCK is for the pipe. */
ssize_t mcr_sock_splice(int fd, loff_t *from, int to, loff_t *at, size_t len, unsigned flags)
{
	int is_nonblocking = (flags & SPLICE_F_NONBLOCK) != 0;
	struct pollfd out = {.fd = to, .events = POLLOUT};
	ssize_t n = -1;
	char *buf;

	if (!is_ours(fd) || mcr_table_is_protected(fd) || from || at || len == 0)
		return mcr_real.splice(fd, from, to, at, len, flags);
	if (mcr_real.poll(&out, 1, is_nonblocking ? 0 : -1) == 0) {
		errno = EAGAIN;
		return -1;
	}
	buf = malloc(SPLICE_MAX);
	if (buf)
		n = mcr_sock_recv(fd, buf, len < SPLICE_MAX ? len : SPLICE_MAX, 0);
	if (n > 0)
		n = write_all(to, buf, (size_t)n);
	free(buf);
	return n;
}

/* ---- ioctl ---- */

/* Both forms of each request, with the machine's long and with 64 bits. They differ in number where
 * long has 32. */
static int stamp_request(unsigned long request, void *out, uint64_t ns)
{
	int is_ns = request == SIOCGSTAMPNS_OLD || request == SIOCGSTAMPNS_NEW;
	uint64_t fraction = ns % 1000000000u / (is_ns ? 1 : 1000);

	if (request == SIOCGSTAMP_NEW || request == SIOCGSTAMPNS_NEW) {
		((int64_t *)out)[0] = (int64_t)(ns / 1000000000u);
		((int64_t *)out)[1] = (int64_t)fraction;
		return 1;
	}
	if (request != SIOCGSTAMP_OLD && request != SIOCGSTAMPNS_OLD)
		return 0;
	((long *)out)[0] = (long)(ns / 1000000000u);
	((long *)out)[1] = (long)fraction;
	return 1;
}

/* Returns 1 if the request is answered. */
static int answer(struct mcr_socket *s, unsigned long request, void *argument)
{
	if (request == FIONREAD) {
		*(int *)argument = (int)mcr_socket_available(s);
		return 1;
	}
	return s->stamp_ns != 0 && stamp_request(request, argument, s->stamp_ns);
}

int mcr_sock_ioctl(int fd, unsigned long request, void *argument)
{
	int saved = errno, is_answered = 0;
	struct mcr_socket *s;

	switch (request) {
	case FIONREAD:
	case SIOCGSTAMP_OLD:
	case SIOCGSTAMPNS_OLD:
	case SIOCGSTAMP_NEW:
	case SIOCGSTAMPNS_NEW:
		s = mcr_table_find(fd) && argument ? mcr_socket_hold(fd) : NULL;
		if (s) {
			is_answered = answer(s, request, argument);
			mcr_socket_release(s);
			errno = saved;
		}
	}
	return is_answered ? 0 : mcr_real.ioctl(fd, request, argument);
}

/* ---- bind, connect, shutdown, send ---- */

/* After a call that may have changed the kernel's socket. */
static void refresh(int fd)
{
	int saved = errno;
	struct mcr_socket *s = mcr_table_find(fd) ? mcr_socket_hold(fd) : NULL;

	if (s) {
		mcr_filter_refresh(s);
		mcr_socket_release(s);
	}
	errno = saved;
}

int mcr_sock_bind(int fd, const struct sockaddr *to, socklen_t len)
{
	int ret = mcr_real.bind(fd, to, len);

	if (ret == 0)
		mcr_bystander_bound(fd);
	refresh(fd);
	return ret;
}

int mcr_sock_connect(int fd, const struct sockaddr *to, socklen_t len)
{
	int ret = mcr_real.connect(fd, to, len);

	refresh(fd);
	return ret;
}

/* A UDP socket that is shut goes on to be given datagrams; only who would wait for one no longer
 * does. The kernel's socket knows that, and wakes those who wait. */
int mcr_sock_shutdown(int fd, int how)
{
	int ret = mcr_real.shutdown(fd, how), saved = errno;
	struct mcr_socket *s = mcr_socket_hold(fd);

	if (s) { /* also with ENOTCONN; for other errors it is only a look more */
		s->is_shut = 1;
		mcr_socket_release(s);
	}
	errno = saved;
	return ret;
}

/* A socket that sends without a name gets one. */
static int is_unbound(int fd)
{
	int saved = errno, unbound;
	struct mcr_socket *s = mcr_table_find(fd) ? mcr_socket_hold(fd) : NULL;

	if (!s)
		return 0;
	unbound = s->newest->rule.port == 0;
	mcr_socket_release(s);
	errno = saved;
	return unbound;
}

#define SEND(result, name, parameters, arguments)     \
	result mcr_sock_##name parameters             \
	{                                             \
		int unbound = is_unbound(fd);         \
		result ret = mcr_real.name arguments; \
                                                      \
		if (__builtin_expect(unbound, 0))     \
			refresh(fd);                  \
		return ret;                           \
	}
MCR_CALLS_SEND(SEND)
