/* SPDX-License-Identifier: BSD-3-Clause */
/* Units on their way into a stream: each is sent until it is known to be stored or refused, and
 * then given back once. Checkpoints likewise, by the revision of the position. Thread: the one of
 * nats.c; time is passed in, but no call waits.
 *
 * While nothing fails, units go out as they come. When one fails the store is in trouble: it sends
 * a single unit after a pause, which grows to 1 s, and goes on with all others when that one was
 * stored. An answer that comes late counts whenever it comes. "No responders" does not say which
 * message nobody takes: so all that are on the wire are in doubt. */
#ifndef MCR_SINK_NATS_STORE_H
#define MCR_SINK_NATS_STORE_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "broker.h"
#include "nats_ack.h"
#include "nats_config.h"
#include "nats_link.h"
#include "nats_queue.h"

#define NATS_WIRE_MAX 16384 /* units sent and not settled */

/* Entries of a queue of settled units: kind is a sink_result, item the unit, text why. */

struct nats_place {
	struct sink_unit *unit; /* NULL = it is free */
	struct nats_place *prev, *next;
	uint64_t sent_ns;  /* the last attempt */
	uint64_t doubt_ns; /* the first attempt that may have stored it, though no answer came; 0 =
			    * there is none */
	uint32_t use;
	uint8_t half;    /* which of nats_store.open it counts in */
	uint8_t on_wire; /* else it waits to be sent again */
};

/* Linked by prev and next, in the order of sending. */
struct nats_places {
	struct nats_place *head, *tail;
	uint32_t n;
};

enum nats_mark_state {
	NATS_MARK_NONE,
	NATS_MARK_WAITS, /* for the units before it, or to be written again */
	NATS_MARK_SENT,
	NATS_MARK_ASKED, /* what stands there instead */
};

/* The checkpoint that is not stored yet. */
struct nats_mark {
	enum nats_mark_state state;
	char *text;
	uint32_t use;
	uint8_t half;
	uint64_t at_ns; /* WAITS: not before; else when it was sent */
};

struct nats_store {
	struct nats_link *link;
	const struct nats_config *config;
	struct nats_queue *settled;
	struct nats_place *places; /* NATS_WIRE_MAX */
	struct nats_places spare, wire, again;
	uint64_t open[2]; /* units not settled: before the mark, and behind it */
	uint8_t half;     /* of the units that come now */
	struct nats_mark mark;
	uint64_t revision;   /* of the position */
	uint64_t window_ns;  /* of the stream's duplicates */
	uint64_t heard_ns;   /* the last answer */
	uint64_t echo_ns;    /* an echo was asked for; 0 = it came back */
	uint64_t trouble_ns; /* since when; 0 = there is none */
	uint64_t pause_ns, pause_until_ns;
	struct nats_place *probe;     /* trouble's */
	uint64_t unheard_ns;          /* "no responders" since; 0 = the last probe was stored */
	struct sink_broker_info info; /* its counters, error and fatal */
	char prefix[300];             /* of the usual answer */
};

/* nats_store_init: link, config and settled are borrowed. Returns 0 or -ENOMEM. */
int nats_store_init(struct nats_store *s, struct nats_link *link, const struct nats_config *config,
		    struct nats_queue *settled);
void nats_store_destroy(struct nats_store *s);

/* nats_store_begin: there is a new connection. */
void nats_store_begin(struct nats_store *s, uint64_t now_ns);

/* nats_store_lost: the connection ended. */
void nats_store_lost(struct nats_store *s, uint64_t now_ns);

/* nats_store_can_send: whether nats_store_send may be called. */
int nats_store_can_send(const struct nats_store *s, uint64_t now_ns);

/* nats_store_send sends a unit of the sink's for the first time. */
void nats_store_send(struct nats_store *s, struct sink_unit *unit, uint64_t now_ns);

/* nats_store_again sends what has to be sent again, as far as may be. */
void nats_store_again(struct nats_store *s, uint64_t now_ns);

/* nats_store_mark takes a checkpoint, malloc'd: the units before are those sent so far. */
void nats_store_mark(struct nats_store *s, char *text);

/* nats_store_answers takes what the link has read. Returns how many. */
unsigned nats_store_answers(struct nats_store *s, uint64_t now_ns);

/* nats_store_tick does what is due. Returns -ETIMEDOUT if the server gives no sign of life: the
 * connection is to be dropped; else 0. */
int nats_store_tick(struct nats_store *s, uint64_t now_ns);

/* nats_store_error says what is wrong now, until it passes. */
__attribute__((format(printf, 2, 3))) static inline void nats_store_error(struct nats_store *s,
									  const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(s->info.error, sizeof(s->info.error), format, ap);
	va_end(ap);
}

#endif
