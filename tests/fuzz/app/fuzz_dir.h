/* SPDX-License-Identifier: BSD-3-Clause */
/* The directory of a fuzzer's sockets. Nothing of it stays in /tmp. */
#ifndef FUZZ_DIR_H
#define FUZZ_DIR_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

static char fuzz_dir[] = "/tmp/mcring-fuzz-XXXXXX";
static struct sockaddr_un fuzz_addresses[2];
static unsigned fuzz_n_addresses;

static inline void fuzz_dir_remove(void)
{
	for (unsigned i = 0; i < fuzz_n_addresses; i++)
		unlink(fuzz_addresses[i].sun_path);
	rmdir(fuzz_dir);
}

/* fuzz_dir_create makes the directory, unless it is there. Returns the address of a socket of this
 * name in it. */
static inline const struct sockaddr_un *fuzz_dir_create(const char *name)
{
	struct sockaddr_un *address = &fuzz_addresses[fuzz_n_addresses];

	if (fuzz_n_addresses++ == 0)
		assert(mkdtemp(fuzz_dir) && atexit(fuzz_dir_remove) == 0);
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "%s/%s", fuzz_dir, name);
	return address;
}

#endif
