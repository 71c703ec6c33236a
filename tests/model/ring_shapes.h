// SPDX-License-Identifier: BSD-3-Clause
// What the model of the ring runs: the small rings, their messages, and what is taken away from the
// protocol.
#ifndef RING_SHAPES_H
#define RING_SHAPES_H

#include <cstring>

enum mutant {
	NONE,
	NO_RELEASE_FENCE,
	RELEASE_STORE_INSTEAD, // of the fence: orders what comes before it, not after
	RESERVE_AFTER,         // the record is written, not before
	NO_ZERO,               // behind the chunk
	ZERO_NOT_RESERVED,     // the line behind the chunk
	FIRST_WORD_EARLY,      // when its record is put, not when the chunk is complete
	RELAXED_PUBLISH,       // and no fence of the latch, which would do the same
	CHUNK_OF_ANY_SIZE,     // not of half of the area at most
	NO_LATCH_FENCE,
	RELAXED_VERSION,
	NO_ACQUIRE_FENCE,
	RELAXED_LOAD,     // of the tag
	OFF_BY_ONE,       // line
	LOOK_BEFORE_COPY, // the test comes before the payload is read, not after
	LOOK_AT_LAST,     // the test of a poll is made for the last record, not the first
	MORE_BELIEVED,    // no look at the tags of the records that a chunk's first announces
	LATCH_UNCHECKED,  // whether the version is still the same
	NO_LATCH_ACQUIRE, // the fence before that check
	MARK_UNPUBLISHED, // is believed
	MARK_REWRITTEN,
	NO_MARK_FENCE, // before the check that it was not rewritten
	MARK_LAPPED,
	WALK_UNCHECKED, // from a mark, at its end
	GOES_BACK,      // to what an old look at the latch says, when it was lapped
	MUTANTS
};

enum {
	LINE = 2, // words
	AREA_MAX = 16,
	MARKS_MAX = 4,
	MESSAGES_MAX = 8,
	BATCH = 2, // messages of a poll

	WRITTEN = 1 << 15,
	PAD = 1 << 14,
	MORE_SHIFT = 8,
	MORE = 7 << MORE_SHIFT,
	STRANGER = 99, // the id in a header that no writer wrote
};

// A message whose payload looks like the record of another position: senders write what they like.
struct stranger {
	unsigned message, looks_like, seems_long; // seems_long: words of payload
};

enum start {
	STANDS,
	NEWEST,
	SEEKS
};

// area, ahead: in lines. The first `before` messages are there when reader and writer begin. The
// reader stands at any of from ... before, or attaches at the newest end, or seeks any of from ...
// the last message; then it polls. searched: if not 0, the shape is also searched through, with so
// many messages of the writer and one poll. messages: s is a record of one line, l of two; S and L
// end a chunk.
struct shape {
	const char *name;
	unsigned area, ahead, marks, before;
	start begins;
	unsigned from, polls, searched;
	const char *messages;
	stranger strangers[2];
};

static const shape shapes[] = {
    {"small", 4, 0, 2, 4, STANDS, 1, 2, 1, "SSSSSS", {}},
    {"lapped", 8, 0, 3, 5, STANDS, 1, 3, 1, "SLLLSLL", {}},
    {"lapped, ahead", 8, 1, 3, 5, STANDS, 1, 3, 0, "SLLLSLL", {}},
    {"chunks of two", 8, 0, 4, 2, STANDS, 0, 4, 0, "sLlSlLsL", {}},
    {"pad first", 8, 0, 3, 4, STANDS, 0, 3, 0, "LLLSLS", {}},
    {"pad within", 8, 0, 3, 3, STANDS, 2, 4, 0, "LLLsLS", {}},
    // Old octets behind message 4, directly or in its chunk, look like message 5.
    {"stranger", 8, 0, 3, 4, STANDS, 4, 3, 1, "LLLLSS", {{0, 5, 0}}},
    {"stranger in a chunk", 8, 0, 3, 4, STANDS, 4, 3, 0, "LLLLsS", {{0, 5, 0}}},
    {"more than an area", 4, 0, 2, 1, STANDS, 0, 3, 0, "SsssssS", {}},
    {"newest", 8, 3, 2, 1, NEWEST, 0, 2, 3, "SSsSSS", {}},
    // Message 5 gets its mark while its place still looks like it.
    {"seek", 8, 0, 3, 4, SEEKS, 1, 2, 0, "LLLLsS", {{0, 5, 0}}},
    // The mark of message 5 replaces that of message 3, which its place looks like.
    {"seek, marks change", 8, 0, 2, 4, SEEKS, 1, 2, 0, "LLLLsS", {{0, 3, 0}}},
    // Message 6 overwrites message 2, which has a mark, with what looks like it and leads into
    // message 4, which looks like message 3.
    {"seek, led astray", 8, 2, 4, 4, SEEKS, 3, 2, 0, "SSLLLSL", {{4, 3, 0}, {6, 2, 8}}},
};

enum {
	SMALL = 1 << 0,
	LAPPED = 1 << 1,
	LAPPED_AHEAD = 1 << 2,
	CHUNKS_OF_TWO = 1 << 3,
	PAD_FIRST = 1 << 4,
	PAD_WITHIN = 1 << 5,
	STRANGE = 1 << 6,
	STRANGE_IN_CHUNK = 1 << 7,
	OVERLONG = 1 << 8,
	LATCH = 1 << 9,
	SEEK = 1 << 10,
	SEEK_CHANGE = 1 << 11,
	SEEK_ASTRAY = 1 << 12,
	ALL = (1 << 13) - 1,
	OVERWRITTEN = LAPPED | LAPPED_AHEAD | PAD_FIRST, // while it is being read
	IN_CHUNK = CHUNKS_OF_TWO | PAD_WITHIN | STRANGE_IN_CHUNK | OVERLONG,
};

// In which of the shapes it must fail.
static const struct {
	const char *name;
	unsigned fails_in;
} mutants[MUTANTS] = {
    {"none", 0},
    {"no-release-fence", OVERWRITTEN | SEEK_CHANGE},
    {"release-store-instead", OVERWRITTEN | SEEK_CHANGE},
    {"reserve-after", OVERWRITTEN},
    {"no-zero", STRANGE},
    {"zero-not-reserved", SMALL | PAD_FIRST},
    {"first-word-early", ALL},
    {"relaxed-publish", ALL},
    {"chunk-of-any-size", OVERLONG},
    {"no-latch-fence", LATCH},
    {"relaxed-version", ALL & ~IN_CHUNK & ~STRANGE},
    {"no-acquire-fence", OVERWRITTEN},
    {"relaxed-load", ALL},
    {"off-by-one", SMALL | PAD_FIRST},
    {"look-before-copy", OVERWRITTEN},
    {"look-at-last", LAPPED},
    {"more-believed", PAD_WITHIN},
    {"latch-unchecked", SMALL | OVERWRITTEN | LATCH},
    {"no-latch-acquire", OVERWRITTEN | LATCH},
    {"mark-unpublished", PAD_FIRST | SEEK | SEEK_CHANGE},
    {"mark-rewritten", SEEK_CHANGE},
    {"no-mark-fence", SEEK_CHANGE},
    {"mark-lapped", SEEK_ASTRAY},
    {"walk-unchecked", SEEK_ASTRAY},
    {"goes-back", LAPPED_AHEAD | PAD_FIRST},
};

// Of the simulation that runs; Relacy has no way to hand them to a test.
static const shape *ring;
static mutant taken;
static bool searching; // all executions, of the shape's small form

static unsigned tag(unsigned position)
{
	return WRITTEN | (position + 1);
}

static unsigned head(unsigned id, unsigned payload)
{
	return id * 16 + payload;
}

static unsigned n_messages()
{
	return std::strlen(ring->messages);
}

static unsigned payload_of(unsigned position)
{
	return std::strchr("lL", ring->messages[position]) ? LINE : 0;
}

static bool ends_chunk(unsigned position)
{
	return std::strchr("SL", ring->messages[position]);
}

// A word of the payload.
static unsigned value(unsigned position, unsigned word)
{
	for (const stranger &s : ring->strangers)
		if (s.looks_like && s.message == position)
			return word == 0 ? tag(s.looks_like) : head(STRANGER, s.seems_long);
	return (position + 1) << 16 | word;
}

static unsigned span(unsigned payload)
{
	return (LINE + payload + LINE - 1) / LINE * LINE;
}

#endif
