/* SPDX-License-Identifier: BSD-3-Clause */
/* A stream of a feed as the sink keeps it: a lane, and how far it was read. */
#ifndef MCR_SINK_FEED_STREAM_H
#define MCR_SINK_FEED_STREAM_H

#include <jansson.h>

#include <mcring/feed.h>
#include <mcring/sink.h>

#include "pack.h"
#include "sink.h"
#include "subject.h"

#define FEED_STREAMS_MAX 2048

struct feed_stream {
	struct sink_lane lane; /* the first member: a stream is found by it */
	struct sink_flow flow;
	char subject[SUBJECT_MAX], flow_key[MCR_SINK_KEY_MAX];
	char scope[MCR_SINK_SCOPE_MAX]; /* hexadecimal: who it is */
	char key[MCR_SINK_KEY_MAX];     /* the same for a person, and its epoch */
	struct sink_place place;        /* all below was read, or told as missing */
	uint64_t last_ns;               /* arrival of the last that was read below; 0 = unknown */
	uint64_t resumed_ns; /* ... when it was resumed: up to then late data were read, too */
	uint64_t shift;      /* to be added to the feed's numbers */
	int is_older;        /* what comes of it is older than its place, and passed over */
	uint64_t epoch[2];   /* that the feed is in */
	/* The open cell, which is one unit: since when, and which. */
	int is_open;
	uint64_t cell_ns, cell;
	/* Of the message before. */
	uint8_t source[16];
	uint32_t source_port;
};

static inline struct feed_stream *feed_stream_of(const struct sink_lane *lane)
{
	return (struct feed_stream *)(uintptr_t)lane;
}

/* feed_stream_scope writes who a stream is: the octets of its key fields and of its flow, without
 * the zeros at the end. Where the library has a number of its own for an undeclared publisher, his
 * address and flow are in the place of that. */
void feed_stream_scope(char out[MCR_SINK_SCOPE_MAX], const struct mcr_feed *f,
		       const struct mcr_feed_key *key);

/* feed_stream_new makes a stream with nothing known but its scope. NULL = no memory. */
struct feed_stream *feed_stream_new(struct sink_source *src, const char *scope);

/* feed_stream_name names it: text as mcr_feed_key_info has it, of which the first n_epoch words are
 * its epoch's. Its subject, which has the others, is made once. */
void feed_stream_name(const struct sink *s, struct feed_stream *st, const char *text,
		      unsigned n_epoch);

/* What source.h asks of a source about a lane and its messages, of which msg is a struct
 * mcr_feed_msg; lines: their names. */
char *feed_stream_where(const struct sink_lane *lane, const struct sink_place *place, char *out);
char *feed_stream_id(const struct sink_lane *lane, const struct sink_place *place, char *out);
char *feed_stream_more(const char (*lines)[MCR_LABEL_MAX], const struct pack_message *m, char *out);

/* feed_stream_json is what a position says of it; NULL = no memory. feed_stream_load makes a stream
 * of that; NULL, and err filled: it makes no sense, or no memory. */
json_t *feed_stream_json(const struct feed_stream *st);
struct feed_stream *feed_stream_load(struct sink_source *src, const json_t *json,
				     struct mcr_error *err);

#endif
