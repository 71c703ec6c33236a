/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket/calls.h"
#include "socket/real.h"

int mcr_sock_execve(const char *path, char *const argv[], char *const envp[])
{
	return mcr_real.execve(path, argv, envp);
}

int mcr_sock_execvpe(const char *file, char *const argv[], char *const envp[])
{
	return mcr_real.execvpe(file, argv, envp);
}

int mcr_sock_execveat(int dir, const char *path, char *const argv[], char *const envp[], int flags)
{
	return mcr_real.execveat(dir, path, argv, envp, flags);
}

int mcr_sock_fexecve(int fd, char *const argv[], char *const envp[])
{
	return mcr_real.fexecve(fd, argv, envp);
}

int mcr_sock_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
			 const posix_spawnattr_t *attributes, char *const argv[],
			 char *const envp[])
{
	return mcr_real.posix_spawn(pid, path, actions, attributes, argv, envp);
}

int mcr_sock_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			  const posix_spawnattr_t *attributes, char *const argv[],
			  char *const envp[])
{
	return mcr_real.posix_spawnp(pid, file, actions, attributes, argv, envp);
}
