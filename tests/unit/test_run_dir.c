/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/os/run_dir.h"

struct rig {
	char base[64], path[96], lock[112];
	struct mcr_error err;
};

static int set_up(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	strcpy(r->base, "/tmp/mcring-run-XXXXXX");
	assert_non_null(mkdtemp(r->base));
	snprintf(r->path, sizeof(r->path), "%s/a/b", r->base);
	snprintf(r->lock, sizeof(r->lock), "%s/lock", r->path);
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *r = *state;
	char path[128];

	unlink(r->lock);
	rmdir(r->path);
	snprintf(path, sizeof(path), "%s/a", r->base);
	rmdir(path);
	assert_int_equal(rmdir(r->base), 0);
	free(r);
	return 0;
}

static void touch(const struct rig *r, const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", r->path, name);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static int exists(const struct rig *r, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", r->path, name);
	return access(path, F_OK) == 0;
}

static void it_is_made_with_its_parents_and_removed(void **state)
{
	struct rig *r = *state;
	mode_t mask = umask(022);
	int fd = mcr_run_dir_take(r->path, &r->err);
	struct stat st;

	umask(mask);
	assert_true(fd >= 0);
	assert_int_equal(stat(r->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(stat(r->lock, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	mcr_run_dir_leave(r->path, fd);
	assert_int_equal(access(r->path, F_OK), -1);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void a_second_engine_is_told_and_the_first_keeps_its_sockets(void **state)
{
	struct rig *r = *state;
	int fd = mcr_run_dir_take(r->path, &r->err);

	touch(r, "attach");
	assert_int_equal(mcr_run_dir_take(r->path, &r->err), -EBUSY);
	assert_non_null(strstr(r->err.text, r->path));
	assert_non_null(strstr(r->err.text, "live engine"));
	assert_true(exists(r, "attach"));
	mcr_run_dir_leave(r->path, fd);
	assert_true(exists(r, "attach")); /* not its own to remove: and so the directory stays */
	fd = mcr_run_dir_take(r->path, &r->err);
	assert_true(fd >= 0);
	mcr_run_dir_leave(r->path, fd);
}

static void what_a_dead_engine_left_is_removed_and_nothing_else(void **state)
{
	struct rig *r = *state;
	int fd = mcr_run_dir_take(r->path, &r->err);
	char path[128];

	touch(r, "attach");
	touch(r, "control");
	touch(r, "notes");
	close(fd); /* died: the lock file stays, the lock does not */
	fd = mcr_run_dir_take(r->path, &r->err);
	assert_true(fd >= 0);
	assert_false(exists(r, "attach"));
	assert_false(exists(r, "control"));
	assert_true(exists(r, "notes"));
	mcr_run_dir_leave(r->path, fd);
	assert_true(exists(r, "notes"));
	snprintf(path, sizeof(path), "%s/notes", r->path);
	unlink(path);
}

static void a_lock_that_is_a_link_is_refused(void **state)
{
	struct rig *r = *state;
	char target[128];
	int fd = mcr_run_dir_take(r->path, &r->err);

	close(fd);
	unlink(r->lock);
	snprintf(target, sizeof(target), "%s/victim", r->base);
	assert_int_equal(symlink(target, r->lock), 0);
	assert_int_equal(mcr_run_dir_take(r->path, &r->err), -ELOOP);
	assert_int_equal(access(target, F_OK), -1);
}

static void bad_paths_are_named(void **state)
{
	struct rig *r = *state;
	char file[128], under[160], *longest = malloc(PATH_MAX + 2);
	int fd;

	snprintf(file, sizeof(file), "%s/file", r->base);
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	close(fd);
	snprintf(under, sizeof(under), "%s/run", file);
	assert_int_equal(mcr_run_dir_take(under, &r->err), -ENOTDIR);
	assert_non_null(strstr(r->err.text, under));
	assert_int_equal(mcr_run_dir_take(file, &r->err), -ENOTDIR);
	memset(longest, '/', PATH_MAX);
	longest[PATH_MAX] = '\0';
	assert_int_equal(mcr_run_dir_take(longest, &r->err), -ENAMETOOLONG);
	free(longest);
	unlink(file);
}

static int listen_at(const struct rig *r, const char *name, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", r->path, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void sockets_that_answer_are_not_taken_for_a_dead_engines(void **state)
{
	static const struct {
		const char *name;
		int type;
	} sockets[] = {{"attach", SOCK_SEQPACKET}, {"control", SOCK_STREAM}};
	struct rig *r = *state;

	for (size_t i = 0; i < 2; i++) {
		int fd = mcr_run_dir_take(r->path, &r->err), listener;

		listener = listen_at(r, sockets[i].name, sockets[i].type);
		close(fd); /* without the lock, for some reason */
		assert_int_equal(mcr_run_dir_take(r->path, &r->err), -EBUSY);
		assert_non_null(strstr(r->err.text, "answers at its socket"));
		assert_true(exists(r, sockets[i].name));
		close(listener);
		fd = mcr_run_dir_take(r->path, &r->err);
		assert_true(fd >= 0);
		assert_false(exists(r, sockets[i].name));
		mcr_run_dir_leave(r->path, fd);
	}
}

static void who_leaves_does_not_take_its_successors_lock_away(void **state)
{
	struct rig *r = *state;
	int first = mcr_run_dir_take(r->path, &r->err), second;

	unlink(r->lock);
	second = mcr_run_dir_take(r->path, &r->err);
	assert_true(first >= 0 && second >= 0);
	mcr_run_dir_leave(r->path, first);
	assert_true(exists(r, "lock"));
	assert_int_equal(mcr_run_dir_take(r->path, &r->err), -EBUSY);
	mcr_run_dir_leave(r->path, second);
	assert_int_equal(access(r->path, F_OK), -1);
}

static void a_directory_that_others_can_change_is_refused(void **state)
{
	struct rig *r = *state;
	char link[128];

	mcr_run_dir_leave(r->path, mcr_run_dir_take(r->path, &r->err)); /* with its parents */
	assert_int_equal(mkdir(r->path, 0755), 0);
	assert_int_equal(chmod(r->path, 0775), 0);
	assert_int_equal(mcr_run_dir_take(r->path, &r->err), -EPERM);
	assert_non_null(strstr(r->err.text, "can be written by others (mode 0775)"));
	assert_int_equal(chmod(r->path, 01757), 0);
	assert_int_equal(mcr_run_dir_take(r->path, &r->err), -EPERM);
	assert_int_equal(chmod(r->path, 0755), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(r->path, 12001, 0), 0);
		assert_int_equal(mcr_run_dir_take(r->path, &r->err), -EPERM);
		assert_non_null(strstr(r->err.text, "belongs to user 12001"));
	}
	assert_false(exists(r, "lock"));
	snprintf(link, sizeof(link), "%s/link", r->base);
	assert_int_equal(symlink(r->path, link), 0);
	assert_int_equal(mcr_run_dir_take(link, &r->err), -ELOOP);
	assert_non_null(strstr(r->err.text, "symbolic link"));
	unlink(link);
}

struct contender {
	const char *path;
	int *holders, *bad;
	unsigned taken;
};

static void *take_and_leave(void *arg)
{
	struct contender *c = arg;
	struct mcr_error err;

	for (int i = 0; i < 3000; i++) {
		int fd = mcr_run_dir_take(c->path, &err);

		if (fd == -EBUSY)
			continue;
		if (fd < 0 || __atomic_add_fetch(c->holders, 1, __ATOMIC_SEQ_CST) != 1) {
			__atomic_store_n(c->bad, 1, __ATOMIC_SEQ_CST);
			return NULL;
		}
		c->taken++;
		usleep(20); /* time for a second one */
		__atomic_sub_fetch(c->holders, 1, __ATOMIC_SEQ_CST);
		mcr_run_dir_leave(c->path, fd);
	}
	return NULL;
}

/* The one who leaves removes lock and directory under the others' feet. */
static void of_many_that_come_and_go_at_most_one_holds_it(void **state)
{
	struct rig *r = *state;
	int holders = 0, bad = 0;
	struct contender c[3];
	pthread_t threads[3];

	for (int i = 0; i < 3; i++) {
		c[i] = (struct contender){r->path, &holders, &bad, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_leave, &c[i]), 0);
	}
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(bad, 0);
	assert_true(c[0].taken + c[1].taken + c[2].taken > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- files ---- */

static void assert_file(const struct rig *r, const char *name, const char *text)
{
	char path[128], got[64];
	struct stat st;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", r->path, name);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0644);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, got, sizeof(got) - 1);
	close(fd);
	assert_true(n >= 0);
	got[n] = '\0';
	assert_string_equal(got, text);
}

static void remove_file(const struct rig *r, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", r->path, name);
	assert_int_equal(unlink(path), 0);
}

static void a_file_is_replaced_as_a_whole_and_outlives_the_lock(void **state)
{
	struct rig *r = *state;
	int fd = mcr_run_dir_take(r->path, &r->err);
	mode_t mask = umask(077);

	assert_int_equal(mcr_run_dir_write(r->path, "list", "longer than it\n", 15, &r->err), 0);
	assert_int_equal(mcr_run_dir_write(r->path, "list", "new\n", 4, &r->err), 0);
	umask(mask);
	mcr_run_dir_leave(r->path, fd);
	assert_file(r, "list", "new\n");
	assert_false(exists(r, "list.new"));
	fd = mcr_run_dir_take(r->path, &r->err); /* the next engine */
	assert_true(fd >= 0);
	assert_file(r, "list", "new\n");
	remove_file(r, "list");
	mcr_run_dir_leave(r->path, fd);
}

static void no_link_is_followed_when_a_file_is_written(void **state)
{
	struct rig *r = *state;
	int fd = mcr_run_dir_take(r->path, &r->err);
	char path[128];
	struct stat st;

	touch(r, "precious"); /* empty */
	snprintf(path, sizeof(path), "%s/list", r->path);
	assert_int_equal(symlink("precious", path), 0);
	snprintf(path, sizeof(path), "%s/list.new", r->path);
	assert_int_equal(symlink("precious", path), 0);
	assert_int_equal(mcr_run_dir_write(r->path, "list", "new\n", 4, &r->err), 0);
	assert_file(r, "list", "new\n");
	snprintf(path, sizeof(path), "%s/precious", r->path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	remove_file(r, "list");
	remove_file(r, "precious");
	mcr_run_dir_leave(r->path, fd);
}

static void a_file_that_cannot_be_written_stays_as_it_was(void **state)
{
	struct rig *r = *state;
	int fd = mcr_run_dir_take(r->path, &r->err);
	char path[128];

	assert_int_equal(mcr_run_dir_write(r->path, "list", "old\n", 4, &r->err), 0);
	snprintf(path, sizeof(path), "%s/list.new", r->path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(mcr_run_dir_write(r->path, "list", "new\n", 4, &r->err), -EISDIR);
	assert_non_null(strstr(r->err.text, "/list"));
	assert_file(r, "list", "old\n");
	assert_int_equal(rmdir(path), 0);
	remove_file(r, "list");
	mcr_run_dir_leave(r->path, fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(it_is_made_with_its_parents_and_removed),
	    TEST(a_second_engine_is_told_and_the_first_keeps_its_sockets),
	    TEST(what_a_dead_engine_left_is_removed_and_nothing_else),
	    TEST(a_lock_that_is_a_link_is_refused),
	    TEST(sockets_that_answer_are_not_taken_for_a_dead_engines),
	    TEST(who_leaves_does_not_take_its_successors_lock_away),
	    TEST(a_directory_that_others_can_change_is_refused),
	    TEST(bad_paths_are_named),
	    TEST(of_many_that_come_and_go_at_most_one_holds_it),
	    TEST(a_file_is_replaced_as_a_whole_and_outlives_the_lock),
	    TEST(no_link_is_followed_when_a_file_is_written),
	    TEST(a_file_that_cannot_be_written_stays_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
