/* SPDX-License-Identifier: BSD-3-Clause */
/* Memberships when the engine comes, goes, or no longer takes them. */
#include "join_rig.h"

static void a_membership_waits_where_nobody_receives_it(void **state)
{
	int fd;

	begin_vfio();
	engine_is(0);
	fd = make();
	assert_int_equal(set_source(fd, IP_ADD_SOURCE_MEMBERSHIP, GROUP, SOURCE), 0);
	engine_is(-EPIPE);
	touch(fd);
	assert_non_null(strstr(last_log, "nobody receives it"));
	assert_int_equal(set_source(fd, IP_ADD_SOURCE_MEMBERSHIP, GROUP, "10.0.0.8"), ENETDOWN);
	assert_int_equal(join(fd, SECOND, 0), ENETDOWN);
	engine_is(0);
	fake.refusal = -ENOSPC;
	touch(fd);
	assert_int_equal(fake.n, 0);
	engine_is(0);
	fake.refusal = 0;
	touch(fd);
	assert_true(is_joined(GROUP "@" SOURCE ",interface=feed"));
	end(fd);
}

static void a_change_that_the_engine_refuses_moves_the_membership(void **state)
{
	uint32_t mode;
	int fd;

	begin_shared();
	engine_is(0);
	fd = make();
	assert_int_equal(join(fd, GROUP, 0), 0);
	fake.refusal = -ENOSPC;
	assert_int_equal(set_source(fd, IP_BLOCK_SOURCE, GROUP, SOURCE), 0);
	assert_int_equal(fake.n, 0);
	assert_int_equal(in_kernel(fd, GROUP, eth2, &mode), 1);
	assert_int_equal(mode, MCAST_EXCLUDE);
	assert_int_equal(set_source(fd, IP_UNBLOCK_SOURCE, GROUP, SOURCE), 0);
	assert_int_equal(in_kernel(fd, GROUP, eth2, &mode), 0);
	end(fd);
}

static void memberships_follow_the_engine(void **state)
{
	uint32_t mode;
	int fd;

	begin_shared();
	engine_is(0);
	fd = make();
	assert_int_equal(set_source(fd, IP_ADD_SOURCE_MEMBERSHIP, GROUP, SOURCE), 0);
	assert_int_equal(set_source(fd, IP_ADD_SOURCE_MEMBERSHIP, GROUP, "10.0.0.8"), 0);
	assert_int_equal(join(fd, SECOND, 0), 0);
	assert_int_equal(set_source(fd, IP_BLOCK_SOURCE, SECOND, SOURCE), 0);
	engine_is(-EPIPE);
	touch(fd);
	assert_int_equal(in_kernel(fd, GROUP, eth2, &mode), 2);
	assert_int_equal(mode, MCAST_INCLUDE);
	assert_int_equal(in_kernel(fd, SECOND, eth2, &mode), 1);
	assert_int_equal(mode, MCAST_EXCLUDE);
	assert_int_equal(all_of_kernel(fd), 1);
	engine_is(0);
	touch(fd);
	assert_true(is_joined(GROUP "@" SOURCE "@10.0.0.8,interface=feed"));
	assert_true(is_joined(SECOND "@!" SOURCE ",interface=feed"));
	assert_int_equal(in_kernel(fd, GROUP, eth2, NULL), -1);
	assert_int_equal(in_kernel(fd, SECOND, eth2, NULL), -1);
	assert_int_equal(all_of_kernel(fd), 0);
	/* And from one engine to the next. */
	engine_is(0);
	touch(fd);
	assert_int_equal(fake.n, 2);
	/* Which may refuse. */
	engine_is(0);
	fake.refusal = -EACCES;
	touch(fd);
	assert_int_equal(in_kernel(fd, GROUP, eth2, NULL), 2);
	assert_int_equal(in_kernel(fd, SECOND, eth2, NULL), 1);
	end(fd);
}

static void a_late_engine_takes_over(void **state)
{
	int fd;

	begin(NULL);
	fd = make();
	assert_int_equal(join(fd, GROUP, 0), 0);
	assert_int_equal(in_kernel(fd, GROUP, eth1, NULL),
			 0); /* the route's: nobody knows better */
	add_interface("feed", "", "10.5.0.2");
	engine_is(0);
	touch(fd);
	assert_true(is_joined(GROUP ",interface=feed"));
	assert_int_equal(in_kernel(fd, GROUP, eth1, NULL), -1);
	assert_int_equal(leave(fd, GROUP, 0), 0);
	end(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_membership_waits_where_nobody_receives_it),
	    cmocka_unit_test(a_change_that_the_engine_refuses_moves_the_membership),
	    cmocka_unit_test(memberships_follow_the_engine),
	    cmocka_unit_test(a_late_engine_takes_over),
	};

	return cmocka_run_group_tests(tests, own_host, remove_dir);
}
