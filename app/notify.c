/* SPDX-License-Identifier: BSD-3-Clause */
#include "notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "settings/fail.h"

#define SIGNS 2 /* of life in the watchdog's time, as sd_watchdog_enabled(3) advises */

static uint64_t number_of(const char *text)
{
	return text ? strtoull(text, NULL, 10) : 0;
}

/* The watchdog may be meant for another process that this one descends from. */
static uint64_t watchdog_of_environment(void)
{
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t usec = number_of(getenv("WATCHDOG_USEC"));

	if (pid && number_of(pid) != (uint64_t)getpid())
		return 0;
	return usec < UINT64_MAX / 1000 ? usec * 1000 / SIGNS : 0;
}

/* "/path", or "@name" of the abstract namespace. */
static int set_address(struct mcr_notify *n, const char *name, struct mcr_error *err)
{
	size_t len = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof(n->to.sun_path))
		return mcr_fail(
		    err, -EINVAL,
		    "NOTIFY_SOCKET=%.64s: expected a path or @NAME of at most %zu octets", name,
		    sizeof(n->to.sun_path) - 1);
	n->to = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(n->to.sun_path, name, len);
	n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (name[0] == '@')
		n->to.sun_path[0] = '\0';
	return 0;
}

static int open_socket(struct mcr_notify *n, const char *name, struct mcr_error *err)
{
	int ret = set_address(n, name, err);

	if (ret < 0)
		return ret;
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return n->fd < 0 ? mcr_fail(err, -errno, "NOTIFY_SOCKET: %s", strerror(errno)) : 0;
}

int mcr_notify_open(struct mcr_notify *n, struct mcr_error *err)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int ret = 0;

	*n = (struct mcr_notify){.fd = -1, .watchdog_ns = watchdog_of_environment()};
	if (name)
		ret = open_socket(n, name, err);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return ret;
}

void mcr_notify_close(struct mcr_notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

void mcr_notify_set_state(struct mcr_notify *n, enum mcr_notify_state state)
{
	n->state = state;
}

void mcr_notify_set_status(struct mcr_notify *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(n->status, sizeof(n->status), fmt, ap);
	va_end(ap);
	for (char *p = n->status; (p = strchr(p, '\n'));)
		*p = ' ';
}

void mcr_notify_extend(struct mcr_notify *n, uint64_t ns)
{
	n->extend_ns = ns;
}

int mcr_notify_is_due(const struct mcr_notify *n, uint64_t now_ns)
{
	return n->fd >= 0 && n->watchdog_ns > 0 &&
	       (n->state == MCR_NOTIFY_READY || n->state == MCR_NOTIFY_RELOADING) &&
	       now_ns - n->alive_ns >= n->watchdog_ns;
}

/* With MONOTONIC_USEC, units of Type=notify-reload (systemd 253) know which reload it is. */
static int write_state(char *out, size_t cap, enum mcr_notify_state state, uint64_t now_ns)
{
	switch (state) {
	case MCR_NOTIFY_READY:
		return snprintf(out, cap, "READY=1\n");
	case MCR_NOTIFY_RELOADING:
		return snprintf(out, cap, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\n",
				now_ns / 1000);
	case MCR_NOTIFY_STOPPING:
		return snprintf(out, cap, "STOPPING=1\n");
	default:
		return 0;
	}
}

void mcr_notify_poll(struct mcr_notify *n, int is_alive, uint64_t now_ns)
{
	const int is_sign = is_alive && mcr_notify_is_due(n, now_ns);
	char text[MCR_NOTIFY_STATUS_MAX + 160]; /* has room for all of it */
	int len = 0;

	if (n->fd < 0)
		return;
	if (n->state != n->told_state)
		len = write_state(text, sizeof(text), n->state, now_ns);
	if (strcmp(n->status, n->told_status) != 0)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "STATUS=%s\n", n->status);
	if (n->extend_ns > 0)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				"EXTEND_TIMEOUT_USEC=%" PRIu64 "\n", n->extend_ns / 1000);
	if (is_sign)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "WATCHDOG=1\n");
	if (len == 0 || sendto(n->fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL,
			       (const struct sockaddr *)&n->to, n->to_len) < 0)
		return;
	n->told_state = n->state;
	memcpy(n->told_status, n->status, sizeof(n->status));
	n->extend_ns = 0;
	if (is_sign)
		n->alive_ns = now_ns;
}
