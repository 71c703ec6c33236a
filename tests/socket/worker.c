/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "options.h"

_Thread_local int slot_fds[SLOTS];
const int wait_ms[WAITS] = {0, 5, -1, 3600000};

static struct shared *shared;
static _Thread_local volatile unsigned handled, handled_said;
static pid_t sleeper;        /* the second thread's id */
static int child_waits = -1; /* a child of run_fork lives until this is closed */
static pid_t child;

unsigned handled_since(void)
{
	unsigned n = handled - handled_said;

	handled_said = handled;
	return n;
}

static void handle(int signo)
{
	handled++;
	__atomic_add_fetch(&shared->handled, 1, __ATOMIC_RELEASE);
}

static void handle_kick(int signo)
{
}

const sigset_t *mask_of(int mask)
{
	static _Thread_local sigset_t set;

	sigemptyset(&set);
	if (mask == MASK_BLOCK)
		sigaddset(&set, SIGUSR1);
	return mask == MASK_NONE ? NULL : &set;
}

void say_mask(struct text *t, int mask)
{
	static const char *const names[MASKS] = {"NULL", "{}", "{SIGUSR1}"};

	say(t, ", %s", names[mask]);
}

void say_slot(struct text *t, unsigned slot)
{
	if (slot == SLOT_NONE)
		say(t, "-1");
	else if (slot == SLOT_NO_FILE)
		say(t, "not open");
	else
		say(t, "%c%u", slot < SLOT_SETS ? 's' : 'd', slot);
}

void slot_put(struct text *t, unsigned slot, int fd)
{
	if (slot_fds[slot] >= 0 && slot_fds[slot] != fd)
		say(t, "; close(old) = %d", call(close)(slot_fds[slot]));
	slot_fds[slot] = fd;
}

/* ---- signals, fork ---- */

void run_action(struct text *t, const struct step *s)
{
	struct sigaction action = {.sa_handler = handle, .sa_flags = s->a[0] ? SA_RESTART : 0};

	if (s->a[1]) {
		call(signal)(SIGUSR1, handle);
		say(t, "signal(SIGUSR1)");
	} else {
		call(sigaction)(SIGUSR1, &action, NULL);
		say(t, "sigaction(SIGUSR1, %s)", s->a[0] ? "SA_RESTART" : "0");
	}
}

void run_mask(struct text *t, const struct step *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(s->a[0] ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
	say(t, "pthread_sigmask(%s, {SIGUSR1})", s->a[0] ? "SIG_BLOCK" : "SIG_UNBLOCK");
}

void run_raise(struct text *t, const struct step *s)
{
	say(t, "raise(SIGUSR1)");
	syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1);
}

static void start_sleeper(void);

/* One of both goes on with the script: a[0] 0: the child; 1: the parent, the child lives as long;
 * 2: the parent, the child ends at once; 3: the parent, the child closes all and then lives on. */
void run_fork(struct text *t, const struct step *s)
{
	static const char *const who[] = {"the child goes on", "the parent goes on",
					  "the child ends", "the child closes all"};
	int life[2], done[2], status;
	char octet = 0;
	pid_t pid;

	say(t, "fork(), %s", who[s->a[0]]);
	if (child || pipe(life) < 0 || pipe(done) < 0)
		return;
	pid = fork();
	if (pid < 0) {
		say_result(t, pid);
		return;
	}
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pid == 0 && s->a[0] == 0) {
		close(life[0]);
		close(life[1]);
		close(done[0]);
		close(done[1]);
		start_sleeper();
		return;
	}
	if (pid == 0) {
		close(life[1]);
		for (unsigned i = 0; s->a[0] == 3 && i < SLOT_NONE; i++)
			if (slot_fds[i] >= 0)
				call(close)(slot_fds[i]);
		if (s->a[0] == 2)
			_exit(0);
		if (write(done[1], &octet, 1) != 1)
			_exit(1);
		while (read(life[0], &octet, 1) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	close(life[0]);
	close(done[1]);
	if (s->a[0] == 0) {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	}
	/* The script goes on when the child is done. */
	while (read(done[0], &octet, 1) < 0 && errno == EINTR)
		;
	close(done[0]);
	if (s->a[0] == 2) {
		close(life[1]);
		waitpid(pid, NULL, 0);
		return;
	}
	child = pid;
	child_waits = life[1];
}

/* ---- steps ---- */

static void run(struct text *t, const struct step *s)
{
	static void (*const functions[])(struct text *, const struct step *) = {
#define STEP_ENTRY(code, function) [code] = function,
	    STEPS_OF_THE_PROGRAM(STEP_ENTRY)
#undef STEP_ENTRY
	};
	unsigned n;

	t->n = 0;
	t->s[0] = '\0';
	handled_since();
	functions[s->code](t, s);
	n = handled_since();
	if (n)
		say(t, " handled %u", n);
}

static void answer(int fd, const struct text *t)
{
	if (send(fd, t->s, t->n + 1, MSG_NOSIGNAL) < 0)
		_exit(1);
}

/* A step of the second thread. */
struct work {
	struct step step;
	int fds[SLOTS];
};

static void *sleep_in_steps(void *arg)
{
	static struct text t;
	struct work w;

	__atomic_store_n(&sleeper, gettid(), __ATOMIC_RELEASE);
	for (;;) {
		ssize_t n = read(FD_WORK, &w, sizeof(w));

		if (n == sizeof(w)) {
			memcpy(slot_fds, w.fds, sizeof(w.fds));
			run(&t, &w.step);
			answer(FD_RESULT, &t);
		}
	}
	return NULL;
}

static void start_sleeper(void)
{
	pthread_t thread;
	sigset_t block, before;
	int ends[2];

	close(FD_WORK);
	close(FD_WORK + 1);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0)
		_exit(1);
	dup2(ends[0], FD_WORK);
	dup2(ends[1], FD_WORK + 1);
	close(ends[0]);
	close(ends[1]);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &block, &before);
	sleeper = 0;
	if (pthread_create(&thread, NULL, sleep_in_steps, NULL) != 0)
		_exit(1);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	while (!__atomic_load_n(&sleeper, __ATOMIC_ACQUIRE))
		sched_yield();
}

/* Whether the call ends by itself soon. */
static int is_timed(const struct step *s)
{
	struct timeval tv = {0};
	socklen_t len = sizeof(tv);

	switch (s->code) {
	case STEP_RECEIVE:
		getsockopt(slot_fds[s->slot], SOL_SOCKET, SO_RCVTIMEO, &tv, &len);
		return tv.tv_sec == 0 && tv.tv_usec > 0;
	case STEP_POLL:
		return s->a[3] == WAIT_5_MS;
	case STEP_SELECT:
		return s->a[4] == WAIT_5_MS;
	default:
		return s->a[2] == WAIT_5_MS;
	}
}

static void run_script(void)
{
	static struct text t;
	struct sigaction kick = {.sa_handler = handle_kick};
	const struct step first = {.code = STEP_ACTION};
	struct work w;
	struct step s;
	ssize_t n;

	for (unsigned i = 0; i < SLOTS; i++)
		slot_fds[i] = i == SLOT_NO_FILE ? 800 : -1;
	call(sigaction)(SIGUSR2, &kick, NULL);
	run(&t, &first);
	start_sleeper();
	t.n = 0;
	say(&t, "begin");
	answer(FD_CONTROL, &t);
	for (;;) {
		n = recv(FD_CONTROL, &s, sizeof(s), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(s) || s.code == STEP_END)
			break;
		if (s.may_sleep) {
			t.n = 0;
			say(&t, "%d %d %d", getpid(), sleeper, is_timed(&s));
			w.step = s;
			memcpy(w.fds, slot_fds, sizeof(w.fds));
			if (write(FD_WORK + 1, &w, sizeof(w)) != sizeof(w))
				_exit(1);
		} else {
			run(&t, &s);
		}
		answer(FD_CONTROL, &t);
	}
	if (child) {
		close(child_waits);
		waitpid(child, NULL, 0);
	}
	exit(n == sizeof(s) ? 0 : 1);
}

/* The first process only waits: each script has a process of its own. */
int main(void)
{
	static struct text t;
	struct step s;
	int status;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, FD_SHARED, 0);
	if (shared == MAP_FAILED)
		return 1;
	while (recv(FD_CONTROL, &s, sizeof(s), 0) == sizeof(s) && s.code == STEP_BEGIN) {
		pid_t pid = fork();

		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			run_script();
		}
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		t.n = 0;
		if (WIFSIGNALED(status))
			say(&t, "the program died of signal %d", WTERMSIG(status));
		else
			say(&t, "the program ended with %d", WEXITSTATUS(status));
		answer(FD_CONTROL, &t);
	}
	return 0;
}
