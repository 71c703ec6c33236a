/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "engine/netdev/netlink.h"

#define BUFFER_BYTES 32768 /* one interface takes about 1.5 KiB */
#define ANSWER_MS    1000
#define ASKS_MAX     3
#define SOCKET_BYTES (1 << 20) /* for news of others while the kernel keeps us waiting */

/* ---- messages ---- */

const struct nlmsghdr *mcr_netlink_next_message(const uint8_t **at, size_t *len)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)*at;
	size_t step;

	if (*len < sizeof(*h) || h->nlmsg_len < sizeof(*h) || h->nlmsg_len > *len)
		return NULL;
	step = NLMSG_ALIGN((size_t)h->nlmsg_len);
	if (step > *len)
		step = *len;
	*at += step;
	*len -= step;
	return h;
}

int mcr_netlink_is_answer(const struct mcr_netlink *n, const struct nlmsghdr *message)
{
	return message->nlmsg_seq == n->serial && message->nlmsg_pid == n->port;
}

const uint8_t *mcr_netlink_first_attr(const struct nlmsghdr *message, size_t size)
{
	return (const uint8_t *)message + NLMSG_LENGTH(NLMSG_ALIGN(size));
}

const struct rtattr *mcr_netlink_next_attr(const uint8_t **at, const uint8_t *end)
{
	const struct rtattr *a = (const struct rtattr *)*at;
	size_t left = (size_t)(end - *at);

	if (left < sizeof(*a) || a->rta_len < sizeof(*a) || a->rta_len > left)
		return NULL;
	*at += RTA_ALIGN(a->rta_len) < left ? RTA_ALIGN(a->rta_len) : left;
	return a;
}

size_t mcr_netlink_payload(const struct rtattr *a)
{
	return a->rta_len - RTA_LENGTH(0);
}

int mcr_netlink_take(void *out, size_t size, const struct rtattr *a)
{
	if (mcr_netlink_payload(a) < size)
		return 0;
	memcpy(out, RTA_DATA(a), size);
	return 1;
}

/* ---- the socket ---- */

int mcr_netlink_open(struct mcr_netlink *n, uint32_t groups)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
	socklen_t len = sizeof(address);
	const int bytes = SOCKET_BYTES;
	int ret;

	*n = (struct mcr_netlink){
	    .fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)};
	if (n->fd < 0)
		return -errno;
	/* To exceed the system's limit takes CAP_NET_ADMIN; without it, the limit will do. */
	if (setsockopt(n->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(n->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (bind(n->fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    getsockname(n->fd, (struct sockaddr *)&address, &len) == 0) {
		n->port = address.nl_pid;
		return 0;
	}
	ret = -errno;
	mcr_netlink_close(n);
	return ret;
}

void mcr_netlink_close(struct mcr_netlink *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Reads one datagram of the kernel's. Returns what input says, 0 when it is not the kernel's,
 * -ENOBUFS: some were lost, or another -errno. */
static int receive(struct mcr_netlink *n, mcr_netlink_input input, void *ctx)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[BUFFER_BYTES];
	struct sockaddr_nl from = {0};
	socklen_t len = sizeof(from);
	ssize_t got = recvfrom(n->fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &len);

	if (got < 0)
		return errno == EINTR ? 0 : -errno;
	return from.nl_pid == 0 ? input(ctx, buffer, (size_t)got) : 0;
}

int mcr_netlink_hear(struct mcr_netlink *n, mcr_netlink_input input, void *ctx)
{
	int ret, is_lost = 0;

	do {
		ret = receive(n, input, ctx);
		is_lost |= ret == -ENOBUFS;
	} while (ret >= 0 || ret == -ENOBUFS);
	return is_lost ? -ENOBUFS : 0;
}

/* Asks, and reads until the answer comes. Returns 1, -ENOBUFS: the answer may be among what was
 * lost, or another -errno. */
static int ask_once(struct mcr_netlink *n, struct nlmsghdr *question, mcr_netlink_input input,
		    void *ctx)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct pollfd p = {.fd = n->fd, .events = POLLIN};
	int ret, is_lost = 0;
	uint64_t end_ms;

	if (++n->serial == 0) /* which marks what the kernel says unasked */
		n->serial = 1;
	question->nlmsg_seq = n->serial;
	ret = sendto(n->fd, question, question->nlmsg_len, 0, (struct sockaddr *)&kernel,
		     sizeof(kernel)) < 0
		  ? -errno
		  : 0;
	end_ms = now_ms() + ANSWER_MS; /* asking waits for the kernel's lock, too */
	while (ret == 0) {
		if (now_ms() >= end_ms)
			return -ETIMEDOUT;
		ret = receive(n, input, ctx);
		if (ret == -ENOBUFS) {
			is_lost = 1;
			ret = 0;
		} else if (ret == -EAGAIN && is_lost) {
			return -ENOBUFS;
		} else if (ret == -EAGAIN) {
			poll(&p, 1, ANSWER_MS);
			ret = 0;
		}
	}
	return ret;
}

int mcr_netlink_ask(struct mcr_netlink *n, struct nlmsghdr *question, mcr_netlink_input input,
		    void *ctx)
{
	int ret = -ENOBUFS;

	for (unsigned i = 0; i < ASKS_MAX && (ret == -ENOBUFS || ret == -EINTR); i++)
		ret = ask_once(n, question, input, ctx);
	return ret < 0 ? ret : 0;
}
