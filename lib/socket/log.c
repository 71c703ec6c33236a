/* SPDX-License-Identifier: BSD-3-Clause */
/* No descriptor is kept: the program may close what it did not open, or change its root. Lines are
 * rare. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "socket/log.h"
#include "socket/real.h"
#include "socket/settings.h"

#define LINE 512

enum target {
	NOWHERE,
	STANDARD_ERROR,
	IN_A_FILE
};

static enum target target;
static char path[PATH_MAX];
static struct stat error_file; /* what standard error was, at the beginning */

void mcr_log_open(const char *where)
{
	memset(&error_file, 0, sizeof(error_file));
	if (fstat(STDERR_FILENO, &error_file) < 0)
		error_file.st_ino = 0;
	target = NOWHERE;
	if (!where || !*where)
		return;
	if (strcmp(where, "2") == 0) {
		target = STANDARD_ERROR;
	} else if (strlen(where) < sizeof(path)) {
		strcpy(path, where);
		target = IN_A_FILE;
	} else {
		mcr_log_warn("MCRING_LOG: the path is too long");
	}
}

/* A program that closed standard error may have a file of its own there. */
static int is_error_file(void)
{
	struct stat now;

	return error_file.st_ino && fstat(STDERR_FILENO, &now) == 0 &&
	       now.st_ino == error_file.st_ino && now.st_dev == error_file.st_dev;
}

static void write_line(enum target to, const char *format, va_list args)
{
	char line[LINE];
	int saved = errno;
	int n = snprintf(line, sizeof(line), "mcring[%d]: ", (int)getpid());
	int more = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, format, args);
	int fd = STDERR_FILENO;

	n = more > LINE - n - 2 ? LINE - 2 : n + (more > 0 ? more : 0);
	line[n++] = '\n';
	if (to == IN_A_FILE)
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
			  0600);
	else if (!is_error_file())
		fd = -1;
	if (fd >= 0 && write(fd, line, (size_t)n) < 0)
		errno = 0; /* nobody can be told */
	if (fd >= 0 && to == IN_A_FILE)
		mcr_real.close(fd);
	errno = saved;
}

void mcr_log(const char *format, ...)
{
	va_list args;

	if (target == NOWHERE)
		return;
	va_start(args, format);
	write_line(target, format, args);
	va_end(args);
}

void mcr_log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(target == IN_A_FILE ? IN_A_FILE : STANDARD_ERROR, format, args);
	va_end(args);
}
