/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of the answers. */
#ifndef MCR_ENGINE_CONTROL_JSON_H
#define MCR_ENGINE_CONTROL_JSON_H

#include <stdint.h>

#include <jansson.h>

/* jansson's integers are signed; no counter gets that far in a century. */
static inline json_t *mcr_json_number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* 0 = there is none */
static inline json_t *mcr_json_number_or_null(uint64_t value)
{
	return value ? mcr_json_number(value) : json_null();
}

/* Device names and labels come from outside: what is not UTF-8 becomes "?". */
static inline json_t *mcr_json_string(const char *text)
{
	json_t *value = json_string(text);

	return value ? value : json_string("?");
}

#endif
