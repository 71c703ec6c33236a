/* SPDX-License-Identifier: BSD-3-Clause */
/* receive GROUP PORT [COUNT]: what classic.c does, in one call: on the engine if there is one, else
 * on the kernel. Prints what arrives, and from whom, until it has COUNT datagrams.
 *
 *     cc receive.c $(pkg-config --cflags --libs libmcring-socket) */
#include <mcring/receive.h>

#include <stdio.h>
#include <stdlib.h>

struct count {
	long left;
};

static int on_message(void *ctx, const struct mcr_msg *m, const void *payload)
{
	struct count *count = ctx;
	char from[MCR_ADDRESS_TEXT];

	if (m->kind == MCR_DATA) {
		printf("%s:%u %.*s\n", mcr_address_format(from, m->source), m->src_port,
		       (int)m->len, (const char *)payload);
		return --count->left == 0;
	}
	if (m->kind == MCR_LOST)
		fprintf(stderr, "lost %llu\n", (unsigned long long)m->lost);
	else if (m->kind != MCR_RECEIVE_IDLE)
		fprintf(stderr, "%s\n", (const char *)payload);
	return 0;
}

int main(int argc, char **argv)
{
	struct mcr_receive_opts opts = MCR_RECEIVE_OPTS_INIT;
	struct count count = {argc > 3 ? atol(argv[3]) : 0};
	struct mcr_error err;
	char join[128];
	const char *const joins[] = {join};

	if (argc < 3)
		return 2;
	snprintf(join, sizeof(join), "%s:%s", argv[1], argv[2]);
	opts.joins = joins;
	opts.n_joins = 1;
	if (mcr_receive(&opts, on_message, &count, &err) < 0) {
		fprintf(stderr, "receive: %s\n", err.text);
		return 1;
	}
	return 0;
}
