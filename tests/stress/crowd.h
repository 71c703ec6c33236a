/* SPDX-License-Identifier: BSD-3-Clause */
/* A small engine's ring with consumers in processes of their own. */
#ifndef CROWD_H
#define CROWD_H

#include "ring_begin.h"
#include "small_engine.h"

#include <sched.h>
#include <sys/wait.h>

#include <mcring/consumer.h>

#define CROWD_MAX 68

/* What a consumer's process found out. */
struct crowd_result {
	uint64_t received; /* messages that poll returned */
	uint64_t lost;     /* that MCR_LOST told of */
	uint64_t gaps;     /* MCR_LOST events */
	uint64_t whole;    /* read, or intact */
	uint64_t stale;    /* overtaken between poll and read, or not intact */
	uint64_t wrong;    /* whole, they say, but not what was published */
	uint64_t end;      /* what poll said at the end */
};

struct crowd_member {
	pid_t pid;
	int fd; /* its end tells by it */
};

typedef void (*crowd_fn)(struct mcr_consumer *c, unsigned index, struct crowd_result *out);

static inline void crowd_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (cpu >= 0)
		sched_setaffinity(0, sizeof(set), &set);
}

static inline void crowd_tell(int fd, const void *what, size_t len)
{
	if (write(fd, what, len) != (ssize_t)len)
		_exit(1);
}

/* Starts a process that attaches at the newest end and runs fn; returns when it is attached. cpu -1
 * = any. */
static inline void crowd_start(struct crowd_member *m, struct small_engine *e, unsigned index,
			       int cpu, crowd_fn fn)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct crowd_result result = {0};
	struct mcr_consumer *c;
	struct mcr_error err;
	int fds[2];
	char byte;

	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	m->pid = fork();
	assert_true(m->pid >= 0);
	if (m->pid == 0) {
		crowd_pin(cpu);
		opts.run_dir = e->dir;
		opts.channel = "md";
		if (mcr_consumer_open(&c, &opts, &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			_exit(1);
		}
		crowd_tell(fds[1], "r", 1);
		fn(c, index, &result);
		mcr_consumer_close(c);
		crowd_tell(fds[1], &result, sizeof(result));
		_exit(0);
	}
	close(fds[1]);
	m->fd = fds[0];
	assert_int_equal(read(m->fd, &byte, 1), 1);
}

/* Waits for its end. Returns 1 with its result, or 0 when it died. */
static inline int crowd_join(struct crowd_member *m, struct crowd_result *result)
{
	int ok = read(m->fd, result, sizeof(*result)) == (ssize_t)sizeof(*result), status;

	close(m->fd);
	waitpid(m->pid, &status, 0);
	return ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#endif
