/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts that are made for each message, where snprintf would cost more than all the rest. Each
 * function writes at o, ends it with a NUL and returns where that is. */
#ifndef MCR_SINK_PUT_H
#define MCR_SINK_PUT_H

#include <stdint.h>
#include <string.h>

#define PUT_NUMBER_MAX 20 /* octets of a number, without the NUL */
#define PUT_HEX_MAX    16

static inline char *put_text(char *o, const char *text)
{
	const size_t len = strlen(text);

	memcpy(o, text, len + 1);
	return o + len;
}

static inline char *put_number(char *o, uint64_t value)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";
	char digits[PUT_NUMBER_MAX], *at = digits + PUT_NUMBER_MAX;

	for (; value >= 100; value /= 100) {
		at -= 2;
		memcpy(at, pairs + 2 * (value % 100), 2);
	}
	if (value >= 10) {
		at -= 2;
		memcpy(at, pairs + 2 * value, 2);
	} else {
		*--at = (char)('0' + value);
	}
	memcpy(o, at, (size_t)(digits + PUT_NUMBER_MAX - at));
	o += digits + PUT_NUMBER_MAX - at;
	*o = '\0';
	return o;
}

static inline char *put_hex(char *o, uint64_t value)
{
	int shift = 60;

	while (shift > 0 && value >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*o++ = "0123456789abcdef"[value >> shift & 15];
	*o = '\0';
	return o;
}

#endif
