/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/prefixes.h"

#include <stdlib.h>
#include <string.h>

static int is_equal_to(struct mcr_address a, struct mcr_address b, unsigned bits)
{
	unsigned octets = bits / 8, rest = bits % 8;

	if (memcmp(a.octets, b.octets, octets) != 0)
		return 0;
	return rest == 0 || (a.octets[octets] ^ b.octets[octets]) >> (8 - rest) == 0;
}

/* The octets of the address, without brackets; *rest stands behind it. */
static size_t address_of(const char **text, const char **rest, const char *end)
{
	const char *stop;

	if (*text < end && **text == '[') {
		(*text)++;
		stop = memchr(*text, ']', (size_t)(end - *text));
		*rest = stop ? stop + 1 : end;
		return stop ? (size_t)(stop - *text) : 0;
	}
	for (stop = *text; stop < end && *stop != '/';)
		stop++;
	*rest = stop;
	/* IPv6 without brackets has no port, and IPv4 no other colon. */
	if (memchr(*text, '.', (size_t)(stop - *text))) {
		const char *colon = memchr(*text, ':', (size_t)(stop - *text));

		*rest = colon ? colon : stop;
	}
	return (size_t)(*rest - *text);
}

static int item_has(const char *text, const char *end, struct mcr_address group)
{
	struct mcr_address first;
	const char *rest;
	unsigned offset;
	unsigned long bits;
	size_t len;

	while (text < end && *text == ' ')
		text++;
	while (end > text && end[-1] == ' ')
		end--;
	len = address_of(&text, &rest, end);
	if (mcr_address_parse(&first, text, len) < 0)
		return 0;
	offset = mcr_address_is_ipv4(first) ? 96 : 0;
	bits = rest < end && *rest == '/' ? strtoul(rest + 1, NULL, 10) : 128 - offset;
	return bits + offset <= 128 && mcr_address_is_ipv4(first) == mcr_address_is_ipv4(group) &&
	       is_equal_to(first, group, (unsigned)bits + offset);
}

int mcr_prefixes_have(const char *list, struct mcr_address group)
{
	while (list) {
		const char *comma = strchr(list, ',');

		if (item_has(list, comma ? comma : list + strlen(list), group))
			return 1;
		if (!comma)
			return 0;
		list = comma + 1;
	}
	return 1;
}
