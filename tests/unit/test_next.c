/* SPDX-License-Identifier: BSD-3-Clause */
/* How a consumer finds the next engine: without waiting for anybody, by one descriptor. */
#include "seeking.h"

#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/attach_wire.h"

#define MS UINT64_C(1000000)

static const struct mcr_attach_config ATTACH = {.mode = 0600, .gid = UINT32_MAX};
static const struct mcr_channel_config MD = {.name = "md", .bytes = 65536};

static void begin(struct small_engine *e)
{
	mcr_ring_set_started(&e->writers[0], 9000);
}

/* ---- an engine that comes back ---- */

struct later {
	struct small_engine *e;
	unsigned mkdirs;
};

/* As a service manager does it. */
static void *start_later(void *arg)
{
	struct later *later = arg;
	char dir[64];

	sleep_ms(150);
	for (unsigned i = later->mkdirs; i-- > 0;) {
		strcpy(dir, later->e->dir);
		for (unsigned k = 0; k < i; k++)
			*strrchr(dir, '/') = '\0';
		assert_int_equal(mkdir(dir, 0755), 0);
		sleep_ms(10);
	}
	small_engine_start(later->e, &ATTACH, &MD, 1, 4712);
	begin(later->e);
	return NULL;
}

/* Its run directory is this many levels down, all of which come and go with it. */
static void engine_returns(unsigned levels)
{
	char base[] = "/tmp/mcring-test-XXXXXX";
	struct small_engine e;
	struct later later = {&e, levels};
	struct mcr_consumer *c;
	struct mcr_error err;
	struct mcr_msg msg;
	pthread_t thread;

	small_engine_create(&e, 1, 4096);
	small_engine_destroy(&e);
	assert_non_null(mkdtemp(base));
	strcpy(e.dir, base);
	for (unsigned i = 0; i < levels; i++) {
		strcat(e.dir, "/d");
		assert_int_equal(mkdir(e.dir, 0755), 0);
	}
	snprintf(e.path, sizeof(e.path), "%s/attach", e.dir);
	small_engine_start(&e, &ATTACH, &MD, 1, 4711);
	c = small_engine_open(&e, MCR_START_NEWEST);
	small_engine_kill(&e);
	for (unsigned i = 0; i < levels; i++) {
		assert_int_equal(rmdir(e.dir), 0);
		if (i + 1 < levels)
			*strrchr(e.dir, '/') = '\0';
	}
	for (unsigned i = 1; i < levels; i++)
		strcat(e.dir, "/d");
	assert_int_equal(step(c, &err), -ENOENT);
	assert_non_null(strstr(err.text, e.path));
	if (no_inotify) {
		await_timer(c, 100 * MS);
		timer.goes = 1;
	}
	assert_int_equal(pthread_create(&thread, NULL, start_later, &later), 0);
	follow(c, &err, 0);
	pthread_join(thread, NULL);
	timer.goes = 0;
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	assert_int_equal(msg.kind, MCR_RESTART);
	mcr_consumer_close(c);
	small_engine_kill(&e);
	for (unsigned i = 0; i <= levels; i++) {
		assert_int_equal(rmdir(e.dir), 0);
		*strrchr(e.dir, '/') = '\0';
	}
}

static void the_descriptor_tells_when_an_engine_is_back(void **state)
{
	for (unsigned levels = 0; levels < 3; levels++)
		engine_returns(levels);
}

static void a_consumer_that_comes_before_the_engine_listens_is_told_again(void **state)
{
	slow_listen = 50;
	engine_returns(0);
	slow_listen = 0;
}

static void without_inotify_a_timer_does(void **state)
{
	no_inotify = 1;
	engine_returns(1);
	no_inotify = 0;
}

static void the_simple_loop_is_enough(void **state)
{
	struct small_engine e;
	struct later later = {&e, 0};
	pthread_t thread;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_kill(&e);
	assert_int_equal(mcr_consumer_reattach(c, NULL), -ENOENT);
	assert_int_equal(mcr_consumer_arm(c), 1);
	assert_int_equal(mcr_consumer_wait(c, 20 * MS), 0);
	assert_int_equal(mcr_consumer_wait(c, UINT64_MAX), 1); /* to look again, after a second */
	assert_int_equal(pthread_create(&thread, NULL, start_later, &later), 0);
	while (mcr_consumer_reattach(c, NULL) < 0)
		assert_int_equal(mcr_consumer_wait(c, UINT64_MAX), 1);
	pthread_join(thread, NULL);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void the_descriptor_is_one_and_the_same_in_the_users_loop(void **state)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), fd;
	struct epoll_event event = {.events = EPOLLIN};
	struct small_engine e;
	struct mcr_msg msgs[4];
	struct mcr_error err;
	struct timeval no_time;
	size_t descriptors;
	fd_set set;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	fd = mcr_consumer_fd(c);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
	small_engine_await(&e, 1); /* nothing of the exchange is open */
	descriptors = fd_count();
	for (int life = 0; life < 5; life++) {
		assert_int_equal(mcr_consumer_arm(c), 0);
		assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);
		small_engine_publish_seqs(&e, 0, 1);
		for (int i = 0; i < 3; i++) /* until it is polled */
			assert_int_equal(epoll_wait(epoll, &event, 1, 20000), 1);
		FD_ZERO(&set);
		FD_SET(fd, &set);
		no_time = (struct timeval){0, 0};
		assert_int_equal(select(fd + 1, &set, NULL, NULL, &no_time), 1);
		assert_int_equal(mcr_consumer_poll(c, msgs, 4), 1);
		assert_int_equal(epoll_wait(epoll, &event, 1, 0), 0);
		assert_int_equal(mcr_consumer_arm(c), 0);
		small_engine_kill(&e);
		assert_int_equal(epoll_wait(epoll, &event, 1, 20000), 1);
		assert_int_equal(step(c, &err), -ENOENT);
		assert_int_equal(epoll_wait(epoll, &event, 1, 20), 0); /* its end is known */
		small_engine_start(&e, &ATTACH, &MD, 1, 4712 + (uint64_t)life);
		begin(&e);
		for (int ret = -1; ret != 0; ret = step(c, &err))
			assert_int_equal(epoll_wait(epoll, &event, 1, 20000), 1);
		assert_int_equal(mcr_consumer_fd(c), fd);
		small_engine_await(&e, 1);
		assert_int_equal(fd_count(), descriptors);
		assert_int_equal(mcr_consumer_poll(c, msgs, 4), 1);
		assert_int_equal(msgs[0].kind, MCR_RESTART);
	}
	mcr_consumer_close(c);
	close(epoll);
	small_engine_destroy(&e);
}

/* ---- engines that are none ---- */

#define ANSWER_NS (700 * MS) /* they have so long to answer */

/* A consumer whose engine is gone, and the socket of another in its place. */
static struct mcr_consumer *with_impostor(struct small_engine *e, int *listener, int backlog)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct mcr_consumer *c;

	small_engine_create(e, 1, 4096);
	opts.answer_ns = ANSWER_NS;
	c = small_engine_consumer(e, opts);
	small_engine_kill(e);
	*listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	strcpy(address.sun_path, e->path);
	assert_int_equal(bind(*listener, (struct sockaddr *)&address, sizeof(address)), 0);
	if (backlog >= 0)
		assert_int_equal(listen(*listener, backlog), 0);
	return c;
}

/* The engine itself takes the impostor's place. */
static void true_engine(struct small_engine *e, struct mcr_consumer *c, int listener)
{
	struct mcr_error err;

	close(listener);
	unlink(e->path);
	small_engine_start(e, &ATTACH, &MD, 1, 4712);
	begin(e);
	timer.goes = 1;
	follow(c, &err, 0);
	timer.goes = 0;
	mcr_consumer_close(c);
	small_engine_destroy(e);
}

static void an_engine_that_never_answers_is_given_up_and_asked_again(void **state)
{
	struct small_engine e;
	struct mcr_error err;
	size_t before;
	int listener;
	struct mcr_consumer *c = with_impostor(&e, &listener, 16);

	assert_int_equal(step(c, &err), -EAGAIN);
	before = fd_count();
	pass_time(&e, 0, ANSWER_NS - 1);
	assert_int_equal(step(c, &err), -EAGAIN);
	await_timer(c, ANSWER_NS);
	pass_time(&e, 0, 1);
	assert_int_equal(step(c, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, e.path));
	await_timer(c, 100 * MS);
	assert_int_equal(step(c, &err), -EAGAIN);
	assert_int_equal(fd_count(), before);
	true_engine(&e, c, listener);
}

static void one_that_opens_waits_as_long_as_it_says(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct small_engine e;
	struct mcr_error err;
	int listener;
	struct mcr_consumer *c = with_impostor(&e, &listener, 16), *other = NULL;

	opts.run_dir = e.dir;
	opts.answer_ns = ANSWER_NS;
	assert_int_equal(mcr_consumer_open(&other, &opts, &err), -ETIMEDOUT);
	assert_in_range(slept_ms, ANSWER_NS / MS, ANSWER_NS / MS + 1);
	assert_null(other);
	true_engine(&e, c, listener);
}

static void a_full_backlog_is_tried_again(void **state)
{
	struct small_engine e;
	struct mcr_error err;
	int listener, fds[2];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct mcr_consumer *c = with_impostor(&e, &listener, 0);

	strcpy(address.sun_path, e.path);
	for (int i = 0; i < 2; i++) {
		fds[i] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
		connect(fds[i], (struct sockaddr *)&address, sizeof(address));
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(step(c, &err), -EAGAIN);
		assert_non_null(strstr(err.text, "takes no connection"));
		await_timer(c, 100 * MS);
	}
	close(fds[0]);
	close(fds[1]);
	true_engine(&e, c, listener);
}

static void garbage_and_a_hang_up_are_no_engine(void **state)
{
	struct mcr_welcome welcome = {.magic = MCR_WELCOME_MAGIC, .version = MCR_ATTACH_VERSION};
	struct {
		size_t len;
		int ret;
	} answers[] = {{0, -ECONNREFUSED}, {7, -EPROTO}, {sizeof(welcome), -EPROTO}};
	struct small_engine e;
	struct mcr_hello hello;
	struct mcr_error err;
	size_t before = 0;
	int listener;
	struct mcr_consumer *c = with_impostor(&e, &listener, 16);

	for (int round = 0; round < 12; round++) {
		size_t i = (size_t)round % 3;
		int fd;

		assert_int_equal(step(c, &err), -EAGAIN);
		fd = accept(listener, NULL, NULL);
		assert_true(fd >= 0);
		assert_int_equal(recv(fd, &hello, sizeof(hello), 0), sizeof(hello));
		if (answers[i].len > 0)
			assert_true(send(fd, &welcome, answers[i].len, 0) > 0);
		close(fd);
		assert_int_equal(is_readable(mcr_consumer_fd(c), 20000), 1);
		assert_int_equal(step(c, &err), answers[i].ret);
		await_timer(c, 100 * MS); /* not in a hurry */
		if (round == 0)
			before = fd_count();
		assert_int_equal(fd_count(), before);
	}
	true_engine(&e, c, listener);
}

/* As after a bind, until listen: the file is there, and an event tells of the rest. */
static void a_socket_on_which_nobody_listens_yet_is_waited_for(void **state)
{
	struct small_engine e;
	struct mcr_error err;
	int listener;
	struct mcr_consumer *c = with_impostor(&e, &listener, -1);

	assert_int_equal(step(c, &err), -ECONNREFUSED);
	await_timer(c, 1000 * MS);
	true_engine(&e, c, listener);
}

static void a_consumer_ends_while_it_seeks(void **state)
{
	size_t before = fd_count();
	struct small_engine e;
	struct mcr_error err;
	int listener;
	struct mcr_consumer *c = with_impostor(&e, &listener, 16);

	assert_int_equal(step(c, &err), -EAGAIN);
	mcr_consumer_close(c);
	close(listener);
	unlink(e.path);
	rmdir(e.dir);
	assert_int_equal(fd_count(), before);
}

/* ---- one that never waits ---- */

/* To close one can take the kernel long. */
static void an_engine_that_is_there_needs_no_watch(void **state)
{
	const uint64_t start = monotonic_ns();
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct small_engine e;
	struct mcr_consumer *c;
	struct mcr_error err;

	small_engine_create(&e, 1, 4096);
	opts.no_wait = 1;
	c = small_engine_consumer(&e, opts);
	inotifies = 0;
	while (mcr_consumer_reattach(c, &err) < 0)
		assert_true(monotonic_ns() - start < 20000 * MS);
	assert_int_equal(inotifies, 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_consumer_that_waits_for_nobody_is_opened_without_an_engine(void **state)
{
	struct small_engine e;
	struct mcr_consumer *c, *cursor;
	struct mcr_consumer_opts opts;
	struct mcr_consumer_interface interface = {.size = sizeof(interface)};
	struct mcr_msg m;
	struct mcr_error err;

	small_engine_create(&e, 1, 65536);
	small_engine_kill(&e);
	opts = opts_for(&e, "md");
	opts.no_wait = 1;
	opts.start = MCR_START_OLDEST;
	assert_int_equal(mcr_consumer_open(&c, &opts, &err), 0);
	assert_int_equal(mcr_consumer_poll(c, &m, 1), -EPIPE);
	assert_int_equal(mcr_consumer_rings(c), 0);
	assert_int_equal(mcr_consumer_cursor(&cursor, c, &opts, &err), -EPIPE);
	assert_int_equal(mcr_consumer_wait(c, 1000), 1);
	mcr_consumer_release(c);
	assert_int_equal(step(c, &err), -ENOENT);
	small_engine_start(&e, &ATTACH, &MD, 1, 4712);
	begin(&e);
	small_engine_publish_seqs(&e, 0, 1);
	follow(c, &err, 0);
	assert_int_equal(mcr_consumer_poll(c, &m, 1), 1); /* and no MCR_RESTART before */
	assert_int_equal(m.kind, MCR_DATA);
	mcr_consumer_release(c);
	pthread_mutex_lock(&e.lock); /* it does not answer now */
	assert_int_equal(mcr_consumer_interface_info(c, 0, &interface, &err), -EAGAIN);
	assert_int_equal(mcr_consumer_interface_info(c, 0, &interface, &err), -EAGAIN);
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(is_readable(mcr_consumer_fd(c), 10000), 1);
	assert_int_equal(mcr_consumer_interface_info(c, 0, &interface, &err), -ENOENT);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_descriptor_tells_when_an_engine_is_back),
	    cmocka_unit_test(a_consumer_that_comes_before_the_engine_listens_is_told_again),
	    cmocka_unit_test(without_inotify_a_timer_does),
	    cmocka_unit_test(the_simple_loop_is_enough),
	    cmocka_unit_test(the_descriptor_is_one_and_the_same_in_the_users_loop),
	    cmocka_unit_test(an_engine_that_never_answers_is_given_up_and_asked_again),
	    cmocka_unit_test(one_that_opens_waits_as_long_as_it_says),
	    cmocka_unit_test(a_full_backlog_is_tried_again),
	    cmocka_unit_test(garbage_and_a_hang_up_are_no_engine),
	    cmocka_unit_test(a_socket_on_which_nobody_listens_yet_is_waited_for),
	    cmocka_unit_test(a_consumer_ends_while_it_seeks),
	    cmocka_unit_test(an_engine_that_is_there_needs_no_watch),
	    cmocka_unit_test(a_consumer_that_waits_for_nobody_is_opened_without_an_engine),
	};

	return cmocka_run_group_tests(tests, hold_clock, NULL);
}
