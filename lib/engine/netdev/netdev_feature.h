/* SPDX-License-Identifier: BSD-3-Clause */
/* Offloads of the kernel's interfaces, by the names that `ethtool -k` prints. */
#ifndef MCR_ENGINE_NETDEV_FEATURE_H
#define MCR_ENGINE_NETDEV_FEATURE_H

/* mcr_netdev_feature_is_on returns 1; 0: the feature is off or the kernel does not know it; or
 * -errno. May wait for the kernel. */
int mcr_netdev_feature_is_on(const char *interface, const char *feature);

#endif
