/* SPDX-License-Identifier: BSD-3-Clause */
/* test_cat MCRING_CAT FEED_HANDLER: both programs against an engine without packets. */
#include "small_engine.h"

#include <signal.h>
#include <sys/wait.h>

static const char *cat_path, *handler_path;

/* Runs a shell line with $CAT, $HANDLER and $DIR set; standard error comes with the output. Returns
 * the exit status. */
static int run(const struct small_engine *e, const char *line, char *out, size_t cap)
{
	char command[512];
	size_t len;
	FILE *f;
	int status;

	setenv("CAT", cat_path, 1);
	setenv("HANDLER", handler_path, 1);
	setenv("DIR", e->dir, 1);
	snprintf(command, sizeof(command), "( %s ) 2>&1", line);
	f = popen(command, "r");
	assert_non_null(f);
	len = fread(out, 1, cap - 1, f);
	out[len] = '\0';
	status = pclose(f);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* From [2001:db8::1]:6000 to a group, port 5000, as small_engine_publish does for IPv4. */
static void publish_ipv6(struct small_engine *e, const char *group, const void *payload,
			 uint32_t len)
{
	const struct mcr_address source = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	struct mcr_address addresses[2] = {{{0}}, source};

	assert_int_equal(mcr_address_parse(&addresses[0], group, strlen(group)), 0);
	small_engine_put_ipv6(e, 0, small_engine_record(&e->writers[0]), addresses, payload, len);
}

static void json_has_every_field_and_the_summary_closes(void **state)
{
	struct small_engine e;
	char out[4096];

	small_engine_create(&e, 1, 4096);
	small_engine_publish(&e, 0, "hello", 5);
	assert_int_equal(run(&e,
			     "\"$CAT\" --run-dir \"$DIR\" --channel md --from oldest --count 1 "
			     "--timeout 10 --format json --summary",
			     out, sizeof(out)),
			 0);
	assert_string_equal(
	    out, "{\"ring\":0,\"seq\":1,\"rx_ns\":1000,\"hw_ns\":2000,\"hw_synced\":false,"
		 "\"group\":\"239.1.1.1\","
		 "\"port\":5000,\"source\":\"10.0.0.1\",\"source_port\":6000,\"vlan\":12,\"id\":77,"
		 "\"len\":5,\"data\":\"68656c6c6f\"}\n"
		 "{\"received\":1,\"lost\":0,\"first_seq\":1,\"last_seq\":1}\n");
	small_engine_destroy(&e);
}

static void addresses_of_ipv6_are_as_short_as_can_be_and_bracketed_before_a_port(void **state)
{
	struct small_engine e;
	char out[4096];

	small_engine_create(&e, 1, 4096);
	publish_ipv6(&e, "ff15:0:0:1:0:0:0:00AB", "hello", 5); /* RFC 5952 §4 */
	assert_int_equal(run(&e,
			     "\"$CAT\" --run-dir \"$DIR\" --channel md --from oldest --count 1 "
			     "--timeout 10 --format json",
			     out, sizeof(out)),
			 0);
	assert_string_equal(
	    out, "{\"ring\":0,\"seq\":1,\"rx_ns\":1000,\"hw_ns\":2000,\"hw_synced\":false,"
		 "\"group\":\"ff15:0:0:1::ab\","
		 "\"port\":5000,\"source\":\"2001:db8::1\",\"source_port\":6000,\"vlan\":12,"
		 "\"id\":77,\"len\":5,\"data\":\"68656c6c6f\"}\n");
	run(&e, "\"$CAT\" --run-dir \"$DIR\" --channel md --from 1 --count 1", out, sizeof(out));
	assert_string_equal(out, "1970-01-01T00:00:00.000001000Z hw 1970-01-01T00:00:00.000002000Z "
				 "[ff15:0:0:1::ab]:5000 from [2001:db8::1]:6000 "
				 "ring 0 seq 1 len 5: hello\n");
	small_engine_destroy(&e);
}

static void text_hex_and_raw_show_the_payload(void **state)
{
	struct small_engine e;
	char out[4096];

	small_engine_create(&e, 1, 4096);
	small_engine_publish(&e, 0, "a\nb", 3);
	assert_int_equal(run(&e, "\"$CAT\" --run-dir \"$DIR\" --channel md --from 1 --count 1", out,
			     sizeof(out)),
			 0);
	assert_string_equal(out, "1970-01-01T00:00:00.000001000Z hw 1970-01-01T00:00:00.000002000Z "
				 "239.1.1.1:5000 from 10.0.0.1:6000 "
				 "ring 0 seq 1 len 3: a.b\n");
	run(&e, "\"$CAT\" --run-dir \"$DIR\" --channel md --from 1 --count 1 --format hex", out,
	    sizeof(out));
	assert_non_null(strstr(out, "len 3: 610a62\n"));
	run(&e, "\"$CAT\" --run-dir \"$DIR\" --channel md --from 1 --count 1 --format raw", out,
	    sizeof(out));
	assert_string_equal(out, "a\nb");
	small_engine_destroy(&e);
}

static void the_exit_status_says_whether_the_count_was_reached(void **state)
{
	struct small_engine e;
	char out[65536];

	small_engine_create(&e, 2, 4096);
	small_engine_publish_seqs(&e, 1, 3);
	assert_int_equal(run(&e, "\"$CAT\" --run-dir \"$DIR\" --channel md --from oldest --count 3",
			     out, sizeof(out)),
			 0);
	assert_int_equal(run(&e,
			     "\"$CAT\" --run-dir \"$DIR\" --channel md --from oldest --count 4 "
			     "--timeout 0.2",
			     out, sizeof(out)),
			 1);
	assert_int_equal(run(&e,
			     "\"$CAT\" --run-dir \"$DIR\" --channel md --from oldest --timeout 0.2 "
			     "--summary --format hex",
			     out, sizeof(out)),
			 0);
	assert_non_null(strstr(out, "\"received\":3,\"lost\":0,\"first_seq\":1,\"last_seq\":3"));
	assert_int_equal(run(&e,
			     "\"$CAT\" --run-dir \"$DIR\" --channel md --from 2 --ring 1 --count 2 "
			     "--summary",
			     out, sizeof(out)),
			 0);
	assert_non_null(strstr(out, "\"first_seq\":2,\"last_seq\":3"));
	small_engine_destroy(&e);
}

static void a_part_of_the_channel_can_be_asked_for(void **state)
{
	struct mcr_record desc = {.group_be = 0x020101ef, .id = 3};
	struct small_engine e;
	char out[4096];

	small_engine_create(&e, 1, 4096);
	small_engine_publish_seqs(&e, 0, 3); /* 239.1.1.1, id 77 */
	small_engine_put(&e, 0, desc, "x", 1);
	desc.id = 4;
	small_engine_put(&e, 0, desc, "x", 1);
	run(&e,
	    "\"$CAT\" --run-dir \"$DIR\" --channel md --from oldest --count 2 --group 239.1.1.2 "
	    "--summary --format hex",
	    out, sizeof(out));
	assert_non_null(strstr(out, "{\"received\":2,\"lost\":0,\"first_seq\":4,\"last_seq\":5}"));
	run(&e,
	    "\"$CAT\" --run-dir \"$DIR\" --channel md --from oldest --count 4 --id 4 --id 77 "
	    "--summary --format hex",
	    out, sizeof(out));
	assert_non_null(strstr(out, "{\"received\":4,\"lost\":0,\"first_seq\":1,\"last_seq\":5}"));
	small_engine_destroy(&e);
}

static void a_group_may_be_given_with_a_port_or_without(void **state)
{
	static const struct {
		const char *group;
		unsigned seq; /* of the message that is expected */
	} cases[] = {
	    {"239.1.1.1", 1},      {"239.1.1.1:5000", 1}, {"[ff15::1]", 2},
	    {"[ff15::1]:5000", 2}, {"[FF15:0::1]", 2},    {"[ff15::1:5000]:5000", 3},
	};
	struct small_engine e;
	char line[256], expected[128], out[4096];

	small_engine_create(&e, 1, 4096);
	small_engine_publish(&e, 0, "x", 1);
	publish_ipv6(&e, "ff15::1", "x", 1);
	publish_ipv6(&e, "ff15::1:5000", "x", 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line),
			 "\"$CAT\" --run-dir \"$DIR\" --channel md --from oldest --count 1 "
			 "--format raw --summary --group %s",
			 cases[i].group);
		snprintf(expected, sizeof(expected), "\"first_seq\":%u,", cases[i].seq);
		assert_int_equal(run(&e, line, out, sizeof(out)), 0);
		if (!strstr(out, expected))
			fail_msg("--group %s: %s lacks %s", cases[i].group, out, expected);
	}
	small_engine_destroy(&e);
}

static void rings_can_be_merged_by_arrival(void **state)
{
	struct mcr_record desc = {.group_be = 0x020101ef};
	struct small_engine e;
	char out[4096];

	small_engine_create(&e, 2, 4096);
	for (desc.rx_ns = 1; desc.rx_ns <= 4; desc.rx_ns++)
		small_engine_put(&e, desc.rx_ns % 2, desc, "x", 1);
	mcr_ring_set_state(e.regions[0].mem, MCR_RING_STOPPED);
	mcr_ring_set_state(e.regions[1].mem, MCR_RING_STOPPED);
	run(&e,
	    "\"$CAT\" --run-dir \"$DIR\" --channel md --from oldest --merge --format hex "
	    "2>/dev/null",
	    out, sizeof(out));
	assert_string_equal(
	    out,
	    "1970-01-01T00:00:00.000000001Z 239.1.1.2:0 from 0.0.0.0:0 ring 1 seq 1 len 1: 78\n"
	    "1970-01-01T00:00:00.000000002Z 239.1.1.2:0 from 0.0.0.0:0 ring 0 seq 1 len 1: 78\n"
	    "1970-01-01T00:00:00.000000003Z 239.1.1.2:0 from 0.0.0.0:0 ring 1 seq 2 len 1: 78\n"
	    "1970-01-01T00:00:00.000000004Z 239.1.1.2:0 from 0.0.0.0:0 ring 0 seq 2 len 1: 78\n");
	small_engine_destroy(&e);
}

static void an_error_is_one_line_and_status_2(void **state)
{
	static const struct {
		const char *line, *word;
	} cases[] = {
	    {"\"$CAT\" --run-dir \"$DIR\" --channel nothing", "md"},
	    {"\"$CAT\" --run-dir \"$DIR/gone\" --channel md", "/gone/attach"},
	    {"\"$CAT\" --run-dir \"$DIR\" --channel md --from 30 --ring 0", "holds 39 to 100"},
	    {"\"$CAT\" --run-dir \"$DIR\" --channel md --from 1 --ring 7", "ring 7"},
	    {"\"$CAT\" --from yesterday", "oldest"},
	    {"\"$CAT\" --count 0", "--count"},
	    {"\"$CAT\" --count -1", "--count"},
	    {"\"$CAT\" --timeout never", "--timeout"},
	    {"\"$CAT\" --format xml", "json"},
	    {"\"$CAT\" --run-dir \"$DIR\" --channel md --from oldest > /dev/full", "No space"},
	    {"\"$CAT\" stray", "stray"},
	    {"\"$CAT\" --group somewhere", "--group"},
	    {"\"$CAT\" --group 239.1.1.1:port", "239.1.1.1:5000"},
	    {"\"$CAT\" --group 239.1.1.1:65536", "239.1.1.1:5000"},
	    {"\"$CAT\" --group '[239.1.1.1]:5000'", "[ff15::1]:5000"},
	    {"\"$CAT\" --group '[ff15::1]5000'", "[ff15::1]:5000"},
	    {"\"$CAT\" --group '[ff15::1'", "[ff15::1]:5000"},
	    {"\"$CAT\" --group '[ff15::1]:'", "[ff15::1]:5000"},
	    {"\"$CAT\" --group ff15::1", "[ff15::1]:5000"},
	    {"\"$CAT\" --group ff15::1:5000", "[ff15::1]:5000"},
	    {"\"$CAT\" --group '[ff02::1%eth0]'", "[ff15::1]:5000"},
	    {"\"$CAT\" --run-dir \"$DIR\" --channel md --group '[2001:db8::1]'", "multicast"},
	    {"\"$CAT\" --run-dir \"$DIR\" --channel md --group 10.0.0.1", "multicast"},
	    {"\"$CAT\" --id x", "--id"},
	};
	struct small_engine e;
	char out[4096];

	small_engine_create(&e, 1, 4096);
	small_engine_publish_seqs(&e, 0, 100);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(run(&e, cases[i].line, out, sizeof(out)), 2);
		assert_non_null(strstr(out, cases[i].word));
		assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
	}
	small_engine_destroy(&e);
}

static void a_signal_or_a_reader_who_had_enough_ends_it_cleanly(void **state)
{
	struct small_engine e;
	char out[65536];

	small_engine_create(&e, 1, 4096);
	small_engine_publish_seqs(&e, 0, 62);
	/* It flushes although it is a pipe: else the first line would not come before the end. */
	assert_int_equal(run(&e,
			     "\"$CAT\" --run-dir \"$DIR\" --channel md --from oldest --summary "
			     "--format hex & pid=$!; sleep 0.5; kill -TERM $pid; wait $pid",
			     out, sizeof(out)),
			 0);
	assert_non_null(strstr(out, "seq 62 "));
	assert_non_null(
	    strstr(out, "{\"received\":62,\"lost\":0,\"first_seq\":1,\"last_seq\":62}"));
	assert_int_equal(
	    run(&e,
		"\"$CAT\" --run-dir \"$DIR\" --channel md --from oldest --timeout 20 | "
		"head -1",
		out, sizeof(out)),
	    0);
	assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
	small_engine_destroy(&e);
}

static void loss_is_shown_and_counted(void **state)
{
	struct small_engine e;
	char out[65536], line[512];
	FILE *f;

	small_engine_create(&e, 1, 4096);
	small_engine_publish_seqs(&e, 0, 1);
	/* Stopped before it reads on, it is lapped. */
	snprintf(line, sizeof(line),
		 "'%s' --run-dir '%s' --channel md --from oldest --count 62 --timeout 20 "
		 "--format json --summary & pid=$!; sleep 0.3; kill -STOP $pid; echo stopped; "
		 "sleep 0.5; kill -CONT $pid; wait $pid",
		 cat_path, e.dir);
	f = popen(line, "r");
	assert_non_null(f);
	while (fgets(out, sizeof(out), f) && strcmp(out, "stopped\n") != 0)
		;
	small_engine_publish_seqs(&e, 0, 100);
	out[fread(out, 1, sizeof(out) - 1, f)] = '\0';
	assert_int_equal(pclose(f), 0);
	assert_non_null(strstr(out, "{\"event\":\"lost\",\"ring\":0,\"seq\":2,\"lost\":39}\n"));
	assert_non_null(
	    strstr(out, "{\"received\":62,\"lost\":39,\"first_seq\":1,\"last_seq\":101}\n"));
	small_engine_destroy(&e);
}

static void the_feed_handler_reads_until_the_engine_ends(void **state)
{
	struct small_engine e;
	char out[4096];

	small_engine_create(&e, 1, 4096);
	small_engine_publish(&e, 0, "hello", 5);
	publish_ipv6(&e, "ff15::1", "hello", 5);
	mcr_ring_set_state(e.regions[0].mem, MCR_RING_STOPPED);
	assert_int_equal(run(&e, "\"$HANDLER\" \"$DIR\" md", out, sizeof(out)), 0);
	assert_string_equal(out, "239.1.1.1:5000 seq 1: 5 octets, \"hello\"\n"
				 "[ff15::1]:5000 seq 2: 5 octets, \"hello\"\n"
				 "2 messages, 10 octets, 0 lost\n");
	assert_int_equal(run(&e, "\"$HANDLER\" \"$DIR\" md wait", out, sizeof(out)), 0);
	assert_non_null(strstr(out, "2 messages, 10 octets, 0 lost\n"));
	small_engine_destroy(&e);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(json_has_every_field_and_the_summary_closes),
	    cmocka_unit_test(addresses_of_ipv6_are_as_short_as_can_be_and_bracketed_before_a_port),
	    cmocka_unit_test(text_hex_and_raw_show_the_payload),
	    cmocka_unit_test(the_exit_status_says_whether_the_count_was_reached),
	    cmocka_unit_test(a_part_of_the_channel_can_be_asked_for),
	    cmocka_unit_test(a_group_may_be_given_with_a_port_or_without),
	    cmocka_unit_test(rings_can_be_merged_by_arrival),
	    cmocka_unit_test(an_error_is_one_line_and_status_2),
	    cmocka_unit_test(a_signal_or_a_reader_who_had_enough_ends_it_cleanly),
	    cmocka_unit_test(loss_is_shown_and_counted),
	    cmocka_unit_test(the_feed_handler_reads_until_the_engine_ends),
	};

	if (argc != 3)
		return 2;
	cat_path = argv[1];
	handler_path = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
