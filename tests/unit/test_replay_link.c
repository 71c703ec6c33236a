/* SPDX-License-Identifier: BSD-3-Clause */
/* Link types other than Ethernet. */
#include "capture_rig.h"

/* An IPv4 packet to 239.129.2.3 and one to 10.0.0.9, an IPv6 one to ff15::1:203. */
static const uint8_t ipv4[28] = {0x45, [3] = 28, [8] = 9, 17, [12] = 10, 0, 0, 1, 239, 129, 2, 3};
static const uint8_t unicast[28] = {0x45, [3] = 28, [8] = 9, 17, [12] = 10, 0, 0, 1, 10, 0, 0, 9};
static const uint8_t ipv6[48] = {0x60, [5] = 8,     17,          9,    [24] = 0xff,
				 0x15, [37] = 0x01, [38] = 0x02, 0x03, [47] = 0};

static const uint8_t ipv4_mac[6] = {0x01, 0x00, 0x5e, 0x01, 0x02, 0x03}; /* RFC 1112 §6.4 */
static const uint8_t ipv6_mac[6] = {0x33, 0x33, 0x00, 0x01, 0x02, 0x03}; /* RFC 2464 §7 */
static const uint8_t no_mac[6];

struct link_case {
	uint32_t type;
	uint8_t header[20];
	uint32_t header_len;
	const void *packet;
	uint32_t packet_len;
	const uint8_t *mac;
	uint16_t ether_type;
};

static const struct link_case cases[] = {
    {101, {0}, 0, ipv4, sizeof(ipv4), ipv4_mac, 0x0800},
    {101, {0}, 0, ipv6, sizeof(ipv6), ipv6_mac, 0x86dd},
    {101, {0}, 0, unicast, sizeof(unicast), no_mac, 0x0800},
    {12, {0}, 0, ipv4, sizeof(ipv4), ipv4_mac, 0x0800},
    {14, {0}, 0, ipv4, sizeof(ipv4), ipv4_mac, 0x0800},
    {228, {0}, 0, ipv4, sizeof(ipv4), ipv4_mac, 0x0800},
    {229, {0}, 0, ipv6, sizeof(ipv6), ipv6_mac, 0x86dd},
    {0, {2}, 4, ipv4, sizeof(ipv4), ipv4_mac, 0x0800},
    {0, {30}, 4, ipv6, sizeof(ipv6), ipv6_mac, 0x86dd},
    {108, {0, 0, 0, 24}, 4, ipv6, sizeof(ipv6), ipv6_mac, 0x86dd},
    {113, {0, 2, [14] = 8, 0}, 16, ipv4, sizeof(ipv4), ipv4_mac, 0x0800},
    {113, {0, 2, [14] = 0x86, 0xdd}, 16, ipv6, sizeof(ipv6), ipv6_mac, 0x86dd},
    {276, {8, 0, [10] = 2}, 20, ipv4, sizeof(ipv4), ipv4_mac, 0x0800},
    {276, {0x08, 0x06}, 20, ipv4, sizeof(ipv4), no_mac, 0x0806},
};

static struct capture *open_case(const struct link_case *it, uint32_t len)
{
	struct octets o = {.len = 0};
	uint8_t data[128];

	memcpy(data, it->header, it->header_len);
	memcpy(data + it->header_len, it->packet, it->packet_len);
	pcap_header(&o, US_MAGIC, it->type);
	pcap_record(&o, 1, 0, data, len);
	pcap_record(&o, 2, 0, data, len);
	return open_octets(&o);
}

static void packets_of_each_link_type_become_frames_to_the_mac_of_their_group(void **state)
{
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct link_case *it = &cases[i];
		struct capture *c = open_case(it, it->header_len + it->packet_len);

		for (unsigned n = 0; n < 2; n++) {
			const struct capture_frame frame = next_frame(c);

			assert_int_equal(frame.len, 14 + it->packet_len);
			assert_memory_equal(frame.data, it->mac, 6);
			assert_memory_equal(frame.data + 6, no_mac, 6);
			assert_int_equal(frame.data[12] << 8 | frame.data[13], it->ether_type);
			assert_memory_equal(frame.data + 14, it->packet, it->packet_len);
		}
		no_frame(c);
		capture_close(c);
	}
}

static void a_packet_that_is_too_short_becomes_a_frame_all_the_same(void **state)
{
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (uint32_t len = 0; len < cases[i].header_len + cases[i].packet_len; len++) {
			const uint32_t header_len = cases[i].header_len;
			struct capture *c = open_case(&cases[i], len);

			for (unsigned n = 0; n < 2; n++)
				assert_int_equal(next_frame(c).len,
						 14 + (len > header_len ? len - header_len : 0));
			no_frame(c);
			capture_close(c);
		}
	}
}

static void a_frame_of_ethernet_is_as_it_was_with_its_vlan_tag(void **state)
{
	static const uint8_t data[] = {1, 0, 0x5e, 1, 1, 1, 2, 3, 4, 5, 6, 7, 0x81, 0, 0, 12, 8, 0};
	struct octets o = {.len = 0};
	struct capture_frame frame;
	struct capture *c;

	pcap_header(&o, US_MAGIC, 0x50000001); /* with the length of the check sequence */
	pcap_record(&o, 1, 0, data, sizeof(data));
	c = open_octets(&o);
	frame = next_frame(c);
	assert_int_equal(frame.len, sizeof(data));
	assert_memory_equal(frame.data, data, sizeof(data));
	capture_close(c);
}

static void another_link_type_is_refused_with_those_that_can_be_read(void **state)
{
	struct octets o = {.len = 0};

	pcap_header(&o, US_MAGIC, 127);
	assert_string_equal(fault_of(&o),
			    "octet 20: link type 127; expected Ethernet (1), Linux cooked (113, "
			    "276), raw IP (101, 228, 229) or loopback (0, 108): capture on an "
			    "interface of Ethernet, or on \"any\"");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packets_of_each_link_type_become_frames_to_the_mac_of_their_group),
	    cmocka_unit_test(a_packet_that_is_too_short_becomes_a_frame_all_the_same),
	    cmocka_unit_test(a_frame_of_ethernet_is_as_it_was_with_its_vlan_tag),
	    cmocka_unit_test(another_link_type_is_refused_with_those_that_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
