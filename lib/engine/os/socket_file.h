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

/* mcr_socket_file_bind binds fd to a new file, with these permission bits and this group
 * (UINT32_MAX = the process's own), which is at no moment open to more. Only this user and root may
 * be able to change the directory. what: "attach socket", begins the text of an error. Remove *out
 * also when the call fails. Errors: -ENAMETOOLONG, -EADDRINUSE, -EPERM (the directory: see
 * mcr_run_dir_open; or the process cannot give the file to the group), what a system call gave. */
int mcr_socket_file_bind(struct mcr_socket_file *out, int fd, const char *path, uint32_t mode,
			 uint32_t gid, const char *what, struct mcr_error *err);

/* mcr_socket_file_touch makes an event for those who watch the directory: call it after listen,
 * because bind made the file before a connection could succeed. */
void mcr_socket_file_touch(const struct mcr_socket_file *file);

/* mcr_socket_file_remove removes the file, unless another one stands in its place. */
void mcr_socket_file_remove(struct mcr_socket_file *file);

#endif
