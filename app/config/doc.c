/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "config/doc.h"
#include "config/limits.h"
#include "config/syntax.h"
#include "core/nearest.h"
#include "settings/fail.h"

struct mcr_config_doc {
	const char *file;
	yaml_document_t yaml;
};

static yaml_node_t *node_of(const struct mcr_config_doc *doc, int node)
{
	/* libyaml has no const form of this call, but changes nothing. */
	return node ? yaml_document_get_node((yaml_document_t *)&doc->yaml, node) : NULL;
}

/* libcyaml would ignore a second document silently. */
static int only_document(const char *file, const char *text, size_t len, yaml_parser_t *parser,
			 struct mcr_error *err)
{
	yaml_document_t more;
	yaml_node_t *root;
	unsigned line;

	if (!yaml_parser_load(parser, &more))
		return mcr_config_syntax_error(file, text, len, parser, err);
	root = yaml_document_get_root_node(&more);
	line = root ? (unsigned)root->start_mark.line + 1 : 0;
	yaml_document_delete(&more);
	if (!root)
		return 0;
	return mcr_fail(err, -EINVAL, "%s:%u: a second YAML document: expected one in a file", file,
			line);
}

int mcr_config_doc_create(struct mcr_config_doc **out, const char *file, const char *text,
			  size_t len, struct mcr_error *err)
{
	struct mcr_config_doc *doc;
	yaml_parser_t parser;
	int ret = mcr_config_limits_check(file, text, len, err);

	if (ret < 0)
		return ret;
	doc = calloc(1, sizeof(*doc));
	if (!doc || !yaml_parser_initialize(&parser)) {
		free(doc);
		return mcr_fail(err, -ENOMEM, "%s: out of memory", file);
	}
	doc->file = file;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	if (!yaml_parser_load(&parser, &doc->yaml)) {
		ret = mcr_config_syntax_error(file, text, len, &parser, err);
		free(doc);
	} else {
		/* After the last document libyaml goes on to return empty ones. */
		ret = yaml_document_get_root_node(&doc->yaml)
			  ? only_document(file, text, len, &parser, err)
			  : 0;
		if (ret < 0)
			mcr_config_doc_destroy(doc);
		else
			*out = doc;
	}
	yaml_parser_delete(&parser);
	return ret;
}

void mcr_config_doc_destroy(struct mcr_config_doc *doc)
{
	if (!doc)
		return;
	yaml_document_delete(&doc->yaml);
	free(doc);
}

int mcr_config_doc_root(const struct mcr_config_doc *doc)
{
	return node_of(doc, 1) ? 1 : 0;
}

static bool has_text(const yaml_node_t *node, const char *text)
{
	return node && node->type == YAML_SCALAR_NODE && node->data.scalar.length == strlen(text) &&
	       memcmp(node->data.scalar.value, text, node->data.scalar.length) == 0;
}

int mcr_config_doc_field(const struct mcr_config_doc *doc, int node, const char *key)
{
	const yaml_node_t *n = node_of(doc, node);

	if (!n || n->type != YAML_MAPPING_NODE)
		return 0;
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++)
		if (has_text(node_of(doc, p->key), key))
			return p->value;
	return 0;
}

int mcr_config_doc_item(const struct mcr_config_doc *doc, int node, size_t i)
{
	const yaml_node_t *n = node_of(doc, node);

	if (!n || n->type != YAML_SEQUENCE_NODE ||
	    i >= (size_t)(n->data.sequence.items.top - n->data.sequence.items.start))
		return 0;
	return n->data.sequence.items.start[i];
}

int mcr_config_doc_pair(const struct mcr_config_doc *doc, int node, size_t i, const char **key)
{
	const yaml_node_t *n = node_of(doc, node);
	const yaml_node_pair_t *pair;

	if (!n || n->type != YAML_MAPPING_NODE ||
	    i >= (size_t)(n->data.mapping.pairs.top - n->data.mapping.pairs.start))
		return 0;
	pair = &n->data.mapping.pairs.start[i];
	*key = mcr_config_doc_text(doc, pair->key);
	return *key ? pair->value : 0;
}

const char *mcr_config_doc_text(const struct mcr_config_doc *doc, int node)
{
	const yaml_node_t *n = node_of(doc, node);

	return n && n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : NULL;
}

unsigned mcr_config_doc_line(const struct mcr_config_doc *doc, int node)
{
	const yaml_node_t *n = node_of(doc, node);

	return n ? (unsigned)n->start_mark.line + 1 : 1;
}

/* ---- shape ---- */

#define KEY_SHOWN_MAX 32
#define LIST_MAX      64

struct check {
	const struct mcr_config_doc *doc;
	struct mcr_error *err;
	size_t n_nodes, n_bytes; /* after expansion of aliases */
};

static int check_node(struct check *c, int node, const cyaml_schema_value_t *schema,
		      const char *what);

MCR_PRINTF(3, 4)
static int at(const struct check *c, const yaml_node_t *node, const char *fmt, ...)
{
	char text[sizeof(c->err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return mcr_fail(c->err, -EINVAL, "%s:%zu: %s", c->doc->file, node->start_mark.line + 1,
			text);
}

/* Describes a node to a person without its text: the file may be no configuration, and the person
 * may not be allowed to read it. */
static const char *describe(const yaml_node_t *node)
{
	if (node->type == YAML_SEQUENCE_NODE)
		return "a list";
	if (node->type == YAML_MAPPING_NODE)
		return "a mapping";
	return node->data.scalar.length == 0 ? "nothing" : "a value";
}

/* Whether a value was meant as KEY: VALUE. */
static bool is_squeezed(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE &&
	       memchr(node->data.scalar.value, ':', node->data.scalar.length);
}

static const cyaml_schema_field_t *find_known(const yaml_node_t *key,
					      const cyaml_schema_field_t *fields)
{
	const cyaml_schema_field_t *f = fields;

	while (f->key && !has_text(key, f->key))
		f++;
	return f->key ? f : NULL;
}

/* Whether a message may show this key: it looks like a misspelled one, and another key of the
 * mapping is known. */
static bool is_shown(const struct check *c, const yaml_node_t *mapping, const yaml_node_t *key,
		     const cyaml_schema_field_t *fields)
{
	const yaml_char_t *text;

	if (key->type != YAML_SCALAR_NODE || key->data.scalar.length > KEY_SHOWN_MAX)
		return false;
	text = key->data.scalar.value;
	if (strspn((const char *)text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") !=
	    key->data.scalar.length)
		return false;
	for (yaml_node_pair_t *p = mapping->data.mapping.pairs.start;
	     p < mapping->data.mapping.pairs.top; p++)
		if (find_known(node_of(c->doc, p->key), fields))
			return true;
	return false;
}

static int unknown_key(const struct check *c, const yaml_node_t *mapping, const yaml_node_t *key,
		       const cyaml_schema_field_t *fields)
{
	const char *text = (const char *)key->data.scalar.value;
	char found[KEY_SHOWN_MAX + 4] = "", known[512];
	const int shown = is_shown(c, mapping, key, fields);
	struct mcr_nearest search = mcr_nearest_to(text);
	size_t used = 0;

	if (shown)
		snprintf(found, sizeof(found), " '%s'", text);
	for (const cyaml_schema_field_t *f = fields; shown && f->key; f++)
		mcr_nearest_try(&search, f->key);
	if (search.name) /* the list may be longer than an error */
		return at(c, key, "unknown key%s: did you mean %s?", found, search.name);
	for (const cyaml_schema_field_t *f = fields; f->key && used < sizeof(known); f++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
					 f == fields ? "" : ", ", f->key);
	return at(c, key, "unknown key%s: expected one of %s", found, known);
}

/* Returns how often the mapping has the key, up to 2. *last: its last place. */
static int count_key(const struct check *c, const yaml_node_t *mapping, const char *text,
		     const yaml_node_t **last)
{
	int n = 0;

	for (yaml_node_pair_t *p = mapping->data.mapping.pairs.start;
	     n < 2 && p < mapping->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = node_of(c->doc, p->key);

		if (has_text(key, text)) {
			*last = key;
			n++;
		}
	}
	return n;
}

static int check_keys(struct check *c, const yaml_node_t *mapping,
		      const cyaml_schema_field_t *fields, const char *what)
{
	for (const cyaml_schema_field_t *f = fields; f->key; f++) {
		const yaml_node_t *last = NULL;
		int n = count_key(c, mapping, f->key, &last);

		if (n > 1)
			return at(c, last, "the key '%s' stands twice in one mapping", f->key);
		if (n == 0 && !(f->value.flags & CYAML_FLAG_OPTIONAL))
			return at(c, mapping, "%s needs the key '%s'", what, f->key);
	}
	return 0;
}

static int check_mapping(struct check *c, const yaml_node_t *node,
			 const cyaml_schema_value_t *schema, const char *what)
{
	const cyaml_schema_field_t *fields = schema->mapping.fields;

	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
	     p++) {
		const yaml_node_t *key = node_of(c->doc, p->key);
		const cyaml_schema_field_t *f = find_known(key, fields);
		int ret;

		if (!f)
			return unknown_key(c, node, key, fields);
		ret = check_node(c, p->value, &f->value, f->key);
		if (ret < 0)
			return ret;
	}
	return check_keys(c, node, fields, what);
}

static int check_sequence(struct check *c, const yaml_node_t *node,
			  const cyaml_schema_value_t *schema, const char *what)
{
	size_t n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	char entry[64];

	if (n < schema->sequence.min)
		return at(c, node, "%s: an empty list: expected at least one entry", what);
	if (n > schema->sequence.max)
		return at(c, node, "%s: %zu entries: expected at most %u", what, n,
			  (unsigned)schema->sequence.max);
	snprintf(entry, sizeof(entry), "an entry of %s", what);
	for (size_t i = 0; i < n; i++) {
		int ret = check_node(c, node->data.sequence.items.start[i], schema->sequence.entry,
				     entry);

		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Counts a node. With aliases, a few lines can stand for billions of values. */
static int count_node(struct check *c, const yaml_node_t *node)
{
	if (node->type == YAML_SCALAR_NODE)
		c->n_bytes += node->data.scalar.length + 1;
	if (++c->n_nodes > MCR_CONFIG_NODES_MAX)
		return at(c, node, "more than %d values after expansion of aliases",
			  MCR_CONFIG_NODES_MAX);
	if (c->n_bytes > MCR_CONFIG_EXPANDED_MAX)
		return at(c, node, "values of more than %u octets after expansion of aliases",
			  MCR_CONFIG_EXPANDED_MAX);
	return 0;
}

/* A mapping of values and of lists of values, whose keys another part knows. */
static int check_free(struct check *c, const yaml_node_t *node, const char *what)
{
	static const cyaml_schema_value_t value = {
	    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};
	static const cyaml_schema_value_t list = {
	    CYAML_VALUE_SEQUENCE(CYAML_FLAG_POINTER, char *, &value, 1, LIST_MAX)};

	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
	     p++) {
		const int is_list = node_of(c->doc, p->value)->type == YAML_SEQUENCE_NODE;
		int ret = check_node(c, p->key, &value, "a key");

		if (ret == 0)
			ret = check_node(c, p->value, is_list ? &list : &value, what);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int check_node(struct check *c, int id, const cyaml_schema_value_t *schema, const char *what)
{
	const yaml_node_t *node = node_of(c->doc, id);
	const char *found = describe(node);
	int ret = count_node(c, node);

	if (ret < 0)
		return ret;
	switch (schema->type) {
	case CYAML_MAPPING:
		if (node->type == YAML_MAPPING_NODE)
			return check_mapping(c, node, schema, what);
		return at(c, node, "%s: found %s, expected a mapping (KEY: VALUE)%s", what, found,
			  is_squeezed(node) ? ", with a space behind the ':'" : "");
	case CYAML_SEQUENCE:
		if (node->type == YAML_SEQUENCE_NODE)
			return check_sequence(c, node, schema, what);
		return at(c, node, "%s: found %s, expected a list (%s)", what, found,
			  node->type == YAML_MAPPING_NODE ? "each entry begins with '-' and a space"
							  : "in [brackets]");
	case CYAML_IGNORE:
		if (node->type == YAML_MAPPING_NODE)
			return check_free(c, node, what);
		/* fall through */
	default:
		if (node->type != YAML_SCALAR_NODE || node->data.scalar.length == 0)
			return at(c, node, "%s: found %s, expected a value%s", what, found,
				  node->type == YAML_SCALAR_NODE
				      ? ""
				      : " (in quotes if it begins with a bracket)");
		if (memchr(node->data.scalar.value, 0, node->data.scalar.length))
			return at(c, node, "%s: the value holds a NUL character", what);
		return 0;
	}
}

int mcr_config_doc_check(const struct mcr_config_doc *doc, const cyaml_schema_value_t *schema,
			 struct mcr_error *err)
{
	struct check c = {.doc = doc, .err = err};

	if (!mcr_config_doc_root(doc))
		return 0;
	return check_node(&c, mcr_config_doc_root(doc), schema, "the file");
}
