/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/portless/portless.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/address.h"
#include "core/attach_wire.h"
#include "core/error.h"
#include "core/feed/feed_config.h"
#include "core/interface_list.h"
#include "engine/os/run_dir.h"
#include "engine/portless/portless_state.h"

/* ---- interfaces ---- */

static unsigned take_port(struct mcr_portless *p, const struct mcr_interface_config *config)
{
	unsigned at = 0;

	while (at < p->n_ports && strcmp(p->ports[at].name, config->port) != 0)
		at++;
	if (at == p->n_ports) {
		strcpy(p->ports[at].name, config->port);
		memset(p->ports[at].interface_of_vlan, MCR_NO_INTERFACE, MCR_VLANS);
		p->ports[at].verifies = config->udp_checksum == MCR_UDP_CHECKSUM_VERIFY;
		p->ports[at].has_trailers = config->hw_time == MCR_HW_TIME_METAMAKO ||
					    config->hw_time == MCR_HW_TIME_EXABLAZE_HPT;
		p->ports[at].trailers.form = config->hw_time == MCR_HW_TIME_METAMAKO
						 ? MCR_TRAILER_METAMAKO
						 : MCR_TRAILER_EXABLAZE_HPT;
		p->n_ports++;
	}
	return at;
}

static int take_interface(struct mcr_portless *p, const struct mcr_interface_config *config,
			  int takes_all_vlans, struct mcr_error *err)
{
	const unsigned i = p->n_interfaces;
	struct mcr_portless_port *port;
	uint8_t *place;

	if (i == MCR_INTERFACES_MAX)
		return mcr_error_set(err, -ENOSPC, "no more than %d interfaces",
				     MCR_INTERFACES_MAX);
	for (unsigned k = 0; k < i; k++)
		if (strcmp(p->interfaces[k].name, config->name) == 0)
			return mcr_error_set(err, -EINVAL, "two interfaces are called \"%s\"",
					     config->name);
	port = &p->ports[take_port(p, config)];
	place = &port->interface_of_vlan[config->vlan];
	if (config->vlan >= MCR_VLANS || *place != MCR_NO_INTERFACE)
		return mcr_error_set(err, -EINVAL,
				     "interface \"%s\": port %s has an interface of VLAN %u "
				     "already",
				     config->name, config->port, config->vlan);
	if (takes_all_vlans)
		memset(port->interface_of_vlan, (int)i, MCR_VLANS);
	*place = (uint8_t)i;
	p->interfaces[i] = *config;
	p->broadcast_be[i] =
	    mcr_ipv4_broadcast(mcr_address_ipv4_be(config->address), config->prefix_len);
	p->n_interfaces++;
	return 0;
}

int mcr_portless_port(const struct mcr_portless *p, const char *interface)
{
	for (unsigned i = 0; i < p->n_interfaces; i++)
		for (unsigned at = 0; at < p->n_ports; at++)
			if (strcmp(p->interfaces[i].name, interface) == 0 &&
			    strcmp(p->interfaces[i].port, p->ports[at].name) == 0)
				return (int)at;
	return -ENOENT;
}

static int wire_interface(void *portless, uint32_t index, struct mcr_wire_interface *out)
{
	const struct mcr_portless *p = portless;
	const struct mcr_interface_config *config;

	if (index >= p->n_interfaces)
		return -ENOENT;
	config = &p->interfaces[index];
	*out = (struct mcr_wire_interface){
	    .dpdk_port = (uint16_t)mcr_portless_port(p, config->name),
	    .vlan = config->vlan,
	    .prefix_len = config->prefix_len,
	    .address = config->address,
	};
	snprintf(out->name, sizeof(out->name), "%s", config->name);
	snprintf(out->port, sizeof(out->port), "%s", config->port);
	return 0;
}

/* The kernel has none of these interfaces. */
static int write_interfaces(const struct mcr_portless *p, struct mcr_error *err)
{
	struct mcr_listed_interface *list = calloc(MCR_INTERFACES_MAX, sizeof(*list));
	char *text = malloc(MCR_INTERFACE_LIST_BYTES);
	size_t len;
	int ret = -ENOMEM;

	if (!list || !text) {
		mcr_error_set(err, ret, "no memory for the engine");
		goto out;
	}
	for (unsigned i = 0; i < p->n_interfaces; i++) {
		const struct mcr_interface_config *config = &p->interfaces[i];

		list[i] = (struct mcr_listed_interface){.address = config->address,
							.address6 = config->address6,
							.vlan = config->vlan,
							.prefix_len = config->prefix_len,
							.prefix6_len = config->prefix6_len};
		snprintf(list[i].name, sizeof(list[i].name), "%s", config->name);
		snprintf(list[i].port, sizeof(list[i].port), "%s", config->port);
	}
	len = mcr_interface_list_write(text, MCR_INTERFACE_LIST_BYTES, list, p->n_interfaces);
	ret = mcr_run_dir_write(p->run_dir, MCR_INTERFACE_LIST_FILE, text, len, err);
out:
	free(list);
	free(text);
	return ret;
}

/* ---- life ---- */

static void log_attach(void *portless, const char *line)
{
	mcr_portless_log(portless, MCR_LOG_WARNING, "attach: %s", line);
}

static int open_sockets(struct mcr_portless *p, const struct mcr_portless_config *config,
			struct mcr_error *err)
{
	static const struct mcr_attach_joining joining = {.update = mcr_portless_consumer_update,
							  .ended = mcr_portless_consumers_ended};
	static const struct mcr_attach_programs programs = {.make = mcr_portless_program_make,
							    .cancel = mcr_portless_program_cancel,
							    .end = mcr_portless_program_end};
	char path[MCR_PORTLESS_PATH + sizeof("/" MCR_ATTACH_SOCKET)];
	int ret;

	p->lock_fd = mcr_run_dir_take(p->run_dir, err);
	if (p->lock_fd < 0)
		return p->lock_fd;
	ret = write_interfaces(p, err);
	if (ret < 0)
		return ret;
	snprintf(path, sizeof(path), "%s/" MCR_ATTACH_SOCKET, p->run_dir);
	ret = mcr_attach_server_create(&p->attach, path, &config->attach, err);
	if (ret < 0)
		return ret;
	mcr_attach_server_joins(p->attach, &joining, p, config->joins_per_uid);
	mcr_attach_server_programs(p->attach, &programs, p);
	mcr_attach_server_interfaces(p->attach, wire_interface, p);
	mcr_attach_server_log(p->attach, log_attach, p);
	return 0;
}

/* Signals are for the caller's threads. */
static int create_device_thread(struct mcr_portless *p, struct mcr_error *err)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = mcr_device_thread_create(&p->device, err);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ret;
}

static int fill(struct mcr_portless *p, const struct mcr_portless_config *config,
		struct mcr_error *err)
{
	int ret = 0;

	p->ports = calloc(MCR_INTERFACES_MAX, sizeof(*p->ports));
	p->joins = calloc(1, sizeof(*p->joins));
	if (!p->ports || !p->joins || mcr_group_table_create(&p->table, NULL, 0) < 0)
		return mcr_error_set(err, -ENOMEM, "no memory for the engine");
	for (unsigned i = 0; ret == 0 && i < config->n_interfaces; i++)
		ret = take_interface(p, &config->interfaces[i], config->takes_all_vlans, err);
	if (ret == 0)
		ret = create_device_thread(p, err);
	if (ret == 0)
		ret = open_sockets(p, config, err);
	for (unsigned i = 0; ret == 0 && i < config->n_channels; i++)
		ret = mcr_portless_add_channel(p, &config->channels[i], err);
	return ret;
}

int mcr_portless_create(struct mcr_portless **out, const struct mcr_portless_config *config,
			struct mcr_error *err)
{
	struct mcr_portless *p;
	int ret;

	if (strlen(config->run_dir) >= MCR_PORTLESS_PATH)
		return mcr_error_set(err, -ENAMETOOLONG, "the run directory's path is too long");
	p = calloc(1, sizeof(*p));
	if (!p)
		return mcr_error_set(err, -ENOMEM, "no memory for the engine");
	strcpy(p->run_dir, config->run_dir);
	p->takes_all = config->takes_all;
	p->log = config->log;
	p->ctx = config->ctx;
	p->lock_fd = -1;
	pthread_mutex_init(&p->control, NULL);
	pthread_mutex_init(&p->view, NULL);
	ret = fill(p, config, err);
	if (ret == 0)
		*out = p;
	else
		mcr_portless_destroy(p);
	return ret;
}

int mcr_portless_start(struct mcr_portless *p, struct mcr_error *err)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&p->thread, NULL, mcr_portless_control, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ret != 0)
		return mcr_error_set(err, -ret, "no thread for the engine: %s", strerror(ret));
	p->is_running = 1;
	return 0;
}

void mcr_portless_stop(struct mcr_portless *p)
{
	pthread_mutex_lock(&p->control);
	p->is_stopping = 1;
	for (unsigned i = 0; i < MCR_CHANNELS_MAX; i++)
		if (p->channels[i])
			mcr_rings_stop(&p->channels[i]->rings);
	for (int i = 0; i < 32 && mcr_attach_server_wake(p->attach); i++)
		; /* so that sleepers see the end */
	pthread_mutex_unlock(&p->control);
}

static void leave_run_dir(struct mcr_portless *p)
{
	int dir_fd = mcr_run_dir_open(p->run_dir, NULL);

	/* Its interfaces end with it, unlike those that have ports. */
	if (dir_fd >= 0) {
		unlinkat(dir_fd, MCR_INTERFACE_LIST_FILE, 0);
		close(dir_fd);
	}
	mcr_run_dir_leave(p->run_dir, p->lock_fd);
}

void mcr_portless_destroy(struct mcr_portless *p)
{
	if (!p)
		return;
	if (p->is_running) {
		mcr_portless_stop(p);
		__atomic_store_n(&p->is_ending, 1, __ATOMIC_RELAXED);
		pthread_join(p->thread, NULL);
	}
	__atomic_store_n(&p->is_ending, 1, __ATOMIC_RELAXED);
	mcr_device_thread_destroy(p->device, p); /* first: its jobs may use all that follows */
	mcr_attach_server_destroy(p->attach);
	if (p->lock_fd >= 0)
		leave_run_dir(p);
	for (unsigned i = 0; i < MCR_CHANNELS_MAX; i++)
		mcr_portless_free_channel(p->channels[i]);
	mcr_group_table_destroy(p->table);
	mcr_join_set_destroy(p->joins);
	mcr_slots_fini(&p->slots);
	pthread_mutex_destroy(&p->control);
	pthread_mutex_destroy(&p->view);
	free(p->ports);
	free(p);
}

/* ---- what the publisher asks ---- */

int mcr_portless_join(struct mcr_portless *p, const struct mcr_join *joins, size_t n,
		      struct mcr_error *err)
{
	const struct mcr_join_change change = {
	    .owner = {.maker = MCR_JOINED_BY_CONFIGURATION}, .add = joins, .n_add = n};
	int ret = 0;

	pthread_mutex_lock(&p->control);
	if (n > 0)
		ret = mcr_portless_change(p, &change, err);
	pthread_mutex_unlock(&p->control);
	return ret;
}

void mcr_portless_feeds(struct mcr_portless *p, struct mcr_feeds *feeds)
{
	char name[MCR_NAME_MAX];

	mcr_feed_engine_name(name, p->run_dir);
	pthread_mutex_lock(&p->control);
	mcr_attach_server_put_feeds(p->attach, feeds, name);
	pthread_mutex_unlock(&p->control);
}

unsigned mcr_portless_readers(struct mcr_portless *p, uint64_t *joined_ns)
{
	unsigned n = 0;

	pthread_mutex_lock(&p->control);
	for (unsigned i = 0; i < MCR_CHANNELS_MAX; i++) {
		const struct mcr_portless_channel *channel = p->channels[i];

		if (channel && channel->rings.n > 0 &&
		    (p->joins->joins_in[i] > 0 || (p->takes_all && i == 0)) &&
		    mcr_attach_server_behind(p->attach, channel->config.name) != UINT64_MAX)
			n += mcr_attach_server_count(p->attach, channel->config.name);
	}
	*joined_ns = p->joined_ns;
	pthread_mutex_unlock(&p->control);
	return n;
}

int mcr_portless_had_readers(const struct mcr_portless *p)
{
	return __atomic_load_n(&p->had_readers, __ATOMIC_RELAXED);
}

/* The most that a reader of any channel is behind, and the least room that one leaves. */
static uint64_t look(struct mcr_portless *p, uint64_t *room)
{
	uint64_t most = 0;

	*room = UINT64_MAX;
	pthread_mutex_lock(&p->control);
	for (unsigned i = 0; i < MCR_CHANNELS_MAX; i++) {
		const struct mcr_portless_channel *channel = p->channels[i];
		uint64_t behind, kept, left;

		if (!channel || channel->rings.n == 0)
			continue;
		behind = mcr_attach_server_behind(p->attach, channel->config.name);
		/* A record may take a quarter of the area, and a pad as much. */
		kept = channel->config.bytes / 4;
		left = behind < kept ? kept - behind : 0;
		*room = left < *room ? left : *room;
		most = behind > most ? behind : most;
	}
	pthread_mutex_unlock(&p->control);
	return most;
}

uint64_t mcr_portless_room(struct mcr_portless *p)
{
	uint64_t room;

	look(p, &room);
	return room;
}

int mcr_portless_is_read(struct mcr_portless *p)
{
	uint64_t room;

	return look(p, &room) == 0;
}

int mcr_portless_channel(struct mcr_portless *p, size_t i, struct mcr_portless_channel_info *out)
{
	int ret = -ENOENT;

	pthread_mutex_lock(&p->control);
	for (unsigned at = 0; ret < 0 && at < MCR_CHANNELS_MAX; at++) {
		const struct mcr_portless_channel *channel = p->channels[at];
		const struct mcr_ring_header *header;

		if (!channel || channel->rings.n == 0 || i-- > 0)
			continue;
		header = channel->rings.regions[0].mem;
		*out = (struct mcr_portless_channel_info){
		    .published = mcr_ring_newest(header),
		    .octets = mcr_ring_payload_bytes(header),
		    .too_large = channel->writer.too_large,
		};
		strcpy(out->name, channel->config.name);
		ret = 0;
	}
	pthread_mutex_unlock(&p->control);
	return ret;
}
