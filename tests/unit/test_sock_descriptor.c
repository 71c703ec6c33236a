/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors: other names of a socket, its end, and the library's own. */
#include "socket_rig.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

/* What is open, less what the library has. */
static unsigned count_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	unsigned n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.' && !mcr_table_is_protected(atoi(entry->d_name));
	closedir(dir);
	return n;
}

static int lowest_protected(int from)
{
	int fd = mcr_table_next(from);

	while (fd >= 0 && !mcr_table_is_protected(fd))
		fd = mcr_table_next(fd + 1);
	return fd;
}

static void another_name_is_the_same_socket(void **state)
{
	int fd = joined_socket(), names[5];

	names[0] = mcr_sock_dup(fd);
	names[1] = mcr_sock_dup2(fd, 200);
	names[2] = mcr_sock_dup3(fd, 201, O_CLOEXEC);
	names[3] = mcr_sock_fcntl(fd, F_DUPFD, (void *)202);
	names[4] = mcr_sock_fcntl(fd, F_DUPFD_CLOEXEC, (void *)203);
	assert_int_equal(names[1], 200);
	assert_int_equal(names[2], 201);
	assert_int_equal(fcntl(names[2], F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(names[3], F_GETFD), 0);
	assert_int_equal(fcntl(names[4], F_GETFD), FD_CLOEXEC);
	arrive("one");
	arrive("two");
	arrive("three");
	assert_string_equal(receive_now(names[1]), "one");
	assert_int_equal(mcr_sock_close(fd), 0);
	assert_int_equal(mcr_sock_close(fd), -1);
	assert_int_equal(errno, EBADF);
	assert_string_equal(receive_now(names[4]), "two");
	for (int i = 0; i < 4; i++)
		assert_int_equal(mcr_sock_close(names[i]), 0);
	assert_int_equal(engine_joined.n, 1);
	assert_string_equal(receive_now(names[4]), "three");
	assert_int_equal(mcr_sock_close(names[4]), 0);
	assert_int_equal(engine_joined.n, 0);
}

static void what_takes_its_number_is_not_the_socket(void **state)
{
	int fd = joined_socket(), pipes[2], other;
	char c;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(mcr_sock_dup2(pipes[0], fd), fd);
	assert_int_equal(engine_joined.n, 0);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(mcr_sock_read(fd, &c, 1), 1);
	assert_int_equal(mcr_sock_close(fd), 0);
	fd = joined_socket();
	other = joined_socket();
	assert_int_equal(mcr_sock_dup2(other, fd), fd);
	arrive("one");
	assert_string_equal(receive_now(fd), "one");
	assert_string_equal(receive_now(other), "-");
	assert_int_equal(mcr_sock_dup2(fd, fd), fd);
	assert_int_equal(mcr_sock_dup2(-1, fd), -1); /* the socket stays */
	assert_int_equal(errno, EBADF);
	arrive("two");
	assert_string_equal(receive_now(fd), "two");
	assert_int_equal(mcr_sock_dup3(fd, fd, 0), -1);
	assert_int_equal(errno, EINVAL);
	mcr_sock_close(fd);
	mcr_sock_close(other);
	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(engine_joined.n, 0);
}

static void a_file_of_it_ends_it(void **state)
{
	FILE *file = fdopen(joined_socket(), "r");

	assert_int_equal(engine_joined.n, 1);
	assert_int_equal(mcr_sock_fclose(file), 0);
	assert_int_equal(engine_joined.n, 0);
}

static void the_librarys_descriptors_stay(void **state)
{
	int fd = joined_socket(), own, n = 0;

	for (own = lowest_protected(0); own >= 0; own = lowest_protected(own + 1)) {
		n++;
		assert_int_equal(mcr_sock_close(own), -1);
		assert_int_equal(errno, EBADF);
		assert_int_equal(mcr_sock_dup2(fd, own), -1);
		assert_int_equal(errno, EBUSY);
		assert_int_equal(mcr_sock_dup3(fd, own, 0), -1);
		assert_int_equal(errno, EBUSY);
		assert_int_equal(fcntl(own, F_GETFD), FD_CLOEXEC);
	}
	assert_true(n >= 2); /* the connection, a copy of the socket */
	arrive("one");
	assert_string_equal(receive_now(fd), "one");
	mcr_sock_close(fd);
}

/* In a child, which has nothing that is still needed. */
static void closing_everything_goes_around_them(void **state)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int fd = joined_socket(), own = lowest_protected(0), ok;

		ok = fd >= 0 && own > 3 && mcr_sock_close_range(3, ~0U, 0) == 0 &&
		     count_open() <= 4 /* the folder's */ && fcntl(own, F_GETFD) >= 0 &&
		     !mcr_table_find(fd) && mcr_sock_close_range(9, 3, 0) < 0 && errno == EINVAL;
		_exit(ok ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int close_all(void *arg)
{
	int fd = *(int *)arg, own = lowest_protected(0);

	mcr_sock_close(own);
	mcr_sock_dup2(2, own);
	mcr_sock_dup2(2, fd);
	mcr_sock_close(fd);
	mcr_sock_fcntl(2, F_DUPFD, (void *)(intptr_t)fd);
	mcr_sock_close_range(3, ~0U, 0);
	return 0;
}

/* A name that was closed by a call that nobody sees. */
static void a_name_may_come_back(void **state)
{
	int fd = joined_socket(), copy = mcr_sock_dup(fd);

	close(copy);
	assert_int_equal(mcr_sock_dup(fd), copy);
	arrive("x");
	assert_string_equal(receive_now(copy), "x");
	mcr_sock_close(fd);
	close(copy);
	assert_int_equal(mcr_sock_dup2(STDERR_FILENO, fd), fd);
	assert_int_equal(mcr_sock_fcntl(STDERR_FILENO, F_DUPFD, (void *)(intptr_t)copy), copy);
	assert_int_equal(engine_joined.n, 0);
	close(copy);
	close(fd);
}

/* As a child of vfork: the parent's memory, descriptors of its own. */
static void a_child_in_our_memory_changes_nothing_here(void **state)
{
	static _Alignas(16) char stack[65536];
	int fd = joined_socket(), status;
	pid_t pid = clone(close_all, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &fd);

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	arrive("one");
	assert_string_equal(receive_now(fd), "one");
	mcr_sock_close(fd);
}

static void the_next_datagrams_length_is_told(void **state)
{
	int fd = joined_socket(), n = -1;

	assert_int_equal(mcr_sock_ioctl(fd, FIONREAD, &n), 0);
	assert_int_equal(n, 0);
	arrive("three");
	arrive("x");
	assert_int_equal(mcr_sock_ioctl(fd, FIONREAD, &n), 0);
	assert_int_equal(n, 5);
	receive_now(fd);
	assert_int_equal(mcr_sock_ioctl(fd, FIONREAD, &n), 0);
	assert_int_equal(n, 1);
	mcr_sock_close(fd);
}

static void the_last_datagrams_time_is_told(void **state)
{
	struct timeval tv = {0};
	struct timespec ts = {0};
	int64_t pair[2] = {0};
	int fd = joined_socket();

	assert_int_equal(mcr_sock_ioctl(fd, SIOCGSTAMP_OLD, &tv), -1);
	assert_int_equal(errno, ENOENT);
	arrive("one");
	receive_now(fd);
	assert_int_equal(mcr_sock_ioctl(fd, SIOCGSTAMPNS_OLD, &ts), 0);
	assert_in_range(ts.tv_nsec, 1000, 1999);
	assert_int_equal(mcr_sock_ioctl(fd, SIOCGSTAMP_OLD, &tv), 0);
	assert_int_equal(tv.tv_sec * 1000000 + tv.tv_usec, 1);
	assert_int_equal(mcr_sock_ioctl(fd, SIOCGSTAMPNS_NEW, pair), 0);
	assert_int_equal(pair[1], ts.tv_nsec);
	assert_int_equal(mcr_sock_ioctl(fd, SIOCGSTAMP_NEW, pair), 0);
	assert_int_equal(pair[1], 1);
	mcr_sock_close(fd);
}

static void a_datagram_goes_into_a_pipe(void **state)
{
	int fd = joined_socket(), pipes[2];
	char buf[16];

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(mcr_sock_splice(fd, NULL, pipes[1], NULL, 99, SPLICE_F_NONBLOCK), -1);
	assert_int_equal(errno, EAGAIN);
	arrive("one");
	arrive("three");
	assert_int_equal(mcr_sock_splice(fd, NULL, pipes[1], NULL, 99, 0), 3);
	assert_int_equal(mcr_sock_splice(fd, NULL, pipes[1], NULL, 2, 0), 2);
	assert_int_equal(read(pipes[0], buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "oneth", 5);
	close(pipes[0]);
	close(pipes[1]);
	mcr_sock_close(fd);
}

/* A socket that is bound by its first datagram receives from then on. */
static void a_send_gives_a_socket_its_port(void **state)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in to = address_of("127.0.0.1", 9), own;
	socklen_t len = sizeof(own);

	assert_int_equal(join_group(fd, GROUP), 0);
	arrive("before");
	assert_int_equal(mcr_sock_sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &len), 0);
	arrive_from(GROUP, ntohs(own.sin_port), "10.0.0.7", 6000, "after", 5);
	assert_string_equal(receive_now(fd), "after");
	assert_int_equal(mcr_sock_sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
	mcr_sock_close(fd);
}

static void all_is_closed_in_the_end(void **state)
{
	unsigned before = count_open();
	int fd = joined_socket();

	mcr_sock_close(mcr_sock_dup(fd));
	mcr_sock_close(fd);
	assert_int_equal(count_open(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(another_name_is_the_same_socket),
	    cmocka_unit_test(what_takes_its_number_is_not_the_socket),
	    cmocka_unit_test(a_file_of_it_ends_it),
	    cmocka_unit_test(the_librarys_descriptors_stay),
	    cmocka_unit_test(closing_everything_goes_around_them),
	    cmocka_unit_test(a_name_may_come_back),
	    cmocka_unit_test(a_child_in_our_memory_changes_nothing_here),
	    cmocka_unit_test(the_next_datagrams_length_is_told),
	    cmocka_unit_test(the_last_datagrams_time_is_told),
	    cmocka_unit_test(a_datagram_goes_into_a_pipe),
	    cmocka_unit_test(a_send_gives_a_socket_its_port),
	    cmocka_unit_test(all_is_closed_in_the_end),
	};

	return cmocka_run_group_tests(tests, engine_begin, engine_end);
}
