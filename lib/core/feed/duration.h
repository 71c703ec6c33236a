/* SPDX-License-Identifier: BSD-3-Clause */
/* Times as people write them: "500us", "1s". Pure. Thread: any. */
#ifndef MCR_CORE_FEED_DURATION_H
#define MCR_CORE_FEED_DURATION_H

#include <stddef.h>
#include <stdint.h>

#define MCR_DURATION_FORM "a number and ns, us, ms or s, such as 500us"

/* mcr_duration_parse reads up to 18 digits and a unit; 0 needs none. Returns 0 or -EINVAL. */
int mcr_duration_parse(const char *text, size_t len, uint64_t *ns);

/* mcr_duration_format writes the largest unit that leaves no remainder. Returns out. */
const char *mcr_duration_format(uint64_t ns, char *out, size_t cap);

#endif
