/* SPDX-License-Identifier: BSD-3-Clause */
/* Which names Linux accepts for a network device. */
#ifndef MCR_CORE_DEVICE_NAME_H
#define MCR_CORE_DEVICE_NAME_H

#include <string.h>

#include <mcring/engine.h>

/* mcr_device_name_ok: 1 to 15 printable octets without '/', ':' and spaces, neither "." nor ".."
 * (dev_valid_name), and no '%', from which the kernel would make a number. */
static inline int mcr_device_name_ok(const char *name)
{
	size_t len = strnlen(name, MCR_DEVICE_NAME_MAX);

	if (len == 0 || len == MCR_DEVICE_NAME_MAX)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~' || strchr("/:%", name[i]))
			return 0;
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

#endif
