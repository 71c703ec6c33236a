/* SPDX-License-Identifier: BSD-3-Clause */
#include "top.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/table.h"
#include "../common/wrap.h"
#include "keys.h"

static const struct ctl_column channel_columns[] = {
    {"channel", "name", CTL_PLAIN},
    {"consumers", "consumers", CTL_PLAIN},
    {"messages/s", "published/s", CTL_PLAIN},
    {"bytes/s", "published_bytes/s", CTL_PLAIN},
    {"too large/s", "too_large/s", CTL_PLAIN},
};
static const struct ctl_table channels = CTL_TABLE("channels", channel_columns);

static const struct ctl_column consumer_columns[] = {
    {"consumer", "label", CTL_PLAIN},
    {"channel", "channel", CTL_PLAIN},
    {"pid", "pid", CTL_PLAIN},
    {"messages/s", "received/s", CTL_PLAIN},
    {"lost/s", "lost/s", CTL_PLAIN},
    {"lost", "lost", CTL_PLAIN},
    {"cursor", "cursor", CTL_PLAIN},
    {"behind", "behind", CTL_PLAIN},
    {"headroom", "headroom", CTL_PLAIN},
    {"lowest", "headroom_min", CTL_PLAIN},
    {"polled ago", "heartbeat_age_ns", CTL_DURATION},
};
static const struct ctl_table consumers = CTL_TABLE("consumers", consumer_columns);

static const struct ctl_column port_columns[] = {
    {"port", "name", CTL_PLAIN},
    {"up", "link_up", CTL_YES_NO},
    {"packets/s", "rx_packets/s", CTL_PLAIN},
    {"bytes/s", "rx_bytes/s", CTL_PLAIN},
    {"missed/s", "rx_missed/s", CTL_PLAIN},
    {"missed", "rx_missed", CTL_PLAIN},
    {"errors/s", "rx_errors/s", CTL_PLAIN},
    {"no buffer/s", "rx_nombuf/s", CTL_PLAIN},
};
static const struct ctl_table ports = CTL_TABLE("ports", port_columns);

static const struct ctl_column lcore_columns[] = {
    {"lcore", "lcore", CTL_PLAIN},
    {"packets/s", "received/s", CTL_PLAIN},
    {"busy %", "busy", CTL_PLAIN},
    {"longest gap", "longest_gap_ns", CTL_DURATION},
};
static const struct ctl_table lcores = CTL_TABLE("lcores", lcore_columns);

static const struct ctl_column control_columns[] = {
    {"control's longest round", "longest_round_ns", CTL_DURATION},
};
static const struct ctl_table control = CTL_TABLE("control", control_columns);

static json_int_t integer(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* ---- rates ---- */

/* The row for the same thing in the answer before: it has the same value of key. */
static const json_t *same_row(const json_t *before, const json_t *row, const char *key)
{
	const json_t *old, *id = json_object_get(row, key);
	size_t i;

	json_array_foreach(before, i, old)
	{
		if (json_equal(json_object_get(old, key), id))
			return old;
	}
	return NULL;
}

/* Adds KEY/s for each counter. One that was not there before has no rate yet; one that went back
 * belongs to another engine. */
static void add_rates(json_t *now, const json_t *old, double seconds)
{
	json_t *rates = json_object(), *value;
	const char *key;
	char name[64];

	json_object_foreach(now, key, value)
	{
		const json_t *was = json_object_get(old, key);

		if (!json_is_integer(value) || !json_is_integer(was) ||
		    json_integer_value(value) < json_integer_value(was))
			continue;
		snprintf(name, sizeof(name), "%s/s", key);
		json_object_set_new(rates, name,
				    json_integer((json_int_t)((double)(json_integer_value(value) -
								       json_integer_value(was)) /
								  seconds +
							      0.5)));
	}
	json_object_update(now, rates);
	json_decref(rates);
}

static void add_list_rates(json_t *now, const json_t *before, const char *list, const char *key,
			   double seconds)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(now, list), i, row)
	{
		const json_t *old = same_row(json_object_get(before, list), row, key);

		if (old)
			add_rates(row, old, seconds);
	}
}

/* Adds busy, in percent, and behind, the messages that are published but not released. */
static void add_derived(json_t *now)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(now, "lcores"), i, row)
	{
		double hz = (double)integer(row, "tsc_hz");

		if (hz > 0 && json_object_get(row, "busy_cycles/s"))
			json_object_set_new(
			    row, "busy",
			    json_integer(
				(json_int_t)((double)integer(row, "busy_cycles/s") * 100 / hz +
					     0.5)));
	}
	json_array_foreach(json_object_get(now, "consumers"), i, row) json_object_set_new(
	    row, "behind", json_integer(integer(row, "published") - integer(row, "cursor")));
}

static void compare(json_t *now, const json_t *before, double seconds)
{
	add_rates(now, before, seconds);
	add_rates(json_object_get(now, "drops"), json_object_get(before, "drops"), seconds);
	add_list_rates(now, before, "ports", "name", seconds);
	add_list_rates(now, before, "lcores", "lcore", seconds);
	add_list_rates(now, before, "channels", "name", seconds);
	add_list_rates(now, before, "consumers", "id", seconds);
	add_derived(now);
}

/* ---- screens ---- */

static void print_account(FILE *out, const json_t *now)
{
	const json_t *drops = json_object_get(now, "drops"), *count;
	const char *name = json_string_value(json_object_get(now, "name")), *reason;
	char at[CTL_CELL_MAX];
	size_t len;

	ctl_clock_text(at, (json_int_t)realtime_ns());
	fprintf(out, "%s at %s\n", name ? name : "?", at);
	fprintf(out, "received %lld/s, delivered %lld/s, punted %lld/s",
		(long long)integer(now, "received/s"), (long long)integer(now, "delivered/s"),
		(long long)integer(now, "punted/s"));
	if (integer(now, "relayed") > 0)
		fprintf(out, ", relayed %lld/s", (long long)integer(now, "relayed/s"));
	fputc('\n', out);
	json_object_foreach((json_t *)drops, reason, count)
	{
		char rate[80];

		len = strlen(reason);
		if (len > 2 && strcmp(reason + len - 2, "/s") == 0)
			continue;
		snprintf(rate, sizeof(rate), "%s/s", reason);
		if (json_integer_value(count) > 0)
			fprintf(out, "dropped %s %lld/s, %lld since the start\n", reason,
				(long long)integer(drops, rate),
				(long long)json_integer_value(count));
	}
}

/* Returns the whole screen as a text, to be freed, or NULL. */
static char *render(const json_t *now, size_t columns)
{
	static const struct ctl_table *const tables[] = {&channels, &consumers, &ports, &lcores,
							 &control};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	print_account(out, now);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		ctl_print_table_in(out, tables[i], now, columns);
	fclose(out);
	return text;
}

static unsigned lines_of(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Writes over the last screen: clears the rest of each line and of the screen. A line that is too
 * long in spite of all is cut, and what has no room below is counted. All the text is ASCII. */
static void show_screen(const char *text, unsigned rows, size_t columns)
{
	fputs("\033[H", stdout);
	for (unsigned row = 0; row + 1 < rows && *text; row++) {
		size_t len = strcspn(text, "\n");

		if (row + 2 == rows && lines_of(text) > 1) {
			printf("%u more lines: there is no room for them\033[K\n", lines_of(text));
			break;
		}
		printf("%.*s\033[K\n", (int)(len < columns ? len : columns), text);
		text += len + (text[len] == '\n');
	}
	fputs("\033[J", stdout);
}

/* is_new: the screen shows something else. */
static int show(const json_t *now, int is_first, int is_new)
{
	const int is_terminal = isatty(STDOUT_FILENO);
	struct winsize size = {0};
	char *text;

	if (is_terminal)
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	text = render(now, size.ws_col > 0 ? size.ws_col : CTL_COLUMNS);
	if (!text)
		return -1;
	if (is_terminal) {
		if (is_first || is_new)
			fputs("\033[2J", stdout);
		show_screen(text, size.ws_row > 0 ? size.ws_row : 24,
			    size.ws_col > 0 ? size.ws_col : CTL_COLUMNS);
	} else {
		printf("%s%s", is_first ? "" : "\n", text);
	}
	free(text);
	return fflush(stdout) == 0 ? 0 : -1;
}

/* Screens until one of the ends. Returns 0, or -1 when the engine no longer answered. */
static int follow(const struct ctl_top *top, struct ctl_keys *keys, json_t **before)
{
	uint64_t then = monotonic_ns(), at;
	int ret = 0, is_new = 0;
	json_t *now, *kept;

	for (uint64_t n = 0; ret == 0 && (top->count == 0 || n < top->count); n++) {
		enum ctl_keys_event event = ctl_keys_wait(keys, top->interval);

		if (event == CTL_KEYS_END)
			break;
		is_new = event == CTL_KEYS_RESUMED;
		now = top->ask(top->ctx);
		if (!now)
			return -1;
		at = monotonic_ns();
		kept = json_deep_copy(now); /* without the rates */
		compare(now, *before, (double)(at - then) / 1e9);
		ret = show(now, n == 0, is_new);
		json_decref(now);
		json_decref(*before);
		*before = kept;
		then = at;
	}
	return ret;
}

int ctl_top(const struct ctl_top *top)
{
	json_t *before = top->ask(top->ctx);
	struct ctl_keys keys;
	int ret;

	if (!before)
		return -1;
	ctl_keys_begin(&keys);
	ret = follow(top, &keys, &before);
	ctl_keys_end(&keys);
	json_decref(before);
	return ret;
}
