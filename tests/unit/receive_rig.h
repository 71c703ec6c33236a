/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests of mcr_receive: an engine that comes and goes, a host with one device, lo, and the
 * addresses 10.0.0.1 and 10.0.0.2, and a script that the callback plays. */
#ifndef MCR_TEST_RECEIVE_RIG_H
#define MCR_TEST_RECEIVE_RIG_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <mcring/receive.h>

#include "core/attach_wire.h"
#include "joiner_rig.h"

#define GROUP  "239.1.1.1"
#define GROUP6 "ff15::1"
#define PORT   5000

/* ---- the host ---- */

static inline void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static inline void set_address(int fd, const char *name, const char *address)
{
	struct ifreq request = {0};
	struct sockaddr_in to = {.sin_family = AF_INET};

	to.sin_addr.s_addr = inet_addr(address);
	strcpy(request.ifr_name, name);
	memcpy(&request.ifr_addr, &to, sizeof(to));
	assert_int_equal(ioctl(fd, SIOCSIFADDR, &request), 0);
}

/* All groups of IPv6 are on lo. */
static inline void route_ipv6_to_lo(void)
{
	struct in6_rtmsg route = {.rtmsg_dst = {{{0xff}}},
				  .rtmsg_dst_len = 8,
				  .rtmsg_metric = 1,
				  .rtmsg_flags = RTF_UP | RTF_LOCAL,
				  .rtmsg_ifindex = (int)if_nametoindex("lo")};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCADDRT, &route), 0);
	close(fd);
}

/* A network of its own, without root too. Returns 0, or -1: not here. Before any thread. */
static inline int make_host(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	const uid_t uid = geteuid();
	char map[64];
	int fd;

	if (unshare(CLONE_NEWNET) < 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
			return -1;
		snprintf(map, sizeof(map), "%u %u 1", uid, uid);
		write_file("/proc/self/uid_map", map);
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	set_address(fd, "lo:1", "10.0.0.1");
	set_address(fd, "lo:2", "10.0.0.2");
	route_ipv6_to_lo();
	close(fd);
	return 0;
}

/* A datagram that a host sends. from: "10.0.0.1", "10.0.0.2", or "::1". */
static inline void send_from(const char *from, const char *group, unsigned port, const void *data,
			     size_t len)
{
	const int is_ipv4 = !strchr(group, ':'), lo = (int)if_nametoindex("lo"), ttl = 7;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)},
			   own = to;
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = to.sin_port};
	struct ip_mreqn out = {.imr_ifindex = lo};
	int fd = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	own.sin_port = 0;
	if (is_ipv4) {
		assert_int_equal(inet_pton(AF_INET, group, &to.sin_addr), 1);
		assert_int_equal(inet_pton(AF_INET, from, &own.sin_addr), 1);
		assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
		assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof(out)), 0);
		assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl)),
				 0);
		assert_int_equal(sendto(fd, data, len, 0, (struct sockaddr *)&to, sizeof(to)),
				 (ssize_t)len);
	} else {
		assert_int_equal(inet_pton(AF_INET6, group, &to6.sin6_addr), 1);
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &lo, sizeof(lo)),
				 0);
		assert_int_equal(
		    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &ttl, sizeof(ttl)), 0);
		assert_int_equal(sendto(fd, data, len, 0, (struct sockaddr *)&to6, sizeof(to6)),
				 (ssize_t)len);
	}
	close(fd);
}

static inline void send_text(const char *text)
{
	send_from("10.0.0.1", GROUP, PORT, text, strlen(text));
}

/* ---- the engine ---- */

struct host {
	struct small_engine engine;
	struct joined joined;
	int runs;
	unsigned lives;
	uid_t joiner;
	char list[128];
};

static inline int describe_feed(void *ctx, uint32_t index, struct mcr_wire_interface *out)
{
	*out = (struct mcr_wire_interface){.name = "feed", .netdev = "lo"};
	return index == 0 ? 0 : -ENOENT;
}

/* What the engine leaves in its run directory: "yes" or "no" for shared. */
static inline void list_interfaces(struct host *h, const char *shared)
{
	char text[256];

	snprintf(text, sizeof(text), "mcring-interfaces 1\nname=feed netdev=lo kernel= shared=%s\n",
		 shared);
	write_file(h->list, text);
}

static inline void engine_comes(struct host *h)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	struct mcr_channel_config channel = {.name = "md", .bytes = 65536};

	channel.joiners.uids[0] = h->joiner;
	channel.joiners.n_uids = 1;
	memset(&h->joined, 0, sizeof(h->joined));
	small_engine_start(&h->engine, &attach, &channel, 1, 4711 + h->lives++);
	pthread_mutex_lock(&h->engine.lock);
	mcr_attach_server_joins(h->engine.server, &joining, &h->joined, 0);
	mcr_attach_server_interfaces(h->engine.server, describe_feed, NULL);
	pthread_mutex_unlock(&h->engine.lock);
	mcr_ring_set_started(&h->engine.writers[0], 1);
	h->runs = 1;
}

static inline void engine_goes(struct host *h)
{
	small_engine_kill(&h->engine);
	h->runs = 0;
}

/* shared: of the list, NULL = there is none. */
static inline void host_create(struct host *h, const char *shared, int runs)
{
	struct small_engine *e = &h->engine;

	memset(h, 0, sizeof(*h));
	h->joiner = geteuid();
	strcpy(e->dir, "/tmp/mcring-test-XXXXXX");
	assert_non_null(mkdtemp(e->dir));
	snprintf(e->path, sizeof(e->path), "%s/attach", e->dir);
	snprintf(h->list, sizeof(h->list), "%s/interfaces", e->dir);
	if (shared)
		list_interfaces(h, shared);
	if (runs)
		engine_comes(h);
}

static inline void host_destroy(struct host *h)
{
	if (h->runs)
		engine_goes(h);
	unlink(h->list);
	assert_int_equal(rmdir(h->engine.dir), 0);
}

/* A message of the ring for GROUP:PORT. */
static inline void publish(struct host *h, const char *text)
{
	small_engine_publish(&h->engine, 0, text, (uint32_t)strlen(text));
}

/* ---- the program ---- */

/* What a run saw, as text: "engine kernel:one lost:3 ...". */
struct run {
	struct host *host;
	void (*step)(struct run *run, const struct mcr_msg *m, const char *payload);
	char seen[4096];
	struct mcr_msg last; /* the last message with data */
	char said[512];      /* the text of the last report */
	uint64_t received, lost;
	unsigned idle;
	int result;
};

static inline const char *kind_name(unsigned kind)
{
	switch (kind) {
	case MCR_RECEIVE_ENGINE:
		return "engine";
	case MCR_RECEIVE_KERNEL:
		return "kernel";
	case MCR_RECEIVE_NOWHERE:
		return "nowhere";
	case MCR_RESTART:
		return "restart";
	default:
		return "other";
	}
}

static inline int on_message(void *ctx, const struct mcr_msg *m, const void *payload)
{
	struct run *run = ctx;
	size_t len = strlen(run->seen);
	char *to = run->seen + len;
	const size_t cap = sizeof(run->seen) - len;

	assert_ptr_equal(m->data, payload);
	if (m->kind == MCR_DATA) {
		run->received++;
		run->last = *m;
		snprintf(to, cap, " %.*s", m->len < 32 ? (int)m->len : 1, (const char *)payload);
	} else if (m->kind == MCR_LOST) {
		run->lost += m->lost;
	} else if (m->kind == MCR_RECEIVE_IDLE) {
		run->idle++;
	} else {
		snprintf(to, cap, " %s", kind_name(m->kind));
	}
	if (m->kind >= MCR_RECEIVE_ENGINE && m->kind <= MCR_RECEIVE_NOWHERE)
		snprintf(run->said, sizeof(run->said), "%s", (const char *)payload);
	if (run->step)
		run->step(run, m, payload);
	return run->result;
}

/* Runs until the script sets run->result. */
static inline int receive_with(struct run *run, struct mcr_receive_opts opts, struct mcr_error *err,
			       const char *const *joins, size_t n)
{
	opts.run_dir = run->host->engine.dir;
	opts.channel = "md";
	opts.joins = joins;
	opts.n_joins = n;
	if (opts.idle_ns == 0)
		opts.idle_ns = 1000000;
	return mcr_receive(&opts, on_message, run, err);
}

#define RECEIVE(run, err, ...)                                                     \
	receive_with((run), (struct mcr_receive_opts)MCR_RECEIVE_OPTS_INIT, (err), \
		     (const char *const[]){__VA_ARGS__},                           \
		     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

#endif
