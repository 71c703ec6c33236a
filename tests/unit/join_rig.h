/* SPDX-License-Identifier: BSD-3-Clause */
/* What lib/socket's joins call of others: an attachment that keeps what is joined, the settings and
 * the log. Two interfaces of the kernel's, in a network namespace of the test's. */
#ifndef MCR_TEST_JOIN_RIG_H
#define MCR_TEST_JOIN_RIG_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/address.h"
#include "core/error.h"
#include "core/interface_list.h"
#include "socket/calls.h"
#include "socket/link.h"
#include "socket/process.h"
#include "socket/report.h"
#include "socket/settings.h"
#include "socket/signals.h"
#include "socket/socket.h"
#include "socket/table.h"
#include "socket/wait.h"

#define JOINS_MAX 256

/* ---- the attachment ---- */

static struct {
	int code;    /* of mcr_link_open: 0 = attached */
	int refusal; /* of all joins */
	struct mcr_consumer_interface interfaces[4];
	uint32_t n_interfaces;
	char *joins[JOINS_MAX];
	size_t n;
} fake;

uint32_t mcr_link_life_now = 1;

int mcr_link_open(struct mcr_error *err)
{
	return fake.code < 0 ? mcr_error_set(err, fake.code, "made up") : 0;
}

enum mcr_link_state mcr_link_state(void)
{
	return fake.code == 0 ? MCR_LINK_ATTACHED : MCR_LINK_ABSENT;
}

int mcr_link_join(const char *text, struct mcr_error *err)
{
	if (fake.code < 0)
		return mcr_error_set(err, -EPIPE, "no engine");
	if (fake.refusal < 0)
		return mcr_error_set(err, fake.refusal, "refused by the test");
	assert_true(fake.n < JOINS_MAX);
	fake.joins[fake.n++] = strdup(text);
	return 0;
}

void mcr_link_leave(const char *text)
{
	size_t i = 0;

	while (i < fake.n && strcmp(fake.joins[i], text) != 0)
		i++;
	if (i == fake.n)
		fail_msg("%s is left, but was not joined", text);
	free(fake.joins[i]);
	fake.joins[i] = fake.joins[--fake.n];
}

int mcr_link_has_joins(void)
{
	return fake.n > 0;
}

int mcr_link_interface(uint32_t i, struct mcr_consumer_interface *out)
{
	if (fake.code < 0 || i >= fake.n_interfaces)
		return -ENOENT;
	*out = fake.interfaces[i];
	return 0;
}

/* There are no rings. */
int mcr_link_cursor(struct mcr_consumer **out, struct mcr_error *err)
{
	*out = NULL;
	return fake.code < 0 ? -EPIPE : 0;
}

static inline void forget_joins(void)
{
	while (fake.n > 0)
		free(fake.joins[--fake.n]);
}

/* The engine comes (0) or goes, with what was joined there. */
static inline void engine_is(int code)
{
	fake.code = code;
	forget_joins();
	mcr_link_life_now++;
}

static inline int is_joined(const char *text)
{
	for (size_t i = 0; i < fake.n; i++)
		if (strcmp(fake.joins[i], text) == 0)
			return 1;
	return 0;
}

static inline void add_interface(const char *name, const char *netdev, const char *address)
{
	struct mcr_consumer_interface *i = &fake.interfaces[fake.n_interfaces++];

	memset(i, 0, sizeof(*i));
	snprintf(i->name, sizeof(i->name), "%s", name);
	snprintf(i->netdev, sizeof(i->netdev), "%s", netdev);
	if (address)
		i->address = mcr_address_from_ipv4(inet_addr(address));
}

/* ---- the rest ---- */

static struct mcr_settings settings;
static char last_log[512];

const struct mcr_settings *mcr_settings_get(void)
{
	return &settings;
}

void mcr_log(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(last_log, sizeof(last_log), format, args);
	va_end(args);
}

_Thread_local struct mcr_signal_state mcr_signal_state;

void mcr_signal_run(void)
{
}

int mcr_process_is_borrowed(void)
{
	return 0;
}

void mcr_wait_socket_joined(struct mcr_socket *s, int fd)
{
}

void mcr_report(void)
{
}

/* ---- the namespace ---- */

#define ETH1 "10.9.0.2"
#define ETH2 "10.9.1.2"

static uint32_t eth1, eth2;

/* The kernel routes groups to eth1. */
static inline int own_namespace(void **state)
{
	if (unshare(CLONE_NEWNET) < 0 || system("ip link set lo up && "
						"ip link add eth1 type veth peer name eth2 && "
						"ip addr add " ETH1 "/24 dev eth1 && "
						"ip addr add " ETH2 "/24 dev eth2 && "
						"ip link set eth1 up && ip link set eth2 up && "
						"ip route add 224.0.0.0/4 dev eth1") != 0)
		return 0;
	eth1 = if_nametoindex("eth1");
	eth2 = if_nametoindex("eth2");
	return 0;
}

#define GROUP  "239.1.1.1"
#define SECOND "239.1.1.2"
#define SOURCE "10.0.0.7"

static char dir[64];

/* ---- what there is ---- */

static inline void write_list(const char *where, const char *text)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "%s/" MCR_INTERFACE_LIST_FILE, where);
	unlink(path);
	if (!text)
		return;
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "mcring-interfaces 1\n%s", text);
	fclose(f);
}

#define VFIO                                                                                \
	"name=feed port=0000:01:00.0 netdev= kernel= vlan=0 address=10.5.0.2/24 address6= " \
	"shared=no\n"
#define SHARED_ETH2                                                                     \
	"name=feed port=net0 netdev=eth2 kernel= vlan=0 address=" ETH2 "/24 address6= " \
	"shared=yes\n"
#define ALONE_ETH2                                                             \
	"name=feed port=0000:02:00.0 netdev=eth2 kernel= vlan=0 address=" ETH2 \
	"/24 address6= shared=no\n"

static inline void begin(const char *list)
{
	if (eth1 == 0)
		skip();
	memset(&settings, 0, sizeof(settings));
	settings.run_dir = dir;
	last_log[0] = '\0';
	fake.refusal = 0;
	fake.n_interfaces = 0;
	write_list(dir, list);
	engine_is(-ENOENT);
}

/* An engine whose port the kernel does not see. */
static inline void begin_vfio(void)
{
	begin(VFIO);
	add_interface("feed", "", "10.5.0.2");
}

/* An engine on a device that the kernel sees, but does not route groups to. */
static inline void begin_shared(void)
{
	begin(SHARED_ETH2);
	add_interface("feed", "eth2", ETH2);
}

/* ---- what a program does ---- */

static inline int make(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	return fd;
}

static inline void end(int fd)
{
	mcr_table_forget(fd);
	close(fd);
	assert_int_equal(fake.n, 0);
}

/* Returns 0 or the errno. */
static inline int set(int fd, int name, const char *group, uint32_t ifindex, const char *address)
{
	struct ip_mreqn mreq = {.imr_multiaddr.s_addr = inet_addr(group),
				.imr_address.s_addr = address ? inet_addr(address) : 0,
				.imr_ifindex = (int)ifindex};

	return mcr_sock_setsockopt(fd, IPPROTO_IP, name, &mreq, sizeof(mreq)) < 0 ? errno : 0;
}

static inline int join(int fd, const char *group, uint32_t ifindex)
{
	return set(fd, IP_ADD_MEMBERSHIP, group, ifindex, NULL);
}

static inline int leave(int fd, const char *group, uint32_t ifindex)
{
	return set(fd, IP_DROP_MEMBERSHIP, group, ifindex, NULL);
}

static inline int set_source(int fd, int name, const char *group, const char *source)
{
	struct ip_mreq_source mreq = {.imr_multiaddr.s_addr = inet_addr(group),
				      .imr_sourceaddr.s_addr = inet_addr(source)};

	return mcr_sock_setsockopt(fd, IPPROTO_IP, name, &mreq, sizeof(mreq)) < 0 ? errno : 0;
}

/* How many sources the kernel's membership lists; -1: it has none. *mode: MCAST_INCLUDE, ... */
static inline int in_kernel(int fd, const char *group, uint32_t ifindex, uint32_t *mode)
{
	struct group_filter filter = {.gf_interface = ifindex, .gf_group.ss_family = AF_INET};
	socklen_t len = GROUP_FILTER_SIZE(0);

	inet_pton(AF_INET, group, &((struct sockaddr_in *)&filter.gf_group)->sin_addr);
	if (getsockopt(fd, IPPROTO_IP, MCAST_MSFILTER, &filter, &len) < 0)
		return -1;
	if (mode)
		*mode = filter.gf_fmode;
	return (int)filter.gf_numsrc;
}

static inline int all_of_kernel(int fd)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &value, &len), 0);
	return value;
}

/* The next call finds that the engine came or went. */
static inline void touch(int fd)
{
	struct mcr_socket *s = mcr_socket_hold(fd);

	assert_non_null(s);
	mcr_socket_release(s);
}

static inline int own_host(void **state)
{
	strcpy(dir, "/tmp/mcring-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/run", "tmpfs", 0, NULL) < 0)
		return 0;
	return own_namespace(state);
}

static inline int remove_dir(void **state)
{
	write_list(dir, NULL);
	return rmdir(dir);
}

#endif
