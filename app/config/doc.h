/* SPDX-License-Identifier: BSD-3-Clause */
/* The lines of a YAML document, and whether it has the shape of a libcyaml schema.
 *
 * libcyaml fills structs from a schema, but it does not know the lines of values, and for an
 * unknown key it reports the line of the value before. So this composes the same text into
 * libyaml's tree of nodes, which has a mark for each node, and checks that tree against the schema
 * first. */
#ifndef MCR_APP_CONFIG_DOC_H
#define MCR_APP_CONFIG_DOC_H

#include <stddef.h>

#include <cyaml/cyaml.h>

#include <mcring/types.h>

struct mcr_config_doc;

/* mcr_config_doc_create composes text (len octets, borrowed for the call). file: for messages,
 * borrowed for the life of the object. An empty document is an empty mapping. Returns 0, or -EINVAL
 * or -ENOMEM with "FILE:LINE: ..." in *err. */
int mcr_config_doc_create(struct mcr_config_doc **out, const char *file, const char *text,
			  size_t len, struct mcr_error *err);
void mcr_config_doc_destroy(struct mcr_config_doc *doc);

/* mcr_config_doc_check checks that the document has the shape of the schema: mappings, sequences
 * and strings. CYAML_IGNORE stands for a value, or a mapping of values and of lists of values. It
 * also limits what aliases can expand to. Returns 0, or -EINVAL with "FILE:LINE:
 * ..." in *err. */
int mcr_config_doc_check(const struct mcr_config_doc *doc, const cyaml_schema_value_t *schema,
			 struct mcr_error *err);

/* Nodes are numbers; 0 = none. So a caller can look up a whole path and check it once. */
int mcr_config_doc_root(const struct mcr_config_doc *doc);
int mcr_config_doc_field(const struct mcr_config_doc *doc, int node, const char *key);
int mcr_config_doc_item(const struct mcr_config_doc *doc, int node, size_t i);

/* mcr_config_doc_pair: the value of a mapping's i-th key, whose text goes to *key; 0 past the last,
 * or if the key is no text. */
int mcr_config_doc_pair(const struct mcr_config_doc *doc, int node, size_t i, const char **key);

/* mcr_config_doc_text: the text of a value, as far as a NUL in it; NULL: not a value. It lives as
 * long as doc. */
const char *mcr_config_doc_text(const struct mcr_config_doc *doc, int node);

/* mcr_config_doc_line: the line of a node, from 1; 1 for node 0. */
unsigned mcr_config_doc_line(const struct mcr_config_doc *doc, int node);

#endif
