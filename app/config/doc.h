/* SPDX-License-Identifier: BSD-3-Clause */
/* The lines of a YAML document, and whether it has the shape of a libcyaml schema.
 *
 * libcyaml fills structs from a schema, but it knows no lines of values and gives the wrong one for
 * an unknown key (that of the value before). So the same text is also composed into libyaml's node
 * tree, which has a mark for each node; the schema is checked against that tree first. */
#ifndef MCR_APP_CONFIG_DOC_H
#define MCR_APP_CONFIG_DOC_H

#include <stddef.h>

#include <cyaml/cyaml.h>

#include <mcring/types.h>

struct mcr_config_doc;

/* mcr_config_doc_create composes text (len octets, borrowed for the call). file: for messages,
 * borrowed for the object's life. An empty document is an empty mapping. Returns 0, or with *err
 * "FILE:LINE: ..." -EINVAL or -ENOMEM. */
int mcr_config_doc_create(struct mcr_config_doc **out, const char *file, const char *text,
			  size_t len, struct mcr_error *err);
void mcr_config_doc_destroy(struct mcr_config_doc *doc);

/* mcr_config_doc_check: has the document the schema's shape (mappings, sequences, strings)? It also
 * bounds what aliases can expand to. Returns 0, or -EINVAL with "FILE:LINE: ..." in *err. */
int mcr_config_doc_check(const struct mcr_config_doc *doc, const cyaml_schema_value_t *schema,
			 struct mcr_error *err);

/* Nodes are numbers, 0 = none; so a whole path can be looked up and checked once. */
int mcr_config_doc_root(const struct mcr_config_doc *doc);
int mcr_config_doc_field(const struct mcr_config_doc *doc, int node, const char *key);
int mcr_config_doc_item(const struct mcr_config_doc *doc, int node, size_t i);

/* mcr_config_doc_line: from 1; of node 0 it is 1. */
unsigned mcr_config_doc_line(const struct mcr_config_doc *doc, int node);

#endif
