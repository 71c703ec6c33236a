/* SPDX-License-Identifier: BSD-3-Clause */
/* poll, select and epoll on sockets that the rings feed: what the random scripts of test_sock_same
 * do not try. */
#include "socket_rig.h"

#include <sys/eventfd.h>

#include "socket/real.h"
#include "socket/signals.h"

static int begin(void **state)
{
	int ret = engine_begin(state);

	setenv("MCRING_KERNEL_EVERY", "16", 1);
	return ret;
}

static uint64_t now_ms(void)
{
	return monotonic_ns() / 1000000;
}

/* ---- system calls ---- */

static struct mcr_real libc;
static unsigned asked;

static int count_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		       const sigset_t *mask)
{
	asked++;
	return libc.ppoll(fds, n, timeout, mask);
}

static int count_pselect(int n, fd_set *in, fd_set *out, fd_set *except,
			 const struct timespec *timeout, const sigset_t *mask)
{
	asked++;
	return libc.pselect(n, in, out, except, timeout, mask);
}

static int count_epoll_wait(int fd, struct epoll_event *events, int n, int ms)
{
	asked++;
	return libc.epoll_wait(fd, events, n, ms);
}

static void count_calls(void)
{
	libc = mcr_real;
	mcr_real.ppoll = count_ppoll;
	mcr_real.pselect = count_pselect;
	mcr_real.epoll_wait = count_epoll_wait;
	asked = 0;
}

/* Returns how many there were. */
static unsigned calls(void)
{
	mcr_real = libc;
	return asked;
}

static void data_is_found_without_a_system_call(void **state)
{
	int fd = joined_socket(), set = set_with(fd, EPOLLIN);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct epoll_event event;
	fd_set in;

	for (int i = 0; i < 160; i++)
		arrive("some data");
	count_calls();
	for (int i = 0; i < 160; i++) {
		p.revents = 0;
		FD_ZERO(&in);
		FD_SET(fd, &in);
		assert_int_equal(mcr_sock_poll(&p, 1, -1), 1);
		assert_int_equal(p.revents, POLLIN);
		assert_int_equal(mcr_sock_select(fd + 1, &in, NULL, NULL, NULL), 1);
		assert_true(FD_ISSET(fd, &in));
		assert_int_equal(mcr_sock_epoll_wait(set, &event, 1, -1), 1);
		assert_int_equal(event.data.fd, fd);
		assert_string_equal(receive_now(fd), "some data");
	}
	assert_in_range(calls(), 27, 30); /* the kernel's side each 16th time */
	mcr_sock_close(set);
	mcr_sock_close(fd);
}

/* ---- time ---- */

static void a_call_lasts_as_long_as_it_is_told(void **state)
{
	int fd = joined_socket(), set = set_with(fd, EPOLLIN);
	struct timeval tv = {0, 20000};
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct epoll_event event;
	uint64_t began = now_ms();
	fd_set in;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	assert_int_equal(mcr_sock_poll(&p, 1, 20), 0);
	assert_true(now_ms() - began >= 20);
	began = now_ms();
	assert_int_equal(mcr_sock_select(fd + 1, &in, NULL, NULL, &tv), 0);
	assert_true(now_ms() - began >= 20);
	assert_int_equal(tv.tv_sec, 0);
	assert_int_equal(tv.tv_usec, 0);
	assert_false(FD_ISSET(fd, &in));
	began = now_ms();
	assert_int_equal(mcr_sock_epoll_wait(set, &event, 1, 20), 0);
	assert_true(now_ms() - began >= 20);
	mcr_sock_close(set);
	mcr_sock_close(fd);
}

static void select_tells_what_is_left_of_the_time(void **state)
{
	int fd = joined_socket();
	struct timeval tv = {100, 0};
	fd_set in;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	arrive("x");
	assert_int_equal(mcr_sock_select(fd + 1, &in, NULL, NULL, &tv), 1);
	assert_true(tv.tv_sec == 99 || (tv.tv_sec == 100 && tv.tv_usec == 0));
	mcr_sock_close(fd);
}

static void wrong_arguments_are_the_kernels_to_refuse(void **state)
{
	const struct timespec wrong = {0, 1000000000};
	struct timeval negative = {-1, 0};
	int fd = joined_socket(), set = set_with(fd, EPOLLIN), closed;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct epoll_event event;
	fd_set in;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	arrive("x");
	assert_int_equal(mcr_sock_ppoll(&p, 1, &wrong, NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(mcr_sock_poll(NULL, 1, 0), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(mcr_sock_select(-1, &in, NULL, NULL, NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(mcr_sock_select(fd + 1, &in, NULL, NULL, &negative), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(mcr_sock_pselect(fd + 1, &in, NULL, NULL, &wrong, NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(mcr_sock_epoll_wait(set, &event, 0, 0), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(mcr_sock_epoll_pwait2(set, &event, 1, &wrong, NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(mcr_sock_epoll_ctl(set, EPOLL_CTL_ADD, set, &event), -1);
	assert_int_equal(errno, EINVAL);
	closed = dup(set);
	close(closed);
	FD_SET(closed, &in);
	assert_int_equal(mcr_sock_select(closed + 1, &in, NULL, NULL, NULL), -1);
	assert_int_equal(errno, EBADF);
	mcr_sock_close(set);
	mcr_sock_close(fd);
}

/* select(getdtablesize(), ...) with a set of the usual size. */
static void a_number_beyond_the_set_is_no_harm(void **state)
{
	int fd = joined_socket();
	struct {
		fd_set in;
		unsigned char beyond[4096];
	} s;

	memset(&s, 0xff, sizeof(s));
	FD_ZERO(&s.in);
	FD_SET(fd, &s.in);
	arrive("x");
	assert_int_equal(mcr_sock_select(30000, &s.in, NULL, NULL, NULL), 1);
	for (size_t i = 0; i < sizeof(s.beyond); i++)
		assert_int_equal(s.beyond[i], 0xff);
	mcr_sock_close(fd);
}

/* ---- signals ---- */

static volatile sig_atomic_t handled;

static void handle(int signal_number)
{
	handled++;
	mcr_signal_state.ran++;
}

/* SIGUSR1 with a handler, blocked and pending; *mask lets it through. */
static void make_pending(sigset_t *mask)
{
	const struct sigaction action = {.sa_handler = handle};
	sigset_t set;

	handled = 0;
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_sigmask(SIG_BLOCK, NULL, mask);
	sigdelset(mask, SIGUSR1);
	raise(SIGUSR1);
}

static void a_mask_lets_a_signal_through_only_while_there_is_nothing(void **state)
{
	const struct timespec none = {0};
	int fd = joined_socket(), set = set_with(fd, EPOLLIN);
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLPRI};
	struct epoll_event event;
	sigset_t mask;
	fd_set in;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	make_pending(&mask);
	arrive("x");
	assert_int_equal(mcr_sock_ppoll(&p, 1, NULL, &mask), 1);
	assert_int_equal(mcr_sock_pselect(fd + 1, &in, NULL, NULL, &none, &mask), 1);
	assert_int_equal(mcr_sock_epoll_pwait(set, &event, 1, -1, &mask), 1);
	assert_int_equal(handled, 0);
	assert_string_equal(receive_now(fd), "x");
	assert_int_equal(mcr_sock_epoll_pwait(set, &event, 1, 0, &mask), 0);
	assert_int_equal(handled, 0);
	assert_int_equal(mcr_sock_ppoll(&p, 1, &none, &mask), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(handled, 1);
	make_pending(&mask);
	FD_SET(fd, &in);
	assert_int_equal(mcr_sock_pselect(fd + 1, &in, NULL, NULL, NULL, &mask), -1);
	assert_int_equal(errno, EINTR);
	assert_true(FD_ISSET(fd, &in));
	make_pending(&mask);
	assert_int_equal(mcr_sock_epoll_pwait(set, &event, 1, -1, &mask), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(handled, 1);
	mcr_sock_close(set);
	mcr_sock_close(fd);
}

/* ---- sets ---- */

static void few_places_are_given_to_all_in_turn(void **state)
{
	enum {
		N = 5
	};
	int fds[N], set = epoll_create1(0), events = eventfd(1, 0), seen[N + 1] = {0};
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.u64 = N};

	assert_int_equal(mcr_sock_epoll_ctl(set, EPOLL_CTL_ADD, events, &event), 0);
	for (int i = 0; i < N; i++) {
		fds[i] = joined_socket();
		event = (struct epoll_event){.events = EPOLLIN, .data.u64 = (uint64_t)i};
		assert_int_equal(mcr_sock_epoll_ctl(set, EPOLL_CTL_ADD, fds[i], &event), 0);
	}
	arrive("x");
	for (int i = 0; i < 40 * N; i++) {
		assert_int_equal(mcr_sock_epoll_wait(set, &event, 1, 0), 1);
		seen[event.data.u64]++;
	}
	for (int i = 0; i <= N; i++)
		assert_true(seen[i] > 0);
	for (int i = 0; i < N; i++)
		mcr_sock_close(fds[i]);
	mcr_sock_close(set);
	close(events);
}

static void a_set_in_a_set_in_poll_is_readable(void **state)
{
	int fd = joined_socket(), inner = set_with(fd, EPOLLIN | EPOLLET),
	    outer = set_with(inner, EPOLLIN | EPOLLET);
	struct pollfd p = {.fd = outer, .events = POLLIN};
	struct epoll_event event;

	assert_int_equal(mcr_sock_poll(&p, 1, 0), 0);
	arrive("x");
	assert_int_equal(mcr_sock_poll(&p, 1, -1), 1);
	assert_int_equal(p.revents, POLLIN);
	assert_int_equal(mcr_sock_epoll_wait(outer, &event, 1, -1), 1);
	assert_int_equal(event.data.fd, inner);
	assert_int_equal(mcr_sock_epoll_wait(outer, &event, 1, 0), 0);
	assert_int_equal(mcr_sock_epoll_wait(inner, &event, 1, 0), 1);
	assert_int_equal(mcr_sock_epoll_wait(inner, &event, 1, 0), 0);
	assert_int_equal(mcr_sock_poll(&p, 1, 0), 0);
	mcr_sock_close(outer);
	mcr_sock_close(inner);
	mcr_sock_close(fd);
}

/* It was added before it joined, its number was closed, and another socket got it. */
static void a_number_that_is_used_again_is_not_a_member(void **state)
{
	int first = socket(AF_INET, SOCK_DGRAM, 0), set = set_with(first, EPOLLIN), fd;
	struct epoll_event event;

	mcr_sock_close(first);
	fd = joined_socket();
	assert_int_equal(fd, first);
	arrive("x");
	assert_int_equal(mcr_sock_epoll_wait(set, &event, 1, 0), 0);
	mcr_sock_close(fd);
	mcr_sock_close(set);
}

static void data_that_many_have_is_told_apart_where_it_counts(void **state)
{
	int fd = joined_socket(), set = epoll_create1(0), events = eventfd(1, 0);
	struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.u64 = 7}, got[4];

	assert_int_equal(mcr_sock_epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0);
	event.events = EPOLLIN | EPOLLET;
	assert_int_equal(mcr_sock_epoll_ctl(set, EPOLL_CTL_ADD, events, &event), 0);
	/* The eventfd's event does not turn the socket off. */
	assert_int_equal(mcr_sock_epoll_wait(set, got, 4, 0), 1);
	arrive("x");
	assert_int_equal(mcr_sock_epoll_wait(set, got, 4, 0), 1);
	/* And the socket's being off does not hide the eventfd's. */
	eventfd_write(events, 1);
	assert_int_equal(mcr_sock_epoll_wait(set, got, 4, 0), 1);
	assert_int_equal(got[0].data.u64, 7);
	assert_int_equal(mcr_sock_epoll_wait(set, got, 4, 0), 0);
	mcr_sock_close(set);
	mcr_sock_close(fd);
	close(events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(data_is_found_without_a_system_call),
	    cmocka_unit_test(a_call_lasts_as_long_as_it_is_told),
	    cmocka_unit_test(select_tells_what_is_left_of_the_time),
	    cmocka_unit_test(wrong_arguments_are_the_kernels_to_refuse),
	    cmocka_unit_test(a_number_beyond_the_set_is_no_harm),
	    cmocka_unit_test(a_mask_lets_a_signal_through_only_while_there_is_nothing),
	    cmocka_unit_test(few_places_are_given_to_all_in_turn),
	    cmocka_unit_test(a_set_in_a_set_in_poll_is_readable),
	    cmocka_unit_test(a_number_that_is_used_again_is_not_a_member),
	    cmocka_unit_test(data_that_many_have_is_told_apart_where_it_counts),
	};

	return cmocka_run_group_tests(tests, begin, engine_end);
}
