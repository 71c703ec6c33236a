/* SPDX-License-Identifier: BSD-3-Clause */
/* A recorder that is killed at some moment: what it leaves is whole at the next start. */
#include "recorder_rig.h"

#include <signal.h>
#include <sys/wait.h>

/* It records */
static void record_until_killed(struct recorder_rig *rig)
{
	rig->config.after_ns = 20 * STEP;
	rig->config.octets = 4 * MIB;
	rig_begin(rig);
	rig->len = 700;
	for (;;) {
		put(rig, 0, 10);
		put(rig, 1, 10);
		trigger(rig, 0, "snap", "");
	}
}

/* It is in the middle of a file: stopped there, so that it is still when it is killed. */
static void stop_in_a_file(const struct recorder_rig *rig, pid_t pid)
{
	char names[SHOWN_MAX][256], path[600];
	struct stat st = {0};

	do {
		kill(pid, SIGCONT);
		usleep(500);
		kill(pid, SIGSTOP);
		assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
		if (list_dir(rig->config.dir, ".part", names) != 1)
			continue;
		snprintf(path, sizeof(path), "%s/%.255s", rig->config.dir, names[0]);
		stat(path, &st);
	} while (st.st_size < 4096); /* more than its begin */
}

static void a_recorder_that_is_killed_leaves_whole_files(void **state)
{
	char names[SHOWN_MAX][256], path[600];
	struct recorder_rig rig;
	unsigned files = 0, cut = 0, n;
	struct shown s;

	(void)state;
	for (unsigned round = 0; round < 15; round++) {
		pid_t pid;

		rig_init(&rig);
		rig.config.files_max = 20;
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			record_until_killed(&rig);
		if (round % 3 == 0)
			stop_in_a_file(&rig, pid);
		else
			usleep(2000 + round * 2300); /* wherever it is then */
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		rig_begin(&rig);
		recorder_destroy(rig.r);
		assert_int_equal(list_dir(rig.config.dir, ".part", names), 0);
		n = list_dir(rig.config.dir, ".pcapng", names);
		for (unsigned i = 0; i < n; i++) {
			snprintf(path, sizeof(path), "%s/%.255s", rig.config.dir, names[i]);
			show(&s, path);
			check_order(&s);
			cut += strstr(names[i], "-cut") != NULL;
			files++;
			forget(&s);
		}
		rig_clear(&rig);
	}
	assert_true(files > 0 && cut > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_recorder_that_is_killed_leaves_whole_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
