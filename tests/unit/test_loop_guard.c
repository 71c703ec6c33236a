/* SPDX-License-Identifier: BSD-3-Clause */
/* Which packets are those that come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/route/loop_guard.h"
#include "octets.h"

#define MS UINT64_C(1000000)

static struct mcr_loop_guard *guard;

static int start(void **state)
{
	(void)state;
	return mcr_loop_guard_create(&guard, 7);
}

static int stop(void **state)
{
	(void)state;
	mcr_loop_guard_destroy(guard);
	return 0;
}

/* A packet of 60 octets of payload, which begins with `content`. */
struct packet {
	uint8_t ip[80];
	struct mcr_route_packet look;
};

static struct packet packet_of(uint8_t ttl, uint32_t content)
{
	struct packet p = {.ip = {0x45, 0, 0, 80, 0, 0, 0, 0, ttl, 17}};

	memcpy(p.ip + 12, "\x0a\x00\x00\x07\xef\x01\x02\x03", 8);
	memcpy(p.ip + 20, &content, sizeof(content));
	p.look = (struct mcr_route_packet){
	    .source = mcr_route_address_ipv4(mcr_load32(p.ip + 12)),
	    .group = mcr_route_address_ipv4(mcr_load32(p.ip + 16)),
	    .len = 80,
	    .header = 20,
	    .ttl = ttl,
	};
	return p;
}

static int is_back(const struct packet *p, uint64_t now_ns)
{
	return mcr_loop_guard_is_back(guard, &p->look, p->ip, p->look.len, now_ns);
}

static int is_back_of(uint8_t ttl, uint32_t content, uint64_t now_ns)
{
	struct packet p = packet_of(ttl, content);

	return is_back(&p, now_ns);
}

static void a_copy_with_a_lower_ttl_is_back(void **state)
{
	(void)state;
	assert_false(is_back_of(64, 1, 5 * MS));
	assert_true(is_back_of(63, 1, 6 * MS));
	assert_true(is_back_of(1, 1, 6 * MS));
	assert_true(is_back_of(62, 1, 900 * MS));
	assert_false(is_back_of(63, 2, 900 * MS));
}

static void who_says_the_same_again_is_heard(void **state)
{
	(void)state;
	for (uint64_t t = 0; t < 3000; t += 7) {
		assert_false(is_back_of(64, 1, t * MS));
		assert_false(is_back_of(64, 1, t * MS));
	}
	assert_false(is_back_of(65, 1, 3000 * MS));
	assert_true(is_back_of(64, 1, 3000 * MS)); /* as the copy of the last one */
}

static void after_a_second_a_longer_path_is_heard(void **state)
{
	(void)state;
	for (uint64_t at = 0; at < 2 * MS; at += MS / 8) {
		mcr_loop_guard_destroy(guard);
		assert_int_equal(mcr_loop_guard_create(&guard, at), 0);
		assert_false(is_back_of(64, 1, at));
		assert_true(is_back_of(63, 1, at + (MCR_LOOP_MS - 1) * MS));
		assert_false(is_back_of(63, 1, at + MCR_LOOP_MS * MS));
		assert_true(is_back_of(62, 1, at + MCR_LOOP_MS * MS));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_copy_with_a_lower_ttl_is_back, start, stop),
	    cmocka_unit_test_setup_teardown(who_says_the_same_again_is_heard, start, stop),
	    cmocka_unit_test_setup_teardown(after_a_second_a_longer_path_is_heard, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
