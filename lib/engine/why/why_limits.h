/* SPDX-License-Identifier: BSD-3-Clause */
/* What counts as recent, and for how long something has to be missing before it is said. */
#ifndef MCR_ENGINE_WHY_LIMITS_H
#define MCR_ENGINE_WHY_LIMITS_H

#include <stdint.h>

#define MCR_WHY_S UINT64_C(1000000000) /* nanoseconds of a second */

/* A group flows while its last datagram is younger than this, or than so many of its mean gaps. */
#define MCR_WHY_FLOWS_NS   (5 * MCR_WHY_S)
#define MCR_WHY_FLOWS_GAPS 10

/* A group that was joined later than this is still to come: nothing is said of it. */
#define MCR_WHY_NEW_NS (5 * MCR_WHY_S)

/* A loss, or a packet of the wrong kind, is of now; what is older is a note. */
#define MCR_WHY_NOW_NS (60 * MCR_WHY_S)

/* The packets of a flow are dropped, all of them, while the last drop is so close to its last
 * packet. */
#define MCR_WHY_DROPPED_NS (1 * MCR_WHY_S)

/* A port that has had no frame for so long has none. */
#define MCR_WHY_NO_FRAMES_NS     (60 * MCR_WHY_S)
#define MCR_WHY_NEVER_A_FRAME_NS (5 * MCR_WHY_S)

/* So long after a join a querier must have asked once: the query interval, 125 s unless it is
 * told otherwise, and the response time (RFC 9776 §8.2, §8.3). */
#define MCR_WHY_QUERIER_NS (135 * MCR_WHY_S)

/* What a switch has learned of a host, it keeps for the group membership interval (RFC 9776 §8.4),
 * and some time to spare. */
#define MCR_WHY_SNOOPED_NS (300 * MCR_WHY_S)

/* A reader with unread messages that has not polled for so long stands still. */
#define MCR_WHY_STALLED_NS (2 * MCR_WHY_S)

#define MCR_WHY_EXAMPLES 5 /* groups that a finding on many names */

#endif
