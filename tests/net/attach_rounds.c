/* SPDX-License-Identifier: BSD-3-Clause */
/* attach_rounds RUN_DIR ROUNDS: attaches, reads a message, detaches, again and again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <mcring/consumer.h>

static int one_round(const char *run_dir)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *consumer;
	struct mcr_error err = {""};
	struct mcr_msg msg;
	time_t end = time(NULL) + 10;
	int n;

	opts.run_dir = run_dir;
	opts.label = "rounds";
	if (mcr_consumer_open(&consumer, &opts, &err)) {
		fprintf(stderr, "attach_rounds: %s\n", err.text);
		return -1;
	}
	do
		n = mcr_consumer_poll(consumer, &msg, 1);
	while (n == 0 && time(NULL) < end);
	if (n == 1 && mcr_consumer_read(consumer, &msg, NULL, 0) < 0)
		n = -1;
	mcr_consumer_release(consumer);
	mcr_consumer_close(consumer);
	if (n == 1)
		return 0;
	fprintf(stderr, "attach_rounds: poll gave %d\n", n);
	return -1;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return EXIT_FAILURE;
	for (int i = 0; i < atoi(argv[2]); i++)
		if (one_round(argv[1]))
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
