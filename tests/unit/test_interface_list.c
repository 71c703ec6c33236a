/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/interface_list.h"

#define HEAD "mcring-interfaces 1\n"

static int parse(struct mcr_listed_interface *out, size_t cap, const char *text)
{
	return mcr_interface_list_parse(out, cap, text, strlen(text));
}

static struct mcr_address address_of(const char *text)
{
	struct mcr_address address;

	assert_int_equal(mcr_address_parse(&address, text, strlen(text)), 0);
	return address;
}

static void the_text_is_as_documented(void **state)
{
	const struct mcr_listed_interface list[] = {
	    {.name = "feed",
	     .port = "net_af_packet0",
	     .netdev = "eth1",
	     .address = address_of("10.0.0.2"),
	     .prefix_len = 24,
	     .is_shared = 1},
	    {.name = "b",
	     .port = "0000:01:00.0",
	     .kernel = "mc0",
	     .vlan = 4094,
	     .address6 = address_of("2001:db8::7"),
	     .prefix6_len = 64},
	};
	char text[1024];
	size_t len = mcr_interface_list_write(text, sizeof(text), list, 2);

	(void)state;
	assert_in_range(len, 1, sizeof(text) - 1);
	text[len] = '\0';
	assert_string_equal(
	    text,
	    HEAD "name=feed port=net_af_packet0 netdev=eth1 kernel= vlan=0 address=10.0.0.2/24 "
		 "address6= shared=yes\n"
		 "name=b port=0000:01:00.0 netdev= kernel=mc0 vlan=4094 address= "
		 "address6=2001:db8::7/64 shared=no\n");
}

static void what_was_written_is_read(void **state)
{
	struct mcr_listed_interface list[MCR_LISTED_INTERFACES_MAX],
	    read[MCR_LISTED_INTERFACES_MAX];
	static char text[MCR_INTERFACE_LIST_BYTES];
	size_t len;

	(void)state;
	memset(list, 0, sizeof(list));
	for (size_t i = 0; i < MCR_LISTED_INTERFACES_MAX; i++) { /* as long as it can be */
		memset(list[i].name, 'n', sizeof(list[i].name) - 1);
		memset(list[i].port, 'p', sizeof(list[i].port) - 1);
		memset(list[i].netdev, 0xe4, sizeof(list[i].netdev) - 1);
		memset(list[i].kernel, '=', sizeof(list[i].kernel) - 1);
		list[i].vlan = (uint16_t)(4031 + i);
		list[i].address = address_of("223.255.255.254");
		list[i].address6 = address_of("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
		list[i].prefix_len = 32;
		list[i].prefix6_len = 128;
		list[i].is_shared = i & 1;
	}
	len = mcr_interface_list_write(text, sizeof(text), list, MCR_LISTED_INTERFACES_MAX);
	assert_in_range(len, 1, sizeof(text));
	assert_int_equal(mcr_interface_list_parse(read, MCR_LISTED_INTERFACES_MAX, text, len),
			 MCR_LISTED_INTERFACES_MAX);
	assert_memory_equal(read, list, sizeof(list));
	assert_int_equal(mcr_interface_list_parse(read, MCR_LISTED_INTERFACES_MAX - 1, text, len),
			 -E2BIG);
	assert_int_equal(mcr_interface_list_write(text, len - 1, list, MCR_LISTED_INTERFACES_MAX),
			 0);
}

static void a_name_cannot_make_another_line_or_key(void **state)
{
	const struct mcr_listed_interface hostile = {
	    .name = "a", .port = "x shared=yes\nname=b", .netdev = "\x7f\t"};
	struct mcr_listed_interface read[2];
	char text[512];
	size_t len = mcr_interface_list_write(text, sizeof(text), &hostile, 1);

	(void)state;
	assert_int_equal(mcr_interface_list_parse(read, 2, text, len), 1);
	assert_string_equal(read[0].port, "x?shared=yes?name=b");
	assert_string_equal(read[0].netdev, "??");
	assert_int_equal(read[0].is_shared, 0);
}

/* Nothing is read of what a writer that died, or a full disk, left. */
static void a_text_that_was_cut_off_is_none(void **state)
{
	const char *text = HEAD "name=a shared=yes address=10.0.0.2/24\nname=b\n";
	struct mcr_listed_interface read[2];

	(void)state;
	for (size_t len = 0; len < strlen(text); len++) {
		char *exact = malloc(len + 1); /* so that ASan sees what is read beyond */
		int ret;

		memcpy(exact, text, len);
		ret = mcr_interface_list_parse(read, 2, exact, len);
		if (len == strlen(HEAD) || text[len ? len - 1 : 0] == '\n')
			assert_true(ret >= 0);
		else
			assert_true(ret < 0);
		free(exact);
	}
	assert_int_equal(parse(read, 2, text), 2);
}

static void later_keys_are_passed_over_and_a_later_version_is_refused(void **state)
{
	struct mcr_listed_interface read[2];

	(void)state;
	assert_int_equal(parse(read, 2, HEAD "later= name=a more=x=y shared=yes \n"), 1);
	assert_string_equal(read[0].name, "a");
	assert_int_equal(read[0].is_shared, 1);
	assert_int_equal(parse(read, 2, HEAD), 0);
	assert_int_equal(parse(read, 2, "mcring-interfaces 2\nanything\n"), -EPROTONOSUPPORT);
}

static void nonsense_is_refused(void **state)
{
	static const char *const lines[] = {
	    "\n",
	    "name=\n",
	    "port=x\n",
	    "name\n",
	    "name=a  port=x\n",
	    "name=a\tport=x\n",
	    "name=a vlan=\n",
	    "name=a vlan=4095\n",
	    "name=a vlan=-1\n",
	    "name=a vlan=07\n",
	    "name=a vlan=4294967297\n",
	    "name=a address=10.0.0.2\n",
	    "name=a address=10.0.0.2/\n",
	    "name=a address=10.0.0.2/33\n",
	    "name=a address=10.0.0/24\n",
	    "name=a address=2001:db8::1/64\n",
	    "name=a address=::/0\n",
	    "name=a address6=10.0.0.2/24\n",
	    "name=a address6=2001:db8::1/129\n",
	    "name=a netdev=0123456789abcdef\n",
	    "name=0123456789012345678901234567890123\n",
	};
	struct mcr_listed_interface read[2];
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), HEAD "name=ok\n%s", lines[i]);
		if (parse(read, 2, text) != -EBADMSG)
			fail_msg("accepted: %s", text);
	}
	assert_int_equal(mcr_interface_list_parse(read, 2, HEAD "name=a\0b\n", 27), -EBADMSG);
	assert_int_equal(parse(read, 2, "name=a\n"), -EBADMSG);
	assert_int_equal(parse(read, 2, "\n"), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_text_is_as_documented),
	    cmocka_unit_test(what_was_written_is_read),
	    cmocka_unit_test(a_name_cannot_make_another_line_or_key),
	    cmocka_unit_test(a_text_that_was_cut_off_is_none),
	    cmocka_unit_test(later_keys_are_passed_over_and_a_later_version_is_refused),
	    cmocka_unit_test(nonsense_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
