/* SPDX-License-Identifier: BSD-3-Clause */
#include "feeds.h"

#include "../common/table.h"

static const struct ctl_column feed_columns[] = {
    {"feed", "name", CTL_PLAIN},
    {"digest", "digest", CTL_PLAIN},
    {"readers", "readers", CTL_PLAIN},
    {"of an older one", "old_readers", CTL_PLAIN},
};
static const struct ctl_table feeds = CTL_TABLE("feeds", feed_columns);

static const struct ctl_column line_columns[] = {
    {"feed", "feed", CTL_PLAIN}, {"line", "name", CTL_PLAIN},       {"engine", "engine", CTL_PLAIN},
    {"own", "own", CTL_YES_NO},  {"channel", "channel", CTL_PLAIN}, {"joins", "joins", CTL_PLAIN},
};
static const struct ctl_table lines = CTL_TABLE_OF("lines", line_columns, 2, 0);

void ctl_print_feeds(FILE *out, const json_t *reply)
{
	json_t *rows = json_array(), *feed, *line;
	size_t i, k;

	json_array_foreach(json_object_get(reply, "feeds"), i, feed)
	{
		json_array_foreach(json_object_get(feed, "lines"), k, line)
		{
			json_t *row = json_is_object(line) ? json_copy(line) : json_object();

			json_object_set(row, "feed", json_object_get(feed, "name"));
			json_array_append_new(rows, row);
		}
	}
	ctl_print_table(out, &feeds, reply);
	ctl_print_rows(out, &lines, rows, reply);
}
