/* SPDX-License-Identifier: BSD-3-Clause */
/* Which IPv6 packets a relay may forward. Unless it says so, each is right but for one thing. */
#include "route_look_rig.h"

static int takes_group(const char *group)
{
	struct frame f;

	build(&f, (struct shape){.ipv6 = 1, .payload = 9, .group = group});
	return takes(&f);
}

/* Of an address that only the long form looks at as well. */
static int takes_source(const char *source)
{
	struct frame f;

	build(&f, (struct shape){.ipv6 = 1, .payload = 9});
	inet_pton(AF_INET6, source, f.bytes + f.l3 + 8);
	return takes(&f);
}

static void every_wrong_version_is_refused(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		build(&f, (struct shape){.ipv6 = 1, .payload = 80});
		f.bytes[f.l3] = (uint8_t)first;
		assert_int_equal(takes(&f), first >> 4 == 6);
	}
}

/* Whatever the flags. */
static void only_scopes_that_leave_their_link_are_taken(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		for (unsigned second = 0; second < 256; second++) {
			const unsigned scope = second % 16;

			build(&f, (struct shape){.ipv6 = 1, .payload = 9});
			f.bytes[f.l3 + 24] = (uint8_t)first;
			f.bytes[f.l3 + 25] = (uint8_t)second;
			assert_int_equal(takes(&f), first == 0xff && scope >= 3 && scope != 15);
		}
	}
	assert_false(takes_group("ff02::1"));
	assert_false(takes_group("ff12::8001:203"));
	assert_false(takes_group("ff32::1234"));
	assert_false(takes_group("ff01::1"));
	assert_true(takes_group("ff05::2"));
	assert_true(takes_group("ff3e::8000:1"));
}

static void only_what_a_host_may_have_is_a_source(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned upper = 0; upper < 65536; upper++) {
		build(&f, (struct shape){.ipv6 = 1, .payload = 9});
		put16(f.bytes + f.l3 + 8, upper);
		assert_int_equal(takes(&f),
				 upper >> 8 != 0xff && (upper < 0xfe80 || upper > 0xfebf));
	}
	assert_false(takes_source("::"));
	assert_false(takes_source("::1"));
	assert_true(takes_source("::2"));
	assert_false(takes_source("::ffff:10.0.0.7"));
	assert_true(takes_source("64:ff9b::a00:7"));
	assert_true(takes_source("fd00::7"));
	assert_true(takes_source("fec0::7"));
}

/* ---- what stands behind the header ---- */

/* Behind the packet stands padding: it is no part of it. */
static int takes_next(unsigned next, const uint8_t *payload, unsigned len)
{
	struct frame f;

	build(&f, (struct shape){.ipv6 = 1, .payload = len > 8 ? len - 8 : 0});
	f.bytes[f.l3 + 6] = (uint8_t)next;
	put16(f.bytes + f.l3 + 4, len);
	memset(f.bytes + f.l3 + 40, 0, len + 64);
	if (payload)
		memcpy(f.bytes + f.l3 + 40, payload, len);
	f.len = f.l3 + 40 + len + 64;
	return takes(&f);
}

/* Fragments, routing headers, ESP, none at all. */
static void any_header_may_be_next(void **state)
{
	static const uint8_t echo[8] = {128};

	(void)state;
	for (unsigned next = 1; next < 256; next++) {
		static const uint8_t ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};

		assert_true(takes_next(next, next == 58 ? echo : ones, 8));
		assert_true(takes_next(next, NULL, 0));
	}
}

static void mld_is_refused_whoever_sends_it(void **state)
{
	static const uint8_t mld[] = {130, 131, 132, 143};
	uint8_t message[16] = {58, 0, 5, 2, 0, 0, 1, 0}; /* Router Alert in front of it */

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		int is_mld = memchr(mld, (int)type, sizeof(mld)) != NULL;

		message[8] = (uint8_t)type;
		assert_int_equal(takes_next(0, message, 16), !is_mld);
		assert_int_equal(takes_next(58, message + 8, 8), !is_mld);
		assert_int_equal(takes_next(58, message + 8, 1), !is_mld);
		assert_true(takes_next(17, message + 8, 8));
	}
	assert_true(takes_next(0, message, 8)); /* ICMPv6 that has no type */
}

/* A report as Linux sends it: from a link-local source, to the group itself, with a hop limit that
 * would let it pass. */
static void an_mldv1_report_of_a_global_group_is_refused(void **state)
{
	static const uint8_t report[32] = {58, 0, 5, 2, 0, 0, 1,    0,    131,     0,
					   0,  0, 0, 0, 0, 0, 0xff, 0x1e, [31] = 5};
	struct frame f;

	(void)state;
	build(&f, (struct shape){.ipv6 = 1, .payload = 24, .group = "ff1e::5"});
	f.bytes[f.l3 + 6] = 0;
	memcpy(f.bytes + f.udp, report, 32);
	for (unsigned hops = 1; hops < 256; hops += 127) {
		f.bytes[f.l3 + 7] = (uint8_t)hops;
		inet_pton(AF_INET6, "fe80::7", f.bytes + f.l3 + 8);
		assert_false(takes(&f));
		inet_pton(AF_INET6, "2001:db8::7", f.bytes + f.l3 + 8);
		assert_false(takes(&f));
	}
	f.bytes[f.l3 + 48] = 128; /* an echo request to it is relayed */
	assert_true(takes(&f));
	inet_pton(AF_INET6, "fe80::7", f.bytes + f.l3 + 8);
	assert_false(takes(&f));
}

/* RFC 8200 §4.2, §4.3: every node on the way looks at them. */
static void hop_by_hop_options_that_are_broken_or_must_be_known_are_refused(void **state)
{
	uint8_t octets[32] = {17, 0, 1, 4}; /* PadN */

	(void)state;
	assert_true(takes_next(0, octets, 32));
	for (unsigned len = 0; len < 8; len++)
		assert_false(takes_next(0, octets, len));
	for (unsigned len = 0; len < 256; len++) {
		octets[1] = (uint8_t)len;
		octets[3] = (uint8_t)(len < 4 ? len * 8 + 4 : 4);
		assert_int_equal(takes_next(0, octets, 32), len < 4);
	}
	octets[1] = 0;
	for (unsigned type = 0; type < 256; type++) {
		octets[2] = (uint8_t)type;
		octets[3] = type ? 4 : 0;
		assert_int_equal(takes_next(0, octets, 32), type < 64);
	}
	octets[2] = 1;
	octets[3] = 5; /* beyond the header */
	assert_false(takes_next(0, octets, 32));
}

static void the_hop_by_hop_options_have_to_lie_in_the_first_segment(void **state)
{
	static const uint8_t options[16] = {0, 1, 1, 12};
	struct mcr_route_packet p;
	struct frame f;

	(void)state;
	for (unsigned protocol = 17; protocol <= 58; protocol += 41) {
		struct shape s = {
		    .ipv6 = 1, .ext = options, .ext_len = 16, .protocol = protocol, .payload = 900};
		unsigned need;

		build(&f, s);
		need = f.l3 + 40 + 16 + (protocol == 58); /* and ICMPv6's type, which MLD may be */
		f.bytes[f.l3 + 40 + 16] = 128;
		for (unsigned head = 0; head < f.len; head++)
			assert_int_equal(look4(&p, f.bytes, head, f.len, 0), head >= need);
		assert_int_equal(p.header, 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_wrong_version_is_refused),
	    cmocka_unit_test(only_scopes_that_leave_their_link_are_taken),
	    cmocka_unit_test(only_what_a_host_may_have_is_a_source),
	    cmocka_unit_test(any_header_may_be_next),
	    cmocka_unit_test(mld_is_refused_whoever_sends_it),
	    cmocka_unit_test(an_mldv1_report_of_a_global_group_is_refused),
	    cmocka_unit_test(hop_by_hop_options_that_are_broken_or_must_be_known_are_refused),
	    cmocka_unit_test(the_hop_by_hop_options_have_to_lie_in_the_first_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
