/* SPDX-License-Identifier: BSD-3-Clause */
/* What is written in the place of an interface's own address, and what is answered. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"
#include "settings/option_text.h"

static void what_no_host_can_have_is_answered_with_what_to_write(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
	    {"lan=0,address=10.0.0.1",
	     "address '10.0.0.1' has no prefix length: expected it as in 10.0.0.1/24"},
	    {"lan=0,address=10.0.0.1/33",
	     "'10.0.0.1/33' has no such prefix length: expected a number from 1 to 32"},
	    {"lan=0,address=10.0.0.1/255.255.254.0",
	     "'10.0.0.1/255.255.254.0' has a netmask: expected 10.0.0.1/23"},
	    {"lan=0,address=10.0.0.1/255.0.255.0", "has no such prefix length"},
	    {"lan=0,address=10.0.0.0/24", "'10.0.0.0/24' is the address of the network: expected "
					  "this host's own in it, such as 10.0.0.1/24"},
	    {"lan=0,address=10.0.0.255/24", "is the network's broadcast address: expected this "
					    "host's own in it, such as 10.0.0.1/24"},
	    {"lan=0,address=127.0.0.1/8",
	     "'127.0.0.1/8' never leaves a host: expected its address on the LAN"},
	    {"lan=0,address=0.0.0.0/8",
	     "'0.0.0.0/8' is no host's: expected an address of the LAN, or none at all"},
	    {"lan=0,address=239.1.1.1/8",
	     "is a group: expected the address of this host; groups are joined (--join)"},
	    {"lan=0,address=2001:db8::3/64",
	     "is an IPv6 address: expected an IPv4 one (IPv6: address6)"},
	    {"lan=0,address=10.0.0/24", "'10.0.0/24': expected a unicast IPv4 address with its "
					"prefix length, such as 10.1.2.3/24"},
	    {"lan=0,address6=10.0.0.1/24",
	     "is an IPv4 address: expected an IPv6 one (IPv4: address)"},
	    {"lan=0,address6=[2001:db8::3]/64",
	     "'[2001:db8::3]/64' has brackets: expected the address without them"},
	    {"lan=0,address6=2001:db8::3",
	     "has no prefix length: expected it as in 2001:db8::3/64"},
	    {"lan=0,address6=2001:db8::/64",
	     "is the address of the network's routers (RFC 4291, 2.6.1): expected this host's own "
	     "in it, such as 2001:db8::1/64"},
	    {"lan=0,address6=ff15::1/64",
	     "'ff15::1/64' is a group: expected the address of this host"},
	    {"lan=0,address6=fe80::1/64", "expected a unicast IPv6 address with its prefix length, "
					  "such as 2001:db8::3/64; a link-local"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mcr_interface_config config;
		struct mcr_error err;

		assert_int_equal(mcr_interface_parse(&config, rows[i].text, &err), -EINVAL);
		if (!strstr(err.text, rows[i].says))
			fail_msg("%s: %s", rows[i].text, err.text);
	}
}

static void the_whole_of_a_small_subnet_is_hosts(void **state)
{
	static const char *const texts[] = {
	    "lan=0,address=10.0.0.0/31",      "lan=0,address=10.0.0.1/31",
	    "lan=0,address=10.0.0.0/32",      "lan=0,address=10.0.0.255/23",
	    "lan=0,address6=2001:db8::/127",  "lan=0,address6=2001:db8::/128",
	    "lan=0,address6=2001:db8::1/126",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mcr_interface_config config;
		struct mcr_error err;

		if (mcr_interface_parse(&config, texts[i], &err) < 0)
			fail_msg("%s: %s", texts[i], err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_no_host_can_have_is_answered_with_what_to_write),
	    cmocka_unit_test(the_whole_of_a_small_subnet_is_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
