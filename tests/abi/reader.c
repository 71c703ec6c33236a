/* SPDX-License-Identifier: BSD-3-Clause */
/* reader RUN_DIR: prints the payloads of channel "md", each a number, until the engine ends. It is
 * compiled with the headers of an older commit, so it uses what the first version had. */
#include <errno.h>
#include <stdio.h>

#include <mcring/consumer.h>

int main(int argc, char **argv)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *c;
	struct mcr_error err;
	struct mcr_msg msgs[8];
	unsigned long long number;
	int n;

	opts.run_dir = argv[argc - 1];
	opts.channel = "md";
	opts.start = MCR_START_OLDEST;
	if (mcr_consumer_open(&c, &opts, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	while ((n = mcr_consumer_poll(c, msgs, 8)) >= 0) {
		for (int i = 0; i < n; i++)
			if (msgs[i].kind == MCR_DATA && msgs[i].pos.seq != 0 &&
			    mcr_consumer_read(c, &msgs[i], &number, sizeof(number)) == 8)
				printf("%llu\n", number);
		mcr_consumer_release(c);
	}
	mcr_consumer_close(c);
	return n == -EPIPE ? 0 : 1;
}
