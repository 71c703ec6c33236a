/* SPDX-License-Identifier: BSD-3-Clause */
/* The terminal of mcring-ctl top: q ends it, and it is as before at every end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../tools/mcring-ctl/keys.h"

/* A program on a terminal, whose other side is fd; what it says, and what it waits for at its end:
 * a terminal loses what it was given last when its program ends. */
struct program {
	int fd, says, leave;
	pid_t pid;
};

/* Says what comes of waiting for a minute until something ends it: b, r, x are the events. */
static void follow_keys(int says, int leave)
{
	struct ctl_keys keys;
	enum ctl_keys_event event;
	char c;

	ctl_keys_begin(&keys);
	(void)!write(says, "b", 1);
	while ((event = ctl_keys_wait(&keys, 60)) == CTL_KEYS_RESUMED)
		(void)!write(says, "r", 1);
	ctl_keys_end(&keys);
	(void)!write(says, "x", 1);
	(void)!read(leave, &c, 1);
	_exit(event == CTL_KEYS_END ? 7 : 8);
}

/* Reads what the program says next. */
static char said(const struct program *p)
{
	char c = 0;

	assert_int_equal(read(p->says, &c, 1), 1);
	return c;
}

static int is_raw(const struct program *p)
{
	struct termios now;

	assert_int_equal(tcgetattr(p->fd, &now), 0);
	return (now.c_lflag & (ICANON | ECHO)) == 0;
}

static void start(struct program *p)
{
	int says[2], leave[2];

	assert_int_equal(pipe(says), 0);
	assert_int_equal(pipe(leave), 0);
	p->pid = forkpty(&p->fd, NULL, NULL, NULL);
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		close(leave[1]);
		follow_keys(says[1], leave[0]);
	}
	close(says[1]);
	close(leave[0]);
	p->says = says[0];
	p->leave = leave[1];
	assert_int_equal(said(p), 'b');
	assert_true(is_raw(p));
}

/* It ends as it should. */
static void has_ended(const struct program *p)
{
	int status;

	assert_int_equal(said(p), 'x');
	assert_false(is_raw(p));
	close(p->leave);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	close(p->says);
	close(p->fd);
}

static void press(const struct program *p, const char *keys)
{
	assert_int_equal(write(p->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

static void q_ends_it_and_other_keys_do_not(void **state)
{
	struct program p;

	start(&p);
	press(&p, "abc\n \033[A");
	press(&p, "q");
	has_ended(&p);
	start(&p);
	press(&p, "Q");
	has_ended(&p);
}

static void signals_end_it_with_the_terminal_as_it_was(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct program p;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		start(&p);
		kill(p.pid, signals[i]);
		has_ended(&p);
	}
	start(&p);
	press(&p, "\003"); /* Ctrl-C */
	has_ended(&p);
}

static void ctrl_z_gives_the_terminal_back_until_it_goes_on(void **state)
{
	struct program p;
	int status;

	start(&p);
	press(&p, "\032");
	assert_int_equal(waitpid(p.pid, &status, WUNTRACED), p.pid);
	assert_true(WIFSTOPPED(status));
	assert_false(is_raw(&p));
	kill(p.pid, SIGCONT);
	assert_int_equal(said(&p), 'r');
	assert_true(is_raw(&p));
	press(&p, "q");
	has_ended(&p);
}

/* Without a terminal: time passes, and input is nobody's. */
static void a_pipe_is_left_alone(void **state)
{
	const int in = dup(STDIN_FILENO), out = dup(STDOUT_FILENO);
	struct ctl_keys keys;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "q", 1), 1);
	dup2(ends[0], STDIN_FILENO);
	dup2(ends[1], STDOUT_FILENO);
	ctl_keys_begin(&keys);
	assert_false(keys.is_raw);
	assert_int_equal(ctl_keys_wait(&keys, 0.01), CTL_KEYS_TIME);
	ctl_keys_end(&keys);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pipe_is_left_alone),
	    cmocka_unit_test(q_ends_it_and_other_keys_do_not),
	    cmocka_unit_test(signals_end_it_with_the_terminal_as_it_was),
	    cmocka_unit_test(ctrl_z_gives_the_terminal_back_until_it_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
