/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal/host_files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

long mcr_host_number(const char *root, const char *path, long absent)
{
	char full[PATH_MAX];
	FILE *in;

	snprintf(full, sizeof(full), "%s%s", root, path);
	in = fopen(full, "re");
	if (!in)
		return absent;
	if (fscanf(in, "%ld", &absent) != 1)
		clearerr(in);
	fclose(in);
	return absent;
}

bool mcr_host_link(char *out, size_t cap, const char *root, const char *path)
{
	char full[PATH_MAX], to[PATH_MAX];
	ssize_t len;

	snprintf(full, sizeof(full), "%s%s", root, path);
	len = readlink(full, to, sizeof(to) - 1);
	if (len <= 0)
		return false;
	to[len] = '\0';
	snprintf(out, cap, "%.*s", (int)cap - 1, strrchr(to, '/') ? strrchr(to, '/') + 1 : to);
	return true;
}

bool mcr_host_has(const char *root, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return access(full, F_OK) == 0;
}

bool mcr_is_pci(const char *port)
{
	unsigned domain, bus, device, function;
	int end = 0;

	return sscanf(port, "%x:%x:%x.%x%n", &domain, &bus, &device, &function, &end) == 4 &&
	       port[end] == '\0';
}
