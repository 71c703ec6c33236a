/* SPDX-License-Identifier: BSD-3-Clause */
/* The line of check. */
#include "check.h"

#include <inttypes.h>
#include <string.h>

#include "why.h"

static const char *const names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

/* A bar would begin the numbers, and a line feed another line. */
static void print_text(FILE *out, enum ctl_check result, const char *text)
{
	fprintf(out, "MCRING %s - ", names[result]);
	for (; *text; text++)
		fputc(*text == '|' ? '/' : (unsigned char)*text < 0x20 ? ' ' : *text, out);
}

/* ---- numbers ---- */

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* The sum of a member of all rows of a list. */
static uint64_t sum(const json_t *reply, const char *list, const char *key)
{
	uint64_t total = 0;
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(reply, list), i, row) total +=
	    (uint64_t)number(row, key);
	return total;
}

static uint64_t drops(const json_t *reply)
{
	uint64_t total = 0;
	const char *reason;
	json_t *count;

	json_object_foreach(json_object_get(reply, "drops"), reason, count) total +=
	    (uint64_t)json_integer_value(count);
	return total;
}

/* The lowest or highest integer of a member of the rows; -1 when none has one. */
static json_int_t extreme(const json_t *reply, const char *list, const char *key, int is_highest)
{
	json_int_t found = -1;
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(reply, list), i, row)
	{
		const json_t *value = json_object_get(row, key);

		if (json_is_integer(value) &&
		    (found < 0 || (json_integer_value(value) > found) == is_highest))
			found = json_integer_value(value);
	}
	return found;
}

static void print_counter(FILE *out, const char *label, uint64_t value)
{
	fprintf(out, " %s=%" PRIu64 "c", label, value);
}

/* Units: c is a counter, s seconds. */
static void print_numbers(FILE *out, const json_t *status)
{
	const json_int_t headroom = extreme(status, "consumers", "headroom_min", 0);
	const json_int_t igmp = extreme(status, "interfaces", "igmp_querier_age_ns", 1);
	const json_int_t mld = extreme(status, "interfaces", "mld_querier_age_ns", 1);

	fputs(" |", out);
	print_counter(out, "received", (uint64_t)number(status, "received"));
	print_counter(out, "delivered", (uint64_t)number(status, "delivered"));
	print_counter(out, "dropped", drops(status));
	print_counter(out, "missed", sum(status, "ports", "rx_missed"));
	print_counter(out, "no_buffer", sum(status, "ports", "rx_nombuf"));
	print_counter(out, "errors", sum(status, "ports", "rx_errors"));
	print_counter(out, "lost", sum(status, "consumers", "lost"));
	fprintf(out, " groups=%" PRIu64 " consumers=%zu", sum(status, "interfaces", "groups"),
		json_array_size(json_object_get(status, "consumers")));
	if (headroom >= 0)
		fprintf(out, " lowest_headroom=%lld", (long long)headroom);
	if (igmp >= 0)
		fprintf(out, " igmp_querier_age=%.3fs", (double)igmp / 1e9);
	if (mld >= 0)
		fprintf(out, " mld_querier_age=%.3fs", (double)mld / 1e9);
	fprintf(out, " control_round=%.6fs",
		(double)number(json_object_get(status, "control"), "longest_round_ns") / 1e9);
}

/* ---- the verdict ---- */

/* The first warning's text, or NULL. */
static const char *warning_of(const json_t *why)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(json_object_get(why, "findings"), i, finding)
	{
		const char *severity = json_string_value(json_object_get(finding, "severity"));

		if (severity && strcmp(severity, "warning") == 0)
			return json_string_value(json_object_get(finding, "text"));
	}
	return NULL;
}

enum ctl_check ctl_print_check(FILE *out, const json_t *why, const json_t *status)
{
	const char *text = json_string_value(json_object_get(why, "first"));
	const char *warning = warning_of(why);
	enum ctl_check result = CTL_CHECK_UNKNOWN;

	switch (ctl_why_exit(why)) {
	case 0:
		result = warning ? CTL_CHECK_WARNING : CTL_CHECK_OK;
		text = warning ? warning : text;
		break;
	case 1:
		result = CTL_CHECK_CRITICAL;
		break;
	case 2: /* a market that is closed sends nothing */
		result = CTL_CHECK_WARNING;
		break;
	default:
		text = "the engine's answer has no verdict";
	}
	print_text(out, result, text ? text : "the engine gave no text");
	print_numbers(out, status);
	fputc('\n', out);
	return result;
}

enum ctl_check ctl_print_check_problem(FILE *out, const struct ctl_problem *problem)
{
	const enum ctl_check result = problem->kind == CTL_ABSENT || problem->kind == CTL_SILENT
					  ? CTL_CHECK_CRITICAL
					  : CTL_CHECK_UNKNOWN;

	print_text(out, result, problem->text);
	fputc('\n', out);
	return result;
}
