/* SPDX-License-Identifier: BSD-3-Clause */
#include "find_port.h"

#include <stdio.h>
#include <stdlib.h>

#include <rte_ethdev.h>

#include "fail.h"

int find_port(const char *text, uint16_t *port)
{
	char names[256] = "", *end;
	unsigned long number = strtoul(text, &end, 10);
	size_t used = 0;
	uint16_t id;

	if (rte_eth_dev_get_port_by_name(text, port) == 0)
		return 0;
	if (end != text && !*end && number < RTE_MAX_ETHPORTS &&
	    rte_eth_dev_is_valid_port((uint16_t)number)) {
		*port = (uint16_t)number;
		return 0;
	}
	RTE_ETH_FOREACH_DEV(id)
	{
		char name[RTE_ETH_NAME_MAX_LEN];

		if (rte_eth_dev_get_name_by_port(id, name) == 0 && used < sizeof(names))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 used ? ", " : "", name);
	}
	return fail("no DPDK port \"%s\"; there are: %s", text, used ? names : "none");
}
