/* SPDX-License-Identifier: BSD-3-Clause */
/* The header Mcring of what mcring-sink hands to a broker: a line of key=value with spaces between.
 * It is a part of mcring/sink.h, which says how to use it. */
#ifndef MCRING_SINK_HEADER_H
#define MCRING_SINK_HEADER_H

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mcring/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MCR_SINK_VERSION   1
#define MCR_SINK_EPOCH_MAX 33 /* octets of a text, with the NUL, as those below */
#define MCR_SINK_SCOPE_MAX 65
#define MCR_SINK_KEY_MAX   64

/* What a broker's message is about. */
enum mcr_sink_kind {
	MCR_SINK_DATA = 0,
	MCR_SINK_LOST = 1,    /* the sink lost `count` from `number` on: it was too slow, or the
			       * broker did not take them */
	MCR_SINK_GAP = 2,     /* a feed: `count` numbers from `number` on came on no line */
	MCR_SINK_RESTART = 3, /* between `since_ns` and `until_ns` (0 = unknown) nobody here
			       * listened, and what came is not known: a channel's engine ended and
			       * another one began, or a feed's numbers began anew meanwhile.
			       * `number` is where it goes on */
};

enum mcr_sink_flags {
	MCR_SINK_LATE = 1 << 0,      /* a feed: fills a gap that was told */
	MCR_SINK_AFTER_GAP = 1 << 1, /* a feed: the first data behind a gap */
};

/* The header. Members that do not apply are 0. Of a pack, times, source and line are those of its
 * first record. */
struct mcr_sink_header {
	uint32_t kind; /* enum mcr_sink_kind */
	uint8_t is_feed;
	uint8_t is_pack;
	uint16_t flags;                 /* enum mcr_sink_flags */
	char name[MCR_NAME_MAX];        /* of the channel, or of the feed */
	char epoch[MCR_SINK_EPOCH_MAX]; /* hexadecimal; with another one the numbers begin anew */
	char scope[MCR_SINK_SCOPE_MAX]; /* a feed: which of its streams, hexadecimal */
	char key[MCR_SINK_KEY_MAX];     /* the same for a person: "unit=15" */
	char line[MCR_LABEL_MAX];       /* a feed: the line that the packet came from */
	uint8_t source[16];             /* as struct mcr_address: IPv4 is ::ffff:a.b.c.d */
	uint32_t source_port;
	uint32_t vlan;       /* 0 = untagged */
	uint32_t ring;       /* a channel */
	uint32_t id;         /* of the join (docs/config.md); 0 = none */
	uint32_t skip;       /* messages at the packet's start that were handed over before */
	uint64_t generation; /* a feed: since when (ns) the numbers run that began anew without
			      * another epoch; 0 = they never did */
	uint64_t number;     /* a channel: the place in its ring; a feed: the first message's */
	uint64_t count;      /* datagrams, or messages of a feed; MCR_SINK_LOST, _GAP: missing */
	uint64_t rx_ns;      /* CLOCK_REALTIME of the arrival */
	uint64_t hw_ns;      /* the NIC's or the switch's time; 0 = none */
	uint64_t since_ns, until_ns; /* MCR_SINK_RESTART */
};

/* mcr_sink_header_parse reads the value of the header Mcring: len octets at text, which need not be
 * terminated, words of key=value with spaces between. Words that it does not know are passed over:
 * a later version may have them.
 *
 * Errors (*out means nothing): -EPROTO (another MCR_SINK_VERSION), -EBADMSG (not such a header). */
static inline int mcr_sink_header_parse(struct mcr_sink_header *out, const char *text, size_t len);

/* ---- how ---- */

/* How a value is written, and what of it is kept. */
enum mcr_sink_value {
	MCR_SINK_VALUE_NONE,
	MCR_SINK_VALUE_VERSION,
	MCR_SINK_VALUE_U32,
	MCR_SINK_VALUE_U64,
	MCR_SINK_VALUE_TEXT,
	MCR_SINK_VALUE_HEX,
	MCR_SINK_VALUE_POSITION, /* EPOCH.RING.NUMBER */
	MCR_SINK_VALUE_SOURCE,   /* ADDRESS,PORT */
	MCR_SINK_VALUE_FLAGS,    /* words with + between */
};

/* A word that is known, and its member of struct mcr_sink_header. */
struct mcr_sink_field {
	const char *key;
	uint8_t value; /* enum mcr_sink_value */
	uint16_t at;
	uint16_t cap; /* octets of a text, with the NUL */
};

static inline int mcr_sink_hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decimal digits, up to max. */
static inline int mcr_sink_take_number(uint64_t *out, const char *text, size_t len, uint64_t max)
{
	uint64_t v = 0;

	if (len == 0)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++) {
		const uint64_t digit = (uint64_t)(text[i] - '0');

		if (text[i] < '0' || text[i] > '9' || v > (max - digit) / 10)
			return -EBADMSG;
		v = v * 10 + digit;
	}
	*out = v;
	return 0;
}

/* Hexadecimal digits, which stay text. */
static inline int mcr_sink_take_hex(char *out, size_t cap, const char *text, size_t len)
{
	if (len == 0 || len >= cap)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++)
		if (mcr_sink_hex_digit(text[i]) < 0)
			return -EBADMSG;
	memcpy(out, text, len);
	out[len] = '\0';
	return 0;
}

/* Text; % and what is not a printable letter stand as %xx. */
static inline int mcr_sink_take_text(char *out, size_t cap, const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '%') {
			const int high = len - i > 2 ? mcr_sink_hex_digit(text[i + 1]) : -1;
			const int low = len - i > 2 ? mcr_sink_hex_digit(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return -EBADMSG;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (c == '\0' || n + 1 >= cap)
			return -EBADMSG;
		out[n++] = c;
	}
	out[n] = '\0';
	return n > 0 ? 0 : -EBADMSG;
}

static inline int mcr_sink_take_source(struct mcr_sink_header *h, const char *text, size_t len)
{
	const char *comma = (const char *)memchr(text, ',', len);
	const size_t n = comma ? (size_t)(comma - text) : 0;
	uint64_t port = 0;
	char address[46]; /* as MCR_ADDRESS_TEXT */

	if (n == 0 || n >= sizeof(address) ||
	    mcr_sink_take_number(&port, comma + 1, len - n - 1, UINT16_MAX) != 0)
		return -EBADMSG;
	memcpy(address, text, n);
	address[n] = '\0';
	h->source_port = (uint32_t)port;
	memset(h->source, 0, 10);
	memset(h->source + 10, 0xff, 2);
	if (inet_pton(AF_INET, address, h->source + 12) == 1)
		return 0;
	return inet_pton(AF_INET6, address, h->source) == 1 ? 0 : -EBADMSG;
}

static inline int mcr_sink_take_position(struct mcr_sink_header *h, const char *text, size_t len)
{
	const char *end = text + len;
	const char *ring = (const char *)memchr(text, '.', len);
	const char *number =
	    ring ? (const char *)memchr(ring + 1, '.', (size_t)(end - ring - 1)) : NULL;
	uint64_t v = 0;
	int ret;

	if (!number)
		return -EBADMSG;
	ret = mcr_sink_take_hex(h->epoch, MCR_SINK_EPOCH_MAX, text, (size_t)(ring - text));
	if (ret == 0)
		ret = mcr_sink_take_number(&v, ring + 1, (size_t)(number - ring - 1), UINT32_MAX);
	h->ring = (uint32_t)v;
	if (ret == 0)
		ret = mcr_sink_take_number(&h->number, number + 1, (size_t)(end - number - 1),
					   UINT64_MAX);
	return ret;
}

/* A flag of a later version is passed over. */
static inline int mcr_sink_take_flags(struct mcr_sink_header *h, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *plus = (const char *)memchr(text, '+', (size_t)(end - text));
		const size_t n = (size_t)((plus ? plus : end) - text);

		if (n == 4 && memcmp(text, "late", n) == 0)
			h->flags |= MCR_SINK_LATE;
		else if (n == 9 && memcmp(text, "after-gap", n) == 0)
			h->flags |= MCR_SINK_AFTER_GAP;
		text = plus ? plus + 1 : end;
	}
	return 0;
}

static inline int mcr_sink_take_value(struct mcr_sink_header *h, const struct mcr_sink_field *f,
				      const char *text, size_t len)
{
	char *member = (char *)h + f->at;
	uint64_t v = 0;
	uint32_t v32;
	int ret;

	switch (f->value) {
	case MCR_SINK_VALUE_NONE:
		return len == 0 ? 0 : -EBADMSG;
	case MCR_SINK_VALUE_TEXT:
		return mcr_sink_take_text(member, f->cap, text, len);
	case MCR_SINK_VALUE_HEX:
		return mcr_sink_take_hex(member, f->cap, text, len);
	case MCR_SINK_VALUE_POSITION:
		return mcr_sink_take_position(h, text, len);
	case MCR_SINK_VALUE_SOURCE:
		return mcr_sink_take_source(h, text, len);
	case MCR_SINK_VALUE_FLAGS:
		return mcr_sink_take_flags(h, text, len);
	case MCR_SINK_VALUE_U32:
		ret = mcr_sink_take_number(&v, text, len, UINT32_MAX);
		v32 = (uint32_t)v;
		memcpy(member, &v32, sizeof(v32));
		return ret;
	case MCR_SINK_VALUE_U64:
		ret = mcr_sink_take_number(&v, text, len, UINT64_MAX);
		memcpy(member, &v, sizeof(v));
		return ret;
	default: /* MCR_SINK_VALUE_VERSION */
		ret = mcr_sink_take_number(&v, text, len, UINT64_MAX);
		return ret == 0 && v != MCR_SINK_VERSION ? -EPROTO : ret;
	}
}

/* Where the words that decide what a header is stand in the table of mcr_sink_field_of. */
enum mcr_sink_word {
	MCR_SINK_WORD_V,
	MCR_SINK_WORD_CHANNEL,
	MCR_SINK_WORD_FEED,
	MCR_SINK_WORD_POS,
	MCR_SINK_WORD_SCOPE,
	MCR_SINK_WORD_EPOCH,
	MCR_SINK_WORD_NUMBER,
	MCR_SINK_WORD_N,
	MCR_SINK_WORD_LOST,
	MCR_SINK_WORD_GAP,
	MCR_SINK_WORD_RESTART,
	MCR_SINK_WORD_PACK,
};

/* The field i of the table; NULL past the last. */
static inline const struct mcr_sink_field *mcr_sink_field_of(unsigned i)
{
#define MCR_SINK_AT(member) (uint16_t) offsetof(struct mcr_sink_header, member)
	static const struct mcr_sink_field fields[] = {
	    {"v", MCR_SINK_VALUE_VERSION, 0, 0},
	    {"channel", MCR_SINK_VALUE_TEXT, MCR_SINK_AT(name), MCR_NAME_MAX},
	    {"feed", MCR_SINK_VALUE_TEXT, MCR_SINK_AT(name), MCR_NAME_MAX},
	    {"pos", MCR_SINK_VALUE_POSITION, 0, 0},
	    {"scope", MCR_SINK_VALUE_HEX, MCR_SINK_AT(scope), MCR_SINK_SCOPE_MAX},
	    {"epoch", MCR_SINK_VALUE_HEX, MCR_SINK_AT(epoch), MCR_SINK_EPOCH_MAX},
	    {"number", MCR_SINK_VALUE_U64, MCR_SINK_AT(number), 0},
	    {"n", MCR_SINK_VALUE_U64, MCR_SINK_AT(count), 0},
	    {"lost", MCR_SINK_VALUE_U64, MCR_SINK_AT(count), 0},
	    {"gap", MCR_SINK_VALUE_U64, MCR_SINK_AT(count), 0},
	    {"restart", MCR_SINK_VALUE_NONE, 0, 0},
	    {"pack", MCR_SINK_VALUE_NONE, 0, 0},
	    {"key", MCR_SINK_VALUE_TEXT, MCR_SINK_AT(key), MCR_SINK_KEY_MAX},
	    {"line", MCR_SINK_VALUE_TEXT, MCR_SINK_AT(line), MCR_LABEL_MAX},
	    {"gen", MCR_SINK_VALUE_U64, MCR_SINK_AT(generation), 0},
	    {"rx", MCR_SINK_VALUE_U64, MCR_SINK_AT(rx_ns), 0},
	    {"hw", MCR_SINK_VALUE_U64, MCR_SINK_AT(hw_ns), 0},
	    {"src", MCR_SINK_VALUE_SOURCE, 0, 0},
	    {"vlan", MCR_SINK_VALUE_U32, MCR_SINK_AT(vlan), 0},
	    {"id", MCR_SINK_VALUE_U32, MCR_SINK_AT(id), 0},
	    {"skip", MCR_SINK_VALUE_U32, MCR_SINK_AT(skip), 0},
	    {"flags", MCR_SINK_VALUE_FLAGS, 0, 0},
	    {"since", MCR_SINK_VALUE_U64, MCR_SINK_AT(since_ns), 0},
	    {"until", MCR_SINK_VALUE_U64, MCR_SINK_AT(until_ns), 0},
	};
#undef MCR_SINK_AT

	return i < sizeof(fields) / sizeof(fields[0]) ? &fields[i] : NULL;
}

/* Takes one word, and sets its bit in *seen: none may come twice. */
static inline int mcr_sink_take_word(struct mcr_sink_header *h, const char *text, size_t len,
				     uint32_t *seen)
{
	const char *equals = (const char *)memchr(text, '=', len);
	const size_t key_len = equals ? (size_t)(equals - text) : len;
	const struct mcr_sink_field *f;

	for (unsigned i = 0; (f = mcr_sink_field_of(i)); i++) {
		if (strlen(f->key) != key_len || memcmp(f->key, text, key_len) != 0)
			continue;
		if (*seen & UINT32_C(1) << i || !equals != (f->value == MCR_SINK_VALUE_NONE))
			return -EBADMSG;
		*seen |= UINT32_C(1) << i;
		return mcr_sink_take_value(h, f, equals ? equals + 1 : text,
					   equals ? len - key_len - 1 : 0);
	}
	return 0;
}

static inline uint32_t mcr_sink_bit(enum mcr_sink_word word)
{
	return UINT32_C(1) << word;
}

/* What the words make together. */
static inline int mcr_sink_header_check(struct mcr_sink_header *h, uint32_t seen)
{
	const uint32_t feed = mcr_sink_bit(MCR_SINK_WORD_FEED) | mcr_sink_bit(MCR_SINK_WORD_SCOPE) |
			      mcr_sink_bit(MCR_SINK_WORD_EPOCH) |
			      mcr_sink_bit(MCR_SINK_WORD_NUMBER),
		       channel =
			   mcr_sink_bit(MCR_SINK_WORD_CHANNEL) | mcr_sink_bit(MCR_SINK_WORD_POS),
		       n = mcr_sink_bit(MCR_SINK_WORD_N), lost = mcr_sink_bit(MCR_SINK_WORD_LOST),
		       gap = mcr_sink_bit(MCR_SINK_WORD_GAP),
		       restart = mcr_sink_bit(MCR_SINK_WORD_RESTART),
		       pack = mcr_sink_bit(MCR_SINK_WORD_PACK);
	const uint32_t of = seen & (feed | channel),
		       what = seen & (n | lost | gap | restart | pack);

	h->is_feed = of == feed;
	h->is_pack = what == (n | pack);
	if (what == n || h->is_pack)
		h->kind = MCR_SINK_DATA;
	else if (what == lost)
		h->kind = MCR_SINK_LOST;
	else if (what == gap && h->is_feed)
		h->kind = MCR_SINK_GAP;
	else if (what == restart)
		h->kind = MCR_SINK_RESTART;
	else
		return -EBADMSG;
	if (!(seen & mcr_sink_bit(MCR_SINK_WORD_V)) || (of != feed && of != channel))
		return -EBADMSG;
	if (h->kind == MCR_SINK_RESTART)
		return 0;
	return h->count == 0 || h->count - 1 > UINT64_MAX - h->number ||
		       (h->kind == MCR_SINK_DATA && h->count > UINT32_MAX)
		   ? -EBADMSG
		   : 0;
}

static inline int mcr_sink_header_parse(struct mcr_sink_header *out, const char *text, size_t len)
{
	uint32_t seen = 0;
	size_t at = 0;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	while (ret == 0 && at < len) {
		const char *space = (const char *)memchr(text + at, ' ', len - at);
		const size_t n = space ? (size_t)(space - text) - at : len - at;

		if (n > 0)
			ret = mcr_sink_take_word(out, text + at, n, &seen);
		at += n + 1;
	}
	return ret == 0 ? mcr_sink_header_check(out, seen) : ret;
}

#ifdef __cplusplus
}
#endif
#endif
