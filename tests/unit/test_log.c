/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

struct fixture {
	int fds[2];
	char text[1 << 17];
};

static int setup(void **state)
{
	static struct fixture f;

	*state = &f;
	return pipe2(f.fds, O_CLOEXEC); /* blocking, as a daemon's stderr is */
}

static int teardown(void **state)
{
	const struct fixture *f = *state;

	close(f->fds[0]);
	close(f->fds[1]);
	return 0;
}

static const char *read_all(struct fixture *f)
{
	ssize_t n;

	fcntl(f->fds[0], F_SETFL, O_NONBLOCK);
	n = read(f->fds[0], f->text, sizeof(f->text) - 1);
	f->text[n > 0 ? n : 0] = '\0';
	return f->text;
}

static void a_line_is_whole(void **state)
{
	struct fixture *f = *state;
	struct mcr_log log = {.fd = f->fds[1]};

	mcr_log_line(&log, MCR_LOG_INFO, "port %s: link %s", "p", "up");
	mcr_log_line(&log, MCR_LOG_INFO, "two");
	assert_string_equal(read_all(f), "mcring: port p: link up\nmcring: two\n");
}

static void what_nobody_reads_is_lost_and_counted_and_never_waited_for(void **state)
{
	struct fixture *f = *state;
	struct mcr_log log = {.fd = f->fds[1]};
	unsigned written = 0, lost;
	char expected[128];

	for (unsigned i = 0; i < 10000; i++) {
		mcr_log_line(&log, MCR_LOG_INFO,
			     "line %u of a log that is long enough to fill a pipe", i);
		written += log.lost == 0;
	}
	assert_in_range(written, 100, 9999);
	lost = 10000 - written;
	assert_int_equal(log.lost, lost);
	read_all(f);
	mcr_log_line(&log, MCR_LOG_INFO, "read again");
	snprintf(expected, sizeof(expected),
		 "mcring: warning: %u lines lost: nobody read them\nmcring: read again\n", lost);
	assert_string_equal(read_all(f), expected);
	mcr_log_line(&log, MCR_LOG_INFO, "and on");
	assert_string_equal(read_all(f), "mcring: and on\n");
}

static void a_line_that_is_too_long_is_cut_and_ends(void **state)
{
	struct fixture *f = *state;
	struct mcr_log log = {.fd = f->fds[1], .lost = 4000000000u};
	static char text[5000];

	memset(text, 'x', sizeof(text) - 1);
	mcr_log_line(&log, MCR_LOG_INFO, "%s", text);
	read_all(f);
	assert_in_range(strlen(f->text), MCR_LOG_LINE_MAX, MCR_LOG_LINE_MAX + 128);
	assert_int_equal(f->text[strlen(f->text) - 1], '\n');
}

static void a_reader_that_is_gone_is_no_matter(void **state)
{
	struct fixture *f = *state;
	struct mcr_log log = {.fd = -1};

	mcr_log_line(&log, MCR_LOG_INFO, "closed");
	assert_int_equal(log.lost, 1);
	log.fd = f->fds[1];
	mcr_log_line(&log, MCR_LOG_INFO, "open");
	assert_non_null(strstr(read_all(f), "1 lines lost"));
}

static void the_journal_gets_a_priority_with_each_line(void **state)
{
	struct fixture *f = *state;
	struct mcr_log log = {.fd = f->fds[1], .journal = 1, .lost = 2};

	mcr_log_line(&log, MCR_LOG_ERROR, "one");
	mcr_log_line(&log, MCR_LOG_WARNING, "two");
	mcr_log_line(&log, MCR_LOG_INFO, "three");
	mcr_log_line(&log, MCR_LOG_DEBUG, "four");
	assert_string_equal(read_all(f), "<4>mcring: warning: 2 lines lost: nobody read them\n"
					 "<3>mcring: error: one\n<4>mcring: warning: two\n"
					 "<6>mcring: three\n<7>mcring: debug: four\n");
}

static void the_journal_is_the_stream_that_it_names(void **state)
{
	struct fixture *f = *state;
	char stream[64];
	struct stat st;

	assert_int_equal(fstat(f->fds[1], &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	assert_true(mcr_log_is_journal(f->fds[1], stream));
	assert_false(mcr_log_is_journal(STDIN_FILENO, stream)); /* stderr went elsewhere since */
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino + 1);
	assert_false(mcr_log_is_journal(f->fds[1], stream));
	assert_false(mcr_log_is_journal(f->fds[1], NULL));
	assert_false(mcr_log_is_journal(f->fds[1], ""));
	assert_false(mcr_log_is_journal(-1, stream));
}

#define WITH_PIPE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PIPE(a_line_is_whole),
	    WITH_PIPE(what_nobody_reads_is_lost_and_counted_and_never_waited_for),
	    WITH_PIPE(a_line_that_is_too_long_is_cut_and_ends),
	    WITH_PIPE(a_reader_that_is_gone_is_no_matter),
	    WITH_PIPE(the_journal_gets_a_priority_with_each_line),
	    WITH_PIPE(the_journal_is_the_stream_that_it_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
