/* SPDX-License-Identifier: BSD-3-Clause */
/* A time, as people write one. */
#ifndef MCR_REPLAY_WHEN_H
#define MCR_REPLAY_WHEN_H

#include <stdint.h>

/* when_parse reads a time into *ns, since 1970: HH:MM[:SS[.FRACTION]], the next one of the time
 * zone that TZ names; YYYY-MM-DDTHH:MM[:SS[.FRACTION]], of that zone, or of UTC with Z behind it;
 * +SECONDS[.FRACTION], from now_ns on. Returns 0 or -1. */
int when_parse(uint64_t *ns, const char *text, uint64_t now_ns);

#endif
