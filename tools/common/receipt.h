/* SPDX-License-Identifier: BSD-3-Clause */
/* What a receiver in a benchmark has received: a count that others may read while it runs, and how
 * long the payloads (tools/common/probe.h) were on the way. One thread writes. */
#ifndef MCR_TOOLS_RECEIPT_H
#define MCR_TOOLS_RECEIPT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "clock.h"
#include "probe.h"

#define RECEIPT_SAMPLES_MAX (1u << 22)

struct receipt {
	uint64_t received;
	uint64_t *shared;  /* the same in a file, relaxed; NULL = nobody asks */
	uint32_t *samples; /* ns from the sender's stamp; NULL = no clock is read */
	uint32_t n_samples;
};

/* receipt_open. count_path: a file that has the count from now on, 8 octets in host order (od -An
 * -tu8 FILE), or NULL. Returns 0 or -errno; free with receipt_close in any case. */
int receipt_open(struct receipt *receipt, const char *count_path, int with_times);
void receipt_close(struct receipt *receipt);

/* receipt_print writes received, p50_ns, p99_ns, p999_ns and max_ns as members of a JSON object. It
 * sorts the samples. */
void receipt_print(struct receipt *receipt, FILE *out);

/* receipt_now_ns: CLOCK_REALTIME as the senders' stamps, 0 when no times are taken. */
static inline uint64_t receipt_now_ns(const struct receipt *receipt)
{
	return receipt->samples ? realtime_ns() : 0;
}

/* receipt_took counts a payload that the application has since now_ns. */
static inline void receipt_took(struct receipt *receipt, const uint8_t *payload, size_t len,
				uint64_t now_ns)
{
	uint64_t stamp;

	receipt->received++;
	if (receipt->shared)
		__atomic_store_n(receipt->shared, receipt->received, __ATOMIC_RELAXED);
	if (!receipt->samples || len < PROBE_MIN_BYTES || receipt->n_samples == RECEIPT_SAMPLES_MAX)
		return;
	memcpy(&stamp, payload + 8, sizeof(stamp));
	stamp = be64toh(stamp);
	if (stamp > now_ns)
		stamp = now_ns;
	receipt->samples[receipt->n_samples++] =
	    now_ns - stamp < UINT32_MAX ? (uint32_t)(now_ns - stamp) : UINT32_MAX;
}

#endif
