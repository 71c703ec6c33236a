/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/icmp6.h"
#include "octets.h"

/* Echo request 1, identifier 0x1234, of fe80::1 to fe80::2, with "abc". Python made its
 * checksum, word by word. */
static const uint8_t echo[] = {
    0x6c, 0x00, 0,    0,    0,    11,   58, 64, /* IPv6, traffic class 0xc0 */
    0xfe, 0x80, 0,    0,    0,    0,    0,  0,  0,   0,   0,   0, 0, 0, 0, 1, /* from */
    0xfe, 0x80, 0,    0,    0,    0,    0,  0,  0,   0,   0,   0, 0, 0, 0, 2, /* to */
    0x80, 0x00, 0xac, 0x1d, 0x12, 0x34, 0,  1,  'a', 'b', 'c',
};

static void a_header_is_written_as_the_rfc_draws_it(void **state)
{
	const struct mcr_ipv6_header header = {
	    .source = {{0xfe, 0x80, [15] = 1}},
	    .destination = {{0xfe, 0x80, [15] = 2}},
	    .payload_len = 11,
	    .next = MCR_IPV6_PROTO_ICMP,
	    .hop_limit = 64,
	    .traffic_class = 0xc0,
	};
	uint8_t octets[MCR_IPV6_HEADER];

	mcr_ipv6_put_header(octets, &header);
	assert_memory_equal(octets, echo, sizeof(octets));
}

static void the_checksum_covers_addresses_length_protocol_and_an_odd_octet(void **state)
{
	uint8_t packet[sizeof(echo)];
	uint16_t sum;

	memcpy(packet, echo, sizeof(echo));
	assert_int_equal(mcr_icmp6_checksum(packet + 8, packet + 40, 11), 0);
	put16(packet + 42, 0);
	sum = mcr_icmp6_checksum(packet + 8, packet + 40, 11);
	assert_memory_equal(&sum, echo + 42, 2);
}

static void no_octet_can_change_without_the_checksum(void **state)
{
	uint8_t packet[sizeof(echo)];

	for (size_t i = 8; i < sizeof(echo); i++) {
		memcpy(packet, echo, sizeof(echo));
		packet[i] ^= 0x10;
		assert_int_not_equal(mcr_icmp6_checksum(packet + 8, packet + 40, 11), 0);
	}
	assert_int_not_equal(mcr_icmp6_checksum(echo + 8, echo + 40, 10), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_header_is_written_as_the_rfc_draws_it),
	    cmocka_unit_test(the_checksum_covers_addresses_length_protocol_and_an_odd_octet),
	    cmocka_unit_test(no_octet_can_change_without_the_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
