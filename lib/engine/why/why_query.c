/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"
#include "core/error.h"
#include "engine/why/why_query.h"

#define QUOTE_MAX 64
#define EXPECTED  "expected GROUP[:PORT][@SOURCE], such as 239.1.1.1:5000 or [ff15::1]:5000"

/* A piece of the text; what comes from a socket is shown in printable ASCII only. */
struct piece {
	const char *at;
	size_t len;
};

static const char *quote(char buf[QUOTE_MAX + 4], struct piece piece)
{
	const size_t n = piece.len < QUOTE_MAX ? piece.len : QUOTE_MAX;

	for (size_t i = 0; i < n; i++)
		buf[i] = piece.at[i] >= ' ' && piece.at[i] <= '~' ? piece.at[i] : '?';
	strcpy(buf + n, piece.len > n ? "..." : "");
	return buf;
}

/* At most one colon is a port's; more are an IPv6 address's. */
static int colons_of(struct piece piece)
{
	int n = 0;

	for (size_t i = 0; i < piece.len; i++)
		n += piece.at[i] == ':';
	return n;
}

static int read_address(struct mcr_address *out, struct piece piece)
{
	if (piece.len >= 2 && piece.at[0] == '[' && piece.at[piece.len - 1] == ']')
		piece = (struct piece){piece.at + 1, piece.len - 2};
	return mcr_address_parse(out, piece.at, piece.len);
}

static int read_port(uint16_t *out, struct piece piece)
{
	unsigned value = 0;

	if (piece.len == 0 || piece.len > 5)
		return -EINVAL;
	for (size_t i = 0; i < piece.len; i++) {
		if (piece.at[i] < '0' || piece.at[i] > '9')
			return -EINVAL;
		value = value * 10 + (unsigned)(piece.at[i] - '0');
	}
	if (value == 0 || value > UINT16_MAX)
		return -EINVAL;
	*out = (uint16_t)value;
	return 0;
}

/* Cuts GROUP:PORT apart; port.at is NULL where there is none. */
static void split_port(struct piece *group, struct piece *port)
{
	const char *colon = NULL;

	*port = (struct piece){NULL, 0};
	if (group->len > 0 && group->at[0] == '[') {
		const char *end = memchr(group->at, ']', group->len);

		if (end && end + 1 < group->at + group->len && end[1] == ':')
			colon = end + 1;
	} else if (colons_of(*group) == 1) {
		colon = memchr(group->at, ':', group->len);
	}
	if (!colon)
		return;
	*port = (struct piece){colon + 1, (size_t)(group->at + group->len - colon - 1)};
	group->len = (size_t)(colon - group->at);
}

static int parse_group(struct mcr_why_query *out, struct piece group, struct mcr_error *err)
{
	char buf[QUOTE_MAX + 4];

	if (memchr(group.at, '/', group.len))
		return mcr_error_set(err, -EINVAL, "'%s' is not one group: " EXPECTED,
				     quote(buf, group));
	if (read_address(&out->group, group) < 0)
		return mcr_error_set(err, -EINVAL, "'%s' is not an address: " EXPECTED,
				     quote(buf, group));
	if (mcr_group_fault(out->group, MCR_FILTER_INCLUDE) == MCR_GROUP_NOT_MULTICAST)
		return mcr_error_set(err, -EINVAL,
				     "'%s' is not multicast: expected a group of 224.0.0.0/4 or "
				     "ff00::/8%s",
				     quote(buf, group),
				     mcr_address_is_unicast(out->group)
					 ? ", and a source behind an @, as in 239.1.1.1@10.0.0.7"
					 : "");
	return 0;
}

static int parse_source(struct mcr_why_query *out, struct piece source, struct mcr_error *err)
{
	char buf[QUOTE_MAX + 4];

	if (read_address(&out->source, source) < 0 || !mcr_address_is_host(out->source))
		return mcr_error_set(err, -EINVAL,
				     "'%s' is not the address of a source: expected one such as "
				     "10.0.0.7, without a port",
				     quote(buf, source));
	if (mcr_address_is_ipv4(out->source) != mcr_address_is_ipv4(out->group))
		return mcr_error_set(err, -EINVAL,
				     "'%s' is of another family than the group: expected an %s "
				     "source",
				     quote(buf, source),
				     mcr_address_is_ipv4(out->group) ? "IPv4" : "IPv6");
	return 0;
}

int mcr_why_query_parse(struct mcr_why_query *out, const char *text, struct mcr_error *err)
{
	const char *at = strchr(text, '@');
	struct piece group = {text, at ? (size_t)(at - text) : strlen(text)};
	struct piece port;
	char buf[QUOTE_MAX + 4];
	int ret;

	split_port(&group, &port);
	ret = parse_group(out, group, err);
	if (ret < 0)
		return ret;
	if (port.at && read_port(&out->port, port) < 0)
		return mcr_error_set(err, -EINVAL, "'%s' is not a UDP port: expected 1 to 65535",
				     quote(buf, port));
	return at ? parse_source(out, (struct piece){at + 1, strlen(at + 1)}, err) : 0;
}

const char *mcr_why_query_format(char text[MCR_WHY_QUERY_TEXT], const struct mcr_why_query *query)
{
	char group[MCR_ADDRESS_BRACKETED], source[MCR_ADDRESS_BRACKETED];
	char port[8] = "";

	if (query->port)
		snprintf(port, sizeof(port), ":%u", query->port);
	if (query->port || !mcr_address_is_none(query->source))
		mcr_address_format_bracketed(group, query->group);
	else
		mcr_address_format(group, query->group);
	if (mcr_address_is_none(query->source))
		source[0] = '\0';
	else
		mcr_address_format_bracketed(source, query->source);
	snprintf(text, MCR_WHY_QUERY_TEXT, "%s%s%s%s", group, port, source[0] ? "@" : "", source);
	return text;
}
