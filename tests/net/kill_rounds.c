/* SPDX-License-Identifier: BSD-3-Clause */
/* kill_rounds RUN_DIR ROUNDS SEED: readers in other processes, each killed at a random moment,
 * before an attach, in it, or while it reads. This process reads all the time beside them and ends
 * with its own account as a JSON object: {"rounds", "received", "lost", "broken"}. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mcring/consumer.h>

#include "../../tools/common/clock.h"

#define LIFE_MAX_NS 6000000u /* of a reader */

struct account {
	uint64_t received, lost, broken, next_seq;
};

static struct mcr_consumer *attach(const char *run_dir, const char *label)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_error err = {""};
	struct mcr_consumer *c;

	opts.run_dir = run_dir;
	opts.label = label;
	if (mcr_consumer_open(&c, &opts, &err) == 0)
		return c;
	fprintf(stderr, "kill_rounds: %s\n", err.text);
	exit(EXIT_FAILURE);
}

static void look(struct mcr_consumer *c, struct account *a)
{
	struct mcr_msg msgs[64];
	char payload[2048];
	int n = mcr_consumer_poll(c, msgs, 64);

	for (int i = 0; i < n; i++) {
		if (msgs[i].kind == MCR_LOST) {
			a->lost += msgs[i].lost;
			a->next_seq = msgs[i].pos.seq + msgs[i].lost;
		} else if (msgs[i].kind == MCR_DATA) {
			if (a->next_seq != 0 && msgs[i].pos.seq != a->next_seq)
				a->broken++;
			a->next_seq = msgs[i].pos.seq + 1;
			if (mcr_consumer_read(c, &msgs[i], payload, sizeof(payload)) < 0)
				a->lost++;
			else
				a->received++;
		}
	}
	mcr_consumer_release(c);
}

static pid_t doomed(const char *run_dir)
{
	struct account unused = {0};
	struct mcr_consumer *c;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	c = attach(run_dir, "doomed");
	for (;;)
		look(c, &unused);
}

int main(int argc, char **argv)
{
	struct account a = {0};
	struct mcr_consumer *steady;
	int rounds = 0, status;

	if (argc != 4)
		return EXIT_FAILURE;
	srandom((unsigned)atoi(argv[3]));
	steady = attach(argv[1], "steady");
	for (; rounds < atoi(argv[2]); rounds++) {
		pid_t pid = doomed(argv[1]);
		uint64_t end = monotonic_ns() + (uint64_t)random() % LIFE_MAX_NS;

		if (pid < 0)
			return EXIT_FAILURE;
		do
			look(steady, &a);
		while (monotonic_ns() < end);
		kill(pid, SIGKILL);
		if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
			return EXIT_FAILURE; /* it should have been reading */
	}
	for (uint64_t end = monotonic_ns() + 1000000000; monotonic_ns() < end;)
		look(steady, &a);
	printf("{\"rounds\": %d, \"received\": %llu, \"lost\": %llu, \"broken\": %llu}\n", rounds,
	       (unsigned long long)a.received, (unsigned long long)a.lost,
	       (unsigned long long)a.broken);
	mcr_consumer_close(steady);
	return EXIT_SUCCESS;
}
