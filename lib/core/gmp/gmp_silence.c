/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/gmp/gmp_silence.h"

/* Other Querier Present Interval (RFC 9776 §8.5, RFC 9777 §9.5), from the last moment on at which a
 * query may have been missed for a good reason. */
static int is_overdue(const struct mcr_gmp_silence *s, const struct mcr_gmp_brief *gmp,
		      uint64_t now_ns)
{
	const uint64_t since =
	    gmp->last_query_ns > s->resumed_ns ? gmp->last_query_ns : s->resumed_ns;

	return now_ns >= since && now_ns - since >= gmp->querier_timeout_ns;
}

enum mcr_gmp_silence_event mcr_gmp_silence_look(struct mcr_gmp_silence *s,
						const struct mcr_gmp_brief *gmp, int is_listening,
						uint64_t now_ns, uint64_t *silent_ns)
{
	if (s->begun_ns != 0 && gmp->last_query_ns > s->begun_ns) {
		*silent_ns = gmp->last_query_ns - s->begun_ns;
		s->begun_ns = 0;
		return MCR_GMP_SILENCE_OVER;
	}
	if (!is_listening) {
		s->resumed_ns = 0;
		return MCR_GMP_SILENCE_NONE;
	}
	if (s->from_ns == 0)
		s->from_ns = now_ns;
	if (s->resumed_ns == 0)
		s->resumed_ns = now_ns;
	if (s->begun_ns != 0 || gmp->groups == 0 || !is_overdue(s, gmp, now_ns))
		return MCR_GMP_SILENCE_NONE;
	s->begun_ns = gmp->last_query_ns != 0 ? gmp->last_query_ns : s->from_ns;
	*silent_ns = now_ns - s->begun_ns;
	return MCR_GMP_SILENCE_BEGUN;
}
