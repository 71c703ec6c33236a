/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys of the configuration. Each has one row in a table, with all that mcring knows of it:
 * what the file and the command line accept, what --check prints and --help says, what a reload
 * compares.
 *
 * To add a key, add its field to mcring/config.h, its row to key_table.c, and its line to
 * docs/config.md and docs/mcring.yaml. tests/unit/test_keys.c fails if you forget one of them. The
 * fields of the sockets attach and stats, of shard and of single values are in settings.h; a single
 * value also has its option in options.c, and its use in daemon.c. Thread: any; the tables are
 * constant.
 */
#ifndef MCR_APP_KEYS_H
#define MCR_APP_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <mcring/types.h>

#include "settings/words.h"

#define MCR_KEYS_MAX     48    /* of one table */
#define MCR_KEY_TEXT_MAX 24576 /* octets of a value's text with its 0 */

struct mcr_key;

/* One way to read and to write a value; key_kinds.h has all. */
struct mcr_key_kind {
	/* Stores the value of text, or adds it to a list. Returns 0, or -EINVAL or -E2BIG with err,
	 * which does not name the key. NULL: the value is not one text. */
	int (*parse)(const struct mcr_key *key, void *field, const char *text,
		     struct mcr_error *err);
	/* Writes the text that parse reads back as the same value, entries of a list with `between`
	 * between them. NULL: another key prints this field. */
	void (*print)(const struct mcr_key *key, const void *field, char *buf, size_t cap);
	char between; /* entries of a list in an option; the file has a list then. 0: no list */
};

enum mcr_key_flags {
	MCR_KEY_REQUIRED = 1,     /* in the file; an option has it before its keys */
	MCR_KEY_SHOWN = 2,        /* --check prints it even if it was not given */
	MCR_KEY_LIVE = 4,         /* a reload carries a change out; other changes need a restart */
	MCR_KEY_FILE_ONLY = 8,    /* options do not have it */
	MCR_KEY_OPTION_ONLY = 16, /* the file does not have it */
	MCR_KEY_REPEATED = 32,    /* an option may have it several times */
	MCR_KEY_MAPPING = 64,     /* a list whose entries NAME:VALUE are a mapping in the file */
};

struct mcr_key {
	const char *name; /* in the file; options have '-' for '_' */
	const struct mcr_key_kind *kind;
	const char *form; /* of its value, for --help; NULL: its words */
	const char
	    *otherwise; /* its value, as text, when it is not given; NULL: the engine's default */
	uint16_t offset, size; /* of its field in the struct of the table */
	uint16_t given;    /* offset of a uint8_t that is 1 when the key was given; equal to offset:
			      there is none, and a field of zeros is not given */
	uint16_t flags;    /* enum mcr_key_flags */
	uint64_t min, max; /* of a number */
	const struct mcr_word *words; /* that its value may be */
};

struct mcr_keys {
	const char *of; /* "interface" */
	const struct mcr_key *key;
	size_t n;
};

extern const struct mcr_keys mcr_interface_keys; /* of struct mcr_interface_config */
extern const struct mcr_keys mcr_channel_keys;   /* of struct mcr_channel_config */
extern const struct mcr_keys mcr_attach_keys;    /* of struct mcr_attach_setting */
extern const struct mcr_keys mcr_stats_keys;     /* of struct mcr_stats_setting */
extern const struct mcr_keys mcr_shard_keys;     /* of struct mcr_shard_setting */
extern const struct mcr_keys mcr_engine_keys;    /* of struct mcr_engine_setting */

/* mcr_key_parse reads a value, or one entry of a list, and notes that it was given. */
int mcr_key_parse(const struct mcr_key *key, void *config, const char *text, struct mcr_error *err);

/* mcr_keys_find_option: the key with this name in options, or NULL. */
const struct mcr_key *mcr_keys_find_option(const struct mcr_keys *keys, const char *name);

/* mcr_keys_option reads KEY=VALUE of an option. Errors as above, and -EINVAL for an unknown key;
 * err names the key. */
int mcr_keys_option(const struct mcr_keys *keys, void *config, const char *name, const char *value,
		    struct mcr_error *err);

/* mcr_keys_print writes "KEY VALUE, KEY VALUE", with the names of options, starting with key number
 * first. */
void mcr_keys_print(FILE *out, const struct mcr_keys *keys, const void *config, size_t first);

/* mcr_keys_help writes an option for --help: head, then "[,KEY=FORM]" for each key, wrapped to fit
 * a terminal. If head ends with a space, the first item has no comma. */
void mcr_keys_help(FILE *out, const char *head, const struct mcr_keys *keys);

/* mcr_keys_complete sets the keys that were not given to their `otherwise`. */
void mcr_keys_complete(const struct mcr_keys *keys, void *config);

/* mcr_keys_take copies the values that from was given and to was not. */
void mcr_keys_take(const struct mcr_keys *keys, void *to, const void *from);

/* For a reload. live: compare or copy the keys with MCR_KEY_LIVE; else the others. */
bool mcr_keys_differ(const struct mcr_keys *keys, const void *a, const void *b, bool live);
void mcr_keys_copy(const struct mcr_keys *keys, void *to, const void *from, bool live);

#endif
