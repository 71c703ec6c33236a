/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_SINK_CHECK_H
#define MCR_SINK_CHECK_H

#include "sink.h"

/* check_print says what the sink would hand over, to whom, and from where on. Returns 0, or -1 when
 * a source cannot be read: a line on stderr says why. */
int check_print(struct sink *s);

#endif
