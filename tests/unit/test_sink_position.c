/* SPDX-License-Identifier: BSD-3-Clause */
/* What the sink makes of a position that the broker gives: its own, a foreign one, a hostile one.
 * And the small texts: subjects, numbers, the file of --set-file. */
#include "sink_rig.h"

#include "../../tools/mcring-sink/put.h"
#include "../../tools/mcring-sink/sets.h"
#include "../../tools/mcring-sink/subject.h"

#define EPOCH 4711
#define HEAD  "{\"version\":1,\"instance\":\"1\",\"time_ns\":5,\"sources\":["
#define RING  "{\"ring\":0,\"epoch\":\"1267\",\"next\":2,\"ns\":1000}"

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct sink_rig));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void it_goes_on_at_a_position(void **state)
{
	struct sink_rig *r = *state;

	rig_begin(r, 1, 65536);
	small_engine_publish_seqs(&r->e, 0, 3);
	r->made.position = strdup(HEAD "{\"channel\":\"md\",\"rings\":[" RING "]}]}");
	rig_start(r);
	assert_int_equal(r->s.position_ns, 5);
	assert_int_equal(r->s.sources[0]->has_position, 1);
	rig_settle(r);
	assert_int_equal(r->made.n, 2);
	assert_string_equal(r->made.all[0].id, "1267.0.2");
	rig_end(r);
}

static void sources_that_are_not_ours_stay_in_it(void **state)
{
	static const char other[] = "{\"channel\":\"other\",\"rings\":[{\"x\":[1,\"y\"]}]}";
	struct sink_rig *r = *state;

	rig_begin(r, 1, 65536);
	small_engine_publish_seqs(&r->e, 0, 3);
	r->made.position = strdup(HEAD "{\"feed\":\"md\",\"streams\":[]}, {\"channel\":\"other\","
				       "\"rings\":[{\"x\":[1,\"y\"]}]}]}");
	rig_start(r);
	assert_int_equal(r->s.sources[0]->has_position, 0);
	rig_settle(r);
	assert_non_null(strstr(r->made.position, other));
	assert_non_null(strstr(r->made.position, "\"feed\":\"md\""));
	assert_non_null(strstr(r->made.position, "\"next\":4"));
	rig_end(r);
}

static void what_makes_no_sense_is_an_error(void **state)
{
	static const char *const texts[] = {
	    "",
	    "x",
	    "[]",
	    "{}",
	    "{\"version\":2,\"time_ns\":5,\"sources\":[]}",
	    "{\"version\":1,\"time_ns\":-5,\"sources\":[]}",
	    "{\"version\":1,\"time_ns\":5,\"sources\":{}}",
	    "{\"version\":1,\"version\":1,\"time_ns\":5,\"sources\":[]}",
	    HEAD "{\"channel\":\"md\"}]}",
	    HEAD "{\"channel\":\"md\",\"rings\":{}}]}",
	    HEAD "{\"channel\":\"md\",\"rings\":[1]}]}",
	    HEAD "{\"channel\":\"md\",\"rings\":[{}]}]}",
	    HEAD "{\"channel\":\"md\",\"rings\":[" RING "]},{\"channel\":\"md\",\"rings\":[]}]}",
	    HEAD "{\"channel\":\"md\",\"rings\":[" RING "," RING "]}]}",
	    HEAD "{\"channel\":\"md\",\"rings\":[{\"ring\":4000000000,\"epoch\":\"1\",\"next\":2,"
		 "\"ns\":1}]}]}",
	    HEAD "{\"channel\":\"md\",\"rings\":[{\"ring\":0,\"epoch\":\"12345678123456781\","
		 "\"next\":2,\"ns\":1}]}]}",
	    HEAD "{\"channel\":\"md\",\"rings\":[{\"ring\":0,\"epoch\":\"1G\",\"next\":2,"
		 "\"ns\":1}]}]}",
	    HEAD "{\"channel\":\"md\",\"rings\":[{\"ring\":0,\"epoch\":\"1267\",\"next\":0,"
		 "\"ns\":1}]}]}",
	    HEAD "{\"channel\":\"md\",\"rings\":[{\"ring\":0,\"epoch\":\"1267\",\"next\":2.5,"
		 "\"ns\":1}]}]}",
	    HEAD "{\"channel\":\"md\",\"rings\":[{\"ring\":0,\"epoch\":\"1267\","
		 "\"next\":99999999999999999999,\"ns\":1}]}]}",
	};
	struct sink_rig *r = *state;

	rig_begin(r, 1, 65536);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct mcr_error err = {""};

		free(r->made.position);
		r->made.position = strdup(texts[i]);
		if (rig_try_start(r, &err) != -EINVAL)
			fail_msg("taken: %s", texts[i]);
		assert_non_null(strstr(err.text, "the position of sink 'test'"));
		assert_non_null(strstr(err.text, "--name"));
		rig_kill(r);
	}
	rig_end(r);
}

/* JSON that is nested deeply, or cut at any place. */
static void a_position_of_any_length_is_survived(void **state)
{
	static const char good[] = HEAD "{\"channel\":\"md\",\"rings\":[" RING "]}]}";
	struct sink_rig *r = *state;
	struct mcr_error err;
	char *deep = malloc(5u << 20);

	rig_begin(r, 1, 65536);
	for (size_t len = 0; len < sizeof(good) - 1; len++) {
		free(r->made.position);
		r->made.position = strndup(good, len);
		assert_int_equal(rig_try_start(r, &err), -EINVAL);
		rig_kill(r);
	}
	free(r->made.position);
	assert_non_null(deep);
	memset(deep, '[', (5u << 20) - 1);
	deep[(5u << 20) - 1] = '\0';
	r->made.position = deep;
	assert_int_equal(rig_try_start(r, &err), -EINVAL);
	assert_non_null(strstr(err.text, "octets"));
	rig_kill(r);
	deep[100000] = '\0';
	assert_int_equal(rig_try_start(r, &err), -EINVAL);
	rig_kill(r);
	rig_end(r);
}

/* At least once: a place that the ring has not reached is no reason to leave messages out. */
static void a_place_ahead_of_the_ring_is_not_believed(void **state)
{
	struct sink_rig *r = *state;

	rig_begin(r, 1, 65536);
	small_engine_publish_seqs(&r->e, 0, 3);
	r->made.position =
	    strdup(HEAD "{\"channel\":\"md\",\"rings\":[{\"ring\":0,\"epoch\":\"1267\",\"next\":"
			"9223372036854775807,\"ns\":1000}]}]}");
	rig_start(r);
	rig_settle(r);
	assert_int_equal(account_is_whole(&r->made, EPOCH, 0, 3), 0);
	rig_end(r);
}

/* A ring that the engine does not have is nobody's. */
static void rings_that_are_not_there_stay(void **state)
{
	struct sink_rig *r = *state;

	rig_begin(r, 1, 65536);
	small_engine_publish_seqs(&r->e, 0, 3);
	r->made.position = strdup(HEAD "{\"channel\":\"md\",\"rings\":[" RING
				       ",{\"ring\":255,\"epoch\":\"7\",\"next\":3,\"ns\":9}]}]}");
	rig_start(r);
	rig_settle(r);
	assert_int_equal(r->made.n, 2);
	rig_end(r);
}

/* The sink was killed between the first ring of a new engine and the second. */
static void a_ring_of_the_engine_before_begins_at_one(void **state)
{
	struct sink_rig *r = *state;

	rig_begin(r, 2, 65536);
	r->options.start = MCR_START_NEWEST;
	small_engine_publish_seqs(&r->e, 0, 3);
	small_engine_publish_seqs(&r->e, 1, 3);
	r->made.position = strdup(HEAD "{\"channel\":\"md\",\"rings\":[" RING
				       ",{\"ring\":1,\"epoch\":\"7\",\"next\":3,\"ns\":9}]}]}");
	rig_start(r);
	rig_settle(r);
	assert_int_equal(account_is_whole(&r->made, EPOCH, 1, 3), 0);
	assert_int_equal(r->made.n, 5);
	assert_int_equal(r->s.sources[0]->counts.restarts, 0);
	rig_end(r);
}

static void one_message_that_the_ring_has_no_more_is_lost(void **state)
{
	struct mcr_consumer_ring info = {.size = sizeof(info)};
	struct sink_rig *r = *state;
	struct mcr_consumer *c;
	char text[256];

	rig_begin(r, 1, 4096);
	small_engine_publish_seqs(&r->e, 0, 100);
	c = small_engine_open(&r->e, MCR_START_OLDEST);
	assert_int_equal(mcr_consumer_ring_info(c, 0, &info, NULL), 0);
	mcr_consumer_close(c);
	assert_true(info.oldest > 1);
	snprintf(text, sizeof(text),
		 HEAD "{\"channel\":\"md\",\"rings\":[{\"ring\":0,\"epoch\":\"1267\",\"next\":%lu,"
		      "\"ns\":1}]}]}",
		 (unsigned long)info.oldest - 1);
	r->made.position = strdup(text);
	rig_start(r);
	rig_settle(r);
	assert_int_equal(r->s.sources[0]->counts.lost, 1);
	assert_int_equal(r->s.sources[0]->counts.read, 101 - info.oldest);
	rig_end(r);
}

static void logs(struct sink_rig *r, const char *line)
{
	char text[512] = "";
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	r->log_fd = fds[1];
	rig_start(r);
	rig_kill(r);
	close(fds[1]);
	r->log_fd = -1;
	assert_true(read(fds[0], text, sizeof(text) - 1) >= 0);
	close(fds[0]);
	if (line ? strstr(text, line) == NULL : text[0] != '\0')
		fail_msg("logged: '%s'", text);
}

static void an_outage_that_was_longer_than_the_window_is_told(void **state)
{
	struct sink_rig *r = *state;
	char text[128];

	rig_begin(r, 1, 65536);
	r->made.once_ns = UINT64_C(120000000000);
	r->made.position = strdup(HEAD "]}");
	logs(r, "the broker finds second copies for 120 s");
	free(r->made.position);
	snprintf(text, sizeof(text), "{\"version\":1,\"time_ns\":%lu,\"sources\":[]}",
		 (unsigned long)realtime_ns());
	r->made.position = strdup(text);
	logs(r, NULL);
	r->made.once_ns = 0; /* always, as Kafka */
	free(r->made.position);
	r->made.position = strdup(HEAD "]}");
	logs(r, NULL);
	rig_end(r);
}

static void a_broker_that_takes_nothing_is_told_once_and_when_it_is_over(void **state)
{
	struct sink_rig *r = *state;
	char text[512] = "";
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	rig_begin(r, 1, 65536);
	r->log_fd = fds[1];
	rig_start(r);
	for (uint64_t at_s = 100; at_s < 110; at_s++) {
		r->made.is_away = at_s == 101 || (at_s >= 103 && at_s < 107);
		sink_tell_trouble(&r->s, at_s * UINT64_C(1000000000));
	}
	rig_end(r);
	close(fds[1]);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	close(fds[0]);
	assert_non_null(strstr(text, "takes no messages: it is not connected\n"));
	assert_null(strstr(strstr(text, "takes no") + 1, "takes no"));
	assert_non_null(strstr(text, "takes messages again, after 4 s\n"));
}

/* ---- small texts ---- */

static void subjects_have_one_token_for_each_part(void **state)
{
	char out[SUBJECT_MAX];
	struct mcr_address group;
	struct mcr_error err;

	(void)state;
	subject_token(out, sizeof(out), "a.b c*>d\xc3\xa4_-9");
	assert_string_equal(out, "a-b-c--d--_-9");
	subject_token(out, sizeof(out), "");
	assert_string_equal(out, "-");
	assert_ptr_equal(subject_token(out, 4, "abcdef"), out + 3);
	assert_string_equal(out, "abc");
	assert_int_equal(mcr_address_parse(&group, "ff02::1", 7), 0);
	subject_flow(out, group, 65535);
	assert_string_equal(out, "ff02--1.65535");
	assert_int_equal(subject_check("mcring.eu-1", &err), 0);
	assert_int_equal(subject_check("", &err), -EINVAL);
	assert_int_equal(subject_check(".a", &err), -EINVAL);
	assert_int_equal(subject_check("a.", &err), -EINVAL);
	assert_int_equal(subject_check("a..b", &err), -EINVAL);
	assert_int_equal(subject_check("a.*", &err), -EINVAL);
	assert_int_equal(subject_check("a b", &err), -EINVAL);
	memset(out, 'a', SUBJECT_PREFIX_MAX);
	out[SUBJECT_PREFIX_MAX] = '\0';
	assert_int_equal(subject_check(out, &err), -EINVAL);
}

static void numbers_are_as_printf_writes_them(void **state)
{
	char is[32], want[32];

	(void)state;
	for (unsigned bit = 0; bit < 64; bit++)
		for (int by = -1; by <= 1; by++) {
			const uint64_t value = (UINT64_C(1) << bit) + (uint64_t)by;

			snprintf(want, sizeof(want), "%lu", (unsigned long)value);
			assert_ptr_equal(put_number(is, value), is + strlen(want));
			assert_string_equal(is, want);
			snprintf(want, sizeof(want), "%lx", (unsigned long)value);
			assert_ptr_equal(put_hex(is, value), is + strlen(want));
			assert_string_equal(is, want);
		}
}

static int sets_of(const char *text, const char **sets, unsigned *n, struct mcr_error *err)
{
	char path[] = "/tmp/mcring-sets-XXXXXX";
	const int fd = mkstemp(path);
	int ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	*n = 0;
	ret = sets_read(path, sets, n, 3, err);
	unlink(path);
	return ret;
}

static void a_file_of_properties_is_read_without_showing_it(void **state)
{
	const char *sets[3];
	struct mcr_error err = {""};
	unsigned n;

	(void)state;
	assert_int_equal(sets_of("# all\n\n  a.b=c=d e \r\nx=\n", sets, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(sets[0], "a.b=c=d e");
	assert_string_equal(sets[1], "x=");
	free((char *)sets[0]);
	free((char *)sets[1]);
	assert_int_equal(sets_of("\nsecret\n", sets, &n, &err), -EINVAL);
	assert_non_null(strstr(err.text, "line 2"));
	assert_null(strstr(err.text, "secret"));
	assert_int_equal(sets_of("=secret", sets, &n, &err), -EINVAL);
	assert_int_equal(sets_of("a=1\nb=2\nc=3\nd=4\n", sets, &n, &err), -E2BIG);
	while (n > 0)
		free((char *)sets[--n]);
	assert_int_equal(sets_read("/nonexistent/x", sets, &n, 3, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(it_goes_on_at_a_position, setup, teardown),
	    cmocka_unit_test_setup_teardown(sources_that_are_not_ours_stay_in_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_makes_no_sense_is_an_error, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_position_of_any_length_is_survived, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_place_ahead_of_the_ring_is_not_believed, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(rings_that_are_not_there_stay, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_ring_of_the_engine_before_begins_at_one, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(one_message_that_the_ring_has_no_more_is_lost, setup,
					    teardown),
	    cmocka_unit_test_setup_teardown(
		a_broker_that_takes_nothing_is_told_once_and_when_it_is_over, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_outage_that_was_longer_than_the_window_is_told,
					    setup, teardown),
	    cmocka_unit_test(subjects_have_one_token_for_each_part),
	    cmocka_unit_test(numbers_are_as_printf_writes_them),
	    cmocka_unit_test(a_file_of_properties_is_read_without_showing_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
