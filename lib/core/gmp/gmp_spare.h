/* SPDX-License-Identifier: BSD-3-Clause */
/* Two that speak IGMP or MLD for one port of a switch, as mcring and the kernel do, are one host
 * there: a leave of one takes the group away from the other, at once if the switch does not ask
 * (RFC 4541 §2.1.1). So what one of them says must not take away what the other wants: its reports
 * may add to that, and the querier's questions find out the rest. Pure. Thread: control. */
#ifndef MCR_CORE_GMP_SPARE_H
#define MCR_CORE_GMP_SPARE_H

#include <stddef.h>
#include <stdint.h>

#include "core/gmp/gmp.h"
#include "core/source_filter.h"

/* The other of the two. */
struct mcr_gmp_other {
	/* Fills out with what it wants of a group; its sources are valid until the next call. */
	void (*wants)(void *ctx, struct mcr_address group, struct mcr_source_filter *out);
	/* NULL, or called for each group of which the message would have taken something away. */
	void (*spared)(void *ctx, struct mcr_address group);
	void *ctx;
};

enum mcr_gmp_spared {
	MCR_GMP_HARMLESS, /* the packet is as it was: it takes nothing away, or is not understood */
	MCR_GMP_SPARED,   /* it is another one, not longer */
	MCR_GMP_SILENT,   /* nothing is left of it: do not send it */
};

/* mcr_gmp_spare takes out of a packet that one of the two sends what takes something away from the
 * other. packet: from the IP header on; *len may include Ethernet padding, and becomes the length
 * of the packet when that has changed. Leaves and Dones of groups that are wanted go as a whole.
 * Of a record that blocks or excludes, the sources that are wanted go; TO_IN becomes ALLOW. */
enum mcr_gmp_spared mcr_gmp_spare(enum mcr_gmp_family family, uint8_t *packet, size_t *len,
				  const struct mcr_gmp_other *other);

#endif
