/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets that go to the kernel, because a process without the library will read them. */
#include "join_rig.h"

#include "socket/join.h"

static void hand_over(int fd)
{
	struct mcr_socket *s = mcr_socket_hold(fd);

	mcr_join_hand_over(s);
	mcr_socket_release(s);
}

static void take_back(int fd)
{
	struct mcr_socket *s = mcr_socket_hold(fd);

	mcr_join_take_back(s);
	mcr_socket_release(s);
}

static int socket_of_two_groups(void)
{
	int fd = make();

	assert_int_equal(join(fd, GROUP, 0), 0);
	assert_int_equal(set_source(fd, IP_ADD_SOURCE_MEMBERSHIP, SECOND, SOURCE), 0);
	assert_int_equal(fake.n, 2);
	assert_int_equal(all_of_kernel(fd), 0);
	return fd;
}

static void all_groups_go_to_the_kernel_and_stay(void **state)
{
	uint32_t mode;
	int fd;

	begin_shared();
	engine_is(0);
	fd = socket_of_two_groups();
	hand_over(fd);
	assert_int_equal(fake.n, 0);
	assert_int_equal(in_kernel(fd, GROUP, eth2, &mode), 0);
	assert_int_equal(mode, MCAST_EXCLUDE);
	assert_int_equal(in_kernel(fd, SECOND, eth2, &mode), 1);
	assert_int_equal(mode, MCAST_INCLUDE);
	assert_int_equal(all_of_kernel(fd), 1);
	engine_is(-EPIPE);
	touch(fd);
	engine_is(0);
	touch(fd);
	assert_int_equal(fake.n, 0);
	assert_int_equal(in_kernel(fd, GROUP, eth2, NULL), 0);
	assert_int_equal(leave(fd, GROUP, 0), 0);
	assert_int_equal(in_kernel(fd, GROUP, eth2, NULL), -1);
	end(fd);
}

static void they_come_back_when_it_was_for_nothing(void **state)
{
	int fd;

	begin_shared();
	engine_is(0);
	fd = socket_of_two_groups();
	hand_over(fd);
	take_back(fd);
	assert_int_equal(fake.n, 2);
	assert_int_equal(in_kernel(fd, GROUP, eth2, NULL), -1);
	assert_int_equal(all_of_kernel(fd), 0);
	end(fd);
}

static void what_the_kernel_does_not_see_stays_with_the_engine(void **state)
{
	int fd;

	begin_vfio();
	engine_is(0);
	fd = make();
	assert_int_equal(join(fd, GROUP, 0), 0);
	hand_over(fd);
	assert_non_null(strstr(last_log, GROUP ": the kernel cannot receive it"));
	assert_int_equal(fake.n, 1);
	engine_is(-EPIPE);
	touch(fd);
	engine_is(0);
	touch(fd);
	assert_int_equal(fake.n, 1);
	end(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_groups_go_to_the_kernel_and_stay),
	    cmocka_unit_test(they_come_back_when_it_was_for_nothing),
	    cmocka_unit_test(what_the_kernel_does_not_see_stays_with_the_engine),
	};

	return cmocka_run_group_tests(tests, own_host, remove_dir);
}
