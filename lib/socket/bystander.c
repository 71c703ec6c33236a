/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/bystander.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"

static const struct mcr_socket_owner *taker; /* NULL: nothing is on the engine yet */

static int is_group(const struct sockaddr_storage *name)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)name;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)name;

	if (name->ss_family == AF_INET)
		return in->sin_port != 0 &&
		       (in->sin_addr.s_addr == 0 || mcr_ipv4_is_multicast(in->sin_addr.s_addr));
	return in6->sin6_port != 0 &&
	       (IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr) ||
		IN6_IS_ADDR_MULTICAST(&in6->sin6_addr) || IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr));
}

static void take(int fd)
{
	struct sockaddr_storage name = {0};
	socklen_t len = sizeof(name);
	struct mcr_socket *s;

	if (mcr_table_find(fd) || mcr_socket_family(fd) == 0 ||
	    getsockname(fd, (struct sockaddr *)&name, &len) < 0 || !is_group(&name))
		return;
	s = mcr_socket_adopt(fd, taker);
	if (s)
		mcr_socket_release(s);
}

void mcr_bystander_bound(int fd)
{
	int saved = errno;

	if (__atomic_load_n(&taker, __ATOMIC_ACQUIRE))
		take(fd);
	errno = saved;
}

void mcr_bystander_begin(const struct mcr_socket_owner *owner)
{
	DIR *all;
	struct dirent *entry;

	if (__atomic_exchange_n(&taker, owner, __ATOMIC_ACQ_REL))
		return;
	mcr_signal_enter(); /* opendir allocates */
	all = opendir("/proc/self/fd");
	while (all && (entry = readdir(all)))
		if (entry->d_name[0] != '.')
			take((int)strtol(entry->d_name, NULL, 10));
	if (all)
		closedir(all);
	mcr_signal_leave();
}
