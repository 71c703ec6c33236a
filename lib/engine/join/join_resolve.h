/* SPDX-License-Identifier: BSD-3-Clause */
/* What a join means in this engine: its names become indices, and joins that can be written in
 * several ways get one form, so that mcr_join_compare finds equal ones. No DPDK, no I/O. Thread:
 * control. */
#ifndef MCR_ENGINE_JOIN_RESOLVE_H
#define MCR_ENGINE_JOIN_RESOLVE_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/engine.h>

#include "core/group_table.h"

/* The names that joins may use. Their indices are those of the rules. NULL = unused. */
struct mcr_join_names {
	const char *interfaces[MCR_INTERFACES_MAX];
	const char *channels[MCR_CHANNELS_MAX];
	size_t n_interfaces, n_channels; /* lengths of the arrays, with the holes */
	/* Writes who a consumer is, for an error: `"LABEL" (pid N)`; NULL = the number suffices. */
	void (*describe)(const void *ctx, uint64_t consumer, char *text, size_t cap);
	const void *ctx;
};

/* mcr_join_resolve writes the one form of `from` into `to`: the names of interface and channel
 * filled in, sources ascending and distinct. sources: room for those of `from`, where those of `to`
 * then stand. *rule refers to `to`. Errors, with err filled: -EINVAL, -ENOENT (no such interface or
 * channel). */
int mcr_join_resolve(struct mcr_join *to, struct mcr_address *sources, struct mcr_rule *rule,
		     const struct mcr_join *from, const struct mcr_join_names *names,
		     struct mcr_error *err);

/* mcr_join_room returns how many sources mcr_join_resolve may write for n joins. */
size_t mcr_join_room(const struct mcr_join *joins, size_t n);

/* mcr_join_refuse fills err with the join and what is wrong with it. Returns code. */
int mcr_join_refuse(struct mcr_error *err, const struct mcr_join *join, int code, const char *why);

#endif
