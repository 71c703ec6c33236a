/* SPDX-License-Identifier: BSD-3-Clause */
/* Handlers of the program wait while a thread is inside the library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "socket/calls.h"
#include "socket/signals.h"

#define SEEN_MAX 16

static struct {
	int sig[SEEN_MAX], value[SEEN_MAX];
	unsigned depth[SEEN_MAX];
	sigset_t mask[SEEN_MAX];
	volatile unsigned n;
} seen;

static void note(int sig, siginfo_t *info, void *context)
{
	unsigned i = seen.n++;

	assert_true(i < SEEN_MAX);
	assert_non_null(context);
	seen.sig[i] = sig;
	seen.value[i] = info->si_code == SI_QUEUE ? info->si_value.sival_int : 0;
	seen.depth[i] = mcr_signal_state.depth;
	pthread_sigmask(SIG_SETMASK, NULL, &seen.mask[i]);
	errno = EDOM;
}

static void note_plainly(int sig)
{
	seen.sig[seen.n++] = sig;
}

static void handle(int sig, int flags, int also_masked)
{
	struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | flags};

	sigemptyset(&action.sa_mask);
	if (also_masked)
		sigaddset(&action.sa_mask, also_masked);
	assert_int_equal(mcr_sock_sigaction(sig, &action, NULL), 0);
}

static void queue(int sig, int value)
{
	assert_int_equal(pthread_sigqueue(pthread_self(), sig, (union sigval){.sival_int = value}),
			 0);
}

static int begin(void **state)
{
	memset(&seen, 0, sizeof(seen));
	return 0;
}

/* Afterwards the thread is outside, and nothing is blocked. */
static int end(void **state)
{
	sigset_t mask;

	assert_int_equal(mcr_signal_state.depth, 0);
	assert_int_equal(mcr_signal_state.waiting, 0);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		assert_int_not_equal(sigismember(&mask, sig), 1);
	return 0;
}

static void a_handler_runs_at_once_outside(void **state)
{
	handle(SIGUSR1, 0, 0);
	queue(SIGUSR1, 7);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.value[0], 7);
}

static void a_handler_waits_for_the_end_of_the_outermost_section(void **state)
{
	handle(SIGUSR1, 0, 0);
	mcr_signal_enter();
	mcr_signal_enter();
	queue(SIGUSR1, 8);
	mcr_signal_leave();
	assert_int_equal(seen.n, 0);
	errno = ERANGE;
	mcr_signal_leave();
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.sig[0], SIGUSR1);
	assert_int_equal(seen.value[0], 8);
	assert_int_equal(seen.depth[0], 0);
	assert_int_equal(errno, ERANGE);
}

static void signals_that_are_queued_run_one_by_one_in_order(void **state)
{
	handle(SIGRTMIN, 0, 0);
	mcr_signal_enter();
	for (int i = 0; i < 5; i++)
		queue(SIGRTMIN, i);
	mcr_signal_leave();
	assert_int_equal(seen.n, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(seen.value[i], i);
}

/* The kernel stacks their frames before the first instruction of the first. */
static void signals_that_are_delivered_together_all_run(void **state)
{
	sigset_t all, before;

	for (int sig = SIGRTMIN; sig < SIGRTMIN + 12; sig++)
		handle(sig, 0, 0);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (int sig = SIGRTMIN; sig < SIGRTMIN + 12; sig++)
		queue(sig, sig);
	mcr_signal_enter();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(seen.n, 0);
	mcr_signal_leave();
	assert_int_equal(seen.n, 12);
	for (int sig = SIGRTMIN; sig < SIGRTMIN + 12; sig++) {
		int times = 0;

		for (int i = 0; i < 12; i++)
			times += seen.sig[i] == sig;
		assert_int_equal(times, 1);
	}
}

static void a_handler_that_waited_has_the_mask_that_it_asked_for(void **state)
{
	handle(SIGUSR1, 0, SIGUSR2);
	handle(SIGHUP, SA_NODEFER, 0);
	mcr_signal_enter();
	queue(SIGUSR1, 0);
	mcr_signal_leave();
	mcr_signal_enter();
	queue(SIGHUP, 0);
	mcr_signal_leave();
	assert_int_equal(sigismember(&seen.mask[0], SIGUSR1), 1);
	assert_int_equal(sigismember(&seen.mask[0], SIGUSR2), 1);
	assert_int_equal(sigismember(&seen.mask[0], SIGTERM), 0);
	assert_int_equal(sigismember(&seen.mask[1], SIGHUP), 0);
}

static void what_an_instruction_raises_does_not_wait(void **state)
{
	handle(SIGSEGV, 0, 0);
	mcr_signal_enter();
	queue(SIGSEGV, 0);
	assert_int_equal(seen.n, 1);
	mcr_signal_leave();
	assert_int_equal(seen.n, 1);
	mcr_sock_signal(SIGSEGV, SIG_DFL);
}

static void the_program_sees_its_own_handler(void **state)
{
	struct sigaction old;

	handle(SIGUSR1, SA_RESTART, SIGUSR2);
	assert_int_equal(mcr_sock_sigaction(SIGUSR1, NULL, &old), 0);
	assert_ptr_equal(old.sa_sigaction, note);
	assert_int_equal(old.sa_flags & (SA_SIGINFO | SA_RESTART | SA_NODEFER),
			 SA_SIGINFO | SA_RESTART);
	assert_int_equal(sigismember(&old.sa_mask, SIGUSR2), 1);
	assert_int_equal(sigismember(&old.sa_mask, SIGHUP), 0);
	assert_ptr_equal(mcr_sock_signal(SIGUSR1, note_plainly), note);
	assert_int_equal(mcr_sock_sigaction(SIGUSR1, NULL, &old), 0);
	assert_ptr_equal(old.sa_handler, note_plainly);
	assert_int_equal(old.sa_flags & SA_SIGINFO, 0);
	raise(SIGUSR1);
	assert_int_equal(seen.sig[0], SIGUSR1);
	assert_ptr_equal(mcr_sock_signal(SIGUSR1, SIG_IGN), note_plainly);
	assert_ptr_equal(mcr_sock_signal(SIGUSR1, SIG_DFL), SIG_IGN);
	assert_ptr_equal(mcr_sock_signal(SIGKILL, note_plainly), SIG_ERR);
	assert_int_equal(errno, EINVAL);
}

static void a_handler_that_is_reset_waits_too(void **state)
{
	struct sigaction old;

	mcr_sock_sysv_signal(SIGUSR1, note_plainly);
	mcr_signal_enter();
	raise(SIGUSR1);
	assert_int_equal(seen.n, 0);
	mcr_signal_leave();
	assert_int_equal(seen.n, 1);
	assert_int_equal(mcr_sock_sigaction(SIGUSR1, NULL, &old), 0);
	assert_ptr_equal(old.sa_handler, SIG_DFL);
	assert_int_equal(old.sa_flags & SA_SIGINFO, 0);
}

static void it_counts_who_would_restart(void **state)
{
	unsigned long ran = mcr_signal_state.ran, restarting = mcr_signal_state.restarting;

	handle(SIGUSR1, SA_RESTART, 0);
	handle(SIGUSR2, 0, 0);
	queue(SIGUSR1, 0);
	mcr_signal_enter();
	queue(SIGUSR2, 0);
	mcr_signal_leave();
	assert_int_equal(mcr_signal_state.ran - ran, 2);
	assert_int_equal(mcr_signal_state.restarting - restarting, 1);
	mcr_sock_siginterrupt(SIGUSR1, 1);
	queue(SIGUSR1, 0);
	assert_int_equal(mcr_signal_state.ran - ran, 3);
	assert_int_equal(mcr_signal_state.restarting - restarting, 1);
	mcr_sock_signal(SIGUSR1, note_plainly); /* siginterrupt holds for later ones */
	raise(SIGUSR1);
	assert_int_equal(mcr_signal_state.restarting - restarting, 1);
	mcr_sock_siginterrupt(SIGUSR1, 0);
	raise(SIGUSR1);
	assert_int_equal(mcr_signal_state.restarting - restarting, 2);
}

static sigjmp_buf out;

static void leave_by_jump(int sig)
{
	seen.n++;
	siglongjmp(out, 1);
}

static void a_handler_may_leave_by_a_jump(void **state)
{
	mcr_sock_signal(SIGUSR1, leave_by_jump);
	if (sigsetjmp(out, 1) == 0) {
		mcr_signal_enter();
		raise(SIGUSR1);
		assert_int_equal(seen.n, 0);
		mcr_signal_leave();
		fail();
	}
	assert_int_equal(seen.n, 1);
	raise(SIGUSR2);
}

static void a_signal_can_be_held(void **state)
{
	assert_ptr_equal(mcr_sock_sigset(SIGUSR1, note_plainly), leave_by_jump);
	assert_ptr_equal(mcr_sock_sigset(SIGUSR1, SIG_HOLD), note_plainly);
	raise(SIGUSR1);
	assert_int_equal(seen.n, 0);
	assert_ptr_equal(mcr_sock_sigset(SIGUSR1, note_plainly), SIG_HOLD);
	assert_int_equal(seen.n, 1);
}

/* Cancels itself inside, where closing a descriptor would end the thread. */
static void *cancel_inside(void *arg)
{
	int *step = arg;

	mcr_signal_enter();
	mcr_signal_enter();
	pthread_cancel(pthread_self());
	close(-1);
	*step = 1;
	mcr_signal_leave();
	close(-1);
	*step = 2;
	mcr_signal_leave();
	pthread_testcancel();
	*step = 3;
	return NULL;
}

static void a_thread_is_cancelled_outside_only(void **state)
{
	pthread_t thread;
	int step = 0;
	void *result;

	assert_int_equal(pthread_create(&thread, NULL, cancel_inside, &step), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_int_equal(step, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_handler_runs_at_once_outside, begin, end),
	    cmocka_unit_test_setup_teardown(a_handler_waits_for_the_end_of_the_outermost_section,
					    begin, end),
	    cmocka_unit_test_setup_teardown(signals_that_are_queued_run_one_by_one_in_order, begin,
					    end),
	    cmocka_unit_test_setup_teardown(signals_that_are_delivered_together_all_run, begin,
					    end),
	    cmocka_unit_test_setup_teardown(a_handler_that_waited_has_the_mask_that_it_asked_for,
					    begin, end),
	    cmocka_unit_test_setup_teardown(what_an_instruction_raises_does_not_wait, begin, end),
	    cmocka_unit_test_setup_teardown(the_program_sees_its_own_handler, begin, end),
	    cmocka_unit_test_setup_teardown(a_handler_that_is_reset_waits_too, begin, end),
	    cmocka_unit_test_setup_teardown(it_counts_who_would_restart, begin, end),
	    cmocka_unit_test_setup_teardown(a_handler_may_leave_by_a_jump, begin, end),
	    cmocka_unit_test_setup_teardown(a_signal_can_be_held, begin, end),
	    cmocka_unit_test_setup_teardown(a_thread_is_cancelled_outside_only, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
