/* SPDX-License-Identifier: BSD-3-Clause */
/* The files of a recording in a directory that others use, too: names, limits, what is left behind.
 */
#include "recorder_rig.h"

#include <errno.h>

/* ---- limits ---- */

static void make_file(struct recorder_rig *rig, unsigned packets)
{
	recorder_stats(rig->r, &rig->stats);
	put(rig, 0, packets);
	assert_int_equal(trigger(rig, GAP, "gap", ""), RECORDER_BEGUN);
	pass(rig, AFTER);
	wait_answered(rig, rig->stats.answered + 1);
}

static void make(const struct recorder_rig *rig, const char *name, const char *target)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s", rig->config.dir, name);
	if (target)
		assert_int_equal(symlink(target, path), 0);
	else
		close(open(path, O_WRONLY | O_CREAT | O_EXCL, 0600));
}

static int is_there(const struct recorder_rig *rig, const char *name)
{
	char path[600];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", rig->config.dir, name);
	return lstat(path, &st) == 0;
}

static void the_oldest_files_go_first_and_no_others(void **state)
{
	/* All are older than ours, by their names. */
	static const char *const others[] = {
	    "md2-20200101T000000.000000000Z-gap.pcapng",
	    "md-x-20200101T000000.000000000Z-gap.pcapng",
	    "md-20200101T000000.000000000Z-gap.pcap",
	    "md-20200101T000000.000000000Z-gap.pcapng.gz",
	    "md-20200101T000000.000000000Z.pcapng",
	    "md-20200101.pcapng",
	    "md-20200101-000000.000000000Z-gap.pcapng",
	    "other",
	};
	char names[SHOWN_MAX][256];
	struct recorder_rig rig;

	(void)state;
	rig_init(&rig);
	rig.config.files_max = 3;
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		make(&rig, others[i], NULL);
	make(&rig, "md-20200101T000000.000000001Z-gap.pcapng", "other"); /* a link */
	make(&rig, "md-20200101T000000.000000002Z-gap.pcapng", NULL);    /* as ours */
	rig_begin(&rig);
	for (unsigned i = 0; i < 5; i++)
		make_file(&rig, 10);
	assert_int_equal(rig.stats.dir_files, 3);
	assert_int_equal(list_dir(rig.config.dir, "", names),
			 3 + 8 + 1 + 1); /* the link, the lock */
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_true(is_there(&rig, others[i]));
	assert_true(is_there(&rig, "md-20200101T000000.000000001Z-gap.pcapng"));
	assert_false(is_there(&rig, "md-20200101T000000.000000002Z-gap.pcapng"));
	rig_end(&rig);
}

static void all_files_together_stay_within_their_size(void **state)
{
	char names[SHOWN_MAX][256], path[600];
	struct recorder_rig rig;
	struct stat st;
	uint64_t sum = 0;
	unsigned n;

	(void)state;
	rig_init(&rig);
	rig.config.octets = 8 * MIB;
	rig.config.all_octets_max = 3 * MIB;
	rig_begin(&rig);
	for (unsigned i = 0; i < 12; i++)
		make_file(&rig, 3000);
	n = list_dir(rig.config.dir, ".pcapng", names);
	for (unsigned i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%.255s", rig.config.dir, names[i]);
		assert_int_equal(stat(path, &st), 0);
		sum += (uint64_t)st.st_size;
	}
	assert_in_range(sum, MIB, 3 * MIB);
	assert_int_equal(sum, rig.stats.dir_octets);
	assert_int_equal(n, rig.stats.dir_files);
	assert_int_equal(rig.stats.whole, 12);
	rig_end(&rig);
}

static void a_file_ends_at_the_limit_of_its_size_with_its_trigger_in_it(void **state)
{
	struct recorder_rig rig;
	struct shown s;
	struct stat st;
	unsigned found = 0;

	(void)state;
	rig_init(&rig);
	rig.config.octets = 8 * MIB;
	rig.config.file_octets_max = MIB;
	rig_begin(&rig);
	put(&rig, 0, 100000);
	rig.step_ns = 1000;
	assert_int_equal(trigger(&rig, GAP, "gap", "here"), RECORDER_BEGUN);
	put(&rig, 0, 10000);
	wait_answered(&rig, 1);
	assert_int_equal(stat(rig.stats.file, &st), 0);
	assert_in_range(st.st_size, MIB / 10 * 9, MIB);
	show_last(&rig, &s);
	assert_int_equal(check_order(&s), 0);
	assert_non_null(strstr(s.comments, ", ended at the limit of its size"));
	for (size_t i = 0; i < s.n; i++)
		if (strstr(s.packets[i].comment, "gap: here"))
			found = (unsigned)i;
	assert_in_range(found, s.n / 4, s.n / 10 * 9);
	assert_int_equal(s.packets[found].number, 100001);
	assert_int_equal(s.n_statistics, 2);
	forget(&s);
	rig_end(&rig);
}

/* ---- who else is there ---- */

static void two_recorders_do_not_write_the_same_files(void **state)
{
	struct recorder_rig rig;
	struct recorder *second = NULL;
	struct recorder_config config;
	struct mcr_error err = {""};

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	config = rig.config;
	assert_int_equal(recorder_create(&second, &config, &err), -EBUSY);
	assert_non_null(strstr(err.text, "another mcring-watch"));
	strcpy(config.name, "md2");
	assert_int_equal(recorder_create(&second, &config, &err), 0);
	recorder_destroy(second);
	recorder_destroy(rig.r);
	assert_int_equal(recorder_create(&rig.r, &rig.config, &err), 0);
	rig_end(&rig);
}

static int create_error(const struct recorder_rig *rig, const char *expected)
{
	struct recorder *r = NULL;
	struct mcr_error err = {""};
	const int ret = recorder_create(&r, &rig->config, &err);

	assert_null(r);
	if (!strstr(err.text, expected))
		fail_msg("'%s' is not in '%s'", expected, err.text);
	return ret;
}

static void what_cannot_be_recorded_is_said(void **state)
{
	struct recorder_rig rig, made;

	(void)state;
	rig_init(&made);
	rig = made;
	strcpy(rig.config.name, "../x");
	assert_int_equal(create_error(&rig, "letters, digits"), -EINVAL);
	strcpy(rig.config.name, ".x");
	assert_int_equal(create_error(&rig, "letters, digits"), -EINVAL);
	rig = made;
	rig.config.octets = MIB;
	assert_int_equal(create_error(&rig, "4 MiB"), -EINVAL);
	rig = made;
	rig.config.octets = UINT64_C(1) << 50;
	assert_int_equal(create_error(&rig, "make megabytes smaller"), -ENOMEM);
	rig = made;
	rig.config.file_octets_max = 1000;
	assert_int_equal(create_error(&rig, "at least"), -EINVAL);
	rig = made;
	rig.config.is_continuous = 1;
	assert_int_equal(create_error(&rig, "needs a size"), -EINVAL);
	rig = made;
	strcat(rig.config.dir, "/none");
	assert_int_equal(create_error(&rig, "No such file"), -ENOENT);
	strcpy(rig.config.dir, "/etc/passwd");
	assert_int_equal(create_error(&rig, "Not a directory"), -ENOTDIR);
	rig = made;
	make(&rig, ".md.lock", "elsewhere");
	assert_int_equal(create_error(&rig, rig.config.dir), -ELOOP);
	rig_clear(&made);
}

static void a_stranger_in_the_place_of_a_file_is_left_alone(void **state)
{
	char names[SHOWN_MAX][256], path[600], aside[640];
	struct recorder_rig rig;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 10);
	trigger(&rig, GAP, "gap", "");
	while (list_dir(rig.config.dir, ".part", names) == 0)
		usleep(1000);
	snprintf(path, sizeof(path), "%s/%.255s", rig.config.dir, names[0]);
	snprintf(aside, sizeof(aside), "%s/aside", rig.config.dir);
	assert_int_equal(rename(path, aside), 0);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	pass(&rig, AFTER);
	wait_answered(&rig, 1);
	assert_string_equal(rig.stats.answer, "");
	assert_int_equal(rig.stats.is_stopped, 1);
	assert_int_equal(list_dir(rig.config.dir, ".part", names), 1);
	assert_int_equal(list_dir(rig.config.dir, ".pcapng", names), 0);
	rig_end(&rig);
}

static void files_of_one_moment_have_names_of_their_own(void **state)
{
	char names[SHOWN_MAX][256];
	struct recorder_rig rig;

	(void)state;
	rig_init(&rig);
	rig.config.after_ns = 0;
	rig_begin(&rig);
	put(&rig, 0, 1);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(trigger(&rig, 0, "snap", ""), RECORDER_BEGUN);
		wait_answered(&rig, i);
		assert_true(is_there(&rig, strrchr(rig.stats.answer, '/') + 1));
	}
	assert_int_equal(list_dir(rig.config.dir, ".pcapng", names), 3);
	assert_non_null(strstr(names[0], "Z-snap-2.pcapng"));
	rig_end(&rig);
}

/* ---- what is left behind ---- */

static void read_file(const char *path, uint8_t **data, size_t *len)
{
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	*data = malloc(MIB);
	*len = fread(*data, 1, MIB, in);
	fclose(in);
}

static void leave(const struct recorder_rig *rig, const char *name, const uint8_t *data, size_t len)
{
	char path[600];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", rig->config.dir, name);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, len, out), len);
	fclose(out);
}

/* Begins a recorder where a file of so many octets was left behind, and shows what became of it. */
static size_t finish(struct recorder_rig *rig, const uint8_t *data, size_t len, int is_unfinished)
{
	char names[SHOWN_MAX][256], path[600];
	struct shown s;
	size_t n;

	rig_init(rig);
	leave(rig, ".md-20261130T005320.010000000Z-gap.part", data, len);
	rig_begin(rig);
	recorder_destroy(rig->r);
	n = list_dir(rig->config.dir, "", names);
	assert_true(n <= 1);
	if (n == 1) {
		assert_int_equal(strstr(names[0], "-gap-cut.pcapng") != NULL, is_unfinished);
		snprintf(path, sizeof(path), "%s/%.255s", rig->config.dir, names[0]);
		show(&s, path);
		n = s.n;
		assert_int_equal(
		    strstr(s.comments, ", cut off: its writer ended without warning") != NULL,
		    is_unfinished);
		if (n > 0) {
			assert_int_equal(s.packets[n - 1].number, n);
			assert_non_null(strstr(s.comments, " to 2026-11-30T00:5"));
		}
		forget(&s);
	}
	rig_clear(rig);
	return n;
}

static void what_a_killed_writer_left_is_cut_to_its_last_whole_block(void **state)
{
	struct recorder_rig rig;
	size_t len, last = 0, n, least = SIZE_MAX;
	uint8_t *data, *at;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	make_file(&rig, 10);
	read_file(rig.stats.file, &data, &len);
	rig_end(&rig);
	assert_int_equal(finish(&rig, data, len, 0), 10); /* all but its name was there */
	at = memmem(data, len, ", whole        ", 15);
	assert_non_null(at);
	memcpy(at, ", being written", 15);
	for (size_t cut = 0; cut <= len; cut += 23) {
		n = finish(&rig, data, cut, 1);
		assert_true(n >= last && n <= last + 1);
		least = n == 1 && cut < least ? cut : least;
		last = n;
	}
	assert_int_equal(last, 10);
	assert_in_range(least, 300, 1500);
	free(data);
}

static void what_is_no_file_of_ours_is_not_taken_for_one(void **state)
{
	static const char text[] = "no capture at all, and longer than the head of a block";
	char names[SHOWN_MAX][256], path[600];
	struct recorder_rig rig;

	(void)state;
	rig_init(&rig);
	make(&rig, "precious", NULL);
	make(&rig, ".md-20261130T005320.010000000Z-gap.part", "precious");
	leave(&rig, ".md2-20261130T005320.010000000Z-gap.part", (const uint8_t *)text, 20);
	leave(&rig, ".md-20261130T005320.010000001Z-gap.part", (const uint8_t *)text, sizeof(text));
	snprintf(path, sizeof(path), "%s/.md-20261130T005320.010000002Z-gap.part", rig.config.dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof(path), "%s/.md-20261130T005320.010000003Z-gap.part", rig.config.dir);
	assert_int_equal(mkdir(path, 0700), 0);
	rig_begin(&rig);
	recorder_destroy(rig.r);
	assert_int_equal(list_dir(rig.config.dir, ".part", names), 4); /* the third is gone */
	assert_int_equal(list_dir(rig.config.dir, ".pcapng", names), 0);
	assert_true(is_there(&rig, "precious"));
	rig_clear(&rig);
}

/* ---- all the time ---- */

static void what_is_written_all_the_time_is_in_files_once(void **state)
{
	char names[SHOWN_MAX][256], path[600];
	uint64_t next[2] = {1, 1};
	struct recorder_rig rig;
	struct shown s;
	unsigned n;

	(void)state;
	rig_init(&rig);
	rig.config.is_continuous = 1;
	rig.config.file_octets_max = MIB;
	rig_begin(&rig);
	for (unsigned i = 0; i < 400; i++) {
		put(&rig, i % 2, 50);
		if (i % 20 == 0)
			usleep(5000);
		if (i % 100 == 50)
			assert_int_equal(trigger(&rig, GAP, "gap", "named only"), RECORDER_JOINED);
	}
	trigger(&rig, 0, "snap", "an operator has it end");
	put(&rig, 0, 2000);
	wait_answered(&rig, 1);
	show(&s, rig.stats.answer);
	assert_int_equal(s.packets[s.n - 1].number, 10000 + 1000);
	forget(&s);
	recorder_destroy(rig.r);
	n = list_dir(rig.config.dir, ".pcapng", names);
	assert_true(n >= 5);
	for (unsigned i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%.255s", rig.config.dir, names[i]);
		show(&s, path);
		for (size_t k = 0; k < s.n; k++)
			assert_int_equal(s.packets[k].number, next[s.packets[k].interface]++);
		forget(&s);
	}
	assert_int_equal(next[0], 12001);
	assert_int_equal(next[1], 10001);
	rig_clear(&rig);
}

static void times_are_of_the_nic_where_it_gave_one(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	for (int is_of_hw = 0; is_of_hw < 2; is_of_hw++) {
		rig_init(&rig);
		rig.config.is_of_hw = is_of_hw;
		rig_begin(&rig);
		put(&rig, 0, 1);
		rig.hw_before_ns = 123;
		put(&rig, 0, 1);
		trigger(&rig, 0, "snap", "");
		pass(&rig, AFTER);
		wait_answered(&rig, 1);
		show_last(&rig, &s);
		assert_int_equal(s.n, 2);
		assert_int_equal(s.packets[1].ns - s.packets[0].ns,
				 rig.step_ns - (is_of_hw ? 123 : 0));
		assert_non_null(strstr(s.comments, is_of_hw ? "times are those of the NIC"
							    : "times are those of arrival"));
		forget(&s);
		rig_end(&rig);
	}
}

static void a_file_from_before_any_time_of_arrivals_has_the_hosts(void **state)
{
	const struct recorder_cause cause = {.word = "snap", .text = ""};
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	assert_int_equal(recorder_trigger(rig.r, &cause), RECORDER_BEGUN);
	pass(&rig, 0);
	pass(&rig, AFTER);
	wait_answered(&rig, 1);
	assert_null(strstr(rig.stats.answer, "1970"));
	show_last(&rig, &s);
	assert_null(strstr(s.comments, "1970"));
	forget(&s);
	rig_end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_from_before_any_time_of_arrivals_has_the_hosts),
	    cmocka_unit_test(times_are_of_the_nic_where_it_gave_one),
	    cmocka_unit_test(the_oldest_files_go_first_and_no_others),
	    cmocka_unit_test(all_files_together_stay_within_their_size),
	    cmocka_unit_test(a_file_ends_at_the_limit_of_its_size_with_its_trigger_in_it),
	    cmocka_unit_test(two_recorders_do_not_write_the_same_files),
	    cmocka_unit_test(what_cannot_be_recorded_is_said),
	    cmocka_unit_test(a_stranger_in_the_place_of_a_file_is_left_alone),
	    cmocka_unit_test(files_of_one_moment_have_names_of_their_own),
	    cmocka_unit_test(what_a_killed_writer_left_is_cut_to_its_last_whole_block),
	    cmocka_unit_test(what_is_no_file_of_ours_is_not_taken_for_one),
	    cmocka_unit_test(what_is_written_all_the_time_is_in_files_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
