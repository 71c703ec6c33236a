/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits of a YAML text, checked before libyaml and libcyaml read it.
 *
 * libyaml looks at every open level for each token (50,000 '[' took 84 s) and compares each anchor
 * and each %TAG with all before it; libcyaml copies what an alias stands for (1 MB took 4.1 GB). No
 * configuration of mcring needs much of that. */
#ifndef MCR_APP_CONFIG_LIMITS_H
#define MCR_APP_CONFIG_LIMITS_H

#include <stddef.h>

#include <mcring/types.h>

#define MCR_CONFIG_FILE_MAX     (8u << 20)  /* octets of one file */
#define MCR_CONFIG_TOTAL_MAX    (32u << 20) /* of all files, counted at each include */
#define MCR_CONFIG_DEPTH_MAX    16          /* nested lists and mappings; 8 are useful */
#define MCR_CONFIG_VALUE_MAX    8192        /* octets of one key or value */
#define MCR_CONFIG_ANCHORS_MAX  256         /* &name */
#define MCR_CONFIG_ALIASES_MAX  16384       /* *name */
#define MCR_CONFIG_TOKENS_MAX   2000000     /* marks and values; an entry of a list has two */
#define MCR_CONFIG_NODES_MAX    1000000     /* values, those of an alias counted each time; see */
#define MCR_CONFIG_EXPANDED_MAX (16u << 20) /* their octets; mcr_config_doc_check */

/* mcr_config_limits_check reads text (len octets) token by token and stops at the first one that
 * exceeds a limit. Its memory does not grow with the text. It accepts a text that is not YAML.
 * Returns 0, or with "FILE:LINE: column N: ..." in *err -E2BIG, -EINVAL (%TAG) or -ENOMEM. */
int mcr_config_limits_check(const char *file, const char *text, size_t len, struct mcr_error *err);

#endif
