/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>

#include "engine/netdev/netdev_address.h"

#define INDEX  7
#define SERIAL 5

/* Messages as the kernel would put them together. */
struct datagram {
	_Alignas(struct nlmsghdr) uint8_t bytes[8192];
	size_t len;
};

static void begin(struct datagram *d, uint16_t type, uint32_t serial, uint16_t flags)
{
	struct nlmsghdr header = {.nlmsg_type = type,
				  .nlmsg_seq = serial,
				  .nlmsg_flags = flags,
				  .nlmsg_len = NLMSG_HDRLEN};

	memcpy(d->bytes + d->len, &header, sizeof(header));
}

static void end(struct datagram *d, size_t len)
{
	((struct nlmsghdr *)(d->bytes + d->len))->nlmsg_len = (uint32_t)len;
	d->len += NLMSG_ALIGN(len);
}

static size_t put(uint8_t *to, uint16_t type, const char *address)
{
	struct rtattr a = {.rta_type = type, .rta_len = RTA_LENGTH(16)};

	memcpy(to, &a, sizeof(a));
	assert_int_equal(inet_pton(AF_INET6, address, to + RTA_LENGTH(0)), 1);
	return RTA_SPACE(16);
}

static void add(struct datagram *d, uint32_t serial, unsigned index, uint8_t flags,
		const char *address, const char *local)
{
	struct ifaddrmsg info = {.ifa_family = AF_INET6, .ifa_index = index, .ifa_flags = flags};
	uint8_t *message = d->bytes + d->len;
	size_t len = NLMSG_LENGTH(sizeof(info));

	begin(d, RTM_NEWADDR, serial, NLM_F_MULTI);
	memcpy(message + NLMSG_LENGTH(0), &info, sizeof(info));
	len += put(message + len, IFA_ADDRESS, address);
	if (local)
		len += put(message + len, IFA_LOCAL, local);
	end(d, len);
}

static void add_done(struct datagram *d, uint16_t flags)
{
	begin(d, NLMSG_DONE, SERIAL, flags);
	memset(d->bytes + d->len + NLMSG_HDRLEN, 0, 4);
	end(d, NLMSG_LENGTH(4));
}

static void add_error(struct datagram *d, int error)
{
	struct nlmsgerr e = {.error = error};

	begin(d, NLMSG_ERROR, SERIAL, 0);
	memcpy(d->bytes + d->len + NLMSG_HDRLEN, &e, sizeof(e));
	end(d, NLMSG_LENGTH(sizeof(e)));
}

static struct mcr_netdev_address asked(void)
{
	return (struct mcr_netdev_address){.socket = {.fd = -1, .serial = SERIAL}, .index = INDEX};
}

static void expect(const struct mcr_netdev_address *a, size_t i, const char *address)
{
	struct mcr_address wanted;

	assert_true(i < a->found.n);
	assert_int_equal(inet_pton(AF_INET6, address, wanted.octets), 1);
	assert_memory_equal(a->found.list[i].address.octets, wanted.octets, 16);
}

static void an_answer_in_several_datagrams_counts_when_it_ends(void **state)
{
	struct mcr_netdev_address a = asked();
	struct datagram first = {0}, second = {0};

	add(&first, SERIAL, INDEX, 0, "2001:db8::5", NULL);
	assert_int_equal(mcr_netdev_address_input(&a, first.bytes, first.len), 0);
	assert_int_equal(a.found.n, 0);
	add(&second, SERIAL, INDEX, 0, "fe80::1", NULL);
	add_done(&second, 0);
	assert_int_equal(mcr_netdev_address_input(&a, second.bytes, second.len), 1);
	assert_int_equal(a.found.n, 2);
	expect(&a, 0, "2001:db8::5");
	expect(&a, 1, "fe80::1");
	a.socket.serial++; /* the next answer begins anew */
	((struct nlmsghdr *)second.bytes)->nlmsg_seq++;
	((struct nlmsghdr *)(second.bytes + second.len - NLMSG_LENGTH(4)))->nlmsg_seq++;
	assert_int_equal(mcr_netdev_address_input(&a, second.bytes, second.len), 1);
	assert_int_equal(a.found.n, 1);
}

static void an_address_is_tentative_failed_or_good(void **state)
{
	struct mcr_netdev_address a = asked();
	struct datagram d = {0};

	add(&d, SERIAL, INDEX, IFA_F_TENTATIVE, "fe80::1", NULL);
	add(&d, SERIAL, INDEX, IFA_F_TENTATIVE | IFA_F_DADFAILED, "fe80::2", NULL);
	add(&d, SERIAL, INDEX, IFA_F_PERMANENT, "fe80::3", NULL);
	add_done(&d, 0);
	mcr_netdev_address_input(&a, d.bytes, d.len);
	assert_int_equal(a.found.n, 3);
	assert_true(a.found.list[0].is_tentative && !a.found.list[0].is_duplicate);
	assert_true(a.found.list[1].is_duplicate);
	assert_true(!a.found.list[2].is_tentative && !a.found.list[2].is_duplicate);
}

static void of_an_address_with_a_peer_the_local_one_counts(void **state)
{
	struct mcr_netdev_address a = asked();
	struct datagram d = {0};

	add(&d, SERIAL, INDEX, 0, "2001:db8::99", "2001:db8::1");
	add_done(&d, 0);
	mcr_netdev_address_input(&a, d.bytes, d.len);
	expect(&a, 0, "2001:db8::1");
}

static void what_the_kernel_says_unasked_makes_the_next_look_ask(void **state)
{
	struct mcr_netdev_address a = asked();
	struct datagram d = {0}, other = {0};

	add(&other, 0, INDEX + 1, 0, "fe80::1", NULL);
	assert_int_equal(mcr_netdev_address_input(&a, other.bytes, other.len), 0);
	assert_false(a.is_due);
	add(&d, 0, INDEX, 0, "fe80::1", NULL);
	assert_int_equal(mcr_netdev_address_input(&a, d.bytes, d.len), 0);
	assert_true(a.is_due);
	assert_int_equal(a.found.n, 0);
}

static void news_of_another_program_s_question_is_no_answer_to_ours(void **state)
{
	struct mcr_netdev_address a = asked();
	struct datagram d = {0};

	a.socket.port = 77;
	add(&d, SERIAL, INDEX, 0, "fe80::1", NULL); /* it counts its questions as we do */
	((struct nlmsghdr *)d.bytes)->nlmsg_pid = 78;
	assert_int_equal(mcr_netdev_address_input(&a, d.bytes, d.len), 0);
	assert_int_equal(a.is_due, 1);
	assert_int_equal(a.next.n, 0);
}

static void addresses_of_other_interfaces_are_left_out(void **state)
{
	struct mcr_netdev_address a = asked();
	struct datagram d = {0};

	add(&d, SERIAL, INDEX + 1, 0, "fe80::1", NULL); /* a kernel that cannot choose */
	add_done(&d, 0);
	assert_int_equal(mcr_netdev_address_input(&a, d.bytes, d.len), 1);
	assert_int_equal(a.found.n, 0);
}

static void a_list_that_changed_while_it_was_read_is_asked_for_again(void **state)
{
	struct mcr_netdev_address a = asked();
	struct datagram d = {0};

	add(&d, SERIAL, INDEX, 0, "fe80::1", NULL);
	add_done(&d, NLM_F_DUMP_INTR);
	assert_int_equal(mcr_netdev_address_input(&a, d.bytes, d.len), -EINTR);
	assert_int_equal(a.found.n, 0);
}

static void an_interface_that_is_not_there_has_no_address(void **state)
{
	struct mcr_netdev_address a = asked();
	struct datagram d = {0}, e = {0};

	a.found.n = 1;
	add_error(&d, -EPERM);
	assert_int_equal(mcr_netdev_address_input(&a, d.bytes, d.len), -EPERM);
	assert_int_equal(a.found.n, 1);
	add_error(&e, -ENODEV);
	assert_int_equal(mcr_netdev_address_input(&a, e.bytes, e.len), 1);
	assert_int_equal(a.found.n, 0);
}

static void of_too_many_addresses_the_link_local_one_stays(void **state)
{
	struct mcr_netdev_address a = asked();
	struct datagram d = {0};

	for (unsigned i = 0; i < MCR_NETDEV_ADDRESSES + 3; i++)
		add(&d, SERIAL, INDEX, 0, "2001:db8::5", NULL);
	add(&d, SERIAL, INDEX, 0, "fe80::1", NULL);
	add_done(&d, 0);
	mcr_netdev_address_input(&a, d.bytes, d.len);
	assert_int_equal(a.found.n, MCR_NETDEV_ADDRESSES);
	expect(&a, MCR_NETDEV_ADDRESSES - 1, "fe80::1");
}

/* Each length in turn: under ASan a read beyond the end ends the test. */
static void no_length_leads_beyond_the_message(void **state)
{
	struct datagram d = {0};

	add(&d, SERIAL, INDEX, 0, "fe80::1", "fe80::2");
	add_error(&d, -ENODEV);
	for (size_t len = 0; len <= d.len; len++)
		for (size_t at = 0; at < d.len; at++) {
			struct mcr_netdev_address a = asked();
			struct datagram broken = d;

			broken.bytes[at] ^= 0xff;
			mcr_netdev_address_input(&a, broken.bytes, len);
			assert_true(a.found.n <= 1);
		}
}

static void the_kernel_is_asked_once_while_nothing_changes(void **state)
{
	struct mcr_netdev_address a;

	assert_int_equal(mcr_netdev_address_open(&a, 1), 0);
	assert_int_equal(mcr_netdev_address_look(&a), 0);
	assert_int_equal(a.socket.serial, 1);
	for (size_t i = 0; i < a.found.n; i++) /* none, where there is no IPv6 */
		expect(&a, i, "::1");
	assert_int_equal(mcr_netdev_address_look(&a), 0);
	assert_int_equal(a.socket.serial, 1);
	mcr_netdev_address_close(&a);
	assert_int_equal(mcr_netdev_address_open(&a, INT32_MAX), 0);
	assert_int_equal(mcr_netdev_address_look(&a), 0);
	assert_int_equal(a.found.n, 0);
	mcr_netdev_address_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_answer_in_several_datagrams_counts_when_it_ends),
	    cmocka_unit_test(an_address_is_tentative_failed_or_good),
	    cmocka_unit_test(of_an_address_with_a_peer_the_local_one_counts),
	    cmocka_unit_test(what_the_kernel_says_unasked_makes_the_next_look_ask),
	    cmocka_unit_test(news_of_another_program_s_question_is_no_answer_to_ours),
	    cmocka_unit_test(addresses_of_other_interfaces_are_left_out),
	    cmocka_unit_test(a_list_that_changed_while_it_was_read_is_asked_for_again),
	    cmocka_unit_test(an_interface_that_is_not_there_has_no_address),
	    cmocka_unit_test(of_too_many_addresses_the_link_local_one_stays),
	    cmocka_unit_test(no_length_leads_beyond_the_message),
	    cmocka_unit_test(the_kernel_is_asked_once_while_nothing_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
