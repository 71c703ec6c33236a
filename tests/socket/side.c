/* SPDX-License-Identifier: BSD-3-Clause */
#include "side.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire.h"

#define ANSWER_MS 10000

static void run_worker(const int ends[3], const char *program, const char *namespace,
		       const char *preload, const char *run_dir)
{
	cpu_set_t cpus;

	memset(&cpus, 0xff, sizeof(cpus)); /* all: the caller may be pinned to one */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	wire_enter(namespace);
	dup2(ends[0], FD_CONTROL);
	dup2(ends[1], FD_RESULT);
	dup2(ends[2], FD_SHARED);
	if (run_dir)
		setenv("MCRING_RUN_DIR", run_dir, 1);
	if (preload)
		setenv("LD_PRELOAD", preload, 1);
	execl(program, program, NULL);
	die("%s", program);
}

void side_start(struct side *s, const char *program, const char *namespace, const char *preload,
		const char *run_dir)
{
	int control[2], results[2], memory = memfd_create("shared", MFD_CLOEXEC);

	memset(s, 0, sizeof(*s));
	if (memory < 0 || ftruncate(memory, sizeof(*s->shared)) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, results) < 0)
		die("a worker's sockets");
	s->shared = mmap(NULL, sizeof(*s->shared), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (s->shared == MAP_FAILED)
		die("a worker's memory");
	s->worker = fork();
	if (s->worker < 0)
		die("fork");
	if (s->worker == 0)
		run_worker((int[]){control[1], results[1], memory}, program, namespace, preload,
			   run_dir);
	setpgid(s->worker, s->worker);
	close(control[1]);
	close(results[1]);
	close(memory);
	s->control = control[0];
	s->results = results[0];
}

void side_stop(struct side *s)
{
	close(s->control);
	close(s->results);
	kill(-s->worker, SIGKILL);
	/* Also what it forked: until then their ports are taken. */
	while (waitpid(-s->worker, NULL, 0) > 0)
		;
	munmap(s->shared, sizeof(*s->shared));
}

void side_tell(struct side *s, const struct step *step)
{
	if (send(s->control, step, sizeof(*step), MSG_NOSIGNAL) < 0)
		s->is_dead = 1;
}

static int receive_text(int fd, struct text *t, int ms)
{
	struct pollfd ready = {fd, POLLIN, 0};
	ssize_t n;

	if (poll(&ready, 1, ms) <= 0)
		return 0;
	n = recv(fd, t->s, sizeof(t->s) - 1, 0);
	if (n <= 0)
		return 0;
	t->s[n] = '\0';
	t->n = strlen(t->s);
	return 1;
}

void side_hear(struct side *s, struct text *t)
{
	t->n = 0;
	if (receive_text(s->control, t, s->is_dead ? 0 : ANSWER_MS)) {
		if (strncmp(t->s, "the program ", 12) == 0)
			s->is_dead = 1;
		return;
	}
	s->is_dead = 1;
	say(t, "it does not answer");
}

int side_result(struct side *s, struct text *t)
{
	return receive_text(s->results, t, 0);
}

/* The thread sleeps in a call of its step: not in the one in which it waits for steps. */
static int is_asleep(const struct side *s)
{
	char path[64], buf[512], *at;
	unsigned long nr, fd;
	int file;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", s->pid, s->sleeper);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 0;
	n = read(file, buf, sizeof(buf) - 1);
	close(file);
	buf[n < 0 ? 0 : n] = '\0';
	at = strrchr(buf, ')');
	if (!at || at[2] != 'S')
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", s->pid, s->sleeper);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		die("%s", path);
	n = read(file, buf, sizeof(buf) - 1);
	close(file);
	buf[n < 0 ? 0 : n] = '\0';
	if (sscanf(buf, "%lu 0x%lx", &nr, &fd) != 2)
		return 0; /* "running" */
	return nr != SYS_futex && !(nr == SYS_read && fd == FD_WORK);
}

enum side_state side_look(struct side *s, struct text *t)
{
	if (side_result(s, t))
		return SIDE_DONE;
	return is_asleep(s) ? SIDE_SLEEPS : SIDE_RUNS;
}

void side_signal(struct side *s, int signo)
{
	s->handled_before = __atomic_load_n(&s->shared->handled, __ATOMIC_ACQUIRE);
	syscall(SYS_tgkill, s->pid, s->sleeper, signo);
}
