/* SPDX-License-Identifier: BSD-3-Clause */
/* libc's calls, or those of another library that is preloaded behind this one. They are looked up
 * when the library is loaded. A call that comes before that, from another library's constructor,
 * looks its own name up. dlsym may itself allocate, and the program's malloc may read and close
 * files: those calls go to the kernel. */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "socket/inherit.h"
#include "socket/real.h"
#include "socket/settings.h"

static _Thread_local int is_searching __attribute__((tls_model("initial-exec")));

typedef void (*any_call)(void);

/* ---- the kernel's calls: while dlsym runs, or where libc is too old ---- */

static ssize_t raw_read(int fd, void *buf, size_t len)
{
	return syscall(SYS_read, fd, buf, len);
}

static ssize_t raw_readv(int fd, const struct iovec *iov, int n)
{
	return syscall(SYS_readv, fd, iov, n);
}

static int raw_close(int fd)
{
	return (int)syscall(SYS_close, fd);
}

static int raw_close_range(unsigned first, unsigned last, int flags)
{
#ifdef SYS_close_range
	return (int)syscall(SYS_close_range, first, last, flags);
#else
	errno = ENOSYS;
	return -1;
#endif
}

static int raw_fcntl(int fd, int command, void *argument)
{
#ifdef SYS_fcntl64
	return (int)syscall(SYS_fcntl64, fd, command, argument);
#else
	return (int)syscall(SYS_fcntl, fd, command, argument);
#endif
}

static int raw_ioctl(int fd, unsigned long request, void *argument)
{
	return (int)syscall(SYS_ioctl, fd, request, argument);
}

static long absent(void)
{
	errno = ENOSYS;
	return -1;
}

static any_call raw(const char *name)
{
	static const struct {
		const char *name;
		any_call call;
	} calls[] = {
	    {"read", (any_call)raw_read},   {"readv", (any_call)raw_readv},
	    {"close", (any_call)raw_close}, {"close_range", (any_call)raw_close_range},
	    {"fcntl", (any_call)raw_fcntl}, {"ioctl", (any_call)raw_ioctl},
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].call;
	return (any_call)absent;
}

/* ---- the others ---- */

/* *is_final: what was found may be kept. */
static any_call find(const char *name, int *is_final)
{
	void *found = NULL;
	any_call call;

	*is_final = !is_searching;
	if (!is_searching) {
		is_searching = 1;
		found = dlsym(RTLD_NEXT, name);
		is_searching = 0;
	}
	if (!found)
		return raw(name);
	memcpy(&call, &found, sizeof(call));
	return call;
}

#define FIRST(result, name, parameters, arguments)                                       \
	static result first_##name parameters                                            \
	{                                                                                \
		int is_final;                                                            \
		result(*call) parameters = (result(*) parameters)find(#name, &is_final); \
                                                                                         \
		if (is_final)                                                            \
			__atomic_store_n(&mcr_real.name, call, __ATOMIC_RELAXED);        \
		return call arguments;                                                   \
	}
MCR_CALLS(FIRST)

static int first_fcntl(int fd, int command, ...);
static int first_ioctl(int fd, unsigned long request, ...);

#define MEMBER(result, name, parameters, arguments) .name = first_##name,
struct mcr_real mcr_real = {MCR_CALLS(MEMBER).fcntl = first_fcntl, .ioctl = first_ioctl};

static int first_fcntl(int fd, int command, ...)
{
	va_list args;
	void *argument;
	int is_final;
	int (*call)(int, int, ...) = (int (*)(int, int, ...))find("fcntl", &is_final);

	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	if (is_final)
		__atomic_store_n(&mcr_real.fcntl, call, __ATOMIC_RELAXED);
	return call(fd, command, argument);
}

static int first_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *argument;
	int is_final;
	int (*call)(int, unsigned long, ...) =
	    (int (*)(int, unsigned long, ...))find("ioctl", &is_final);

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (is_final)
		__atomic_store_n(&mcr_real.ioctl, call, __ATOMIC_RELAXED);
	return call(fd, request, argument);
}

/* ---- when the library is loaded ---- */

#define KNOW(result, name, parameters, arguments) \
	mcr_real.name = (result(*) parameters)find(#name, &is_final);

__attribute__((constructor(101))) static void begin_preload(void)
{
	int is_final;

	MCR_CALLS(KNOW)
	mcr_real.fcntl = (int (*)(int, int, ...))find("fcntl", &is_final);
	mcr_real.ioctl = (int (*)(int, unsigned long, ...))find("ioctl", &is_final);
	mcr_settings_get();
	mcr_inherit_take();
}
