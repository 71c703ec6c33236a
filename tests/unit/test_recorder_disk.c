/* SPDX-License-Identifier: BSD-3-Clause */
/* A recorder whose disk is slow, full, broken or gone. */
#include "recorder_rig.h"

#include <errno.h>

#include "mcring-watch/record/utc.h"

/* ---- the disk ---- */

static struct {
	uint64_t left; /* octets that it takes */
	int code;      /* errno of a write beyond them */
	int is_once;   /* after one failure it takes all again */
	int is_slow;   /* writes wait as long as it is */
	int sync_code;
} disk;

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	const uint64_t left = __atomic_load_n(&disk.left, __ATOMIC_ACQUIRE);
	ssize_t n;

	while (__atomic_load_n(&disk.is_slow, __ATOMIC_ACQUIRE))
		usleep(1000);
	if (left == 0) {
		if (disk.is_once)
			__atomic_store_n(&disk.left, UINT64_MAX, __ATOMIC_RELEASE);
		errno = disk.code;
		return -1;
	}
	n = __real_write(fd, data, len < left ? len : (size_t)left);
	if (n > 0 && left != UINT64_MAX)
		__atomic_store_n(&disk.left, left - (uint64_t)n, __ATOMIC_RELEASE);
	return n;
}

int __wrap_fdatasync(int fd)
{
	errno = disk.sync_code;
	return disk.sync_code ? -1 : __real_fdatasync(fd);
}

static void set_left(uint64_t left)
{
	__atomic_store_n(&disk.left, left, __ATOMIC_RELEASE);
}

static int set_up(void **state)
{
	(void)state;
	disk.code = ENOSPC;
	disk.sync_code = disk.is_slow = disk.is_once = 0;
	set_left(UINT64_MAX);
	return 0;
}

static void wait_until_it_goes_on(struct recorder_rig *rig)
{
	do {
		usleep(1000);
		recorder_time(rig->r, rig->ns);
		recorder_stats(rig->r, &rig->stats);
	} while (rig->stats.is_stopped);
}

/* The one file that there is. */
static void show_only(const struct recorder_rig *rig, struct shown *s)
{
	char names[SHOWN_MAX][256], path[600];

	assert_int_equal(list_dir(rig->config.dir, ".pcapng", names), 1);
	assert_int_equal(list_dir(rig->config.dir, ".part", names), 0);
	list_dir(rig->config.dir, ".pcapng", names);
	snprintf(path, sizeof(path), "%s/%.255s", rig->config.dir, names[0]);
	show(s, path);
}

/* ---- a full disk ---- */

static void a_full_disk_stops_recording_and_its_file_is_whole_up_to_there(void **state)
{
	char covers[UTC_TEXT + 8], utc[UTC_TEXT];
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 10000);
	set_left(1000001);
	assert_int_equal(trigger(&rig, GAP, "gap", ""), RECORDER_BEGUN);
	wait_answered(&rig, 1);
	assert_int_equal(rig.stats.is_stopped, 1);
	assert_non_null(strstr(rig.stats.error, rig.config.dir));
	assert_non_null(strstr(rig.stats.error, strerror(ENOSPC)));
	assert_string_equal(rig.stats.answer, "");
	assert_int_equal(rig.stats.given_up, 1);
	assert_int_equal(rig.stats.whole, 0);
	show_only(&rig, &s);
	assert_in_range(s.n, 4000, 1000001 / 184);
	assert_int_equal(s.n, rig.stats.written);
	assert_int_equal(check_order(&s), 0);
	assert_non_null(strstr(s.comments, ", cut off: No space left on device"));
	snprintf(covers, sizeof(covers), " to %s,", utc_text(utc, s.packets[s.n - 1].ns));
	assert_non_null(strstr(s.comments, covers));
	assert_int_equal(trigger(&rig, GAP, "gap", ""), RECORDER_FAILED);
	assert_int_equal(trigger(&rig, 0, "snap", ""), RECORDER_FAILED);
	recorder_stats(rig.r, &rig.stats);
	assert_int_equal(rig.stats.failed, 2);
	assert_int_equal(rig.stats.triggers, rig.stats.files + rig.stats.failed);
	forget(&s);
	rig_end(&rig);
}

static void it_goes_on_when_there_is_room_again(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 100);
	set_left(0);
	trigger(&rig, GAP, "gap", "");
	wait_answered(&rig, 1);
	assert_int_equal(rig.stats.dir_files, 0); /* nothing at all was written */
	set_left(UINT64_MAX);
	wait_until_it_goes_on(&rig);
	assert_string_equal(rig.stats.error, "");
	assert_int_equal(trigger(&rig, GAP, "gap", ""), RECORDER_BEGUN);
	pass(&rig, AFTER);
	wait_answered(&rig, 2);
	show_only(&rig, &s);
	assert_int_equal(s.n, 100);
	forget(&s);
	rig_end(&rig);
}

/* Writes a file of 100 packets, as far as the disk takes it. Returns its octets. */
static uint64_t write_100(struct recorder_rig *rig, uint64_t left)
{
	struct shown s;

	rig_init(rig);
	rig_begin(rig);
	put(rig, 0, 100);
	set_left(left);
	trigger(rig, GAP, "gap", "");
	pass(rig, AFTER);
	wait_answered(rig, 1);
	if (rig->stats.dir_files > 0) {
		show_only(rig, &s);
		assert_int_equal(s.n, rig->stats.written);
		if (s.n > 0)
			assert_int_equal(check_order(&s), 0);
		assert_int_equal(strstr(s.comments, ", whole") != NULL, left == UINT64_MAX);
		forget(&s);
	}
	rig_end(rig);
	return rig->stats.dir_octets;
}

static void wherever_it_stops_there_is_a_whole_file(void **state)
{
	static const uint64_t short_of[] = {1, 4, 20, 100, 111, 112, 200, 250, 1000};
	struct recorder_rig rig;
	const uint64_t octets = write_100(&rig, UINT64_MAX);

	(void)state;
	for (unsigned i = 0; i < sizeof(short_of) / sizeof(short_of[0]); i++)
		assert_true(write_100(&rig, octets - short_of[i]) < octets);
	assert_int_equal(write_100(&rig, 100), 0); /* not even its header */
}

static void what_little_room_there_is_takes_the_statistics(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 10000);
	disk.is_once = 1;
	set_left(500000);
	trigger(&rig, GAP, "gap", "");
	wait_answered(&rig, 1);
	show_only(&rig, &s);
	assert_int_equal(s.n_statistics, 2);
	assert_int_equal(s.received[0],
			 0); /* it is not said: of which interface the lost ones were */
	assert_in_range(s.n, 2000, rig.stats.put);
	forget(&s);
	rig_end(&rig);
}

static void a_disk_that_breaks_at_the_end_is_told(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 100);
	disk.sync_code = EIO;
	trigger(&rig, GAP, "gap", "");
	pass(&rig, AFTER);
	wait_answered(&rig, 1);
	assert_int_equal(rig.stats.is_stopped, 1);
	assert_int_equal(rig.stats.given_up, 1);
	show_only(&rig, &s);
	assert_non_null(strstr(s.comments, ", cut off: Input/output error"));
	forget(&s);
	rig_end(&rig);
}

static void a_directory_that_is_gone_stops_it_until_there_is_one(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 100);
	rig_clear(&rig);
	assert_int_equal(trigger(&rig, GAP, "gap", ""), RECORDER_BEGUN);
	wait_answered(&rig, 1);
	assert_int_equal(rig.stats.is_stopped, 1);
	assert_string_equal(rig.stats.answer, "");
	assert_int_equal(mkdir(rig.config.dir, 0700), 0);
	wait_until_it_goes_on(&rig);
	trigger(&rig, GAP, "gap", "");
	pass(&rig, AFTER);
	wait_answered(&rig, 2);
	show_only(&rig, &s);
	assert_int_equal(s.n, 100);
	forget(&s);
	rig_end(&rig);
}

/* ---- a slow disk ---- */

static void a_slow_disk_holds_nobody_up_and_what_finds_no_room_is_blind(void **state)
{
	struct recorder_rig rig;
	struct shown s;

	(void)state;
	rig_init(&rig);
	rig_begin(&rig);
	put(&rig, 0, 100);
	__atomic_store_n(&disk.is_slow, 1, __ATOMIC_RELEASE);
	rig.step_ns = 1000;
	rig.lag_ns = 2000 * 1000; /* so that much is held back to be put in order */
	trigger(&rig, GAP, "gap", "");
	for (unsigned i = 0; i < 50000; i++)
		put(&rig, i % 3 == 0, 1);
	recorder_stats(rig.r, &rig.stats);
	assert_in_range(rig.stats.no_room, 20000, 40000);
	__atomic_store_n(&disk.is_slow, 0, __ATOMIC_RELEASE);
	while (rig.stats.written < 1000) {
		usleep(1000);
		recorder_stats(rig.r, &rig.stats);
	}
	put(&rig, 0, 10);
	put(&rig, 1, 10);
	pass(&rig, AFTER);
	wait_answered(&rig, 1);
	show_last(&rig, &s);
	assert_int_equal(check_order(&s), rig.stats.no_room);
	assert_int_equal(s.not_read[0] + s.not_read[1], rig.stats.no_room);
	assert_int_equal(s.n + rig.stats.no_room, rig.stats.put);
	assert_int_equal(rig.stats.blind_messages, rig.stats.no_room);
	assert_in_range(rig.stats.blind, 2, 4); /* of each interface; the writer may begin late */
	assert_int_equal(s.packets[0].number, 1);
	assert_non_null(strstr(s.packets[s.n - 20].comment, "blind on f/A from "));
	forget(&s);
	rig_end(&rig);
}

/* ---- all the time ---- */

static void what_a_full_disk_did_not_take_is_counted(void **state)
{
	char names[SHOWN_MAX][256], path[600];
	uint64_t in_files = 0, before = 0, no_room;
	struct recorder_rig rig;
	struct shown s;
	unsigned n;

	(void)state;
	rig_init(&rig);
	rig.config.is_continuous = 1;
	rig.config.file_octets_max = MIB;
	rig_begin(&rig);
	rig.lag_ns = 500 * STEP;
	put(&rig, 0, 2000);
	set_left(700000);
	do {
		put(&rig, 0, 1000);
		usleep(1000);
		recorder_stats(rig.r, &rig.stats);
	} while (!rig.stats.is_stopped);
	put(&rig, 0, 50000); /* more than memory has */
	set_left(UINT64_MAX);
	wait_until_it_goes_on(&rig);
	do { /* until the writer has made room again */
		no_room = rig.stats.no_room;
		put(&rig, 0, 1000);
		usleep(1000);
		recorder_stats(rig.r, &rig.stats);
	} while (rig.stats.no_room != no_room);
	pass(&rig, AFTER);
	trigger(&rig, 0, "snap", "");
	pass(&rig, AFTER);
	wait_answered(&rig, 1);
	n = list_dir(rig.config.dir, ".pcapng", names);
	for (unsigned i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%.255s", rig.config.dir, names[i]);
		show(&s, path);
		check_order(&s);
		assert_true(s.packets[0].number > before);
		before = s.packets[s.n - 1].number;
		in_files += s.n;
		forget(&s);
	}
	assert_int_equal(before, rig.stats.put);
	assert_int_equal(rig.stats.written, in_files);
	assert_true(rig.stats.unwritten > 20000);
	assert_int_equal(rig.stats.written + rig.stats.unwritten + rig.stats.no_room,
			 rig.stats.put);
	rig_end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(a_full_disk_stops_recording_and_its_file_is_whole_up_to_there,
				   set_up),
	    cmocka_unit_test_setup(it_goes_on_when_there_is_room_again, set_up),
	    cmocka_unit_test_setup(wherever_it_stops_there_is_a_whole_file, set_up),
	    cmocka_unit_test_setup(what_little_room_there_is_takes_the_statistics, set_up),
	    cmocka_unit_test_setup(a_disk_that_breaks_at_the_end_is_told, set_up),
	    cmocka_unit_test_setup(a_directory_that_is_gone_stops_it_until_there_is_one, set_up),
	    cmocka_unit_test_setup(a_slow_disk_holds_nobody_up_and_what_finds_no_room_is_blind,
				   set_up),
	    cmocka_unit_test_setup(what_a_full_disk_did_not_take_is_counted, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
