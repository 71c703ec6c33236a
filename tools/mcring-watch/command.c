/* SPDX-License-Identifier: BSD-3-Clause */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command_text.h"
#include "core/error.h"

#define MS_NS    UINT64_C(1000000)
#define GRACE_NS (2000 * MS_NS) /* between SIGTERM and SIGKILL */
#define NEVER_NS UINT64_MAX
#define SAID_MAX 160
#define READ_MAX 65536 /* octets of standard error in one tick: who writes more waits */

/* One that was started. */
struct run {
	pid_t pid;         /* 0 = none */
	int said_fd;       /* its standard error; -1 = it has closed that */
	uint64_t limit_ns; /* when a signal is due */
	int is_late;       /* it had one */
	char said[SAID_MAX];
	size_t said_len;
};

/* An alarm that waits. */
struct waiting {
	struct watch_alarm alarm;
	uint64_t since;      /* the order in which kinds began to wait; 0 = none waits */
	uint64_t suppressed; /* of its kind, since the last command for one */
};

struct command {
	struct command_config config;
	struct command_words words;
	uint64_t filled_ns; /* when there were `left` */
	unsigned left;      /* that may run at once; 0 to config.burst */
	struct run runs[COMMANDS_AT_ONCE];
	struct waiting waiting[WATCH_ALARM_KINDS];
	uint64_t order;
	uint64_t n_run, n_failed, n_suppressed;
	struct command_args args; /* of the one that is being started */
};

/* ---- start ---- */

/* The signals, the scheduler and the descriptors of a program that anybody starts. */
static int set_up(posix_spawnattr_t *attr, posix_spawn_file_actions_t *files, int in, int err)
{
	const struct sched_param ordinary = {0};
	short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	const int policy = sched_getscheduler(0);
	sigset_t none, all;
	int ret;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	if (policy == SCHED_FIFO || policy == SCHED_RR) {
		flags |= POSIX_SPAWN_SETSCHEDULER;
		posix_spawnattr_setschedpolicy(attr, SCHED_OTHER);
		posix_spawnattr_setschedparam(attr, &ordinary);
	}
	posix_spawnattr_setflags(attr, flags);
	ret = posix_spawn_file_actions_adddup2(files, in, STDIN_FILENO);
	if (ret == 0)
		ret = posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY,
						       0);
	if (ret == 0)
		ret = posix_spawn_file_actions_adddup2(files, err, STDERR_FILENO);
	if (ret == 0)
		ret = posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
	return ret;
}

static int spawn(struct command *c, struct run *run, int in, int err)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int ret = posix_spawnattr_init(&attr);

	if (ret != 0)
		return ret;
	ret = posix_spawn_file_actions_init(&files);
	if (ret == 0) {
		ret = set_up(&attr, &files, in, err);
		if (ret == 0)
			ret = posix_spawn(&run->pid, c->args.argv[0], &files, &attr, c->args.argv,
					  c->args.envp);
		posix_spawn_file_actions_destroy(&files);
	}
	posix_spawnattr_destroy(&attr);
	return ret;
}

/* A pipe that holds the line, for a reader that comes later. */
static int line_in_a_pipe(const char *line)
{
	int fds[2], is_whole;

	if (!line || pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	is_whole = write(fds[1], line, strlen(line)) == (ssize_t)strlen(line);
	close(fds[1]);
	if (is_whole && fcntl(fds[0], F_SETFL, 0) == 0)
		return fds[0];
	close(fds[0]);
	return -1;
}

/* Returns 0, or an errno. */
static int start(struct command *c, struct run *run, const struct command_facts *facts)
{
	char *line = command_json(facts);
	const int in = line_in_a_pipe(line);
	int fds[2], ret;

	free(line);
	if (in < 0)
		return ENOMEM;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		ret = errno;
		close(in);
		return ret;
	}
	command_args_of(&c->args, &c->words, facts, environ);
	ret = spawn(c, run, in, fds[1]);
	close(in);
	close(fds[1]);
	if (ret == 0 && fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0) {
		run->said_fd = fds[0];
		return 0;
	}
	close(fds[0]);
	return ret;
}

static void tell(struct command *c, const char *what, const struct run *run)
{
	c->n_failed++;
	line_log(c->config.log, "--alarm: %.200s: %s%s%.*s", c->words.words[0], what,
		 run->said_len > 0 ? ": " : "", (int)run->said_len, run->said);
}

static void run_for(struct command *c, struct run *run, struct waiting *waiting, uint64_t now_ns)
{
	struct command_facts facts;
	int ret;

	command_facts_of(&facts, &waiting->alarm, waiting->suppressed);
	waiting->since = waiting->suppressed = 0;
	*run = (struct run){.said_fd = -1};
	c->left--;
	c->n_run++;
	ret = start(c, run, &facts);
	if (ret != 0) {
		run->pid = 0;
		tell(c, strerror(ret), run);
		return;
	}
	run->limit_ns = now_ns + c->config.timeout_ns;
}

/* ---- what waits ---- */

/* The kind that has waited longest; NULL = none does. */
static struct waiting *find_waiting(struct command *c)
{
	struct waiting *first = NULL;

	for (unsigned i = 0; i < WATCH_ALARM_KINDS; i++)
		if (c->waiting[i].since != 0 && (!first || c->waiting[i].since < first->since))
			first = &c->waiting[i];
	return first;
}

static struct run *find_free(struct command *c)
{
	for (unsigned i = 0; i < COMMANDS_AT_ONCE; i++)
		if (c->runs[i].pid == 0)
			return &c->runs[i];
	return NULL;
}

static void fill(struct command *c, uint64_t now_ns)
{
	const uint64_t n = (now_ns - c->filled_ns) / c->config.every_ns;

	if (c->filled_ns == 0 || n >= c->config.burst - c->left) {
		c->left = c->config.burst;
		c->filled_ns = now_ns;
	} else {
		c->left += (unsigned)n;
		c->filled_ns += n * c->config.every_ns;
	}
}

static void run_waiting(struct command *c, uint64_t now_ns)
{
	struct waiting *waiting;
	struct run *run;

	fill(c, now_ns);
	while (c->left > 0 && (run = find_free(c)) && (waiting = find_waiting(c)))
		run_for(c, run, waiting, now_ns);
}

void command_raise(struct command *c, const struct watch_alarm *alarm, uint64_t now_ns)
{
	struct waiting *waiting = &c->waiting[alarm->kind];

	if ((c->config.on & 1u << alarm->kind) == 0)
		return;
	if (waiting->since == 0) {
		waiting->since = ++c->order;
	} else {
		waiting->suppressed++;
		c->n_suppressed++;
	}
	waiting->alarm = *alarm;
	run_waiting(c, now_ns);
}

/* ---- those that run ---- */

/* Keeps the first line of standard error, and throws away the rest. */
static void listen_to(struct run *run)
{
	char text[4096];
	ssize_t n = 1;

	for (size_t all = 0; run->said_fd >= 0 && all < READ_MAX && n > 0; all += (size_t)n) {
		n = read(run->said_fd, text, sizeof(text));
		for (ssize_t i = 0; i < n && run->said_len < SAID_MAX; i++)
			run->said[run->said_len++] = text[i];
		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			close(run->said_fd);
			run->said_fd = -1;
		}
	}
}

static void first_line(struct run *run)
{
	size_t i = 0;

	while (i < run->said_len && run->said[i] != '\n') {
		if (run->said[i] < 0x20 || run->said[i] > 0x7e)
			run->said[i] = '?';
		i++;
	}
	run->said_len = i;
}

static void judge(struct command *c, struct run *run, int status)
{
	char what[64];

	first_line(run);
	if (run->is_late)
		snprintf(what, sizeof(what), "took longer than %.3g s",
			 (double)c->config.timeout_ns / 1e9);
	else if (WIFSIGNALED(status))
		snprintf(what, sizeof(what), "ended by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(what, sizeof(what), "exit status %d", WEXITSTATUS(status));
	else
		return;
	tell(c, what, run);
}

/* As long as the program is a zombie, nobody else can have its process group. Returns 1 when it has
 * ended. */
static int reap(struct command *c, struct run *run)
{
	siginfo_t info = {.si_pid = 0};
	int status = 0;

	if (waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
		if (info.si_pid == 0)
			return 0;
		kill(-run->pid, SIGKILL);
	}
	listen_to(run);
	if (run->said_fd >= 0)
		close(run->said_fd);
	waitpid(run->pid, &status, WNOHANG);
	run->pid = 0;
	judge(c, run, status);
	return 1;
}

static void end(struct run *run, uint64_t now_ns)
{
	kill(-run->pid, run->is_late ? SIGKILL : SIGTERM);
	kill(-run->pid, SIGCONT); /* one that is stopped would never know */
	run->limit_ns = run->is_late ? NEVER_NS : now_ns + GRACE_NS;
	run->is_late = 1;
}

void command_tick(struct command *c, uint64_t now_ns)
{
	for (unsigned i = 0; i < COMMANDS_AT_ONCE; i++) {
		struct run *run = &c->runs[i];

		if (run->pid == 0)
			continue;
		listen_to(run);
		if (!reap(c, run) && now_ns >= run->limit_ns)
			end(run, now_ns);
	}
	run_waiting(c, now_ns);
}

/* ---- all of it ---- */

void command_stats(const struct command *c, struct command_stats *out)
{
	*out = (struct command_stats){c->n_run, c->n_failed, c->n_suppressed, 0, 0};
	for (unsigned i = 0; i < COMMANDS_AT_ONCE; i++)
		out->running += c->runs[i].pid != 0;
	for (unsigned i = 0; i < WATCH_ALARM_KINDS; i++)
		out->waiting += c->waiting[i].since != 0;
}

int command_create(struct command **out, const struct command_config *config, struct mcr_error *err)
{
	struct command *c = calloc(1, sizeof(*c));
	int ret;

	if (!c)
		return mcr_error_set(err, -ENOMEM, "no memory");
	c->config = *config;
	ret = command_parse(&c->words, config->text, err);
	if (ret < 0) {
		free(c);
		return ret;
	}
	*out = c;
	return 0;
}

/* Returns how many run. */
static unsigned reap_all(struct command *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < COMMANDS_AT_ONCE; i++)
		if (c->runs[i].pid != 0)
			n += !reap(c, &c->runs[i]);
	return n;
}

static void kill_all(const struct command *c, int signal)
{
	for (unsigned i = 0; i < COMMANDS_AT_ONCE; i++)
		if (c->runs[i].pid != 0) {
			kill(-c->runs[i].pid, signal);
			kill(-c->runs[i].pid, SIGCONT);
		}
}

void command_destroy(struct command *c)
{
	const struct timespec pause = {0, 10 * MS_NS};

	if (!c)
		return;
	kill_all(c, SIGTERM);
	for (unsigned round = 0; reap_all(c) > 0 && round < 100; round++) {
		if (round == 50)
			kill_all(c, SIGKILL);
		nanosleep(&pause, NULL);
	}
	free(c);
}
