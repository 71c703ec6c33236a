/* SPDX-License-Identifier: BSD-3-Clause */
/* What a broker is to the sink: NATS JetStream (nats.c) or Kafka (kafka.c). A broker takes units,
 * stores each at least once, whatever its server does meanwhile, and says when it has. It never
 * waits in send, checkpoint and poll. Thread: the sink's, but for its library's own. */
#ifndef MCR_SINK_BROKER_H
#define MCR_SINK_BROKER_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/types.h>

#define SINK_WHY_MAX 160

/* One message for the broker. The sink owns it and what it points to, and keeps it as it is from
 * send until the broker gave it back (struct sink_done). */
struct sink_unit {
	const char *subject; /* NATS: the subject; Kafka: the topic */
	const char *flow;    /* what has to stay in order; Kafka: the key of the record */
	const char *id;      /* the same for the same content whenever it is sent; <= 255 octets */
	const char *header;  /* the value of the header Mcring */
	const void *body;
	uint32_t len;           /* octets of body */
	uint32_t messages;      /* datagrams, or messages of a feed, in it */
	uint64_t sent_ns;       /* the broker's: CLOCK_MONOTONIC of the first attempt */
	struct sink_unit *next; /* the broker's, until it is given back */
};

enum sink_result {
	SINK_STORED,
	SINK_STORED_BEFORE, /* the broker had a unit of this id already, and kept that */
	SINK_REFUSED,       /* it never will be: too large, say */
};

struct sink_done {
	struct sink_unit *unit;
	enum sink_result result;
	char why[SINK_WHY_MAX]; /* SINK_REFUSED */
};

struct sink_broker_info {
	int is_connected;
	char server[128];  /* as told to users: without user name and password */
	char error[512];   /* the last that has not passed; "" = none */
	char fatal[512];   /* nothing goes on: the sink ends with this. "" = none */
	int is_taken_over; /* fatal: by a newer process of this name, so a restart would do harm */
	uint64_t connects, disconnects;
	uint64_t retried;       /* units that were sent again */
	uint64_t aborted;       /* transactions; NATS: 0 */
	uint64_t checkpoints;   /* that the broker stored */
	uint64_t checkpoint_ns; /* CLOCK_REALTIME of the last one; 0 = none yet */
	uint64_t once_ns;       /* for so long a second copy is found; 0 = Kafka: always */
	uint64_t perhaps_twice; /* units sent again later than that after the first attempt */
	uint64_t in_flight;     /* units sent and not given back */
};

struct sink_broker_config {
	const char *url;         /* nats://HOST:PORT,... or kafka://HOST:PORT,... */
	const char *name;        /* the sink's */
	const char *prefix;      /* of the subjects */
	const char *stream;      /* --stream, as given; NULL = Kafka */
	const char *const *sets; /* --set KEY=VALUE of Kafka's library, n_sets of them */
	unsigned n_sets;
	const char *credentials, *tls_ca, *tls_cert, *tls_key; /* files; NULL = none */
	uint64_t commit_ns;                                    /* between two checkpoints */
	int is_check;        /* only look: open makes nothing, and load shuts nobody out */
	uint64_t give_up_ns; /* what open waits for a server */
};

struct sink_broker;

struct sink_broker_calls {
	/* Connects, checks what is there (stream, window) and makes what was asked to be made.
	 * Waits for config->give_up_ns at most. config is borrowed for the broker's life. Errors,
	 * with err: -EINVAL, -ENOENT (no such stream), -EACCES, -ETIMEDOUT, -EPROTO, -ENOMEM. */
	int (*open)(struct sink_broker **out, const struct sink_broker_config *config,
		    struct mcr_error *err);
	/* The text of the last checkpoint stored under this name: malloc'd, NULL = there is none.
	 * From here on an older process of this name can store nothing more: its info.fatal says
	 * so. Call it once, before send. */
	int (*load)(struct sink_broker *b, char **text, struct mcr_error *err);
	/* Takes a unit. Returns 0, or -EAGAIN: no room now, fd becomes readable when there is. */
	int (*send)(struct sink_broker *b, struct sink_unit *unit);
	/* text, which is copied, holds when all units that were sent before are stored: NATS writes
	 * it then; Kafka writes it in the transaction of these units, and commits. Returns 0, or
	 * -EAGAIN: the one before is not stored yet. */
	int (*checkpoint)(struct sink_broker *b, const char *text);
	/* What is settled. Returns how many, up to n. */
	unsigned (*poll)(struct sink_broker *b, struct sink_done *done, unsigned n);
	/* A descriptor that is readable when poll or send may have something to do; the same for
	 * its life. poll makes it unreadable when it returns less than n. */
	int (*fd)(const struct sink_broker *b);
	void (*info)(const struct sink_broker *b, struct sink_broker_info *out);
	/* Ends at once; units that were not given back are the caller's again. Wait for what is
	 * under way before, with poll. */
	void (*close)(struct sink_broker *b);
};

extern const struct sink_broker_calls sink_nats, sink_kafka;

#endif
