/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration file: YAML, read with libcyaml. docs/config.md lists its keys. */
#ifndef MCR_APP_CONFIG_H
#define MCR_APP_CONFIG_H

#include "config/limits.h"
#include "settings/settings.h"

#define MCR_CONFIG_INCLUDE_DEPTH 8
#define MCR_CONFIG_FILES_MAX     256 /* included files, each counted as often as it is included */

/* mcr_config_load reads a file and the files that it includes into s. s may be empty or hold what
 * was read before: lists grow, and single values that were given stay. Returns 0, or with
 * "FILE:LINE: ..." in *err ("FILE: ..." when the file cannot be read at all) -EINVAL, -ENOENT,
 * -EACCES, -EEXIST, -ENOSPC, -EFBIG, -E2BIG, -ENOMEM or what mcr_join_parse returned; s is then
 * half filled, and only fit for mcr_settings_destroy.
 * The file must be a regular one; time and memory are bounded (config/limits.h). The error does not
 * quote a text that is not YAML or does not have the shape of a configuration, but for a key that
 * looks misspelled: whoever asks for a reload may not be allowed to read the file. Thread: any,
 * several at a time, because nothing is shared. It looks up names of users and groups, which may
 * wait for the network. */
int mcr_config_load(struct mcr_settings *s, const char *path, struct mcr_error *err);

/* mcr_config_parse does the same with a text in memory. file: for messages; includes are relative
 * to it. */
int mcr_config_parse(struct mcr_settings *s, const char *file, const char *text, size_t len,
		     struct mcr_error *err);

/* mcr_config_assemble merges the command line, the file (path NULL: none) and the defaults, and
 * checks the result. The caller destroys *out; command_line is only read. Errors as above; *out is
 * then not set. Thread: as above. */
int mcr_config_assemble(struct mcr_settings **out, const struct mcr_settings *command_line,
			const char *path, struct mcr_error *err);

#endif
