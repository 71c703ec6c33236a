/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads that sleep in epoll_wait or poll on sockets that the rings feed, while others join, add
 * and close. */
#include "socket_rig.h"

#include <sys/eventfd.h>
#include <sys/syscall.h>

struct waiter {
	pthread_t thread;
	int set, tid, ms;
	int ret, code, is_over;
	short revents;
	struct epoll_event event;
};

static void *wait_in_thread(void *arg)
{
	struct waiter *w = arg;

	__atomic_store_n(&w->tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
	w->ret = mcr_sock_epoll_wait(w->set, &w->event, 1, w->ms);
	w->code = errno;
	return NULL;
}

static void *poll_in_thread(void *arg)
{
	struct waiter *w = arg;
	struct pollfd p = {.fd = w->set, .events = POLLIN};

	__atomic_store_n(&w->tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
	w->ret = mcr_sock_poll(&p, 1, w->ms);
	w->code = errno;
	w->revents = p.revents;
	__atomic_store_n(&w->is_over, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Starts a thread, and returns when it is in one of two system calls. */
static void start(struct waiter *w, void *(*run)(void *), int set, int ms, long call, long other)
{
	char path[64], text[16];
	long now = -1;

	*w = (struct waiter){.set = set, .ms = ms};
	assert_int_equal(pthread_create(&w->thread, NULL, run, w), 0);
	while (now != call && now != other) {
		int tid = __atomic_load_n(&w->tid, __ATOMIC_ACQUIRE);
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
		file = tid != 0 ? fopen(path, "r") : NULL;
		if (file) {
			if (fgets(text, sizeof(text), file))
				now = strtol(text, NULL, 10);
			fclose(file);
		}
		sched_yield();
	}
}

static void start_epoll(struct waiter *w, int set, int ms)
{
	start(w, wait_in_thread, set, ms, SYS_epoll_wait, SYS_ppoll);
}

static void level_wakes_all_and_an_edge_is_reported_once(void **state)
{
	int fd = joined_socket(), level = set_with(fd, EPOLLIN),
	    edge = set_with(fd, EPOLLIN | EPOLLET);
	struct waiter w[4];

	for (int i = 0; i < 4; i++)
		start_epoll(&w[i], i < 2 ? level : edge, i < 2 ? -1 : 300);
	arrive("x");
	for (int i = 0; i < 4; i++)
		pthread_join(w[i].thread, NULL);
	assert_int_equal(w[0].ret, 1);
	assert_int_equal(w[1].ret, 1);
	assert_int_equal(w[2].ret + w[3].ret, 1);
	mcr_sock_close(level);
	mcr_sock_close(edge);
	mcr_sock_close(fd);
}

static void a_join_is_seen_by_who_sleeps_in_the_kernel(void **state)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), set = set_with(fd, EPOLLIN), on = 1;
	struct waiter w;

	assert_int_equal(mcr_sock_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind_to(fd, "0.0.0.0", PORT), 0);
	start_epoll(&w, set, -1);
	assert_int_equal(join_group(fd, GROUP), 0);
	arrive("x");
	pthread_join(w.thread, NULL);
	assert_int_equal(w.ret, 1);
	assert_int_equal(w.event.data.fd, fd);
	mcr_sock_close(set);
	mcr_sock_close(fd);
}

/* What wakes the sleeper goes away, though nothing in its set has joined. */
static void a_join_elsewhere_leaves_it_asleep(void **state)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), set = set_with(fd, EPOLLIN), other;
	struct waiter w;
	size_t before;

	mcr_sock_close(joined_socket()); /* the first join opens what stays open */
	start_epoll(&w, set, -1);
	before = fd_count();
	other = joined_socket();
	mcr_sock_close(other);
	while (fd_count() != before)
		sched_yield();
	mcr_sock_shutdown(fd, SHUT_RD);
	pthread_join(w.thread, NULL);
	assert_int_equal(w.ret, 1);
	mcr_sock_close(set);
	mcr_sock_close(fd);
}

static void so_is_a_socket_that_is_added_meanwhile(void **state)
{
	int fd = joined_socket(), set = epoll_create1(0), events = eventfd(0, 0), got;
	struct epoll_event event = {.events = EPOLLIN, .data.fd = events}, found;
	struct waiter w[3];

	assert_int_equal(mcr_sock_epoll_ctl(set, EPOLL_CTL_ADD, events, &event), 0);
	for (int i = 0; i < 3; i++)
		start_epoll(&w[i], set, -1);
	event.data.fd = fd;
	assert_int_equal(mcr_sock_epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0);
	got = mcr_sock_epoll_wait(set, &found, 1, 0);
	assert_int_equal(got, 0); /* what wakes them is not seen */
	arrive("x");
	for (int i = 0; i < 3; i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].ret, 1);
		assert_int_equal(w[i].event.data.fd, fd);
	}
	assert_string_equal(receive_now(fd), "x");
	assert_int_equal(mcr_sock_epoll_wait(set, &found, 1, 2), 0);
	mcr_sock_close(set);
	mcr_sock_close(fd);
	close(events);
}

static void a_set_that_is_closed_is_waited_for_until_data_comes(void **state)
{
	int fd = joined_socket(), set = set_with(fd, EPOLLIN);
	struct waiter w;

	start_epoll(&w, set, -1);
	mcr_sock_close(set);
	arrive("x");
	pthread_join(w.thread, NULL);
	assert_int_equal(w.ret, 1);
	assert_int_equal(mcr_sock_epoll_wait(set, &w.event, 1, 0), -1);
	assert_int_equal(errno, EBADF);
	mcr_sock_close(fd);
}

static void poll_wakes_for_the_kernels_side_too(void **state)
{
	int fd = joined_socket(), set = set_with(fd, EPOLLIN), events = eventfd(0, 0);
	struct epoll_event event = {.events = EPOLLIN};
	struct waiter w;

	assert_int_equal(mcr_sock_epoll_ctl(set, EPOLL_CTL_ADD, events, &event), 0);
	start(&w, poll_in_thread, set, -1, SYS_ppoll, SYS_ppoll);
	eventfd_write(events, 1);
	pthread_join(w.thread, NULL);
	assert_int_equal(w.ret, 1);
	start(&w, poll_in_thread, fd, -1, SYS_ppoll, SYS_ppoll);
	arrive("x");
	pthread_join(w.thread, NULL);
	assert_int_equal(w.ret, 1);
	mcr_sock_close(set);
	mcr_sock_close(fd);
	close(events);
}

/* As in the kernel: the sleep goes on, and then the number means nothing. */
static void poll_sleeps_on_after_a_close(void **state)
{
	int fd = joined_socket(), other = joined_socket();
	struct waiter w;

	start(&w, poll_in_thread, fd, -1, SYS_ppoll, SYS_ppoll);
	mcr_sock_close(fd);
	for (int i = 0; i < 100; i++) {
		arrive_from(GROUP, PORT + 1, "10.0.0.7", 6000, "x", 1);
		sched_yield();
	}
	assert_int_equal(__atomic_load_n(&w.is_over, __ATOMIC_ACQUIRE), 0);
	arrive("x");
	pthread_join(w.thread, NULL);
	assert_int_equal(w.ret, 1);
	assert_int_equal(w.revents, POLLNVAL);
	mcr_sock_close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(level_wakes_all_and_an_edge_is_reported_once),
	    cmocka_unit_test(a_join_is_seen_by_who_sleeps_in_the_kernel),
	    cmocka_unit_test(so_is_a_socket_that_is_added_meanwhile),
	    cmocka_unit_test(a_join_elsewhere_leaves_it_asleep),
	    cmocka_unit_test(a_set_that_is_closed_is_waited_for_until_data_comes),
	    cmocka_unit_test(poll_wakes_for_the_kernels_side_too),
	    cmocka_unit_test(poll_sleeps_on_after_a_close),
	};

	return cmocka_run_group_tests(tests, engine_begin, engine_end);
}
