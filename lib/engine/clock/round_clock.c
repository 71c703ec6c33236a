/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/clock/round_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

void mcr_round_begin(struct mcr_round_clock *clock, uint64_t now_ns)
{
	if (clock->read_ns == 0 || now_ns - clock->read_ns >= MCR_ROUND_READ_NS) {
		clock->waited_ns = clock->waited(clock->ctx);
		clock->read_ns = now_ns;
	}
	clock->begin_ns = now_ns;
}

int mcr_round_end(struct mcr_round_clock *clock, uint64_t now_ns)
{
	uint64_t took_ns = now_ns - clock->begin_ns, waited_ns;

	clock->rounds++;
	if (took_ns <= clock->longest_ns)
		return 0;
	waited_ns = clock->waited(clock->ctx) - clock->waited_ns;
	took_ns = took_ns > waited_ns ? took_ns - waited_ns : 0;
	if (took_ns <= clock->longest_ns)
		return 0;
	clock->longest_ns = took_ns;
	return 1;
}

int mcr_run_delay_open(void)
{
	int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

uint64_t mcr_run_delay(int fd)
{
	uint64_t ran_ns, waited_ns;
	char text[96];
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	return sscanf(text, "%" SCNu64 " %" SCNu64, &ran_ns, &waited_ns) == 2 ? waited_ns : 0;
}
