/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/os/listener.h"

#define SECOND UINT64_C(1000000000)

struct rig {
	char dir[64], path[80];
	int epoll_fd;
	struct mcr_listener listener;
	struct mcr_error err;
	int room;   /* connections that may still be taken */
	int fds[8]; /* those that were */
	unsigned n, refused, failed;
};

static void take(void *ctx, int fd, uint64_t now_ns)
{
	struct rig *r = ctx;

	(void)now_ns;
	r->fds[r->n++] = fd;
	r->room--;
}

static void refuse(void *ctx, int fd, uint64_t now_ns)
{
	struct rig *r = ctx;

	(void)now_ns;
	r->refused++;
	assert_int_equal(send(fd, "no", 2, MSG_NOSIGNAL), 2);
	close(fd);
}

static int has_room(void *ctx, uint64_t now_ns)
{
	(void)now_ns;
	return ((struct rig *)ctx)->room > 0;
}

static void fail_for_now(void *ctx, int code, uint64_t now_ns)
{
	struct rig *r = ctx;

	(void)now_ns;
	assert_int_equal(code, -EMFILE);
	r->failed++;
}

static int open_listener(struct rig *r, struct mcr_listener *l)
{
	static const struct mcr_listener_calls calls = {
	    .take = take, .refuse = refuse, .has_room = has_room, .fail = fail_for_now};
	const struct mcr_listener_config config = {
	    .path = r->path,
	    .what = "test socket",
	    .type = SOCK_STREAM,
	    .backlog = 8,
	    .mode = 0600,
	    .gid = UINT32_MAX,
	    .epoll_fd = r->epoll_fd,
	    .data = 7,
	    .calls = &calls,
	    .ctx = r,
	};

	return mcr_listener_open(l, &config, &r->err);
}

static int set_up(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	strcpy(r->dir, "/tmp/mcring-listener-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->path, sizeof(r->path), "%s/socket", r->dir);
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r->room = 8;
	assert_int_equal(open_listener(r, &r->listener), 0);
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *r = *state;

	for (unsigned i = 0; i < r->n; i++)
		close(r->fds[i]);
	mcr_listener_close(&r->listener);
	mcr_listener_close(&r->listener); /* nothing more */
	close(r->epoll_fd);
	assert_int_equal(rmdir(r->dir), 0); /* the file is gone */
	free(r);
	return 0;
}

static int dial(const struct rig *r)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, r->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int is_readable(const struct rig *r)
{
	struct pollfd p = {.fd = r->epoll_fd, .events = POLLIN};

	return poll(&p, 1, 0);
}

static void it_accepts_as_many_as_it_is_asked_to(void **state)
{
	struct rig *r = *state;
	struct epoll_event event;
	int fds[3];

	for (int i = 0; i < 3; i++)
		fds[i] = dial(r);
	assert_int_equal(epoll_wait(r->epoll_fd, &event, 1, 0), 1);
	assert_int_equal(event.data.u64, 7);
	mcr_listener_accept(&r->listener, SECOND, 2);
	assert_int_equal(r->n, 2);
	mcr_listener_accept(&r->listener, SECOND, 2);
	assert_int_equal(r->n, 3);
	assert_int_equal(is_readable(r), 0);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void without_room_connections_wait_and_epoll_is_quiet(void **state)
{
	struct rig *r = *state;
	int fds[2] = {dial(r), dial(r)};

	r->room = 1;
	mcr_listener_accept(&r->listener, SECOND, 8);
	assert_int_equal(r->n, 1);
	assert_int_equal(is_readable(r), 1);
	mcr_listener_watch(&r->listener, SECOND);
	assert_int_equal(is_readable(r), 0);
	r->room = 1;
	mcr_listener_watch(&r->listener, SECOND);
	assert_int_equal(is_readable(r), 1);
	mcr_listener_accept(&r->listener, SECOND, 8);
	assert_int_equal(r->n, 2);
	for (int i = 0; i < 2; i++)
		close(fds[i]);
}

static void forbid_descriptors(rlim_t n, struct rlimit *before)
{
	struct rlimit low;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
	low = (struct rlimit){n, before->rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
}

static void without_a_descriptor_left_clients_are_refused_on_the_spare_one(void **state)
{
	struct rig *r = *state;
	int fds[2] = {dial(r), dial(r)}, next = dup(0);
	struct rlimit limit;
	char word[4];

	close(next);
	forbid_descriptors((rlim_t)next, &limit);
	mcr_listener_accept(&r->listener, SECOND, 8);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(r->n, 0);
	assert_int_equal(r->refused, 2);
	assert_int_equal(r->failed, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(recv(fds[i], word, sizeof(word), 0), 2);
		assert_int_equal(recv(fds[i], word, sizeof(word), 0), 0); /* and hung up on */
		close(fds[i]);
	}
}

static void without_the_spare_one_either_it_rests(void **state)
{
	struct rig *r = *state;
	struct rlimit limit;
	int fd = dial(r);

	forbid_descriptors(0, &limit);
	mcr_listener_accept(&r->listener, SECOND, 8);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(r->refused, 0);
	assert_int_equal(r->failed, 1);
	mcr_listener_accept(&r->listener, SECOND, 8);
	assert_int_equal(r->n, 0);
	mcr_listener_watch(&r->listener, SECOND);
	assert_int_equal(is_readable(r), 0);
	mcr_listener_watch(&r->listener, 2 * SECOND);
	assert_int_equal(is_readable(r), 1);
	mcr_listener_accept(&r->listener, 2 * SECOND, 8);
	assert_int_equal(r->n, 1);
	close(fd);
}

static void a_second_one_at_the_same_path_is_an_error(void **state)
{
	struct rig *r = *state;
	struct mcr_listener second;

	assert_int_equal(open_listener(r, &second), -EADDRINUSE);
	assert_non_null(strstr(r->err.text, "test socket /tmp/"));
	mcr_listener_close(&second);
	assert_int_equal(access(r->path, F_OK), 0); /* it is the first one's */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(it_accepts_as_many_as_it_is_asked_to),
	    TEST(without_room_connections_wait_and_epoll_is_quiet),
	    TEST(without_a_descriptor_left_clients_are_refused_on_the_spare_one),
	    TEST(without_the_spare_one_either_it_rests),
	    TEST(a_second_one_at_the_same_path_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
