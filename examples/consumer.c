/* SPDX-License-Identifier: BSD-3-Clause */
#include <mcring/consumer.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *consumer;
	struct mcr_error err;
	struct mcr_msg msgs[32];
	char payload[9000];
	int n;

	opts.run_dir = argc > 1 ? argv[1] : NULL; /* MCRING_RUN_DIR, /run/mcring/mcring */
	if (mcr_consumer_open(&consumer, &opts, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	while ((n = mcr_consumer_poll(consumer, msgs, 32)) >= 0) {
		for (int i = 0; i < n; i++) {
			const struct mcr_msg *m = &msgs[i];
			unsigned long long seq = m->pos.seq, lost = m->lost;

			if (m->kind == MCR_LOST)
				printf("lost %llu from %llu on\n", lost, seq);
			else if (m->kind != MCR_DATA)
				continue;
			else if (mcr_consumer_read(consumer, m, payload, sizeof(payload)) < 0)
				printf("lost 1 from %llu on\n", seq); /* overtaken since */
			else
				printf("%llu: %u octets\n", seq, m->len);
		}
		mcr_consumer_release(consumer);
	}
	mcr_consumer_close(consumer);
	return 0;
}
