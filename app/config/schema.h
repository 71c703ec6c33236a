/* SPDX-License-Identifier: BSD-3-Clause */
/* The shape of the configuration file, for libcyaml. Every value stays text: the tables of
 * settings/keys.h have the keys of interfaces, channels and the like, and the functions that read
 * their values, so that the command line and the file accept the same and report the same. */
#ifndef MCR_APP_CONFIG_SCHEMA_H
#define MCR_APP_CONFIG_SCHEMA_H

#include <cyaml/cyaml.h>

#include <mcring/types.h>

#include "core/feed/feed_config.h"

#include "settings/keys.h"

/* The key of a feed whose value is a text or a mapping. */
#define MCR_CONFIG_DECLARATION "declaration"

struct mcr_access_yaml {
	char **users, **groups;
	unsigned n_users, n_groups;
};

/* The value of one key of a table; NULL = the key is not there, or is a mapping that is read from
 * the document (MCR_KEY_MAPPING). */
struct mcr_key_yaml {
	union {
		char *text;
		char **list;
		struct mcr_access_yaml *access;
	};
	unsigned n; /* entries of list */
};

struct mcr_join_yaml {
	char **groups, **ports, **sources, **exclude;
	unsigned n_groups, n_ports, n_sources, n_exclude;
	char *interface, *channel, *id;
};

/* A line of a feed. Its joins have no channel of their own. */
struct mcr_feed_line_yaml {
	char *name, *engine, *channel;
	struct mcr_join_yaml *joins;
	unsigned n_joins;
};

/* The declaration may be a text or a mapping: it is read from the document. */
struct mcr_feed_yaml {
	char *name;
	char *values[MCR_FEED_KEYS_MAX]; /* as mcr_feed_config_key has them */
	struct mcr_feed_line_yaml *lines;
	unsigned n_lines;
};

/* A mapping is an array of one value for each key of its table; a list of mappings is one array,
 * too. */
struct mcr_config_yaml {
	struct mcr_key_yaml engine[MCR_KEYS_MAX];
	struct mcr_key_yaml *attach, *stats, *shard, *interfaces, *channels;
	char **eal, **include;
	struct mcr_join_yaml *joins;
	struct mcr_feed_yaml *feeds;
	unsigned n_eal, n_include, n_interfaces, n_channels, n_joins, n_feeds;
};

/* The schema, made from the tables. It points into itself, so do not copy it. */
struct mcr_config_schema {
	cyaml_schema_field_t attach[MCR_KEYS_MAX + 1], stats[MCR_KEYS_MAX + 1];
	cyaml_schema_field_t shard[MCR_KEYS_MAX + 1];
	cyaml_schema_field_t interface_fields[MCR_KEYS_MAX + 1];
	cyaml_schema_field_t channel_fields[MCR_KEYS_MAX + 1];
	cyaml_schema_field_t feed_fields[MCR_FEED_KEYS_MAX + 3];
	cyaml_schema_value_t interface, channel, feed;
	cyaml_schema_field_t fields[MCR_KEYS_MAX + 10];
	cyaml_schema_value_t file;
};

void mcr_config_schema_init(struct mcr_config_schema *schema);

/* mcr_config_yaml_load fills a struct from text that mcr_config_doc_check accepted. *out NULL: an
 * empty document. Returns 0, or -EINVAL or -ENOMEM with err. */
int mcr_config_yaml_load(struct mcr_config_yaml **out, const struct mcr_config_schema *schema,
			 const char *file, const char *text, size_t len, struct mcr_error *err);
void mcr_config_yaml_free(struct mcr_config_yaml *y, const struct mcr_config_schema *schema);

#endif
