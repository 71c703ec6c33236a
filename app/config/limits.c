/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <yaml.h>

#include "config/limits.h"
#include "settings/fail.h"

struct counts {
	const char *file;
	struct mcr_error *err;
	size_t depth, anchors, aliases, tokens;
};

MCR_PRINTF(4, 5)
static int fail_at(const struct counts *c, int code, const yaml_mark_t *at, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return mcr_fail(c->err, code, "%s:%zu: column %zu: %s", c->file, at->line + 1,
			at->column + 1, text);
}

static int above(const struct counts *c, const yaml_token_t *token, size_t n, size_t max,
		 const char *what)
{
	return n > max ? fail_at(c, -E2BIG, &token->start_mark, "more than %zu %s", max, what) : 0;
}

static int count(struct counts *c, const yaml_token_t *token)
{
	switch (token->type) {
	case YAML_BLOCK_SEQUENCE_START_TOKEN:
	case YAML_BLOCK_MAPPING_START_TOKEN:
	case YAML_FLOW_SEQUENCE_START_TOKEN:
	case YAML_FLOW_MAPPING_START_TOKEN:
		return above(c, token, ++c->depth, MCR_CONFIG_DEPTH_MAX,
			     "lists and mappings in each other");
	case YAML_BLOCK_END_TOKEN:
	case YAML_FLOW_SEQUENCE_END_TOKEN:
	case YAML_FLOW_MAPPING_END_TOKEN:
		c->depth -= c->depth > 0;
		return 0;
	case YAML_ANCHOR_TOKEN:
		return above(c, token, ++c->anchors, MCR_CONFIG_ANCHORS_MAX, "anchors (&name)");
	case YAML_ALIAS_TOKEN:
		return above(c, token, ++c->aliases, MCR_CONFIG_ALIASES_MAX, "aliases (*name)");
	case YAML_SCALAR_TOKEN:
		return above(c, token, token->data.scalar.length, MCR_CONFIG_VALUE_MAX,
			     "octets in one value");
	case YAML_TAG_DIRECTIVE_TOKEN:
		return fail_at(c, -EINVAL, &token->start_mark, "%%TAG is not understood here");
	default:
		return 0;
	}
}

int mcr_config_limits_check(const char *file, const char *text, size_t len, struct mcr_error *err)
{
	struct counts c = {.file = file, .err = err};
	yaml_parser_t parser;
	yaml_token_t token;
	int ret = 0, last = 0;

	if (len > MCR_CONFIG_FILE_MAX)
		return mcr_fail(err, -EFBIG, "%s: larger than %u octets", file,
				MCR_CONFIG_FILE_MAX);
	if (!yaml_parser_initialize(&parser))
		return mcr_fail(err, -ENOMEM, "%s: out of memory", file);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (ret == 0 && !last && yaml_parser_scan(&parser, &token)) {
		ret = above(&c, &token, ++c.tokens, MCR_CONFIG_TOKENS_MAX, "marks and values");
		if (ret == 0)
			ret = count(&c, &token);
		last = token.type == YAML_STREAM_END_TOKEN;
		yaml_token_delete(&token);
	}
	if (ret == 0 && parser.error == YAML_MEMORY_ERROR)
		ret = mcr_fail(err, -ENOMEM, "%s: out of memory", file);
	yaml_parser_delete(&parser);
	return ret;
}
