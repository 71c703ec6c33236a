/* SPDX-License-Identifier: BSD-3-Clause */
/* The text form of joins. The grammar is in mcring/join.h. IPv6 forms are recognised only so that
 * the error can name them. The parser walks the text once, piece by piece. Every error quotes the
 * piece, gives its column (from 1) and says what was expected there. */
#include <mcring/join.h>

#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/join_list.h"

#define QUOTE_MAX 64 /* octets of the text, or of a piece, that an error quotes */

/* A part of the text, not terminated. */
struct piece {
	const char *at;
	size_t len;
};

/* What one text says, before it is expanded. */
struct spec {
	struct mcr_join join; /* group is the first of the prefix, port the first of the range */
	struct mcr_address sources[MCR_JOIN_SOURCES_MAX]; /* the join's, which does not point here
							   */
	uint32_t n_groups, n_ports;
	unsigned seen; /* bits of enum key */
};

enum key {
	KEY_INTERFACE = 1,
	KEY_CHANNEL = 2,
	KEY_ID = 4
};

struct parser {
	const char *text;
	struct piece rest;
	struct spec spec;
	struct mcr_error *err;
};

/* A text may come from a socket, so what is not printable ASCII is shown as '?'. */
static const char *quote(char *buf, struct piece piece)
{
	const size_t n = piece.len < QUOTE_MAX ? piece.len : QUOTE_MAX;

	for (size_t i = 0; i < n; i++)
		buf[i] = piece.at[i] >= ' ' && piece.at[i] <= '~' ? piece.at[i] : '?';
	strcpy(buf + n, piece.len > n ? "..." : "");
	return buf;
}

/* Fills the error: join "TEXT", column N: "PIECE" MESSAGE. Returns code. */
__attribute__((format(printf, 4, 5))) static int fail(const struct parser *p, int code,
						      struct piece piece, const char *fmt, ...)
{
	char text[QUOTE_MAX + 4], part[QUOTE_MAX + 4];
	va_list args;
	int n;

	if (!p->err)
		return code;
	n = snprintf(p->err->text, sizeof(p->err->text), "join \"%s\", column %zu: \"%s\" ",
		     quote(text, (struct piece){p->text, strlen(p->text)}),
		     (size_t)(piece.at - p->text) + 1, quote(part, piece));
	va_start(args, fmt);
	vsnprintf(p->err->text + n, sizeof(p->err->text) - (size_t)n, fmt, args);
	va_end(args);
	return code;
}

/* Cuts off what stands before the first delimiter. The delimiter stays. */
static struct piece cut(struct piece *rest, const char *delimiters)
{
	struct piece piece = {rest->at, 0};

	while (piece.len < rest->len && !strchr(delimiters, piece.at[piece.len]))
		piece.len++;
	rest->at += piece.len;
	rest->len -= piece.len;
	return piece;
}

/* Steps over one character when it is the next. */
static int skip(struct piece *rest, char c)
{
	if (rest->len == 0 || *rest->at != c)
		return 0;
	rest->at++;
	rest->len--;
	return 1;
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Decimal digits only: no sign, no space. Returns 0, or -1 when it is not a number up to max. */
static int number(struct piece piece, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;

	if (piece.len == 0)
		return -1;
	for (size_t i = 0; i < piece.len; i++) {
		if (!is_digit(piece.at[i]))
			return -1;
		v = v * 10 + (uint64_t)(piece.at[i] - '0');
		if (v > max)
			return -1;
	}
	*out = (uint32_t)v;
	return 0;
}

/* IPv4 forms have no bracket, and at most one colon, in front of the port. */
static int looks_like_ipv6(struct piece piece)
{
	const char *colon = memchr(piece.at, ':', piece.len);

	if (piece.len > 0 && *piece.at == '[')
		return 1;
	return colon && memchr(colon + 1, ':', (size_t)(piece.at + piece.len - colon - 1));
}

static int parse_prefix(struct parser *p, struct piece group, struct piece len_piece)
{
	char ip[MCR_ADDRESS_TEXT];
	uint32_t len, host, mask;

	if (number(len_piece, 32, &len) != 0 || len == 0)
		return fail(p, -EINVAL, len_piece, "is not a prefix length: expected 4 to 32");
	host = be32toh(mcr_address_ipv4_be(p->spec.join.group));
	mask = UINT32_MAX << (32 - len);
	if (host & ~mask)
		return fail(p, -EINVAL, group,
			    "has bits set behind the prefix: expected %s/%u, or the address alone",
			    mcr_address_format(ip, mcr_address_from_ipv4(htobe32(host & mask))),
			    len);
	if (len < 4)
		return fail(p, -EINVAL, len_piece,
			    "is a prefix that goes beyond 224.0.0.0/4: expected 4 to 32");
	if (len < 16)
		return fail(p, -E2BIG, len_piece,
			    "is a prefix of %u groups: expected at most %d joins from one text",
			    UINT32_C(1) << (32 - len), MCR_JOIN_EXPANSION_MAX);
	p->spec.n_groups = UINT32_C(1) << (32 - len);
	return 0;
}

static int parse_group(struct parser *p)
{
	struct piece whole = p->rest, group;
	enum mcr_group_fault fault;

	whole = cut(&whole, "@,");
	if (looks_like_ipv6(whole))
		return fail(p, -EAFNOSUPPORT, whole,
			    "is an IPv6 group, which is not supported yet: expected an IPv4 group");
	group = cut(&p->rest, "/:@,");
	if (mcr_address_parse(&p->spec.join.group, group.at, group.len) != 0)
		return fail(p, -EINVAL, group,
			    "is not an IPv4 address: expected a group such as 239.1.1.1");
	fault =
	    mcr_group_fault(p->spec.join.group, MCR_FILTER_INCLUDE); /* the sources come later */
	if (fault == MCR_GROUP_NOT_MULTICAST)
		return fail(p, -EINVAL, group,
			    "is not multicast: expected a group from 224.0.0.0 to 239.255.255.255");
	p->spec.n_groups = 1;
	if (skip(&p->rest, '/')) {
		int err = parse_prefix(p, group, cut(&p->rest, ":@,"));

		if (err)
			return err;
	}
	if (fault == MCR_GROUP_RESERVED) /* the first of every prefix that holds it */
		return fail(p, -EINVAL, group,
			    "is reserved and carries no traffic (RFC 4607): expected a group from "
			    "232.0.0.1 on");
	return 0;
}

static int parse_ports(struct parser *p)
{
	struct piece first, last;
	uint32_t a, b;

	p->spec.n_ports = 1;
	if (!skip(&p->rest, ':'))
		return 0;
	first = cut(&p->rest, "-@,");
	if (number(first, 65535, &a) != 0 || a == 0)
		return fail(p, -EINVAL, first, "is not a UDP port: expected 1 to 65535");
	p->spec.join.port = (uint16_t)a;
	if (!skip(&p->rest, '-'))
		return 0;
	last = cut(&p->rest, "@,");
	if (number(last, 65535, &b) != 0 || b == 0)
		return fail(p, -EINVAL, last, "is not a UDP port: expected 1 to 65535");
	if (b < a)
		return fail(p, -EINVAL, last,
			    "ends the port range before its start: expected %u to 65535", a);
	p->spec.n_ports = b - a + 1;
	return 0;
}

static int check_source(struct parser *p, struct piece piece, struct mcr_address *source)
{
	if (memchr(piece.at, '/', piece.len))
		return fail(p, -EINVAL, piece, "is a prefix: expected a single source address");
	if (looks_like_ipv6(piece))
		return fail(
		    p, -EAFNOSUPPORT, piece,
		    "is an IPv6 source, which is not supported yet: expected an IPv4 source");
	if (memchr(piece.at, ':', piece.len))
		return fail(
		    p, -EINVAL, piece,
		    "has a port: expected it behind the group, as in 239.1.1.1:5000@10.0.0.7");
	if (mcr_address_parse(source, piece.at, piece.len) != 0)
		return fail(p, -EINVAL, piece,
			    "is not an IPv4 address: expected a source such as 10.0.0.7");
	if (!mcr_address_is_host(*source))
		return fail(p, -EINVAL, piece,
			    "is not unicast: expected the address of one sender");
	return 0;
}

/* Keeps the list ascending and distinct. */
static int insert_source(struct parser *p, struct piece piece, struct mcr_address source)
{
	struct mcr_address *sources = p->spec.sources;
	uint32_t *n = &p->spec.join.n_sources, at = 0;

	while (at < *n && memcmp(&sources[at], &source, sizeof(source)) < 0)
		at++;
	if (at < *n && mcr_address_is_equal(sources[at], source))
		return 0;
	if (*n == MCR_JOIN_SOURCES_MAX)
		return fail(p, -E2BIG, piece, "is one source too many: expected at most %d",
			    MCR_JOIN_SOURCES_MAX);
	memmove(&sources[at + 1], &sources[at], (*n - at) * sizeof(*sources));
	sources[at] = source;
	++*n;
	return 0;
}

static int parse_sources(struct parser *p)
{
	struct mcr_join *join = &p->spec.join;
	struct piece piece;
	struct mcr_address source;
	int err;

	while (skip(&p->rest, '@')) {
		const uint8_t mode = skip(&p->rest, '!') ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE;

		piece = cut(&p->rest, "@,");
		if (join->n_sources > 0 && mode != join->mode)
			return fail(
			    p, -EINVAL, piece,
			    "mixes included and excluded sources: expected either @SOURCE or "
			    "@!SOURCE throughout");
		join->mode = mode;
		err = check_source(p, piece, &source);
		if (err == 0)
			err = insert_source(p, piece, source);
		if (err)
			return err;
	}
	if (mcr_group_fault(join->group, join->mode) == MCR_GROUP_NEEDS_SOURCES) {
		piece = (struct piece){p->text, (size_t)(p->rest.at - p->text)};
		return fail(
		    p, -EINVAL, piece,
		    "is a source-specific group (232.0.0.0/8, RFC 4607): expected the sources "
		    "to include, as in 232.1.1.1@10.0.0.7");
	}
	return 0;
}

static int is_name_char(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
	       c == '_' || c == '-';
}

static int parse_name(struct parser *p, struct piece value, const char *what, char *out)
{
	size_t i = 0;

	while (i < value.len && is_name_char(value.at[i]))
		i++;
	if (value.len == 0 || value.len >= MCR_NAME_MAX || i < value.len)
		return fail(p, -EINVAL, value,
			    "is not %s name: expected 1 to %d of A-Z a-z 0-9 . _ -", what,
			    MCR_NAME_MAX - 1);
	memcpy(out, value.at, value.len);
	return 0;
}

static enum key key_of(struct piece key)
{
	static const struct {
		const char *name;
		enum key key;
	} keys[] = {{"interface", KEY_INTERFACE}, {"channel", KEY_CHANNEL}, {"id", KEY_ID}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (key.len == strlen(keys[i].name) && !memcmp(key.at, keys[i].name, key.len))
			return keys[i].key;
	return 0;
}

static int parse_option(struct parser *p)
{
	struct piece key = cut(&p->rest, "=,"), value;
	const enum key k = key_of(key);

	if (k == 0)
		return fail(p, -EINVAL, key,
			    "is not an option: expected interface=, channel= or id=");
	if (!skip(&p->rest, '='))
		return fail(p, -EINVAL, key, "has no value: expected %.*s=VALUE", (int)key.len,
			    key.at);
	if (p->spec.seen & k)
		return fail(p, -EINVAL, key, "is given twice: expected it once");
	p->spec.seen |= k;
	value = cut(&p->rest, ",");
	if (k == KEY_INTERFACE)
		return parse_name(p, value, "an interface", p->spec.join.interface);
	if (k == KEY_CHANNEL)
		return parse_name(p, value, "a channel", p->spec.join.channel);
	if (number(value, UINT32_MAX, &p->spec.join.id) != 0)
		return fail(p, -EINVAL, value, "is not an id: expected 0 to 4294967295");
	return 0;
}

/* Group by group, port by port. */
static int expand(struct parser *p, struct mcr_join_list *list)
{
	const struct spec *spec = &p->spec;
	const struct piece whole = {p->text, strlen(p->text)};
	const uint64_t n = (uint64_t)spec->n_groups * spec->n_ports;
	struct mcr_join first = spec->join;

	if (n > MCR_JOIN_EXPANSION_MAX)
		return fail(
		    p, -E2BIG, whole,
		    "stands for %u groups on %u ports: expected at most %d joins from one text",
		    spec->n_groups, spec->n_ports, MCR_JOIN_EXPANSION_MAX);
	if (first.n_sources > 0)
		first.sources = mcr_join_list_keep(list, spec->sources, first.n_sources);
	if ((first.n_sources > 0 && !first.sources) || mcr_join_list_reserve(list, n) != 0)
		return fail(p, -ENOMEM, whole, "stands for %u joins: no memory for them",
			    (unsigned)n);
	for (uint32_t g = 0; g < spec->n_groups; g++) {
		for (uint32_t port = 0; port < spec->n_ports; port++) {
			struct mcr_join *join = &list->items[list->n++];

			*join = first;
			join->group = mcr_address_plus(first.group, g);
			join->port = (uint16_t)(first.port + port);
		}
	}
	return 0;
}

int mcr_join_parse(struct mcr_join_list *list, const char *text, struct mcr_error *err)
{
	struct parser p = {.text = text, .rest = {text, strlen(text)}, .err = err};
	int ret = parse_group(&p);

	if (ret == 0)
		ret = parse_ports(&p);
	if (ret == 0)
		ret = parse_sources(&p);
	while (ret == 0 && skip(&p.rest, ','))
		ret = parse_option(&p);
	/* Every piece ends at a delimiter that the next step takes, or at the end of the text. */
	return ret == 0 ? expand(&p, list) : ret;
}

/* snprintf to the end of what buf already holds. *len goes on growing when buf is full. */
__attribute__((format(printf, 4, 5))) static void append(char *buf, size_t cap, int *len,
							 const char *fmt, ...)
{
	const size_t used = (size_t)*len < cap ? (size_t)*len : cap;
	va_list args;

	va_start(args, fmt);
	*len += vsnprintf(cap > used ? buf + used : NULL, cap - used, fmt, args);
	va_end(args);
}

int mcr_join_format(char *buf, size_t cap, const struct mcr_join *join)
{
	char ip[MCR_ADDRESS_TEXT];
	int len = 0;

	append(buf, cap, &len, "%s", mcr_address_format(ip, join->group));
	if (join->port)
		append(buf, cap, &len, ":%u", join->port);
	for (uint32_t i = 0; join->sources && i < join->n_sources && i < MCR_JOIN_SOURCES_MAX; i++)
		append(buf, cap, &len, "@%s%s", join->mode == MCR_FILTER_EXCLUDE ? "!" : "",
		       mcr_address_format(ip, join->sources[i]));
	if (join->interface[0])
		append(buf, cap, &len, ",interface=%.*s", MCR_NAME_MAX - 1, join->interface);
	if (join->channel[0])
		append(buf, cap, &len, ",channel=%.*s", MCR_NAME_MAX - 1, join->channel);
	if (join->id)
		append(buf, cap, &len, ",id=%u", join->id);
	return len;
}
