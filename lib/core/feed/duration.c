/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/duration.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
#define UNITS (sizeof(units) / sizeof(units[0]))

int mcr_duration_parse(const char *text, size_t len, uint64_t *ns)
{
	uint64_t value = 0;
	size_t digits = 0;

	for (; digits < len && text[digits] >= '0' && text[digits] <= '9'; digits++) {
		if (digits == 18)
			return -EINVAL;
		value = 10 * value + (uint64_t)(text[digits] - '0');
	}
	if (digits == 0)
		return -EINVAL;
	*ns = value;
	if (value == 0 && digits == len)
		return 0;
	for (size_t i = 0; i < UNITS; i++)
		if (len - digits == strlen(units[i].name) &&
		    memcmp(text + digits, units[i].name, len - digits) == 0)
			return __builtin_mul_overflow(value, units[i].ns, ns) ? -EINVAL : 0;
	return -EINVAL;
}

const char *mcr_duration_format(uint64_t ns, char *out, size_t cap)
{
	size_t i = UNITS - 1;

	while (ns % units[i].ns != 0)
		i--;
	snprintf(out, cap, "%" PRIu64 "%s", ns / units[i].ns, units[i].name);
	return out;
}
