/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines about users that take too much and descriptors that run out. Clients cause them, so
 * each kind is limited in rate. */
#ifndef MCR_ENGINE_ATTACH_LOG_H
#define MCR_ENGINE_ATTACH_LOG_H

#include "engine/attach/attach_state.h"

/* mcr_attach_warn logs a line, unless one of its kind was logged less than 10 s ago: then it is
 * counted, and the next line says how many were left out. */
__attribute__((format(printf, 4, 5))) void mcr_attach_warn(struct mcr_attach_server *s,
							   uint64_t now_ns,
							   enum mcr_attach_warning kind,
							   const char *format, ...);

/* mcr_attach_warn_descriptors logs that the process or the system has no descriptor left, and who
 * has most of them. what: what happened therefore, begins the line. code: errno. */
void mcr_attach_warn_descriptors(struct mcr_attach_server *s, uint64_t now_ns, int code,
				 const char *what);

#endif
