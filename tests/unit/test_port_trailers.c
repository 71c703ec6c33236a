/* SPDX-License-Identifier: BSD-3-Clause */
/* What is said of a port whose times come from a switch. */
#include "engine/port/port_trailers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/plan/port_wish.h"
#include "engine/port/port.h"

#define SECOND UINT64_C(1000000000)

static struct mcr_port port;
static char line[512];

static int open_port(void **state)
{
	memset(&port, 0, sizeof(port));
	strcpy(port.name, "p");
	port.n_queues = 3;
	port.clock.wanted = MCR_HW_TIME_METAMAKO;
	line[0] = '\0';
	return mcr_port_trailers_open(&port, port.clock.wanted);
}

static int close_port(void **state)
{
	mcr_port_trailers_close(&port);
	return 0;
}

static void come(uint16_t queue, uint64_t ok, uint64_t none, uint64_t bad)
{
	uint64_t *counts = mcr_port_trailers_of(&port, queue)->reader.counts;

	counts[MCR_TRAILER_OK] += ok;
	counts[MCR_TRAILER_NONE] += none;
	counts[MCR_TRAILER_BAD] += bad;
}

static int judge(uint64_t at_s)
{
	return mcr_port_trailers_judge(&port, at_s * SECOND, line, sizeof(line));
}

static void each_queue_has_a_reader_of_the_form_that_is_wanted(void **state)
{
	for (unsigned wanted = 0; mcr_hw_time_name(wanted); wanted++) {
		const int is_switch = wanted >= MCR_HW_TIME_METAMAKO;

		close_port(NULL);
		assert_int_equal(mcr_port_trailers_open(&port, wanted), 0);
		assert_int_equal(mcr_port_trailers_of_switch(wanted), is_switch);
		for (uint16_t q = 0; q < port.n_queues; q++) {
			const struct mcr_queue_trailers *t = mcr_port_trailers_of(&port, q);

			assert_int_equal(t != NULL, is_switch);
			if (t)
				assert_int_equal(t->reader.form, wanted == MCR_HW_TIME_METAMAKO
								     ? MCR_TRAILER_METAMAKO
								     : MCR_TRAILER_EXABLAZE_HPT);
		}
	}
	assert_string_equal(mcr_hw_time_name(MCR_HW_TIME_EXABLAZE_HPT), "exablaze-hpt");
}

static void counts_are_those_of_all_queues(void **state)
{
	uint64_t counts[MCR_TRAILER_VERDICTS];

	come(0, 1, 20, 300);
	come(2, 4000, 50000, 600000);
	mcr_port_trailers_count(&port, counts);
	assert_int_equal(counts[MCR_TRAILER_OK], 4001);
	assert_int_equal(counts[MCR_TRAILER_NONE], 50020);
	assert_int_equal(counts[MCR_TRAILER_BAD], 600300);
}

static void few_packets_say_nothing(void **state)
{
	come(0, 0, MCR_TRAILER_TRIAL - 1, 0);
	assert_int_equal(judge(1), 0);
	come(1, 0, 1, 0);
	assert_int_equal(judge(2), -1); /* at once */
	assert_non_null(strstr(line, "port p: of 64 packets, 64 have no metamako trailer and 0"));
}

static void most_is_more_than_half_and_it_is_said_once(void **state)
{
	come(0, 100, 50, 50);
	assert_int_equal(judge(1), 0);
	come(0, 100, 50, 51);
	assert_int_equal(judge(11), -1);
	assert_non_null(
	    strstr(line, "of 201 packets, 50 have no metamako trailer and 51 a bad one"));
	come(0, 0, 500, 0);
	assert_int_equal(judge(21), 0);
	come(0, 500, 0, 0);
	assert_int_equal(judge(30), 0); /* not yet */
	assert_int_equal(judge(31), 1);
	assert_string_equal(line, "port p: most packets have a good metamako trailer again");
	come(0, 500, 0, 0);
	assert_int_equal(judge(41), 0);
}

static void a_port_without_trailers_is_not_judged(void **state)
{
	uint64_t counts[MCR_TRAILER_VERDICTS] = {1, 1, 1};

	close_port(NULL);
	assert_int_equal(judge(1), 0);
	mcr_port_trailers_count(&port, counts);
	assert_int_equal(counts[0] | counts[1] | counts[2], 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_port, close_port)
	const struct CMUnitTest tests[] = {
	    TEST(each_queue_has_a_reader_of_the_form_that_is_wanted),
	    TEST(counts_are_those_of_all_queues),
	    TEST(few_packets_say_nothing),
	    TEST(most_is_more_than_half_and_it_is_said_once),
	    TEST(a_port_without_trailers_is_not_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
