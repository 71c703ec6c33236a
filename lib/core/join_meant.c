/* SPDX-License-Identifier: BSD-3-Clause */
/* Each rule knows one form. It rewrites the text in place and says what it was. */
#include "core/join_meant.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"

typedef const char *rule(char text[MCR_JOIN_MEANT_MAX]);

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

/* Replaces len characters at `at` by others. If there is no room, nothing is left. */
static void replace(char text[MCR_JOIN_MEANT_MAX], char *at, size_t len, const char *by)
{
	const size_t n = strlen(by), rest = strlen(at + len) + 1;

	if ((size_t)(at - text) + n + rest > MCR_JOIN_MEANT_MAX) {
		text[0] = '\0';
		return;
	}
	memmove(at + n, at + len, rest);
	memcpy(at, by, n);
}

/* The address at the beginning of a text, in brackets or not, ends where this returns; NULL: there
 * is none. */
static const char *end_of_address(const char *text, struct mcr_address *out)
{
	size_t len = strspn(text, "0123456789.");

	if (*text == '[') {
		len = strcspn(text, "]");
		if (!text[len] || mcr_address_parse(out, text + 1, len - 1) < 0)
			return NULL;
		return text + len + 1;
	}
	return mcr_address_parse(out, text, len) == 0 ? text + len : NULL;
}

static int is_group(struct mcr_address address)
{
	return !mcr_address_is_none(address) && !mcr_address_is_unicast(address);
}

/* ---- the forms ---- */

/* "SOURCE@GROUP:PORT" has the order of VLC's URLs; of a join it is GROUP:PORT@SOURCE. */
static const char *source_first(char text[MCR_JOIN_MEANT_MAX])
{
	struct mcr_address source, group;
	const char *end = end_of_address(text, &source);
	char join[2 * MCR_JOIN_MEANT_MAX];

	if (!end || *end != '@' || is_group(source) || !end_of_address(end + 1, &group) ||
	    !is_group(group))
		return NULL;
	snprintf(join, sizeof(join), "%.*s@%.*s%s", (int)strcspn(end + 1, ","), end + 1,
		 (int)(end - text), text, end + 1 + strcspn(end + 1, ","));
	snprintf(text, MCR_JOIN_MEANT_MAX, "%.*s", MCR_JOIN_MEANT_MAX - 1, join);
	return "has its source first";
}

/* Cuts the query off, and puts the source that it names behind the group. */
static const char *query(char text[MCR_JOIN_MEANT_MAX], const char *why)
{
	char *at = strchr(text, '?'), *source, copy[MCR_JOIN_MEANT_MAX];

	if (!at)
		return why;
	snprintf(copy, sizeof(copy), "%s", at);
	*at = '\0';
	if (at > text && at[-1] == '/')
		*--at = '\0';
	source = strstr(copy, "source"); /* ffmpeg: sources= */
	if (source && strchr(source, '='))
		snprintf(at, MCR_JOIN_MEANT_MAX - (size_t)(at - text), "@%.*s",
			 (int)strcspn(strchr(source, '=') + 1, "&#,"), strchr(source, '=') + 1);
	return strstr(copy, "localaddr") ? "is a URL (interface=NAME stands for its localaddr)"
					 : why;
}

static const char *url(char text[MCR_JOIN_MEANT_MAX])
{
	const size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+");
	const int is_udp =
	    len == 3 && (strncasecmp(text, "udp", 3) == 0 || strncasecmp(text, "rtp", 3) == 0);
	const int has_slashes = strncmp(text + len, "://", 3) == 0;
	const char *why = is_udp ? "is a URL" : "is a URL of another protocol than UDP";
	char *path;

	if (len == 0 || (!has_slashes && !(is_udp && text[len] == ':')))
		return NULL;
	replace(text, text, len + (has_slashes ? 3 : 1), "");
	if (text[0] == '@')
		replace(text, text, 1, "");
	why = query(text, why);
	path = strchr(text, '/');
	if (path && !is_digit(path[1]))
		replace(text, path, strcspn(path, "@"), "");
	source_first(text);
	return why;
}

/* "(10.0.0.7, 239.1.1.1)" and "(*,239.1.1.1)" */
static const char *route(char text[MCR_JOIN_MEANT_MAX])
{
	char join[MCR_JOIN_MEANT_MAX + 1], *source = text + 1, *group;
	size_t end = strcspn(text, ")");

	if (text[0] != '(' || !text[end] || text[end + 1] || !strchr(text, ','))
		return NULL;
	text[end] = '\0';
	group = strchr(text, ',');
	*group++ = '\0';
	group += strspn(group, " ");
	snprintf(join, sizeof(join), strcmp(source, "*") == 0 ? "%s" : "%s@%s", group, source);
	snprintf(text, MCR_JOIN_MEANT_MAX, "%.*s", MCR_JOIN_MEANT_MAX - 1, join);
	return "is a route";
}

static const char *all_groups(char text[MCR_JOIN_MEANT_MAX])
{
	if (text[0] != '*' && strncmp(text, "any", 3) != 0 && strncmp(text, "0.0.0.0", 7) != 0)
		return NULL;
	text[0] = '\0';
	return "stands for all groups: expected one, or a range such as 239.1.1.0/24";
}

static const char *several(char text[MCR_JOIN_MEANT_MAX])
{
	struct mcr_address address;
	const char *comma = strchr(text, ','), *dash = strchr(text, '-'),
		   *end = end_of_address(text, &address);

	if (comma && end_of_address(comma + 1 + strspn(comma + 1, " "), &address)) {
		text[0] = '\0';
		return "has several groups: expected a join for each";
	}
	if (comma && memchr(text, ':', (size_t)(comma - text)) && is_number(comma + 1)) {
		text[0] = '\0';
		return "has several ports: expected a range, as in 239.1.1.1:5000-5001, or a join "
		       "for each";
	}
	if (end && end == dash) {
		text[0] = '\0';
		return "has a range of groups: expected a prefix, such as 239.1.1.0/28";
	}
	return NULL;
}

/* "239.1.1.1 5000", "239.1.1.1 port 5000", "239.1.1.1:5000, channel=md" */
static const char *space(char text[MCR_JOIN_MEANT_MAX])
{
	const char *why = NULL;
	char *at;

	while ((at = strpbrk(text, " \t"))) {
		const size_t len = strspn(at, " \t");
		const char *next = at + len;
		const int is_port =
		    strncmp(next, "port ", 5) == 0 || strncmp(next, "port=", 5) == 0;
		const int stands_by =
		    at == text || !*next || strchr(",:@/", at[-1]) || strchr(",:@/", *next);

		why = "has a space";
		replace(text, at, len + (is_port ? 5 : 0),
			stands_by                         ? ""
			: is_digit(next[is_port ? 5 : 0]) ? ":"
							  : ",");
	}
	return why;
}

/* "239.1.1.1,5000" */
static const char *comma(char text[MCR_JOIN_MEANT_MAX])
{
	struct mcr_address group;
	const char *end = end_of_address(text, &group);

	if (!end || *end != ',' || !is_number(end + 1))
		return NULL;
	text[end - text] = ':';
	return "has its port behind a ','";
}

/* "239.1.1.1:5000/udp", "239.1.1.1/5000", "239.1.1.0/255.255.255.0" */
static const char *slash(char text[MCR_JOIN_MEANT_MAX])
{
	struct mcr_address group, mask;
	const char *end = end_of_address(text, &group), *mask_end;
	char *at = strchr(text, '/'), len[12];
	unsigned bits = 0;

	if (!at)
		return NULL;
	if (strcmp(at, "/udp") == 0 || strcmp(at, "/") == 0) {
		*at = '\0';
		return "has a '/' too many";
	}
	if (end != at)
		return NULL;
	mask_end = end_of_address(at + 1, &mask);
	if (mask_end && mcr_address_is_ipv4(mask)) {
		for (uint32_t m = be32toh(mcr_address_ipv4_be(mask)); m >> 31; m <<= 1)
			bits++;
		snprintf(len, sizeof(len), "%u", bits);
		replace(text, at + 1, (size_t)(mask_end - at - 1), len);
		return "has a netmask";
	}
	if (!is_number(at + 1) || atoi(at + 1) <= (mcr_address_is_ipv4(group) ? 128 : 999))
		return NULL;
	*at = ':';
	return "has its port behind a '/'";
}

/* "239.1.1.1:0" and "239.1.1.1:*": without a port it is every port. */
static const char *every_port(char text[MCR_JOIN_MEANT_MAX])
{
	struct mcr_address group;
	const char *end = end_of_address(text, &group);
	size_t len;

	if (!end || *end != ':')
		return NULL;
	len = 1 + strcspn(end + 1, "@,");
	if (len != 2 || (end[1] != '0' && end[1] != '*'))
		return NULL;
	replace(text, text + (end - text), len, "");
	return "means every port, for which no port is written";
}

/* "239.1.1.*" and "239.1.*.*" */
static const char *wildcard(char text[MCR_JOIN_MEANT_MAX])
{
	char join[64], *star = strstr(text, ".*");
	unsigned numbers = 0, len = (unsigned)strspn(text, "0123456789.*");

	if (!star || star >= text + len)
		return NULL;
	for (const char *p = text; p <= star; p++)
		numbers += *p == '.';
	if (numbers > 3 || star - text > 15)
		return NULL;
	snprintf(join, sizeof(join), "%.*s%s/%u", (int)(star - text), text,
		 &".0.0.0.0"[2 * numbers], 8 * numbers);
	replace(text, text, len, join);
	return "has a '*'";
}

/* "239.001.001.001" */
static const char *leading_zeros(char text[MCR_JOIN_MEANT_MAX])
{
	const size_t len = strspn(text, "0123456789.");
	const char *why = NULL;

	for (size_t i = 0; i < len && i < strspn(text, "0123456789."); i++)
		while (text[i] == '0' && is_digit(text[i + 1]) && (i == 0 || text[i - 1] == '.')) {
			replace(text, text + i, 1, "");
			why = "has leading zeros";
		}
	return why;
}

/* "239.1.1.1:5000@eth1" and "239.1.1.1%eth1:5000" */
static const char *interface(char text[MCR_JOIN_MEANT_MAX])
{
	char *at = strpbrk(text, "@%"), name[64];
	size_t len;

	if (!at || !isalpha((unsigned char)at[1]))
		return NULL;
	len = strcspn(at, ":,/");
	if (len - 1 >= sizeof(name) - 11 || (at[len] == ':' && *at == '@'))
		return NULL;
	snprintf(name, sizeof(name), ",interface=%.*s", (int)len - 1, at + 1);
	replace(text, at, len, "");
	replace(text, text + strcspn(text, ","), 0, name);
	return "has its interface in the wrong place";
}

const char *mcr_join_meant(char join[MCR_JOIN_MEANT_MAX], const char *text)
{
	static rule *const rules[] = {url,      route,         all_groups, several,
				      space,    comma,         slash,      every_port,
				      wildcard, leading_zeros, interface,  source_first};
	const char *first = NULL, *why;

	join[0] = '\0';
	if (strlen(text) >= MCR_JOIN_MEANT_MAX)
		return NULL;
	strcpy(join, text);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && join[0]; i++) {
		why = rules[i](join);
		if (why && !join[0]) /* no join: for a reason, or nothing is left */
			return strstr(why, "expected") ? why : NULL;
		first = first ? first : why;
	}
	return first;
}
