/* SPDX-License-Identifier: BSD-3-Clause */
#include "sets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

/* Without the spaces at both ends. */
static char *trim(char *line)
{
	size_t len;

	line += strspn(line, " \t");
	len = strlen(line);
	while (len > 0 && strchr(" \t\r\n", line[len - 1]))
		line[--len] = '\0';
	return line;
}

static int add(char *line, const char **sets, unsigned *n, unsigned max)
{
	const char *text = trim(line), *equals = strchr(text, '=');

	if (text[0] == '\0' || text[0] == '#')
		return 0;
	if (!equals || equals == text)
		return -EINVAL;
	if (*n == max)
		return -E2BIG;
	sets[*n] = strdup(text);
	return sets[*n] ? (++*n, 0) : -ENOMEM;
}

int sets_read(const char *path, const char **sets, unsigned *n, unsigned max, struct mcr_error *err)
{
	FILE *file = fopen(path, "re");
	unsigned number = 0;
	char *line = NULL;
	size_t cap = 0;
	int ret = 0;

	if (!file)
		return mcr_error_set(err, -errno, "--set-file %s: %s", path, strerror(errno));
	while (ret == 0 && getline(&line, &cap, file) >= 0) {
		number++;
		ret = add(line, sets, n, max);
	}
	if (ret == -EINVAL)
		mcr_error_set(err, ret, "--set-file %s: line %u: expected KEY=VALUE", path, number);
	else if (ret == -E2BIG)
		mcr_error_set(err, ret, "--set-file %s: line %u: %u properties at most", path,
			      number, max);
	else if (ret == 0 && ferror(file))
		ret = mcr_error_set(err, -EIO, "--set-file %s: it cannot be read", path);
	else if (ret < 0)
		mcr_error_set(err, ret, "no memory");
	free(line);
	fclose(file);
	return ret;
}
