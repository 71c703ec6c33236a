/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups in forms that joins do not have, through mcr_join_parse: the error ends with the join to
 * write. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mcring/join.h>

#include "core/join_meant.h"

static const struct {
	const char *text, *says;
} rows[] = {
    {"rtp://239.1.1.1:5000", "is a URL: expected 239.1.1.1:5000"},
    {"udp://@239.1.1.1:5000", "is a URL: expected 239.1.1.1:5000"},
    {"UDP://@239.1.1.1:5000/", "is a URL: expected 239.1.1.1:5000"},
    {"udp:239.1.1.1:5000", "is a URL: expected 239.1.1.1:5000"},
    {"udp://239.1.1.1", "is a URL: expected 239.1.1.1"},
    {"udp://239.1.1.1:5000?localaddr=10.0.0.2",
     "is a URL (interface=NAME stands for its localaddr): expected 239.1.1.1:5000"},
    {"udp://239.1.1.1:5000?pkt_size=1316&sources=10.0.0.7&ttl=3",
     "is a URL: expected 239.1.1.1:5000@10.0.0.7"},
    {"udp://10.0.0.7@239.1.1.1:5000", "is a URL: expected 239.1.1.1:5000@10.0.0.7"},
    {"udp://[2001:db8::7]@[ff3e::8000:1]:5000",
     "is a URL: expected [ff3e::8000:1]:5000@[2001:db8::7]"},
    {"udp://@[ff15::1]:5000", "is a URL: expected [ff15::1]:5000"},
    {"udp://@239.1.1.1:5000,channel=md", "is a URL: expected 239.1.1.1:5000,channel=md"},
    {"srt://239.1.1.1:5000?mode=caller",
     "is a URL of another protocol than UDP: expected 239.1.1.1:5000"},
    {"http://239.1.1.1:8080/udp/a.ts",
     "is a URL of another protocol than UDP: expected 239.1.1.1:8080"},
    {"239.1.1.1 5000", "has a space: expected 239.1.1.1:5000"},
    {"239.1.1.1 port 5000", "has a space: expected 239.1.1.1:5000"},
    {" 239.1.1.1", "has a space: expected 239.1.1.1"},
    {"239.1.1.1:5000, channel=md", "has a space: expected 239.1.1.1:5000,channel=md"},
    {"239.1.1.1:5000 channel=md", "has a space: expected 239.1.1.1:5000,channel=md"},
    {"[ff15::1] 5000", "has a space: expected [ff15::1]:5000"},
    {"239.1.1.1,5000", "has its port behind a ',': expected 239.1.1.1:5000"},
    {"239.1.1.1/5000", "has its port behind a '/': expected 239.1.1.1:5000"},
    {"[ff15::1]/5000", "has its port behind a '/': expected [ff15::1]:5000"},
    {"239.1.1.1:5000/udp", "has a '/' too many: expected 239.1.1.1:5000"},
    {"239.1.1.0/255.255.255.0", "has a netmask: expected 239.1.1.0/24"},
    {"239.1.1.0/255.255.255.0:5000", "has a netmask: expected 239.1.1.0/24:5000"},
    {"239.1.1.1:0", "means every port, for which no port is written: expected 239.1.1.1"},
    {"239.1.1.1:*,id=7", "means every port, for which no port is written: expected 239.1.1.1,id=7"},
    {"239.1.1.*:5000", "has a '*': expected 239.1.1.0/24:5000"},
    {"239.1.*.*", "has a '*': expected 239.1.0.0/16"},
    {"239.001.010.1:05000", "has leading zeros: expected 239.1.10.1:05000"},
    {"10.0.0.7@239.1.1.1:5000", "has its source first: expected 239.1.1.1:5000@10.0.0.7"},
    {"10.0.0.7@239.1.1.1,id=3", "has its source first: expected 239.1.1.1@10.0.0.7,id=3"},
    {"(10.0.0.7,239.1.1.1)", "is a route: expected 239.1.1.1@10.0.0.7"},
    {"(*, 239.1.1.1)", "is a route: expected 239.1.1.1"},
    {"239.1.1.1:5000@eth1", "has its interface in the wrong place: expected "
			    "239.1.1.1:5000,interface=eth1"},
    {"239.1.1.1%eth1:5000", "has its interface in the wrong place: expected "
			    "239.1.1.1:5000,interface=eth1"},
    {"*", "stands for all groups: expected one, or a range such as 239.1.1.0/24"},
    {"*:5000", "stands for all groups: expected one, or a range such as 239.1.1.0/24"},
    {"0.0.0.0:5000", "stands for all groups: expected one, or a range such as 239.1.1.0/24"},
    {"239.1.1.1,239.1.1.2", "has several groups: expected a join for each"},
    {"239.1.1.1:5000,5001", "has several ports: expected a range, as in 239.1.1.1:5000-5001, or a "
			    "join for each"},
    {"239.1.1.1-239.1.1.9", "has a range of groups: expected a prefix, such as 239.1.1.0/28"},
};

static void each_form_is_answered_with_the_join(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mcr_join_list list = {0};
		struct mcr_error err;
		char *copy = strdup(rows[i].text); /* for the sanitizers */
		const char *says;

		assert_int_equal(mcr_join_parse(&list, copy, &err), -EINVAL);
		free(copy);
		says = strstr(err.text + strlen("join \"") + strlen(rows[i].text), "\" ");
		if (!says || strcmp(says + 2, rows[i].says) != 0)
			fail_msg("%s: %s", rows[i].text, err.text);
		says = strstr(err.text, ": expected ") + strlen(": expected ");
		if (strchr("2[", *says))
			assert_int_equal(mcr_join_parse(&list, says, &err), 0);
		mcr_join_list_clear(&list);
	}
}

/* What is said of a piece is worth more than a guess that is no join either. */
static void a_guess_that_is_no_join_is_not_offered(void **state)
{
	static const char *const texts[] = {"udp://10.0.0.7:5000",
					    "rtp://example.org",
					    "239.1.1.1 70000",
					    "232.1.1.1 5000",
					    "239.1.1.1/255.0.0.0",
					    "ftp:239.1.1.1",
					    "/ ",
					    " "};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mcr_join_list list = {0};
		struct mcr_error err;

		assert_int_equal(mcr_join_parse(&list, texts[i], &err), -EINVAL);
		assert_non_null(strstr(err.text, "column "));
		assert_null(strstr(err.text, "\" has"));
	}
}

static void an_ipv6_group_without_brackets_may_end_with_its_port(void **state)
{
	struct mcr_join_list list = {0};
	struct mcr_error err;

	assert_int_equal(mcr_join_parse(&list, "ff15::1:5000", &err), -EINVAL);
	assert_non_null(strstr(err.text, "expected [ff15::1:5000], or [ff15::1]:5000"));
	assert_int_equal(mcr_join_parse(&list, "ff15::1", &err), -EINVAL);
	assert_non_null(strstr(err.text, "expected [ff15::1], and a port behind them"));
}

static void a_key_that_is_misspelled_is_named(void **state)
{
	struct mcr_join_list list = {0};
	struct mcr_error err;

	assert_int_equal(mcr_join_parse(&list, "239.1.1.1,chanel=md", &err), -EINVAL);
	assert_non_null(strstr(err.text, "is not an option (did you mean channel?)"));
}

static void what_is_too_long_has_no_meaning(void **state)
{
	char join[MCR_JOIN_MEANT_MAX], text[2 * MCR_JOIN_MEANT_MAX];

	memset(text, '*', sizeof(text));
	text[MCR_JOIN_MEANT_MAX] = '\0';
	assert_null(mcr_join_meant(join, text));
	memset(text, 'x', MCR_JOIN_MEANT_MAX);
	memcpy(text, "239.1.1.1@eth,", 14);
	text[MCR_JOIN_MEANT_MAX - 1] = '\0';
	assert_null(mcr_join_meant(join, text)); /* and then there is no room */
	memset(text, 'x', MCR_JOIN_MEANT_MAX);
	memcpy(text + MCR_JOIN_MEANT_MAX - 6, "%eth0", 6);
	assert_null(mcr_join_meant(join, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_form_is_answered_with_the_join),
	    cmocka_unit_test(a_guess_that_is_no_join_is_not_offered),
	    cmocka_unit_test(an_ipv6_group_without_brackets_may_end_with_its_port),
	    cmocka_unit_test(a_key_that_is_misspelled_is_named),
	    cmocka_unit_test(what_is_too_long_has_no_meaning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
