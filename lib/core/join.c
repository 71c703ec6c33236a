/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads the text form of joins. The grammar is in mcring/join.h. The parser walks the text once,
 * piece by piece. Every error quotes the piece, gives its column (from 1) and says what was
 * expected there. */
#include <mcring/join.h>

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

/* What is said of each family. */
struct family {
	const char *name, *groups, *group, *source, *specific, *specific_join;
	unsigned bits, prefix_min;
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

static const struct family *family_of(struct mcr_address address)
{
	static const struct family ipv4 = {
	    "IPv4",        "224.0.0.0/4",        "239.1.1.1", "10.0.0.7",
	    "232.0.0.0/8", "232.1.1.1@10.0.0.7", 32,          4};
	static const struct family ipv6 = {"IPv6",      "ff00::/8",
					   "[ff15::1]", "[2001:db8::7]",
					   "ff3x::/32", "[ff3e::8000:1]@[2001:db8::7]",
					   128,         8};

	return mcr_address_is_ipv4(address) ? &ipv4 : &ipv6;
}

/* In front of a port there is at most one colon, but for the brackets of an IPv6 address. */
static int has_colons(struct piece piece)
{
	const char *colon = memchr(piece.at, ':', piece.len);

	return colon && memchr(colon + 1, ':', (size_t)(piece.at + piece.len - colon - 1));
}

/* Cuts off an address with its brackets, if it has them. Without them an IPv6 address has no end
 * that can be told from a port: it is cut off with it, for the error. */
static struct piece cut_address(struct piece *rest)
{
	struct piece to_end = *rest, piece;

	if (rest->len > 0 && *rest->at == '[') {
		piece = cut(rest, "]@,");
		piece.len += (size_t)skip(rest, ']');
		return piece;
	}
	return cut(rest, has_colons(cut(&to_end, "@,")) ? "/@," : "/:@,");
}

/* what: "group" or "source". */
static int read_address(const struct parser *p, struct piece piece, const char *what,
			const char *example, struct mcr_address *out)
{
	const int in_brackets = piece.len > 0 && *piece.at == '[';
	struct piece inner = piece;
	char text[MCR_ADDRESS_BRACKETED];

	if (in_brackets) {
		if (piece.at[piece.len - 1] != ']')
			return fail(p, -EINVAL, piece,
				    "does not end its brackets: expected a %s such as %s", what,
				    example);
		inner = (struct piece){piece.at + 1, piece.len - 2};
	}
	if (memchr(inner.at, '%', inner.len) && memchr(inner.at, ':', inner.len))
		return fail(p, -EINVAL, piece,
			    "has a zone: expected the address alone, and interface=NAME");
	if (mcr_address_parse_mapped(out, inner.at, inner.len) != 0)
		return fail(p, -EINVAL, piece, "is not an address: expected a %s such as %s", what,
			    example);
	mcr_address_format_bracketed(text, *out);
	if (mcr_address_is_ipv4(*out) && (in_brackets || memchr(inner.at, ':', inner.len)))
		return fail(p, -EINVAL, piece, "is an IPv4 address: expected it as %s", text);
	if (!mcr_address_is_ipv4(*out) && !in_brackets)
		return fail(p, -EINVAL, piece,
			    "is an IPv6 address without brackets: expected [%.*s], and a port "
			    "behind them",
			    (int)inner.len, inner.at);
	return 0;
}

/* The first address of the prefix that leaves so many bits open. */
static struct mcr_address first_of(struct mcr_address address, unsigned open)
{
	for (unsigned i = 0; i < open; i++)
		address.octets[15 - i / 8] &= (uint8_t) ~(1u << i % 8);
	return address;
}

static int parse_prefix(struct parser *p, struct piece group, struct piece len_piece)
{
	const struct family *family = family_of(p->spec.join.group);
	char text[MCR_ADDRESS_BRACKETED];
	struct mcr_address first;
	uint32_t len;

	if (number(len_piece, family->bits, &len) != 0 || len == 0)
		return fail(p, -EINVAL, len_piece, "is not a prefix length: expected %u to %u",
			    family->prefix_min, family->bits);
	first = first_of(p->spec.join.group, family->bits - len);
	if (!mcr_address_is_equal(first, p->spec.join.group))
		return fail(p, -EINVAL, group,
			    "has bits set behind the prefix: expected %s/%u, or the address alone",
			    mcr_address_format_bracketed(text, first), len);
	if (len < family->prefix_min)
		return fail(p, -EINVAL, len_piece,
			    "is a prefix that goes beyond %s: expected %u to %u", family->groups,
			    family->prefix_min, family->bits);
	if (family->bits - len > 16)
		return fail(p, -E2BIG, len_piece,
			    "is a prefix of 2^%u groups: expected at most %d joins from one text",
			    family->bits - len, MCR_JOIN_EXPANSION_MAX);
	p->spec.n_groups = UINT32_C(1) << (family->bits - len);
	return 0;
}

static int check_group(const struct parser *p, struct piece piece)
{
	const struct mcr_address group = p->spec.join.group;
	const struct family *family = family_of(group);
	char text[MCR_ADDRESS_BRACKETED];

	switch (mcr_group_fault(group, MCR_FILTER_INCLUDE)) { /* the sources come later */
	case MCR_GROUP_NOT_MULTICAST:
		return fail(p, -EINVAL, piece,
			    "is not multicast: expected a group of %s, such as %s", family->groups,
			    family->group);
	case MCR_GROUP_BAD_SCOPE:
		return fail(p, -EINVAL, piece,
			    "has a scope that is reserved or never leaves a host (RFC 7346): "
			    "expected 2 to e for the 5 of %s",
			    family->group);
	case MCR_GROUP_RESERVED: /* the first of every prefix that holds it */
		return fail(p, -EINVAL, piece,
			    "is reserved and carries no traffic (RFC 4607, RFC 4291): expected a "
			    "group from %s on",
			    mcr_address_format_bracketed(text, mcr_address_plus(group, 1)));
	case MCR_GROUP_OK:
	case MCR_GROUP_NEEDS_SOURCES:
		break;
	}
	return 0;
}

static int parse_group(struct parser *p)
{
	struct piece group = cut_address(&p->rest);
	int ret = read_address(p, group, "group", "239.1.1.1 or [ff15::1]", &p->spec.join.group);

	if (ret == 0)
		ret = check_group(p, group);
	p->spec.n_groups = 1;
	if (ret == 0 && skip(&p->rest, '/'))
		return parse_prefix(p, group, cut(&p->rest, ":@,"));
	if (ret == 0 && p->rest.len > 0 && !strchr(":@,", *p->rest.at)) {
		group = cut(&p->rest, "/:@,");
		return fail(p, -EINVAL, group, "stands behind the brackets: expected /, :, @ or ,");
	}
	return ret;
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

static int parse_source(struct parser *p, struct piece piece, struct mcr_address *source)
{
	struct piece tail = piece, address = cut_address(&tail);
	const struct family *family = family_of(p->spec.join.group);
	int ret;

	if (tail.len > 0 && *tail.at == '/')
		return fail(p, -EINVAL, piece, "is a prefix: expected a single source address");
	if (tail.len > 0 && *tail.at == ':')
		return fail(p, -EINVAL, piece,
			    "has a port: expected it behind the group, as in %s:5000@%s",
			    family->group, family->source);
	if (tail.len > 0)
		return fail(p, -EINVAL, tail, "stands behind the brackets: expected @ or ,");
	ret = read_address(p, address, "source", family->source, source);
	if (ret)
		return ret;
	if (!mcr_address_is_host(*source))
		return fail(p, -EINVAL, piece,
			    "is not unicast: expected the address of one sender");
	if (family_of(*source) != family)
		return fail(p, -EINVAL, piece,
			    "is of another family than the group: expected an %s source such as %s",
			    family->name, family->source);
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
		err = parse_source(p, piece, &source);
		if (err == 0)
			err = insert_source(p, piece, source);
		if (err)
			return err;
	}
	if (mcr_group_fault(join->group, join->mode) == MCR_GROUP_NEEDS_SOURCES) {
		piece = (struct piece){p->text, (size_t)(p->rest.at - p->text)};
		return fail(p, -EINVAL, piece,
			    "is a source-specific group (%s, RFC 4607): expected the sources to "
			    "include, as in %s",
			    family_of(join->group)->specific,
			    family_of(join->group)->specific_join);
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
