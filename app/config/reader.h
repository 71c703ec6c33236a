/* SPDX-License-Identifier: BSD-3-Clause */
/* One file that is being read, and the place of its values: what the readers of its parts share. */
#ifndef MCR_APP_CONFIG_READER_H
#define MCR_APP_CONFIG_READER_H

#include "config/doc.h"
#include "config/schema.h"
#include "settings/settings.h"

/* A file and all that it includes. */
struct mcr_config_tree {
	unsigned n_files;
	size_t n_octets;
	struct mcr_config_schema schema;
};

/* One file that is being read; the chain of parents finds cycles. */
struct mcr_config_reader {
	const struct mcr_config_reader *parent;
	const char *file; /* kept by the settings */
	const char *real; /* canonical path; NULL = a text in memory */
	unsigned depth;
	struct mcr_config_tree *tree;
	struct mcr_settings *s;
	const struct mcr_config_doc *doc;
	struct mcr_error *err;
};

/* mcr_config_origin: the place of a node. */
struct mcr_origin mcr_config_origin(const struct mcr_config_reader *f, int node);

/* mcr_config_field: the node of a mapping's key. */
int mcr_config_field(const struct mcr_config_reader *f, int node, const char *key);

/* mcr_config_located: if ret is an error, puts "FILE:LINE: KEY: " in front of its text, with the
 * place of the value at node; key NULL: without the key. Returns ret. */
int mcr_config_located(const struct mcr_config_reader *f, int node, const char *key, int ret);

#endif
