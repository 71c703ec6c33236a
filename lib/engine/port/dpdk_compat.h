/* SPDX-License-Identifier: BSD-3-Clause */
/* What differs between the DPDK releases that mcring builds against, 22.11 and later. The code uses
 * the newer name everywhere; here it is defined for the older release. CONTRIBUTING.md says how to
 * try a release. */
#ifndef MCR_ENGINE_DPDK_COMPAT_H
#define MCR_ENGINE_DPDK_COMPAT_H

#include <rte_ethdev.h>
#include <rte_icmp.h>
#include <rte_version.h>

#if RTE_VERSION < RTE_VERSION_NUM(23, 11, 0, 0)
#define RTE_ETH_DEV_BONDING_MEMBER RTE_ETH_DEV_BONDED_SLAVE
#define MCR_BOND_MEMBER            "slave" /* net_bonding's device argument for a member */
#else
#define MCR_BOND_MEMBER "member"
#endif

#ifndef RTE_ICMP_TYPE_ECHO_REQUEST /* 24.11 */
#define RTE_ICMP_TYPE_ECHO_REQUEST RTE_IP_ICMP_ECHO_REQUEST
#define RTE_ICMP_TYPE_ECHO_REPLY   RTE_IP_ICMP_ECHO_REPLY
#endif

#endif
