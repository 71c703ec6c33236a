/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/hours.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/join_piece.h"

static int fail(struct mcr_error *err, const char *text, struct mcr_piece piece,
		const char *expected)
{
	char whole[MCR_PIECE_QUOTED], part[MCR_PIECE_QUOTED];

	return mcr_error_set(err, -EINVAL, "hours \"%s\", column %zu: \"%s\" is not %s",
			     mcr_piece_quote(whole, (struct mcr_piece){text, strlen(text)}),
			     (size_t)(piece.at - text) + 1, mcr_piece_quote(part, piece), expected);
}

/* 0 = Monday; -1: no day. */
static int day_of(struct mcr_piece piece)
{
	static const char days[][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	for (int d = 0; d < 7; d++)
		if (piece.len == 3 && memcmp(piece.at, days[d], 3) == 0)
			return d;
	return -1;
}

/* Bits of days. 0: none. */
static unsigned days_of(struct mcr_piece piece)
{
	const int is_daily = piece.len == 5 && memcmp(piece.at, "daily", 5) == 0;
	struct mcr_piece rest = piece, first = mcr_piece_cut(&rest, "-");
	int from = day_of(first), to = from;
	unsigned days = 0;

	if (is_daily)
		return 0x7f;
	if (mcr_piece_skip(&rest, '-'))
		to = day_of(rest);
	if (from < 0 || to < 0)
		return 0;
	for (;; from = (from + 1) % 7) {
		days |= 1u << from;
		if (from == to)
			return days;
	}
}

/* HH:MM, in minutes; -1: it is none. */
static int time_of(struct mcr_piece piece)
{
	struct mcr_piece hours = {piece.at, 2}, minutes = {piece.at + 3, 2};
	uint32_t h, m;

	if (piece.len != 5 || piece.at[2] != ':' || mcr_piece_number(hours, 24, &h) != 0 ||
	    mcr_piece_number(minutes, 59, &m) != 0 || (h == 24 && m != 0))
		return -1;
	return (int)(60 * h + m);
}

static void open_span(struct mcr_hours *h, unsigned days, unsigned begin, unsigned end)
{
	if (end <= begin)
		end += MCR_HOURS_DAY_MINUTES;
	for (unsigned day = 0; day < 7; day++)
		for (unsigned m = begin; days >> day & 1 && m < end; m++) {
			const unsigned minute =
			    (day * MCR_HOURS_DAY_MINUTES + m) % MCR_HOURS_WEEK_MINUTES;

			h->open[minute / 64] |= UINT64_C(1) << minute % 64;
		}
}

static struct mcr_piece cut_blank(struct mcr_piece *rest)
{
	while (mcr_piece_skip(rest, ' '))
		;
	return mcr_piece_cut(rest, " ,");
}

int mcr_hours_parse(struct mcr_hours *out, const char *text, struct mcr_error *err)
{
	struct mcr_piece rest = {text, strlen(text)};

	memset(out, 0, sizeof(*out));
	do {
		struct mcr_piece piece = cut_blank(&rest);
		const unsigned days = days_of(piece);

		if (days == 0)
			return fail(err, text, piece,
				    "days: expected such as mon-fri, sat or daily");
		do {
			struct mcr_piece second = piece = cut_blank(&rest), first;
			int begin, end;

			first = mcr_piece_cut(&second, "-");
			mcr_piece_skip(&second, '-');
			begin = time_of(first);
			end = time_of(second);
			if (begin < 0 || end < 0 || begin == MCR_HOURS_DAY_MINUTES)
				return fail(err, text, piece,
					    "a span of time: expected such as 09:30-16:00");
			open_span(out, days, (unsigned)begin, (unsigned)end);
			while (mcr_piece_skip(&rest, ' '))
				;
		} while (rest.len > 0 && *rest.at != ',');
	} while (mcr_piece_skip(&rest, ','));
	return 0;
}

uint32_t mcr_hours_next(const struct mcr_hours *h, uint32_t minute)
{
	const int now = mcr_hours_is_open(h, minute);

	for (uint32_t n = 1; n < MCR_HOURS_WEEK_MINUTES; n++)
		if (mcr_hours_is_open(h, (minute + n) % MCR_HOURS_WEEK_MINUTES) != now)
			return n;
	return 0;
}
