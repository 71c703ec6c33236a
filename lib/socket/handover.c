/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/handover.h"

#include <netinet/in.h>
#include <string.h>

#include "socket/kernel_join.h"
#include "socket/real.h"
#include "socket/settings.h"
#include "socket/transfer.h"

static struct mcr_kernel_join kernel_join_of(const struct mcr_joined *j)
{
	return (struct mcr_kernel_join){.is_ipv4 = j->is_ipv4,
					.is_exclude = j->m.is_exclude,
					.ifindex = j->m.ifindex,
					.group = j->m.group,
					.sources = j->m.sources,
					.n_sources = j->m.n_sources};
}

static int is_to_go(const struct mcr_joined *j)
{
	return mcr_membership_is_live(&j->m) && !mcr_membership_is_mute(&j->m) &&
	       j->m.where != MCR_MEMBERSHIP_KERNEL;
}

static void join(struct mcr_object *o, void *ctx)
{
	struct mcr_socket *s = mcr_socket_of(o);
	int all[2] = {s->all_ipv4, s->all_ipv6};

	for (struct mcr_membership *m = s->memberships; m; m = m->next) {
		struct mcr_kernel_join k = kernel_join_of(mcr_joined_of(m));
		char text[MCR_ADDRESS_TEXT];
		int ret = -ENODEV;

		if (!is_to_go(mcr_joined_of(m)))
			continue;
		if (k.ifindex != 0)
			ret = mcr_joined_of(m)->loop == k.ifindex ? mcr_kernel_change(s->fd, &k)
								  : mcr_kernel_join(s->fd, &k);
		if (ret < 0)
			mcr_log("%s: the kernel does not receive it: %s",
				mcr_address_format(text, m->group), strerror(-ret));
	}
	mcr_real.setsockopt(s->fd, IPPROTO_IP, IP_MULTICAST_ALL, &all[0], sizeof(all[0]));
	if (s->family == AF_INET6)
		mcr_real.setsockopt(s->fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &all[1],
				    sizeof(all[1]));
}

static void leave(struct mcr_object *o, void *ctx)
{
	struct mcr_socket *s = mcr_socket_of(o);

	for (struct mcr_membership *m = s->memberships; m; m = m->next) {
		struct mcr_kernel_join k = kernel_join_of(mcr_joined_of(m));

		if (is_to_go(mcr_joined_of(m)) && k.ifindex != 0)
			mcr_kernel_leave(s->fd, &k);
	}
	mcr_transfer_set_all(s);
}

void mcr_handover_begin(void)
{
	mcr_table_each(MCR_OBJECT_SOCKET, join, NULL);
}

void mcr_handover_undo(void)
{
	mcr_table_each(MCR_OBJECT_SOCKET, leave, NULL);
}
