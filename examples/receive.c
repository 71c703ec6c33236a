/* SPDX-License-Identifier: BSD-3-Clause */
/* receive GROUP PORT [COUNT]: what classic.c does, in one call: on the engine if there is one, else
 * on the kernel. Prints what arrives, and from whom, until it has COUNT datagrams. */
#include <mcring/receive.h>
#include <stdio.h>
#include <stdlib.h>

static int on_message(void *ctx, const struct mcr_msg *m, const void *payload)
{
	char from[MCR_ADDRESS_TEXT];
	long *left = ctx;

	if (m->kind == MCR_LOST) {
		fprintf(stderr, "lost %llu\n", (unsigned long long)m->lost);
	} else if (m->kind != MCR_DATA) {
		fprintf(stderr, "%s\n", (const char *)payload); /* who receives it */
	} else {
		printf("%s:%u %.*s\n", mcr_address_format(from, m->source), m->src_port,
		       (int)m->len, (const char *)payload);
		return --*left == 0; /* 1 ends it */
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct mcr_receive_opts opts = MCR_RECEIVE_OPTS_INIT;
	long left = argc > 3 ? atol(argv[3]) : 0;
	struct mcr_error err;
	char join[128];

	if (argc < 3)
		return 2;
	snprintf(join, sizeof(join), "%s:%s", argv[1], argv[2]); /* 239.1.1.1:5000 */
	opts.joins = (const char *const[]){join};
	opts.n_joins = 1;
	opts.idle_ns = UINT64_MAX;
	if (mcr_receive(&opts, on_message, &left, &err) < 0) {
		fprintf(stderr, "receive: %s\n", err.text);
		return 1;
	}
	return 0;
}
