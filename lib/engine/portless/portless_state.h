/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this folder share. Who calls whom, lowest first:
 *     portless_view      what the publisher sees: changed as a whole
 *     portless_channels  channels, also those that are made for one program each
 *     portless_joins     joins, and the table that follows from them
 *     portless_round     the control thread
 *     portless_put       frames into rings
 *     portless           life, and what the publisher asks */
#ifndef MCR_ENGINE_PORTLESS_STATE_H
#define MCR_ENGINE_PORTLESS_STATE_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "core/group_table.h"
#include "core/ring.h"
#include "core/trailer.h"
#include "engine/attach/attach_server.h"
#include "engine/join/join_set.h"
#include "engine/os/device_thread.h"
#include "engine/plan/limits.h"
#include "engine/portless/portless.h"
#include "engine/rings/rings.h"

#define MCR_PORTLESS_PATH 4096 /* of the run directory */

struct mcr_portless_channel {
	struct mcr_job job; /* first: releases it on the device thread */
	struct mcr_channel_config config;
	struct mcr_rings rings;        /* one, or none of a template */
	struct mcr_ring_writer writer; /* the publisher's while the view has it */
};

/* A channel in the making. The device thread has it but for next, id and is_cancelled. */
struct mcr_portless_program {
	struct mcr_job job; /* first */
	struct mcr_portless_program *next;
	struct mcr_portless *portless;
	uint64_t id;
	uint8_t is_cancelled; /* control sets it; the device thread gives up */
	struct mcr_channel_config config;
	struct mcr_portless_channel *channel; /* the result; NULL = none */
	int ret;
	struct mcr_error err;
};

struct mcr_portless_port {
	char name[64];
	uint8_t verifies;                   /* UDP checksums */
	uint8_t has_trailers;               /* of a switch: hw_time */
	struct mcr_trailer_reader trailers; /* the publisher's */
	uint8_t interface_of_vlan[MCR_VLANS];
};

struct mcr_portless {
	/* Set at first. */
	char run_dir[MCR_PORTLESS_PATH];
	struct mcr_interface_config interfaces[MCR_INTERFACES_MAX];
	unsigned n_interfaces;
	struct mcr_portless_port *ports; /* MCR_INTERFACES_MAX of them */
	unsigned n_ports;
	uint32_t broadcast_be[MCR_INTERFACES_MAX]; /* of its subnet; 255.255.255.255 = none */
	uint8_t takes_all;
	void (*log)(void *ctx, enum mcr_log_level level, const char *line);
	void *ctx;
	int lock_fd; /* of the run directory; -1 = none */

	/* What control does, and the publisher's calls that ask for it, are done under this lock.
	 * The publisher does not take it for frames. */
	pthread_mutex_t control;
	pthread_t thread;
	uint8_t is_running;  /* the thread */
	uint8_t is_ending;   /* atomic: control shall end, the device thread give up */
	uint8_t had_readers; /* atomic */
	uint8_t is_stopping; /* nothing may be joined or made any more */
	struct mcr_attach_server *attach;
	struct mcr_device_thread *device;      /* done() of its jobs is called with the engine */
	struct mcr_portless_program *programs; /* in the making */
	struct mcr_portless_channel *channels[MCR_CHANNELS_MAX];
	struct mcr_join_set *joins;
	struct mcr_slots slots;
	uint64_t joined_ns; /* CLOCK_MONOTONIC of a consumer's last change; 0 = none */
	uint64_t beat_due_ns, poll_due_ns, wake_until_ns; /* CLOCK_MONOTONIC */

	/* The view: under this lock, which is held for moments only; by the publisher from begin to
	 * publish. */
	pthread_mutex_t view;
	struct mcr_group_table *table;
	struct mcr_ring_writer *writers[MCR_CHANNELS_MAX]; /* NULL = no such channel */
	uint32_t view_serial;                              /* counts changes */

	/* The publisher's. */
	uint32_t seen_serial;
	uint64_t touched; /* channels with messages that are not published: a mask */
	struct mcr_account account;
};

static inline uint64_t mcr_portless_clock(clockid_t clock)
{
	struct timespec ts = {0};

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- portless_view.c ---- */

/* mcr_portless_log logs a line. */
__attribute__((format(printf, 3, 4))) void
mcr_portless_log(const struct mcr_portless *p, enum mcr_log_level level, const char *format, ...);

/* mcr_portless_show shows the publisher all channels, and the table from now on. Returns the table
 * that nobody sees any more, or NULL if it is the same. */
struct mcr_group_table *mcr_portless_show(struct mcr_portless *p, struct mcr_group_table *table);

/* ---- portless_channels.c: under the lock `control` ---- */

/* mcr_portless_add_channel makes a channel and lets consumers attach. Waits for its memory. */
int mcr_portless_add_channel(struct mcr_portless *p, const struct mcr_channel_config *config,
			     struct mcr_error *err);

/* mcr_portless_drop_channel has the device thread release a channel that nobody sees any more. */
void mcr_portless_drop_channel(struct mcr_portless *p, struct mcr_portless_channel *channel);

/* mcr_portless_free_channel releases a channel at once. NULL is allowed. */
void mcr_portless_free_channel(struct mcr_portless_channel *channel);

/* make and cancel of struct mcr_attach_programs. */
int mcr_portless_program_make(void *portless, uint64_t id, const struct mcr_channel_config *config,
			      struct mcr_error *err);
void mcr_portless_program_cancel(void *portless, uint64_t id);

/* ---- portless_joins.c: likewise ---- */

/* mcr_portless_change makes a change of the joins. Errors, with nothing changed: those of
 * mcr_join_set_change, and -ESHUTDOWN. */
int mcr_portless_change(struct mcr_portless *p, const struct mcr_join_change *change,
			struct mcr_error *err);

/* Of struct mcr_attach_joining, and end of struct mcr_attach_programs. */
int mcr_portless_consumer_update(void *portless, uint64_t consumer, const struct mcr_join *remove,
				 size_t n_remove, const struct mcr_join *add, size_t n_add,
				 struct mcr_error *err);
int mcr_portless_consumers_ended(void *portless, const uint64_t *living, size_t n);
int mcr_portless_program_end(void *portless, const char *channel);

/* ---- portless_round.c ---- */

/* mcr_portless_control is the control thread; it ends with is_ending. */
void *mcr_portless_control(void *portless);

#endif
