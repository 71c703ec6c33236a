/* SPDX-License-Identifier: BSD-3-Clause */
/* The directory of a fuzzer's socket. Nothing of it stays in /tmp. */
#ifndef FUZZ_DIR_H
#define FUZZ_DIR_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

static char fuzz_dir[] = "/tmp/mcring-fuzz-XXXXXX";
static struct sockaddr_un fuzz_address;

static inline void fuzz_dir_remove(void)
{
	unlink(fuzz_address.sun_path);
	rmdir(fuzz_dir);
}

/* fuzz_dir_create makes the directory. Returns the address of a socket of this name in it. */
static inline const struct sockaddr_un *fuzz_dir_create(const char *name)
{
	assert(mkdtemp(fuzz_dir) && atexit(fuzz_dir_remove) == 0);
	fuzz_address.sun_family = AF_UNIX;
	snprintf(fuzz_address.sun_path, sizeof(fuzz_address.sun_path), "%s/%s", fuzz_dir, name);
	return &fuzz_address;
}

#endif
