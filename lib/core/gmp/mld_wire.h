/* SPDX-License-Identifier: BSD-3-Clause */
/* MLD messages as bytes: reading what arrives, writing what hosts and queriers send (RFC 9777, RFC
 * 2710, RFC 3590). */
#ifndef MCR_CORE_MLD_WIRE_H
#define MCR_CORE_MLD_WIRE_H

#include "core/gmp/gmp_wire.h"

extern const struct mcr_gmp_wire mcr_mld_wire;

#endif
