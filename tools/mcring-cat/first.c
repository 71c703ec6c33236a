/* SPDX-License-Identifier: BSD-3-Clause */
#include "first.h"

#include <stdint.h>
#include <string.h>

#define NONE 4 /* no character of UTF-8 begins with that octet */

/* What was read and what is left of it. Functions that return int give 1, 0 (more is needed) or -1.
 */
struct in {
	const char *at, *end;
};

struct out {
	char *at, *end; /* end: of the text, where the NUL goes at the latest */
	int is_full;
};

/* ---- text ---- */

/* Appends a character, or ? for one that steers a terminal; nothing once there is no room. */
static void put(struct out *out, uint32_t c)
{
	char utf8[4];
	size_t n = 0;

	if (c >= '\b' && c <= '\r' && c != '\v')
		c = ' '; /* it is one line */
	else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
		c = '?';
	if (c < 0x80) {
		utf8[n++] = (char)c;
	} else if (c < 0x800) {
		utf8[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		utf8[n++] = (char)(0xe0 | c >> 12);
		utf8[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		utf8[n++] = (char)(0xf0 | c >> 18);
		utf8[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		utf8[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		utf8[n++] = (char)(0x80 | (c & 0x3f));
	out->is_full |= (size_t)(out->end - out->at) < n;
	if (out->is_full)
		return;
	memcpy(out->at, utf8, n);
	out->at += n;
}

/* A character of UTF-8 (RFC 3629); ? for an octet that is part of none. */
static int read_utf8(struct in *in, uint32_t *c)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	const unsigned char first = (unsigned char)*in->at;
	const size_t more = first < 0x80   ? 0
			    : first < 0xc2 ? NONE
			    : first < 0xe0 ? 1
			    : first < 0xf0 ? 2
			    : first < 0xf5 ? 3
					   : NONE;
	uint32_t value = first < 0x80 ? first : first & (0x3fu >> more);

	if (more != NONE && (size_t)(in->end - in->at) <= more)
		return 0;
	*c = '?';
	in->at++;
	if (more == NONE)
		return 1;
	for (size_t i = 0; i < more; i++) {
		if (((unsigned char)in->at[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | ((unsigned char)in->at[i] & 0x3f);
	}
	if (value < least[more])
		return 1;
	in->at += more;
	*c = value;
	return 1;
}

/* Four hexadecimal digits. */
static int read_unit(struct in *in, uint32_t *unit)
{
	*unit = 0;
	if (in->end - in->at < 4)
		return 0;
	for (int i = 0; i < 4; i++) {
		const char c = *in->at++;

		*unit <<= 4;
		if (c >= '0' && c <= '9')
			*unit |= (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			*unit |= (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return 1;
}

/* What follows \u: one unit of UTF-16, or two that are a pair (RFC 8259 §7). */
static int read_escaped_unit(struct in *in, uint32_t *c)
{
	struct in next;
	uint32_t low;
	int ret = read_unit(in, c);

	if (ret <= 0 || (*c & 0xfc00) != 0xd800)
		return ret;
	if (in->end - in->at < 6)
		return 0; /* an answer goes on for longer */
	next = (struct in){in->at + 2, in->end};
	if (in->at[0] != '\\' || in->at[1] != 'u' || read_unit(&next, &low) < 0 ||
	    (low & 0xfc00) != 0xdc00)
		return 1; /* alone: put makes it ? */
	*c = 0x10000 + ((*c & 0x3ff) << 10) + (low & 0x3ff);
	in->at = next.at;
	return 1;
}

static int read_escape(struct in *in, uint32_t *c)
{
	static const char names[] = "\"\\/bfnrt";

	if (in->at == in->end)
		return 0;
	if (*in->at == 'u') {
		in->at++;
		return read_escaped_unit(in, c);
	}
	*c = (uint32_t)(unsigned char)*in->at;
	if (*c == 0 || !strchr(names, (int)*c))
		return -1;
	if (*in->at >= 'b')
		*c = ' '; /* tabs and line ends: it is one line */
	in->at++;
	return 1;
}

/* A string, behind its first quote, up to behind the last. */
static int read_string(struct in *in, struct out *out)
{
	while (in->at < in->end && *in->at != '"') {
		uint32_t c = 0;
		int ret;

		if (*in->at != '\\') {
			ret = read_utf8(in, &c);
		} else {
			in->at++;
			ret = read_escape(in, &c);
		}
		if (ret <= 0)
			return ret;
		put(out, c);
	}
	if (in->at == in->end)
		return 0;
	in->at++;
	*out->at = '\0';
	return 1;
}

/* ---- members ---- */

static void skip_spaces(struct in *in)
{
	while (in->at < in->end &&
	       (*in->at == ' ' || *in->at == '\t' || *in->at == '\n' || *in->at == '\r'))
		in->at++;
}

static int expect(struct in *in, char c)
{
	skip_spaces(in);
	if (in->at == in->end)
		return 0;
	return *in->at++ == c ? 1 : -1;
}

/* A number, true, false, null. */
static int skip_word(struct in *in)
{
	const char *from = in->at;

	while (in->at < in->end &&
	       ((*in->at >= '0' && *in->at <= '9') || (*in->at >= 'a' && *in->at <= 'z') ||
		*in->at == 'E' || *in->at == '+' || *in->at == '-' || *in->at == '.'))
		in->at++;
	if (in->at == in->end)
		return 0;
	return in->at > from ? 1 : -1;
}

static int skip_value(struct in *in)
{
	char nothing[1];
	struct out out = {nothing, nothing, 0};

	skip_spaces(in);
	if (in->at == in->end)
		return 0;
	if (*in->at != '"')
		return skip_word(in);
	in->at++;
	return read_string(in, &out);
}

/* A name and its colon. */
static int read_name(struct in *in, char *name, size_t cap)
{
	struct out out = {name, name + cap - 1, 0};
	int ret = expect(in, '"');

	if (ret > 0)
		ret = read_string(in, &out);
	return ret > 0 ? expect(in, ':') : ret;
}

int cat_first(char *out, size_t cap, const char *text, size_t len)
{
	struct in in = {text, text + len};
	struct out first = {out, out + cap - 1, 0};
	char name[sizeof("first") + 1]; /* a longer one is another */
	int ret = expect(&in, '{');

	while (ret > 0) {
		ret = read_name(&in, name, sizeof(name));
		if (ret > 0 && strcmp(name, "first") == 0)
			break;
		ret = ret > 0 ? skip_value(&in) : ret;
		ret = ret > 0 ? expect(&in, ',') : ret;
	}
	if (ret > 0)
		ret = expect(&in, '"');
	return ret > 0 ? read_string(&in, &first) : ret;
}
