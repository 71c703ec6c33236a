/* SPDX-License-Identifier: BSD-3-Clause */
#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/fail.h"

#define BACKLOG 256

/* Cuts text into an address and a port. Returns 0 or -1. */
static int split(const char *text, char address[64], char port[8])
{
	const int bracket = text[0] == '[';
	const char *end = bracket ? strchr(text, ']') : strchr(text, ':');
	const char *begin = text + bracket;
	size_t len = end ? (size_t)(end - begin) : 0;

	if (len == 0 || len >= 64 || end[bracket] != ':')
		return -1;
	memcpy(address, begin, len);
	address[len] = '\0';
	if (bracket != !!strchr(address, ':'))
		return -1;
	begin = end + bracket + 1;
	len = strlen(begin);
	if (len == 0 || len > 5 || strspn(begin, "0123456789") != len || atoi(begin) > 65535 ||
	    atoi(begin) == 0)
		return -1;
	strcpy(port, begin);
	return 0;
}

static int open_socket(const struct addrinfo *where)
{
	const int on = 1;
	int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, where->ai_addr, where->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

int listen_at(const char *text)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	struct addrinfo *where;
	char address[64], port[8];
	int fd;

	if (split(text, address, port) < 0 || getaddrinfo(address, port, &hints, &where) != 0)
		return fail("--listen %s: expected ADDRESS:PORT, such as 127.0.0.1:9810 or "
			    "[::1]:9810",
			    text);
	fd = open_socket(where);
	freeaddrinfo(where);
	if (fd == -EADDRINUSE)
		return fail("%s: the port is taken: see who has it with `ss -ltnp`, or choose "
			    "another with --listen",
			    text);
	if (fd == -EADDRNOTAVAIL)
		return fail("%s: this host does not have the address", text);
	if (fd == -EACCES)
		return fail("%s: ports below 1024 are root's: choose another with --listen", text);
	return fd < 0 ? fail("%s: %s", text, strerror(-fd)) : fd;
}
