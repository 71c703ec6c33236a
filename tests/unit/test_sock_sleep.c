/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that sleep, in several threads, and an engine that goes and comes back meanwhile. */
#include "socket_rig.h"

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
	while (r->got < r->wanted) {
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
	restart_engine(4713);
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
	restart_engine(4712);
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
	    cmocka_unit_test(a_call_outlives_the_close_of_its_descriptor),
	    cmocka_unit_test(shutdown_ends_a_sleep),
	    cmocka_unit_test(a_sleeper_goes_on_with_the_next_engine),
	    cmocka_unit_test(what_is_unread_of_the_last_engine_is_judged_by_the_rules_of_its_time),
	};

	return cmocka_run_group_tests(tests, engine_begin, engine_end);
}
