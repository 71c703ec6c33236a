/* SPDX-License-Identifier: BSD-3-Clause */
/* Many measured times, to be sorted for their quantiles. */
#ifndef MCR_TOOLS_SAMPLES_H
#define MCR_TOOLS_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

void samples_sort(uint32_t *samples, size_t n);

/* samples_at: the sample that a part of the n sorted ones, from 0 to 1, does not exceed; 0 when
 * there is none. */
static inline uint32_t samples_at(const uint32_t *samples, size_t n, double part)
{
	return n > 0 ? samples[(size_t)(part * (double)(n - 1))] : 0;
}

#endif
