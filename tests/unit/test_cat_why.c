/* SPDX-License-Identifier: BSD-3-Clause */
/* test_cat_why MCRING_CAT: what mcring-cat says when nothing came, and that it never hangs for it.
 */
#include "small_engine.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "../../tools/common/clock.h"
#include "../../tools/mcring-cat/why.h"

static const char *cat_path;

/* ---- an engine's socket ---- */

enum manner {
	ANSWERS,
	DRIPS,    /* an octet at a time */
	HANGS,    /* takes the request and says nothing */
	BABBLES,  /* says much, and no first line */
	HANGS_UP, /* after the request */
};

#define FIRST  "239.1.1.1:5000: no data: \\\"x\\\" \\u00e4"
#define SHOWN  "mcring-cat: 239.1.1.1:5000: no data: \"x\" \303\244\n"
#define ANSWER "{\"ok\":true,\"schema\":1,\"first\":\"" FIRST "\",\"exit\":1}\n"

static void speak(int fd, enum manner manner)
{
	static const char answer[] = ANSWER;
	const struct timespec ms = {.tv_nsec = 1000000};
	char noise[4096];

	switch (manner) {
	case ANSWERS:
		(void)!write(fd, answer, sizeof(answer) - 1);
		break;
	case DRIPS:
		for (size_t i = 0; i < sizeof(answer) - 1; i++) {
			(void)!write(fd, &answer[i], 1);
			nanosleep(&ms, NULL);
		}
		break;
	case BABBLES:
		memset(noise, ' ', sizeof(noise));
		while (write(fd, noise, sizeof(noise)) > 0)
			;
		break;
	case HANGS:
		pause();
		break;
	case HANGS_UP:
		break;
	}
	close(fd);
}

/* Serves name in the run directory, and writes each request to name.asked. */
static pid_t serve(const struct small_engine *e, const char *name, enum manner manner)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", e->dir, name);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 4), 0);
	pid = fork();
	if (pid != 0) {
		close(listener);
		return pid;
	}
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		char request[1024], path[256];
		int fd = accept(listener, NULL, NULL);
		ssize_t n = read(fd, request, sizeof(request));
		FILE *asked;

		snprintf(path, sizeof(path), "%s/%s.asked", e->dir, name);
		asked = fopen(path, "w");
		fwrite(request, 1, n > 0 ? (size_t)n : 0, asked);
		fclose(asked);
		speak(fd, manner);
	}
}

static void stop(const struct small_engine *e, const char *name, pid_t pid)
{
	char path[256];

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	snprintf(path, sizeof(path), "%s/%s", e->dir, name);
	unlink(path);
	snprintf(path, sizeof(path), "%s/%s.asked", e->dir, name);
	unlink(path);
}

/* The request that came, "" if none did. */
static const char *asked(const struct small_engine *e, const char *name)
{
	static char text[1024];
	char path[256];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.asked", e->dir, name);
	f = fopen(path, "r");
	if (f) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

/* Runs mcring-cat for a tenth of a second. Returns what it printed, until the next call; status 1
 * is that of a count that was not reached. */
static const char *cat(const struct small_engine *e, const char *more)
{
	static char out[4096];
	char command[512];
	FILE *f;

	snprintf(command, sizeof(command),
		 "'%s' --run-dir '%s' --channel md --count 1 --timeout 0.1 %s 2>&1", cat_path,
		 e->dir, more);
	f = popen(command, "r");
	assert_non_null(f);
	out[fread(out, 1, sizeof(out) - 1, f)] = '\0';
	assert_int_equal(WEXITSTATUS(pclose(f)), 1);
	return out;
}

/* Connects until there is no room for one more. */
static void crowd(const struct small_engine *e, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, ret;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", e->dir, name);
	do {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		ret = connect(fd, (struct sockaddr *)&address, sizeof(address));
		assert_true(ret == 0 || errno == EAGAIN);
		close(fd); /* it waits to be accepted all the same */
	} while (ret == 0);
}

static void an_engine_that_others_knock_at_is_tried_again(void **state)
{
	struct small_engine e;
	pid_t pid, later;

	small_engine_create(&e, 1, 4096);
	pid = serve(&e, "stats", ANSWERS);
	kill(pid, SIGSTOP);
	crowd(&e, "stats");
	later = fork();
	if (later == 0) {
		usleep(400000); /* cat looks after 100 ms */
		kill(pid, SIGCONT);
		_exit(0);
	}
	assert_string_equal(cat(&e, ""), SHOWN);
	waitpid(later, NULL, 0);
	stop(&e, "stats", pid);
	small_engine_destroy(&e);
}

static void the_engine_s_first_line_is_printed(void **state)
{
	struct small_engine e;
	pid_t pid;

	small_engine_create(&e, 1, 4096);
	pid = serve(&e, "stats", ANSWERS);
	assert_string_equal(cat(&e, ""), SHOWN);
	assert_string_equal(asked(&e, "stats"), "{\"command\":\"why\",\"channel\":\"md\"}\n");
	assert_string_equal(cat(&e, "--group 239.1.1.1:5000"), SHOWN);
	assert_string_equal(
	    asked(&e, "stats"),
	    "{\"command\":\"why\",\"channel\":\"md\",\"group\":\"239.1.1.1:5000\"}\n");
	stop(&e, "stats", pid);
	small_engine_destroy(&e);
}

static void the_control_socket_is_asked_where_there_is_no_other(void **state)
{
	struct small_engine e;
	pid_t pid;

	small_engine_create(&e, 1, 4096);
	pid = serve(&e, "control", DRIPS);
	assert_string_equal(cat(&e, ""), SHOWN);
	stop(&e, "control", pid);
	small_engine_destroy(&e);
}

static void an_engine_that_gives_no_answer_changes_nothing(void **state)
{
	static const enum manner manners[] = {HANGS, BABBLES, HANGS_UP};
	struct small_engine e;

	small_engine_create(&e, 1, 4096);
	assert_string_equal(cat(&e, ""), "");
	for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
		const pid_t pid = serve(&e, "stats", manners[i]);
		const uint64_t from_ns = monotonic_ns();

		assert_string_equal(cat(&e, ""), "");
		/* What hangs is given 2 s; the rest of the bound is for a busy machine. */
		assert_true(monotonic_ns() - from_ns < 60000000000u);
		stop(&e, "stats", pid);
	}
	small_engine_destroy(&e);
}

static void nobody_is_asked_when_something_came(void **state)
{
	struct small_engine e;
	pid_t pid;

	small_engine_create(&e, 1, 4096);
	pid = serve(&e, "stats", ANSWERS);
	small_engine_publish_seqs(&e, 0, 1);
	assert_null(strstr(cat(&e, "--from oldest --count 2"), "no data"));
	assert_string_equal(asked(&e, "stats"), "");
	stop(&e, "stats", pid);
	small_engine_destroy(&e);
}

/* ---- what is asked ---- */

static void asks(const struct cat_options *o, const char *text)
{
	char request[CAT_REQUEST_MAX];
	const size_t len = cat_why_request(request, o);

	assert_int_equal(len, strlen(text));
	assert_memory_equal(request, text, len);
}

static void a_group_is_asked_about_if_it_is_the_only_one(void **state)
{
	static struct cat_options o;
	const char *const one = "{\"command\":\"why\",\"channel\":\"default\"}\n";

	asks(&o, one);
	o.joins[0] = "[ff15::1]:5000@[2001:db8::7],channel=md,id=7";
	o.n_joins = 1;
	asks(&o, "{\"command\":\"why\",\"channel\":\"default\",\"group\":"
		 "\"[ff15::1]:5000@[2001:db8::7]\"}\n");
	o.joins[0] = "239.1.1.0/24:5000";
	asks(&o, one);
	o.joins[0] = "239.1.1.1:5000-5003";
	asks(&o, one);
	o.joins[0] = "232.1.1.1@10.0.0.1+10.0.0.2";
	asks(&o, one);
	o.joins[0] = "239.1.1.1";
	o.joins[1] = "239.1.1.2";
	o.n_joins = 2;
	asks(&o, one);
	/* What is selected is what this reader waits for. */
	o.groups[0].group = (struct mcr_address){{[10] = 0xff, 0xff, 239, 1, 1, 1}};
	o.opts.n_groups = 1;
	asks(&o, "{\"command\":\"why\",\"channel\":\"default\",\"group\":\"239.1.1.1\"}\n");
	o.groups[0].port = 5000;
	asks(&o, "{\"command\":\"why\",\"channel\":\"default\",\"group\":\"239.1.1.1:5000\"}\n");
	o.opts.n_ids = 1;
	asks(&o, one);
}

static void a_name_that_json_would_escape_is_not_asked_about(void **state)
{
	static struct cat_options o;

	o.opts.channel = "a\"b";
	asks(&o, "");
	o.opts.channel = "\303\244";
	asks(&o, "");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_engine_s_first_line_is_printed),
	    cmocka_unit_test(an_engine_that_others_knock_at_is_tried_again),
	    cmocka_unit_test(the_control_socket_is_asked_where_there_is_no_other),
	    cmocka_unit_test(an_engine_that_gives_no_answer_changes_nothing),
	    cmocka_unit_test(nobody_is_asked_when_something_came),
	    cmocka_unit_test(a_group_is_asked_about_if_it_is_the_only_one),
	    cmocka_unit_test(a_name_that_json_would_escape_is_not_asked_about),
	};

	assert_int_equal(argc, 2);
	cat_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
