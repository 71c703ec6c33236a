/* SPDX-License-Identifier: BSD-3-Clause */
/* The answer of why as text. */
#include "why.h"

#include <string.h>

#include "../common/wrap.h"

#define HEAD_MAX 160

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* A line for each text of a list. */
static void print_list(FILE *out, const char *head, unsigned indent, const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_is_string(item))
			ctl_wrap(out, head, indent, json_string_value(item));
	}
}

/* Whether the first line has said that already. */
static int is_said(const char *text, const char *first)
{
	const size_t len = strlen(text), said = strlen(first);

	return len <= said && strcmp(first + said - len, text) == 0;
}

/* "fault wrong_vlan: it arrives, but on VLAN 5"; without the text if the first line ends with it.
 */
static void print_finding(FILE *out, const json_t *finding, const char *first)
{
	const char *text = text_of(finding, "text");
	char head[HEAD_MAX];

	if (!json_is_object(finding))
		return;
	snprintf(head, sizeof(head), "\n%.20s %.40s:%s", text_of(finding, "severity"),
		 text_of(finding, "code"), is_said(text, first) ? "" : " ");
	ctl_wrap(out, head, 2, is_said(text, first) ? "" : text);
	print_list(out, "  seen: ", 8, json_object_get(finding, "evidence"));
	print_list(out, "  do: ", 6, json_object_get(finding, "todo"));
}

/* A command stands in a line of its own, so that it can be copied. */
static void print_candidate(FILE *out, const json_t *candidate)
{
	const char *command = text_of(candidate, "command"), *where = text_of(candidate, "where");
	char head[HEAD_MAX];

	if (!json_is_object(candidate))
		return;
	snprintf(head, sizeof(head), "  %.40s: ", text_of(candidate, "code"));
	ctl_wrap(out, head, 4, text_of(candidate, "text"));
	if (command[0] == '\0')
		return;
	snprintf(head, sizeof(head), "    %.80s: ", where[0] ? where : "look");
	ctl_wrap(out, head, 6, command);
}

int ctl_why_exit(const json_t *reply)
{
	const json_t *status = json_object_get(reply, "exit");
	const json_int_t value = json_integer_value(status);

	return json_is_integer(status) && value >= 0 && value < CTL_WHY_FAILED ? (int)value
									       : CTL_WHY_FAILED;
}

void ctl_print_why(FILE *out, const json_t *reply)
{
	const json_t *candidates = json_object_get(reply, "candidates");
	const json_t *proven = json_object_get(reply, "proven");
	const json_t *hidden = json_object_get(reply, "hidden"), *item;
	size_t i;

	ctl_wrap(out, "", 2, text_of(reply, "first"));
	json_array_foreach(json_object_get(reply, "findings"), i, item)
	    print_finding(out, item, text_of(reply, "first"));
	if (json_array_size(proven) > 0)
		fputs("\nproven:\n", out);
	print_list(out, "  ", 4, proven);
	if (json_array_size(candidates) > 0)
		fputs("\nwhat remains, and where to look:\n", out);
	json_array_foreach(candidates, i, item) print_candidate(out, item);
	if (json_array_size(hidden) > 0)
		fputs("\nnot to be seen from here:\n", out);
	print_list(out, "  ", 4, hidden);
}
