/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_REPLAY_REPORT_H
#define MCR_REPLAY_REPORT_H

#include "publish.h"

/* replay_report prints on stderr what became of the frames, and how well times were kept. */
void replay_report(const struct replay *r);

/* replay_warn prints on stderr what is odd about the captures. */
void replay_warn(const struct replay *r);

#endif
