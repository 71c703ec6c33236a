/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's life: create, start, stop, destroy. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "core/error.h"
#include "engine/os/run_dir.h"
#include "engine/state/pins.h"
#include "engine/state/state.h"

#define LEAVE_NS \
	1500000000 /* an orderly stop waits this long for the second copies of its leaves */

void mcr_engine_log(const struct mcr_engine *e, enum mcr_log_level level, const char *format, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (e->config.log != NULL)
		e->config.log(e->config.ctx, level, line);
	else if (level <= MCR_LOG_WARNING)
		fprintf(stderr, "mcring: %s\n", line);
}

void mcr_engine_config_init(struct mcr_engine_config *cfg)
{
	*cfg = (struct mcr_engine_config){.size = sizeof(*cfg),
					  .name = "mcring",
					  .attach = {.mode = 0660, .gid = UINT32_MAX},
					  .first_chunk = MCR_FIRST_CHUNK};
}

/* ---- create ---- */

static int check_config(const struct mcr_engine_config *cfg, struct mcr_error *err)
{
	if (cfg->size != sizeof(*cfg))
		return mcr_error_set(
		    err, -EINVAL,
		    "mcr_engine_config of %zu octets: this library's has %zu; call "
		    "mcr_engine_config_init, and compile against its headers",
		    cfg->size, sizeof(*cfg));
	if (cfg->n_interfaces > MCR_INTERFACES_MAX || cfg->n_channels > MCR_CHANNELS_MAX)
		return mcr_error_set(err, -EINVAL, "at most %d interfaces and %d channels",
				     MCR_INTERFACES_MAX, MCR_CHANNELS_MAX);
	if (memchr(cfg->name, 0, sizeof(cfg->name)) == NULL ||
	    memchr(cfg->run_dir, 0, sizeof(cfg->run_dir)) == NULL)
		return mcr_error_set(err, -EINVAL, "the name or run_dir is not terminated");
	if (cfg->idle > MCR_IDLE_ADAPTIVE)
		return mcr_error_set(err, -EINVAL, "unknown idle mode %u", cfg->idle);
	return 0;
}

static int choose_lcores(struct mcr_engine *e, const struct mcr_engine_config *cfg,
			 struct mcr_error *err)
{
	unsigned lcore;

	if (cfg->lcores == NULL) {
		RTE_LCORE_FOREACH_WORKER(lcore)
		{
			if (e->n_workers < MCR_LCORES_MAX)
				e->lcores[e->n_workers++] = lcore;
		}
		if (e->n_workers == 0)
			return mcr_error_set(
			    err, -EINVAL,
			    "EAL has no worker lcore for receiving: give it two or "
			    "more, as in -l 0,1");
		return 0;
	}
	if (cfg->n_lcores == 0 || cfg->n_lcores > MCR_LCORES_MAX)
		return mcr_error_set(err, -EINVAL, "1 to %d rx lcores", MCR_LCORES_MAX);
	for (unsigned i = 0; i < cfg->n_lcores; i++) {
		lcore = cfg->lcores[i];
		if (!rte_lcore_is_enabled(lcore) || lcore == rte_get_main_lcore())
			return mcr_error_set(err, -EINVAL, "lcore %u is not a worker lcore of EAL",
					     lcore);
		for (unsigned k = 0; k < i; k++)
			if (e->lcores[k] == lcore)
				return mcr_error_set(err, -EINVAL, "lcore %u is named twice",
						     lcore);
		e->lcores[e->n_workers++] = lcore;
	}
	return 0;
}

static int has_kernel(const struct mcr_engine_config *cfg)
{
	for (unsigned i = 0; i < cfg->n_interfaces; i++)
		if (cfg->interfaces[i].kernel[0] != '\0')
			return 1;
	return 0;
}

static int create_workers(struct mcr_engine *e, const struct mcr_engine_config *cfg,
			  struct mcr_error *err)
{
	int ret = 0;

	e->qsbr =
	    rte_zmalloc("mcr_qsbr", rte_rcu_qsbr_get_memsize(MCR_LCORES_MAX), RTE_CACHE_LINE_SIZE);
	if (e->qsbr == NULL || rte_rcu_qsbr_init(e->qsbr, MCR_LCORES_MAX) != 0)
		return mcr_error_set(err, -ENOMEM, "no EAL memory: give EAL more (-m MEGABYTES)");
	e->placement.n = e->n_workers;
	for (unsigned i = 0; ret == 0 && i < e->n_workers; i++) {
		struct mcr_worker *w;

		e->placement.lcores[i] = e->lcores[i];
		e->placement.nodes[i] = (int)rte_lcore_to_socket_id(e->lcores[i]);

		ret = mcr_worker_create(&w, i, e->lcores[i], err);
		if (ret < 0)
			break;
		e->workers[i] = w;
		w->idle = e->config.idle;
		w->first_chunk = e->config.first_chunk ? e->config.first_chunk : MCR_FIRST_CHUNK;
		w->clock = &e->clock;
		w->qsbr = e->qsbr;
		rte_rcu_qsbr_thread_register(e->qsbr, i);
		if (has_kernel(cfg))
			ret = mcr_worker_serve_kernel(w, err);
	}
	return ret;
}

/* Bifurcated drivers (mlx5) and those on top of the kernel's own interface. */
static void warn_shared(const struct mcr_engine *e, const struct mcr_interface_config *config,
			const struct mcr_port *port)
{
	if (config->kernel[0] != '\0' && port->kernel_index != 0)
		mcr_engine_log(
		    e, MCR_LOG_WARNING,
		    "interface %s: the kernel keeps its own interface on port %s (%s), so "
		    "it gets what is sent to it anyway, and with kernel=%s twice: kernel= "
		    "is for ports that are taken from the kernel",
		    config->name, port->name, port->driver, config->kernel);
}

static int create_interfaces(struct mcr_engine *e, const struct mcr_engine_config *cfg,
			     struct mcr_error *err)
{
	uint64_t now_ns = mcr_clock_now_monotonic();

	if (cfg->n_interfaces == 0)
		return mcr_error_set(err, -EINVAL,
				     "no interface: name one with --interface NAME=PORT");
	for (unsigned i = 0; i < cfg->n_interfaces; i++) {
		const struct mcr_interface_config *config = &cfg->interfaces[i];
		struct mcr_port *port;
		int ret = mcr_interface_check(config, err);

		for (size_t k = 0; ret == 0 && k < e->n_interfaces; k++)
			if (strcmp(e->interfaces[k].config.name, config->name) == 0)
				ret = mcr_error_set(err, -EINVAL, "two interfaces are named \"%s\"",
						    config->name);
		if (ret == 0)
			ret = mcr_engine_port_of(e, cfg, config, &port, err);
		if (ret == 0)
			ret = mcr_interface_init(&e->interfaces[i], config, port, (uint8_t)i,
						 now_ns, err);
		if (ret < 0)
			return ret;
		warn_shared(e, config, port);
		e->n_interfaces++;
	}
	return 0;
}

static int create_channels(struct mcr_engine *e, const struct mcr_engine_config *cfg,
			   struct mcr_error *err)
{
	static const struct mcr_channel_config by_default = {.name = "default"};
	int ret = 0;

	if (cfg->n_channels == 0)
		return mcr_engine_channel_add(e, &by_default, err);
	for (unsigned i = 0; ret == 0 && i < cfg->n_channels; i++)
		ret = mcr_engine_channel_add(e, &cfg->channels[i], err);
	return ret;
}

static int create_table(struct mcr_engine *e, struct mcr_error *err)
{
	struct mcr_group_table *table;

	e->joins = calloc(1, sizeof(*e->joins));
	if (e->joins == NULL || mcr_group_table_create(&table, NULL, 0) < 0)
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

int mcr_engine_create(struct mcr_engine **out, const struct mcr_engine_config *cfg,
		      struct mcr_error *err)
{
	struct mcr_engine *e;
	int ret = check_config(cfg, err);

	if (ret < 0)
		return ret;
	e = calloc(1, sizeof(*e));
	if (e == NULL)
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

	ret = choose_lcores(e, cfg, err);
	if (ret == 0)
		ret = mcr_device_thread_create(&e->device, err);
	if (ret == 0)
		ret = mcr_engine_create_sockets(
		    e, err); /* first: a second engine ends here, harmlessly */
	if (ret == 0)
		ret = create_workers(e, cfg, err);
	if (ret == 0)
		ret = create_interfaces(e, cfg, err);
	if (ret == 0)
		ret = mcr_engine_place_queues(e, err);
	if (ret == 0)
		ret = create_table(e, err);
	if (ret == 0)
		ret = create_channels(e, cfg, err);
	if (ret < 0) {
		mcr_engine_destroy(e);
		return ret;
	}
	*out = e;
	return 0;
}

/* ---- start and stop ---- */

static int take_mtus(struct mcr_engine *e)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < e->n_interfaces; i++)
		ret = mcr_interface_set_mtu(&e->interfaces[i]);
	return ret;
}

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
	ret = take_mtus(e); /* they may have changed since create */
	if (ret < 0)
		return mcr_error_set(err, ret, "no memory to start");
	mcr_engine_tell_ports(e);
	mcr_engine_tell_descriptors(e);
	mcr_engine_filter_ports(e);
	mcr_device_thread_drain(e->device, e);       /* before the first reports */
	ret = mcr_engine_publish(e, e->table, NULL); /* the links' first state is in it */
	if (ret < 0)
		return mcr_error_set(err, ret, "no memory to start");
	e->started_ns = mcr_clock_now_realtime();
	e->state = MCR_ENGINE_RUNNING;
	for (unsigned i = 0; i < e->n_workers; i++) {
		ret = rte_eal_remote_launch(mcr_worker_lcore_main, e->workers[i], e->lcores[i]);
		if (ret < 0)
			return mcr_error_set(err, ret, "lcore %u is busy with something else",
					     e->lcores[i]);
		e->n_launched++;
	}
	mcr_engine_work(e, mcr_clock_now_monotonic()); /* the first reports leave here */
	mcr_device_thread_drain(e->device, e);
	return 0;
}

static size_t igmp_pending(const struct mcr_engine *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n_interfaces; i++)
		if (e->interfaces[i].igmp != NULL && e->interfaces[i].port->link_up)
			n += mcr_igmp_pending(e->interfaces[i].igmp);
	return n;
}

/* The first copy of each leave goes out at once, the others as they fall due. Data is received
 * meanwhile. */
static void leave_groups(struct mcr_engine *e)
{
	uint64_t now_ns = mcr_clock_now_monotonic();
	uint64_t end_ns = now_ns + LEAVE_NS;

	for (size_t i = 0; i < e->n_interfaces; i++) {
		if (e->interfaces[i].igmp == NULL)
			continue;
		mcr_igmp_leave_all(e->interfaces[i].igmp, now_ns);
		e->interfaces[i].igmp_due_ns = 0;
	}
	mcr_engine_poll(e, 0);
	while (igmp_pending(e) > 0 && mcr_clock_now_monotonic() < end_ns)
		mcr_engine_poll(e, 1000000);
}

static int is_port_leaving(const struct mcr_engine *e)
{
	for (size_t i = 0; i < e->n_ports; i++)
		if (e->ports[i]->leaving)
			return 1;
	return 0;
}

/* What the device thread has begun, and ports that are on their way out: their lcores are to tell
 * consumers. Data is received meanwhile. */
static void finish_jobs(struct mcr_engine *e)
{
	uint64_t end_ns = mcr_clock_now_monotonic() + LEAVE_NS;

	for (;;) {
		/* The answer to a reload that ended in the last round; what is begun here counts.
		 */
		if (e->control != NULL)
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
	if (!e->config.keep_memberships && e->n_launched == e->n_workers) /* else none was joined */
		leave_groups(e);
	finish_jobs(e);
	for (unsigned i = 0; i < e->n_launched; i++)
		__atomic_store_n(&e->workers[i]->stop, 1, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < e->n_launched; i++)
		rte_eal_wait_lcore(e->lcores[i]);
	e->state = MCR_ENGINE_STOPPED;
	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
		if (e->channels[i] != NULL)
			mcr_channel_stop(e->channels[i]);
	for (int i = 0; i < 32 && mcr_attach_server_wake(e->attach); i++)
		; /* who sleeps may know */
	for (size_t i = 0; i < e->n_ports; i++)
		stop_port(e->ports[i]);
	mcr_engine_reap(e);
}

void mcr_engine_destroy(struct mcr_engine *e)
{
	if (e == NULL)
		return;
	mcr_engine_stop(e);
	mcr_device_thread_destroy(e->device, e); /* first: its jobs may use all that follows */
	e->device = NULL;
	mcr_control_server_destroy(e->control);
	mcr_attach_server_destroy(e->attach);
	if (e->lock_fd >= 0)
		mcr_run_dir_leave(e->config.run_dir, e->lock_fd);
	if (e->qsbr != NULL)
		mcr_engine_reap(e); /* no lcore runs, so this frees all of it */
	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
		mcr_channel_destroy(e->channels[i]);
	for (unsigned i = 0; i < MCR_LCORES_MAX; i++)
		mcr_worker_destroy(
		    e->workers[i]); /* gives punted packets back to the ports' pools */
	for (size_t i = 0; i < MCR_INTERFACES_MAX; i++)
		mcr_interface_fini(&e->interfaces[i]);
	for (size_t i = 0; i < e->n_ports; i++)
		mcr_port_close(e->ports[i]);
	free(e->view);
	mcr_group_table_destroy(e->table);
	mcr_join_set_destroy(e->joins);
	mcr_slots_fini(&e->slots);
	rte_free(e->qsbr);
	if (e->run_delay_fd >= 0)
		close(e->run_delay_fd);
	free(e);
}

int mcr_engine_interface_address(struct mcr_engine *e, const char *interface, uint32_t address_be,
				 uint8_t prefix_len, struct mcr_error *err)
{
	for (size_t i = 0; i < e->n_interfaces; i++) {
		struct mcr_interface *it = &e->interfaces[i];
		struct mcr_interface_config changed = it->config, config;
		int ret;

		if (strcmp(changed.name, interface) != 0)
			continue;
		changed.address_be = address_be;
		changed.prefix_len = prefix_len;
		ret = mcr_interface_check(&changed, err);
		if (ret < 0)
			return ret;
		config = it->config;
		it->config = changed;
		ret = mcr_engine_publish(e, e->table, NULL);
		if (ret < 0) {
			it->config = config;
			return mcr_error_set(err, ret, "interface \"%s\": no memory", interface);
		}
		mcr_interface_announce(it, mcr_clock_now_monotonic());
		return 0;
	}
	return mcr_error_set(err, -ENOENT, "no interface \"%s\"", interface);
}
