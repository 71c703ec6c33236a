/* SPDX-License-Identifier: BSD-3-Clause */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <rte_version.h>

#include "telemetry/put.h"

#if RTE_VERSION < RTE_VERSION_NUM(23, 3, 0, 0)
#define rte_tel_data_add_dict_uint  rte_tel_data_add_dict_u64
#define rte_tel_data_add_array_uint rte_tel_data_add_array_u64
#define RTE_TEL_UINT_VAL            RTE_TEL_U64_VAL
#endif

#define NUMBER_OCTETS 21 /* of the longest number */
#define FRAME_OCTETS  8  /* quotation marks, a colon, a comma, brackets */

/* Takes octets out of the room. Returns whether they were there. */
static bool take(struct mcr_telemetry_room *room, size_t octets)
{
	if (room->octets < octets) {
		room->is_cut = true;
		return false;
	}
	room->octets -= octets;
	return true;
}

/* A copy that telemetry takes whole; the rest of the text is cut off, at the end of a character. */
struct text {
	char octets[RTE_TEL_MAX_STRING_LEN];
	size_t as_json;
};

static struct text text_of(const json_t *value)
{
	const char *from = json_string_value(value);
	size_t len = json_string_length(value);
	struct text t = {.as_json = 0};

	if (len >= sizeof(t.octets)) {
		len = sizeof(t.octets) - 1;
		while (len > 0 && ((unsigned char)from[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(t.octets, from, len);
	for (size_t i = 0; i < len; i++)
		t.as_json += (unsigned char)from[i] < ' ' ? 6 : strchr("\"\\", from[i]) ? 2 : 1;
	return t;
}

static bool is_int(json_int_t n)
{
	return n < 0 && n >= INT_MIN;
}

/* ---- lists ---- */

static void add_element(struct rte_tel_data *d, const json_t *value, json_type type,
			struct mcr_telemetry_room *room)
{
	struct text text;
	int ret = 0;

	if (json_typeof(value) != type)
		return;
	switch (type) {
	case JSON_INTEGER:
		if (take(room, NUMBER_OCTETS))
			ret = rte_tel_data_add_array_uint(d, (uint64_t)json_integer_value(value));
		break;
	case JSON_STRING:
		text = text_of(value);
		if (take(room, text.as_json + FRAME_OCTETS))
			ret = rte_tel_data_add_array_string(d, text.octets);
		break;
	default:
		ret = -1;
	}
	room->is_cut |= ret != 0;
}

void mcr_telemetry_put_list(struct rte_tel_data *d, const json_t *array,
			    struct mcr_telemetry_room *room)
{
	const json_t *first = json_array_get(array, 0);
	const json_type type = first ? json_typeof(first) : JSON_STRING;
	const json_t *value;
	size_t i;

	rte_tel_data_start_array(d, type == JSON_INTEGER ? RTE_TEL_UINT_VAL : RTE_TEL_STRING_VAL);
	json_array_foreach(array, i, value) add_element(d, value, type, room);
}

/* ---- dictionaries ---- */

static int put_number(struct rte_tel_data *d, const char *name, json_int_t n)
{
	return is_int(n) ? rte_tel_data_add_dict_int(d, name, (int)n)
			 : rte_tel_data_add_dict_uint(d, name, (uint64_t)n);
}

static int put_real(struct rte_tel_data *d, const char *name, double real)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6g", real);
	return rte_tel_data_add_dict_string(d, name, text);
}

static struct rte_tel_data *container_of(const json_t *value, struct mcr_telemetry_room *room)
{
	struct rte_tel_data *d = rte_tel_data_alloc();

	if (!d) {
		room->is_cut = true;
		return NULL;
	}
	if (json_is_array(value)) {
		mcr_telemetry_put_list(d, value, room);
	} else {
		rte_tel_data_start_dict(d);
		mcr_telemetry_put_members(d, value, room);
	}
	return d;
}

static int put_container(struct rte_tel_data *d, const char *name, const json_t *value,
			 struct mcr_telemetry_room *room)
{
	struct rte_tel_data *one = container_of(value, room);
	int ret = one ? rte_tel_data_add_dict_container(d, name, one, 0) : 0;

	if (ret != 0)
		rte_tel_data_free(one);
	return ret;
}

void mcr_telemetry_put(struct rte_tel_data *d, const char *name, const json_t *value,
		       struct mcr_telemetry_room *room)
{
	struct text text = {.as_json = NUMBER_OCTETS};
	int ret = 0;

	if (json_is_null(value))
		return;
	if (json_is_string(value))
		text = text_of(value);
	if (!take(room, strlen(name) + text.as_json + FRAME_OCTETS))
		return;
	switch (json_typeof(value)) {
	case JSON_STRING:
		ret = rte_tel_data_add_dict_string(d, name, text.octets);
		break;
	case JSON_INTEGER:
		ret = put_number(d, name, json_integer_value(value));
		break;
	case JSON_REAL:
		ret = put_real(d, name, json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		ret = put_number(d, name, json_is_true(value));
		break;
	default:
		ret = put_container(d, name, value, room);
	}
	room->is_cut |= ret != 0;
}

void mcr_telemetry_put_members(struct rte_tel_data *d, const json_t *object,
			       struct mcr_telemetry_room *room)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)object, name, value) mcr_telemetry_put(d, name, value, room);
}
