/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine/netdev/netdev_link.h"

#define INDEX 7

/* Messages as the kernel would put them together. */
struct message {
	_Alignas(struct nlmsghdr) uint8_t bytes[2048];
	size_t len;
};

static void put(struct message *m, uint16_t type, const void *data, size_t len)
{
	struct rtattr a = {.rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(len)};

	memcpy(m->bytes + m->len, &a, sizeof(a));
	memcpy(m->bytes + m->len + RTA_LENGTH(0), data, len);
	m->len += RTA_SPACE(len);
	((struct nlmsghdr *)m->bytes)->nlmsg_len = (uint32_t)m->len;
}

static void put_u32(struct message *m, uint16_t type, uint32_t value)
{
	put(m, type, &value, sizeof(value));
}

static void begin(struct message *m, uint16_t type, uint8_t family, int index)
{
	struct ifinfomsg info = {.ifi_family = family,
				 .ifi_type = ARPHRD_ETHER,
				 .ifi_index = index,
				 .ifi_flags = IFF_UP | IFF_RUNNING};
	struct nlmsghdr header = {.nlmsg_type = type, .nlmsg_len = NLMSG_LENGTH(sizeof(info))};

	*m = (struct message){.len = header.nlmsg_len};
	memcpy(m->bytes, &header, sizeof(header));
	memcpy(m->bytes + NLMSG_LENGTH(0), &info, sizeof(info));
}

static void begin_link(struct message *m)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
	uint8_t carrier = 1;

	begin(m, RTM_NEWLINK, AF_UNSPEC, INDEX);
	put(m, IFLA_IFNAME, "eth0", 5);
	put_u32(m, IFLA_MTU, 1450);
	put(m, IFLA_ADDRESS, mac, sizeof(mac));
	put(m, IFLA_CARRIER, &carrier, 1);
	put_u32(m, IFLA_CARRIER_DOWN_COUNT, 3);
}

static struct mcr_netdev_link watched(void)
{
	return (struct mcr_netdev_link){.socket = {.fd = -1, .serial = 5}, .index = INDEX};
}

static struct mcr_netdev_link seen(void)
{
	struct mcr_netdev_link l = watched();
	struct message m;

	begin_link(&m);
	mcr_netdev_link_input(&l, m.bytes, m.len);
	assert_int_equal(l.state.presence, MCR_NETDEV_HERE);
	return l;
}

static void a_link_has_its_name_mtu_address_carrier_and_flaps(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
	struct mcr_netdev_link l = seen();

	assert_string_equal(l.state.name, "eth0");
	assert_int_equal(l.state.mtu, 1450);
	assert_true(l.state.has_mac);
	assert_memory_equal(l.state.mac, mac, 6);
	assert_true(l.state.is_up);
	assert_int_equal(l.state.carrier_downs, 3);
}

static void a_link_without_carrier_is_down_whatever_its_flags_say(void **state)
{
	struct mcr_netdev_link l = watched();
	uint8_t carrier = 0;
	struct message m;

	begin(&m, RTM_NEWLINK, AF_UNSPEC, INDEX);
	put(&m, IFLA_CARRIER, &carrier, 1);
	mcr_netdev_link_input(&l, m.bytes, m.len);
	assert_int_equal(l.state.presence, MCR_NETDEV_HERE);
	assert_false(l.state.is_up);
}

static void an_older_kernels_changes_of_carrier_are_counted_in_pairs(void **state)
{
	struct mcr_netdev_link l = watched();
	struct message m;

	begin(&m, RTM_NEWLINK, AF_UNSPEC, INDEX);
	put_u32(&m, IFLA_CARRIER_CHANGES, 9);
	mcr_netdev_link_input(&l, m.bytes, m.len);
	assert_int_equal(l.state.carrier_downs, 4);
}

static void what_a_link_is_and_its_xdp_program_are_found(void **state)
{
	struct mcr_netdev_link l = watched();
	struct message m, inner = {0};
	uint8_t attached = XDP_ATTACHED_DRV;

	begin(&m, RTM_NEWLINK, AF_UNSPEC, INDEX);
	inner.len = NLMSG_HDRLEN;
	put(&inner, IFLA_INFO_KIND, "veth", 5);
	put(&m, IFLA_LINKINFO | NLA_F_NESTED, inner.bytes + NLMSG_HDRLEN, inner.len - NLMSG_HDRLEN);
	inner.len = NLMSG_HDRLEN;
	put(&inner, IFLA_XDP_ATTACHED, &attached, 1);
	put(&m, IFLA_XDP, inner.bytes + NLMSG_HDRLEN, inner.len - NLMSG_HDRLEN);
	mcr_netdev_link_input(&l, m.bytes, m.len);
	assert_string_equal(l.state.kind, "veth");
	assert_int_equal(l.state.xdp, XDP_ATTACHED_DRV);
}

static void an_interface_that_was_deleted_is_gone_and_one_that_moved_is_not(void **state)
{
	struct mcr_netdev_link l = seen();
	struct message m;

	begin(&m, RTM_DELLINK, AF_UNSPEC, INDEX);
	put_u32(&m, IFLA_NEW_NETNSID, 1);
	mcr_netdev_link_input(&l, m.bytes, m.len);
	assert_int_equal(l.state.presence, MCR_NETDEV_MOVED);
	assert_false(l.state.is_up);
	l = seen();
	begin(&m, RTM_DELLINK, AF_UNSPEC, INDEX);
	mcr_netdev_link_input(&l, m.bytes, m.len);
	assert_int_equal(l.state.presence, MCR_NETDEV_GONE);
}

static void another_interfaces_messages_and_a_bridges_change_nothing(void **state)
{
	struct mcr_netdev_link l = seen(), before = l;
	struct message m;

	begin(&m, RTM_DELLINK, AF_UNSPEC, INDEX + 1);
	mcr_netdev_link_input(&l, m.bytes, m.len);
	begin(&m, RTM_DELLINK, AF_BRIDGE, INDEX);
	mcr_netdev_link_input(&l, m.bytes, m.len);
	assert_memory_equal(&l, &before, sizeof(l));
}

static void put_error(struct message *m, int error, uint32_t serial)
{
	struct nlmsgerr e = {.error = error};
	struct nlmsghdr header = {
	    .nlmsg_type = NLMSG_ERROR, .nlmsg_len = NLMSG_LENGTH(sizeof(e)), .nlmsg_seq = serial};

	*m = (struct message){.len = header.nlmsg_len};
	memcpy(m->bytes, &header, sizeof(header));
	memcpy(m->bytes + NLMSG_LENGTH(0), &e, sizeof(e));
}

static void an_interface_that_is_not_there_was_deleted_moved_or_never_seen(void **state)
{
	struct mcr_netdev_link l = seen();
	struct message m;

	put_error(&m, -ENODEV, 4);
	assert_int_equal(mcr_netdev_link_input(&l, m.bytes, m.len), 0);
	assert_int_equal(l.state.presence, MCR_NETDEV_HERE); /* an older question's answer */
	put_error(&m, -ENODEV, 5);
	((struct nlmsghdr *)m.bytes)->nlmsg_pid = 78; /* to another socket's question */
	assert_int_equal(mcr_netdev_link_input(&l, m.bytes, m.len), 0);
	assert_int_equal(l.state.presence, MCR_NETDEV_HERE);
	put_error(&m, -ENODEV, 5);
	assert_int_equal(mcr_netdev_link_input(&l, m.bytes, m.len), 1);
	assert_int_equal(l.state.presence, MCR_NETDEV_GONE); /* its end was not heard of */
	l.state.presence = MCR_NETDEV_MOVED;
	mcr_netdev_link_input(&l, m.bytes, m.len);
	assert_int_equal(l.state.presence, MCR_NETDEV_MOVED);
	l = watched();
	mcr_netdev_link_input(&l, m.bytes, m.len);
	assert_int_equal(l.state.presence, MCR_NETDEV_UNSEEN);
}

static void several_messages_of_one_datagram_are_all_read(void **state)
{
	struct mcr_netdev_link l = watched();
	struct message first, second;

	begin(&first, RTM_NEWLINK, AF_UNSPEC, INDEX + 1);
	put(&first, IFLA_IFNAME, "no", 3);
	begin_link(&second);
	((struct nlmsghdr *)second.bytes)->nlmsg_seq = 5;
	memcpy(first.bytes + first.len, second.bytes, second.len);
	assert_int_equal(mcr_netdev_link_input(&l, first.bytes, first.len + second.len), 1);
	assert_string_equal(l.state.name, "eth0");
}

/* Each length in turn: under ASan a read beyond the end ends the test. */
static void no_length_leads_beyond_the_message(void **state)
{
	struct message m;

	begin_link(&m);
	for (size_t len = 0; len <= m.len; len++)
		for (size_t at = 0; at + 1 < m.len; at++) {
			struct mcr_netdev_link l = watched();
			struct message broken = m;

			broken.bytes[at] = 0xff;
			mcr_netdev_link_input(&l, broken.bytes, len);
			broken.bytes[at] = 0;
			broken.bytes[at + 1] = 0xff;
			mcr_netdev_link_input(&l, broken.bytes, len);
			assert_true(strnlen(l.state.name, sizeof(l.state.name)) <
				    sizeof(l.state.name));
		}
}

static void the_loopback_is_found_and_an_index_that_nobody_has_is_not(void **state)
{
	struct mcr_netdev_link l;

	assert_int_equal(mcr_netdev_link_open(&l, 1), 0);
	assert_int_equal(mcr_netdev_link_look(&l), 0);
	assert_int_equal(l.state.presence, MCR_NETDEV_HERE);
	assert_string_equal(l.state.name, "lo");
	assert_false(l.state.has_mac);
	assert_int_equal(mcr_netdev_link_look(&l), 0);
	mcr_netdev_link_close(&l);
	assert_int_equal(mcr_netdev_link_open(&l, INT32_MAX), 0);
	assert_int_equal(mcr_netdev_link_look(&l), 0);
	assert_int_equal(l.state.presence, MCR_NETDEV_UNSEEN);
	mcr_netdev_link_close(&l);
}

/* The kernel under load: asking waits for its lock, and answers are lost with the full socket. */
static unsigned wait_ms, n_lost;

ssize_t __wrap_sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
		      socklen_t to_len);
ssize_t __wrap_recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *from,
			socklen_t *from_len);

ssize_t __wrap_sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
		      socklen_t to_len)
{
	const struct timespec ts = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};

	nanosleep(&ts, NULL);
	return syscall(SYS_sendto, fd, buf, len, flags, to, to_len);
}

ssize_t __wrap_recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *from,
			socklen_t *from_len)
{
	ssize_t n = syscall(SYS_recvfrom, fd, buf, len, flags, from, from_len);

	if (n <= 0 || n_lost == 0)
		return n;
	n_lost--;
	errno = ENOBUFS;
	return -1;
}

static int look_at_the_loopback(void)
{
	struct mcr_netdev_link l;
	int ret;

	assert_int_equal(mcr_netdev_link_open(&l, 1), 0);
	ret = mcr_netdev_link_look(&l);
	mcr_netdev_link_close(&l);
	wait_ms = n_lost = 0;
	return ret;
}

static void a_kernel_that_lets_the_question_wait_for_long_is_heard(void **state)
{
	wait_ms = 1200;
	assert_int_equal(look_at_the_loopback(), 0);
}

static void an_answer_that_was_lost_is_asked_for_again(void **state)
{
	n_lost = 1;
	assert_int_equal(look_at_the_loopback(), 0);
	n_lost = 100;
	assert_int_equal(look_at_the_loopback(), -ENOBUFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_link_has_its_name_mtu_address_carrier_and_flaps),
	    cmocka_unit_test(a_link_without_carrier_is_down_whatever_its_flags_say),
	    cmocka_unit_test(an_older_kernels_changes_of_carrier_are_counted_in_pairs),
	    cmocka_unit_test(what_a_link_is_and_its_xdp_program_are_found),
	    cmocka_unit_test(an_interface_that_was_deleted_is_gone_and_one_that_moved_is_not),
	    cmocka_unit_test(another_interfaces_messages_and_a_bridges_change_nothing),
	    cmocka_unit_test(an_interface_that_is_not_there_was_deleted_moved_or_never_seen),
	    cmocka_unit_test(several_messages_of_one_datagram_are_all_read),
	    cmocka_unit_test(no_length_leads_beyond_the_message),
	    cmocka_unit_test(the_loopback_is_found_and_an_index_that_nobody_has_is_not),
	    cmocka_unit_test(a_kernel_that_lets_the_question_wait_for_long_is_heard),
	    cmocka_unit_test(an_answer_that_was_lost_is_asked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
