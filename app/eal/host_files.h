/* SPDX-License-Identifier: BSD-3-Clause */
/* Small files and links of /proc and /sys, below a root: "" but for tests. */
#ifndef MCR_APP_EAL_HOST_FILES_H
#define MCR_APP_EAL_HOST_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* mcr_host_number reads the number that a file begins with. Returns it, or absent. */
long mcr_host_number(const char *root, const char *path, long absent);

/* mcr_host_link writes where a link points to, without its folders. Returns whether it is one. */
bool mcr_host_link(char *out, size_t cap, const char *root, const char *path);

/* mcr_host_has: whether there is such a file or folder. */
bool mcr_host_has(const char *root, const char *path);

/* mcr_is_pci: whether a port's name is a PCI address with its domain, "0000:01:00.0". */
bool mcr_is_pci(const char *port);

#endif
