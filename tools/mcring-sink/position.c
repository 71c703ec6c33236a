/* SPDX-License-Identifier: BSD-3-Clause */
#include "position.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/error.h"
#include "put.h"
#include "source.h"

#define VERSION  1
#define TEXT_MAX (4u << 20)

json_t *position_hex(uint64_t value)
{
	char text[PUT_HEX_MAX + 1];

	put_hex(text, value);
	return json_string(text);
}

int position_hex_is(const json_t *hex, uint64_t *out)
{
	const char *text = json_string_value(hex);
	const size_t len = text ? json_string_length(hex) : 0;
	uint64_t value = 0;

	if (len == 0 || len > PUT_HEX_MAX || strspn(text, "0123456789abcdef") != len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		value =
		    value << 4 | (uint64_t)(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
	*out = value;
	return 0;
}

int position_number_is(const json_t *number, uint64_t *out)
{
	if (!json_is_integer(number) || json_integer_value(number) < 0)
		return -EINVAL;
	*out = (uint64_t)json_integer_value(number);
	return 0;
}

/* ---- read ---- */

/* Of which source it is; NULL = of none of them, or it does not say. */
static struct sink_source *source_of(const struct sink *s, const json_t *position)
{
	const char *channel = json_string_value(json_object_get(position, "channel"));
	const char *feed = json_string_value(json_object_get(position, "feed"));
	const char *name = feed ? feed : channel;

	for (unsigned i = 0; name && i < s->n_sources; i++)
		if (s->sources[i]->is_feed == (feed != NULL) &&
		    strcmp(s->sources[i]->name, name) == 0)
			return s->sources[i];
	return NULL;
}

static int load_sources(struct sink *s, json_t *sources, uint64_t at_ns, struct mcr_error *err)
{
	json_t *position;
	size_t i;
	int ret = 0;

	json_array_foreach(sources, i, position)
	{
		struct sink_source *src = source_of(s, position);

		if (!src)
			ret = json_array_append(s->others, position) < 0 ? -ENOMEM : 0;
		else if (src->has_position)
			ret = mcr_error_set(err, -EINVAL, "it has '%s' twice", src->name);
		else
			ret = src->calls->load(s, src, position, at_ns, err);
		if (ret < 0)
			return ret;
		if (src)
			src->has_position = 1;
	}
	return 0;
}

int position_load(struct sink *s, const char *text, struct mcr_error *err)
{
	const size_t len = strlen(text);
	uint64_t version = 0;
	json_error_t why;
	json_t *root, *sources;
	int ret;

	if (len > TEXT_MAX)
		return mcr_error_set(err, -EINVAL, "it has %zu octets, of %u at most", len,
				     TEXT_MAX);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!root)
		return mcr_error_set(err, -EINVAL, "it is not JSON: %s", why.text);
	sources = json_object_get(root, "sources");
	if (position_number_is(json_object_get(root, "version"), &version) < 0 ||
	    position_number_is(json_object_get(root, "time_ns"), &s->position_ns) < 0 ||
	    !json_is_array(sources))
		ret = mcr_error_set(err, -EINVAL, "it lacks version, time_ns or sources");
	else if (version != VERSION)
		ret = mcr_error_set(err, -EINVAL,
				    "it is of version %" PRIu64 ", where this sink knows %d",
				    version, VERSION);
	else
		ret = load_sources(s, sources, s->position_ns, err);
	json_decref(root);
	return ret;
}

/* ---- written ---- */

char *position_text(const struct sink *s, uint64_t now_ns)
{
	json_t *sources = s->others ? json_copy(s->others) : json_array();
	json_t *root;
	char *text;
	int ret = sources ? 0 : -1;

	for (unsigned i = 0; ret == 0 && i < s->n_sources; i++)
		ret = json_array_append_new(sources, s->sources[i]->calls->position(s->sources[i]));
	if (ret < 0) {
		json_decref(sources);
		return NULL;
	}
	root =
	    json_pack("{s:i, s:o, s:I, s:o}", "version", VERSION, "instance",
		      position_hex(s->instance), "time_ns", (json_int_t)now_ns, "sources", sources);
	text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	return text;
}
