/* SPDX-License-Identifier: BSD-3-Clause */
/* Who receives what a socket joins: the engine, the kernel, or nobody, and then the join fails. */
#include "join_rig.h"

#include <linux/if_vlan.h>
#include <linux/sockios.h>

#include "socket/real.h"

/* ---- a port that the kernel does not see ---- */

static void an_engine_that_is_down_is_an_error_where_the_kernel_sees_nothing(void **state)
{
	int fd;

	begin_vfio();
	fd = make();
	assert_int_equal(join(fd, GROUP, 0), ENETDOWN);
	assert_int_equal(set(fd, IP_ADD_MEMBERSHIP, GROUP, 0, "10.5.0.2"), ENETDOWN);
	assert_int_equal(in_kernel(fd, GROUP, eth1, NULL), -1);
	assert_non_null(strstr(last_log, "not joined"));
	end(fd);
}

static void a_user_who_may_not_join_is_told_so(void **state)
{
	int fd;

	begin_vfio();
	engine_is(-EACCES);
	fd = make();
	assert_int_equal(join(fd, GROUP, 0), EACCES);
	engine_is(0);
	fake.refusal = -EACCES;
	assert_int_equal(join(fd, GROUP, 0), EACCES);
	assert_int_equal(in_kernel(fd, GROUP, eth1, NULL), -1);
	end(fd);
}

static void what_the_engine_refuses_is_an_errno(void **state)
{
	static const int codes[][2] = {{-ENOSPC, ENOBUFS},     {-E2BIG, ENOBUFS},
				       {-EPIPE, ENETDOWN},     {-ETIMEDOUT, ENETDOWN},
				       {-ESHUTDOWN, ENETDOWN}, {-EINVAL, EINVAL}};
	int fd;

	begin_vfio();
	engine_is(0);
	fd = make();
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		fake.refusal = codes[i][0];
		assert_int_equal(join(fd, GROUP, 0), codes[i][1]);
		assert_int_equal(set_source(fd, IP_ADD_SOURCE_MEMBERSHIP, GROUP, SOURCE),
				 codes[i][1]);
	}
	end(fd);
}

static void a_second_group_may_be_refused_and_the_first_stays(void **state)
{
	int fd;

	begin_vfio();
	engine_is(0);
	fd = make();
	assert_int_equal(join(fd, GROUP, 0), 0);
	fake.refusal = -ENOSPC;
	assert_int_equal(join(fd, SECOND, 0), ENOBUFS);
	assert_int_equal(set_source(fd, IP_BLOCK_SOURCE, GROUP, SOURCE), ENOBUFS);
	assert_true(is_joined(GROUP ",interface=feed"));
	assert_int_equal(fake.n, 1);
	assert_int_equal(leave(fd, SECOND, 0), EADDRNOTAVAIL);
	assert_int_equal(leave(fd, GROUP, 0), 0);
	end(fd);
}

static void an_interface_that_nobody_knows_is_an_error(void **state)
{
	int fd;

	begin_vfio();
	engine_is(0);
	fd = make();
	assert_int_equal(join(fd, GROUP, 99), ENODEV);
	assert_int_equal(set(fd, IP_ADD_MEMBERSHIP, GROUP, 0, "10.77.0.1"), ENODEV);
	end(fd);
}

static void the_engines_address_names_its_interface(void **state)
{
	int fd;

	begin_vfio();
	add_interface("other", "", "10.5.1.2");
	engine_is(0);
	fd = make();
	assert_int_equal(set(fd, IP_ADD_MEMBERSHIP, GROUP, 0, "10.5.1.2"), 0);
	assert_true(is_joined(GROUP ",interface=other"));
	assert_int_equal(set(fd, IP_ADD_MEMBERSHIP, GROUP, 0, "10.5.0.2"), 0);
	assert_true(is_joined(GROUP ",interface=feed"));
	assert_int_equal(set(fd, IP_ADD_MEMBERSHIP, GROUP, 0, "10.5.0.2"), EADDRINUSE);
	assert_int_equal(set(fd, IP_DROP_MEMBERSHIP, GROUP, 0, "10.5.1.2"), 0);
	assert_true(is_joined(GROUP ",interface=feed"));
	end(fd); /* and the other with the socket */
}

/* ---- a device that the kernel sees as well ---- */

static void what_the_engine_does_not_take_the_kernel_receives(void **state)
{
	static const int codes[] = {-ENOENT, -EACCES, -EBUSY};
	int fd;

	begin_shared();
	for (size_t i = 0; i < 3; i++) {
		engine_is(codes[i]);
		fd = make();
		assert_int_equal(join(fd, GROUP, 0), 0);
		assert_int_equal(in_kernel(fd, GROUP, eth2, NULL), 0); /* not the route's */
		assert_non_null(strstr(last_log, "the kernel receives it"));
		assert_int_equal(join(fd, GROUP, eth2), EADDRINUSE);
		assert_int_equal(all_of_kernel(fd), 1);
		assert_int_equal(leave(fd, GROUP, 0), 0);
		assert_int_equal(in_kernel(fd, GROUP, eth2, NULL), -1);
		end(fd);
	}
	engine_is(0);
	fd = make();
	assert_int_equal(join(fd, GROUP, 0), 0);
	fake.refusal = -ENOSPC;
	assert_int_equal(join(fd, SECOND, 0), 0);
	assert_int_equal(in_kernel(fd, GROUP, eth2, NULL), -1);
	assert_int_equal(in_kernel(fd, SECOND, eth2, NULL), 0);
	assert_int_equal(all_of_kernel(fd), 0);
	end(fd);
}

static void another_interface_is_the_kernels(void **state)
{
	int fd;

	begin_shared();
	engine_is(0);
	fd = make();
	assert_int_equal(join(fd, GROUP, eth1), 0);
	assert_null(mcr_table_find(fd)); /* none of ours */
	assert_int_equal(in_kernel(fd, GROUP, eth1, NULL), 0);
	assert_int_equal(join(fd, GROUP, eth1), EADDRINUSE);
	assert_int_equal(leave(fd, GROUP, eth1), 0);
	assert_int_equal(leave(fd, GROUP, eth1), EADDRNOTAVAIL);
	end(fd);
}

static void a_device_that_an_engine_has_alone_is_an_error(void **state)
{
	int fd;

	begin(ALONE_ETH2);
	fd = make();
	assert_int_equal(join(fd, GROUP, eth2), ENETDOWN);
	assert_int_equal(join(fd, GROUP, 0), ENETDOWN);
	assert_int_equal(join(fd, GROUP, eth1), 0);
	/* Likewise another engine's, whatever this one has. */
	begin(NULL);
	mkdir("/run/mcring", 0755);
	mkdir("/run/mcring/second", 0755);
	write_list("/run/mcring/second", ALONE_ETH2);
	assert_int_equal(join(fd, SECOND, eth2), ENETDOWN);
	engine_is(0);
	assert_int_equal(join(fd, SECOND, eth2), ENETDOWN);
	write_list("/run/mcring/second", SHARED_ETH2);
	assert_int_equal(join(fd, SECOND, eth2), 0);
	write_list("/run/mcring/second", NULL);
	end(fd);
}

static void the_device_that_the_engine_made_is_the_kernels_too(void **state)
{
	int fd;

	begin("name=feed port=p netdev= kernel=eth2 vlan=0 address= address6= shared=no\n");
	add_interface("feed", "", NULL);
	strcpy(fake.interfaces[0].kernel, "eth2");
	engine_is(0);
	fd = make();
	assert_int_equal(join(fd, GROUP, eth2), 0);
	assert_true(is_joined(GROUP ",interface=feed"));
	fake.refusal = -ENOSPC;
	assert_int_equal(join(fd, SECOND, 0), 0);
	assert_int_equal(in_kernel(fd, SECOND, eth2, NULL), 0);
	end(fd);
}

static void a_socket_that_is_bound_to_a_device_joins_there(void **state)
{
	int fd;

	begin_shared();
	add_interface("other", "eth1", ETH1);
	engine_is(0);
	fd = make();
	assert_int_equal(join(fd, GROUP, 0), 0);
	assert_true(is_joined(GROUP ",interface=other")); /* the route's */
	assert_int_equal(
	    mcr_sock_setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth2", sizeof("eth2")), 0);
	assert_int_equal(join(fd, SECOND, 0), 0);
	assert_true(is_joined(SECOND ",interface=feed"));
	end(fd);
}

static int vlan_ioctl(int fd, unsigned long request, ...)
{
	struct vlan_ioctl_args *args;
	va_list rest;

	va_start(rest, request);
	args = va_arg(rest, struct vlan_ioctl_args *);
	va_end(rest);
	if (request != SIOCGIFVLAN || strcmp(args->device1, "eth2") != 0)
		return -1;
	if (args->cmd == GET_VLAN_VID_CMD)
		args->u.VID = 100;
	else
		strcpy(args->u.device2, "eth1");
	return 0;
}

static void a_vlan_device_stands_for_the_engines_vlan(void **state)
{
	int (*ioctl_before)(int, unsigned long, ...) = mcr_real.ioctl;
	int fd;

	begin("name=feed port=p netdev=eth1 kernel= vlan=100 address= address6= shared=no\n");
	add_interface("feed", "eth1", NULL);
	fake.interfaces[0].vlan = 100;
	engine_is(0);
	mcr_real.ioctl = vlan_ioctl; /* eth2 is VLAN 100 of eth1 */
	fd = make();
	assert_int_equal(join(fd, GROUP, eth2), 0);
	assert_true(is_joined(GROUP ",interface=feed"));
	assert_int_equal(join(fd, GROUP, 0), EADDRINUSE);
	assert_int_equal(join(fd, SECOND, eth1), ENETDOWN); /* untagged: mcring's alone */
	engine_is(-ENOENT);
	assert_int_equal(join(fd, SECOND, eth2), ENETDOWN);
	mcr_real.ioctl = ioctl_before;
	end(fd);
}

/* ---- settings ---- */

static void fallback_never_and_require_are_errors(void **state)
{
	int fd;

	begin_shared();
	settings.fallback = MCR_FALLBACK_NEVER;
	fd = make();
	assert_int_equal(join(fd, GROUP, 0), ENETDOWN);
	assert_int_equal(join(fd, GROUP, eth1), 0); /* never was the engine's */
	settings.fallback = MCR_FALLBACK_AUTO;
	settings.is_required = 1;
	assert_int_equal(join(fd, SECOND, 0), ENETDOWN);
	assert_int_equal(join(fd, SECOND, eth1), ENODEV);
	engine_is(0);
	assert_int_equal(join(fd, SECOND, 0), 0);
	end(fd);
}

static void fallback_always_takes_the_kernel_at_its_word(void **state)
{
	int fd;

	begin(ALONE_ETH2);
	settings.fallback = MCR_FALLBACK_ALWAYS;
	fd = make();
	assert_int_equal(join(fd, GROUP, eth2), 0);
	assert_int_equal(in_kernel(fd, GROUP, eth2, NULL), 0);
	end(fd);
}

static void groups_that_are_not_listed_are_the_kernels_where_it_receives(void **state)
{
	int fd;

	begin_shared();
	engine_is(0);
	settings.groups = "239.1.1.0/31";
	fd = make();
	assert_int_equal(join(fd, GROUP, 0), 0);
	assert_true(is_joined(GROUP ",interface=feed"));
	assert_int_equal(join(fd, SECOND, 0), 0);
	assert_int_equal(fake.n, 1);
	assert_int_equal(in_kernel(fd, SECOND, eth1, NULL), 0);
	assert_int_equal(leave(fd, SECOND, 0), 0);
	begin_vfio();
	engine_is(0);
	settings.groups = "239.1.1.0/31";
	assert_int_equal(set(fd, IP_ADD_MEMBERSHIP, SECOND, 0, "10.5.0.2"), 0);
	assert_true(is_joined(SECOND ",interface=feed"));
	end(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_engine_that_is_down_is_an_error_where_the_kernel_sees_nothing),
	    cmocka_unit_test(a_user_who_may_not_join_is_told_so),
	    cmocka_unit_test(what_the_engine_refuses_is_an_errno),
	    cmocka_unit_test(a_second_group_may_be_refused_and_the_first_stays),
	    cmocka_unit_test(an_interface_that_nobody_knows_is_an_error),
	    cmocka_unit_test(the_engines_address_names_its_interface),
	    cmocka_unit_test(what_the_engine_does_not_take_the_kernel_receives),
	    cmocka_unit_test(another_interface_is_the_kernels),
	    cmocka_unit_test(a_device_that_an_engine_has_alone_is_an_error),
	    cmocka_unit_test(the_device_that_the_engine_made_is_the_kernels_too),
	    cmocka_unit_test(a_socket_that_is_bound_to_a_device_joins_there),
	    cmocka_unit_test(a_vlan_device_stands_for_the_engines_vlan),
	    cmocka_unit_test(fallback_never_and_require_are_errors),
	    cmocka_unit_test(fallback_always_takes_the_kernel_at_its_word),
	    cmocka_unit_test(groups_that_are_not_listed_are_the_kernels_where_it_receives),
	};

	return cmocka_run_group_tests(tests, own_host, remove_dir);
}
