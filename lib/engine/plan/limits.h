/* SPDX-License-Identifier: BSD-3-Clause */
/* Sizes that rx lcores, ports and the plans for their memory share, and bounds that the engine and
 * the settings of the daemon share. No DPDK. */
#ifndef MCR_ENGINE_LIMITS_H
#define MCR_ENGINE_LIMITS_H

#include <stdint.h>

#include <mcring/engine.h>

#define MCR_BURST             32
#define MCR_QUEUES_PER_WORKER 64
#define MCR_PUNT_RING         1024 /* packets that wait for control; one slot stays free */
#define MCR_KERNEL_RING       4096 /* packets that wait for the kernel: a TCP window of megabytes */

#define MCR_RELAY_SPARE    64  /* buffers for copies that are taken out of the pool together */
#define MCR_RELAY_BATCH    32  /* relayed frames for a port that are sent together */
#define MCR_RELAY_HANDOVER 512 /* of an lcore's, that wait for the owner of a Tx queue */
#define MCR_RELAY_CONTROL  64  /* frames of control's that wait for one */

#define MCR_VLANS        4096
#define MCR_VLAN_ID_MAX  4094      /* IEEE 802.1Q: 4095 is reserved */
#define MCR_NO_INTERFACE UINT8_MAX /* of a VLAN that no interface has */

#define MCR_IGMP_ROBUSTNESS_MAX 7 /* QRV has three bits: RFC 9776 §4.1.6 */

_Static_assert(MCR_INTERFACES_MAX < MCR_NO_INTERFACE, "an interface's index is one octet");
_Static_assert(MCR_INTERFACES_MAX <= 64, "a set of interfaces is one word");

#endif
