/* SPDX-License-Identifier: BSD-3-Clause */
/* A DPDK port, and its life: port.c opens, starts and closes it. port_queues.c configures it,
 * port_link.c and port_netdev.c look at it, port_clock.c follows its clock, port_removal.c hears
 * when it goes. While the engine runs, only the device thread asks the device; each field says
 * whose it is. Thread: control, where nothing else stands. */
#ifndef MCR_ENGINE_PORT_H
#define MCR_ENGINE_PORT_H

#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_mempool.h>

#include <mcring/engine.h>

#include "engine/filter/filter.h"
#include "engine/netdev/netdev_address.h"
#include "engine/netdev/netdev_groups.h"
#include "engine/netdev/netdev_hold.h"
#include "engine/netdev/netdev_link.h"
#include "engine/netdev/socket_loss.h"
#include "engine/os/device_thread.h"
#include "engine/plan/limits.h"
#include "engine/plan/placement.h"
#include "engine/plan/pool_plan.h"
#include "engine/plan/tx_plan.h"
#include "engine/port/port_clock.h"
#include "engine/port/port_trailers.h"

#define MCR_PORT_REFUSALS 4

struct mcr_handover;

/* When a look last found a counter above what the look before had found; CLOCK_REALTIME, 0 = never.
 */
struct mcr_port_rises {
	uint64_t rx_ns, missed_ns, nombuf_ns, errors_ns;
};

/* What a look at the device found: port_link.h. */
struct mcr_port_look {
	uint8_t is_gone; /* the device was removed */
	uint8_t promiscuous, all_multicast;
	int link;            /* 1 = up, 0 = down, or -errno: it could not be seen */
	uint32_t speed_mbps; /* 0 = unknown */
	struct rte_ether_addr mac;
	struct rte_eth_stats stats;
	uint64_t counted_ns; /* CLOCK_REALTIME: what came or was lost before is in stats; 0 = none
			      * were read yet */
	struct mcr_port_rises rises;
	struct mcr_netdev_state netdev;        /* of the interface that the port sits on */
	struct mcr_netdev_addresses addresses; /* of IPv6 there, if has_netdev_mac */
	struct mcr_netdev_groups groups;       /* that programs have joined there, likewise */
	uint8_t is_deaf; /* the driver receives nothing any more: its interface has moved away */
};

/* Owners: a field without a mark is set before the engine starts, and constant from then on. [c]:
 * control's alone. [d]: the device thread's while one of the port's jobs is pending, else
 * control's. */
struct mcr_port {
	uint16_t id; /* of DPDK */
	char name[RTE_ETH_NAME_MAX_LEN];
	char driver[32];
	struct rte_ether_addr mac; /* [c] */
	uint16_t mtu;
	int node; /* NUMA node of the device; MCR_NODE_ANY = unknown */
	uint16_t n_queues, rx_descs;
	uint16_t n_tx_queues, tx_descs;
	struct mcr_tx_plan tx; /* who sends by which Tx queue: made when the queues are placed */
	struct mcr_handover *control_way; /* [c] to the lcore that sends control's frames; NULL =
					   * control has Tx queue 0 for itself */
	uint8_t is_relaying;              /* an interface on it has a role */
	uint8_t takes_chains;      /* the driver sends frames of several buffers, and was told so */
	uint16_t queues_of_device; /* without RSS: so many the other side may choose from; else 0 */
	uint8_t worker_of_queue[MCR_QUEUES_MAX]; /* index of the worker that polls it */
	uint32_t candidates, pollers;            /* workers that may poll it, and that do: masks */
	uint64_t logged_pins;      /* [c] channels whose groups it cannot bring to their lcore,
				    * which is in the log */
	uint8_t has_chosen_lcores; /* candidates are the operator's choice */
	uint8_t running;           /* [d] between rte_eth_dev_start and rte_eth_dev_stop */
	uint8_t started;           /* [c] control may send on it, filter it and watch it */
	uint8_t closed;            /* [d] the device is closed: its id may be another's */
	uint8_t removed;           /* [c] it went, or is going, while the engine runs */
	uint8_t leaving;           /* [c] removed, and not closed yet */
	uint8_t leave_published;   /* [c] the lcores can see that it goes */
	uint64_t leave_token;      /* [c] of the grace period after which no lcore polls it */
	uint32_t removal_heard;    /* writer: a thread of EAL's */
	struct rte_device *device; /* [d] NULL = unknown, or detached */
	struct mcr_job look_job, shut_job; /* [c]; a pending one is the device thread's */
	struct mcr_port_look found;        /* [d] what the last look saw */
	struct mcr_port_look seen;         /* [c] the same, as control last took it over */
	uint32_t netdev_index; /* of the kernel's interface that the port sits on; 0 = none */
	struct mcr_netdev_link netdev; /* [d] how it is asked: open as long as the port, so that a
					* look never lacks a descriptor */
	struct mcr_netdev_address netdev_address; /* [d] likewise */
	uint8_t has_netdev_mac;                   /* its MAC address is the port's, now and later */
	int leave_fd; /* hears what the kernel reports there (leave_watch.h), while started; below 0
		       * = none */
	uint32_t frame_max;    /* longer frames are cut or dropped; 0 = unknown, or none */
	uint32_t rx_frame_max; /* the same of all drivers: mcr_port_info has it */
	int xdp_fd;            /* [d] what mcr_xdp_pass_attach returned; -ENODEV = not tried */
	uint8_t link_up;       /* [c] as last seen */
	int link_error;        /* [c] -errno of a last look that did not see the link; 0 = it did */
	uint8_t udp_checksum;  /* enum mcr_udp_checksum */
	uint8_t pieces;        /* 1: a queue that is behind is received in pieces */
	struct mcr_port_clock clock;       /* of its timestamps; the clock in it: [d] */
	struct mcr_port_trailers trailers; /* [c] of a switch */
	uint32_t link_changes;             /* [c] */
	uint64_t link_since_ns;            /* [c] of the last of them, CLOCK_REALTIME; 0 = none */
	struct mcr_socket_loss loss;       /* [d] what its driver's sockets lose uncounted */
	uint64_t owner; /* of rte_eth_dev_owner: nobody else in this process uses the port */
	struct rte_mempool *mempool;
	struct rte_mempool *kernel_pool;  /* of frames from the kernel; NULL = no kernel= */
	int memory_node;                  /* where mempool was made; MCR_NODE_ANY = anywhere */
	struct mcr_filter_port filter;    /* [d] */
	struct mcr_filter_port *filtered; /* [c] a copy of it after its last change */
	struct mcr_filter_change {        /* [d] */
		struct mcr_job job;
		struct mcr_filter_want *wants;
		size_t n_wants;
		struct mcr_filter_port *result; /* NULL = no memory */
		int ret;
		uint8_t has_look; /* the filter is to be open, for the port's `look` */
	} change;
	struct mcr_filter_look {            /* [c] mcr_engine_open_filter */
		uint64_t until_ns;          /* CLOCK_MONOTONIC; 0 = it is not wanted */
		uint64_t until_realtime_ns; /* the same; it stays until the filter is closed */
		uint8_t is_open;            /* the filter lets all in */
		uint8_t is_refused;         /* the driver could not, when it was told to */
	} look;
	struct mcr_kernel_holds { /* [d] groups of its interface: state/kernel_holds.h */
		struct mcr_job job;
		struct mcr_held_group wants[MCR_HELD_GROUPS_MAX];
		size_t n_wants;
		struct mcr_netdev_hold held;
	} holds;
	uint8_t filter_due; /* [c] another change follows the pending one */
	char logged_refusals[MCR_PORT_REFUSALS][MCR_FLOW_WHY]; /* [c] of flow rules */
	unsigned next_refusal;                                 /* [c] */
	/* Read by rx lcores through the view: constant once the port is started. */
	uint8_t interface_of_vlan[MCR_VLANS];
};

/* mcr_port_find: the DPDK port of a device name or a number. Returns its id or -ENODEV; err then
 * lists the ports. */
int mcr_port_find(const char *text, struct mcr_error *err);

/* How a port is to be set up. */
struct mcr_port_wants {
	uint16_t n_queues;           /* rx queues; 0 = by the driver */
	unsigned n_lcores;           /* how many may poll it */
	struct mcr_relay_hold relay; /* zeros: no interface on it has a role, and control alone
				      * sends */
	int memory_node;             /* of its buffers; MCR_NODE_ANY */
	uint8_t is_beside_kernel;    /* some of its frames will wait for the kernel: kernel= */
	uint8_t hw_time;             /* enum mcr_hw_time */
	uint8_t is_listed;           /* leave it without an owner: list_ports */
	struct mcr_sockets *sockets_before; /* NULL = unknown */
};

/* mcr_port_node: the NUMA node of a device; MCR_NODE_ANY = unknown. */
int mcr_port_node(uint16_t id);

/* mcr_port_open takes and configures a port: rx queues, and Tx queues for control and for those
 * who relay. Errors, with err filled: -EBUSY (somebody else in this process has it), -EINVAL (more
 * queues than it has), -ENOMEM, what the driver gave. */
int mcr_port_open(struct mcr_port **out, uint16_t id, const struct mcr_port_wants *wants,
		  struct mcr_error *err);

/* mcr_port_start starts the device: packets flow from here on. Returns 0, or what the driver gave,
 * with err filled. */
int mcr_port_start(struct mcr_port *port, struct mcr_error *err);

/* mcr_port_stop stops the device, if it runs; its last counters are in found. May wait. Thread: as
 * mcr_port_shut. */
void mcr_port_stop(struct mcr_port *port);

/* mcr_port_shut stops and closes the device; its last counters are in found. No lcore polls it any
 * more, and control does not use it. May wait. Thread: device, or control when no job is pending.
 */
void mcr_port_shut(struct mcr_port *port);

/* mcr_port_close shuts the port and frees it. All buffers of its pool are back. NULL is allowed. */
void mcr_port_close(struct mcr_port *port);

#endif
