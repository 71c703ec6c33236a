/* SPDX-License-Identifier: BSD-3-Clause */
/* By carry-less multiplication, 16 octets a step, where the CPU has it: an x86 of 2010 or later. No
 * table that would push the rings' lines out of the first-level cache. Bits are reflected: the
 * lowest is that of the highest power of x. */
#include "core/crc32.h"

uint32_t mcr_crc32_portable(uint32_t crc, const uint8_t *data, size_t len)
{
	static const uint32_t of_nibble[16] = {
	    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
	    0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
	    0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		crc = crc >> 4 ^ of_nibble[crc & 15];
		crc = crc >> 4 ^ of_nibble[crc & 15];
	}
	return ~crc;
}

#if defined(__x86_64__)
#include <smmintrin.h>
#include <wmmintrin.h>

/* Powers of x modulo the polynomial, each times x, as reflected products are short of one. */
#define X_160 0x1751997d0 /* x^(128 + 32) */
#define X_96  0x0ccaa009e /* x^(128 - 32) */
#define X_64  0x163cd6124
#define POLY  0x1db710641
#define MU    0x1f7011641 /* x^64 divided by the polynomial */

/* The remainder of 128 bits and 32 zeros behind them: two folds and Barrett's reduction. */
static inline __attribute__((target("pclmul,sse4.1"))) uint32_t remainder_of(__m128i x)
{
	const __m128i low = _mm_setr_epi32(-1, 0, 0, 0), poly = _mm_set_epi64x(MU, POLY);
	__m128i t;

	t = _mm_clmulepi64_si128(x, _mm_set_epi64x(0, X_96), 0x00);
	x = _mm_xor_si128(_mm_srli_si128(x, 8), t);
	t = _mm_clmulepi64_si128(_mm_and_si128(x, low), _mm_set_epi64x(0, X_64), 0x00);
	x = _mm_xor_si128(_mm_srli_si128(x, 4), t);
	t = _mm_clmulepi64_si128(_mm_and_si128(x, low), poly, 0x10);
	t = _mm_clmulepi64_si128(_mm_and_si128(t, low), poly, 0x00);
	return (uint32_t)_mm_extract_epi32(_mm_xor_si128(x, t), 1);
}

/* len: at least 16, and a multiple of it. */
static __attribute__((target("pclmul,sse4.1"))) uint32_t fold(uint32_t crc, const uint8_t *data,
							      size_t len)
{
	const __m128i k = _mm_set_epi64x(X_96, X_160);
	__m128i x = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)data),
				  _mm_cvtsi32_si128((int)~crc));

	for (size_t i = 16; i < len; i += 16) {
		const __m128i next = _mm_loadu_si128((const __m128i *)(const void *)(data + i));

		x = _mm_xor_si128(_mm_clmulepi64_si128(x, k, 0x00),
				  _mm_clmulepi64_si128(x, k, 0x11));
		x = _mm_xor_si128(x, next);
	}
	return ~remainder_of(x);
}

uint32_t mcr_crc32(uint32_t crc, const uint8_t *data, size_t len)
{
	const size_t whole = len & ~(size_t)15;

	if (whole == 0 || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1"))
		return mcr_crc32_portable(crc, data, len);
	return mcr_crc32_portable(fold(crc, data, whole), data + whole, len - whole);
}
#else
uint32_t mcr_crc32(uint32_t crc, const uint8_t *data, size_t len)
{
	return mcr_crc32_portable(crc, data, len);
}
#endif
