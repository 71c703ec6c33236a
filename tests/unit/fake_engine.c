/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/gmp/gmp.h"
#include "core/querier/querier.h"
#include "engine/plan/channel_config.h"
#include "fake_engine.h"

void fake_engine_clear(struct mcr_engine *e)
{
	mcr_join_list_clear(&e->joins);
	free(e->makers);
	mcr_feeds_destroy(e->feeds);
	memset(e, 0, sizeof(*e));
}

size_t fake_engine_count(const struct mcr_engine *e, const char *text)
{
	struct mcr_join_list list = {0};
	size_t n = 0;

	if (mcr_join_parse(&list, text, NULL) < 0)
		return 0;
	for (size_t i = 0; i < e->joins.n; i++)
		n += (size_t)mcr_join_equal(&e->joins.items[i], &list.items[0]);
	mcr_join_list_clear(&list);
	return n;
}

static int refuse(struct mcr_error *err, int code, const char *text)
{
	if (err)
		snprintf(err->text, sizeof(err->text), "%s", text);
	return code;
}

static int find_channel(const struct mcr_engine *e, const char *name)
{
	for (size_t i = 0; i < e->n_channels; i++)
		if (strcmp(e->channels[i].name, *name ? name : "default") == 0)
			return (int)i;
	return -1;
}

static int remove_one(struct mcr_join_list *list, uint8_t *makers, const struct mcr_join *join,
		      uint8_t maker)
{
	for (size_t i = 0; i < list->n; i++)
		if (makers[i] == maker && mcr_join_equal(&list->items[i], join)) {
			list->items[i] = list->items[--list->n];
			makers[i] = makers[list->n];
			return 0;
		}
	return -ENOENT;
}

int mcr_engine_update_as(struct mcr_engine *e, enum mcr_join_maker owner,
			 const struct mcr_join *remove, size_t n_remove, const struct mcr_join *add,
			 size_t n_add, struct mcr_error *err)
{
	struct mcr_join_list next = {0};
	uint8_t *makers = calloc(e->joins.n + n_add + 1, 1);
	const char *refusal = e->refusal;
	int ret = 0;

	e->refusal = NULL;
	for (size_t i = 0; i < e->joins.n; i++) {
		mcr_join_list_add(&next, &e->joins.items[i]);
		makers[i] = e->makers[i];
	}
	if (refusal)
		ret = refuse(err, -EINVAL, refusal);
	for (size_t i = 0; ret == 0 && i < n_remove; i++)
		if (remove_one(&next, makers, &remove[i], (uint8_t)owner) < 0 &&
		    (owner != MCR_JOINED_BY_OPERATOR ||
		     remove_one(&next, makers, &remove[i], MCR_JOINED_BY_CONFIGURATION) < 0))
			ret = refuse(err, -ENOENT, "no such join");
	for (size_t i = 0; ret == 0 && i < n_add; i++) {
		if (find_channel(e, add[i].channel) < 0)
			ret = refuse(err, -ENOENT, "no such channel");
		makers[next.n] = (uint8_t)owner;
		mcr_join_list_add(&next, &add[i]);
	}
	if (ret < 0) {
		mcr_join_list_clear(&next);
		free(makers);
		return ret;
	}
	mcr_join_list_clear(&e->joins);
	free(e->makers);
	e->joins = next;
	e->makers = makers;
	e->updates++;
	return 0;
}

int mcr_engine_channel_add(struct mcr_engine *e, const struct mcr_channel_config *channel,
			   struct mcr_error *err)
{
	if (find_channel(e, channel->name) >= 0)
		return refuse(err, -EEXIST, "channel is there");
	e->channels[e->n_channels++] = *channel;
	return 0;
}

struct mcr_channel {
	struct mcr_channel_config config;
};

int mcr_engine_channel_prepare(struct mcr_engine *e, const struct mcr_channel_config *config,
			       struct mcr_channel **out, struct mcr_error *err)
{
	if (e->no_memory_for && strcmp(e->no_memory_for, config->name) == 0)
		return refuse(err, -ENOMEM, "no memory");
	*out = malloc(sizeof(**out));
	(*out)->config = *config;
	e->prepared++;
	return 0;
}

int mcr_engine_channel_put(struct mcr_engine *e, struct mcr_channel *channel, struct mcr_error *err)
{
	int ret = mcr_engine_channel_add(e, &channel->config, err);

	if (ret == 0)
		mcr_engine_channel_discard(e, channel);
	return ret;
}

void mcr_engine_channel_discard(struct mcr_engine *e, struct mcr_channel *channel)
{
	e->prepared -= channel != NULL;
	free(channel);
}

int mcr_engine_channel_access(struct mcr_engine *e, const struct mcr_channel_config *config,
			      struct mcr_error *err)
{
	int i = find_channel(e, config->name);

	if (i < 0)
		return refuse(err, -ENOENT, "no such channel");
	mcr_channel_copy_access(&e->channels[i], config);
	return 0;
}

int mcr_engine_channel_remove(struct mcr_engine *e, const char *channel, struct mcr_error *err)
{
	int i = find_channel(e, channel);

	if (i < 0)
		return refuse(err, -ENOENT, "no such channel");
	e->channels[i] = e->channels[--e->n_channels];
	return 0;
}

void mcr_engine_account(const struct mcr_engine *e, struct mcr_account *out)
{
	*out = e->account;
}

int mcr_engine_drop_sample(const struct mcr_engine *e, enum mcr_drop reason,
			   struct mcr_drop_sample *out)
{
	memset(out, 0, sizeof(*out));
	if (reason == MCR_DROP_UNKNOWN_GROUP) {
		out->time_ns = 1700000000000000000;
		out->group = mcr_address_from_ipv4(inet_addr("239.9.9.9"));
		out->port = 5000;
		out->len = 142;
		memcpy(out->destination_mac, (const uint8_t[]){1, 0, 0x5e, 9, 9, 9}, 6);
		memcpy(out->source_mac, (const uint8_t[]){2, 0, 0, 0, 0, 7}, 6);
	} else if (reason == MCR_DROP_WRONG_SOURCE) {
		out->time_ns = 1700000000000000000;
		out->group = (struct mcr_address){{0xff, 0x15, [15] = 9}};
		out->source = (struct mcr_address){{0x20, 0x01, 0x0d, 0xb8, [15] = 7}};
		out->port = 5000;
		out->source_port = 4000;
	}
	return 0;
}

int mcr_engine_lcore_info(const struct mcr_engine *e, size_t i, struct mcr_lcore_info *out)
{
	memset(out, 0, sizeof(*out));
	out->lcore = 1;
	out->account = e->account;
	return i < 1 ? 0 : -ENOENT;
}

int mcr_engine_control_info(const struct mcr_engine *e, struct mcr_control_info *out)
{
	(void)e;
	*out = (struct mcr_control_info){.rounds = 1000,
					 .longest_round_ns = 2500000,
					 .longest_round_at_ns = 1700000000000000000,
					 .views = 7};
	return 0;
}

int mcr_engine_port_info(const struct mcr_engine *e, size_t i, struct mcr_port_info *out)
{
	memset(out, 0, sizeof(*out));
	strcpy(out->name, "net_null0");
	strcpy(out->driver, "net_null");
	memcpy(out->mac, "\x02\x00\x00\x00\x00\x01", 6);
	out->rx_packets = UINT64_MAX;
	out->link_up = e->frame_ns != 0;
	out->rx_last_ns = e->frame_ns ? e->frame_ns : 1700000000000000000;
	out->link_since_ns = 1600000000000000000;
	out->rx_frame_max = 1982;
	strcpy(out->hw_time, "metamako");
	out->has_trailers = 1;
	out->hw_time_ok = 70;
	out->hw_time_none = 8;
	out->hw_time_bad = 9;
	if (e->opened_s > 0 && e->opens_later > 0)
		((struct mcr_engine *)e)->opens_later--;
	else if (e->opened_s > 0)
		out->open_until_ns = ((uint64_t)time(NULL) + e->opened_s) * UINT64_C(1000000000);
	return i < 1 ? 0 : -ENOENT;
}

const char *mcr_engine_igmp_rx_name(unsigned kind)
{
	return kind < MCR_IGMP_RX_KINDS ? mcr_gmp_rx_name(kind) : NULL;
}

int mcr_engine_interface_info(const struct mcr_engine *e, size_t i, struct mcr_interface_info *out)
{
	memset(out, 0, sizeof(*out));
	strcpy(out->name, "lan");
	out->groups = e->n_groups;
	out->kernel_up = 1;
	out->kernel_rx = 3;
	out->kernel_tx_dropped = 4;
	out->igmp.querier_age_ns = UINT64_MAX;
	out->igmp.version = 3;
	out->mld.querier_age_ns = 5;
	out->mld.version = 2;
	out->mld.querier_version = 1;
	out->mld.rx_by[0] = 7;
	(void)mcr_address_parse(&out->mld.querier, "fe80::1", 7);
	(void)mcr_address_parse(&out->link_local, "fe80::2", 7);
	strcpy(out->link_local_state, "valid");
	strcpy(out->address6_state, "off");
	return i < 1 ? 0 : -ENOENT;
}

int mcr_engine_interface_config(const struct mcr_engine *e, size_t i,
				struct mcr_interface_config *out)
{
	memset(out, 0, sizeof(*out));
	strcpy(out->name, "lan");
	out->address = mcr_address_from_ipv4(inet_addr("10.0.0.2"));
	strcpy(out->kernel, "md0");
	return i < 1 ? 0 : -ENOENT;
}

int mcr_engine_channel_info(const struct mcr_engine *e, size_t i, struct mcr_channel_info *out)
{
	memset(out, 0, sizeof(*out));
	if (i >= e->n_channels)
		return -ENOENT;
	memcpy(out->name, e->channels[i].name, sizeof(out->name));
	out->epoch = 0xfedcba9876543210;
	return 0;
}

int mcr_engine_group_info(const struct mcr_engine *e, size_t i, struct mcr_group_info *out)
{
	memset(out, 0, sizeof(*out));
	strcpy(out->interface, "lan");
	out->group = mcr_address_from_ipv4(htonl(0xef000000 + e->first_group + (uint32_t)i));
	out->joined_ns = 1700000000000000000;
	out->joins = 3;
	out->joins_of[MCR_JOINED_BY_OPERATOR] = 1;
	out->joins_of[MCR_JOINED_BY_CONSUMER] = 2;
	return i < e->n_groups ? 0 : -ENOENT;
}

/* Each third, from the second on. */
size_t mcr_engine_groups_to_show(const struct mcr_engine *e, size_t *indices, size_t cap)
{
	size_t n = 0;

	for (size_t i = 1; i < e->n_groups && n < cap; i += 3)
		indices[n++] = i;
	return n;
}

int mcr_engine_open_filter(struct mcr_engine *e, const char *interface, unsigned seconds,
			   struct mcr_error *err)
{
	if (e->refusal)
		return refuse(err, -ENOTSUP, e->refusal);
	e->opened_s = seconds;
	strcpy(e->opened, interface ? interface : "");
	return 0;
}

int mcr_engine_group_sources(const struct mcr_engine *e, size_t i, struct mcr_address *sources,
			     size_t cap)
{
	return i < e->n_groups ? 0 : -ENOENT;
}

int mcr_engine_interface_groups(const struct mcr_engine *e, size_t i, struct mcr_address *groups,
				size_t cap)
{
	(void)e;
	if (i >= 1)
		return -ENOENT;
	if (cap > 0)
		groups[0] = mcr_address_from_ipv4(inet_addr("224.0.0.1"));
	if (cap > 1)
		(void)mcr_address_parse(&groups[1], "ff02::1", 7);
	return 2;
}

const char *mcr_engine_querier_rx_name(unsigned kind)
{
	return kind < MCR_QUERIER_RX_KINDS ? mcr_querier_rx_name(kind) : NULL;
}

/* IGMP's, which asks, and MLD's, which another silences. */
int mcr_engine_querier_info(const struct mcr_engine *e, size_t i, struct mcr_querier_info *out)
{
	(void)e;
	memset(out, 0, sizeof(*out));
	strcpy(out->interface, "lan");
	strcpy(out->role, i == 0 ? "us" : "other");
	out->is_mld = i == 1;
	out->mode = i == 0 ? MCR_QUERIER_ON : MCR_QUERIER_AUTO;
	out->version = (uint8_t)(3 - i);
	out->query_interval_ns = 125000000000;
	out->next_query_left_ns = i == 0 ? 12345000000 : UINT64_MAX;
	out->other_left_ns = i == 0 ? 0 : 200000000000;
	out->groups_max = 16384;
	if (i == 0) {
		out->querier = mcr_address_from_ipv4(inet_addr("10.0.0.2"));
		out->groups = e->n_members;
		out->refused_groups = 7;
		out->records_ssm = 2;
		out->rx_by[MCR_QUERIER_RX_OFF_SUBNET] = 3;
		out->last_off_subnet = mcr_address_from_ipv4(inet_addr("10.9.9.9"));
	} else {
		(void)mcr_address_parse(&out->querier, "fe80::1", 7);
	}
	return i < 2 ? 0 : -ENOENT;
}

/* 239.1.0.0 without a member that names sources, 239.1.0.1 of those that do, and so on. */
int mcr_engine_member_info(const struct mcr_engine *e, size_t i, struct mcr_member_info *out)
{
	memset(out, 0, sizeof(*out));
	strcpy(out->interface, "lan");
	out->group = mcr_address_from_ipv4(htonl(0xef010000 + (uint32_t)i));
	out->version = 3;
	out->mode = i % 2 == 0 ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE;
	out->n_sources = i % 2 == 0 ? 0 : (unsigned)e->n_sources;
	out->left_ns = i % 2 == 0 ? 260040000000 : 0;
	out->since_ns = 1700000000000000000;
	out->last_reporter = mcr_address_from_ipv4(inet_addr("10.0.0.7"));
	return i < e->n_members ? 0 : -ENOENT;
}

int mcr_engine_member_sources(const struct mcr_engine *e, size_t i,
			      struct mcr_member_source *sources, size_t cap)
{
	if (i >= e->n_members)
		return -ENOENT;
	for (uint32_t k = 0; i % 2 == 1 && k < e->n_sources && k < cap; k++)
		sources[k] = (struct mcr_member_source){
		    .address = mcr_address_from_ipv4(htonl(0x0a000064 + k)),
		    .left_ns = k == 0 ? 99960000000 : 0,
		    .is_forwarded = k == 0,
		};
	return i % 2 == 0 ? 0 : (int)e->n_sources;
}

int mcr_engine_consumer_info(const struct mcr_engine *e, size_t i, struct mcr_consumer_info *out)
{
	memset(out, 0, sizeof(*out));
	strcpy(out->channel, "default");
	memcpy(out->label, "\xff\xfe", 3); /* not UTF-8 */
	out->id = 1;
	out->pid = 4711;
	out->received = e->account.delivered;
	out->cursor = 90;
	out->published = 100;
	out->headroom = 54;
	out->headroom_min = 32;
	out->attach_oldest = 2;
	out->attach_newest = 3;
	out->received_last_ns = 1650000000000000000;
	return i < 1 ? 0 : -ENOENT;
}

int mcr_engine_consumer_sockets(const struct mcr_engine *e, size_t i,
				struct mcr_consumer_sockets *out)
{
	memset(out, 0, sizeof(*out));
	out->id = 1;
	out->age_ns = e->sockets ? 7 : UINT64_MAX;
	snprintf(out->text, sizeof(out->text), "%s", e->sockets ? e->sockets : "");
	return i < 1 ? 0 : -ENOENT;
}

int mcr_engine_join_info(const struct mcr_engine *e, size_t i, struct mcr_join *out)
{
	if (e->looks)
		++*e->looks;
	if (i >= e->joins.n)
		return -ENOENT;
	*out = e->joins.items[i];
	return 0;
}

int mcr_engine_join_owner(const struct mcr_engine *e, size_t i, struct mcr_join_owner *out)
{
	if (i >= e->joins.n)
		return -ENOENT;
	*out = (struct mcr_join_owner){.maker = e->makers[i]};
	return 0;
}

int mcr_engine_sighting(const struct mcr_engine *e, size_t i, struct mcr_sighting *out)
{
	(void)e;
	(void)i;
	(void)out;
	return -ENOENT;
}
