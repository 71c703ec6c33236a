/* SPDX-License-Identifier: BSD-3-Clause */
/* What a service manager hears, on sockets as systemd has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"

#define SECOND_NS UINT64_C(1000000000)

struct manager {
	int fd;
	char dir[32], name[64], text[1024];
	struct mcr_notify notify;
};

/* name: a path, or '@' and a name of the abstract namespace. */
static void listen_at(struct manager *m, const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));

	memcpy(a.sun_path, name, strlen(name));
	if (name[0] == '@')
		a.sun_path[0] = '\0';
	m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(m->fd, (struct sockaddr *)&a, len), 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

static int setup(void **state)
{
	static struct manager m;

	m = (struct manager){.fd = -1, .dir = "/tmp/mcr-notify-XXXXXX"};
	assert_non_null(mkdtemp(m.dir));
	snprintf(m.name, sizeof(m.name), "%s/notify", m.dir);
	listen_at(&m, m.name);
	*state = &m;
	return 0;
}

static int teardown(void **state)
{
	struct manager *m = *state;

	mcr_notify_close(&m->notify);
	close(m->fd);
	unlink(m->name);
	rmdir(m->dir);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return 0;
}

/* The next message, or "": there is none. */
static const char *heard(struct manager *m)
{
	ssize_t n = recv(m->fd, m->text, sizeof(m->text) - 1, 0);

	m->text[n > 0 ? n : 0] = '\0';
	return m->text;
}

static struct mcr_notify *opened(struct manager *m)
{
	struct mcr_error err;

	assert_int_equal(mcr_notify_open(&m->notify, &err), 0);
	return &m->notify;
}

static void each_state_is_told_once_with_the_status(void **state)
{
	struct manager *m = *state;
	struct mcr_notify *n = opened(m);

	mcr_notify_set_status(n, "starts: %s", "EAL");
	mcr_notify_extend(n, 3 * SECOND_NS);
	mcr_notify_poll(n, 1, 5);
	assert_string_equal(heard(m), "STATUS=starts: EAL\nEXTEND_TIMEOUT_USEC=3000000\n");
	mcr_notify_set_state(n, MCR_NOTIFY_READY);
	mcr_notify_set_status(n, "12 groups\nREADY=0");
	mcr_notify_poll(n, 1, 6);
	assert_string_equal(heard(m), "READY=1\nSTATUS=12 groups READY=0\n");
	mcr_notify_poll(n, 1, 7);
	assert_string_equal(heard(m), "");
	mcr_notify_set_state(n, MCR_NOTIFY_RELOADING);
	mcr_notify_poll(n, 1, 8000);
	assert_string_equal(heard(m), "RELOADING=1\nMONOTONIC_USEC=8\n");
	mcr_notify_set_state(n, MCR_NOTIFY_READY);
	mcr_notify_poll(n, 1, 9000);
	assert_string_equal(heard(m), "READY=1\n");
	mcr_notify_set_state(n, MCR_NOTIFY_STOPPING);
	mcr_notify_poll(n, 1, 10000);
	assert_string_equal(heard(m), "STOPPING=1\n");
}

static void a_status_that_stays_the_same_is_not_told_again(void **state)
{
	struct manager *m = *state;
	struct mcr_notify *n = opened(m);

	mcr_notify_set_status(n, "as before");
	mcr_notify_poll(n, 1, 1);
	assert_string_equal(heard(m), "STATUS=as before\n");
	mcr_notify_set_status(n, "as before");
	mcr_notify_poll(n, 1, 2);
	assert_string_equal(heard(m), "");
}

static void the_watchdog_hears_of_life_twice_in_its_time(void **state)
{
	struct manager *m = *state;
	struct mcr_notify *n;

	setenv("WATCHDOG_USEC", "30000000", 1);
	n = opened(m);
	mcr_notify_poll(n, 1, SECOND_NS);
	assert_string_equal(heard(m), ""); /* not before it is ready */
	mcr_notify_set_state(n, MCR_NOTIFY_READY);
	mcr_notify_poll(n, 1, 20 * SECOND_NS);
	assert_string_equal(heard(m), "READY=1\nWATCHDOG=1\n");
	mcr_notify_poll(n, 1, 35 * SECOND_NS - 1);
	assert_string_equal(heard(m), "");
	mcr_notify_poll(n, 1, 35 * SECOND_NS);
	assert_string_equal(heard(m), "WATCHDOG=1\n");
}

static void what_is_not_alive_gives_no_sign_of_life(void **state)
{
	struct manager *m = *state;
	struct mcr_notify *n;

	setenv("WATCHDOG_USEC", "30000000", 1);
	n = opened(m);
	mcr_notify_set_state(n, MCR_NOTIFY_READY);
	mcr_notify_poll(n, 0, 20 * SECOND_NS);
	assert_string_equal(heard(m), "READY=1\n");
	mcr_notify_poll(n, 0, 60 * SECOND_NS);
	assert_string_equal(heard(m), "");
	assert_true(mcr_notify_is_due(n, 60 * SECOND_NS));
	mcr_notify_poll(n, 1, 61 * SECOND_NS);
	assert_string_equal(heard(m), "WATCHDOG=1\n");
}

static void a_watchdog_of_another_process_is_not_fed(void **state)
{
	struct manager *m = *state;
	struct mcr_notify *n;
	char pid[16];

	setenv("WATCHDOG_USEC", "30000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	n = opened(m);
	mcr_notify_set_state(n, MCR_NOTIFY_READY);
	mcr_notify_poll(n, 1, 20 * SECOND_NS);
	assert_string_equal(heard(m), "READY=1\n");
	mcr_notify_close(n);

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("NOTIFY_SOCKET", m->name, 1);
	setenv("WATCHDOG_USEC", "30000000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	n = opened(m);
	mcr_notify_set_state(n, MCR_NOTIFY_READY);
	mcr_notify_poll(n, 1, 20 * SECOND_NS);
	assert_string_equal(heard(m), "READY=1\nWATCHDOG=1\n");
}

static void children_inherit_nothing_of_it(void **state)
{
	struct manager *m = *state;

	setenv("WATCHDOG_USEC", "30000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	opened(m);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
}

static void what_found_no_room_is_told_later_with_what_changed_since(void **state)
{
	struct manager *m = *state;
	struct mcr_notify *n = opened(m);
	unsigned sent = 0;

	mcr_notify_set_state(n, MCR_NOTIFY_READY);
	mcr_notify_poll(n, 1, 1);
	for (; sent < 100000 && strcmp(n->status, n->told_status) == 0; sent++) {
		mcr_notify_set_status(n, "status %u", sent);
		mcr_notify_poll(n, 1, 2);
	}
	assert_in_range(sent, 2, 99999); /* it did not wait, and the queue is full */
	mcr_notify_set_state(n, MCR_NOTIFY_STOPPING);
	mcr_notify_poll(n, 1, 3);
	while (*heard(m))
		assert_null(strstr(m->text, "STOPPING"));
	mcr_notify_poll(n, 1, 4);
	assert_non_null(strstr(heard(m), "STOPPING=1\nSTATUS=status "));
	mcr_notify_poll(n, 1, 5);
	assert_string_equal(heard(m), "");
}

static void the_socket_may_have_an_abstract_name(void **state)
{
	struct manager *m = *state;
	char name[64];

	close(m->fd);
	snprintf(name, sizeof(name), "@mcr-notify-%d", (int)getpid());
	listen_at(m, name);
	mcr_notify_set_state(opened(m), MCR_NOTIFY_READY);
	mcr_notify_poll(&m->notify, 1, 1);
	assert_string_equal(heard(m), "READY=1\n");
}

static void without_a_manager_nothing_happens(void **state)
{
	struct manager *m = *state;
	struct mcr_notify *n;

	unsetenv("NOTIFY_SOCKET");
	setenv("WATCHDOG_USEC", "30000000", 1);
	n = opened(m);
	assert_int_equal(n->fd, -1);
	mcr_notify_set_state(n, MCR_NOTIFY_READY);
	assert_false(mcr_notify_is_due(n, 100 * SECOND_NS));
	mcr_notify_poll(n, 1, 100 * SECOND_NS);
	assert_string_equal(heard(m), "");
}

static void a_name_that_makes_no_sense_is_refused(void **state)
{
	static const char *const names[] = {"", "/", "@", "notify", "vsock:2:1234"};
	struct manager *m = *state;
	char longest[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	struct mcr_error err;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		assert_int_equal(mcr_notify_open(&m->notify, &err), -EINVAL);
		assert_non_null(strstr(err.text, names[i]));
		assert_null(getenv("NOTIFY_SOCKET"));
		mcr_notify_set_state(&m->notify, MCR_NOTIFY_READY);
		mcr_notify_poll(&m->notify, 1, 1);
	}
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	assert_int_equal(mcr_notify_open(&m->notify, &err), -EINVAL);
	assert_string_equal(heard(m), "");
}

#define WITH_MANAGER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_MANAGER(each_state_is_told_once_with_the_status),
	    WITH_MANAGER(a_status_that_stays_the_same_is_not_told_again),
	    WITH_MANAGER(the_watchdog_hears_of_life_twice_in_its_time),
	    WITH_MANAGER(what_is_not_alive_gives_no_sign_of_life),
	    WITH_MANAGER(a_watchdog_of_another_process_is_not_fed),
	    WITH_MANAGER(children_inherit_nothing_of_it),
	    WITH_MANAGER(what_found_no_room_is_told_later_with_what_changed_since),
	    WITH_MANAGER(the_socket_may_have_an_abstract_name),
	    WITH_MANAGER(without_a_manager_nothing_happens),
	    WITH_MANAGER(a_name_that_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
