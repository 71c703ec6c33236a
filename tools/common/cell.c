/* SPDX-License-Identifier: BSD-3-Clause */
/* Values as text. */
#include "cell.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#define MINUTE_NS INT64_C(60000000000)
#define HOUR_NS   (60 * MINUTE_NS)
#define DAY_NS    (24 * HOUR_NS)

void ctl_clock_text(char *cell, json_int_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(cell, CTL_CELL_MAX, "%FT%T", &tm);
	snprintf(cell + n, CTL_CELL_MAX - n, ".%06dZ", (int)(ns % 1000000000 / 1000));
}

static void duration_text(char *cell, json_int_t ns)
{
	static const struct {
		json_int_t below, unit;
		const char *name;
	} steps[] = {
	    {10000, 1, "ns"},
	    {10000000, 1000, "us"},
	    {1000000000, 1000000, "ms"},
	    {10 * MINUTE_NS, 1000000000, "s"},
	    {2 * HOUR_NS, MINUTE_NS, "min"},
	    {2 * DAY_NS, HOUR_NS, "h"},
	    {INT64_MAX, DAY_NS, "d"},
	};
	size_t i = 0;

	while ((ns < 0 ? -(ns + 1) : ns) >= steps[i].below &&
	       i + 1 < sizeof(steps) / sizeof(steps[0]))
		i++;
	snprintf(cell, CTL_CELL_MAX, i == 0 ? "%.0f %s" : "%.1f %s",
		 (double)ns / (double)steps[i].unit, steps[i].name);
}

static void speed_text(char *cell, json_int_t mbps)
{
	if (mbps >= 1000)
		snprintf(cell, CTL_CELL_MAX, "%g Gb/s", (double)mbps / 1000);
	else if (mbps > 0)
		snprintf(cell, CTL_CELL_MAX, "%lld Mb/s", (long long)mbps);
}

static void number_text(char *cell, const struct ctl_column *c, json_int_t value, json_int_t now_ns)
{
	switch (c->form) {
	case CTL_AGE:
		if (value > 0 && value <= now_ns)
			duration_text(cell, now_ns - value);
		break;
	case CTL_DURATION:
		duration_text(cell, value);
		break;
	case CTL_SECONDS:
		snprintf(cell, CTL_CELL_MAX, "%.1f", (double)value / 1e9);
		break;
	case CTL_SPEED:
		speed_text(cell, value);
		break;
	default:
		snprintf(cell, CTL_CELL_MAX, "%lld", (long long)value);
	}
}

/* "(2)", behind what the cell has. */
static void add_note(char *cell, const char *text, json_t *notes)
{
	const size_t len = strlen(cell);
	json_int_t number = json_integer_value(json_object_get(notes, text));

	if (number == 0) {
		number = (json_int_t)json_object_size(notes) + 1;
		json_object_set_new(notes, text, json_integer(number));
	}
	snprintf(cell + len, CTL_CELL_MAX - len, "%s(%lld)", len > 0 ? " " : "", (long long)number);
}

static void add_reason(char *cell, const struct ctl_column *c, const json_t *row, json_t *notes)
{
	const char *text;
	char key[64];

	snprintf(key, sizeof(key), "%s_reason", c->key);
	text = json_string_value(json_object_get(row, key));
	if (text && text[0] != '\0')
		add_note(cell, text, notes);
}

void ctl_cell(char *cell, const struct ctl_column *c, const json_t *row, json_int_t now_ns,
	      json_t *notes)
{
	const json_t *value = json_object_get(row, c->key);
	const int is_text = json_is_string(value) && json_string_length(value) > 0;

	strcpy(cell, "-");
	if (is_text && c->form == CTL_NOTE)
		cell[0] = '\0';
	else if (is_text)
		snprintf(cell, CTL_CELL_MAX, "%s", json_string_value(value));
	else if (json_is_boolean(value))
		strcpy(cell, json_is_true(value) ? "yes" : "no");
	else if (json_is_integer(value))
		number_text(cell, c, json_integer_value(value), now_ns);
	if (is_text && c->form == CTL_NOTE)
		add_note(cell, json_string_value(value), notes);
	else if (c->form == CTL_NOTED)
		add_reason(cell, c, row, notes);
}

int ctl_cell_is_blank(const char *cell)
{
	return strcmp(cell, "-") == 0 || strcmp(cell, "0") == 0 || strcmp(cell, "no") == 0 ||
	       strcmp(cell, "0 ns") == 0;
}

int ctl_cell_is_number(const struct ctl_column *c, const json_t *row)
{
	return c->form == CTL_SECONDS ||
	       (c->form == CTL_PLAIN && json_is_integer(json_object_get(row, c->key)));
}
