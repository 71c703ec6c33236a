/* SPDX-License-Identifier: BSD-3-Clause */
/* struct mcr_engine: all that an engine has. It belongs to the control thread; rx lcores see of it
 * what struct mcr_worker and the published view show them. The files of this folder change it or
 * describe it, each a part; this header has the struct alone. */
#ifndef MCR_ENGINE_STATE_H
#define MCR_ENGINE_STATE_H

#include <mcring/engine.h>

#include "engine/channel/channel.h"
#include "engine/clock/clock.h"
#include "engine/clock/round_clock.h"
#include "engine/interface/interface.h"
#include "engine/join/join_set.h"
#include "engine/os/device_thread.h"
#include "engine/port/port.h"
#include "engine/rx/worker.h"
#include "engine/state/interface_file.h"

/* What rx lcores may still look at until a grace period is over. */
struct mcr_retired {
	struct mcr_retired *next;
	uint64_t token; /* of the grace period */
	struct mcr_view *view;
	struct mcr_group_table *table;
	struct mcr_channel *channel;
	uint32_t *slots;
	size_t n_slots;
};

enum mcr_engine_state {
	MCR_ENGINE_CREATED,
	MCR_ENGINE_RUNNING,
	MCR_ENGINE_STOPPING, /* reports its leaves: nothing may be joined any more */
	MCR_ENGINE_STOPPED,
};

struct mcr_relay;
struct mcr_program;
struct mcr_attach_server;
struct mcr_control_server;

struct mcr_engine {
	struct mcr_engine_config config; /* arrays and lcores: not valid after create */
	enum mcr_engine_state state;
	uint64_t started_ns;         /* CLOCK_REALTIME */
	struct mcr_shard_info shard; /* size 0: nothing is shared */

	struct mcr_port *ports[MCR_INTERFACES_MAX];
	size_t n_ports;
	struct mcr_port *port_by_id[RTE_MAX_ETHPORTS];
	struct mcr_interface interfaces[MCR_INTERFACES_MAX];
	size_t n_interfaces;
	struct mcr_channel *channels[MCR_CHANNELS_MAX]; /* NULL = unused */
	struct mcr_channel *made[MCR_CHANNELS_MAX];     /* by create, and not among these yet */
	struct mcr_worker *workers[MCR_LCORES_MAX];
	unsigned lcores[MCR_LCORES_MAX];
	unsigned n_workers;
	struct mcr_placement placement;   /* of the workers */
	struct mcr_relay_hold relay_hold; /* zeros: no interface has a role */
	unsigned n_launched; /* workers whose lcore runs the rx loop, the first of them */

	struct mcr_relay *relay; /* NULL: no interface has a role */
	struct mcr_join_set *joins;
	struct mcr_slots slots;
	uint8_t filter_due; /* the filters do not follow the last joins and leaves yet */
	uint64_t reports_wait_until_ns; /* mcr_engine_must_reports_wait; 0 = no longer */
	struct mcr_group_table *table;
	struct mcr_view *view; /* the published one */
	uint64_t view_serial;
	uint8_t are_ports_due; /* a change of the ports is not published yet, for want of memory */
	struct mcr_retired *retired;
	struct rte_rcu_qsbr *qsbr;
	struct mcr_clock clock;
	struct mcr_device_thread *device; /* done() of its jobs is called with the engine */
	struct mcr_program *programs;     /* channels in the making: programs.c */
	uint8_t is_ending; /* control sets it; the device thread then gives up what takes long */

	int lock_fd; /* of the run directory; -1 = none */
	struct mcr_attach_server *attach;
	struct mcr_control_server *control, *stats;
	uint64_t stats_due_ns; /* CLOCK_MONOTONIC: until then stats is not looked at */
	struct mcr_interface_file interface_file;
	struct mcr_round_clock round;
	int run_delay_fd;                        /* mcr_run_delay_open; below 0 = none */
	uint64_t heartbeat_due_ns, watch_due_ns; /* CLOCK_MONOTONIC */
	uint64_t wake_until_ns;                  /* until then sleepers are looked for more often */
	unsigned next_punt;                      /* the worker whose punted packets are next */
	uint64_t kernel_moved_ns;                /* when a frame last went to a kernel's device */
	uint8_t is_kernel_behind;                /* a round of kernel_round left some over */
	uint64_t kernel_lost; /* bit per interface: the end of its device was logged */
};

#endif
