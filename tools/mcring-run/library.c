/* SPDX-License-Identifier: BSD-3-Clause */
#include "library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/fail.h"

#define FILE_NAME "libmcring-preload.so"

static int is_there(char path[PATH_MAX], const char *folder, const char *more)
{
	return snprintf(path, PATH_MAX, "%s%s/" FILE_NAME, folder, more) < PATH_MAX &&
	       access(path, R_OK) == 0;
}

int library_find(char path[PATH_MAX])
{
	/* From the folder of this program: where it was built, where it is installed. */
	static const char *const places[] = {"/../lib/socket/preload", "/../" MCR_LIBDIR "/mcring"};
	char own[PATH_MAX], found[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);

	own[len > 0 ? len : 0] = '\0';
	if (strrchr(own, '/'))
		*strrchr(own, '/') = '\0';
	if (!is_there(found, own, places[0]) && !is_there(found, own, places[1]) &&
	    !is_there(found, MCR_PRELOAD_DIR, ""))
		return fail("no " FILE_NAME " in %s%s, %s%s or %s", own, places[0], own, places[1],
			    MCR_PRELOAD_DIR);
	return realpath(found, path) ? 0 : fail("%s: %s", found, strerror(errno));
}

/* Whether a list, separated as the loader does, has the path already. */
static int has(const char *list, const char *path)
{
	size_t len = strlen(path);

	for (const char *p = list; (p = strstr(p, path)); p += len)
		if ((p == list || strchr(": ", p[-1])) && (!p[len] || strchr(": ", p[len])))
			return 1;
	return 0;
}

/* Puts text in front of what a variable lists. Returns 0 or an error that it has told. */
static int put_first(const char *variable, const char *text)
{
	const char *others = getenv(variable);
	char *value;
	int ret;

	if (others && has(others, text))
		return 0;
	ret = others && *others ? asprintf(&value, "%s:%s", text, others)
				: asprintf(&value, "%s", text);
	if (ret < 0 || setenv(variable, value, 1) < 0)
		return fail("no memory");
	free(value);
	return 0;
}

/* A space ends a name in LD_PRELOAD, but not in LD_LIBRARY_PATH. */
int library_preload(const char *path)
{
	char folder[PATH_MAX];
	int ret;

	if (strpbrk(path, ":;"))
		return fail("%s: the loader cannot preload what has a colon or a semicolon in its "
			    "path",
			    path);
	if (!strchr(path, ' '))
		return put_first("LD_PRELOAD", path);
	snprintf(folder, sizeof(folder), "%s", path);
	*strrchr(folder, '/') = '\0';
	ret = put_first("LD_LIBRARY_PATH", folder);
	return ret == 0 ? put_first("LD_PRELOAD", FILE_NAME) : ret;
}
