/* SPDX-License-Identifier: BSD-3-Clause */
/* exec and posix_spawn. A program that inherits sockets of ours is told of them, if it will have
 * the library. If it will not, and takes this one's place, their groups are joined in the kernel
 * first: the kernel's socket is the same before and after.
 *
 * A child of vfork runs this in its parent's memory: nothing is kept in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "socket/calls.h"
#include "socket/inherit.h"
#include "socket/join.h"
#include "socket/link.h"
#include "socket/process.h"
#include "socket/program.h"
#include "socket/real.h"
#include "socket/settings.h"
#include "socket/table.h"

#define LIBRARY   "libmcring-preload.so"
#define VALUE_MAX 100000 /* octets: the kernel takes 131,071 */

struct plan {
	char *const *envp; /* the new program's */
	void *memory;
	size_t size;
	int is_handed_over;
};

/* ---- the environment ---- */

static const char *find(char *const *envp, const char *name)
{
	size_t len = strlen(name);

	for (; envp && *envp; envp++)
		if (strncmp(*envp, name, len) == 0 && (*envp)[len] == '=')
			return *envp + len + 1;
	return NULL;
}

/* Gives the plan an environment with the variable. Returns 0 if that cannot be. */
static int add_variable(struct plan *p, char *const *envp, int is_eager, int is_any)
{
	size_t head = sizeof(MCR_INHERIT_VARIABLE "=") - 1, n = 0, len;
	char **new, *text;

	while (envp && envp[n])
		n++;
	len = mcr_inherit_describe(NULL, 0, is_eager, is_any) + 1;
	p->size = (n + 2) * sizeof(*new) + head + len;
	if (len > VALUE_MAX)
		return 0;
	p->memory = mmap(NULL, p->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p->memory == MAP_FAILED) {
		p->memory = NULL;
		return 0;
	}
	new = p->memory;
	text = (char *)(new + n + 2);
	memcpy(text, MCR_INHERIT_VARIABLE "=", head);
	/* A socket that another thread joins meanwhile may be cut off. */
	mcr_inherit_describe(text + head, len, is_eager, is_any);
	p->envp = new;
	for (; envp && *envp; envp++)
		if (strncmp(*envp, text, head) != 0)
			*new ++ = *envp;
	*new ++ = text;
	*new = NULL;
	return 1;
}

/* ---- what will be ---- */

/* Whether the new program will have the library. One that is not there fails anyway. */
static int will_have_library(char *const *envp, int dir, const char *path)
{
	const char *preload = find(envp, "LD_PRELOAD");
	struct mcr_program program;

	if (!preload || !strstr(preload, LIBRARY))
		return 0;
	return mcr_program_inspect(&program, dir, path) < 0 || program.traits == 0;
}

static void hand_over(struct mcr_object *o, void *ctx)
{
	mcr_join_hand_over(mcr_socket_of(o));
}

static void take_back(struct mcr_object *o, void *ctx)
{
	mcr_join_take_back(mcr_socket_of(o));
}

/* is_spawn: this program stays. */
static void begin(struct plan *p, char *const *envp, int dir, const char *path, int is_spawn)
{
	int is_borrowed = mcr_process_is_borrowed(), is_any = is_spawn || is_borrowed;
	int stays = is_any || mcr_process_has_parent();
	int saved = errno;

	*p = (struct plan){.envp = envp};
	if (mcr_table_next(0) < 0 || !mcr_inherit_is_needed(is_any))
		return;
	if (will_have_library(envp, dir, path) && add_variable(p, envp, !stays, is_any))
		return;
	if (stays) {
		if (mcr_inherit_is_needed(0))
			mcr_log("%.200s runs without the library: it gets no groups of the sockets "
				"that it inherits",
				path);
	} else {
		mcr_log("%.200s runs without the library: its groups are joined in the kernel",
			path);
		mcr_table_each(MCR_OBJECT_SOCKET, hand_over, NULL);
		p->is_handed_over = 1;
	}
	errno = saved;
}

/* After an exec that failed, or a spawn. */
static void end(struct plan *p)
{
	int saved = errno;

	if (p->is_handed_over)
		mcr_table_each(MCR_OBJECT_SOCKET, take_back, NULL);
	if (p->memory)
		munmap(p->memory, p->size);
	errno = saved;
}

static const char *find_in_path(char buf[PATH_MAX], const char *file)
{
	return mcr_program_find(buf, file, getenv("PATH")) == 0 ? buf : file;
}

/* ---- the calls ---- */

int mcr_sock_execve(const char *path, char *const argv[], char *const envp[])
{
	struct plan p;
	int ret;

	begin(&p, envp, AT_FDCWD, path, 0);
	ret = mcr_real.execve(path, argv, p.envp);
	end(&p);
	return ret;
}

int mcr_sock_execvpe(const char *file, char *const argv[], char *const envp[])
{
	char path[PATH_MAX];
	struct plan p;
	int ret;

	begin(&p, envp, AT_FDCWD, find_in_path(path, file), 0);
	ret = mcr_real.execvpe(file, argv, p.envp);
	end(&p);
	return ret;
}

int mcr_sock_execveat(int dir, const char *path, char *const argv[], char *const envp[], int flags)
{
	struct plan p;
	int ret;

	begin(&p, envp, dir, path, 0);
	ret = mcr_real.execveat(dir, path, argv, p.envp, flags);
	end(&p);
	return ret;
}

int mcr_sock_fexecve(int fd, char *const argv[], char *const envp[])
{
	struct plan p;
	int ret;

	begin(&p, envp, fd, "", 0);
	ret = mcr_real.fexecve(fd, argv, p.envp);
	end(&p);
	return ret;
}

int mcr_sock_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
			 const posix_spawnattr_t *attributes, char *const argv[],
			 char *const envp[])
{
	struct plan p;
	int ret;

	begin(&p, envp, AT_FDCWD, path, 1);
	ret = mcr_real.posix_spawn(pid, path, actions, attributes, argv, p.envp);
	end(&p);
	return ret;
}

int mcr_sock_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			  const posix_spawnattr_t *attributes, char *const argv[],
			  char *const envp[])
{
	char path[PATH_MAX];
	struct plan p;
	int ret;

	begin(&p, envp, AT_FDCWD, find_in_path(path, file), 1);
	ret = mcr_real.posix_spawnp(pid, file, actions, attributes, argv, p.envp);
	end(&p);
	return ret;
}
