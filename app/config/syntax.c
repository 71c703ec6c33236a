/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/syntax.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "settings/fail.h"

#define BOM "\xef\xbb\xbf"

/* The text, and the place in it that an error is about. */
struct place {
	const char *file, *text;
	size_t len, line, column; /* from 0 */
	const yaml_parser_t *parser;
	struct mcr_error *err;
};

struct line {
	const char *at;
	size_t len;
};

static struct line line_of(const struct place *p, size_t number)
{
	const char *at = p->text, *const end = p->text + p->len, *next;

	for (; number > 0 && (next = memchr(at, '\n', (size_t)(end - at))); number--)
		at = next + 1;
	next = number > 0 ? at : memchr(at, '\n', (size_t)(end - at));
	return (struct line){at, (size_t)((next ? next : end) - at)};
}

static int fail_here(const struct place *p, const char *text)
{
	return mcr_fail(p->err, -EINVAL, "%s:%zu: column %zu: %s", p->file, p->line + 1,
			p->column + 1, text);
}

static void move_to(struct place *p, yaml_mark_t mark)
{
	p->line = mark.line;
	p->column = mark.column;
}

/* ---- what a line looks like ---- */

static size_t indent_of(struct line l)
{
	size_t n = 0;

	while (n < l.len && l.at[n] == ' ')
		n++;
	return n;
}

static bool is_empty(struct line l)
{
	size_t n = indent_of(l);

	return n == l.len || l.at[n] == '#' || l.at[n] == '\r';
}

/* A ':' between other characters, as in "name:lab", and none that would end a key. */
static bool lacks_space(struct line l)
{
	bool lacks = false;

	for (size_t i = indent_of(l); i < l.len && l.at[i] != '#'; i++) {
		if (l.at[i] != ':')
			continue;
		if (i + 1 == l.len || isspace((unsigned char)l.at[i + 1]))
			return false;
		lacks = true;
	}
	return lacks;
}

static bool has_key_before(struct line l, size_t column)
{
	for (size_t i = 0; i + 1 < l.len && i < column; i++)
		if (l.at[i] == ':' && l.at[i + 1] == ' ')
			return true;
	return false;
}

static size_t previous(const struct place *p)
{
	size_t number = p->line;

	while (number > 0 && is_empty(line_of(p, --number)))
		;
	return number;
}

/* ---- what may stand anywhere ---- */

/* An editor's or a web page's white space, in the indentation or in front of a key. */
static int odd_space(struct place *p)
{
	static const struct {
		const char *octets, *text;
	} odd[] = {
	    {"\t", "a tab: expected spaces, which alone indent YAML"},
	    {"\xc2\xa0", "a no-break space (U+00A0): expected an ordinary one"},
	    {"\xe3\x80\x80", "an ideographic space (U+3000): expected an ordinary one"},
	    {"\xe2\x80\x8b", "a space of no width (U+200B): expected none"},
	    {BOM, "a byte order mark (U+FEFF) within the file: expected none"},
	};
	struct line l = line_of(p, p->line);

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		const char *at = memmem(l.at, l.len, odd[i].octets, strlen(odd[i].octets));

		if (!at || (odd[i].octets[0] == '\t' && at != l.at + indent_of(l)))
			continue;
		p->column = 0;
		for (const char *c = l.at; c < at; c++) /* characters, not octets */
			p->column += (*c & 0xc0) != 0x80;
		return fail_here(p, odd[i].text);
	}
	return 0;
}

/* ---- by what libyaml found ---- */

static int bad_space(struct place *p)
{
	int ret = odd_space(p);

	return ret ? ret : fail_here(p, "a tab: expected spaces, which alone indent YAML");
}

static int missing_space(struct place *p, size_t line)
{
	struct line l = line_of(p, line);
	const char *colon = memchr(l.at, ':', l.len);

	p->line = line;
	p->column = colon ? (size_t)(colon - l.at) : 0;
	return fail_here(p, "expected a space behind the ':', as in KEY: VALUE");
}

/* "mapping values are not allowed": a ':' where no key can be. */
static int stray_colon(struct place *p)
{
	struct line l = line_of(p, p->line);
	size_t before = previous(p);

	if (has_key_before(l, p->column))
		return fail_here(p, "a second ': ' in one line: expected the value in quotes");
	if (before < p->line && lacks_space(line_of(p, before)))
		return missing_space(p, before);
	p->column = indent_of(l);
	return fail_here(p, "indented deeper than the line before, which has its value: expected "
			    "the same column");
}

static int no_colon(struct place *p)
{
	move_to(p, p->parser->context_mark); /* it shows only on the line after the key */
	if (lacks_space(line_of(p, p->line)))
		return missing_space(p, p->line);
	return fail_here(p, "expected KEY: VALUE");
}

/* The line belongs to no mapping or list, or something stands behind a whole value. */
static int no_entry(struct place *p)
{
	yaml_mark_t begin = p->parser->context_mark;
	struct line l = line_of(p, p->line);
	char text[160];

	if (p->column != indent_of(l))
		return fail_here(p, "more text behind a value: expected all of it in quotes");
	if (p->line == begin.line)
		return fail_here(p, "expected KEY: VALUE");
	snprintf(text, sizeof(text),
		 "the indentation fits nothing above: expected column %zu, as in line %zu, or that "
		 "of a line further out",
		 begin.column + 1, begin.line + 1);
	return fail_here(p, text);
}

static int not_closed(struct place *p)
{
	const bool is_list = strchr(p->parser->problem, ']');
	yaml_mark_t begin = p->parser->context_mark;
	char text[160];

	snprintf(text, sizeof(text),
		 "expected ',' or '%c': the '%c' of line %zu, column %zu is open",
		 is_list ? ']' : '}', is_list ? '[' : '{', begin.line + 1, begin.column + 1);
	return fail_here(p, text);
}

static int open_quote(struct place *p)
{
	move_to(p, p->parser->context_mark);
	return fail_here(p, "the quote that begins here does not end: expected another");
}

static int wrong_sign(struct place *p)
{
	struct line l = line_of(p, p->line);
	char sign = p->column < l.len ? l.at[p->column] : '?', text[80];

	if (!ispunct((unsigned char)sign))
		return fail_here(p, "a value cannot begin like this: expected it in quotes");
	snprintf(text, sizeof(text), "'%c' cannot begin a value: expected it in quotes", sign);
	return fail_here(p, text);
}

static const struct {
	const char *problem; /* a part of libyaml's text */
	const char *text;    /* ours; NULL: see find */
	int (*find)(struct place *p);
} problems[] = {
    {"mapping values are not allowed", NULL, stray_colon},
    {"could not find expected ':'", NULL, no_colon},
    {"did not find expected key", NULL, no_entry},
    {"did not find expected '-' indicator", NULL, no_entry},
    {"did not find expected ',' or", NULL, not_closed},
    {"found unexpected end of stream", NULL, open_quote},
    {"found unexpected document indicator", NULL, open_quote},
    {"found character that cannot start any token", NULL, wrong_sign},
    {"found a tab character", NULL, bad_space},
    {"did not find expected <document start>",
     "does not belong to what stands above: expected KEY: VALUE, each key in the same column",
     NULL},
    {"block sequence entries are not allowed",
     "a '-' behind a key: expected each entry of a list on a line of its own, or [ENTRY, ENTRY]",
     NULL},
    {"did not find expected alphabetic or numeric character",
     "'*' begins an alias and '&' an anchor: expected the value in quotes if it is none", NULL},
    {"found undefined alias",
     "'*' begins an alias, and no '&' of this name stands above: expected the value in quotes if "
     "it is none",
     NULL},
    {"escape", "an unknown escape behind '\\': expected '\\\\', or the value in single quotes",
     NULL},
    {"hexdecimal", "digits are missing behind '\\': expected '\\\\', or the value in single quotes",
     NULL},
    {"did not find expected comment or line break",
     "'|' and '>' end their line: expected the value in quotes if it begins with one", NULL},
    {"incompatible YAML document", "expected YAML 1.1, or no line with %YAML", NULL},
    {"directive", "a line that begins with '%' is a directive: expected none", NULL},
    {"tag", "'!' begins a tag: expected the value in quotes", NULL},
    {"URI", "'!' begins a tag: expected the value in quotes", NULL},
    {"did not find expected node content", "expected a value", NULL},
};

/* ---- octets that are no text ---- */

static int bad_octets(struct place *p)
{
	size_t at = p->parser->problem_offset < p->len ? p->parser->problem_offset : p->len;

	p->line = p->column = 0;
	for (size_t i = 0; i < at; i++) {
		p->column += (p->text[i] & 0xc0) != 0x80;
		if (p->text[i] == '\n') {
			p->line++;
			p->column = 0;
		}
	}
	if (strstr(p->parser->problem, "control characters"))
		return fail_here(p, "a control character: expected text");
	return fail_here(p, "not UTF-8: expected a file in that encoding");
}

int mcr_config_syntax_error(const char *file, const char *text, size_t len,
			    const yaml_parser_t *parser, struct mcr_error *err)
{
	struct place p = {.file = file, .text = text, .len = len, .parser = parser, .err = err};
	int ret;

	if (parser->error == YAML_MEMORY_ERROR || !parser->problem)
		return mcr_fail(err, -ENOMEM, "%s: out of memory", file);
	if (parser->error == YAML_READER_ERROR)
		return bad_octets(&p);
	move_to(&p, parser->problem_mark);
	ret = odd_space(&p);
	for (size_t i = 0; ret == 0 && i < sizeof(problems) / sizeof(problems[0]); i++) {
		if (!strstr(parser->problem, problems[i].problem))
			continue;
		ret = problems[i].find ? problems[i].find(&p) : fail_here(&p, problems[i].text);
	}
	return ret ? ret : fail_here(&p, "not YAML: expected KEY: VALUE (docs/config.md)");
}
