/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket's file, with somebody who puts something else in its place as soon as it is there. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/os/socket_file.h"

struct rig {
	char dir[64], path[80], victim[80];
	int fd;
	struct mcr_error err;
};

static int (*swap)(const char *victim, const char *path); /* NULL = nobody is there */
static const struct rig *swapped;

int __real_bind(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len);

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len)
{
	int ret = __real_bind(fd, address, len);

	if (ret == 0 && swap) {
		assert_int_equal(unlink(swapped->path), 0);
		assert_int_equal(swap(swapped->victim, swapped->path), 0);
	}
	return ret;
}

static int set_up(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	int fd;

	strcpy(r->dir, "/tmp/mcring-socket-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->path, sizeof(r->path), "%s/attach", r->dir);
	snprintf(r->victim, sizeof(r->victim), "%s/victim", r->dir);
	fd = open(r->victim, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	r->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	swapped = r;
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *r = *state;

	swap = NULL;
	close(r->fd);
	unlink(r->path);
	unlink(r->victim);
	assert_int_equal(rmdir(r->dir), 0);
	free(r);
	return 0;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static int bind_file(struct rig *r, struct mcr_socket_file *file)
{
	return mcr_socket_file_bind(file, r->fd, r->path, 0666, getegid(), "socket", &r->err);
}

static void it_has_the_mode_asked_for_and_goes_again(void **state)
{
	struct rig *r = *state;
	struct mcr_socket_file file;
	mode_t mask = umask(077);

	assert_int_equal(bind_file(r, &file), 0);
	umask(mask);
	assert_int_equal(mode_of(r->path), 0666);
	mcr_socket_file_remove(&file);
	assert_int_equal(access(r->path, F_OK), -1);
	mcr_socket_file_remove(&file); /* nothing more */
}

static void another_file_in_its_place_stays(void **state)
{
	struct rig *r = *state;
	struct mcr_socket_file file;

	assert_int_equal(bind_file(r, &file), 0);
	assert_int_equal(rename(r->victim, r->path), 0);
	mcr_socket_file_remove(&file);
	assert_int_equal(access(r->path, F_OK), 0);
}

/* How its maker finds what stands there, and leaves it as it is. */
static void check_swapped(struct rig *r, int (*by)(const char *, const char *))
{
	struct mcr_socket_file file;

	swap = by;
	assert_int_equal(bind_file(r, &file), -ESTALE);
	assert_int_equal(mode_of(r->victim), 0600);
	mcr_socket_file_remove(&file);
	assert_int_equal(access(r->path, F_OK), 0);
}

static void a_symbolic_link_in_its_place_changes_nothing_of_its_target(void **state)
{
	check_swapped(*state, symlink);
}

static void a_hard_link_in_its_place_changes_nothing_of_its_target(void **state)
{
	check_swapped(*state, link);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(it_has_the_mode_asked_for_and_goes_again),
	    TEST(another_file_in_its_place_stays),
	    TEST(a_symbolic_link_in_its_place_changes_nothing_of_its_target),
	    TEST(a_hard_link_in_its_place_changes_nothing_of_its_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
