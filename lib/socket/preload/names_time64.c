/* SPDX-License-Identifier: BSD-3-Clause */
/* The names of calls whose times must be converted, on machines of 32 bits. Elsewhere there is
 * nothing here. */
#include <stdint.h>

#include "socket/preload/names.h"

#ifdef MCR_NAMES_TIME64

/* A timespec. In a timeval the fraction has 64 bits, and so it is the same. */
struct time64 {
	int64_t seconds;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	int32_t padding, fraction;
#else
	int32_t fraction, padding;
#endif
};

/* A time that has no room is as good as the longest that has. */
static struct timespec *narrow(struct timespec *out, const struct time64 *time)
{
	if (!time)
		return NULL;
	out->tv_sec = time->seconds > INT32_MAX   ? INT32_MAX
		      : time->seconds < INT32_MIN ? INT32_MIN
						  : (time_t)time->seconds;
	out->tv_nsec = time->fraction;
	return out;
}

MCR_NAME(int, __ppoll64,
	 (struct pollfd * fds, nfds_t n, const struct time64 *timeout, const sigset_t *mask))
int mcr_name___ppoll64(struct pollfd *fds, nfds_t n, const struct time64 *timeout,
		       const sigset_t *mask)
{
	struct timespec ts;

	return mcr_sock_ppoll(fds, n, narrow(&ts, timeout), mask);
}

MCR_NAME(int, __ppoll64_chk,
	 (struct pollfd * fds, nfds_t n, const struct time64 *timeout, const sigset_t *mask,
	  size_t room))
int mcr_name___ppoll64_chk(struct pollfd *fds, nfds_t n, const struct time64 *timeout,
			   const sigset_t *mask, size_t room)
{
	if (room / sizeof(*fds) < n)
		mcr_libc_fail();
	return mcr_name___ppoll64(fds, n, timeout, mask);
}

MCR_NAME(int, __pselect64,
	 (int n, fd_set *in, fd_set *out, fd_set *except, const struct time64 *timeout,
	  const sigset_t *mask))
int mcr_name___pselect64(int n, fd_set *in, fd_set *out, fd_set *except,
			 const struct time64 *timeout, const sigset_t *mask)
{
	struct timespec ts;

	return mcr_sock_pselect(n, in, out, except, narrow(&ts, timeout), mask);
}

/* select writes back what is left. */
MCR_NAME(int, __select64, (int n, fd_set *in, fd_set *out, fd_set *except, struct time64 *timeout))
int mcr_name___select64(int n, fd_set *in, fd_set *out, fd_set *except, struct time64 *timeout)
{
	struct timespec ts;
	struct timeval tv, *left = NULL;
	int ret;

	if (narrow(&ts, timeout)) {
		tv = (struct timeval){ts.tv_sec, ts.tv_nsec};
		left = &tv;
	}
	ret = mcr_sock_select(n, in, out, except, left);
	if (left)
		*timeout = (struct time64){.seconds = tv.tv_sec, .fraction = tv.tv_usec};
	return ret;
}

MCR_NAME(int, __recvmmsg64,
	 (int fd, struct mmsghdr *msgs, unsigned n, int flags, struct time64 *timeout))
int mcr_name___recvmmsg64(int fd, struct mmsghdr *msgs, unsigned n, int flags,
			  struct time64 *timeout)
{
	struct timespec ts;
	int ret = mcr_sock_recvmmsg(fd, msgs, n, flags, narrow(&ts, timeout));

	if (timeout)
		*timeout = (struct time64){.seconds = ts.tv_sec, .fraction = (int32_t)ts.tv_nsec};
	return ret;
}

MCR_NAME(int, __epoll_pwait2_time64,
	 (int set, struct epoll_event *events, int n, const struct time64 *timeout,
	  const sigset_t *mask))
int mcr_name___epoll_pwait2_time64(int set, struct epoll_event *events, int n,
				   const struct time64 *timeout, const sigset_t *mask)
{
	struct timespec ts;

	return mcr_sock_epoll_pwait2(set, events, n, narrow(&ts, timeout), mask);
}

#endif
