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
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/error.h"
#include "socket/calls.h"
#include "socket/link.h"
#include "socket/settings.h"
#include "socket/socket.h"
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

void mcr_wait_socket_joined(struct mcr_socket *s, int fd)
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

#endif
