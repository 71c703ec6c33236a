/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_SINK_OPTIONS_H
#define MCR_SINK_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#define SINK_EXIT_ERROR 1 /* it could not start, or could not go on */
#define SINK_EXIT_USAGE 2
#define SINK_EXIT_TAKEN 3  /* another process of its name has taken over */
#define SINK_NAMES_MAX  64 /* of --channel, of --feed */
#define SINK_SETS_MAX   128
#define SINK_NAME_MAX   64 /* of --name, with the NUL */

struct sink_broker_calls;

enum sink_topics {
	SINK_TOPIC_GROUP,   /* a topic, or subject, for each group and port */
	SINK_TOPIC_CHANNEL, /* one for a channel or feed: Kafka only */
};

struct sink_options {
	int is_check;
	const char *name;
	const char *run_dir, *engine; /* NULL = not given */
	const char *channels[SINK_NAMES_MAX], *feeds[SINK_NAMES_MAX];
	unsigned n_channels, n_feeds;
	const char *to;
	const struct sink_broker_calls *calls; /* of the scheme of `to` */
	const char *stream;                    /* NULL = Kafka */
	const char *prefix;
	int is_kafka;
	enum sink_topics topics;
	uint32_t pack;
	uint64_t linger_ns, commit_ns;
	size_t memory;  /* octets */
	uint32_t start; /* enum mcr_start */
	const char *sets[SINK_SETS_MAX];
	unsigned n_sets;
	const char *credentials, *tls_ca, *tls_cert, *tls_key;
	const char *state_dir;          /* NULL = not given */
	uint32_t stats_mode, stats_gid; /* gid: UINT32_MAX = the process's own */
};

/* sink_options_parse reads the command line. It ends the program after --help, --version and after
 * a line on stderr for what it does not understand. Texts are the command line's or allocated for
 * good. */
void sink_options_parse(struct sink_options *o, int argc, char **argv);

#endif
