/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration file: YAML, read with libcyaml. docs/config.md lists its keys. */
#ifndef MCR_APP_CONFIG_H
#define MCR_APP_CONFIG_H

#include "settings.h"

#define MCR_CONFIG_FILE_MAX      (8u << 20) /* octets of one file */
#define MCR_CONFIG_INCLUDE_DEPTH 8
#define MCR_CONFIG_FILES_MAX     256 /* included files, counting repeats */

/* mcr_config_load reads a file and what it includes into s (empty, or what was read before: lists
 * are added to, scalars that are set stay). Returns 0, or with *err "FILE:LINE: ..." ("FILE: ..."
 * when the file cannot be read at all) -EINVAL, -ENOENT, -EACCES, -EEXIST, -ENOSPC, -EFBIG, -ENOMEM
 * or what mcr_join_parse gave; s is then half filled, fit for mcr_settings_destroy only. */
int mcr_config_load(struct mcr_settings *s, const char *path, struct mcr_error *err);

/* mcr_config_parse is the same for a text in memory. file names it in messages and says where
 * includes are relative to. */
int mcr_config_parse(struct mcr_settings *s, const char *file, const char *text, size_t len,
		     struct mcr_error *err);

/* mcr_config_assemble makes the whole: the command line, the file (path NULL: none), defaults and
 * checks. *out is to be destroyed by the caller. Errors as above, *out is not set. */
int mcr_config_assemble(struct mcr_settings **out, const struct mcr_settings *command_line,
			const char *path, struct mcr_error *err);

#endif
