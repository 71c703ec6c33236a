/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <arpa/inet.h>

#include <cmocka.h>

#include "core/route/route_scopes.h"

static uint64_t closed(const struct mcr_route_scope *scopes, size_t n, uint32_t group)
{
	return mcr_route_scopes_closed(scopes, n, mcr_route_address_ipv4(htonl(group)));
}

/* P-14 */
static void the_local_scope_is_closed_unless_others_are_given(void **state)
{
	struct mcr_interface_config configs[4] = {
	    {.role = MCR_RELAY_UPSTREAM},
	    {.role = MCR_RELAY_DOWNSTREAM,
	     .has_scopes = 1,
	     .n_scopes = 1,
	     .scopes = {{mcr_address_from_ipv4(htonl(0xefff0000)), 17}}},
	    {.role = MCR_RELAY_NONE},
	    {.role = MCR_RELAY_DOWNSTREAM,
	     .has_scopes = 1,
	     .n_scopes = 2,
	     .scopes = {{mcr_address_from_ipv4(htonl(0xefff0000)), 16},
			{mcr_address_from_ipv4(htonl(0xefff0000)), 17}}},
	};
	struct mcr_route_scope *scopes;
	size_t n;

	assert_int_equal(mcr_route_scopes_make(&scopes, &n, configs, 4), 0);
	assert_int_equal(n, 2);
	assert_int_equal(closed(scopes, n, 0xefff0000), 0xb);
	assert_int_equal(closed(scopes, n, 0xeffffffa), 0x9);
	assert_int_equal(closed(scopes, n, 0xeffeffff), 0);
	assert_int_equal(closed(scopes, n, 0xf0000000), 0);
	free(scopes);

	configs[0].role = MCR_RELAY_NONE;
	configs[1].n_scopes = configs[3].n_scopes = 0;
	assert_int_equal(mcr_route_scopes_make(&scopes, &n, configs, 4), 0);
	assert_int_equal(n, 0);
	assert_null(scopes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_local_scope_is_closed_unless_others_are_given),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
