/* SPDX-License-Identifier: BSD-3-Clause */
/* What the operator asked for: filled from the command line and from the configuration file, then
 * merged. Each part remembers where it was written, so that a mistake that shows only in the whole
 * (an unknown interface, a name used twice) is still reported with file and line. */
#ifndef MCR_APP_SETTINGS_H
#define MCR_APP_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/engine.h>

#include "core/feed/feed_config.h"
#include "core/shard.h"

#define MCR_RUN_ROOT         "/run/mcring"
#define MCR_DEFAULT_NAME     "mcring"
#define MCR_DEFAULT_CHANNEL  "default"
#define MCR_SETTINGS_EAL_MAX 1024 /* EAL arguments */

/* The place where something was written. file NULL = the command line. The settings own the
 * name. */
struct mcr_origin {
	const char *file;
	unsigned line; /* from 1 */
};

struct mcr_interface_setting {
	struct mcr_interface_config config;
	struct mcr_origin origin;
};

struct mcr_channel_setting {
	struct mcr_channel_config config;
	struct mcr_origin origin;
};

/* A feed, with the joins of its lines as they were written: with their ids. */
struct mcr_feed_setting {
	struct mcr_feed_config config;
	struct mcr_origin origin;
	struct mcr_join_list joins[MCR_FEED_LINES_MAX];
	struct mcr_origin lines[MCR_FEED_LINES_MAX];
};

/* A number that may be left open. */
struct mcr_opt8 {
	uint8_t set, value;
};

struct mcr_opt32 {
	uint8_t set;
	uint32_t value;
};

struct mcr_opt64 {
	uint8_t set;
	uint64_t value;
};

/* struct mcr_attach_config, value by value, and joins_per_uid of struct mcr_engine_config. */
struct mcr_attach_setting {
	struct mcr_opt32 mode, gid, consumers, consumers_per_uid, joins_per_uid;
};

/* struct mcr_stats_config, value by value. */
struct mcr_stats_setting {
	struct mcr_opt32 mode, gid;
};

struct mcr_shard_weight {
	char host[MCR_SHARD_NAME_MAX];
	uint8_t weight;
};

/* The hosts that share the joins (share.h). Names are as mcr_shard_name writes them. */
struct mcr_shard_setting {
	struct mcr_opt32 copies;
	struct mcr_opt64 overlap; /* ns */
	char me[MCR_SHARD_NAME_MAX];
	uint8_t n_hosts;
	char hosts[MCR_SHARD_HOSTS_MAX][MCR_SHARD_NAME_MAX];
	uint8_t n_weights;
	struct mcr_shard_weight weights[MCR_SHARD_HOSTS_MAX];
};

/* Single values of the engine. */
struct mcr_engine_setting {
	char name[MCR_NAME_MAX]; /* "" = not given */
	char run_dir[96];        /* "" = not given */
	struct mcr_opt8 idle, keep_memberships, log_level, pdump;
};

struct mcr_settings {
	struct mcr_engine_setting engine;
	struct mcr_attach_setting attach;
	struct mcr_stats_setting stats;
	struct mcr_shard_setting shard;
	struct mcr_origin shard_origin;
	uint8_t takes_all; /* the joins of all hosts, whatever `shard` says */
	char **eal;        /* EAL arguments, without the program's name */
	size_t n_eal;
	struct mcr_interface_setting interfaces[MCR_INTERFACES_MAX];
	size_t n_interfaces;
	struct mcr_channel_setting channels[MCR_CHANNELS_MAX];
	size_t n_channels;
	struct mcr_feed_setting *feeds;
	size_t n_feeds;
	struct mcr_join_list joins;
	struct mcr_origin *origins; /* of each join */
	struct mcr_share *share;    /* of this host, when complete; NULL = all is its own */
	char **files;               /* names of all files read, for the origins */
	size_t n_files;
};

/* mcr_settings_create returns empty settings, or NULL: no memory. They are too large for a
 * stack. */
struct mcr_settings *mcr_settings_create(void);

/* mcr_settings_destroy frees settings. NULL is allowed. */
void mcr_settings_destroy(struct mcr_settings *s);

/* mcr_settings_add_file keeps the name of a file for origins. Returns the kept name, or NULL: no
 * memory. */
const char *mcr_settings_add_file(struct mcr_settings *s, const char *name);

/* mcr_settings_name_taken says where first has the name. kind: "channel", ... Returns -EEXIST. */
int mcr_settings_name_taken(const char *kind, const char *name, struct mcr_origin first,
			    struct mcr_error *err);

/* The functions below append copies. They return 0, or with *err filled -EEXIST (the name is taken;
 * err says where), -ENOSPC or -ENOMEM. */
int mcr_settings_add_eal(struct mcr_settings *s, const char *argument, struct mcr_error *err);
int mcr_settings_add_interface(struct mcr_settings *s, const struct mcr_interface_config *config,
			       struct mcr_origin origin, struct mcr_error *err);
int mcr_settings_add_channel(struct mcr_settings *s, const struct mcr_channel_config *config,
			     struct mcr_origin origin, struct mcr_error *err);

/* mcr_settings_add_joins parses one join text and appends its joins. It also returns the errors of
 * mcr_join_parse. */
int mcr_settings_add_joins(struct mcr_settings *s, const char *text, struct mcr_origin origin,
			   struct mcr_error *err);

/* mcr_settings_add appends the lists of from to s, and copies the single values that s left
 * open. */
int mcr_settings_add(struct mcr_settings *s, const struct mcr_settings *from,
		     struct mcr_error *err);

/* mcr_settings_attach and mcr_settings_stats return what complete settings say of these sockets as
 * the engine takes it. */
struct mcr_attach_config mcr_settings_attach(const struct mcr_settings *s);
struct mcr_stats_config mcr_settings_stats(const struct mcr_settings *s);

/* mcr_settings_complete fills in defaults (single values, the size of rings, the channels that
 * joins name when none is declared), adds the joins of the feeds' lines that this engine receives,
 * checks the whole, and keeps this host's share of the joins (share.h): afterwards every join has
 * the name of an interface and of a channel that exist. err begins with the origin ("FILE:LINE: ").
 * Returns 0, -EINVAL, -ENOSPC or -ENOMEM. */
int mcr_settings_complete(struct mcr_settings *s, struct mcr_error *err);

/* mcr_settings_channel: the channel of this name, or NULL. */
const struct mcr_channel_setting *mcr_settings_channel(const struct mcr_settings *s,
						       const char *name);

/* mcr_settings_memberships counts the pairs of interface and group in complete settings: what
 * IGMP, MLD and the NIC's filter see. Returns 0 when there is no memory to count. */
size_t mcr_settings_memberships(const struct mcr_settings *s);

/* mcr_settings_locate puts the origin in front of err. Returns code. */
int mcr_settings_locate(struct mcr_origin origin, struct mcr_error *err, int code);

#endif
