/* SPDX-License-Identifier: BSD-3-Clause */
/* A listening socket's file in the run directory. Thread: control. */
#ifndef MCR_ENGINE_SOCKET_FILE_H
#define MCR_ENGINE_SOCKET_FILE_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

#include <mcring/types.h>

struct mcr_socket_file {
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)]; /* "" = none was made */
	dev_t dev;
	ino_t ino;
};

/* mcr_socket_file_bind binds fd to a file of these permission bits and this group (UINT32_MAX = the
 * process's own) that is never open to more, in a directory that only this user and root can
 * change. what: for errors, "attach socket". *out is to be removed also when the call fails.
 * Errors: -ENAMETOOLONG, -EADDRINUSE, -EPERM (the directory: see mcr_run_dir_open; or the group is
 * not to be had), what a system call gave. */
int mcr_socket_file_bind(struct mcr_socket_file *out, int fd, const char *path, uint32_t mode,
			 uint32_t gid, const char *what, struct mcr_error *err);

/* mcr_socket_file_remove removes the file, unless another one stands in its place. */
void mcr_socket_file_remove(struct mcr_socket_file *file);

#endif
