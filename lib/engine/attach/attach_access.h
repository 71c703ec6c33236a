/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may attach, and who may join. */
#ifndef MCR_ENGINE_ATTACH_ACCESS_H
#define MCR_ENGINE_ATTACH_ACCESS_H

#include "engine/attach/attach_state.h"

/* mcr_attach_may_read returns 1 when the process behind a connection is one of a channel's readers,
 * else 0; -errno when its groups cannot be read now. */
int mcr_attach_may_read(const struct mcr_attach_slot *slot, const struct mcr_access *readers);

/* mcr_attach_may_join is the same for joiners, where an empty list means nobody. */
int mcr_attach_may_join(const struct mcr_attach_slot *slot, const struct mcr_access *joiners);

#endif
