/* SPDX-License-Identifier: BSD-3-Clause */
/* Why a text is no YAML, in our words: libyaml's are those of a parser. */
#ifndef MCR_APP_CONFIG_SYNTAX_H
#define MCR_APP_CONFIG_SYNTAX_H

#include <stddef.h>

#include <yaml.h>

#include <mcring/types.h>

/* mcr_config_syntax_error fills err with "FILE:LINE: column N: ..." after the parser failed in a
 * text. It quotes nothing of the text but single signs. Returns -EINVAL or -ENOMEM. */
int mcr_config_syntax_error(const char *file, const char *text, size_t len,
			    const yaml_parser_t *parser, struct mcr_error *err);

#endif
