/* SPDX-License-Identifier: BSD-3-Clause */
/* Options and settings that bear on what a socket joins. */
#include "join_rig.h"

#include "socket/prefixes.h"

static void prefixes_are_compared_by_their_bits(void **state)
{
	static const struct {
		const char *list, *group;
		int has;
	} cases[] = {
	    {NULL, "239.1.1.1", 1},
	    {"239.1.0.0/16", "239.1.255.1", 1},
	    {"239.1.0.0/16", "239.2.0.1", 0},
	    {"239.1.1.1", "239.1.1.1", 1},
	    {"239.1.1.1", "239.1.1.2", 0},
	    {"239.1.1.1:5000", "239.1.1.1", 1},
	    {"239.1.1.0/30:5000", "239.1.1.3", 1},
	    {"239.1.1.0/30", "239.1.1.4", 0},
	    {"232.0.0.0/8, 239.0.0.0/8", "239.1.1.1", 1},
	    {"ff15::/16", "ff15::1", 1},
	    {"[ff15::]/16", "ff15::1", 1},
	    {"[ff15::1]:5000", "ff15::1", 1},
	    {"ff15::/16", "ff25::1", 0},
	    {"ff15::/16", "239.1.1.1", 0},
	    {"0.0.0.0/0", "239.1.1.1", 1},
	    {"0.0.0.0/0", "ff15::1", 0},
	    {"nonsense,239.1.1.1", "239.1.1.1", 1},
	    {"239.1.1.1/33", "239.1.1.1", 0},
	    {"", "239.1.1.1", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mcr_address group;

		mcr_address_parse(&group, cases[i].group, strlen(cases[i].group));
		if (mcr_prefixes_have(cases[i].list, group) != cases[i].has)
			fail_msg("\"%s\" and %s", cases[i].list, cases[i].group);
	}
}

/* The kernel gives what this host sends, and nothing of what the engine has already given. */
static void local_senders_are_heard_by_their_addresses(void **state)
{
	uint32_t mode;
	int fd;

	begin_shared();
	settings.takes_loop = 1;
	engine_is(0);
	fd = make();
	assert_int_equal(join(fd, GROUP, 0), 0);
	assert_true(is_joined(GROUP ",interface=feed"));
	assert_true(in_kernel(fd, GROUP, eth2, &mode) >= 3); /* eth2, eth1, lo */
	assert_int_equal(mode, MCAST_INCLUDE);
	assert_int_equal(set_source(fd, IP_BLOCK_SOURCE, GROUP, ETH2), 0);
	assert_int_equal(in_kernel(fd, GROUP, eth2, &mode), 2);
	engine_is(-EPIPE);
	touch(fd);
	assert_int_equal(in_kernel(fd, GROUP, eth2, &mode), 1);
	assert_int_equal(mode, MCAST_EXCLUDE);
	engine_is(0);
	touch(fd);
	assert_int_equal(in_kernel(fd, GROUP, eth2, &mode), 2);
	assert_int_equal(mode, MCAST_INCLUDE);
	assert_int_equal(leave(fd, GROUP, 0), 0);
	assert_int_equal(in_kernel(fd, GROUP, eth2, NULL), -1);
	end(fd);
}

static void multicast_all_is_the_programs_own(void **state)
{
	int fd, value, zero = 0, one = 1, two = 2;
	socklen_t len = sizeof(value);
	unsigned char octet = 0;

	begin_shared();
	engine_is(0);
	fd = make();
	assert_int_equal(join(fd, GROUP, 0), 0);
	assert_int_equal(all_of_kernel(fd), 0);
	assert_int_equal(mcr_sock_getsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &value, &len), 0);
	assert_int_equal(value, 1);
	len = 1;
	value = 77;
	assert_int_equal(mcr_sock_getsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &value, &len), 0);
	assert_int_equal(len, 1);
	assert_int_equal(*(unsigned char *)&value, 1);
	assert_int_equal(mcr_sock_setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &two, sizeof(two)),
			 -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(mcr_sock_setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, NULL, sizeof(two)),
			 -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(mcr_sock_setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &octet, 1), 0);
	len = sizeof(value);
	assert_int_equal(mcr_sock_getsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &value, &len), 0);
	assert_int_equal(value, 0);
	assert_int_equal(leave(fd, GROUP, 0), 0);
	assert_int_equal(all_of_kernel(fd), 0);
	assert_int_equal(mcr_sock_setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &one, sizeof(one)),
			 0);
	assert_int_equal(all_of_kernel(fd), 1); /* nothing is on the engine */
	assert_int_equal(mcr_sock_setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &zero, sizeof(zero)),
			 0);
	assert_int_equal(all_of_kernel(fd), 0);
	end(fd);
}

static void as_many_groups_may_be_joined_as_the_kernel_allows(void **state)
{
	int kernel, fd, refused = 0;

	begin_shared();
	engine_is(0);
	kernel = make();
	fd = make();
	for (unsigned i = 0; i < 100; i++) {
		struct ip_mreqn mreq = {.imr_multiaddr.s_addr = htonl(0xef010100 + i),
					.imr_ifindex = (int)eth2};
		int want =
		    setsockopt(kernel, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq)) < 0
			? errno
			: 0;
		int have =
		    mcr_sock_setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq)) < 0
			? errno
			: 0;

		assert_int_equal(want, have);
		refused += have == ENOBUFS;
	}
	assert_true(refused > 0);
	close(kernel);
	end(fd);
}

static void memory_that_is_not_there_is_an_error(void **state)
{
	int fd, family = AF_INET;

	begin_shared();
	engine_is(0);
	fd = make();
	assert_int_equal(mcr_sock_setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, NULL, 12), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(mcr_sock_setsockopt(fd, IPPROTO_IP, MCAST_MSFILTER, (void *)16, 144), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(
	    mcr_sock_setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &family, sizeof(family)), -1);
	assert_int_equal(errno, ENOPROTOOPT);
	end(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(prefixes_are_compared_by_their_bits),
	    cmocka_unit_test(local_senders_are_heard_by_their_addresses),
	    cmocka_unit_test(multicast_all_is_the_programs_own),
	    cmocka_unit_test(as_many_groups_may_be_joined_as_the_kernel_allows),
	    cmocka_unit_test(memory_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, own_host, remove_dir);
}
