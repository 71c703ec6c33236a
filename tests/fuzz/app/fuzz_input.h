/* SPDX-License-Identifier: BSD-3-Clause */
/* The octets of one run, taken from the front; zeros when they are used up. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct input {
	const uint8_t *data;
	size_t left;
};

static inline size_t take_bytes(struct input *in, void *out, size_t n)
{
	if (n > in->left)
		n = in->left;
	if (n > 0)
		memcpy(out, in->data, n);
	in->data += n;
	in->left -= n;
	return n;
}

static inline uint64_t take(struct input *in, size_t n)
{
	uint64_t value = 0;

	take_bytes(in, &value, n);
	return value;
}

/* A few of the len octets at buf are replaced. */
static inline void spoil(struct input *in, void *buf, size_t len)
{
	uint8_t *bytes = buf;

	for (unsigned n = (unsigned)take(in, 1) % 8; n > 0; n--)
		bytes[take(in, 2) % len] = (uint8_t)take(in, 1);
}

#endif
