/* SPDX-License-Identifier: BSD-3-Clause */
/* libc's names, each of which only calls the function that does it. Left out are the names that a
 * program never calls: those of GLIBC_PRIVATE. */
#include <alloca.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include "socket/preload/names.h"
#include "socket/real.h"
#include "socket/signals.h"

/* The library's own calls, those of libmcring-client in it, and those of a handler that cannot
 * wait: here would be locks that the thread has. */
static inline int is_inside(void)
{
	return __builtin_expect(mcr_signal_state.depth > 0, 0);
}

#define NAME(result, name, parameters, arguments)       \
	MCR_NAME(result, name, parameters)              \
	result mcr_name_##name parameters               \
	{                                               \
		if (is_inside())                        \
			return mcr_real.name arguments; \
		return mcr_sock_##name arguments;       \
	}
MCR_CALLS(NAME)

MCR_NAME_TOO(__read, read)
MCR_NAME_TOO(__poll, poll)
MCR_NAME_TOO(__select, select)
MCR_NAME_TOO(__connect, connect)
MCR_NAME_TOO(__send, send)
MCR_NAME_TOO(__close, close)
MCR_NAME_TOO(__dup2, dup2)
MCR_NAME_TOO(__sigaction, sigaction)
MCR_NAME_TOO(_IO_fdopen, fdopen)
MCR_NAME_TOO(_IO_fclose, fclose)
#ifdef MCR_NAMES_TIME64 /* the options and messages say themselves which times they have */
MCR_NAME_TOO(__recvmsg64, recvmsg)
MCR_NAME_TOO(__sendmsg64, sendmsg)
MCR_NAME_TOO(__sendmmsg64, sendmmsg)
MCR_NAME_TOO(__setsockopt64, setsockopt)
MCR_NAME_TOO(__getsockopt64, getsockopt)
#endif

/* ---- with arguments that the prototype does not list ---- */

MCR_NAME(int, fcntl, (int fd, int command, ...))
int mcr_name_fcntl(int fd, int command, ...)
{
	va_list args;
	void *argument;

	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	if (is_inside())
		return mcr_real.fcntl(fd, command, argument);
	return mcr_sock_fcntl(fd, command, argument);
}
MCR_NAME_TOO(__fcntl, fcntl)
MCR_NAME_TOO(fcntl64, fcntl)
#ifdef MCR_NAMES_TIME64
MCR_NAME_TOO(__fcntl_time64, fcntl)
#endif

MCR_NAME(int, ioctl, (int fd, unsigned long request, ...))
int mcr_name_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (is_inside())
		return mcr_real.ioctl(fd, request, argument);
	return mcr_sock_ioctl(fd, request, argument);
}

#ifdef MCR_NAMES_TIME64
MCR_NAME_TOO(__ioctl_time64, ioctl)
#endif

/* ---- fortified: the compiler knows how much room there is ---- */

MCR_NAME(ssize_t, __read_chk, (int fd, void *buf, size_t len, size_t room))
ssize_t mcr_name___read_chk(int fd, void *buf, size_t len, size_t room)
{
	if (len > room)
		mcr_libc_fail();
	return mcr_name_read(fd, buf, len);
}

MCR_NAME(ssize_t, __recv_chk, (int fd, void *buf, size_t len, size_t room, int flags))
ssize_t mcr_name___recv_chk(int fd, void *buf, size_t len, size_t room, int flags)
{
	if (len > room)
		mcr_libc_fail();
	return mcr_name_recv(fd, buf, len, flags);
}

MCR_NAME(ssize_t, __recvfrom_chk,
	 (int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *from,
	  socklen_t *from_len))
ssize_t mcr_name___recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
				struct sockaddr *from, socklen_t *from_len)
{
	if (len > room)
		mcr_libc_fail();
	return mcr_name_recvfrom(fd, buf, len, flags, from, from_len);
}

MCR_NAME(int, __poll_chk, (struct pollfd * fds, nfds_t n, int ms, size_t room))
int mcr_name___poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t room)
{
	if (room / sizeof(*fds) < n)
		mcr_libc_fail();
	return mcr_name_poll(fds, n, ms);
}

MCR_NAME(int, __ppoll_chk,
	 (struct pollfd * fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask,
	  size_t room))
int mcr_name___ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
			 const sigset_t *mask, size_t room)
{
	if (room / sizeof(*fds) < n)
		mcr_libc_fail();
	return mcr_name_ppoll(fds, n, timeout, mask);
}

/* ---- descriptors ---- */

MCR_NAME(void, closefrom, (int first))
void mcr_name_closefrom(int first)
{
	mcr_sock_close_range(first < 0 ? 0 : (unsigned)first, UINT_MAX, 0);
}

/* ---- signals ---- */

MCR_NAME(mcr_handler, signal, (int sig, mcr_handler handler))
mcr_handler mcr_name_signal(int sig, mcr_handler handler)
{
	return mcr_sock_signal(sig, handler);
}
MCR_NAME_TOO(bsd_signal, signal)
MCR_NAME_TOO(ssignal, signal)

MCR_NAME(mcr_handler, sysv_signal, (int sig, mcr_handler handler))
mcr_handler mcr_name_sysv_signal(int sig, mcr_handler handler)
{
	return mcr_sock_sysv_signal(sig, handler);
}
MCR_NAME_TOO(__sysv_signal, sysv_signal)

MCR_NAME(mcr_handler, sigset, (int sig, mcr_handler handler))
mcr_handler mcr_name_sigset(int sig, mcr_handler handler)
{
	return mcr_sock_sigset(sig, handler);
}

MCR_NAME(int, siginterrupt, (int sig, int interrupts))
int mcr_name_siginterrupt(int sig, int interrupts)
{
	return mcr_sock_siginterrupt(sig, interrupts);
}

/* ---- exec ---- */

MCR_NAME(int, execv, (const char *path, char *const argv[]))
int mcr_name_execv(const char *path, char *const argv[])
{
	return mcr_sock_execve(path, argv, environ);
}

MCR_NAME(int, execvp, (const char *file, char *const argv[]))
int mcr_name_execvp(const char *file, char *const argv[])
{
	return mcr_sock_execvpe(file, argv, environ);
}

/* The arguments up to the NULL as an array on the stack of the caller, a macro for that reason: a
 * child of vfork may not allocate. `last` is the last parameter with a name, the first argument. */
#define COLLECT(argv, args, last)                           \
	do {                                                \
		size_t n = 1;                               \
                                                            \
		va_start(args, last);                       \
		while (va_arg(args, char *))                \
			n++;                                \
		va_end(args);                               \
		(argv) = alloca((n + 1) * sizeof(*(argv))); \
		(argv)[0] = (char *)(uintptr_t)(last);      \
		va_start(args, last);                       \
		for (size_t i = 1; i <= n; i++)             \
			(argv)[i] = va_arg(args, char *);   \
	} while (0)

MCR_NAME(int, execl, (const char *path, const char *first, ...))
int mcr_name_execl(const char *path, const char *first, ...)
{
	va_list args;
	char **argv;

	COLLECT(argv, args, first);
	va_end(args);
	return mcr_sock_execve(path, argv, environ);
}

MCR_NAME(int, execlp, (const char *file, const char *first, ...))
int mcr_name_execlp(const char *file, const char *first, ...)
{
	va_list args;
	char **argv;

	COLLECT(argv, args, first);
	va_end(args);
	return mcr_sock_execvpe(file, argv, environ);
}

MCR_NAME(int, execle, (const char *path, const char *first, ...))
int mcr_name_execle(const char *path, const char *first, ...)
{
	va_list args;
	char **argv, **envp;

	COLLECT(argv, args, first);
	envp = va_arg(args, char **);
	va_end(args);
	return mcr_sock_execve(path, argv, envp);
}
