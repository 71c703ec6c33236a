/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed as it is declared: its numbering, its lines, its times. One text carries it from the
 * configuration to the engine's socket and to a handler (docs/feeds.md, Declaring a feed). */
#ifndef MCR_CORE_FEED_CONFIG_H
#define MCR_CORE_FEED_CONFIG_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mcring/address.h>
#include <mcring/feed.h>
#include <mcring/join.h>
#include <mcring/types.h>

#include "core/feed/declaration.h"

#define MCR_FEED_FLOWS_MAX 16384              /* of all lines of a feed */
#define MCR_FEED_TEXT_MAX  (4u * 1024 * 1024) /* octets of a feed's text; all flows fit */
#define MCR_FEED_KEYS_MAX  16                 /* more than there are */

/* What a line receives. The i-th of each line is the same content. */
struct mcr_feed_flow {
	struct mcr_address group;
	struct mcr_address source;    /* none = any */
	uint16_t port;                /* UDP; 0 = any */
	char interface[MCR_NAME_MAX]; /* its name on the line's engine; "" = any */
};

struct mcr_feed_line_config {
	char name[MCR_NAME_MAX];     /* "A"; of the feed's lines, each has one of its own */
	char engine[MCR_NAME_MAX];   /* "" = the engine that is asked */
	char channel[MCR_NAME_MAX];  /* "" = "default" */
	struct mcr_feed_flow *flows; /* the config's */
	size_t n_flows, flows_cap;
};

struct mcr_feed_config {
	char name[MCR_NAME_MAX];
	char declaration[MCR_FEED_DECLARATION_TEXT_MAX]; /* its text as it was given */
	struct mcr_feed_declaration numbering;           /* ... and compiled */
	struct mcr_feed_line_config lines[MCR_FEED_LINES_MAX];
	unsigned n_lines;
	uint64_t gap_timeout_ns; /* default 1 ms */
	uint64_t silence_ns;     /* 0 = three heartbeats; without those no line is judged */
	uint32_t reorder;        /* numbers that a line may be out of order by; default 0 */
	uint32_t window;         /* numbers; default 4,096 */
	uint64_t jump_max;       /* default 1,000,000 */
	uint64_t reset_back;     /* default 1,000 */
	uint32_t reset_run;      /* default 3 */
	char hours[128];         /* "mon-fri 09:30-16:00"; "" = always */
	char zone[64];           /* IANA: "America/New_York"; "" = UTC */
};

/* The text has a line for each value, a key and what it is. Blanks around a line do not matter, nor
 * do empty lines and those that begin with '#'. Several feeds follow each other:
 *
 *     feed NAME
 *     declaration moldudp64
 *     gap_timeout 1ms
 *     hours mon-fri 09:30-16:00
 *     zone America/New_York
 *     line A engine=md1 channel=itch
 *     join 233.54.12.0/30:26400@10.0.0.7,interface=feed-a
 *     line B engine=md2 channel=itch
 *     join 233.54.13.0/30:26400@10.0.1.7
 *
 * A join is as mcr_join_parse reads it, with one source at most, without channel and id.
 *
 * mcr_feed_config_parse reads the text of one or more feeds and gives the one called name (NULL:
 * the only one). The caller clears *out, in any case. Errors: -EBADMSG (err has the line and what
 * was expected), -ENOENT (no such feed: err lists them), -ENOMEM. */
int mcr_feed_config_parse(struct mcr_feed_config *out, const char *text, size_t len,
			  const char *name, struct mcr_error *err);

/* What puts a feed together piece by piece: init, then set, add_line and add_joins in any order in
 * which a line comes before its joins, then check. add_joins adds what one join text stands for to
 * the last line. The errors do not say where: -EINVAL, -E2BIG, -ENOMEM; -ENOENT (set: no such key).
 */
void mcr_feed_config_init(struct mcr_feed_config *c); /* the defaults; no name */
int mcr_feed_config_name(struct mcr_feed_config *c, const char *name, struct mcr_error *err);
int mcr_feed_config_set(struct mcr_feed_config *c, const char *key, const char *value,
			struct mcr_error *err);
int mcr_feed_config_add_line(struct mcr_feed_config *c, const char *name, const char *engine,
			     const char *channel, struct mcr_error *err); /* "": as above */
int mcr_feed_config_add_joins(struct mcr_feed_config *c, const char *text, struct mcr_error *err);

/* mcr_feed_config_take_joins is add_joins for n joins that were read from a text already. Their
 * channels and ids do not matter. */
int mcr_feed_config_take_joins(struct mcr_feed_config *c, const struct mcr_join *joins, size_t n,
			       struct mcr_error *err);

/* mcr_feed_config_copy makes *out a copy with flows of its own, which the caller clears. Returns 0
 * or -ENOMEM. */
int mcr_feed_config_copy(struct mcr_feed_config *out, const struct mcr_feed_config *c);

/* mcr_feed_config_key returns key i of those that set takes, from 0; NULL past the last. */
const char *mcr_feed_config_key(size_t i);

/* mcr_feed_config_check checks the whole of what was put together: that a packet belongs to one
 * line and one flow, that lines with streams by group have as many flows as each other. Errors:
 * -EINVAL, -ENOMEM. */
int mcr_feed_config_check(const struct mcr_feed_config *c, struct mcr_error *err);

/* mcr_feed_config_channel: of a line, with the default in the place of "". */
static inline const char *mcr_feed_config_channel(const struct mcr_feed_line_config *line)
{
	return line->channel[0] ? line->channel : "default";
}

/* mcr_feed_flow_join makes a join of a flow, without its channel. The sources are the flow's. */
static inline struct mcr_join mcr_feed_flow_join(const struct mcr_feed_flow *flow)
{
	struct mcr_join join = {.group = flow->group, .port = flow->port};

	if (!mcr_address_is_none(flow->source)) {
		join.sources = &flow->source;
		join.n_sources = 1;
		join.mode = MCR_FILTER_INCLUDE;
	}
	memcpy(join.interface, flow->interface, sizeof(join.interface));
	return join;
}

/* mcr_feed_config_is_of: whether an engine of this name receives the line. */
static inline int mcr_feed_config_is_of(const struct mcr_feed_line_config *line, const char *engine)
{
	return !line->engine[0] || strcmp(line->engine, engine) == 0;
}

/* mcr_feed_engine_name gives what an engine is called in lines: the last part of its run directory;
 * "" = it has none, or that is no name. */
void mcr_feed_engine_name(char out[MCR_NAME_MAX], const char *run_dir);

/* mcr_feed_config_format writes the canonical text: equal feeds have equal texts. The caller frees
 * it. NULL: no memory. */
char *mcr_feed_config_format(const struct mcr_feed_config *c);

/* mcr_feed_config_digest: of the canonical text. */
uint64_t mcr_feed_config_digest(const char *canonical);

/* mcr_feed_config_difference names the first difference of two feeds, for an error: "gap_timeout is
 * 1ms on md, 2ms on md2". Returns 0: they are equal. */
int mcr_feed_config_difference(const struct mcr_feed_config *a, const char *who_a,
			       const struct mcr_feed_config *b, const char *who_b, char *out,
			       size_t cap);

void mcr_feed_config_clear(struct mcr_feed_config *c);

#endif
