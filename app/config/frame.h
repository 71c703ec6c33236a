/* SPDX-License-Identifier: BSD-3-Clause */
/* One file that is being read, and where its values stand: what the readers of its parts share. */
#ifndef MCR_APP_CONFIG_FRAME_H
#define MCR_APP_CONFIG_FRAME_H

#include "config/doc.h"
#include "config/schema.h"
#include "settings/settings.h"

/* Of the whole tree of files. */
struct mcr_config_total {
	unsigned n_files;
	size_t n_octets;
};

/* One file that is being read; the chain of parents finds cycles. */
struct mcr_config_frame {
	const struct mcr_config_frame *parent;
	const char *file; /* kept by the settings */
	const char *real; /* canonical path; NULL = a text in memory */
	unsigned depth;
	struct mcr_config_total *total;
	struct mcr_settings *s;
	const struct mcr_config_doc *doc;
	struct mcr_error *err;
};

/* mcr_config_origin: where a node stands. */
struct mcr_origin mcr_config_origin(const struct mcr_config_frame *f, int node);

/* mcr_config_field: the node of a mapping's key. */
int mcr_config_field(const struct mcr_config_frame *f, int node, const char *key);

/* mcr_config_located puts "FILE:LINE: KEY: " in front of the error about the value of a key, when
 * ret is one. Returns ret. */
int mcr_config_located(const struct mcr_config_frame *f, int mapping, const char *key, int ret);

/* The value functions of one scalar each; text NULL: the key is not there. */
#define MCR_CONFIG_APPLY(f, node, key, text, call)                           \
	do {                                                                 \
		if (text) {                                                  \
			int ret_ = mcr_config_located(f, node, key, (call)); \
			if (ret_ < 0)                                        \
				return ret_;                                 \
		}                                                            \
	} while (0)

/* mcr_config_apply_join adds what one entry of `joins` stands for. Returns 0 or -errno, located. */
int mcr_config_apply_join(const struct mcr_config_frame *f, int node,
			  const struct mcr_join_yaml *y);

#endif
