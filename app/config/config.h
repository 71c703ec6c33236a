/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration file: YAML, read with libcyaml. docs/config.md lists its keys. */
#ifndef MCR_APP_CONFIG_H
#define MCR_APP_CONFIG_H

#include "config/limits.h"
#include "settings/settings.h"

#define MCR_CONFIG_INCLUDE_DEPTH 8
#define MCR_CONFIG_FILES_MAX     256 /* included files, counting repeats */

/* mcr_config_load reads a file and what it includes into s (empty, or what was read before: lists
 * are added to, scalars that are set stay). Returns 0, or with *err "FILE:LINE: ..." ("FILE: ..."
 * when the file cannot be read at all) -EINVAL, -ENOENT, -EACCES, -EEXIST, -ENOSPC, -EFBIG, -E2BIG,
 * -ENOMEM or what mcr_join_parse gave; s is then half filled, fit for mcr_settings_destroy only.
 * Only a regular file is read, and time and memory are bounded (config_limits.h). Nothing of a text
 * that is not YAML, or has not the shape of a configuration, is quoted, but for a key that looks
 * like a misspelled one: whoever may ask for a reload need not be allowed to read the file.
 * Thread: any, several at a time: nothing is shared. Names of users and groups are looked up, which
 * may wait for the network. */
int mcr_config_load(struct mcr_settings *s, const char *path, struct mcr_error *err);

/* mcr_config_parse is the same for a text in memory. file names it in messages and says where
 * includes are relative to. */
int mcr_config_parse(struct mcr_settings *s, const char *file, const char *text, size_t len,
		     struct mcr_error *err);

/* mcr_config_assemble makes the whole: the command line, the file (path NULL: none), defaults and
 * checks. *out is to be destroyed by the caller, command_line is only read. Errors as above, *out
 * is not set. Thread: as above. */
int mcr_config_assemble(struct mcr_settings **out, const struct mcr_settings *command_line,
			const char *path, struct mcr_error *err);

#endif
