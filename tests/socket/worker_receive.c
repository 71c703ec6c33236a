/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps that receive. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/net_tstamp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "worker.h"

#define BUFFER   8192
#define MESSAGES 4
#define PIECES   16
#define FILL     0xee /* what no call may write over */

enum form {
	RECV,
	RECVFROM,
	RECVMSG,
	RECVMMSG,
	READ,
	READV
};

struct message {
	uint8_t data[BUFFER];
	struct sockaddr_storage name;
	uint8_t control[512];
	struct iovec pieces[PIECES];
};

/* One for each thread. */
static _Thread_local struct message messages[MESSAGES];

static const struct bit_name flag_names[] = {
    {MSG_PEEK, "PEEK"},
    {MSG_TRUNC, "TRUNC"},
    {MSG_DONTWAIT, "DONTWAIT"},
    {MSG_WAITALL, "WAITALL"},
    {MSG_WAITFORONE, "WAITFORONE"},
    {MSG_ERRQUEUE, "ERRQUEUE"},
    {MSG_CMSG_CLOEXEC, "CMSG_CLOEXEC"},
    {MSG_OOB, "OOB"},
    {MSG_CTRUNC, "CTRUNC"},
    {MSG_NOSIGNAL, "NOSIGNAL"},
    {MSG_EOR, "EOR"},
    {0, NULL},
};

static void say_payload(struct text *t, const uint8_t *data, ssize_t result, size_t room)
{
	size_t n = result < 0 ? 0 : (size_t)result < room ? (size_t)result : room;

	if (result >= 0)
		say_octets(t, data, n);
	for (size_t i = n; i < BUFFER; i++)
		if (data[i] != FILL) {
			say(t, " octet %zu is changed", i);
			return;
		}
}

/* A time of arrival: of the last minutes. */
static void say_time(struct text *t, time_t seconds, long fraction, long whole)
{
	time_t now = time(NULL);

	if (seconds == 0 && fraction == 0)
		say(t, " none");
	else
		say(t, " %s",
		    seconds > now - 120 && seconds <= now && fraction >= 0 && fraction < whole
			? "now"
			: "wrong");
}

static void say_stamps(struct text *t, const struct timespec *ts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		say_time(t, ts[i].tv_sec, ts[i].tv_nsec, 1000000000);
}

static void say_socket_control(struct text *t, const struct cmsghdr *c, size_t len)
{
	struct timeval tv;
	struct timespec ts[3];

	switch (c->cmsg_type) {
	case SO_TIMESTAMP:
		say(t, " TIMESTAMP");
		if (len == sizeof(tv)) {
			memcpy(&tv, CMSG_DATA(c), sizeof(tv));
			say_time(t, tv.tv_sec, tv.tv_usec, 1000000);
		}
		break;
	case SO_TIMESTAMPNS:
	case SO_TIMESTAMPING:
		say(t, c->cmsg_type == SO_TIMESTAMPNS ? " TIMESTAMPNS" : " TIMESTAMPING");
		if (len == sizeof(ts) || len == sizeof(ts[0])) {
			memcpy(ts, CMSG_DATA(c), len);
			say_stamps(t, ts, (unsigned)(len / sizeof(ts[0])));
		}
		break;
	default:
		say(t, " SOL_SOCKET %d", c->cmsg_type);
	}
}

static void say_other_control(struct text *t, const struct cmsghdr *c, size_t len)
{
	char buf[2][INET6_ADDRSTRLEN], name[IF_NAMESIZE];
	struct sockaddr_storage a;
	struct in_pktinfo info;
	struct in6_pktinfo info6;

	memset(&a, 0, sizeof(a));
	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO && len == sizeof(info)) {
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		say(t, " PKTINFO %s %s %s", if_indextoname((unsigned)info.ipi_ifindex, name),
		    inet_ntop(AF_INET, &info.ipi_spec_dst, buf[0], sizeof(buf[0])),
		    inet_ntop(AF_INET, &info.ipi_addr, buf[1], sizeof(buf[1])));
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO &&
		   len == sizeof(info6)) {
		memcpy(&info6, CMSG_DATA(c), sizeof(info6));
		say(t, " PKTINFO6 %s %s", if_indextoname(info6.ipi6_ifindex, name),
		    inet_ntop(AF_INET6, &info6.ipi6_addr, buf[0], sizeof(buf[0])));
	} else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_ORIGDSTADDR) ||
		   (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_ORIGDSTADDR)) {
		memcpy(&a, CMSG_DATA(c), len < sizeof(a) ? len : sizeof(a));
		say(t, " ORIGDSTADDR");
		say_address(t, &a, (socklen_t)len, (socklen_t)len);
	} else {
		say(t, " level %d type %d", c->cmsg_level, c->cmsg_type);
		for (size_t i = 0; i < len && i < 8; i++)
			say(t, "%s%02x", i ? "" : " ", CMSG_DATA(c)[i]);
	}
}

static void say_control(struct text *t, struct msghdr *msg)
{
	say(t, " control %zu {", msg->msg_controllen);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t len = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level == SOL_SOCKET)
			say_socket_control(t, c, len);
		else
			say_other_control(t, c, len);
		say(t, " (%zu)", len);
	}
	say(t, " }");
}

/* Room for a sender's address: variants of a step. */
static socklen_t name_room(int variant)
{
	static const socklen_t rooms[] = {sizeof(struct sockaddr_storage), 0, 4, 0,
					  sizeof(struct sockaddr_in)};

	return rooms[variant];
}
#define NAME_NULL 1

/* The buffer of len octets in n pieces; the last ones are empty if there are too few octets. */
static void fill_message(struct message *m, struct msghdr *msg, const struct step *s, unsigned n)
{
	size_t len = (size_t)s->a[2], at = 0;

	memset(m, FILL, sizeof(*m));
	for (unsigned i = 0; i < n; i++) {
		size_t piece = i + 1 == n ? len - at : len / n;

		m->pieces[i] = (struct iovec){m->data + at, piece};
		at += piece;
	}
	*msg = (struct msghdr){
	    .msg_name = s->a[3] == NAME_NULL ? NULL : &m->name,
	    .msg_namelen = name_room(s->a[3]),
	    .msg_iov = m->pieces,
	    .msg_iovlen = n,
	    .msg_control = s->a[4] ? m->control : NULL,
	    .msg_controllen = (size_t)s->a[4],
	    .msg_flags = 0x55,
	};
}

static void say_message(struct text *t, struct message *m, struct msghdr *msg, ssize_t len,
			const struct step *s)
{
	say_payload(t, m->data, len, (size_t)s->a[2]);
	say(t, " from ");
	if (msg->msg_name)
		say_address(t, &m->name, name_room(s->a[3]), msg->msg_namelen);
	else
		say(t, "NULL [%u]", msg->msg_namelen);
	say(t, " flags ");
	say_bits(t, flag_names, (unsigned)msg->msg_flags);
	say_control(t, msg);
}

static void run_recvmmsg(struct text *t, const struct step *s)
{
	static const struct timespec timeouts[] = {{0, 0}, {0, 0}, {3600, 0}};
	struct mmsghdr headers[MESSAGES];
	struct timespec timeout = timeouts[s->a[6]];
	int n;

	memset(headers, 0, sizeof(headers));
	for (int i = 0; i < s->a[5]; i++) {
		fill_message(&messages[i], &headers[i].msg_hdr, s, 1);
		headers[i].msg_len = 0x5555;
	}
	n = call(recvmmsg)(slot_fds[s->slot], headers, (unsigned)s->a[5], s->a[1],
			   s->a[6] ? &timeout : NULL);
	say(t, ", %d messages%s)", s->a[5],
	    s->a[6] == 0   ? ""
	    : s->a[6] == 1 ? ", no time"
			   : ", an hour");
	say_result(t, n);
	for (int i = 0; i < n; i++) {
		say(t, "\n        %d: %u", i, headers[i].msg_len);
		say_message(t, &messages[i], &headers[i].msg_hdr, headers[i].msg_len, s);
	}
	for (int i = n < 0 ? 0 : n; i < s->a[5]; i++)
		if (headers[i].msg_len != 0x5555)
			say(t, " message %d is changed", i);
}

/* a[0]: form, [1]: flags, [2]: octets of buffer, [3]: variant of the address' room, [4]: octets for
 * control messages, [5]: pieces, or messages of recvmmsg, [6]: its timeout */
void run_receive(struct text *t, const struct step *s)
{
	static const char *const names[] = {"recv",     "recvfrom", "recvmsg",
					    "recvmmsg", "read",     "readv"};
	struct message *m = &messages[0];
	int fd = slot_fds[s->slot];
	socklen_t name_len = name_room(s->a[3]);
	size_t len = (size_t)s->a[2];
	struct msghdr msg;
	ssize_t result;

	say(t, "%s(", names[s->a[0]]);
	say_slot(t, s->slot);
	say(t, ", %d", s->a[2]);
	if (s->a[0] == READV || s->a[0] == RECVMSG)
		say(t, " in %d", s->a[5]);
	if (s->a[0] != READ && s->a[0] != READV) {
		say(t, ", ");
		say_bits(t, flag_names, (unsigned)s->a[1]);
	}
	if (s->a[0] == RECVMMSG) {
		run_recvmmsg(t, s);
		return;
	}
	fill_message(m, &msg, s, (unsigned)s->a[5]);
	switch (s->a[0]) {
	case RECV:
		result = call(recv)(fd, m->data, len, s->a[1]);
		break;
	case RECVFROM:
		result = call(recvfrom)(fd, m->data, len, s->a[1],
					s->a[3] == NAME_NULL ? NULL : (struct sockaddr *)&m->name,
					s->a[3] == NAME_NULL ? NULL : &name_len);
		break;
	case RECVMSG:
		result = call(recvmsg)(fd, &msg, s->a[1]);
		break;
	case READ:
		result = call(read)(fd, m->data, len);
		break;
	default:
		result = call(readv)(fd, m->pieces, s->a[5]);
		break;
	}
	say(t, ")");
	say_result(t, result);
	if (s->a[0] == RECVMSG && result >= 0) {
		say_message(t, m, &msg, result, s);
		return;
	}
	say_payload(t, m->data, result, len);
	if (s->a[0] == RECVFROM && s->a[3] != NAME_NULL && result >= 0)
		say_address(t, &m->name, name_room(s->a[3]), name_len);
}

/* All sockets' queues. */
void run_drain(struct text *t, const struct step *s)
{
	struct message *m = &messages[0];
	socklen_t len;
	ssize_t n;
	int type;

	say(t, "drain:");
	for (unsigned i = 0; i < SLOT_NONE; i++) {
		len = sizeof(type);
		if (slot_fds[i] < 0 ||
		    getsockopt(slot_fds[i], SOL_SOCKET, SO_TYPE, &type, &len) < 0)
			continue;
		say(t, " ");
		say_slot(t, i);
		for (unsigned k = 0; k < 200; k++) {
			n = call(recv)(slot_fds[i], m->data, sizeof(m->data), MSG_DONTWAIT);
			if (n < 0) {
				say(t, " %s", strerrorname_np(errno));
				break;
			}
			say(t, " %zd", n);
			say_octets(t, m->data, (size_t)n);
		}
	}
}
