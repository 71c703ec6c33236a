/* SPDX-License-Identifier: BSD-3-Clause */
/* Why nothing came: the engine knows, and everybody who may may ask it. */
#include "why.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/endpoint.h"
#include "../common/engine_path.h"
#include "../common/fail.h"
#include "first.h"

#define PATIENCE_NS 2000000000u
#define ANSWER_MAX  8192 /* octets that are looked at */
#define TEXT_MAX    900  /* of the first line */
#define KNOCK_MS    20   /* between attempts to connect */

/* ---- the request ---- */

/* Of a join, what why takes: a group, a port and a source; "" when it is more than one of any. */
static void group_of_join(char *group, size_t cap, const char *join)
{
	const size_t len = strcspn(join, ",");

	group[0] = '\0';
	if (len < cap && strcspn(join, "/-+") >= len)
		snprintf(group, cap, "%.*s", (int)len, join);
}

/* The one group that was asked for, or "". */
static void only_group(char *group, size_t cap, const struct cat_options *o)
{
	const struct mcr_select_group *selected = &o->groups[0];

	group[0] = '\0';
	if (o->opts.n_groups == 1 && o->opts.n_ids == 0 && selected->port != 0)
		endpoint_format(group, selected->group, selected->port);
	else if (o->opts.n_groups == 1 && o->opts.n_ids == 0)
		mcr_address_format(group, selected->group);
	else if (o->opts.n_groups == 0 && o->opts.n_ids == 0 && o->n_joins == 1)
		group_of_join(group, cap, o->joins[0]);
}

/* Whether a text can stand in a string of JSON as it is. */
static int is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f || *text == '"' ||
		    *text == '\\')
			return 0;
	return 1;
}

size_t cat_why_request(char request[CAT_REQUEST_MAX], const struct cat_options *o)
{
	const char *channel = o->opts.channel ? o->opts.channel : "default";
	char group[256];
	int len;

	only_group(group, sizeof(group), o);
	if (!is_plain(channel) || !is_plain(group))
		return 0;
	len = snprintf(request, CAT_REQUEST_MAX,
		       group[0] ? "{\"command\":\"why\",\"channel\":\"%s\",\"group\":\"%s\"}\n"
				: "{\"command\":\"why\",\"channel\":\"%s\"}\n",
		       channel, group);
	return len > 0 && len < CAT_REQUEST_MAX ? (size_t)len : 0;
}

/* ---- the answer ---- */

/* Waits for an event of the socket. Returns 0, or -1 at the end of the time. */
static int wait_for(int fd, short events, uint64_t end_ns)
{
	struct pollfd it = {.fd = fd, .events = events};
	uint64_t now;

	while ((now = monotonic_ns()) < end_ns) {
		int n = poll(&it, 1, (int)((end_ns - now) / 1000000) + 1);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			break;
	}
	return -1;
}

/* Connects. While others wait to be accepted, and there is no room for one more, it is tried again.
 */
static int dial(const struct cat_options *o, const char *name, uint64_t end_ns)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *origin;
	int fd, ret;

	if (engine_path(address.sun_path, o->opts.run_dir, o->opts.name, name, &origin) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	while ((ret = connect(fd, (struct sockaddr *)&address, sizeof(address))) < 0 &&
	       errno == EAGAIN && monotonic_ns() < end_ns)
		poll(NULL, 0, KNOCK_MS);
	if (ret == 0)
		return fd;
	close(fd);
	return -1;
}

static int send_all(int fd, const char *request, size_t len, uint64_t end_ns)
{
	while (len > 0) {
		ssize_t n;

		if (wait_for(fd, POLLOUT, end_ns) < 0)
			return -1;
		n = send(fd, request, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (n > 0) {
			request += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Reads the answer's first line. Returns 1, or 0 or -1 when there is none. */
static int receive(int fd, char first[TEXT_MAX], uint64_t end_ns)
{
	char answer[ANSWER_MAX];
	size_t len = 0;
	int ret = 0;

	while (ret == 0 && len < sizeof(answer) && wait_for(fd, POLLIN, end_ns) == 0) {
		ssize_t n = recv(fd, answer + len, sizeof(answer) - len, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		ret = cat_first(first, TEXT_MAX, answer, len);
	}
	return ret;
}

/* Asks one of the engine's sockets. Returns 1 when first is there. */
static int ask(const struct cat_options *o, const char *name, char first[TEXT_MAX], uint64_t end_ns)
{
	char request[CAT_REQUEST_MAX];
	const size_t len = cat_why_request(request, o);
	const int fd = len > 0 ? dial(o, name, end_ns) : -1;
	int ret = 0;

	if (fd < 0)
		return 0;
	if (send_all(fd, request, len, end_ns) == 0)
		ret = receive(fd, first, end_ns) > 0;
	close(fd);
	return ret;
}

void cat_why(const struct cat_options *o)
{
	const uint64_t end_ns = monotonic_ns() + PATIENCE_NS;
	char first[TEXT_MAX];

	if (ask(o, "stats", first, end_ns) || ask(o, "control", first, end_ns))
		fail("%s", first);
}
