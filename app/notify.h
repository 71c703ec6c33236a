/* SPDX-License-Identifier: BSD-3-Clause */
/* What the service manager is told: the protocol of sd_notify(3), without its library. A message
 * is one datagram with all that changed since the last one. One that finds no room is not waited
 * for: the next poll sends it again. Thread: control. */
#ifndef MCR_APP_NOTIFY_H
#define MCR_APP_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <mcring/types.h>

#define MCR_NOTIFY_STATUS_MAX 256

enum mcr_notify_state {
	MCR_NOTIFY_STARTING,
	MCR_NOTIFY_READY,
	MCR_NOTIFY_RELOADING,
	MCR_NOTIFY_STOPPING,
};

struct mcr_notify {
	int fd; /* -1 = there is nobody to tell */
	struct sockaddr_un to;
	socklen_t to_len;
	uint64_t watchdog_ns; /* between two signs of life; 0 = nobody waits for them */
	uint64_t alive_ns;    /* when the last one went out */
	uint64_t extend_ns;   /* to be told: the start may take so long from now; 0 = it was */
	enum mcr_notify_state state, told_state;
	char status[MCR_NOTIFY_STATUS_MAX], told_status[MCR_NOTIFY_STATUS_MAX];
};

/* mcr_notify_open takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so
 * that no child speaks for this process. mcr_notify_close is to be called in any case; after a
 * failure, or without NOTIFY_SOCKET, the other functions do nothing. Returns 0, -EINVAL (the socket
 * has neither a path nor an abstract name) or the error of socket(2), with err. */
int mcr_notify_open(struct mcr_notify *n, struct mcr_error *err);
void mcr_notify_close(struct mcr_notify *n);

/* What mcr_notify_poll will tell. A line break in the status becomes a blank. */
void mcr_notify_set_state(struct mcr_notify *n, enum mcr_notify_state state);
void mcr_notify_set_status(struct mcr_notify *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void mcr_notify_extend(struct mcr_notify *n, uint64_t ns);

/* mcr_notify_is_due: whether a sign of life is due, which ready engines give twice in the
 * watchdog's time. now_ns: CLOCK_MONOTONIC, here and below. */
int mcr_notify_is_due(const struct mcr_notify *n, uint64_t now_ns);

/* mcr_notify_poll tells what changed, and gives a sign of life if one is due and is_alive. */
void mcr_notify_poll(struct mcr_notify *n, int is_alive, uint64_t now_ns);

#endif
