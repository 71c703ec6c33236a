/* SPDX-License-Identifier: BSD-3-Clause */
/* recv and its like: from the rings first, then from the kernel, then asleep. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "socket/interface.h"
#include "socket/link.h"
#include "socket/real.h"
#include "socket/receive.h"
#include "socket/report.h"
#include "socket/settings.h"
#include "socket/wait.h"

#define IOV_MOST     1024                       /* UIO_MAXIOV of Linux */
#define SECONDS_MOST (UINT64_MAX / 2000000000u) /* more is for ever */

socklen_t mcr_socket_address(const struct mcr_socket *s, const struct mcr_msg *m,
			     struct sockaddr_storage *out)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *in = (struct sockaddr_in *)out;

	if (s->family == AF_INET) {
		*in = (struct sockaddr_in){.sin_family = AF_INET,
					   .sin_port = htons(m->src_port),
					   .sin_addr.s_addr = mcr_address_ipv4_be(m->source)};
		return sizeof(*in);
	}
	*in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(m->src_port)};
	memcpy(&in6->sin6_addr, &m->source, sizeof(in6->sin6_addr));
	if (IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr))
		in6->sin6_scope_id = mcr_interface_ifindex(m->interface);
	return sizeof(*in6);
}

static long available_in_kernel(struct mcr_socket *s)
{
	int n = 0;

	mcr_real.ioctl(s->fd, FIONREAD, &n);
	if (n > 0)
		s->shown = MCR_SHOWN_KERNELS;
	return n;
}

long mcr_socket_available(struct mcr_socket *s)
{
	long n = s->shown == MCR_SHOWN_KERNELS ? available_in_kernel(s) : 0;
	const struct mcr_msg *m = n == 0 ? mcr_socket_next(s) : NULL;

	if (!m)
		return n > 0 ? n : available_in_kernel(s);
	s->shown = MCR_SHOWN_RINGS;
	return (long)m->len;
}

/* ---- one datagram out of a ring ---- */

/* Copies the payload into several pieces. Returns its length, or -ESTALE. */
static int64_t scatter(struct mcr_socket *s, const struct mcr_msg *m, const struct msghdr *msg)
{
	size_t at = 0;

	for (size_t i = 0; i < msg->msg_iovlen && at < m->len; i++) {
		size_t n = msg->msg_iov[i].iov_len;

		n = n < m->len - at ? n : m->len - at;
		memcpy(msg->msg_iov[i].iov_base, m->data + at, n);
		at += n;
	}
	return mcr_socket_intact(s, m) ? (int64_t)m->len : -ESTALE;
}

static size_t room_of(const struct msghdr *msg)
{
	size_t room = 0;

	for (size_t i = 0; i < msg->msg_iovlen; i++)
		room += msg->msg_iov[i].iov_len;
	return room;
}

static void give_address(const struct mcr_socket *s, const struct mcr_msg *m, struct msghdr *msg)
{
	struct sockaddr_storage from;
	socklen_t len;

	if (!msg->msg_name)
		return;
	len = mcr_socket_address(s, m, &from);
	memcpy(msg->msg_name, &from, msg->msg_namelen < len ? msg->msg_namelen : len);
	msg->msg_namelen = len;
}

/* The stamp for SIOCGSTAMP, 0: it is the kernel's to tell. Linux does not keep one that it gives
 * with the datagram. */
static void note_stamp(struct mcr_socket *s, uint64_t ns)
{
	if ((s->wanted & (MCR_WANT_TIMESTAMP | MCR_WANT_TIMESTAMPNS)) == 0 &&
	    (s->timestamping & SOF_TIMESTAMPING_RX_SOFTWARE) == 0)
		s->stamp_ns = ns;
}

/* Gives the next datagram of the rings. Returns its length as the call returns it, or -EAGAIN. */
static ssize_t take(struct mcr_socket *s, struct msghdr *msg, int flags)
{
	const struct mcr_msg *m;
	size_t room = room_of(msg);

	while ((m = mcr_socket_next(s))) {
		int64_t len = msg->msg_iovlen == 1
				  ? mcr_socket_read(s, m, msg->msg_iov->iov_base, room)
				  : scatter(s, m, msg);

		if (len <
		    0) { /* overwritten: it counts as lost, and the next poll says how many more */
			s->lost++;
			mcr_socket_take(s);
			continue;
		}
		give_address(s, m, msg);
		msg->msg_flags = flags & MSG_CMSG_CLOEXEC;
		if ((size_t)len > room)
			msg->msg_flags |= MSG_TRUNC;
		mcr_socket_control(s, m, msg);
		note_stamp(s, m->rx_ns);
		s->shown = flags & MSG_PEEK ? MCR_SHOWN_RINGS : MCR_SHOWN_NONE;
		if ((flags & MSG_PEEK) == 0) {
			s->received++;
			mcr_socket_take(s);
		}
		return (size_t)len > room && (flags & MSG_TRUNC) == 0 ? (ssize_t)room : len;
	}
	return -EAGAIN;
}

/* ---- the kernel's side ---- */

/* Returns as the call, or -errno. The stamp of what it gives is the kernel's to tell. */
static ssize_t take_from_kernel(struct mcr_socket *s, struct msghdr *msg, int flags)
{
	struct msghdr trial = *msg; /* an error must leave it as it is */
	int saved = errno, code;
	ssize_t n = mcr_real.recvmsg(s->fd, &trial, flags | MSG_DONTWAIT);

	s->turn = 0;
	if (n < 0) {
		code = errno;
		errno = saved; /* the rings may have something */
		return -code;
	}
	*msg = trial;
	note_stamp(s, 0);
	s->shown = flags & MSG_PEEK ? MCR_SHOWN_KERNELS : MCR_SHOWN_NONE;
	return n;
}

static ssize_t try_both(struct mcr_socket *s, struct msghdr *msg, int flags)
{
	int is_kernels_turn = ++s->turn >= mcr_settings_get()->kernel_every;
	ssize_t n = -EAGAIN;

	if (__builtin_expect(s->shown != MCR_SHOWN_NONE, 0))
		is_kernels_turn = s->shown == MCR_SHOWN_KERNELS;
	if (is_kernels_turn)
		n = take_from_kernel(s, msg, flags);
	if (n == -EAGAIN)
		n = take(s, msg, flags);
	if (n == -EAGAIN && !is_kernels_turn)
		n = take_from_kernel(s, msg, flags);
	return n;
}

/* ---- waiting ---- */

/* The end of a time that begins now; UINT64_MAX: never. */
static uint64_t end_of(uint64_t seconds, uint64_t ns)
{
	return seconds < SECONDS_MOST ? mcr_link_now_ns() + seconds * 1000000000u + ns : UINT64_MAX;
}

/* When a call that begins now has to end without data; 0: at once. */
static uint64_t deadline_of(const struct mcr_socket *s, int flags)
{
	struct timeval timeout = {0};
	socklen_t len = sizeof(timeout);
	int status;

	if (flags & MSG_DONTWAIT)
		return 0;
	status = mcr_real.fcntl(s->fd, F_GETFL);
	if (status < 0 || (status & O_NONBLOCK))
		return 0;
	if (mcr_real.getsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, &len) < 0 ||
	    (timeout.tv_sec == 0 && timeout.tv_usec == 0))
		return UINT64_MAX;
	return end_of((uint64_t)timeout.tv_sec, (uint64_t)timeout.tv_usec * 1000u);
}

/* A call that may wait returns 0 after shutdown(SHUT_RD); one that may not, EAGAIN. */
static int is_shut(const struct mcr_socket *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLRDHUP};

	return mcr_real.poll(&p, 1, 0) == 1 && (p.revents & POLLRDHUP);
}

/* The rings and the kernel have nothing. Sleeps until they may, with a reference in place of the
 * lock. Returns 1; 0: nothing comes any more; -errno. */
static int wait(struct mcr_socket *s, int flags, uint64_t *deadline_ns,
		const struct mcr_signal_state *before)
{
	int ret;

	mcr_link_tend();
	if (*deadline_ns == 0) {
		*deadline_ns = deadline_of(s, flags);
		if (*deadline_ns == 0)
			return -EAGAIN;
	}
	if (is_shut(s))
		return 0;
	ret = mcr_wait_readable(s, *deadline_ns, *deadline_ns == UINT64_MAX, before);
	return ret == 0 ? -EAGAIN : ret;
}

/* What a call gives that returns 0 without a datagram. */
static void give_nothing(struct msghdr *msg, int flags)
{
	if (msg->msg_name)
		msg->msg_namelen = 0;
	msg->msg_controllen = 0;
	msg->msg_flags = flags & MSG_CMSG_CLOEXEC;
}

static void look_after(struct mcr_socket *s)
{
	if (__builtin_expect(s->received % MCR_LINK_TEND_EVERY == 0, 0))
		mcr_link_tend();
}

/* One datagram into *msg. Returns as recvmsg, or -errno. The caller holds the socket. */
static ssize_t receive(struct mcr_socket *s, struct msghdr *msg, int flags)
{
	struct mcr_signal_state before;
	uint64_t deadline_ns = 0;
	ssize_t n = try_both(s, msg, flags);

	if (__builtin_expect(n >= 0, 1)) {
		look_after(s);
		return n;
	}
	mcr_object_ref(&s->object);
	before = mcr_signal_state; /* no handler has run since the call began: we hold the lock */
	while (n == -EAGAIN) {
		int ret = wait(s, flags, &deadline_ns, &before);

		if (s->life != mcr_link_life())
			mcr_socket_renew(s);
		n = ret <= 0 ? ret : try_both(s, msg, flags);
		if (ret == 0)
			give_nothing(msg, flags);
		if (ret <= 0)
			break;
	}
	s->object.refs--; /* the caller's lock and the descriptor's name keep it, or it ends now */
	return n;
}

static ssize_t done(struct mcr_socket *s, ssize_t n)
{
	int is_due = n < 0 || s->received % MCR_LINK_TEND_EVERY == 0;

	mcr_object_ref(&s->object);
	mcr_object_unref(&s->object); /* it may have been closed meanwhile */
	if (__builtin_expect(is_due, 0))
		mcr_report();
	if (n >= 0)
		return n;
	errno = (int)-n;
	return -1;
}

static ssize_t receive_into(struct mcr_socket *s, void *buf, size_t len, int flags, void *from,
			    socklen_t *from_len)
{
	struct iovec iov = {buf, len > INT_MAX ? INT_MAX : len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_name = from};
	ssize_t n;

	if (from) {
		if (!from_len || (int)*from_len < 0)
			return done(s, from_len ? -EINVAL : -EFAULT);
		msg.msg_namelen = *from_len;
	}
	if (!buf && len > 0)
		return done(s, -EFAULT);
	n = receive(s, &msg, flags);
	if (n >= 0 && from)
		*from_len = msg.msg_namelen;
	return done(s, n);
}

/* ---- the calls ---- */

ssize_t mcr_sock_recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *from,
			  socklen_t *from_len)
{
	struct mcr_socket *s = (flags & MSG_ERRQUEUE) == 0 ? mcr_socket_hold(fd) : NULL;

	if (!s)
		return mcr_real.recvfrom(fd, buf, len, flags, from, from_len);
	return receive_into(s, buf, len, flags, from, from_len);
}

ssize_t mcr_sock_recv(int fd, void *buf, size_t len, int flags)
{
	struct mcr_socket *s = (flags & MSG_ERRQUEUE) == 0 ? mcr_socket_hold(fd) : NULL;

	if (!s)
		return mcr_real.recv(fd, buf, len, flags);
	return receive_into(s, buf, len, flags, NULL, NULL);
}

ssize_t mcr_sock_read(int fd, void *buf, size_t len)
{
	struct mcr_socket *s = mcr_socket_hold(fd);

	if (!s)
		return mcr_real.read(fd, buf, len);
	if (len == 0) /* no datagram is taken */
		return done(s, 0);
	return receive_into(s, buf, len, 0, NULL, NULL);
}

static int check(const struct msghdr *msg)
{
	if (!msg)
		return -EFAULT;
	if (msg->msg_iovlen > IOV_MOST)
		return -EMSGSIZE;
	if (msg->msg_name && (int)msg->msg_namelen < 0)
		return -EINVAL;
	return msg->msg_iovlen > 0 && !msg->msg_iov ? -EFAULT : 0;
}

ssize_t mcr_sock_readv(int fd, const struct iovec *iov, int n)
{
	struct mcr_socket *s = mcr_socket_hold(fd);
	struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n};

	if (!s)
		return mcr_real.readv(fd, iov, n);
	if (n < 0 || n > IOV_MOST)
		return done(s, -EINVAL);
	if (room_of(&msg) == 0)
		return done(s, 0);
	return done(s, receive(s, &msg, 0));
}

ssize_t mcr_sock_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct mcr_socket *s = (flags & MSG_ERRQUEUE) == 0 ? mcr_socket_hold(fd) : NULL;
	ssize_t n;

	if (!s)
		return mcr_real.recvmsg(fd, msg, flags);
	n = check(msg);
	return done(s, n < 0 ? n : receive(s, msg, flags));
}

static uint64_t timeout_end(const struct timespec *timeout)
{
	return timeout ? end_of((uint64_t)timeout->tv_sec, (uint64_t)timeout->tv_nsec) : UINT64_MAX;
}

/* Linux looks at the time after each datagram only, and writes back what is left of it. */
static int is_time_over(uint64_t end_ns, struct timespec *timeout)
{
	uint64_t now_ns, left;

	if (!timeout || end_ns == UINT64_MAX)
		return 0;
	now_ns = mcr_link_now_ns();
	left = now_ns < end_ns ? end_ns - now_ns : 0;
	timeout->tv_sec = (time_t)(left / 1000000000u);
	timeout->tv_nsec = (long)(left % 1000000000u);
	return left == 0;
}

int mcr_sock_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags, struct timespec *timeout)
{
	struct mcr_socket *s = (flags & MSG_ERRQUEUE) == 0 ? mcr_socket_hold(fd) : NULL;
	uint64_t end_ns;
	ssize_t ret = 0;
	unsigned i = 0;

	if (!s)
		return mcr_real.recvmmsg(fd, msgs, n, flags, timeout);
	if (timeout &&
	    (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= 1000000000))
		return (int)done(s, -EINVAL);
	n = n < IOV_MOST ? n : IOV_MOST; /* as Linux */
	end_ns = timeout_end(timeout);
	while (i < n) {
		ret = check(&msgs[i].msg_hdr);
		if (ret == 0)
			ret = receive(s, &msgs[i].msg_hdr, flags & ~MSG_WAITFORONE);
		if (ret < 0)
			break;
		msgs[i++].msg_len = (unsigned)ret;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (is_time_over(end_ns, timeout))
			break;
	}
	return (int)done(s, i > 0 || ret >= 0 ? (ssize_t)i : ret);
}
