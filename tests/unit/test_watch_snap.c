/* SPDX-License-Identifier: BSD-3-Clause */
/* Operators who ask for files of real recordings. */
#include <dirent.h>
#include <poll.h>
#include <time.h>

#include "watch_rig.h"

#include "mcring-watch/snap.h"

#define MIB (1u << 20)

struct snap_rig {
	struct rig *r;
	char dirs[2][64];
};

static void begin_recording(struct snap_rig *s, unsigned i, const char *name)
{
	struct recorder_config config = {
	    .octets = 4 * MIB, .after_ns = 5000000, .gid = UINT32_MAX, .program = "test"};
	const struct recorder_interface line = {"itch/A", "line A"};
	struct mcr_error err = {""};

	strcpy(config.name, name);
	strcpy(config.dir, s->dirs[i]);
	if (recorder_create(&s->r->w.recorders[i], &config, &err) < 0)
		fail_msg("%s", err.text);
	recorder_interface(s->r->w.recorders[i], &line);
	s->r->w.n_recorders = i + 1;
}

static int setup(void **state)
{
	struct snap_rig *s = *state = calloc(1, sizeof(*s));

	s->r = rig_create();
	rig_listen(s->r, &watch_snap_calls);
	for (unsigned i = 0; i < 2; i++) {
		strcpy(s->dirs[i], "/tmp/mcring-snap-XXXXXX");
		assert_non_null(mkdtemp(s->dirs[i]));
	}
	begin_recording(s, 0, "itch");
	begin_recording(s, 1, "all");
	return 0;
}

static void clear_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(path);
}

static int teardown(void **state)
{
	struct snap_rig *s = *state;

	rig_end(s->r);
	for (unsigned i = 0; i < s->r->w.n_recorders; i++)
		recorder_destroy(s->r->w.recorders[i]);
	for (unsigned i = 0; i < 2; i++)
		clear_dir(s->dirs[i]);
	rig_destroy(s->r);
	free(s);
	return 0;
}

/* The answer comes when the writers have done their part, by a clock of their own. */
static json_t *await(struct rig *r, int fd)
{
	json_t *reply = NULL;
	char octet;

	for (int i = 0; i < 5000 && recv(fd, &octet, 1, MSG_PEEK) < 0; i++) {
		const struct timespec ms = {.tv_nsec = 1000000};

		for (unsigned k = 0; k < r->w.n_recorders; k++)
			recorder_time(r->w.recorders[k], UINT64_C(1796000000000000000) + r->now_ns);
		poll_server(r);
		nanosleep(&ms, NULL);
	}
	reply = answer(r, fd);
	assert_non_null(reply);
	return reply;
}

static json_t *snap(struct rig *r, const char *request)
{
	const int fd = dial(r);
	json_t *reply;

	say(fd, request);
	say(fd, "\n");
	reply = await(r, fd);
	close(fd);
	return reply;
}

/* The text of a file, which may have zeros: its first octets. */
static int has(const char *path, const char *words)
{
	static char text[65536];
	FILE *in = fopen(path, "r");
	size_t n;

	if (!in)
		fail_msg("%s cannot be read", path);
	n = fread(text, 1, sizeof(text), in);
	fclose(in);
	return memmem(text, n, words, strlen(words)) != NULL;
}

static uint64_t triggers(const struct rig *r, unsigned i)
{
	struct recorder_stats stats;

	recorder_stats(r->w.recorders[i], &stats);
	return stats.triggers;
}

static void all_recordings_are_written_and_their_files_are_whole(void **state)
{
	struct snap_rig *s = *state;
	json_t *reply = snap(s->r, "{\"command\":\"snap\",\"comment\":\"odd \\u0007quotes\"}");
	char words[64];

	assert_true(ok(reply));
	assert_int_equal(json_array_size(json_object_get(reply, "files")), 2);
	assert_string_equal(rig_text(rig_at(reply, "files", 0), "recording"), "itch");
	assert_string_equal(rig_text(rig_at(reply, "files", 1), "recording"), "all");
	snprintf(words, sizeof(words), "asked for by uid %u: odd ?quotes", geteuid());
	for (size_t i = 0; i < 2; i++)
		assert_true(has(rig_text(rig_at(reply, "files", i), "file"), words));
	json_decref(reply);
}

static void a_recording_is_named_once_and_others_are_left_alone(void **state)
{
	struct snap_rig *s = *state;
	json_t *reply =
	    snap(s->r, "{\"command\":\"snap\",\"recordings\":[\"all\",\"all\",\"all\"]}");

	assert_true(ok(reply));
	assert_int_equal(json_array_size(json_object_get(reply, "files")), 1);
	assert_int_equal(triggers(s->r, 0), 0);
	assert_int_equal(triggers(s->r, 1), 1);
	json_decref(reply);
}

static void what_cannot_be_asked_for_is_refused_and_triggers_nothing(void **state)
{
	static const struct {
		const char *request, *error;
	} cases[] = {
	    {"{\"command\":\"snap\",\"recordings\":[\"all\",\"nope\"]}",
	     "there is no recording 'nope'"},
	    {"{\"command\":\"snap\",\"recordings\":\"all\"}",
	     "\"recordings\": expected a list of 16 names at most"},
	    {"{\"command\":\"snap\",\"recordings\":[\"\"]}",
	     "\"recordings\": expected names of 1 to 31 octets"},
	    {"{\"command\":\"snap\",\"comment\":7}",
	     "\"comment\": expected a string of 159 octets at most"},
	    {"{\"command\":\"snap\",\"dir\":\"/etc\"}",
	     "unknown member \"dir\": snap takes \"recordings\" and \"comment\""},
	    {"{\"command\":\"stats\"}", "'stats': this is mcring-watch, which takes snap; ask the "
					"socket stats for the rest"},
	};
	struct snap_rig *s = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *reply = snap(s->r, cases[i].request);

		assert_false(ok(reply));
		assert_string_equal(rig_text(reply, "error"), cases[i].error);
		json_decref(reply);
	}
	assert_int_equal(triggers(s->r, 0) + triggers(s->r, 1), 0);
	s->r->w.n_recorders = 0;
	for (int i = 0; i < 1; i++) {
		json_t *reply = snap(s->r, "{\"command\":\"snap\"}");

		assert_string_equal(rig_text(reply, "error"),
				    "nothing is recorded: start mcring-watch with --record");
		json_decref(reply);
	}
	s->r->w.n_recorders = 2;
}

static void several_operators_each_get_a_file_with_their_words(void **state)
{
	struct snap_rig *s = *state;
	int fds[5];
	char request[128];

	for (int i = 0; i < 5; i++) {
		fds[i] = dial(s->r);
		snprintf(
		    request, sizeof(request),
		    "{\"command\":\"snap\",\"recordings\":[\"itch\"],\"comment\":\"one %d\"}\n", i);
		say(fds[i], request);
		poll_server(s->r);
	}
	for (int i = 0; i < 5; i++) {
		json_t *reply = await(s->r, fds[i]);
		char words[32];

		snprintf(words, sizeof(words), "one %d", i);
		assert_true(ok(reply));
		assert_true(has(rig_text(rig_at(reply, "files", 0), "file"), words));
		json_decref(reply);
		close(fds[i]);
	}
}

static void who_leaves_before_his_file_is_whole_disturbs_nobody(void **state)
{
	struct snap_rig *s = *state;
	json_t *reply;

	for (int i = 0; i < 40; i++) {
		const int fd = dial(s->r);

		say(fd, "{\"command\":\"snap\"}\n");
		for (int k = 0; k < 1 + i % 3; k++)
			poll_server(s->r);
		close(fd);
	}
	reply = snap(s->r, "{\"command\":\"snap\"}");
	assert_true(ok(reply));
	json_decref(reply);
}

static void who_waits_for_a_file_does_not_keep_the_watch_awake(void **state)
{
	struct snap_rig *s = *state;
	struct pollfd server = {.fd = line_server_fd(s->r->server), .events = POLLIN};
	const int fd = dial(s->r);
	json_t *reply;

	say(fd, "{\"command\":\"snap\"}\n");
	for (int i = 0; i < 10; i++) /* no time passes for the recordings */
		poll_server(s->r);
	assert_int_equal(poll(&server, 1, 0), 0);
	reply = await(s->r, fd);
	assert_true(ok(reply));
	json_decref(reply);
	close(fd);
}

static void a_file_that_cannot_be_written_is_told_beside_those_that_are(void **state)
{
	struct snap_rig *s = *state;
	json_t *reply;

	clear_dir(s->dirs[0]);
	reply = snap(s->r, "{\"command\":\"snap\"}");
	assert_false(ok(reply));
	assert_non_null(strstr(rig_text(reply, "error"), "itch: "));
	assert_null(strstr(rig_text(reply, "error"), "all"));
	assert_int_equal(json_array_size(json_object_get(reply, "files")), 1);
	assert_string_equal(rig_text(rig_at(reply, "files", 0), "recording"), "all");
	json_decref(reply);
}

static void recordings_are_in_the_state(void **state)
{
	struct snap_rig *s = *state;
	json_t *all, *reply = snap(s->r, "{\"command\":\"snap\"}");

	all = rig_state(s->r, 0);
	assert_int_equal(json_array_size(json_object_get(all, "recordings")), 2);
	assert_string_equal(rig_text(rig_at(all, "recordings", 0), "name"), "itch");
	assert_int_equal(rig_number(rig_at(all, "recordings", 0), "triggers"), 1);
	assert_int_equal(rig_number(rig_at(all, "recordings", 0), "whole"), 1);
	assert_string_equal(rig_text(rig_at(all, "recordings", 0), "file"),
			    rig_text(rig_at(reply, "files", 0), "file"));
	json_decref(all);
	json_decref(reply);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(all_recordings_are_written_and_their_files_are_whole),
	    TEST(a_recording_is_named_once_and_others_are_left_alone),
	    TEST(what_cannot_be_asked_for_is_refused_and_triggers_nothing),
	    TEST(several_operators_each_get_a_file_with_their_words),
	    TEST(who_leaves_before_his_file_is_whole_disturbs_nobody),
	    TEST(who_waits_for_a_file_does_not_keep_the_watch_awake),
	    TEST(a_file_that_cannot_be_written_is_told_beside_those_that_are),
	    TEST(recordings_are_in_the_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
