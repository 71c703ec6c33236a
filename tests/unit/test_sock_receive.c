/* SPDX-License-Identifier: BSD-3-Clause */
/* What recv and its like give out of a ring: the kernel's own answers are compared by the scripts
 * of tests/socket. */
#include "socket_rig.h"

#include <sys/ioctl.h>
#include <sys/time.h>

static void a_datagram_comes_with_its_senders_address(void **state)
{
	int fd = joined_socket();
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char buf[16];

	arrive("hello");
	assert_int_equal(mcr_sock_recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len),
			 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(len, sizeof(from));
	assert_int_equal(from.sin_family, AF_INET);
	assert_int_equal(from.sin_addr.s_addr, inet_addr("10.0.0.7"));
	assert_int_equal(ntohs(from.sin_port), 6000);
	assert_string_equal(receive_now(fd), "-");
	mcr_sock_close(fd);
}

static void a_short_address_is_cut_and_its_true_length_told(void **state)
{
	int fd = joined_socket();
	struct sockaddr_in from;
	socklen_t len = 4;
	char buf[16];

	memset(&from, 0x55, sizeof(from));
	arrive("x");
	assert_int_equal(mcr_sock_recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len),
			 1);
	assert_int_equal(len, sizeof(from));
	assert_int_equal(ntohs(from.sin_port), 6000);
	assert_int_equal(from.sin_addr.s_addr, 0x55555555);
	mcr_sock_close(fd);
}

static void a_short_buffer_takes_the_whole_datagram(void **state)
{
	int fd = joined_socket();
	struct iovec iov;
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	char buf[4];

	iov = (struct iovec){buf, sizeof(buf)};
	arrive("abcdef");
	arrive("ghijkl");
	arrive("m");
	assert_int_equal(mcr_sock_recv(fd, buf, sizeof(buf), 0), 4);
	assert_int_equal(mcr_sock_recvmsg(fd, &msg, MSG_TRUNC), 6);
	assert_memory_equal(buf, "ghij", 4);
	assert_int_equal(msg.msg_flags, MSG_TRUNC);
	assert_int_equal(mcr_sock_recvmsg(fd, &msg, 0), 1);
	assert_int_equal(msg.msg_flags, 0);
	mcr_sock_close(fd);
}

static void peek_leaves_the_datagram(void **state)
{
	int fd = joined_socket(), available = -1;
	char buf[8];

	arrive("one");
	arrive("three");
	assert_int_equal(mcr_sock_recv(fd, buf, 1, MSG_PEEK | MSG_TRUNC), 3);
	assert_int_equal(mcr_sock_ioctl(fd, FIONREAD, &available), 0);
	assert_int_equal(available, 3);
	assert_string_equal(receive_now(fd), "one");
	assert_string_equal(receive_now(fd), "three");
	assert_int_equal(mcr_sock_ioctl(fd, FIONREAD, &available), 0);
	assert_int_equal(available, 0);
	mcr_sock_close(fd);
}

static void an_empty_datagram_is_a_datagram(void **state)
{
	int fd = joined_socket();
	char buf[8];

	arrive("");
	arrive("x");
	assert_int_equal(mcr_sock_read(fd, buf, 0), 0); /* takes nothing */
	assert_int_equal(mcr_sock_recv(fd, buf, sizeof(buf), 0), 0);
	assert_int_equal(mcr_sock_recv(fd, buf, sizeof(buf), 0), 1);
	mcr_sock_close(fd);
}

static void a_datagram_is_scattered(void **state)
{
	int fd = joined_socket();
	char a[2], b[3], c[8];
	struct iovec iov[] = {{a, sizeof(a)}, {b, 0}, {b, sizeof(b)}, {c, sizeof(c)}};

	arrive("abcdefg");
	assert_int_equal(mcr_sock_readv(fd, iov, 4), 7);
	assert_memory_equal(a, "ab", 2);
	assert_memory_equal(b, "cde", 3);
	assert_memory_equal(c, "fg", 2);
	mcr_sock_close(fd);
}

static void recvmmsg_gives_what_is_there(void **state)
{
	int fd = joined_socket();
	char bufs[4][8];
	struct iovec iov[4];
	struct mmsghdr msgs[4] = {0};

	for (int i = 0; i < 4; i++) {
		iov[i] = (struct iovec){bufs[i], sizeof(bufs[i])};
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	arrive("a");
	arrive("bc");
	arrive("def");
	assert_int_equal(mcr_sock_recvmmsg(fd, msgs, 2, 0, NULL), 2);
	assert_int_equal(msgs[1].msg_len, 2);
	assert_int_equal(mcr_sock_recvmmsg(fd, msgs, 4, MSG_WAITFORONE, NULL), 1);
	assert_int_equal(msgs[0].msg_len, 3);
	assert_int_equal(mcr_sock_recvmmsg(fd, msgs, 4, MSG_DONTWAIT, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	mcr_sock_close(fd);
}

static void a_time_out_ends_the_call(void **state)
{
	struct timeval timeout = {0, 5000};
	int fd = joined_socket();
	char buf[8];

	assert_int_equal(
	    mcr_sock_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)), 0);
	assert_int_equal(mcr_sock_recv(fd, buf, sizeof(buf), 0), -1);
	assert_int_equal(errno, EAGAIN);
	arrive("x");
	assert_int_equal(mcr_sock_recv(fd, buf, sizeof(buf), 0), 1);
	mcr_sock_close(fd);
}

/* ---- the filter of its time ---- */

static void what_came_before_bind_or_join_is_not_given(void **state)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), other = joined_socket(), on = 1;

	mcr_sock_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	arrive("before the join");
	assert_int_equal(join_group(fd, GROUP), 0);
	arrive("before the bind");
	assert_int_equal(bind_to(fd, "0.0.0.0", PORT), 0);
	assert_string_equal(receive_now(fd), "-");
	arrive("after");
	assert_string_equal(receive_now(fd), "after");
	mcr_sock_close(fd);
	mcr_sock_close(other);
}

static void what_came_before_a_leave_or_a_connect_is_given(void **state)
{
	struct sockaddr_in peer = address_of("10.0.0.8", 6000);
	int fd = joined_socket(), other = joined_socket(), off = 0;

	mcr_sock_setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off));
	arrive("one");
	assert_int_equal(leave_group(fd, GROUP), 0);
	arrive("two");
	assert_int_equal(join_group(fd, GROUP), 0);
	arrive("three");
	assert_string_equal(receive_now(fd), "one");
	assert_string_equal(receive_now(fd), "three");
	assert_string_equal(receive_now(fd), "-");
	arrive("four");
	/* Bound to any address: connect gives it one, and ends multicast. */
	(void)!mcr_sock_connect(fd, (struct sockaddr *)&peer, sizeof(peer));
	arrive("five");
	assert_string_equal(receive_now(fd), "four");
	mcr_sock_close(fd);
	mcr_sock_close(other);
}

static void another_group_is_given_by_multicast_all_only(void **state)
{
	int fd = joined_socket(), other = socket(AF_INET, SOCK_DGRAM, 0), off = 0;

	assert_int_equal(join_group(other, "239.1.1.2"), 0);
	arrive_from("239.1.1.2", PORT, "10.0.0.7", 6000, "a", 1);
	assert_string_equal(receive_now(fd), "a");
	mcr_sock_setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off));
	arrive_from("239.1.1.2", PORT, "10.0.0.7", 6000, "b", 1);
	arrive_from(GROUP, PORT + 1, "10.0.0.7", 6000, "c", 1);
	arrive("d");
	assert_string_equal(receive_now(fd), "d");
	assert_string_equal(receive_now(fd), "-");
	mcr_sock_close(fd);
	mcr_sock_close(other);
}

static void what_was_duped_before_the_join_receives_too(void **state)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), copy = dup(fd), stranger = dup(0);

	assert_int_equal(join_group(fd, GROUP), 0);
	assert_int_equal(bind_to(copy, "0.0.0.0", PORT), 0);
	arrive("one");
	arrive("two");
	assert_string_equal(receive_now(copy), "one");
	mcr_sock_close(fd);
	assert_string_equal(receive_now(copy), "two");
	mcr_sock_close(copy);
	assert_null(mcr_table_find(stranger));
	close(stranger);
}

static void arrive_on(uint32_t interface, const char *text)
{
	struct mcr_record record = small_engine_record(&engine.writers[0]);

	record.group_be = inet_addr(GROUP);
	record.vlan_kind = 0;
	record.interface_form = (uint8_t)interface;
	small_engine_put(&engine, 0, record, text, (uint32_t)strlen(text));
}

static void what_arrived_on_another_interface_is_not_of_the_membership(void **state)
{
	int fd = joined_socket(), off = 0;

	mcr_sock_setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off));
	arrive_on(1, "a");
	arrive_on(0, "b");
	assert_string_equal(receive_now(fd), "b");
	mcr_sock_close(fd);
}

/* As SO_BINDTODEVICE would have it. */
static void nor_is_it_of_a_socket_that_is_bound_to_one(void **state)
{
	int fd = joined_socket();
	struct mcr_socket *s = mcr_socket_hold(fd);
	struct mcr_filter_rule rule;

	mcr_filter_read(s, &rule);
	rule.interface = 0;
	mcr_filter_change(s, &rule);
	mcr_socket_release(s);
	arrive_on(1, "a");
	arrive_on(0, "b");
	assert_string_equal(receive_now(fd), "b");
	mcr_sock_close(fd);
}

/* ---- loss ---- */

static void what_the_writer_lapped_is_told(void **state)
{
	int fd = joined_socket(), on = 1;
	union {
		struct cmsghdr header;
		char octets[64];
	} control;
	char buf[2048], payload[1000] = {0};
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	unsigned got = 0;
	uint32_t lost = 0;

	assert_int_equal(mcr_sock_setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on)), 0);
	for (int i = 0; i < 3; i++)
		arrive("small");
	assert_string_equal(receive_now(fd), "small"); /* the others were polled with it */
	for (int i = 0; i < 198; i++)
		arrive_from(GROUP, PORT, "10.0.0.7", 6000, payload, sizeof(payload));
	while (mcr_sock_recvmsg(fd, &msg, MSG_DONTWAIT) > 0) {
		got++;
		assert_int_equal(control.header.cmsg_type, SO_RXQ_OVFL);
		memcpy(&lost, CMSG_DATA(&control.header), sizeof(lost));
		msg.msg_controllen = sizeof(control);
	}
	assert_true(got > 10);
	assert_int_equal(got + lost, 200);
	mcr_sock_close(fd);
}

/* ---- two sides ---- */

static void send_to(int fd, const char *text)
{
	struct sockaddr_in to = address_of("127.0.0.1", PORT);

	assert_int_equal(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to, sizeof(to)),
			 (ssize_t)strlen(text));
}

/* The kernel's side is looked at in each call, and first. */
static void what_was_shown_is_given_next(void **state)
{
	int fd = joined_socket(), sender = socket(AF_INET, SOCK_DGRAM, 0), available = -1;
	char buf[16];

	arrive("ring");
	assert_int_equal(mcr_sock_recv(fd, buf, sizeof(buf), MSG_PEEK), 4);
	send_to(sender, "kernel");
	assert_int_equal(mcr_sock_recv(fd, buf, sizeof(buf), MSG_PEEK), 4);
	assert_string_equal(receive_now(fd), "ring");
	assert_int_equal(mcr_sock_ioctl(fd, FIONREAD, &available), 0);
	assert_int_equal(available, 6);
	arrive("a longer one");
	assert_int_equal(mcr_sock_ioctl(fd, FIONREAD, &available), 0);
	assert_int_equal(available, 6);
	assert_string_equal(receive_now(fd), "kernel");
	assert_int_equal(mcr_sock_ioctl(fd, FIONREAD, &available), 0);
	assert_int_equal(available, 12);
	send_to(sender, "kernel");
	assert_string_equal(receive_now(fd), "a longer one");
	assert_string_equal(receive_now(fd), "kernel");
	/* Another reader may be faster. */
	send_to(sender, "kernel");
	assert_int_equal(mcr_sock_recv(fd, buf, sizeof(buf), MSG_PEEK), 6);
	assert_int_equal(recv(fd, buf, sizeof(buf), 0), 6);
	arrive("ring");
	assert_int_equal(mcr_sock_ioctl(fd, FIONREAD, &available), 0);
	assert_int_equal(available, 4);
	assert_string_equal(receive_now(fd), "ring");
	mcr_sock_close(fd);
	close(sender);
}

static void what_works_leaves_errno(void **state)
{
	int fd = joined_socket();
	char buf[16];

	arrive("ring");
	errno = 99;
	assert_int_equal(mcr_sock_recv(fd, buf, sizeof(buf), 0), 4);
	assert_int_equal(errno, 99);
	mcr_sock_close(fd);
}

static void a_time_out_of_ages_does_not_overflow(void **state)
{
	int fd = joined_socket();
	struct timespec timeout = {INT64_MAX, 0};
	struct mmsghdr msgs[2] = {0};

	arrive("a");
	arrive("b");
	assert_int_equal(mcr_sock_recvmmsg(fd, msgs, 2, 0, &timeout), 2);
	mcr_sock_close(fd);
}

/* ---- no growth ---- */

static void check_size(int fd, unsigned memberships, unsigned versions)
{
	struct mcr_socket *s = mcr_socket_hold(fd);

	assert_in_range(s->n_memberships, 1, memberships);
	assert_in_range(s->newest->number - s->oldest->number + 1, 1, versions);
	mcr_socket_release(s);
}

static void joins_and_leaves_without_data_take_no_memory(void **state)
{
	int fd = joined_socket();

	for (int i = 0; i < 300; i++) {
		assert_int_equal(join_group(fd, "239.1.1.2"), 0);
		assert_int_equal(leave_group(fd, "239.1.1.2"), 0);
	}
	check_size(fd, 3, 1);
	arrive("unread");
	for (int i = 0; i < 300; i++) {
		assert_int_equal(join_group(fd, "239.1.1.2"), 0);
		assert_int_equal(leave_group(fd, "239.1.1.2"), 0);
	}
	check_size(fd, 100, 2);
	assert_string_equal(receive_now(fd), "unread");
	assert_string_equal(receive_now(fd), "-");
	check_size(fd, 1, 1);
	mcr_sock_close(fd);
}

static void who_changes_for_ever_and_never_reads_loses(void **state)
{
	int fd = joined_socket();
	struct mcr_socket *s;

	for (int i = 0; i < MCR_FILTER_VERSIONS_MOST / 2; i++) {
		arrive("lost");
		assert_int_equal(join_group(fd, "239.1.1.2"), 0);
		arrive("lost");
		assert_int_equal(leave_group(fd, "239.1.1.2"), 0);
	}
	assert_int_equal(join_group(fd, "239.1.1.2"), 0);
	check_size(fd, 3, 2);
	s = mcr_socket_hold(fd);
	assert_int_equal(s->lost, MCR_FILTER_VERSIONS_MOST);
	mcr_socket_release(s);
	assert_string_equal(receive_now(fd), "-");
	arrive("kept");
	assert_string_equal(receive_now(fd), "kept");
	mcr_sock_close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_datagram_comes_with_its_senders_address),
	    cmocka_unit_test(a_short_address_is_cut_and_its_true_length_told),
	    cmocka_unit_test(a_short_buffer_takes_the_whole_datagram),
	    cmocka_unit_test(peek_leaves_the_datagram),
	    cmocka_unit_test(an_empty_datagram_is_a_datagram),
	    cmocka_unit_test(a_datagram_is_scattered),
	    cmocka_unit_test(recvmmsg_gives_what_is_there),
	    cmocka_unit_test(a_time_out_ends_the_call),
	    cmocka_unit_test(what_came_before_bind_or_join_is_not_given),
	    cmocka_unit_test(what_came_before_a_leave_or_a_connect_is_given),
	    cmocka_unit_test(another_group_is_given_by_multicast_all_only),
	    cmocka_unit_test(what_was_duped_before_the_join_receives_too),
	    cmocka_unit_test(what_arrived_on_another_interface_is_not_of_the_membership),
	    cmocka_unit_test(nor_is_it_of_a_socket_that_is_bound_to_one),
	    cmocka_unit_test(what_the_writer_lapped_is_told),
	    cmocka_unit_test(what_was_shown_is_given_next),
	    cmocka_unit_test(what_works_leaves_errno),
	    cmocka_unit_test(a_time_out_of_ages_does_not_overflow),
	    cmocka_unit_test(joins_and_leaves_without_data_take_no_memory),
	    cmocka_unit_test(who_changes_for_ever_and_never_reads_loses),
	};

	return cmocka_run_group_tests(tests, engine_begin, engine_end);
}
