/* SPDX-License-Identifier: BSD-3-Clause */
/* Which frames a relay may forward, and what it changes in them. */
#include "core/route/route_look.h"
/* Behind it, since it has a name of its own for what is an argument there. */
#include "parse_rig.h"

/* All forms, on heap copies of exactly the octets that they may read. They must agree. */
static int look4(struct mcr_route_packet *p, const uint8_t *bytes, uint32_t head_len,
		 uint32_t frame_len, uint16_t stripped)
{
	uint8_t *head = malloc(head_len ? head_len : 1);
	struct mcr_route_packet any, plain;
	int ok, ok_any;

	assert_non_null(head);
	memcpy(head, bytes, head_len);
	memset(p, 0, sizeof(*p));
	memset(&any, 0, sizeof(any));
	memset(&plain, 0, sizeof(plain));
	ok = mcr_route_look(p, head, head_len, frame_len, stripped, own_mac);
	ok_any = mcr_route_look_any(&any, head, head_len, frame_len, stripped, own_mac);
	assert_int_equal(ok, ok_any);
	if (ok)
		assert_memory_equal(p, &any, sizeof(any));
	if (mcr_route_look_plain(&plain, head, head_len, frame_len, stripped, own_mac)) {
		assert_true(ok_any);
		assert_memory_equal(&plain, &any, sizeof(any));
	}
	free(head);
	return ok;
}

static int look(struct mcr_route_packet *p, const struct frame *f)
{
	return look4(p, f->bytes, f->len, f->len, 0);
}

static void a_packet_of_either_family_is_looked_at_whole(void **state)
{
	struct mcr_route_packet p;
	struct frame f;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		struct shape s = {.ipv6 = i & 1,
				  .tags = i >> 1 & 1,
				  .vid = 77,
				  .padding = i / 4,
				  .payload = 64 - i};

		build(&f, s);
		assert_true(look(&p, &f));
		assert_address(mcr_route_address_back(p.group), s.ipv6 ? GROUP_IPV6 : GROUP);
		assert_address(mcr_route_address_back(p.source), s.ipv6 ? SOURCE_IPV6 : SOURCE);
		assert_int_equal(p.len, f.len - f.l3 - s.padding);
		assert_int_equal(p.vlan, s.tags ? 77 : 0);
		assert_int_equal(p.l3_offset, f.l3);
		assert_int_equal(p.header, s.ipv6 ? 40 : 20);
		assert_int_equal(p.ttl, 16);
		assert_int_equal(p.is_ipv6, s.ipv6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_packet_of_either_family_is_looked_at_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
