/* SPDX-License-Identifier: BSD-3-Clause */
/* All that the watch knows: engines with their channels and groups, feeds with their lines. One
 * thread changes it (host.c, tap.c, feeds.c); what shows it (state_json.c, table.c, minute.c) reads
 * it between two rounds. */
#ifndef MCR_WATCH_H
#define MCR_WATCH_H

#include <stdint.h>

#include <mcring/consumer.h>
#include <mcring/feed.h>

#include "../common/line_log.h"
#include "alarm.h"
#include "burst.h"
#include "engine_list.h"
#include "lead.h"
#include "options.h"
#include "record/recorder.h"

#define WATCH_PATH_MAX       128
#define WATCH_RECENT         64 /* events of a feed, and alarms, that are remembered */
#define WATCH_LEADS          LEAD_BUCKETS
#define WATCH_ENGINES_MAX    64
#define WATCH_CHANNELS_MAX   256 /* of an engine */
#define WATCH_CHANNEL_GROUPS 16384
#define WATCH_INTERFACES_MAX 64 /* of an engine */

/* Slots of bursts: of a channel or line, and of a group, of which there may be thousands. */
#define WATCH_BURST_FINE   256
#define WATCH_BURST_COARSE 16

#define WATCH_LINES_PER_SECOND 10 /* of one kind of alarm in the log */

struct tap;
struct lines;
struct lines_channel;

/* A group and UDP port that came on an interface of a channel. */
struct watch_group {
	struct mcr_address group;
	uint16_t port;
	uint16_t interface;       /* of the channel's interfaces, from 1; 0 = it has no name */
	uint64_t packets, octets; /* of payload */
	uint64_t first_ns, last_ns;
	uint64_t silent_since_ns; /* the last packet's time; 0 = it is not silent */
	uint64_t silences;
	struct watch_burst *burst; /* coarse; NULL = no memory */
};

/* An interface of an engine, as a channel sees it. */
struct watch_interface {
	char name[MCR_NAME_MAX];
	char device[64]; /* the kernel's name below it, or DPDK's */
	uint16_t vlan;
};

/* A channel of an engine. */
struct watch_channel {
	struct watch_engine *engine;
	char name[MCR_NAME_MAX];
	char readers[ENGINE_READERS_MAX]; /* who may read it, as the engine says it; "" = everybody
					   */
	struct mcr_consumer *consumer;
	int is_attached;
	char error[160];   /* why it is not; "" = its engine is asked */
	uint64_t first_ns; /* when it was attached first; 0 = not yet */
	uint64_t packets, octets;
	uint64_t lost;           /* by the watch: it was lapped, or a payload was overwritten */
	uint64_t blinds;         /* stretches in which the watch missed something ... */
	uint64_t blind_ns;       /* ... together so long */
	uint64_t blind_since_ns; /* its engine is gone; 0 = it is there */
	uint64_t until_ns;       /* up to which all was read */
	struct watch_burst *burst;
	struct watch_group *groups;
	uint32_t n_groups, groups_cap;
	uint64_t left_out; /* packets of groups beyond WATCH_CHANNEL_GROUPS */
	struct watch_interface interfaces[WATCH_INTERFACES_MAX];
	unsigned n_interfaces;
	struct recorder *recorder;               /* the recording that it is in; NULL = none */
	const struct watch_recording *recording; /* ... as it was asked for */
	char refused[160];                       /* why it is not recorded; "" = it is, or need not
						  * be */
	struct lines_channel *lines;             /* lines.c */
	struct tap *tap;                         /* tap.c */
	unsigned step;                           /* host.c: what it asks the engine next ... */
	unsigned asked;                          /* ... interfaces that are known */
	uint64_t due_ns;                         /* ... when, CLOCK_MONOTONIC */
	int is_listed;                           /* ... and whether the engine has it */
};

struct watch_engine {
	char run_dir[WATCH_PATH_MAX], name[MCR_NAME_MAX];
	int is_up;               /* it answers */
	char error[160];         /* why it does not */
	struct engine_list list; /* what it says of itself */
	struct watch_channel **channels;
	unsigned n_channels;
};

struct watch_line {
	char name[MCR_NAME_MAX], engine[MCR_NAME_MAX], channel[MCR_NAME_MAX];
	struct mcr_feed_line info;     /* libmcring-feed's counters */
	uint64_t downs, down_since_ns; /* 0 = it is up */
	uint32_t down_why;             /* enum mcr_feed_down_why */
	struct watch_lead lead;
	struct watch_burst *burst;
};

/* An event that is remembered. */
struct watch_event {
	uint64_t ns;             /* CLOCK_REALTIME of arrivals */
	uint32_t kind;           /* enum mcr_feed_kind */
	struct mcr_feed_msg msg; /* without a packet; numbers as packets write them */
	char stream[64];         /* "unit=1"; "" = of none */
	char text[192];          /* one line for a person */
};

/* Counters are those since it was opened: it is opened again when it is declared otherwise. */
struct watch_feed {
	char name[MCR_NAME_MAX];
	struct watch_engine *engine; /* that was asked for it */
	struct mcr_feed *feed;       /* NULL = it is not open */
	int is_open;
	char error[160];             /* why it is not; "" = its engine is asked */
	struct mcr_feed_stats stats; /* these, and `info` of the lines, are of the last look */
	uint64_t packets, messages;  /* that have, and are, what no line had before */
	struct watch_line lines[MCR_FEED_LINES_MAX];
	unsigned n_lines;
	uint64_t wire_gaps, wire_messages, host_gaps, host_messages, ring_gaps, ring_messages;
	uint64_t resets_unannounced, implausible, silences, silent_since_ns;
	struct watch_event recent[WATCH_RECENT]; /* a ring; n_events % WATCH_RECENT is next */
	uint64_t n_events;
	struct feed_state *state; /* feeds.c */
};

/* A recording that was asked for. */
struct watch_recorder {
	int has_begun;             /* one of its channels is known */
	struct recorder *recorder; /* NULL = it has not begun, or --check only says what would be */
	char readers[ENGINE_READERS_MAX]; /* of its channels */
	uint32_t gid;                     /* of its files; UINT32_MAX = they are the user's own */
	int is_stopped;
	uint64_t whole; /* its files, as they were logged */
};

/* Alarms of one kind, as they are logged. */
struct watch_flood {
	uint64_t lines, more; /* in this second: that were logged, and that were not */
};

struct watch {
	const struct watch_options *options;
	char state_dir[WATCH_PATH_MAX];
	uint64_t started_ns;   /* CLOCK_REALTIME */
	int epoll_fd;          /* of all that may wake the watch: who adds to it looks himself, each
				* round, at what he added */
	uint64_t changes;      /* of engines, channels, feeds and their lines: counts up */
	uint64_t feed_changes; /* of which feeds are open, and their declarations: feeds.c counts
				* before it frees a line */
	struct lines *lines;   /* lines.c */
	uint64_t look_ns, step_ns; /* host.c, CLOCK_MONOTONIC: its last looks */
	struct watch_engine **engines;
	unsigned n_engines;
	struct watch_feed **feeds;
	unsigned n_feeds;
	uint64_t feeds_look_ns, feeds_step_ns;        /* feeds.c, CLOCK_MONOTONIC: its last looks */
	struct recorder *recorders[WATCH_RECORDINGS]; /* that have begun */
	unsigned n_recorders;
	struct watch_recorder recordings[WATCH_RECORDINGS]; /* as the options */
	uint64_t recorded_changes; /* recordings.c: `changes` and `feed_changes` when it looked */
	uint64_t alarms[WATCH_ALARM_KINDS], alarms_now[WATCH_ALARM_KINDS];
	struct watch_alarm recent[WATCH_RECENT]; /* a ring; n_recent % WATCH_RECENT is next */
	uint64_t n_recent;
	struct line_log log;
	struct watch_flood floods[WATCH_ALARM_KINDS];
	uint64_t floods_ns;      /* when their second began, CLOCK_MONOTONIC */
	struct command *command; /* of --alarm; NULL = none */
	uint64_t commands, commands_failed, commands_suppressed;
};

/* watch_raise (raise.c) says something: to the log, to --alarm, to the recordings. */
void watch_raise(struct watch *w, const struct watch_alarm *alarm);

/* watch_raise_tick logs how many were left out in the last second, and looks after the command of
 * --alarm; call it about ten times in a second. */
void watch_raise_tick(struct watch *w, uint64_t now_ns);

#endif
