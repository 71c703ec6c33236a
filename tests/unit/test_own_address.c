/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/address.h"
#include "core/own_address.h"

static void each_address_of_a_lan_has_its_verdict(void **state)
{
	static const struct {
		const char *address;
		unsigned prefix_len;
		enum mcr_own_address_fault fault;
	} rows[] = {
	    {"10.0.0.2", 24, MCR_OWN_ADDRESS_OK},
	    {"10.0.0.0", 24, MCR_OWN_ADDRESS_NETWORK},
	    {"10.0.0.255", 24, MCR_OWN_ADDRESS_BROADCAST},
	    {"10.0.0.255", 23, MCR_OWN_ADDRESS_OK},
	    {"10.0.1.0", 23, MCR_OWN_ADDRESS_OK},
	    {"10.0.1.255", 23, MCR_OWN_ADDRESS_BROADCAST},
	    {"10.0.0.4", 30, MCR_OWN_ADDRESS_NETWORK},
	    {"10.0.0.7", 30, MCR_OWN_ADDRESS_BROADCAST},
	    {"10.0.0.4", 31, MCR_OWN_ADDRESS_OK},
	    {"10.0.0.5", 31, MCR_OWN_ADDRESS_OK},
	    {"10.0.0.4", 32, MCR_OWN_ADDRESS_OK},
	    {"10.0.0.0", 0, MCR_OWN_ADDRESS_OK}, /* the subnet is not known */
	    {"128.0.0.0", 1, MCR_OWN_ADDRESS_NETWORK},
	    {"239.1.1.1", 8, MCR_OWN_ADDRESS_MULTICAST},
	    {"127.0.0.1", 8, MCR_OWN_ADDRESS_LOOPBACK},
	    {"0.0.0.1", 8, MCR_OWN_ADDRESS_NO_HOST},
	    {"255.255.255.255", 32, MCR_OWN_ADDRESS_NO_HOST},
	    {"2001:db8::2", 64, MCR_OWN_ADDRESS_OK},
	    {"2001:db8::", 64, MCR_OWN_ADDRESS_ROUTERS},
	    {"2001:db8::4", 126, MCR_OWN_ADDRESS_ROUTERS},
	    {"2001:db8::4", 127, MCR_OWN_ADDRESS_OK},
	    {"2001:db8::", 128, MCR_OWN_ADDRESS_OK},
	    {"2001:db8::", 0, MCR_OWN_ADDRESS_OK},
	    {"2001:db8::ffff:ffff:ffff:ffff", 64, MCR_OWN_ADDRESS_OK}, /* no broadcast */
	    {"ff15::1", 64, MCR_OWN_ADDRESS_MULTICAST},
	    {"::1", 128, MCR_OWN_ADDRESS_LOOPBACK},
	    {"::", 128, MCR_OWN_ADDRESS_NO_HOST},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mcr_address address;
		enum mcr_own_address_fault fault;

		assert_int_equal(
		    mcr_address_parse(&address, rows[i].address, strlen(rows[i].address)), 0);
		fault = mcr_own_address_fault(address, rows[i].prefix_len);
		if (fault != rows[i].fault)
			fail_msg("%s/%u: %d", rows[i].address, rows[i].prefix_len, fault);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_address_of_a_lan_has_its_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
