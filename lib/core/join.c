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
#include "core/error.h"
#include "core/join_list.h"
#include "core/join_meant.h"
#include "core/join_piece.h"
#include "core/nearest.h"

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
	struct mcr_piece rest;
	struct spec spec;
	struct mcr_error *err;
};

/* Fills the error: join "TEXT", column N: "PIECE" MESSAGE. Returns code. */
__attribute__((format(printf, 4, 5))) static int fail(const struct parser *p, int code,
						      struct mcr_piece piece, const char *fmt, ...)
{
	char text[MCR_PIECE_QUOTED], part[MCR_PIECE_QUOTED];
	va_list args;
	int n;

	if (!p->err)
		return code;
	n = snprintf(p->err->text, sizeof(p->err->text), "join \"%s\", column %zu: \"%s\" ",
		     mcr_piece_quote(text, (struct mcr_piece){p->text, strlen(p->text)}),
		     (size_t)(piece.at - p->text) + 1, mcr_piece_quote(part, piece));
	va_start(args, fmt);
	vsnprintf(p->err->text + n, sizeof(p->err->text) - (size_t)n, fmt, args);
	va_end(args);
	return code;
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
static int has_colons(struct mcr_piece piece)
{
	const char *colon = memchr(piece.at, ':', piece.len);

	return colon && memchr(colon + 1, ':', (size_t)(piece.at + piece.len - colon - 1));
}

/* Cuts off an address with its brackets, if it has them. Without them an IPv6 address has no end
 * that can be told from a port: it is cut off with it, for the error. */
static struct mcr_piece cut_address(struct mcr_piece *rest)
{
	struct mcr_piece to_end = *rest, piece;

	if (rest->len > 0 && *rest->at == '[') {
		piece = mcr_piece_cut(rest, "]@,");
		piece.len += (size_t)mcr_piece_skip(rest, ']');
		return piece;
	}
	return mcr_piece_cut(rest, has_colons(mcr_piece_cut(&to_end, "@,")) ? "/@," : "/:@,");
}

/* The last part of an IPv6 address without brackets may have been meant as the port. */
static const char *port_within(char text[MCR_ADDRESS_BRACKETED], struct mcr_piece inner)
{
	size_t at = inner.len;
	uint32_t port;

	while (at > 0 && inner.at[at - 1] != ':')
		at--;
	if (mcr_piece_number((struct mcr_piece){inner.at + at, inner.len - at}, 65535, &port) !=
		0 ||
	    port < 1000)
		return ", and a port behind them";
	snprintf(text, MCR_ADDRESS_BRACKETED, ", or [%.*s]:%u", (int)at - 1, inner.at, port);
	return text;
}

/* what: "group" or "source". */
static int read_address(const struct parser *p, struct mcr_piece piece, const char *what,
			const char *example, struct mcr_address *out)
{
	const int in_brackets = piece.len > 0 && *piece.at == '[';
	struct mcr_piece inner = piece;
	char text[MCR_ADDRESS_BRACKETED];

	if (in_brackets) {
		if (piece.at[piece.len - 1] != ']')
			return fail(p, -EINVAL, piece,
				    "does not end its brackets: expected a %s such as %s", what,
				    example);
		inner = (struct mcr_piece){piece.at + 1, piece.len - 2};
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
			    "is an IPv6 address without brackets: expected [%.*s]%s",
			    (int)inner.len, inner.at, port_within(text, inner));
	return 0;
}

/* The first address of the prefix that leaves so many bits open. */
static struct mcr_address first_of(struct mcr_address address, unsigned open)
{
	for (unsigned i = 0; i < open; i++)
		address.octets[15 - i / 8] &= (uint8_t) ~(1u << i % 8);
	return address;
}

static int parse_prefix(struct parser *p, struct mcr_piece group, struct mcr_piece len_piece)
{
	const struct family *family = family_of(p->spec.join.group);
	char text[MCR_ADDRESS_BRACKETED];
	struct mcr_address first;
	uint32_t len;

	if (mcr_piece_number(len_piece, family->bits, &len) != 0 || len == 0)
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

static int check_group(const struct parser *p, struct mcr_piece piece)
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
	struct mcr_piece group = cut_address(&p->rest);
	int ret = read_address(p, group, "group", "239.1.1.1 or [ff15::1]", &p->spec.join.group);

	if (ret == 0)
		ret = check_group(p, group);
	p->spec.n_groups = 1;
	if (ret == 0 && mcr_piece_skip(&p->rest, '/'))
		return parse_prefix(p, group, mcr_piece_cut(&p->rest, ":@,"));
	if (ret == 0 && p->rest.len > 0 && !strchr(":@,", *p->rest.at)) {
		group = mcr_piece_cut(&p->rest, "/:@,");
		return fail(p, -EINVAL, group, "stands behind the brackets: expected /, :, @ or ,");
	}
	return ret;
}

static int parse_ports(struct parser *p)
{
	struct mcr_piece first, last;
	uint32_t a, b;

	p->spec.n_ports = 1;
	if (!mcr_piece_skip(&p->rest, ':'))
		return 0;
	first = mcr_piece_cut(&p->rest, "-@,");
	if (mcr_piece_number(first, 65535, &a) != 0 || a == 0)
		return fail(p, -EINVAL, first, "is not a UDP port: expected 1 to 65535");
	p->spec.join.port = (uint16_t)a;
	if (!mcr_piece_skip(&p->rest, '-'))
		return 0;
	last = mcr_piece_cut(&p->rest, "@,");
	if (mcr_piece_number(last, 65535, &b) != 0 || b == 0)
		return fail(p, -EINVAL, last, "is not a UDP port: expected 1 to 65535");
	if (b < a)
		return fail(p, -EINVAL, last,
			    "ends the port range before its start: expected %u to 65535", a);
	p->spec.n_ports = b - a + 1;
	return 0;
}

static int parse_source(struct parser *p, struct mcr_piece piece, struct mcr_address *source)
{
	struct mcr_piece tail = piece, address = cut_address(&tail);
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
static int insert_source(struct parser *p, struct mcr_piece piece, struct mcr_address source)
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
	struct mcr_piece piece;
	struct mcr_address source;
	int err;

	while (mcr_piece_skip(&p->rest, '@')) {
		const uint8_t mode =
		    mcr_piece_skip(&p->rest, '!') ? MCR_FILTER_EXCLUDE : MCR_FILTER_INCLUDE;

		piece = mcr_piece_cut(&p->rest, "@,");
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
		piece = (struct mcr_piece){p->text, (size_t)(p->rest.at - p->text)};
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
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '.' || c == '_' || c == '-';
}

static int parse_name(struct parser *p, struct mcr_piece value, const char *what, char *out)
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

static const struct {
	const char *name;
	enum key key;
} keys[] = {{"interface", KEY_INTERFACE}, {"channel", KEY_CHANNEL}, {"id", KEY_ID}};

static const char *nearest_key(char hint[MCR_NEAREST_HINT], struct mcr_piece key)
{
	char text[MCR_PIECE_QUOTED];
	struct mcr_nearest search = mcr_nearest_to(mcr_piece_quote(text, key));

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		mcr_nearest_try(&search, keys[i].name);
	return mcr_nearest_hint(hint, &search);
}

static enum key key_of(struct mcr_piece key)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (key.len == strlen(keys[i].name) && !memcmp(key.at, keys[i].name, key.len))
			return keys[i].key;
	return 0;
}

static int parse_option(struct parser *p)
{
	struct mcr_piece key = mcr_piece_cut(&p->rest, "=,"), value;
	const enum key k = key_of(key);
	char hint[MCR_NEAREST_HINT];

	if (k == 0)
		return fail(p, -EINVAL, key,
			    "is not an option%s: expected interface=, channel= or id=",
			    nearest_key(hint, key));
	if (!mcr_piece_skip(&p->rest, '='))
		return fail(p, -EINVAL, key, "has no value: expected %.*s=VALUE", (int)key.len,
			    key.at);
	if (p->spec.seen & k)
		return fail(p, -EINVAL, key, "is given twice: expected it once");
	p->spec.seen |= k;
	value = mcr_piece_cut(&p->rest, ",");
	if (k == KEY_INTERFACE)
		return parse_name(p, value, "an interface", p->spec.join.interface);
	if (k == KEY_CHANNEL)
		return parse_name(p, value, "a channel", p->spec.join.channel);
	if (mcr_piece_number(value, UINT32_MAX, &p->spec.join.id) != 0)
		return fail(p, -EINVAL, value, "is not an id: expected 0 to 4294967295");
	return 0;
}

/* Group by group, port by port. */
static int expand(struct parser *p, struct mcr_join_list *list)
{
	const struct spec *spec = &p->spec;
	const struct mcr_piece whole = {p->text, strlen(p->text)};
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

static int parse(struct parser *p)
{
	int ret = parse_group(p);

	if (ret == 0)
		ret = parse_ports(p);
	if (ret == 0)
		ret = parse_sources(p);
	while (ret == 0 && mcr_piece_skip(&p->rest, ','))
		ret = parse_option(p);
	/* Every piece ends at a delimiter that the next step takes, or at the end of the text. */
	return ret;
}

static struct parser parser_of(const char *text, struct mcr_error *err)
{
	return (struct parser){.text = text, .rest = {text, strlen(text)}, .err = err};
}

/* If it is known what was meant, that is a better error than what is wrong with a piece. */
static void explain(const char *text, struct mcr_error *err)
{
	char join[MCR_JOIN_MEANT_MAX], part[MCR_PIECE_QUOTED];
	const char *why = mcr_join_meant(join, text);
	struct parser p = parser_of(join, NULL);

	if (why && (!join[0] || parse(&p) == 0))
		mcr_error_set(err, 0, "join \"%s\" %s%s%s",
			      mcr_piece_quote(part, (struct mcr_piece){text, strlen(text)}), why,
			      join[0] ? ": expected " : "", join);
}

int mcr_join_parse(struct mcr_join_list *list, const char *text, struct mcr_error *err)
{
	struct parser p = parser_of(text, err);
	int ret = parse(&p);

	if (ret == 0)
		return expand(&p, list);
	if (err)
		explain(text, err);
	return ret;
}
