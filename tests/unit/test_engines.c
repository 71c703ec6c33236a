/* SPDX-License-Identifier: BSD-3-Clause */
/* Which engines there are, by sockets in a folder of the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/engines.h"

static char root[] = "/tmp/mcring-engines-XXXXXX";

/* A socket in the run directory of an engine. Returns its descriptor. */
static int make(const char *engine, const char *name, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	char dir[64];

	snprintf(dir, sizeof(dir), "%s/%s", root, engine);
	mkdir(dir, 0755);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", dir, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void path_of(char path[128], const char *engine, const char *name)
{
	snprintf(path, 128, "%s/%s/%s", root, engine, name);
}

static int make_root(void **state)
{
	strcpy(root + strlen(root) - 6, "XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static const char *list(void)
{
	static char text[ENGINES_TEXT];

	return engines_list(text, root);
}

static void without_an_engine_it_says_where_it_looked(void **state)
{
	char expected[128], text[ENGINES_TEXT];

	snprintf(expected, sizeof(expected), " (below %s none is running)", root);
	assert_string_equal(list(), expected);
	assert_string_equal(engines_list(text, "/nowhere"), " (below /nowhere none is running)");
}

static void engines_that_run_and_that_have_ended_are_told_apart(void **state)
{
	int lab = make("lab", "attach", SOCK_SEQPACKET), prod = make("prod", "stats", SOCK_STREAM),
	    old = make("old", "attach", SOCK_SEQPACKET);
	char path[128];

	close(make("prod", "attach", SOCK_SEQPACKET)); /* one is asked, the other has to be there */
	close(old);
	path_of(path, "notes", "");
	mkdir(path, 0755);
	assert_string_equal(list(), " (running: --name lab, --name prod; ended: old)");
	close(lab);
	assert_string_equal(list(), " (running: --name prod; ended: lab, old)");
	close(prod);
}

static void what_cannot_be_attached_to_is_no_engine(void **state)
{
	int watch = make("watch", "stats", SOCK_STREAM),
	    lab = make("lab", "attach", SOCK_SEQPACKET);

	assert_string_equal(list(), " (running: --name lab)");
	close(watch);
	close(lab);
}

static void many_engines_are_cut(void **state)
{
	int fds[12];
	char name[8];

	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "e%02d", i);
		fds[i] = make(name, "attach", SOCK_SEQPACKET);
	}
	assert_string_equal(list(), " (running: --name e00, --name e01, --name e02, --name e03, "
				    "--name e04, --name e05, --name e06, --name e07, ...)");
	for (int i = 0; i < 12; i++)
		close(fds[i]);
}

static void who_may_not_connect_learns_who_may(void **state)
{
	int fd = make("lab", "attach", SOCK_SEQPACKET);
	struct group *daemon = getgrnam("daemon");
	char path[128], text[ENGINES_TEXT];

	path_of(path, "lab", "attach");
	if (geteuid() != 0 || !daemon)
		skip();
	assert_int_equal(chown(path, 0, daemon->gr_gid), 0);
	chmod(path, 0660);
	assert_string_equal(engines_denied(text, path),
			    "; its mode is 0660, its group daemon: sudo usermod -aG daemon USER, "
			    "and log in again, or run as user root");
	chmod(path, 0600);
	assert_non_null(strstr(engines_denied(text, path), "start mcring with --attach mode=0660"));
	assert_int_equal(chown(path, 0, 0), 0);
	chmod(path, 0660);
	assert_non_null(strstr(engines_denied(text, path), "start mcring with --attach mode=0660"));
	close(fd);
}

static void a_hint_depends_on_what_is_in_the_run_directory(void **state)
{
	int fd = make("lab", "attach", SOCK_SEQPACKET);
	char dir[128], text[ENGINES_TEXT];

	path_of(dir, "lab", "");
	assert_string_equal(engines_hint(text, dir, NULL), ""); /* the engine itself has said it */
	close(fd);
	assert_non_null(strstr(engines_hint(text, dir, NULL), " ("));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(without_an_engine_it_says_where_it_looked, make_root,
					    remove_root),
	    cmocka_unit_test_setup_teardown(engines_that_run_and_that_have_ended_are_told_apart,
					    make_root, remove_root),
	    cmocka_unit_test_setup_teardown(what_cannot_be_attached_to_is_no_engine, make_root,
					    remove_root),
	    cmocka_unit_test_setup_teardown(many_engines_are_cut, make_root, remove_root),
	    cmocka_unit_test_setup_teardown(who_may_not_connect_learns_who_may, make_root,
					    remove_root),
	    cmocka_unit_test_setup_teardown(a_hint_depends_on_what_is_in_the_run_directory,
					    make_root, remove_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
