/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a program can be started with the library: what its file says. */
#ifndef MCR_SOCKET_PROGRAM_H
#define MCR_SOCKET_PROGRAM_H

#include <limits.h>

/* Why it cannot: bits of mcr_program.traits. */
enum mcr_program_trait {
	MCR_PROGRAM_STATIC = 1 << 0,  /* no PT_INTERP: nothing can be loaded with it */
	MCR_PROGRAM_FOREIGN = 1 << 1, /* for another machine, or of other pointers */
	MCR_PROGRAM_LIBC = 1 << 2,    /* of another C library than this */
	MCR_PROGRAM_GO = 1 << 3,      /* built by Go: its system calls are its own */
	MCR_PROGRAM_SETID = 1 << 4,   /* set-user-ID or set-group-ID, and not to ours */
	MCR_PROGRAM_CAPABLE = 1 << 5, /* has file capabilities, and we are not root */
};

struct mcr_program {
	unsigned traits;
	char path[PATH_MAX]; /* of the file that is loaded: of a script, its interpreter */
};

/* mcr_program_find looks for a file as execvp does, in search (PATH's value, NULL = the system's
 * default) unless its name has a slash. Returns 0 and the path, or -ENOENT, -EACCES,
 * -ENAMETOOLONG. */
int mcr_program_find(char path[PATH_MAX], const char *file, const char *search);

/* mcr_program_inspect reads a file's head: path in the directory dir (AT_FDCWD), or the file dir
 * itself if path is empty. It allocates nothing. Returns 0, or -errno when it cannot be read:
 * -ENOEXEC for what is neither ELF nor a script that names its interpreter. */
int mcr_program_inspect(struct mcr_program *out, int dir, const char *path);

#endif
