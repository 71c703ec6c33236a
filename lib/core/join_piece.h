/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of a join text, which its parser takes one after the other. */
#ifndef MCR_CORE_JOIN_PIECE_H
#define MCR_CORE_JOIN_PIECE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MCR_PIECE_SHOWN  64                    /* octets of a piece that an error quotes */
#define MCR_PIECE_QUOTED (MCR_PIECE_SHOWN + 4) /* room for these */

/* Not terminated. */
struct mcr_piece {
	const char *at;
	size_t len;
};

/* mcr_piece_quote writes a piece as an error shows it. A text may come from a socket, so what is
 * not printable ASCII is shown as '?'. */
static inline const char *mcr_piece_quote(char buf[MCR_PIECE_QUOTED], struct mcr_piece piece)
{
	const size_t n = piece.len < MCR_PIECE_SHOWN ? piece.len : MCR_PIECE_SHOWN;

	for (size_t i = 0; i < n; i++)
		buf[i] = piece.at[i] >= ' ' && piece.at[i] <= '~' ? piece.at[i] : '?';
	strcpy(buf + n, piece.len > n ? "..." : "");
	return buf;
}

/* mcr_piece_cut cuts off what stands before the first delimiter. The delimiter stays. */
static inline struct mcr_piece mcr_piece_cut(struct mcr_piece *rest, const char *delimiters)
{
	struct mcr_piece piece = {rest->at, 0};

	while (piece.len < rest->len && !strchr(delimiters, piece.at[piece.len]))
		piece.len++;
	rest->at += piece.len;
	rest->len -= piece.len;
	return piece;
}

/* mcr_piece_skip steps over one character when it is the next. */
static inline int mcr_piece_skip(struct mcr_piece *rest, char c)
{
	if (rest->len == 0 || *rest->at != c)
		return 0;
	rest->at++;
	rest->len--;
	return 1;
}

/* mcr_piece_number reads decimal digits only: no sign, no space. Returns 0, or -1 when it is not a
 * number up to max. */
static inline int mcr_piece_number(struct mcr_piece piece, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;

	if (piece.len == 0)
		return -1;
	for (size_t i = 0; i < piece.len; i++) {
		if (piece.at[i] < '0' || piece.at[i] > '9')
			return -1;
		v = v * 10 + (uint64_t)(piece.at[i] - '0');
		if (v > max)
			return -1;
	}
	*out = (uint32_t)v;
	return 0;
}

#endif
