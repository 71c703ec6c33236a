/* SPDX-License-Identifier: BSD-3-Clause */
/* Preloaded into a program `conform`: a copy of 4,999 octets waits until the test has opened and
 * closed the FIFO that MCR_PAUSE names, which is when it has overwritten them. Where no FIFO is,
 * nothing waits. This is the only way into a call that polls and copies at once. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAUSED_OCTETS 4999 /* no other copy has as many */

static void wait_for_test(void)
{
	const char *path = getenv("MCR_PAUSE");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char octet;

	if (fd < 0)
		return;
	while (read(fd, &octet, 1) > 0)
		;
	close(fd);
}

void *memcpy(void *to, const void *from, size_t n)
{
	if (n == PAUSED_OCTETS)
		wait_for_test();
	return memmove(to, from, n);
}
