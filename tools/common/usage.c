/* SPDX-License-Identifier: BSD-3-Clause */
#include "usage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/option_error.h"
#include "fail.h"

/* Several letters behind one dash are several options of one letter each for getopt_long, which
 * goes on in the same word: it stands at optind then, or before it when all letters are used. */
static const char *refused(char **argv, int result)
{
	const char *last = argv[optind - 1];

	if (result == ':' || optopt == 0 || strchr(last, '='))
		return last;
	return last[0] == '-' && last[1] != '-' && strchr(last, optopt) ? last : argv[optind];
}

int usage_next(int argc, char **argv, const char *order, const struct option *options, int *index)
{
	char letters[4], text[256];
	int result;

	snprintf(letters, sizeof(letters), "%s:", order);
	opterr = 0;
	result = getopt_long(argc, argv, letters, options, index);
	if (result != '?' && result != ':')
		return result;
	fail("%s: see %s --help",
	     mcr_option_error(text, sizeof(text), options, refused(argv, result)),
	     program_invocation_short_name);
	return '?';
}

int usage_unexpected(const char *word)
{
	return fail("'%.64s': not an option: see %s --help", word, program_invocation_short_name);
}

int usage_number(uint64_t *out, const char *text, uint64_t min, uint64_t max)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || n < min || n > max)
		return -1;
	*out = n;
	return 0;
}

void usage_version(void)
{
	printf("%s %s\n", program_invocation_short_name, MCR_VERSION);
}
