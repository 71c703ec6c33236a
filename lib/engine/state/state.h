/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's state. Everything here belongs to the control thread; what rx lcores see of it they
 * see through struct mcr_worker and the published view. */
#ifndef MCR_ENGINE_STATE_H
#define MCR_ENGINE_STATE_H

#include <mcring/engine.h>

#include "engine/attach/attach_server.h"
#include "engine/channel/channel.h"
#include "engine/clock/clock.h"
#include "engine/clock/round_clock.h"
#include "engine/control/control_server.h"
#include "engine/interface/interface.h"
#include "engine/join/join_set.h"
#include "engine/os/device_thread.h"
#include "engine/port/port.h"
#include "engine/rx/worker.h"

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
	MCR_ENGINE_STOPPING, /* tells its leaves: nothing may be joined any more */
	MCR_ENGINE_STOPPED,
};

struct mcr_engine {
	struct mcr_engine_config config; /* arrays and lcores: not valid after create */
	enum mcr_engine_state state;
	uint64_t started_ns; /* CLOCK_REALTIME */

	struct mcr_port *ports[MCR_INTERFACES_MAX];
	size_t n_ports;
	struct mcr_port *port_by_id[RTE_MAX_ETHPORTS];
	struct mcr_interface interfaces[MCR_INTERFACES_MAX];
	size_t n_interfaces;
	struct mcr_channel *channels[MCR_CHANNELS_MAX]; /* NULL = unused */
	struct mcr_worker *workers[MCR_LCORES_MAX];
	unsigned lcores[MCR_LCORES_MAX];
	unsigned n_workers;
	struct mcr_placement placement; /* of the workers */
	unsigned n_launched; /* workers whose lcore runs the rx loop, the first of them */

	struct mcr_join_set *joins;
	struct mcr_slots slots;
	uint8_t filter_due; /* the device thread was not told of the last joins and leaves yet */
	uint64_t reports_wait_until_ns; /* mcr_engine_must_reports_wait; 0 = no longer */
	struct mcr_group_table *table;
	struct mcr_view *view; /* the published one */
	uint64_t view_serial;
	struct mcr_retired *retired;
	struct rte_rcu_qsbr *qsbr;
	struct mcr_clock clock;
	struct mcr_device_thread *device; /* done() of its jobs is called with the engine */
	uint8_t is_ending; /* control sets it; the device thread then gives up what takes long */

	int lock_fd; /* of the run directory; -1 = none */
	struct mcr_attach_server *attach;
	struct mcr_control_server *control;
	struct mcr_round_clock round;
	int run_delay_fd;                        /* mcr_run_delay_open; below 0 = none */
	uint64_t heartbeat_due_ns, watch_due_ns; /* CLOCK_MONOTONIC */
	uint64_t wake_until_ns;                  /* until then sleepers are looked for more often */
	uint64_t kernel_moved_ns;                /* when a frame last went to a kernel's device */
	uint8_t is_kernel_behind;                /* a round of kernel_round left some over */
	uint64_t kernel_lost;                    /* bit per interface whose device's end was told */
};

/* mcr_engine_log: one line to the application. */
__attribute__((format(printf, 3, 4))) void
mcr_engine_log(const struct mcr_engine *e, enum mcr_log_level level, const char *format, ...);

/* publish.c: the snapshot for the rx lcores.
 *
 * mcr_engine_publish shows the lcores a view of the engine as it is now, with this table, and
 * retires what it replaces; old (allocated by mcr_retired_create, NULL = nothing more) may carry
 * more to free after the grace period. Returns 0 or -ENOMEM (nothing changed). */
int mcr_engine_publish(struct mcr_engine *e, struct mcr_group_table *table,
		       struct mcr_retired *old);

/* mcr_engine_reap frees what no lcore can see any more; never waits. */
void mcr_engine_reap(struct mcr_engine *e);

/* sockets.c: makes the run directory, the attach and the control socket. */
int mcr_engine_create_sockets(struct mcr_engine *e, struct mcr_error *err);

/* Logs when the process's limit is below the descriptors that its consumers may come to need. */
void mcr_engine_tell_descriptors(const struct mcr_engine *e);

/* ports.c: the port of one of cfg's interfaces, opened when it is the first on it. */
int mcr_engine_port_of(struct mcr_engine *e, const struct mcr_engine_config *cfg,
		       const struct mcr_interface_config *config, struct mcr_port **out,
		       struct mcr_error *err);

/* port_capture.c: says what is wrong with the files that net_pcap plays. Errors: -EINVAL (no
 * Ethernet frames in one). */
int mcr_engine_look_at_captures(struct mcr_engine *e, const struct mcr_port *port,
				struct mcr_error *err);

/* Gives every queue of every port to a worker. Errors: -EINVAL (too many for one). */
int mcr_engine_place_queues(struct mcr_engine *e, struct mcr_error *err);

/* Logs what each port was given, and what is wrong with it. */
void mcr_engine_tell_ports(const struct mcr_engine *e);

/* A port goes: from now on control does not use it; the second function, called each round, does
 * what remains as lcores let go. */
void mcr_engine_begin_removal(struct mcr_engine *e, struct mcr_port *port);
void mcr_engine_go_on_removing(struct mcr_engine *e);

/* port_watch.c: mcr_engine_watch_ports has the device thread look at every started port; what
 * changed is told when it has. mcr_engine_tell_change shows rx lcores and consumers a change of
 * ports. */
void mcr_engine_watch_ports(struct mcr_engine *e);
void mcr_engine_tell_change(struct mcr_engine *e);

/* filter_ports.c: what the groups of e->joins mean to the NICs.
 *
 * mcr_engine_filter_ports has the device thread tell every started port. */
void mcr_engine_filter_ports(struct mcr_engine *e);

/* mcr_engine_joins_changed: the filters are to follow in the next round.
 * mcr_engine_must_reports_wait: whether a port's reports wait for its filter, which they do for 100
 * ms at most. */
void mcr_engine_joins_changed(struct mcr_engine *e, uint64_t now_ns);
int mcr_engine_must_reports_wait(struct mcr_engine *e, const struct mcr_port *port,
				 uint64_t now_ns);

/* mcr_engine_group_queue: the queue of its port that a group keeps to where it can be steered. */
uint16_t mcr_engine_group_queue(const struct mcr_engine *e, const struct mcr_group *g);

/* mcr_engine_group_filter: how a group stands with its port. */
void mcr_engine_group_filter(const struct mcr_engine *e, const struct mcr_group *g,
			     struct mcr_filter_state *out);

/* kernel_round.c: mcr_engine_kernel_round moves frames between the port and the kernel, a limited
 * number. mcr_engine_watch_kernel has the device thread tell the kernel's devices of the ports and
 * ask which multicast they want; what changed is told when it has. */
void mcr_engine_kernel_round(struct mcr_engine *e, uint64_t now_ns);
void mcr_engine_watch_kernel(struct mcr_engine *e);

/* membership.c: what consumers join and leave themselves; engine: struct mcr_engine. The second
 * takes away the joins of all consumers but the living, which are ascending. */
int mcr_engine_consumer_update(void *engine, uint64_t consumer, const struct mcr_join *remove,
			       size_t n_remove, const struct mcr_join *add, size_t n_add,
			       struct mcr_error *err);
int mcr_engine_consumers_ended(void *engine, const uint64_t *living, size_t n);

/* control.c: one round of the control thread's work. */
void mcr_engine_work(struct mcr_engine *e, uint64_t now_ns);

#endif
