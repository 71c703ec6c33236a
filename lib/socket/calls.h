/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls that the library takes over. mcr_sock_NAME has the parameters, the result and the errno
 * of libc's NAME; for a descriptor that is no socket of ours it is that call. All of them may be
 * used from any thread, and from signal handlers where the call may be. */
#ifndef MCR_SOCKET_CALLS_H
#define MCR_SOCKET_CALLS_H

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

/* X(result, name, parameters, arguments): calls that pass data or wait for it. */
#define MCR_CALLS_RECEIVE(X)                                                                      \
	X(ssize_t, recv, (int fd, void *buf, size_t len, int flags), (fd, buf, len, flags))       \
	X(ssize_t, recvfrom,                                                                      \
	  (int fd, void *buf, size_t len, int flags, struct sockaddr *from, socklen_t *from_len), \
	  (fd, buf, len, flags, from, from_len))                                                  \
	X(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags), (fd, msg, flags))            \
	X(int, recvmmsg,                                                                          \
	  (int fd, struct mmsghdr *msgs, unsigned n, int flags, struct timespec *timeout),        \
	  (fd, msgs, n, flags, timeout))                                                          \
	X(ssize_t, read, (int fd, void *buf, size_t len), (fd, buf, len))                         \
	X(ssize_t, readv, (int fd, const struct iovec *iov, int n), (fd, iov, n))

#define MCR_CALLS_WAIT(X)                                                                         \
	X(int, poll, (struct pollfd * fds, nfds_t n, int ms), (fds, n, ms))                       \
	X(int, ppoll,                                                                             \
	  (struct pollfd * fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask),  \
	  (fds, n, timeout, mask))                                                                \
	X(int, select, (int n, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout), \
	  (n, in, out, except, timeout))                                                          \
	X(int, pselect,                                                                           \
	  (int n, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout,        \
	   const sigset_t *mask),                                                                 \
	  (n, in, out, except, timeout, mask))                                                    \
	X(int, epoll_ctl, (int set, int op, int fd, struct epoll_event *event),                   \
	  (set, op, fd, event))                                                                   \
	X(int, epoll_wait, (int set, struct epoll_event *events, int n, int ms),                  \
	  (set, events, n, ms))                                                                   \
	X(int, epoll_pwait,                                                                       \
	  (int set, struct epoll_event *events, int n, int ms, const sigset_t *mask),             \
	  (set, events, n, ms, mask))                                                             \
	X(int, epoll_pwait2,                                                                      \
	  (int set, struct epoll_event *events, int n, const struct timespec *timeout,            \
	   const sigset_t *mask),                                                                 \
	  (set, events, n, timeout, mask))

/* Calls that change what a socket receives. */
#define MCR_CALLS_SOCKET(X)                                                                 \
	X(int, bind, (int fd, const struct sockaddr *to, socklen_t len), (fd, to, len))     \
	X(int, connect, (int fd, const struct sockaddr *to, socklen_t len), (fd, to, len))  \
	X(int, shutdown, (int fd, int how), (fd, how))                                      \
	X(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t len), \
	  (fd, level, name, value, len))                                                    \
	X(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *len),      \
	  (fd, level, name, value, len))

/* Calls that give a socket a name if it has none. */
#define MCR_CALLS_SEND(X)                                                                         \
	X(ssize_t, send, (int fd, const void *buf, size_t len, int flags), (fd, buf, len, flags)) \
	X(ssize_t, sendto,                                                                        \
	  (int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,             \
	   socklen_t to_len),                                                                     \
	  (fd, buf, len, flags, to, to_len))                                                      \
	X(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags), (fd, msg, flags))      \
	X(int, sendmmsg, (int fd, struct mmsghdr *msgs, unsigned n, int flags),                   \
	  (fd, msgs, n, flags))

/* Calls on descriptors. */
#define MCR_CALLS_DESCRIPTOR(X)                                                                    \
	X(int, dup, (int fd), (fd))                                                                \
	X(int, dup2, (int fd, int to), (fd, to))                                                   \
	X(int, dup3, (int fd, int to, int flags), (fd, to, flags))                                 \
	X(int, close, (int fd), (fd))                                                              \
	X(int, close_range, (unsigned first, unsigned last, int flags), (first, last, flags))      \
	X(ssize_t, splice, (int fd, loff_t *from, int to, loff_t *at, size_t len, unsigned flags), \
	  (fd, from, to, at, len, flags))

/* Calls that the process's signals, its files and what it executes go through. */
#define MCR_CALLS_PROCESS(X)                                                                \
	X(int, sigaction, (int sig, const struct sigaction *action, struct sigaction *old), \
	  (sig, action, old))                                                               \
	X(int, execve, (const char *path, char *const argv[], char *const envp[]),          \
	  (path, argv, envp))                                                               \
	X(int, execvpe, (const char *file, char *const argv[], char *const envp[]),         \
	  (file, argv, envp))                                                               \
	X(int, execveat,                                                                    \
	  (int dir, const char *path, char *const argv[], char *const envp[], int flags),   \
	  (dir, path, argv, envp, flags))                                                   \
	X(int, fexecve, (int fd, char *const argv[], char *const envp[]), (fd, argv, envp)) \
	X(int, posix_spawn,                                                                 \
	  (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,        \
	   const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]),    \
	  (pid, path, actions, attributes, argv, envp))                                     \
	X(int, posix_spawnp,                                                                \
	  (pid_t * pid, const char *file, const posix_spawn_file_actions_t *actions,        \
	   const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]),    \
	  (pid, file, actions, attributes, argv, envp))                                     \
	X(FILE *, fdopen, (int fd, const char *mode), (fd, mode))                           \
	X(int, fclose, (FILE * file), (file))

#define MCR_CALLS(X)            \
	MCR_CALLS_RECEIVE(X)    \
	MCR_CALLS_WAIT(X)       \
	MCR_CALLS_SOCKET(X)     \
	MCR_CALLS_SEND(X)       \
	MCR_CALLS_DESCRIPTOR(X) \
	MCR_CALLS_PROCESS(X)

#define MCR_CALL_PROTOTYPE(result, name, parameters, arguments) result mcr_sock_##name parameters;
MCR_CALLS(MCR_CALL_PROTOTYPE)
#undef MCR_CALL_PROTOTYPE

/* Their argument, if there is one, has the size of a pointer. */
int mcr_sock_fcntl(int fd, int command, void *argument);
int mcr_sock_ioctl(int fd, unsigned long request, void *argument);

/* The older calls for handlers of signals, which libc makes of sigaction. */
typedef void (*mcr_handler)(int sig);
mcr_handler mcr_sock_signal(int sig, mcr_handler handler);
mcr_handler mcr_sock_sysv_signal(int sig, mcr_handler handler);
mcr_handler mcr_sock_sigset(int sig, mcr_handler handler);
int mcr_sock_siginterrupt(int sig, int interrupts);

#endif
