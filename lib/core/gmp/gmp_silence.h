/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the queriers of a network have fallen silent. Without a querier hosts are not asked, and
 * a switch that snoops forgets where they are (RFC 4541 §2.1.1): data flows on for minutes, and
 * then it ends. Thread: control. */
#ifndef MCR_CORE_GMP_SILENCE_H
#define MCR_CORE_GMP_SILENCE_H

#include <stdint.h>

#include "core/gmp/gmp.h"

/* All-zero is a good beginning. */
struct mcr_gmp_silence {
	uint64_t from_ns;    /* when listening began */
	uint64_t resumed_ns; /* when it began again; 0 = nobody listens now */
	uint64_t begun_ns;   /* when the silence that was noticed began; 0 = there is none */
};

enum mcr_gmp_silence_event {
	MCR_GMP_SILENCE_NONE,
	MCR_GMP_SILENCE_BEGUN, /* no general query within the time that they may take */
	MCR_GMP_SILENCE_OVER,  /* a general query came after that */
};

/* mcr_gmp_silence_look looks whether the silence has begun or ended since the last look.
 * is_listening: queries can be heard; what was missed while they could not counts for nothing.
 * Silence begins only while something is reported; it is the same one until a query comes.
 * *silent_ns: how long it lasts, or lasted. */
enum mcr_gmp_silence_event mcr_gmp_silence_look(struct mcr_gmp_silence *silence,
						const struct mcr_gmp_brief *gmp, int is_listening,
						uint64_t now_ns, uint64_t *silent_ns);

#endif
