/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/shard.h"

#define KEYS 20000u

static struct mcr_shard shard_of(unsigned n, unsigned copies)
{
	struct mcr_shard s = {.n = n, .copies = copies};

	for (unsigned i = 0; i < n; i++) {
		sprintf(s.hosts[i].name, "md%u.example.com", i + 1);
		s.hosts[i].weight = 1;
	}
	return s;
}

/* Groups as they are usual: they differ in their last octets. */
static const char *key_of(unsigned k)
{
	static char text[32];

	sprintf(text, "239.1.%u.%u", k >> 8, k & 255);
	return text;
}

static unsigned n_of(uint64_t owners)
{
	return (unsigned)__builtin_popcountll(owners);
}

static void a_score_is_the_same_in_every_version(void **state)
{
	static const struct {
		struct mcr_shard_host host;
		const char *key;
		uint64_t score;
	} known[] = {
	    {{"a", 1}, "239.1.1.1", UINT64_C(0x60d4728402f0bc7b)},
	    {{"b", 1}, "239.1.1.1", UINT64_C(0xf8b8b2f11d855959)},
	    {{"a", 5}, "239.1.1.1", UINT64_C(0xf6450ae8165e5447)},
	    {{"md1.example.com", 64}, "itch", UINT64_C(0xfe773d46789847ab)},
	    {{"md2.example.com", 1}, "ff15::1", UINT64_C(0x8921ad612c2c58dc)},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint64_t score = mcr_shard_score(&known[i].host, known[i].key);

		if (score != known[i].score)
			fail_msg("%s, %s: 0x%016llx", known[i].host.name, known[i].key,
				 (unsigned long long)score);
	}
}

static void owners_are_the_same_in_every_version(void **state)
{
	static const uint8_t known[16] = {0x18, 0x0c, 0x0c, 0x18, 0x18, 0x0c, 0x09, 0x0c,
					  0x11, 0x03, 0x0c, 0x12, 0x0a, 0x11, 0x18, 0x06};
	struct mcr_shard s = shard_of(5, 2);

	s.hosts[3].weight = 3;
	for (unsigned k = 0; k < 16; k++)
		if (mcr_shard_owners(&s, key_of(k)) != known[k])
			fail_msg("%s: 0x%02x", key_of(k),
				 (unsigned)mcr_shard_owners(&s, key_of(k)));
	if (mcr_shard_digest(&s) != UINT64_C(0xd34ab08e70dabb0e))
		fail_msg("digest 0x%016llx", (unsigned long long)mcr_shard_digest(&s));
}

static void hosts_get_equal_shares(void **state)
{
	for (unsigned n = 1; n <= 16; n++) {
		struct mcr_shard s = shard_of(n, 1);
		unsigned share[16] = {0};

		for (unsigned k = 0; k < KEYS; k++)
			share[__builtin_ctzll(mcr_shard_owners(&s, key_of(k)))]++;
		/* Six standard deviations, sqrt(KEYS / n), and a little. */
		for (unsigned i = 0; i < n; i++) {
			double off = (double)share[i] - (double)KEYS / n;

			assert_true(off * off <= 36.0 * KEYS / n);
		}
	}
}

static void a_share_is_as_large_as_the_weight(void **state)
{
	struct mcr_shard s = shard_of(4, 1);
	unsigned share[4] = {0};

	s.hosts[0].weight = 2;
	s.hosts[1].weight = 5;
	s.hosts[3].weight = 12;
	for (unsigned k = 0; k < KEYS; k++)
		share[__builtin_ctzll(mcr_shard_owners(&s, key_of(k)))]++;
	/* 2, 5, 1, 12 of 20; the largest standard deviation is 70. */
	assert_in_range(share[0], 2000 - 300, 2000 + 300);
	assert_in_range(share[1], 5000 - 400, 5000 + 400);
	assert_in_range(share[2], 1000 - 200, 1000 + 200);
	assert_in_range(share[3], 12000 - 450, 12000 + 450);
}

static void each_key_has_as_many_hosts_as_copies(void **state)
{
	for (unsigned k = 0; k < 2000; k++) {
		struct mcr_shard s = shard_of(7, 1);
		uint64_t before = 0;

		for (s.copies = 1; s.copies <= s.n; s.copies++) {
			uint64_t owners = mcr_shard_owners(&s, key_of(k));

			assert_int_equal(n_of(owners), s.copies);
			assert_int_equal(owners >> s.n, 0);
			assert_int_equal(owners & before, before); /* one more, the others stay */
			before = owners;
		}
	}
}

static void all_64_hosts_can_own_a_key(void **state)
{
	struct mcr_shard s = shard_of(MCR_SHARD_HOSTS_MAX, MCR_SHARD_HOSTS_MAX);

	assert_int_equal(mcr_shard_owners(&s, "itch"), UINT64_MAX);
	s.copies = 1;
	assert_int_equal(n_of(mcr_shard_owners(&s, "itch")), 1);
}

/* Each key is looked at: nothing moves but to the host that comes, and from the host that goes. */
static void a_host_that_comes_or_goes_moves_only_its_own_keys(void **state)
{
	for (unsigned copies = 1; copies <= 3; copies++) {
		const struct mcr_shard s = shard_of(5, copies), more = shard_of(6, copies);
		unsigned moved = 0;

		for (unsigned k = 0; k < KEYS; k++) {
			uint64_t owners = mcr_shard_owners(&s, key_of(k));
			uint64_t then = mcr_shard_owners(&more, key_of(k));

			if (!(then >> 5 & 1)) {
				assert_int_equal(then, owners);
				continue;
			}
			assert_int_equal(then & 31 & ~owners, 0);  /* no other host gets it */
			assert_int_equal(n_of(owners & ~then), 1); /* one host gives it */
			moved++;
		}
		/* copies / 6 of all keys; standard deviation below 71. */
		assert_in_range(moved, KEYS * copies / 6 - 430, KEYS * copies / 6 + 430);
	}
}

static void a_host_that_weighs_more_only_gets_keys(void **state)
{
	struct mcr_shard light = shard_of(5, 2), heavy = shard_of(5, 2);
	unsigned moved = 0;

	light.hosts[2].weight = 3;
	heavy.hosts[2].weight = 4;
	for (unsigned k = 0; k < KEYS; k++) {
		uint64_t before = mcr_shard_owners(&light, key_of(k));
		uint64_t then = mcr_shard_owners(&heavy, key_of(k));

		assert_int_equal(then & ~before & ~UINT64_C(4), 0);
		assert_false(before & 4 && !(then & 4));
		moved += before != then;
	}
	assert_true(moved > 0);
}

static void the_order_of_the_list_means_nothing(void **state)
{
	struct mcr_shard s = shard_of(6, 2), turned = s;

	s.hosts[1].weight = 7;
	for (unsigned i = 0; i < s.n; i++)
		turned.hosts[s.n - 1 - i] = s.hosts[i];
	assert_int_equal(mcr_shard_digest(&s), mcr_shard_digest(&turned));
	for (unsigned k = 0; k < 2000; k++) {
		uint64_t a = mcr_shard_owners(&s, key_of(k));
		uint64_t b = mcr_shard_owners(&turned, key_of(k));

		for (unsigned i = 0; i < s.n; i++)
			assert_int_equal(a >> i & 1, b >> (s.n - 1 - i) & 1);
	}
}

static void the_digest_tells_other_lists_apart(void **state)
{
	const struct mcr_shard s = shard_of(3, 1);
	struct mcr_shard other = shard_of(4, 1);

	assert_int_not_equal(mcr_shard_digest(&s), mcr_shard_digest(&other));
	other = shard_of(3, 2);
	assert_int_not_equal(mcr_shard_digest(&s), mcr_shard_digest(&other));
	other = s;
	other.hosts[1].weight = 2;
	assert_int_not_equal(mcr_shard_digest(&s), mcr_shard_digest(&other));
	other.hosts[1].weight = 1;
	other.hosts[0].weight = 2; /* not the same as another host's */
	assert_int_not_equal(mcr_shard_digest(&s), mcr_shard_digest(&other));
	strcpy(other.hosts[0].name, "md9");
	assert_int_not_equal(mcr_shard_digest(&s), mcr_shard_digest(&other));
}

static void a_name_has_one_form(void **state)
{
	char name[MCR_SHARD_NAME_MAX], text[MCR_SHARD_NAME_MAX + 1];

	assert_int_equal(mcr_shard_name(name, "MD-1.Example.COM."), 0);
	assert_string_equal(name, "md-1.example.com");
	assert_int_equal(mcr_shard_name(name, "10.0.0.1"), 0);
	assert_string_equal(name, "10.0.0.1");
	assert_int_equal(mcr_shard_name(name, "rack_7"), 0);
	memset(text, 'a', sizeof(text));
	text[MCR_SHARD_NAME_MAX - 1] = '\0';
	assert_int_equal(mcr_shard_name(name, text), 0);
	assert_string_equal(name, text);
	text[MCR_SHARD_NAME_MAX - 1] = 'a';
	text[MCR_SHARD_NAME_MAX] = '\0';
	assert_int_not_equal(mcr_shard_name(name, text), 0);
	assert_int_not_equal(mcr_shard_name(name, ""), 0);
	assert_int_not_equal(mcr_shard_name(name, "."), 0);
	assert_int_not_equal(mcr_shard_name(name, ".a"), 0);
	assert_int_not_equal(mcr_shard_name(name, "-a"), 0);
	assert_int_not_equal(mcr_shard_name(name, "a b"), 0);
	assert_int_not_equal(mcr_shard_name(name, "a+b"), 0);
	assert_int_not_equal(mcr_shard_name(name, "a:2"), 0);
	assert_int_not_equal(mcr_shard_name(name, "(none)"), 0);
	assert_int_not_equal(mcr_shard_name(name, "m\xc3\xbcnchen"), 0);
}

static void a_name_with_a_domain_may_be_the_same_host(void **state)
{
	assert_true(mcr_shard_is_same("a", "a"));
	assert_true(mcr_shard_is_same("a", "a.example.com"));
	assert_true(mcr_shard_is_same("a.example.com", "a"));
	assert_true(mcr_shard_is_same("a.example.com", "a.example"));
	assert_false(mcr_shard_is_same("a", "ab"));
	assert_false(mcr_shard_is_same("ab", "a"));
	assert_false(mcr_shard_is_same("a-1", "a"));
	assert_false(mcr_shard_is_same("a.example.com", "a.example.org"));
	assert_false(mcr_shard_is_same("10.0.0.1", "10.0.0.10"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_score_is_the_same_in_every_version),
	    cmocka_unit_test(owners_are_the_same_in_every_version),
	    cmocka_unit_test(hosts_get_equal_shares),
	    cmocka_unit_test(a_share_is_as_large_as_the_weight),
	    cmocka_unit_test(each_key_has_as_many_hosts_as_copies),
	    cmocka_unit_test(all_64_hosts_can_own_a_key),
	    cmocka_unit_test(a_host_that_comes_or_goes_moves_only_its_own_keys),
	    cmocka_unit_test(a_host_that_weighs_more_only_gets_keys),
	    cmocka_unit_test(the_order_of_the_list_means_nothing),
	    cmocka_unit_test(the_digest_tells_other_lists_apart),
	    cmocka_unit_test(a_name_has_one_form),
	    cmocka_unit_test(a_name_with_a_domain_may_be_the_same_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
