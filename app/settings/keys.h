/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys of the configuration. One row of a table has all that is to be known of a key: what the
 * file and the command line take, what --check prints and --help says, what a reload compares.
 *
 * To add one: its field in mcring/config.h, its row in key_table.c, its line in docs/config.md and
 * docs/mcring.yaml. Thread: any; the tables are constant. */
#ifndef MCR_APP_KEYS_H
#define MCR_APP_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <mcring/types.h>

#include "settings/words.h"

#define MCR_KEYS_MAX     32   /* of one table */
#define MCR_KEY_TEXT_MAX 1024 /* octets of a value's text with its 0 */

struct mcr_key;

/* One way to read and to write a value: key_kinds.h has them. */
struct mcr_kind {
	/* Stores what text says; of a list, adds one entry. Returns 0, or -EINVAL or -E2BIG with
	 * err, which does not name the key. NULL: not from a text. */
	int (*parse)(const struct mcr_key *key, void *field, const char *text,
		     struct mcr_error *err);
	/* Writes what parse reads back as the same; entries of a list with a '/' between them.
	 * NULL: another key prints this field. */
	void (*print)(const struct mcr_key *key, const void *field, char *buf, size_t cap);
	uint8_t is_list; /* the file has a list, the command line entries with a '/' between them */
};

enum mcr_key_flags {
	MCR_KEY_REQUIRED = 1,     /* in the file; the command line has it before the keys */
	MCR_KEY_SHOWN = 2,        /* --check prints it also when it was not given */
	MCR_KEY_LIVE = 4,         /* a reload carries a change out; others need a restart */
	MCR_KEY_FILE_ONLY = 8,    /* the command line does not have it */
	MCR_KEY_OPTION_ONLY = 16, /* the file does not have it */
	MCR_KEY_REPEATED = 32,    /* on the command line it may stand several times */
};

struct mcr_key {
	const char *name; /* in the file; the command line has '-' for '_' */
	const struct mcr_kind *kind;
	const char *form;      /* of its value, for --help; NULL: its words */
	const char *otherwise; /* the text that holds when it was not given; NULL: see below */
	uint16_t offset, size; /* of its field in the table's struct */
	uint16_t given;        /* of a uint8_t there that is 1 when the key was given; the same as
				* offset: there is none, and a field of zeros was not given */
	uint16_t flags;        /* enum mcr_key_flags */
	uint64_t min, max;     /* of a number */
	const struct mcr_word *words; /* that may stand for its value */
};

struct mcr_keys {
	const char *of; /* "interface" */
	const struct mcr_key *key;
	size_t n;
};

extern const struct mcr_keys mcr_interface_keys; /* of struct mcr_interface_config */
extern const struct mcr_keys mcr_channel_keys;   /* of struct mcr_channel_config */
extern const struct mcr_keys mcr_attach_keys;    /* of struct mcr_attach_setting */
extern const struct mcr_keys mcr_engine_keys;    /* of struct mcr_engine_setting */

/* mcr_key_parse reads a value, one entry of a list, and notes that it was given. */
int mcr_key_parse(const struct mcr_key *key, void *config, const char *text, struct mcr_error *err);

/* mcr_key_print: the text that reads back as the same value; "" = not given. */
void mcr_key_print(const struct mcr_key *key, const void *config, char buf[MCR_KEY_TEXT_MAX]);

/* mcr_keys_find_option: the key that the command line calls so, or NULL. */
const struct mcr_key *mcr_keys_find_option(const struct mcr_keys *keys, const char *name);

/* mcr_keys_option reads KEY=VALUE of the command line. Errors as above, and -EINVAL for an unknown
 * key; err names the key. */
int mcr_keys_option(const struct mcr_keys *keys, void *config, const char *name, const char *value,
		    struct mcr_error *err);

/* mcr_keys_print writes "KEY VALUE, KEY VALUE", keys as on the command line, from key `first` on.
 */
void mcr_keys_print(FILE *out, const struct mcr_keys *keys, const void *config, size_t first);

/* mcr_keys_help writes an option of --help, head and "[,KEY=FORM]" for each key, in lines that fit
 * a terminal; the first has no comma when head ends with a space. */
void mcr_keys_help(FILE *out, const char *head, const struct mcr_keys *keys);

/* mcr_keys_complete gives what was not given the value that holds then, where a row has one. */
void mcr_keys_complete(const struct mcr_keys *keys, void *config);

/* mcr_keys_take copies what `from` was given and `to` was not. */
void mcr_keys_take(const struct mcr_keys *keys, void *to, const void *from);

/* For a reload: live: the keys with MCR_KEY_LIVE, else the others. */
bool mcr_keys_differ(const struct mcr_keys *keys, const void *a, const void *b, bool live);
void mcr_keys_copy(const struct mcr_keys *keys, void *to, const void *from, bool live);

#endif
