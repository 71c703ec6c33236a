/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-run: starts a program with the library that takes over its sockets. What cannot work is
 * said before, since the loader itself is silent about it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mcring/consumer.h>

#include "../common/engines.h"
#include "../common/fail.h"
#include "library.h"
#include "options.h"
#include "socket/program.h"

/* The loader could not even start the program, or would complain. */
#define NOT_EVEN_TRIED (MCR_PROGRAM_FOREIGN | MCR_PROGRAM_LIBC)

static const struct {
	unsigned trait;
	const char *text;
} TRAITS[] = {
    {MCR_PROGRAM_STATIC, "it is statically linked"},
    {MCR_PROGRAM_FOREIGN, "it is for another machine or word size than this mcring"},
    {MCR_PROGRAM_LIBC, "it has another C library"},
    {MCR_PROGRAM_GO, "it is built by Go, whose system calls do not go through the C library"},
    {MCR_PROGRAM_SETID, "it is set-user-ID or set-group-ID, and so nothing can be preloaded"},
    {MCR_PROGRAM_CAPABLE, "it has file capabilities, and so nothing can be preloaded"},
};

/* Says on standard error why the program cannot be run with the library. */
static void explain(const struct mcr_program *p, const char *name, int is_required)
{
	char text[512] = "";
	size_t n = 0;

	for (size_t i = 0; i < sizeof(TRAITS) / sizeof(TRAITS[0]); i++)
		if (p->traits & TRAITS[i].trait)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? "; " : "",
					      TRAITS[i].text);
	if (strcmp(p->path, name) != 0)
		fail("%s is run by %s:", name, p->path);
	fail("%s: %s%s", p->path, text,
	     is_required ? "" : "; it goes on with the kernel's sockets");
}

/* Returns the traits; ends the process if the program is not there, or not as required. */
static unsigned look_at(const struct run_options *o)
{
	struct mcr_program program;
	char path[PATH_MAX];
	int ret = mcr_program_find(path, o->program[0], getenv("PATH"));

	if (ret < 0) {
		fail("%s: %s", o->program[0], strerror(-ret));
		exit(ret == -ENOENT ? RUN_EXIT_NONE : RUN_EXIT_CANNOT);
	}
	ret = mcr_program_inspect(&program, AT_FDCWD, path);
	if (ret == -ENOEXEC)
		return 0; /* a script without #!, for the shell */
	if (ret < 0) {
		fail("%s: cannot be looked at: %s", path, strerror(-ret));
		return 0;
	}
	if (program.traits) {
		explain(&program, path, o->is_required);
		if (o->is_required)
			exit(RUN_EXIT_REQUIRED);
	}
	return program.traits;
}

static void require_engine(void)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	const char *channel = getenv("MCRING_CHANNEL");
	struct mcr_consumer *consumer;
	char hint[ENGINES_TEXT];
	struct mcr_error err;

	opts.channel = channel && *channel ? channel : "sockets";
	if (mcr_consumer_open(&consumer, &opts, &err) < 0) {
		fail("%s%s", err.text, engines_hint(hint, NULL, NULL));
		exit(RUN_EXIT_REQUIRED);
	}
	mcr_consumer_close(consumer);
}

int main(int argc, char **argv)
{
	struct run_options options;
	char library[PATH_MAX];
	unsigned traits;

	run_options_parse(&options, argc, argv);
	if (library_find(library) < 0)
		return RUN_EXIT_ERROR;
	traits = look_at(&options);
	if (options.is_required)
		require_engine();
	if (!(traits & NOT_EVEN_TRIED)) {
		if (library_preload(library) < 0)
			return RUN_EXIT_ERROR;
		if (options.is_verbose)
			fail("%s with %s", options.program[0], library);
	}
	execvp(options.program[0], options.program);
	fail("%s: %s", options.program[0], strerror(errno));
	return errno == ENOENT ? RUN_EXIT_NONE : RUN_EXIT_CANNOT;
}
