/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl top: in a pipe and on a terminal. */
#include "ctl_engine.h"

static void top_in_a_pipe_is_plain_text_and_ends(void **state)
{
	struct fixture *f = *state;

	ctl(f, f->dir, "top --interval 0.05 --count 3");
	assert_int_equal(f->status, 0);
	assert_int_equal(count(f, "md at "), 3);
	assert_int_equal(count(f, "\nreceived 0/s, delivered 0/s, punted 0/s, relayed 0/s\n"), 3);
	assert_int_equal(count(f, "dropped unknown_group 0/s, 3 since the start\n"), 3);
	has(f, "\nchannel  consumers  messages/s");
	has(f, "behind  headroom  lowest  polled ago\n");
	has(f, "    10        54      32  ");
	assert_null(strchr(f->out, '\033'));
	ctl(f, f->dir, "top --once --interval 0.01");
	assert_int_equal(count(f, "md at "), 1);
}

/* Runs a command on a terminal of its own, with so much of input to it. */
static void on_terminal(struct fixture *f, const char *input, const char *more, const char *options)
{
	char command[400];
	size_t n;
	FILE *p;

	snprintf(
	    command, sizeof(command),
	    "%s | script -qec 'stty rows 6 cols 60; \"%s\" --run-dir %s top %s%s' /dev/null 2>&1",
	    input, getenv("MCRING_CTL"), f->dir, options, more);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(f->out, 1, sizeof(f->out) - 1, p);
	f->out[n] = '\0';
	f->status = pclose(p);
}

static void top_on_a_terminal_paints_over_the_last_screen(void **state)
{
	struct fixture *f = *state;

	on_terminal(f, ":", "", "--interval 0.05 --count 2");
	assert_int_equal(f->status, 0);
	assert_int_equal(count(f, "\033[2J"), 1);
	assert_int_equal(count(f, "\033[H"), 2);
	assert_int_equal(count(f, "\n"), 2 * 5); /* the last row stays free */
	has(f, " more lines: there is no room for them\033[K\r\n\033[J");
	for (char *line = strtok(f->out, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 60 + strlen("\033[2J\033[J\033[H\033[K\r"));
}

static void q_ends_top(void **state)
{
	struct fixture *f = *state;

	on_terminal(f, "(sleep 0.3; printf q; sleep 0.1)", "; stty -a", "--interval 600");
	assert_int_equal(f->status, 0);
	assert_null(strstr(f->out, "md at ")); /* not even the first screen */
	has(f, " icanon ");
	has(f, " echo ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ENGINE(top_in_a_pipe_is_plain_text_and_ends),
	    WITH_ENGINE(top_on_a_terminal_paints_over_the_last_screen),
	    WITH_ENGINE(q_ends_top),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
