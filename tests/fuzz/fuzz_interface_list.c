/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of interfaces, which a program reads from a directory that its environment names. What
 * is accepted is in range, and comes back the same when it is written again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/interface_list.h"

#define MOST 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mcr_listed_interface list[MOST], again[MOST];
	static char text[MCR_INTERFACE_LIST_BYTES];
	int n = mcr_interface_list_parse(list, MOST, (const char *)data, size);
	size_t len;

	if (n < 0)
		return 0;
	check(n <= MOST);
	for (int i = 0; i < n; i++) {
		check(memchr(list[i].name, 0, sizeof(list[i].name)) && list[i].name[0] != '\0');
		check(memchr(list[i].port, 0, sizeof(list[i].port)) != NULL);
		check(memchr(list[i].netdev, 0, sizeof(list[i].netdev)) != NULL);
		check(memchr(list[i].kernel, 0, sizeof(list[i].kernel)) != NULL);
		check(list[i].vlan <= 4094 && list[i].prefix_len <= 32);
		check(list[i].prefix6_len <= 128 && list[i].is_shared <= 1);
	}
	len = mcr_interface_list_write(text, sizeof(text), list, (size_t)n);
	check(len > 0);
	check(mcr_interface_list_parse(again, MOST, text, len) == n);
	for (int i = 0; i < n; i++)
		check(strcmp(list[i].name, again[i].name) == 0 &&
		      strcmp(list[i].port, again[i].port) == 0 &&
		      strcmp(list[i].netdev, again[i].netdev) == 0 &&
		      strcmp(list[i].kernel, again[i].kernel) == 0 &&
		      mcr_address_is_equal(list[i].address, again[i].address) &&
		      mcr_address_is_equal(list[i].address6, again[i].address6) &&
		      list[i].vlan == again[i].vlan && list[i].is_shared == again[i].is_shared);
	return 0;
}
