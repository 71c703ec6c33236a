/* SPDX-License-Identifier: BSD-3-Clause */
/* The public structures that may grow (mcring/engine.h, mcring/consumer.h). Each begins
 * with a uint32_t: its size in the program that uses it. */
#ifndef MCR_CORE_SIZED_H
#define MCR_CORE_SIZED_H

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define MCR_SIZED_MAX 16384u /* more can only be what nobody has set */

static inline uint32_t mcr_sized_of(const void *sized)
{
	uint32_t size;

	memcpy(&size, sized, sizeof(size));
	return size;
}

static inline int mcr_sized_ok(uint32_t size)
{
	return size > sizeof(size) && size <= MCR_SIZED_MAX;
}

/* mcr_sized_give fills in a program's structure from all that this library knows, n octets. What
 * the program has beyond that becomes 0. Returns 0, or -EINVAL: its size is not set. */
static inline int mcr_sized_give(void *out, const void *from, uint32_t n)
{
	const uint32_t size = mcr_sized_of(out), head = sizeof(size);

	if (!mcr_sized_ok(size))
		return -EINVAL;
	memset((char *)out + head, 0, size - head);
	memcpy((char *)out + head, (const char *)from + head, (size < n ? size : n) - head);
	return 0;
}

/* mcr_sized_take copies a program's structure into this library's of n octets. What the program
 * does not have is 0; what this library does not have must be 0. Returns 0, or -EINVAL: its size is
 * not set, or it asks for something newer. */
static inline int mcr_sized_take(void *to, uint32_t n, const void *from)
{
	const uint32_t size = mcr_sized_of(from);

	if (!mcr_sized_ok(size))
		return -EINVAL;
	for (uint32_t i = n; i < size; i++)
		if (((const unsigned char *)from)[i] != 0)
			return -EINVAL;
	memset(to, 0, n);
	memcpy(to, from, size < n ? size : n);
	memcpy(to, &n, sizeof(n));
	return 0;
}

#endif
