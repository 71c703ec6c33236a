/* SPDX-License-Identifier: BSD-3-Clause */
/* The proxy's host side (RFC 4605 §4.1): what the downstream interfaces and the joins want on the
 * upstream interface is one membership. Thread: control. */
#ifndef MCR_ENGINE_UPSTREAM_H
#define MCR_ENGINE_UPSTREAM_H

#include <stddef.h>
#include <stdint.h>

struct mcr_engine;

struct mcr_filter_want;

/* mcr_engine_tell_upstream tells the upstream interface's host what the downstream ones want
 * together now. Returns 0, or -ENOMEM: the next call goes on. */
int mcr_engine_tell_upstream(struct mcr_engine *e, uint64_t now_ns);

#endif
