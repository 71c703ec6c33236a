/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon as a service: what it tells the service manager of its engine. Without one nothing of
 * this happens, except that the start waits for the reports. Thread: control. */
#ifndef MCR_APP_SERVICE_H
#define MCR_APP_SERVICE_H

#include <mcring/engine.h>

#include "log.h"
#include "notify.h"
#include "settings/settings.h"

struct mcr_service {
	struct mcr_notify notify;
	struct mcr_log *log;
	uint64_t polls[MCR_LCORES_MAX]; /* of each rx lcore, at the last sign of life */
	uint8_t is_idle;                /* an lcore has not polled since */
	uint8_t has_failed;             /* the last reload */
	uint64_t status_due_ns;
	uint64_t counted_ns, received; /* of the last status line */
};

/* mcr_service_open: log is borrowed. What it cannot do is a warning. */
void mcr_service_open(struct mcr_service *s, struct mcr_log *log);
void mcr_service_close(struct mcr_service *s);

/* mcr_service_begin: the start goes on with this step, in a few words. It may take as long as the
 * memory that the settings ask for needs. */
void mcr_service_begin(struct mcr_service *s, const struct mcr_settings *settings,
		       const char *step);

/* mcr_service_stands_by: it is ready to take over from a process, and then waits, which needs a
 * call of mcr_service_waits now and then for the watchdog. */
void mcr_service_stands_by(struct mcr_service *s, int pid);
void mcr_service_waits(struct mcr_service *s);

/* mcr_service_ready polls the engine until its lcores poll and its joins are reported on each link
 * that is up, for 2 s at most, and then tells that it is ready. */
void mcr_service_ready(struct mcr_service *s, struct mcr_engine *e);

/* mcr_service_reloads, and mcr_service_reloaded with its result. */
void mcr_service_reloads(struct mcr_service *s);
void mcr_service_reloaded(struct mcr_service *s, int result);

/* mcr_service_round is to be called between two polls of the engine. The watchdog gets its sign of
 * life as long as this is called and every lcore that has a port polls. */
void mcr_service_round(struct mcr_service *s, const struct mcr_engine *e);

/* mcr_service_stops: the end has begun. */
void mcr_service_stops(struct mcr_service *s);

#endif
