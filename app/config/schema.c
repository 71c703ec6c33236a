/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/schema.h"
#include "settings/fail.h"
#include "settings/key_kinds.h"

#define LIST_MAX 65536

#define OPTIONAL             (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define TEXT(key, of, flags) CYAML_FIELD_STRING_PTR(#key, flags, struct of, key, 0, CYAML_UNLIMITED)
#define LIST(key, of, flags, entry, min) \
	CYAML_FIELD_SEQUENCE_COUNT(#key, flags, struct of, key, n_##key, entry, min, LIST_MAX)

static const cyaml_schema_value_t text = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

static const cyaml_schema_field_t access_fields[] = {
    LIST(users, mcr_access_yaml, OPTIONAL, &text, 1),
    LIST(groups, mcr_access_yaml, OPTIONAL, &text, 1),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t join_fields[] = {
    LIST(groups, mcr_join_yaml, CYAML_FLAG_POINTER, &text, 1),
    LIST(ports, mcr_join_yaml, OPTIONAL, &text, 1),
    LIST(sources, mcr_join_yaml, OPTIONAL, &text, 1),
    LIST(exclude, mcr_join_yaml, OPTIONAL, &text, 1),
    TEXT(interface, mcr_join_yaml, OPTIONAL),
    TEXT(channel, mcr_join_yaml, OPTIONAL),
    TEXT(id, mcr_join_yaml, OPTIONAL),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t join = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct mcr_join_yaml, join_fields)};

static const cyaml_schema_field_t line_join_fields[] = {
    LIST(groups, mcr_join_yaml, CYAML_FLAG_POINTER, &text, 1),
    LIST(ports, mcr_join_yaml, OPTIONAL, &text, 1),
    LIST(sources, mcr_join_yaml, OPTIONAL, &text, 1),
    TEXT(interface, mcr_join_yaml, OPTIONAL),
    TEXT(id, mcr_join_yaml, OPTIONAL),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t line_join = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct mcr_join_yaml, line_join_fields)};

static const cyaml_schema_field_t line_fields[] = {
    TEXT(name, mcr_feed_line_yaml, OPTIONAL),
    TEXT(engine, mcr_feed_line_yaml, OPTIONAL),
    TEXT(channel, mcr_feed_line_yaml, OPTIONAL),
    LIST(joins, mcr_feed_line_yaml, CYAML_FLAG_POINTER, &line_join, 1),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t line = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct mcr_feed_line_yaml, line_fields)};

/* ---- from the tables ---- */

/* The schema of a key, for the first struct mcr_key_yaml of a mapping. */
static cyaml_schema_field_t field_of(const struct mcr_key *key, enum cyaml_flag flags)
{
	if (key->kind == &mcr_kind_access)
		return (cyaml_schema_field_t)CYAML_FIELD_MAPPING_PTR(
		    key->name, flags, struct mcr_key_yaml, access, access_fields);
	if (key->flags & MCR_KEY_MAPPING)
		return (cyaml_schema_field_t)CYAML_FIELD_IGNORE(key->name, CYAML_FLAG_OPTIONAL);
	if (key->kind->between)
		return (cyaml_schema_field_t)CYAML_FIELD_SEQUENCE_COUNT(
		    key->name, flags, struct mcr_key_yaml, list, n, &text, 1, LIST_MAX);
	return (cyaml_schema_field_t)CYAML_FIELD_STRING_PTR(key->name, flags, struct mcr_key_yaml,
							    text, 0, CYAML_UNLIMITED);
}

/* Fills the fields of a mapping and ends them. Returns how many there are. */
static size_t make_fields(cyaml_schema_field_t *fields, const struct mcr_keys *keys)
{
	size_t n = 0;

	for (size_t i = 0; i < keys->n; i++) {
		const struct mcr_key *key = &keys->key[i];
		uint32_t offset = (uint32_t)(i * sizeof(struct mcr_key_yaml));

		if (key->flags & MCR_KEY_OPTION_ONLY)
			continue;
		fields[n] =
		    field_of(key, key->flags & MCR_KEY_REQUIRED ? CYAML_FLAG_POINTER : OPTIONAL);
		fields[n].data_offset += offset;
		fields[n].count_offset += offset;
		n++;
	}
	fields[n] = (cyaml_schema_field_t)CYAML_FIELD_END;
	return n;
}

static cyaml_schema_value_t mapping_of(const cyaml_schema_field_t *fields,
				       const struct mcr_keys *keys, enum cyaml_flag flags)
{
	cyaml_schema_value_t value = {CYAML_VALUE_MAPPING(flags, struct mcr_key_yaml, fields)};

	value.data_size = (uint32_t)(keys->n * sizeof(struct mcr_key_yaml));
	return value;
}

/* A list of mappings of a table. */
#define SECTIONS(name, mapping)                                                          \
	{                                                                                \
		.key = #name, .data_offset = offsetof(struct mcr_config_yaml, name),     \
		.count_offset = offsetof(struct mcr_config_yaml, n_##name),              \
		.count_size = sizeof(((struct mcr_config_yaml *)0)->n_##name),           \
		.value = {.type = CYAML_SEQUENCE,                                        \
			  .flags = OPTIONAL,                                             \
			  .data_size = (mapping).data_size,                              \
			  .sequence = {.entry = &(mapping), .min = 0, .max = LIST_MAX}}, \
	}

static cyaml_schema_value_t feed_of(cyaml_schema_field_t *const first)
{
	cyaml_schema_field_t *fields = first;
	const cyaml_schema_field_t name = TEXT(name, mcr_feed_yaml, CYAML_FLAG_POINTER);
	const cyaml_schema_field_t lines = LIST(lines, mcr_feed_yaml, CYAML_FLAG_POINTER, &line, 1);
	const char *key;

	*fields++ = name;
	for (uint32_t i = 0; (key = mcr_feed_config_key(i)); i++) {
		*fields = (cyaml_schema_field_t)CYAML_FIELD_STRING_PTR(
		    key, OPTIONAL, struct mcr_feed_yaml, values[0], 0, CYAML_UNLIMITED);
		if (strcmp(key, MCR_CONFIG_DECLARATION) == 0)
			*fields = (cyaml_schema_field_t)CYAML_FIELD_IGNORE(key, CYAML_FLAG_DEFAULT);
		fields++->data_offset += i * (uint32_t)sizeof(char *);
	}
	*fields++ = lines;
	*fields = (cyaml_schema_field_t)CYAML_FIELD_END;
	return (cyaml_schema_value_t){
	    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct mcr_feed_yaml, first)};
}

/* Adds the other keys of the file after those of the engine. */
static void add_fields(struct mcr_config_schema *s, cyaml_schema_field_t *fields)
{
	const cyaml_schema_field_t more[] = {
	    {.key = "attach",
	     .data_offset = offsetof(struct mcr_config_yaml, attach),
	     .value = mapping_of(s->attach, &mcr_attach_keys, OPTIONAL)},
	    {.key = "stats",
	     .data_offset = offsetof(struct mcr_config_yaml, stats),
	     .value = mapping_of(s->stats, &mcr_stats_keys, OPTIONAL)},
	    {.key = "shard",
	     .data_offset = offsetof(struct mcr_config_yaml, shard),
	     .value = mapping_of(s->shard, &mcr_shard_keys, OPTIONAL)},
	    LIST(eal, mcr_config_yaml, OPTIONAL, &text, 0),
	    SECTIONS(interfaces, s->interface),
	    SECTIONS(channels, s->channel),
	    LIST(joins, mcr_config_yaml, OPTIONAL, &join, 0),
	    LIST(feeds, mcr_config_yaml, OPTIONAL, &s->feed, 0),
	    LIST(include, mcr_config_yaml, OPTIONAL, &text, 0),
	    CYAML_FIELD_END,
	};

	_Static_assert(sizeof(more) + MCR_KEYS_MAX * sizeof(more[0]) <= sizeof(s->fields), "room");
	memcpy(fields, more, sizeof(more));
}

void mcr_config_schema_init(struct mcr_config_schema *s)
{
	_Static_assert(offsetof(struct mcr_config_yaml, engine) == 0, "where make_fields has it");
	make_fields(s->attach, &mcr_attach_keys);
	make_fields(s->stats, &mcr_stats_keys);
	make_fields(s->shard, &mcr_shard_keys);
	make_fields(s->interface_fields, &mcr_interface_keys);
	make_fields(s->channel_fields, &mcr_channel_keys);
	s->interface = mapping_of(s->interface_fields, &mcr_interface_keys, CYAML_FLAG_DEFAULT);
	s->channel = mapping_of(s->channel_fields, &mcr_channel_keys, CYAML_FLAG_DEFAULT);
	s->feed = feed_of(s->feed_fields);
	add_fields(s, &s->fields[make_fields(s->fields, &mcr_engine_keys)]);
	s->file = (cyaml_schema_value_t){
	    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct mcr_config_yaml, s->fields)};
}

/* ---- libcyaml ---- */

/* Keeps libcyaml's first line; the others are a backtrace. */
static void keep_first(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	struct mcr_error *first = ctx;

	if (level >= CYAML_LOG_ERROR && !first->text[0])
		vsnprintf(first->text, sizeof(first->text), fmt, args);
}

static cyaml_config_t cyaml_setup(struct mcr_error *first)
{
	return (cyaml_config_t){.log_fn = keep_first,
				.log_ctx = first,
				.log_level = CYAML_LOG_ERROR,
				.mem_fn = cyaml_mem};
}

int mcr_config_yaml_load(struct mcr_config_yaml **out, const struct mcr_config_schema *schema,
			 const char *file, const char *data, size_t len, struct mcr_error *err)
{
	struct mcr_error first = {""};
	cyaml_config_t setup = cyaml_setup(&first);
	cyaml_data_t *loaded = NULL;
	cyaml_err_t ret;

	*out = NULL;
	ret = cyaml_load_data((const uint8_t *)data, len, &setup, &schema->file, &loaded, NULL);
	if (ret == CYAML_OK) {
		*out = loaded;
		return 0;
	}
	if (ret == CYAML_ERR_OOM)
		return mcr_fail(err, -ENOMEM, "%s: out of memory", file);
	/* mcr_config_doc_check has found everything that a user can do wrong. */
	return mcr_fail(
	    err, -EINVAL,
	    "%s: not understood, which is a bug of mcring: report it with what libcyaml "
	    "says: %s (%.200s)",
	    file, cyaml_strerror(ret), first.text);
}

void mcr_config_yaml_free(struct mcr_config_yaml *y, const struct mcr_config_schema *schema)
{
	struct mcr_error unused = {""};
	cyaml_config_t setup = cyaml_setup(&unused);

	cyaml_free(&setup, &schema->file, y, 0);
}
