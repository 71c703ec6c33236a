/* SPDX-License-Identifier: BSD-3-Clause */
/* IGMP messages as bytes: reading what arrives, writing what hosts and queriers send (RFC 9776, RFC
 * 2236, RFC 1112 App. I). */
#ifndef MCR_CORE_IGMP_WIRE_H
#define MCR_CORE_IGMP_WIRE_H

#include "core/gmp/gmp_wire.h"

extern const struct mcr_gmp_wire mcr_igmp_wire;

#endif
