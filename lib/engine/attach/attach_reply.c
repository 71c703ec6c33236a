/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "engine/attach/attach_reply.h"

int mcr_attach_send_welcome(int fd, const struct mcr_welcome *welcome, const int *fds, size_t n_fds)
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

__attribute__((format(printf, 3, 0))) static void refuse(struct mcr_welcome *welcome, int status,
							 const char *format, va_list ap)
{
	vsnprintf(welcome->text, sizeof(welcome->text), format, ap);
	welcome->status = status;
}

int mcr_attach_set_refusal(struct mcr_welcome *welcome, int status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	refuse(welcome, status, format, ap);
	va_end(ap);
	return status;
}

void mcr_attach_send_refusal(int fd, int status, const char *format, ...)
{
	struct mcr_welcome welcome = MCR_WELCOME_INIT;
	va_list ap;

	va_start(ap, format);
	refuse(&welcome, status, format, ap);
	va_end(ap);
	mcr_attach_send_welcome(fd, &welcome, NULL, 0);
}
