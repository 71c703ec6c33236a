/* SPDX-License-Identifier: BSD-3-Clause */
/* One-way publication to the rx lcores, and what is freed when they have let go. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "engine/relay/relay_view.h"
#include "engine/state/log.h"
#include "engine/state/publish.h"
#include "engine/state/relay_views.h"
#include "engine/state/routes.h"
#include "engine/state/state.h"

void mcr_engine_free_view(struct mcr_view *view)
{
	if (view)
		mcr_relay_view_destroy(view->relay);
	free(view);
}

static void free_retired(struct mcr_engine *e, struct mcr_retired *r)
{
	for (size_t i = 0; i < r->n_slots; i++)
		mcr_slots_give(&e->slots, r->slots[i]);
	free(r->slots);
	mcr_engine_free_view(r->view);
	mcr_group_table_destroy(r->table);
	if (r->channel) {
		mcr_rings_stop(
		    &r->channel->rings); /* its lcores are done with it: consumers may know */
		mcr_engine_channel_discard(e, r->channel);
	}
	free(r);
}

void mcr_engine_reap(struct mcr_engine *e)
{
	struct mcr_retired **at = &e->retired;

	while (*at) {
		struct mcr_retired *r = *at;

		if (rte_rcu_qsbr_check(e->qsbr, r->token, false) != 1) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		free_retired(e, r);
	}
}

static void fill_view(const struct mcr_engine *e, struct mcr_view *view,
		      struct mcr_group_table *table)
{
	view->serial = e->view_serial + 1;
	view->table = table;
	for (unsigned c = 0; c < MCR_CHANNELS_MAX; c++)
		for (unsigned w = 0; e->channels[c] && w < e->n_workers; w++) {
			view->rings[c][w] = e->channels[c]->writers[w];
			view->handlers[c][w] = e->channels[c]->handlers[w];
		}
	for (size_t i = 0; i < e->n_ports; i++) {
		view->ports[e->ports[i]->id] = (struct mcr_view_port){
		    .interface_of_vlan = e->ports[i]->interface_of_vlan,
		    .link_changes = e->ports[i]->link_changes,
		    .link_up = e->ports[i]->link_up,
		    .removed = e->ports[i]->removed,
		};
		memcpy(view->ports[e->ports[i]->id].mac, e->ports[i]->mac.addr_bytes,
		       sizeof(view->ports[0].mac));
	}
}

static void fill_interfaces(const struct mcr_engine *e, struct mcr_view *view)
{
	for (size_t i = 0; i < e->n_interfaces; i++) {
		const struct mcr_interface_config *c = &e->interfaces[i].config;

		view->broadcast_be[i] =
		    mcr_ipv4_broadcast(mcr_address_ipv4_be(c->address), c->prefix_len);
	}
}

static void fill_kernel(const struct mcr_engine *e, struct mcr_view *view)
{
	for (unsigned i = 0; i < e->n_interfaces; i++) {
		const struct mcr_kernel_path *k = e->interfaces[i].kernel;

		if (!mcr_kernel_path_is_up(k))
			continue;
		view->kernel_interfaces |= UINT64_C(1) << i;
		for (size_t g = 0; g < k->n_groups; g++)
			if (view->n_kernel_groups < MCR_VIEW_KERNEL_GROUPS)
				view->kernel_groups[view->n_kernel_groups++] =
				    mcr_view_kernel_group(i, k->groups[g]);
	}
}

int mcr_engine_publish(struct mcr_engine *e, struct mcr_group_table *table, struct mcr_retired *old)
{
	struct mcr_view *view = calloc(1, sizeof(*view));
	struct mcr_retired *r = old ? old : calloc(1, sizeof(*r));

	if (!view || !r || mcr_engine_make_relay_view(e, table, &view->relay) < 0) {
		free(view);
		if (!old)
			free(r);
		return -ENOMEM;
	}
	fill_view(e, view, table);
	fill_interfaces(e, view);
	fill_kernel(e, view);
	r->view = e->view;
	r->table = table != e->table ? e->table : NULL;
	mcr_engine_relay_published(e, view->relay);
	e->view = view;
	e->view_serial = view->serial;
	e->table = table;
	/* Release: pairs with the acquire load of the rx loop. */
	for (unsigned i = 0; i < e->n_workers; i++)
		__atomic_store_n(&e->workers[i]->published, view, __ATOMIC_RELEASE);
	r->token = rte_rcu_qsbr_start(e->qsbr);
	/* An lcore that comes online now is either seen by the next check or sees this view: pairs
	 * with the fence in rte_rcu_qsbr_thread_online. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r->next = e->retired;
	e->retired = r;
	return 0;
}

void mcr_engine_publish_ports(struct mcr_engine *e)
{
	int ret = mcr_engine_publish(e, e->table, NULL);

	if (ret < 0 && !e->are_ports_due)
		mcr_engine_log(e, MCR_LOG_ERROR,
			       "no memory to show rx lcores and consumers a change of the ports: "
			       "it is tried again");
	e->are_ports_due = ret < 0;
}
