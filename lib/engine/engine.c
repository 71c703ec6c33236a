/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's life: create, start, stop, destroy. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_malloc.h>

#include "core/error.h"
#include "engine/attach/attach_server.h"
#include "engine/control/control_server.h"
#include "engine/os/run_dir.h"
#include "engine/round.h"
#include "engine/rx/rx_loop.h"
#include "engine/sockets.h"
#include "engine/state/channels.h"
#include "engine/state/config.h"
#include "engine/state/filter_ports.h"
#include "engine/state/interfaces.h"
#include "engine/state/log.h"
#include "engine/state/open_filter.h"
#include "engine/state/ports.h"
#include "engine/state/publish.h"
#include "engine/state/relay_lcores.h"
#include "engine/state/relay_ports.h"
#include "engine/state/removed_ports.h"
#include "engine/state/routes.h"
#include "engine/state/state.h"
#include "engine/state/workers.h"

#define REMOVE_NS      UINT64_C(1000000000) /* an lcore lets a port go within a round of its loop */
#define REMOVE_POLL_NS 1000000              /* the lcores and the device thread may want our CPU */
#define LEAVE_NS       1500000000 /* an orderly stop waits this long to repeat its leaves */

/* ---- create ---- */

static int check_config(const struct mcr_engine_config *cfg, struct mcr_error *err)
{
	if (!memchr(cfg->name, 0, sizeof(cfg->name)) ||
	    !memchr(cfg->run_dir, 0, sizeof(cfg->run_dir)))
		return mcr_error_set(err, -EINVAL, "the name or run_dir is not terminated");
	if (cfg->idle > MCR_IDLE_ADAPTIVE)
		return mcr_error_set(err, -EINVAL, "unknown idle mode %u", cfg->idle);
	return 0;
}

/* Their rings are filled, which takes time; nobody can attach yet. */
static int make_channels(struct mcr_engine *e, const struct mcr_engine_config *cfg,
			 struct mcr_error *err)
{
	static const struct mcr_channel_config by_default = {.size = sizeof(by_default),
							     .name = "default"};
	int ret = 0;

	if (cfg->n_channels == 0)
		return mcr_engine_channel_make(e, &by_default, &e->made[0], err);
	for (unsigned i = 0; ret == 0 && i < cfg->n_channels; i++)
		ret = mcr_engine_channel_make(e, &cfg->channels[i], &e->made[i], err);
	return ret;
}

static int put_channels(struct mcr_engine *e, struct mcr_error *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < MCR_CHANNELS_MAX && e->made[i]; i++) {
		ret = mcr_engine_channel_put(e, e->made[i], err);
		if (ret == 0)
			e->made[i] = NULL;
	}
	return ret;
}

/* All that can be done while another engine has the run directory and the ports. */
static int take_over(struct mcr_engine *e, const struct mcr_engine_config *cfg,
		     struct mcr_error *err)
{
	int ret = make_channels(e, cfg, err);

	if (ret == 0)
		ret = cfg->take_over(cfg->ctx, err);
	return ret == 0 ? mcr_engine_create_sockets(e, err) : ret;
}

static int create_table(struct mcr_engine *e, struct mcr_error *err)
{
	struct mcr_group_table *table;

	e->joins = calloc(1, sizeof(*e->joins));
	if (!e->joins || mcr_group_table_create(&table, NULL, 0) < 0)
		return mcr_error_set(err, -ENOMEM, "no memory for the engine");
	e->table = table;
	if (mcr_engine_publish(e, table, NULL) == 0)
		return 0;
	return mcr_error_set(err, -ENOMEM, "no memory for the engine");
}

static uint64_t run_delay(void *ctx)
{
	const struct mcr_engine *e = ctx;

	return mcr_run_delay(e->run_delay_fd);
}

static int create(struct mcr_engine **out, const struct mcr_engine_config *cfg,
		  struct mcr_error *err)
{
	struct mcr_engine *e;
	int ret = check_config(cfg, err);

	if (ret < 0)
		return ret;
	e = calloc(1, sizeof(*e));
	if (!e)
		return mcr_error_set(err, -ENOMEM, "no memory for the engine");
	e->config = *cfg;
	e->config.interfaces = NULL;
	e->config.channels = NULL;
	e->config.lcores = NULL;
	e->config.sockets_before = NULL;
	e->lock_fd = -1;
	e->run_delay_fd = mcr_run_delay_open();
	e->round = (struct mcr_round_clock){.waited = run_delay, .ctx = e};
	mcr_clock_init(&e->clock, rte_get_tsc_hz());

	ret = mcr_engine_choose_lcores(e, cfg, err);
	if (ret == 0)
		ret = mcr_device_thread_create(&e->device, err);
	if (ret == 0 && !cfg->take_over)
		ret = mcr_engine_create_sockets(
		    e, err); /* first: a second engine ends here, harmlessly */
	if (ret == 0)
		ret = mcr_engine_create_workers(e, cfg, err);
	if (ret == 0 && cfg->take_over)
		ret = take_over(e, cfg, err);
	if (ret == 0)
		ret = mcr_engine_create_interfaces(e, cfg, err);
	if (ret == 0)
		ret = mcr_engine_place_queues(e, err);
	if (ret == 0) {
		mcr_engine_plan_tx(e);
		ret = mcr_engine_create_relay(e, err);
	}
	if (ret == 0)
		ret = create_table(e, err);
	if (ret == 0 && !cfg->take_over)
		ret = make_channels(e, cfg, err);
	if (ret == 0)
		ret = put_channels(e, err);
	if (ret < 0) {
		mcr_engine_destroy(e);
		return ret;
	}
	*out = e;
	return 0;
}

int mcr_engine_create(struct mcr_engine **out, const struct mcr_engine_config *cfg,
		      struct mcr_error *err)
{
	struct mcr_engine_config own;
	int ret = mcr_engine_config_take(&own, cfg, err);

	if (ret == 0)
		ret = create(out, &own, err);
	mcr_engine_config_clear(&own);
	return ret;
}

/* ---- start and stop ---- */

int mcr_engine_start(struct mcr_engine *e, struct mcr_error *err)
{
	int ret;

	if (e->state != MCR_ENGINE_CREATED)
		return mcr_error_set(err, -EINVAL, "an engine starts once");
	for (size_t i = 0; i < e->n_ports; i++) {
		ret = e->ports[i]->removed ? 0 : mcr_port_start(e->ports[i], err);
		if (ret < 0)
			return ret;
	}
	ret = mcr_engine_follow_mtus(e); /* they may have changed since create */
	if (ret < 0)
		return mcr_error_set(err, ret, "no memory to start");
	ret = mcr_engine_write_interfaces(e, err);
	if (ret < 0)
		return ret;
	mcr_engine_log_ports(e);
	mcr_engine_log_descriptors(e);
	mcr_engine_filter_ports(e);
	mcr_device_thread_drain(e->device, e);       /* before the first reports */
	ret = mcr_engine_publish(e, e->table, NULL); /* the links' first state is in it */
	if (ret < 0)
		return mcr_error_set(err, ret, "no memory to start");
	e->started_ns = mcr_clock_now_realtime();
	e->state = MCR_ENGINE_RUNNING;
	for (unsigned i = 0; i < e->n_workers; i++) {
		ret = rte_eal_remote_launch(mcr_rx_loop, e->workers[i], e->lcores[i]);
		if (ret < 0)
			return mcr_error_set(err, ret, "lcore %u is busy with something else",
					     e->lcores[i]);
		e->n_launched++;
	}
	mcr_engine_round(e, mcr_clock_now_monotonic()); /* the first reports leave here */
	mcr_device_thread_drain(e->device, e);
	return 0;
}

static size_t leaves_pending(const struct mcr_engine *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n_interfaces; i++)
		if (e->interfaces[i].port->link_up)
			n += mcr_interface_pending(&e->interfaces[i]);
	return n;
}

/* The first copy of each leave goes out at once, the others as they fall due. Data is received
 * meanwhile. */
static void leave_groups(struct mcr_engine *e)
{
	uint64_t now_ns = mcr_clock_now_monotonic();
	uint64_t end_ns = now_ns + LEAVE_NS;

	for (size_t i = 0; i < e->n_interfaces; i++)
		mcr_interface_leave_all(&e->interfaces[i], now_ns);
	mcr_engine_poll(e, 0);
	while (leaves_pending(e) > 0 && mcr_clock_now_monotonic() < end_ns)
		mcr_engine_poll(e, 1000000);
}

static int is_port_leaving(const struct mcr_engine *e)
{
	for (size_t i = 0; i < e->n_ports; i++)
		if (e->ports[i]->leaving)
			return 1;
	return 0;
}

/* Finishes what the device thread has begun, and the removal of ports, of which consumers are to
 * learn. Data is received meanwhile. */
static void finish_jobs(struct mcr_engine *e)
{
	uint64_t end_ns = mcr_clock_now_monotonic() + LEAVE_NS;

	for (;;) {
		/* The answer to a reload that ended in the last round; what is begun here counts.
		 */
		if (e->control)
			mcr_control_server_poll(e->control, mcr_clock_now_monotonic());
		if (mcr_device_thread_is_idle(e->device) &&
		    (!is_port_leaving(e) || mcr_clock_now_monotonic() >= end_ns))
			return;
		mcr_engine_poll(e, 1000000);
	}
}

static void stop_port(struct mcr_port *port)
{
	port->started = 0;
	mcr_port_stop(port);
	port->seen = port->found;
}

void mcr_engine_stop(struct mcr_engine *e)
{
	__atomic_store_n(&e->is_ending, 1, __ATOMIC_RELAXED);
	if (e->state != MCR_ENGINE_RUNNING)
		return;
	e->state = MCR_ENGINE_STOPPING;
	if (mcr_engine_close_filters(e, UINT64_MAX))
		mcr_engine_poll(e, 0); /* the device thread begins with it */
	if (!e->config.keep_memberships && e->n_launched == e->n_workers) /* else none was joined */
		leave_groups(e);
	finish_jobs(e);
	for (unsigned i = 0; i < e->n_launched; i++)
		__atomic_store_n(&e->workers[i]->stop, 1, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < e->n_launched; i++)
		rte_eal_wait_lcore(e->lcores[i]);
	mcr_engine_log(e, MCR_LOG_DEBUG, "lcores have stopped");
	mcr_engine_relay_rest(e);
	e->state = MCR_ENGINE_STOPPED;
	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
		if (e->channels[i])
			mcr_rings_stop(&e->channels[i]->rings);
	for (int i = 0; i < 32 && mcr_attach_server_wake(e->attach); i++)
		; /* so that sleepers see the end */
	for (size_t i = 0; i < e->n_ports; i++)
		stop_port(e->ports[i]);
	mcr_engine_reap(e);
}

void mcr_engine_destroy(struct mcr_engine *e)
{
	if (!e)
		return;
	mcr_engine_stop(e);
	mcr_device_thread_destroy(e->device, e); /* first: its jobs may use all that follows */
	e->device = NULL;
	mcr_control_server_destroy(e->control);
	mcr_control_server_destroy(e->stats);
	mcr_attach_server_destroy(e->attach);
	if (e->lock_fd >= 0)
		mcr_run_dir_leave(e->config.run_dir, e->lock_fd);
	if (e->qsbr)
		mcr_engine_reap(e); /* no lcore runs, so this frees all of it */
	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++) {
		mcr_channel_destroy(e->channels[i]);
		mcr_channel_destroy(e->made[i]);
	}
	for (size_t i = 0; i < e->n_ports; i++)
		mcr_port_shut(e->ports[i]); /* all of them first: they hold each other's buffers */
	for (unsigned i = 0; i < MCR_LCORES_MAX; i++)
		mcr_worker_destroy(e->workers[i]); /* gives punted packets back to their pools */
	mcr_engine_destroy_relay(e);
	for (size_t i = 0; i < MCR_INTERFACES_MAX; i++)
		mcr_interface_fini(&e->interfaces[i]);
	for (size_t i = 0; i < e->n_ports; i++)
		mcr_port_close(e->ports[i]);
	mcr_engine_free_view(e->view);
	mcr_group_table_destroy(e->table);
	mcr_join_set_destroy(e->joins);
	mcr_slots_fini(&e->slots);
	rte_free(e->qsbr);
	if (e->run_delay_fd >= 0)
		close(e->run_delay_fd);
	free(e);
}

int mcr_engine_port_remove(struct mcr_engine *e, const char *text, struct mcr_error *err)
{
	struct mcr_port *port = mcr_engine_find_port(e, text);
	uint64_t end_ns = mcr_clock_now_monotonic() + REMOVE_NS;

	if (!port)
		return mcr_error_set(err, -ENOENT, "this engine has no port \"%s\"", text);
	mcr_engine_begin_removal(e, port);
	do
		mcr_engine_poll(e, REMOVE_POLL_NS);
	while (port->leaving && mcr_clock_now_monotonic() < end_ns);
	if (port->leaving)
		return mcr_error_set(err, -ETIMEDOUT, "port %s: %s", port->name,
				     port->shut_job.is_pending ? "its device takes long to close"
							       : "its lcores do not answer");
	return 0;
}
