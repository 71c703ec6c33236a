/* SPDX-License-Identifier: BSD-3-Clause */
/* What a YAML text may have before it is read at all.
 *
 * libyaml looks at every open level for each token (50,000 '[' took 84 s), compares each anchor and
 * each %TAG with all before it, and libcyaml copies what an alias stands for (1 MB took 4.1 GB). No
 * file of mcring's needs much of any of it. */
#ifndef MCR_APP_CONFIG_LIMITS_H
#define MCR_APP_CONFIG_LIMITS_H

#include <stddef.h>

#include <mcring/types.h>

#define MCR_CONFIG_FILE_MAX     (8u << 20)  /* octets of one file */
#define MCR_CONFIG_TOTAL_MAX    (32u << 20) /* of all files, each as often as it is included */
#define MCR_CONFIG_DEPTH_MAX    16          /* lists and mappings in each other; 5 are of use */
#define MCR_CONFIG_VALUE_MAX    8192        /* octets of one key or value */
#define MCR_CONFIG_ANCHORS_MAX  256         /* &name */
#define MCR_CONFIG_ALIASES_MAX  16384       /* *name */
#define MCR_CONFIG_TOKENS_MAX   2000000     /* marks and values, of which a list's entry has two */
#define MCR_CONFIG_NODES_MAX    1000000     /* values, those behind aliases each time; see */
#define MCR_CONFIG_EXPANDED_MAX (16u << 20) /* their octets; mcr_config_doc_check */

/* mcr_config_limits_check reads text (len octets) token by token and stops at the first that
 * exceeds a limit; its memory does not grow with the text. That it is not YAML is no error here.
 * Returns 0, or with *err "FILE:LINE: column N: ..." -E2BIG, -EINVAL (%TAG) or -ENOMEM. */
int mcr_config_limits_check(const char *file, const char *text, size_t len, struct mcr_error *err);

#endif
