/* SPDX-License-Identifier: BSD-3-Clause */
/* Who would be left behind, as an engine's stats socket names its readers. The engine is made up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "left_behind.h"

struct engine {
	char dir[32];
	int listener;
	const char *answer;
	size_t repeats; /* of a reader that follows, before the answer's own */
	pthread_t thread;
	char asked[64], said[8192];
};

static void say(void *ctx, const char *line)
{
	struct engine *e = ctx;

	strcat(strcat(e->said, line), "\n");
}

#define FOLLOWS "{\"label\": \"same\", \"pid\": 1, \"attach_oldest\": 2, \"attach_newest\": 2}, "

static void *serve(void *ctx)
{
	struct engine *e = ctx;
	int fd = accept(e->listener, NULL, NULL);

	for (size_t len = 0; !strchr(e->asked, '\n');) { /* it may come in parts */
		const ssize_t n = recv(fd, e->asked + len, sizeof(e->asked) - 1 - len, 0);

		assert_true(n > 0);
		len += (size_t)n;
	}
	if (e->repeats) {
		send(fd, "{\"consumers\": [", 15, MSG_NOSIGNAL);
		for (size_t i = 0; i < e->repeats; i++)
			send(fd, FOLLOWS, sizeof(FOLLOWS) - 1, MSG_NOSIGNAL);
	}
	send(fd, e->answer, strlen(e->answer), MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

static void begin(struct engine *e, const char *answer, size_t repeats)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*e =
	    (struct engine){.dir = "/tmp/mcring-left-XXXXXX", .answer = answer, .repeats = repeats};
	assert_non_null(mkdtemp(e->dir));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/stats", e->dir);
	e->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(e->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(e->listener, 1), 0);
}

static void end(struct engine *e)
{
	char path[64];

	close(e->listener);
	snprintf(path, sizeof(path), "%s/stats", e->dir);
	unlink(path);
	rmdir(e->dir);
}

static int ask(struct engine *e, const char *answer, size_t repeats, unsigned version)
{
	int left;

	begin(e, answer, repeats);
	assert_int_equal(pthread_create(&e->thread, NULL, serve, e), 0);
	left = mcr_left_behind(e->dir, version, say, e);
	pthread_join(e->thread, NULL);
	end(e);
	assert_string_equal(e->asked, "{\"command\":\"status\"}\n");
	return left;
}

#define READER(label, oldest, newest)                                                        \
	"{\"label\": \"" label "\", \"pid\": 47, \"uid\": 4000000000, \"channel\": \"md\", " \
	"\"attach_oldest\": " oldest ", \"attach_newest\": " newest "}"

static void readers_whose_library_is_too_old_or_too_new_are_named(void **state)
{
	static const char answer[] = "{\"consumers\": [" READER("old", "2", "2") ", " READER(
	    "follows", "2", "3") ", " READER("next", "4", "5") ", " READER("unknown", "null",
									   "null") "]}\n";
	struct engine e;

	assert_int_equal(ask(&e, answer, 0, 3), 2);
	assert_string_equal(
	    e.said,
	    "reader \"old\" (pid 47, user 4000000000, channel \"md\") would be left behind: its "
	    "library reads attach version 2, this mcring speaks 3: build it with this version's "
	    "libmcring-client first\n"
	    "reader \"next\" (pid 47, user 4000000000, channel \"md\") would be left behind: its "
	    "library reads attach versions 4 to 5, this mcring speaks 3: upgrade this mcring to "
	    "the "
	    "library's version\n");
	assert_int_equal(ask(&e, answer, 0, 2), 1); /* of these, the one of 4 to 5 */
	assert_non_null(strstr(e.said, "\"next\""));
}

static void a_user_is_named(void **state)
{
	struct engine e;
	char expected[96];

	assert_int_equal(ask(&e,
			     "{\"consumers\": [{\"label\": \"x\", \"uid\": 0, \"attach_oldest\": "
			     "2, \"attach_newest\": 2}]}\n",
			     0, 3),
			 1);
	snprintf(expected, sizeof(expected), "reader \"x\" (pid 0, user %s, channel \"?\")",
		 getpwuid(0) ? getpwuid(0)->pw_name : "0");
	assert_non_null(strstr(e.said, expected));
}

static void a_long_answer_is_read_to_its_end(void **state)
{
	struct engine e;

	assert_int_equal(ask(&e, READER("last", "3", "3") "]}\n", 20000, 2), 1);
	assert_non_null(strstr(e.said, "reader \"last\""));
}

static void without_an_engine_nobody_is_left(void **state)
{
	struct engine e = {.said = ""};

	assert_int_equal(mcr_left_behind("/tmp/mcring-left-none", 2, say, &e), 0);
	begin(&e, "", 0);
	assert_int_equal(dup2(STDIN_FILENO, e.listener), e.listener); /* as after a kill */
	assert_int_equal(mcr_left_behind(e.dir, 2, say, &e), 0);
	end(&e);
	assert_string_equal(e.said, "");
}

static void an_engine_that_does_not_answer_is_said_to_be_unknown(void **state)
{
	struct engine e;

	assert_int_equal(ask(&e, "", 0, 3), -ECONNRESET);
	assert_non_null(strstr(e.said, e.dir));
	assert_non_null(strstr(e.said, "cannot say whom it would leave behind\n"));
	assert_int_equal(ask(&e, "garbage\n", 0, 3), -EPROTO);
	assert_non_null(strstr(e.said, "cannot say whom it would leave behind\n"));
	assert_int_equal(ask(&e, "{\"consumers\": 7}\n", 0, 3), 0);
	assert_int_equal(ask(&e, "{\"consumers\": [1, null, {}]}\n", 0, 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(readers_whose_library_is_too_old_or_too_new_are_named),
	    cmocka_unit_test(a_user_is_named),
	    cmocka_unit_test(a_long_answer_is_read_to_its_end),
	    cmocka_unit_test(without_an_engine_nobody_is_left),
	    cmocka_unit_test(an_engine_that_does_not_answer_is_said_to_be_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
