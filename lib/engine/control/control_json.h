/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of the answers. */
#ifndef MCR_ENGINE_CONTROL_JSON_H
#define MCR_ENGINE_CONTROL_JSON_H

#include <stdint.h>

#include <jansson.h>

#include "core/address.h"

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

static inline json_t *mcr_json_address(struct mcr_address address)
{
	char text[MCR_ADDRESS_TEXT];

	return json_string(mcr_address_format(text, address));
}

static inline json_t *mcr_json_address_or_null(struct mcr_address address)
{
	return mcr_address_is_none(address) ? json_null() : mcr_json_address(address);
}

#endif
