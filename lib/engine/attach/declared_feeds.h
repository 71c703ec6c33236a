/* SPDX-License-Identifier: BSD-3-Clause */
/* The feeds that an engine declares: mcring/engine.h says how they are made. */
#ifndef MCR_ENGINE_DECLARED_FEEDS_H
#define MCR_ENGINE_DECLARED_FEEDS_H

#include <mcring/engine.h>

#include "core/feed/feed_config.h"

struct mcr_declared_feed {
	struct mcr_feed_config config;
	uint64_t digest;
	int fd; /* a sealed memfd with the canonical text */
};

struct mcr_feeds {
	size_t n;
	struct mcr_declared_feed feeds[];
};

/* mcr_feeds_find returns NULL when there is none of that name. feeds NULL: there are none. */
const struct mcr_declared_feed *mcr_feeds_find(const struct mcr_feeds *feeds, const char *name);

#endif
