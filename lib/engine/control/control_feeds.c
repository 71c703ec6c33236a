/* SPDX-License-Identifier: BSD-3-Clause */
/* The feeds that the engine declares. */
#include <inttypes.h>

#include "engine/control/control_info.h"
#include "engine/control/control_json.h"

static json_t *lines_of(const struct mcr_feed_info *feed)
{
	json_t *lines = json_array();

	for (uint32_t i = 0; i < feed->n_lines; i++) {
		const struct mcr_feed_info_line *line = &feed->lines[i];

		json_array_append_new(
		    lines,
		    json_pack("{so so so so sb}", "name", mcr_json_string(line->name), "engine",
			      line->engine[0] ? mcr_json_string(line->engine) : json_null(),
			      "channel", mcr_json_string(line->channel), "joins",
			      mcr_json_number(line->joins), "own", (int)line->is_own));
	}
	return lines;
}

static MCR_CONTROL_ITEM(feed)
{
	struct mcr_feed_info feed = {.size = sizeof(feed)};

	(void)snapshot;
	if (mcr_engine_feed_info(src->engine, i, &feed) < 0)
		return NULL;
	return json_pack("{so so so so so so}", "name", mcr_json_string(feed.name), "digest",
			 json_sprintf("%016" PRIx64, feed.digest), "declaration",
			 mcr_json_string(feed.declaration), "readers",
			 mcr_json_number(feed.readers), "old_readers",
			 mcr_json_number(feed.old_readers), "lines", lines_of(&feed));
}

const struct mcr_control_section mcr_control_feeds[] = {
    {"feeds", &mcr_control_by_index, feed},
    {NULL, NULL, NULL},
};
