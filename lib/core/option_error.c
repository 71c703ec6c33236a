/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/option_error.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/nearest.h"

#define SHOWN_MAX 64 /* characters of a word */

/* The option that a word stands for, since getopt_long takes the beginning of a name, too. *n: how
 * many begin so. */
static const struct option *find(const struct option *options, const char *name, size_t len,
				 unsigned *n)
{
	const struct option *found = NULL;

	*n = 0;
	for (const struct option *o = options; o->name; o++) {
		if (strncmp(o->name, name, len) != 0)
			continue;
		found = *n == 0 ? o : found;
		++*n;
		if (o->name[len] == '\0') {
			*n = 1;
			return o;
		}
	}
	return found;
}

static const char *several(char *text, size_t cap, const struct option *options, const char *name,
			   int len)
{
	size_t used = (size_t)snprintf(text, cap, "'--%.*s' may be any of", len, name);

	for (const struct option *o = options; o->name && used < cap; o++)
		if (strncmp(o->name, name, (size_t)len) == 0)
			used += (size_t)snprintf(text + used, cap - used, " --%s", o->name);
	return text;
}

static const char *unknown(char *text, size_t cap, const struct option *options, const char *word)
{
	const char *name = word + strspn(word, "-");
	const int shown = (int)strcspn(word, "=");
	char part[MCR_NEAREST_MAX + 1];
	const struct option *first;
	struct mcr_nearest search;
	unsigned n;

	snprintf(part, sizeof(part), "%.*s", (int)strcspn(name, "="), name);
	search = mcr_nearest_to(part);
	for (const struct option *o = options; o->name; o++)
		mcr_nearest_try(&search, o->name);
	first = find(options, part, strlen(part), &n);
	if (!search.name && part[0] && n == 1) /* -h */
		search.name = first->name;
	snprintf(text, cap,
		 search.name ? "unknown option '%.*s' (did you mean --%s?)"
			     : "unknown option '%.*s'",
		 shown < SHOWN_MAX ? shown : SHOWN_MAX, word, search.name);
	return text;
}

const char *mcr_option_error(char *text, size_t cap, const struct option *options, const char *word)
{
	const char *name = word + 2;
	const struct option *option;
	size_t len;
	unsigned n;

	if (strncmp(word, "--", 2) != 0)
		return unknown(text, cap, options, word);
	len = strcspn(name, "=");
	option = len > 0 ? find(options, name, len, &n) : NULL;
	if (!option)
		return unknown(text, cap, options, word);
	if (n > 1)
		return several(text, cap, options, name, (int)len);
	snprintf(text, cap,
		 option->has_arg == required_argument ? "--%s needs a value"
						      : "--%s takes no value",
		 option->name);
	return text;
}
