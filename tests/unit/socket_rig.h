/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs written for sockets, on a small engine whose one interface the kernel does not know, as
 * with vfio: what a test receives came out of a ring. */
#ifndef MCR_TEST_SOCKET_RIG_H
#define MCR_TEST_SOCKET_RIG_H

#include <arpa/inet.h>
#include <netinet/in.h>

#include "joiner_rig.h"

#include "core/address.h"
#include "core/attach_wire.h"
#include "socket/calls.h"
#include "socket/socket.h"

#define GROUP "239.1.1.1"
#define PORT  5000

/* The engine answers each request, however late its thread gets to run: the 0.2 s that a program's
 * join is given are not these tests'. */
struct mcr_attachment;
int __real_mcr_attachment_wait(const struct mcr_attachment *a, uint64_t deadline_ns,
			       struct mcr_error *err);
int __wrap_mcr_attachment_wait(const struct mcr_attachment *a, uint64_t deadline_ns,
			       struct mcr_error *err);
int __wrap_mcr_attachment_wait(const struct mcr_attachment *a, uint64_t deadline_ns,
			       struct mcr_error *err)
{
	return __real_mcr_attachment_wait(a, deadline_ns + UINT64_C(20000000000), err);
}

static struct small_engine engine;
static struct joined engine_joined;

static inline int describe_feed(void *ctx, uint32_t index, struct mcr_wire_interface *out)
{
	if (index > 0)
		return -ENOENT;
	memset(out, 0, sizeof(*out));
	strcpy(out->name, "feed");
	strcpy(out->port, "0000:01:00.0");
	out->address = mcr_address_from_ipv4(inet_addr("10.0.0.2"));
	out->prefix_len = 24;
	return 0;
}

static inline void engine_describes(void)
{
	pthread_mutex_lock(&engine.lock);
	mcr_attach_server_interfaces(engine.server, describe_feed, NULL);
	pthread_mutex_unlock(&engine.lock);
}

/* For all tests of a file: the library reads its settings once. */
static inline int engine_begin(void **state)
{
	engine_create(&engine, &engine_joined, geteuid());
	engine_describes();
	setenv("MCRING_RUN_DIR", engine.dir, 1);
	setenv("MCRING_CHANNEL", "md", 1);
	setenv("MCRING_KERNEL_EVERY", "1", 1);
	return 0;
}

static inline int engine_end(void **state)
{
	engine_destroy(&engine, &engine_joined);
	return 0;
}

/* A datagram of the group's, from 10.0.0.7:6000, to a port. */
static inline void arrive_from(const char *group, uint16_t port, const char *source,
			       uint16_t source_port, const void *payload, uint32_t len)
{
	struct mcr_record record = small_engine_record(&engine.writers[0]);

	record.group_be = inet_addr(group);
	record.source_be = inet_addr(source);
	record.port = port;
	record.source_port = source_port;
	record.vlan_kind = 0;
	small_engine_put(&engine, 0, record, payload, len);
}

static inline void arrive(const char *text)
{
	arrive_from(GROUP, PORT, "10.0.0.7", 6000, text, (uint32_t)strlen(text));
}

static inline struct sockaddr_in address_of(const char *text, uint16_t port)
{
	return (struct sockaddr_in){
	    .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(text), .sin_port = htons(port)};
}

static inline int join_group(int fd, const char *group)
{
	struct ip_mreqn mreq = {.imr_multiaddr.s_addr = inet_addr(group)};

	return mcr_sock_setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq));
}

static inline int leave_group(int fd, const char *group)
{
	struct ip_mreqn mreq = {.imr_multiaddr.s_addr = inet_addr(group)};

	return mcr_sock_setsockopt(fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &mreq, sizeof(mreq));
}

static inline int bind_to(int fd, const char *text, uint16_t port)
{
	struct sockaddr_in to = address_of(text, port);
	int on = 1; /* other tests bind the same port meanwhile */

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return mcr_sock_bind(fd, (struct sockaddr *)&to, sizeof(to));
}

/* A socket that has joined GROUP and is bound to PORT. */
static inline int joined_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;

	assert_true(fd >= 0);
	assert_int_equal(mcr_sock_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(join_group(fd, GROUP), 0);
	assert_int_equal(bind_to(fd, "0.0.0.0", PORT), 0);
	return fd;
}

/* An epoll set with one member, whose data is its number. */
static inline int set_with(int fd, uint32_t events)
{
	int set = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = {.events = events, .data.fd = fd};

	assert_int_equal(mcr_sock_epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0);
	return set;
}

/* What the socket has now, as text; "-" when it has nothing. */
static inline const char *receive_now(int fd)
{
	static char buf[2048];
	ssize_t n = mcr_sock_recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	if (n < 0) {
		assert_int_equal(errno, EAGAIN);
		return "-";
	}
	buf[n] = '\0';
	return buf;
}

#endif
