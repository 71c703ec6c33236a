/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that sleep, in several threads, and an engine that goes and comes back meanwhile. */
#include "socket_rig.h"

#include "socket/link.h"

#include <poll.h>
#include <sys/syscall.h>

struct reader {
	pthread_t thread;
	int fd, tid;
	unsigned wanted, got;
	ssize_t last;
	int code;
	char all[16]; /* the first octet of each */
};

static void *read_all(void *arg)
{
	struct reader *r = arg;
	char buf[64];

	__atomic_store_n(&r->tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
	while (r->got < __atomic_load_n(&r->wanted, __ATOMIC_ACQUIRE)) {
		r->last = mcr_sock_recv(r->fd, buf, sizeof(buf), 0);
		r->code = errno;
		if (r->last < 0)
			break;
		if (r->got + 1 < sizeof(r->all) && r->last > 0)
			r->all[r->got] = buf[0];
		__atomic_fetch_add(&r->got, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void start(struct reader *r, int fd, unsigned wanted)
{
	*r = (struct reader){.fd = fd, .wanted = wanted};
	assert_int_equal(pthread_create(&r->thread, NULL, read_all, r), 0);
}

/* Returns when the thread is in ppoll. */
static void await_sleep(const struct reader *r)
{
	char path[64], text[16];

	for (;;) {
		int tid = __atomic_load_n(&r->tid, __ATOMIC_ACQUIRE);
		FILE *file;
		long call = -1;

		snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
		file = tid != 0 ? fopen(path, "r") : NULL;
		if (file) {
			if (fgets(text, sizeof(text), file))
				call = strtol(text, NULL, 10);
			fclose(file);
		}
		if (call == SYS_ppoll)
			return;
		sched_yield();
	}
}

static void a_sleeper_is_woken(void **state)
{
	int fd = joined_socket();
	struct reader r;

	start(&r, fd, 3);
	for (int i = 0; i < 3; i++) {
		await_sleep(&r);
		arrive("x");
		while (__atomic_load_n(&r.got, __ATOMIC_ACQUIRE) == (unsigned)i)
			sched_yield();
	}
	pthread_join(r.thread, NULL);
	assert_int_equal(r.got, 3);
	mcr_sock_close(fd);
}

/* Each wakes for its own port only, and reads the other's wake-ups away. */
static void no_wake_up_is_lost_among_sleepers(void **state)
{
	enum {
		READERS = 3,
		ROUNDS = 300
	};
	struct reader r[READERS];
	unsigned sent[READERS] = {0};
	int fds[READERS];

	for (int i = 0; i < READERS; i++) {
		fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
		assert_int_equal(join_group(fds[i], GROUP), 0);
		assert_int_equal(bind_to(fds[i], "0.0.0.0", (uint16_t)(PORT + i)), 0);
		start(&r[i], fds[i], ROUNDS);
	}
	for (unsigned i = 0; i < READERS * ROUNDS; i++) {
		unsigned k = i % READERS;

		arrive_from(GROUP, (uint16_t)(PORT + k), "10.0.0.7", 6000, "x", 1);
		sent[k]++;
		if (i % 7 == 0)
			while (__atomic_load_n(&r[k].got, __ATOMIC_ACQUIRE) < sent[k])
				sched_yield();
	}
	for (int i = 0; i < READERS; i++) {
		pthread_join(r[i].thread, NULL);
		assert_int_equal(r[i].got, ROUNDS);
		mcr_sock_close(fds[i]);
	}
}

/* As in the kernel, each datagram goes to one of those that read a socket. */
static void two_readers_of_a_socket_share_what_comes(void **state)
{
	enum {
		ALL = 500
	}; /* as many as fit into the ring */

	for (unsigned one_by_one = 0; one_by_one < 2; one_by_one++) {
		int fd = joined_socket(), copy = mcr_sock_dup(fd);
		struct reader r[2];

		start(&r[0], fd, ALL);
		start(&r[1], copy, ALL);
		for (unsigned i = 0; i < ALL; i++) {
			arrive("x");
			while (one_by_one && __atomic_load_n(&r[0].got, __ATOMIC_ACQUIRE) +
						     __atomic_load_n(&r[1].got, __ATOMIC_ACQUIRE) <=
						 i)
				sched_yield();
		}
		while (__atomic_load_n(&r[0].got, __ATOMIC_ACQUIRE) +
			   __atomic_load_n(&r[1].got, __ATOMIC_ACQUIRE) <
		       ALL)
			sched_yield();
		assert_string_equal(receive_now(fd), "-"); /* none came twice */
		for (unsigned i = 0; i < 2; i++)           /* each waits for more */
			__atomic_store_n(&r[i].wanted, 0, __ATOMIC_RELEASE);
		(void)!mcr_sock_shutdown(fd, SHUT_RD);
		for (unsigned i = 0; i < 2; i++)
			pthread_join(r[i].thread, NULL);
		mcr_sock_close(fd);
		mcr_sock_close(copy);
	}
}

static void a_call_outlives_the_close_of_its_descriptor(void **state)
{
	int fd = joined_socket();
	struct reader r;

	start(&r, fd, 1);
	await_sleep(&r);
	assert_int_equal(mcr_sock_close(fd), 0);
	arrive("x"); /* as in the kernel: the call holds the socket */
	pthread_join(r.thread, NULL);
	assert_int_equal(r.got, 1);
	assert_int_equal(mcr_sock_recv(fd, &r, 1, 0), -1);
	assert_int_equal(errno, EBADF);
}

static void shutdown_ends_a_sleep(void **state)
{
	int fd = joined_socket();
	struct reader r;

	start(&r, fd, 1);
	await_sleep(&r);
	(void)!mcr_sock_shutdown(fd, SHUT_RD); /* ENOTCONN, and yet */
	pthread_join(r.thread, NULL);
	assert_int_equal(r.last, 0);
	mcr_sock_close(fd);
}

static int is_never_ready(void *ctx)
{
	return 0;
}

static void *sleep_shortly(void *arg)
{
	struct pollfd fds[2];

	mcr_link_sleep(fds, 0, mcr_link_now_ns() + 1000000, NULL, mcr_signal_state.ran,
		       is_never_ready, NULL);
	return NULL;
}

/* Between its announcement and its sleep: a message comes, and another thread that goes to sleep
 * reads away what tells of it. */
static int another_sleeps(void *ctx)
{
	struct pollfd *fds = ctx, engines = fds[1];
	pthread_t thread;

	arrive("x");
	assert_int_equal(poll(&engines, 1, 10000), 1);
	assert_int_equal(pthread_create(&thread, NULL, sleep_shortly, NULL), 0);
	pthread_join(thread, NULL);
	assert_int_equal(poll(&engines, 1, 0), 0);
	return 0;
}

static void a_message_that_another_passed_over_wakes(void **state)
{
	int fd = joined_socket();
	struct pollfd fds[2];

	assert_int_equal(
	    mcr_link_sleep(fds, 0, UINT64_MAX, NULL, mcr_signal_state.ran, another_sleeps, fds), 1);
	assert_int_equal(fds[0].revents, POLLIN); /* and not that it looks after the engine */
	mcr_sock_close(fd);
}

static _Thread_local sigjmp_buf out;

static void jump_out(int sig)
{
	siglongjmp(out, 1);
}

static void *receive_until_it_jumps(void *arg)
{
	struct reader *r = arg;
	char buf[64];

	__atomic_store_n(&r->tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
	while (r->got < r->wanted) {
		if (sigsetjmp(out, 1) == 0)
			mcr_sock_recv(r->fd, buf, sizeof(buf), 0);
		__atomic_fetch_add(&r->got, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* The old way to give recv a timeout. */
static void a_call_that_is_left_by_siglongjmp_costs_no_descriptor(void **state)
{
	struct sigaction action = {.sa_handler = jump_out}, before;
	int fd = joined_socket();
	struct reader r = {.fd = fd, .wanted = 4};
	size_t open = 0;

	assert_int_equal(mcr_sock_sigaction(SIGUSR1, &action, &before), 0);
	assert_int_equal(pthread_create(&r.thread, NULL, receive_until_it_jumps, &r), 0);
	for (unsigned i = 0; i < r.wanted; i++) {
		await_sleep(&r);
		if (i == 0)
			open = fd_count();
		assert_int_equal(fd_count(), open);
		pthread_kill(r.thread, SIGUSR1);
		while (__atomic_load_n(&r.got, __ATOMIC_ACQUIRE) == i)
			sched_yield();
	}
	pthread_join(r.thread, NULL);
	mcr_sock_sigaction(SIGUSR1, &before, NULL);
	mcr_sock_close(fd);
}

static void restart_engine(uint64_t epoch)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	struct mcr_channel_config channel = {.name = "md", .bytes = 65536};

	channel.joiners.uids[0] = geteuid();
	channel.joiners.n_uids = 1;
	small_engine_kill(&engine);
	memset(&engine_joined, 0, sizeof(engine_joined));
	small_engine_start(&engine, &attach, &channel, 1, epoch);
	engine_describes();
	pthread_mutex_lock(&engine.lock);
	mcr_attach_server_joins(engine.server, &joining, &engine_joined, 0);
	pthread_mutex_unlock(&engine.lock);
}

/* Until the socket has joined at the engine that is there now. It reads nothing. */
static void await_join(int fd)
{
	while (count(&engine, &engine_joined) == 0) {
		mcr_link_tend();
		mcr_socket_release(mcr_socket_hold(fd));
		sched_yield();
	}
}

static uint64_t lost_of(int fd)
{
	struct mcr_socket *s = mcr_socket_hold(fd);
	uint64_t lost = s->lost;

	mcr_socket_release(s);
	return lost;
}

static void what_is_unread_is_read_after_a_restart_which_is_told_of(void **state)
{
	int fd = joined_socket();
	struct iovec iov[2];
	char buf[2][16];

	for (int i = 0; i < 2; i++)
		iov[i] = (struct iovec){buf[i], sizeof(buf[i])};
	arrive("a");
	arrive("b");
	assert_int_equal(mcr_sock_readv(fd, iov, 2), 1); /* b was polled with it */
	restart_engine(4712);
	await_join(fd);
	arrive("c");
	assert_int_equal(lost_of(fd), 1);
	assert_int_equal(mcr_sock_readv(fd, iov, 2), 1);
	assert_int_equal(buf[0][0], 'b');
	assert_int_equal(mcr_sock_readv(fd, iov, 2), 1);
	assert_int_equal(buf[0][0], 'c');
	assert_int_equal(lost_of(fd), 1);
	mcr_sock_close(fd);
}

/* As in a child of fork: another attachment to the same rings. */
static void another_attachment_goes_on_where_the_first_was(void **state)
{
	int fd = joined_socket();

	arrive("a");
	arrive("b");
	mcr_link_forget();
	small_engine_await(&engine, 0);
	memset(&engine_joined, 0, sizeof(engine_joined));
	await_join(fd);
	arrive("c");
	assert_string_equal(receive_now(fd), "a");
	assert_string_equal(receive_now(fd), "b");
	assert_string_equal(receive_now(fd), "c");
	assert_string_equal(receive_now(fd), "-");
	assert_int_equal(lost_of(fd), 0);
	mcr_sock_close(fd);
}

static void an_engine_that_gave_nothing_takes_nothing(void **state)
{
	int fd = joined_socket();

	arrive("a");
	arrive("b");
	assert_string_equal(receive_now(fd), "a");
	restart_engine(4717);
	await_join(fd);
	restart_engine(4718);
	await_join(fd);
	arrive("c");
	assert_string_equal(receive_now(fd), "b");
	assert_string_equal(receive_now(fd), "c");
	mcr_sock_close(fd);
}

/* Of the first rings nothing is there any more. */
static void two_restarts_without_a_read_leave_the_later_ring(void **state)
{
	int fd = joined_socket();
	struct iovec iov[2];
	char buf[2][16];

	for (int i = 0; i < 2; i++)
		iov[i] = (struct iovec){buf[i], sizeof(buf[i])};
	arrive("a");
	arrive("b");
	assert_int_equal(mcr_sock_readv(fd, iov, 2), 1);
	restart_engine(4713);
	await_join(fd);
	arrive("c");
	restart_engine(4714);
	await_join(fd);
	assert_int_equal(mcr_sock_readv(fd, iov, 2), 1);
	assert_int_equal(buf[0][0], 'c');
	assert_int_equal(lost_of(fd), 3); /* b, and what came between the engines */
	arrive("d");
	assert_int_equal(mcr_sock_readv(fd, iov, 2), 1);
	assert_int_equal(buf[0][0], 'd');
	mcr_sock_close(fd);
}

static void what_is_unread_of_the_last_engine_is_judged_by_the_rules_of_its_time(void **state)
{
	int fd = joined_socket(), other = socket(AF_INET, SOCK_DGRAM, 0), off = 0;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct reader r;

	assert_int_equal(join_group(other, "239.1.1.2"), 0);
	mcr_sock_setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off));
	arrive("a");
	assert_int_equal(leave_group(fd, GROUP), 0);
	arrive("b");
	assert_int_equal(join_group(fd, GROUP), 0);
	arrive("c");
	restart_engine(4716);
	while (count(&engine, &engine_joined) == 0) /* a call that finds nothing looks */
		assert_string_equal(receive_now(other), "-");
	assert_int_equal(mcr_sock_poll(&p, 1, 0), 1); /* now it has joined, too */
	arrive("d");
	start(&r, fd, 3);
	pthread_join(r.thread, NULL);
	assert_string_equal(r.all, "acd");
	mcr_sock_close(fd);
	mcr_sock_close(other);
}

static void a_sleeper_goes_on_with_the_next_engine(void **state)
{
	int fd = joined_socket();
	struct reader r;

	start(&r, fd, 2);
	await_sleep(&r);
	arrive("of the first");
	while (__atomic_load_n(&r.got, __ATOMIC_ACQUIRE) < 1)
		sched_yield();
	restart_engine(4715);
	while (count(&engine, &engine_joined) == 0)
		sched_yield();
	for (int i = 0; __atomic_load_n(&r.got, __ATOMIC_ACQUIRE) < 2; i++) {
		assert_true(i < 100000);
		arrive("of the second"); /* the first may come before the socket stands */
		sleep_ms(1);
	}
	pthread_join(r.thread, NULL);
	mcr_sock_close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sleeper_is_woken),
	    cmocka_unit_test(no_wake_up_is_lost_among_sleepers),
	    cmocka_unit_test(two_readers_of_a_socket_share_what_comes),
	    cmocka_unit_test(a_call_outlives_the_close_of_its_descriptor),
	    cmocka_unit_test(shutdown_ends_a_sleep),
	    cmocka_unit_test(a_message_that_another_passed_over_wakes),
	    cmocka_unit_test(a_call_that_is_left_by_siglongjmp_costs_no_descriptor),
	    cmocka_unit_test(what_is_unread_is_read_after_a_restart_which_is_told_of),
	    cmocka_unit_test(another_attachment_goes_on_where_the_first_was),
	    cmocka_unit_test(an_engine_that_gave_nothing_takes_nothing),
	    cmocka_unit_test(two_restarts_without_a_read_leave_the_later_ring),
	    cmocka_unit_test(a_sleeper_goes_on_with_the_next_engine),
	    cmocka_unit_test(what_is_unread_of_the_last_engine_is_judged_by_the_rules_of_its_time),
	};

	return cmocka_run_group_tests(tests, engine_begin, engine_end);
}
