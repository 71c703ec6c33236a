/* SPDX-License-Identifier: BSD-3-Clause */
/* The packets that nearly all are, read in place: plain data, whose fields stand where they always
 * do. mcr_feed_packet_read reads the others, and these as well. */
#ifndef MCR_CORE_FEED_PLAIN_H
#define MCR_CORE_FEED_PLAIN_H

#include <endian.h>
#include <string.h>

#include "core/feed/declaration.h"

/* The octets at `at`, the first one lowest. */
static inline uint64_t mcr_feed_octets(const uint8_t *data, size_t at)
{
	uint64_t word;

	memcpy(&word, data + at, sizeof(word));
	return le64toh(word);
}

static inline uint64_t mcr_feed_value(const struct mcr_feed_load *load, const uint8_t *data)
{
	const uint64_t word = mcr_feed_octets(data, load->at);

	return (load->is_be ? __builtin_bswap64(word) : word) >> load->shift & load->mask;
}

/* mcr_feed_rules_at: bits of the rules that may be met by a packet that holds all their fields. */
static inline unsigned mcr_feed_rules_at(const struct mcr_feed_reading *r, const uint8_t *data)
{
	const unsigned may = r->may[0][data[r->select[0]]];

	return __builtin_expect(may == 0, 1)
		   ? 0
		   : may & r->may[1][data[r->select[1]]] & r->may[2][data[r->select[2]]];
}

/* mcr_feed_plain_read reads plain data. scope: what of it is not in the packet. before: the packet
 * before; *differs: not 0 if scope and epoch are not the same. Returns 1, or 0: it is not for here,
 * and nothing was touched. */
static inline __attribute__((always_inline)) int
mcr_feed_plain_read(const struct mcr_feed_reading *r, const uint8_t *data, size_t len,
		    uint64_t scope, const struct mcr_feed_packet *before, uint64_t *differs,
		    struct mcr_feed_packet *out)
{
	const struct mcr_feed_word *w = r->quick_words;
	uint64_t count = 1, seq, words[4] = {0};

	if (__builtin_expect(len < r->quick || mcr_feed_rules_at(r, data), 0))
		return 0;
	seq = mcr_feed_value(&r->seq, data);
	if (r->has_count)
		count = mcr_feed_value(&r->count, data);
	if (__builtin_expect(count - 1 >= r->count_max || seq + count < seq, 0))
		return 0;
	words[0] = htole64(mcr_feed_octets(data, w[0].at) & w[0].mask);
	words[1] = htole64(mcr_feed_octets(data, w[1].at) & w[1].mask) | scope;
	*differs = (words[0] ^ before->scope[0]) | (words[1] ^ before->scope[1]);
	if (r->has_epoch) {
		words[2] = htole64(mcr_feed_octets(data, w[2].at) & w[2].mask);
		words[3] = htole64(mcr_feed_octets(data, w[3].at) & w[3].mask);
		*differs |= (words[2] ^ before->epoch[0]) | (words[3] ^ before->epoch[1]);
	}
	out->scope[0] = words[0];
	out->scope[1] = words[1];
	out->epoch[0] = words[2];
	out->epoch[1] = words[3];
	out->seq = seq;
	out->count = (uint32_t)count;
	out->kind = MCR_FEED_PACKET_DATA;
	out->resets = 0;
	return 1;
}

#endif
