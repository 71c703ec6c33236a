/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"
#include "core/error.h"
#include "core/join_meant.h"
#include "core/join_piece.h"
#include "engine/why/why_query.h"

#define EXPECTED "expected GROUP[:PORT][@SOURCE], such as 239.1.1.1:5000 or [ff15::1]:5000"

/* At most one colon is a port's; more are an IPv6 address's. */
static int colons_of(struct mcr_piece piece)
{
	int n = 0;

	for (size_t i = 0; i < piece.len; i++)
		n += piece.at[i] == ':';
	return n;
}

static int read_address(struct mcr_address *out, struct mcr_piece piece)
{
	if (piece.len >= 2 && piece.at[0] == '[' && piece.at[piece.len - 1] == ']')
		piece = (struct mcr_piece){piece.at + 1, piece.len - 2};
	return mcr_address_parse(out, piece.at, piece.len);
}

static int read_port(uint16_t *out, struct mcr_piece piece)
{
	uint32_t value;

	if (mcr_piece_number(piece, UINT16_MAX, &value) < 0 || value == 0)
		return -EINVAL;
	*out = (uint16_t)value;
	return 0;
}

/* Cuts GROUP:PORT apart; port.at is NULL where there is none. */
static void split_port(struct mcr_piece *group, struct mcr_piece *port)
{
	const char *colon = NULL;

	*port = (struct mcr_piece){NULL, 0};
	if (group->len > 0 && group->at[0] == '[') {
		const char *end = memchr(group->at, ']', group->len);

		if (end && end + 1 < group->at + group->len && end[1] == ':')
			colon = end + 1;
	} else if (colons_of(*group) == 1) {
		colon = memchr(group->at, ':', group->len);
	}
	if (!colon)
		return;
	*port = (struct mcr_piece){colon + 1, (size_t)(group->at + group->len - colon - 1)};
	group->len = (size_t)(colon - group->at);
}

static int parse_group(struct mcr_why_query *out, struct mcr_piece group, struct mcr_error *err)
{
	char buf[MCR_PIECE_QUOTED];

	if (memchr(group.at, '/', group.len))
		return mcr_error_set(err, -EINVAL, "'%s' is not one group: " EXPECTED,
				     mcr_piece_quote(buf, group));
	if (read_address(&out->group, group) < 0)
		return mcr_error_set(err, -EINVAL, "'%s' is not an address: " EXPECTED,
				     mcr_piece_quote(buf, group));
	if (mcr_group_fault(out->group, MCR_FILTER_INCLUDE) == MCR_GROUP_NOT_MULTICAST)
		return mcr_error_set(err, -EINVAL,
				     "'%s' is not multicast: expected a group of 224.0.0.0/4 or "
				     "ff00::/8%s",
				     mcr_piece_quote(buf, group),
				     mcr_address_is_unicast(out->group)
					 ? ", and a source behind an @, as in 239.1.1.1@10.0.0.7"
					 : "");
	return 0;
}

static int parse_source(struct mcr_why_query *out, struct mcr_piece source, struct mcr_error *err)
{
	char buf[MCR_PIECE_QUOTED];

	if (read_address(&out->source, source) < 0 || !mcr_address_is_host(out->source))
		return mcr_error_set(err, -EINVAL,
				     "'%s' is not the address of a source: expected one such as "
				     "10.0.0.7, without a port",
				     mcr_piece_quote(buf, source));
	if (mcr_address_is_ipv4(out->source) != mcr_address_is_ipv4(out->group))
		return mcr_error_set(err, -EINVAL,
				     "'%s' is of another family than the group: expected an %s "
				     "source",
				     mcr_piece_quote(buf, source),
				     mcr_address_is_ipv4(out->group) ? "IPv4" : "IPv6");
	return 0;
}

static int parse(struct mcr_why_query *out, const char *text, struct mcr_error *err)
{
	const char *at = strchr(text, '@');
	struct mcr_piece group = {text, at ? (size_t)(at - text) : strlen(text)};
	struct mcr_piece port;
	char buf[MCR_PIECE_QUOTED];
	int ret;

	split_port(&group, &port);
	ret = parse_group(out, group, err);
	if (ret < 0)
		return ret;
	if (port.at && read_port(&out->port, port) < 0)
		return mcr_error_set(err, -EINVAL, "'%s' is not a UDP port: expected 1 to 65535",
				     mcr_piece_quote(buf, port));
	return at ? parse_source(out, (struct mcr_piece){at + 1, strlen(at + 1)}, err) : 0;
}

/* As mcr_join_parse does: what was meant, if it is known. */
static void explain(const char *text, struct mcr_error *err)
{
	char meant[MCR_JOIN_MEANT_MAX], part[MCR_PIECE_QUOTED];
	const char *why = mcr_join_meant(meant, text);
	struct mcr_why_query query = {0};

	if (why && meant[0] && parse(&query, meant, NULL) == 0)
		mcr_error_set(err, 0, "'%s' %s: expected %s",
			      mcr_piece_quote(part, (struct mcr_piece){text, strlen(text)}), why,
			      meant);
}

int mcr_why_query_parse(struct mcr_why_query *out, const char *text, struct mcr_error *err)
{
	int ret = parse(out, text, err);

	if (ret < 0 && err)
		explain(text, err);
	return ret;
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
