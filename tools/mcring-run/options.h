/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MCR_RUN_OPTIONS_H
#define MCR_RUN_OPTIONS_H

enum run_exit {
	RUN_EXIT_REQUIRED = 123, /* --require, and it cannot be had */
	RUN_EXIT_ERROR = 125,    /* as env(1): of this program itself, ... */
	RUN_EXIT_CANNOT = 126,   /* ... the program cannot be executed, ... */
	RUN_EXIT_NONE = 127,     /* ... there is none */
};

struct run_options {
	int is_required, is_verbose;
	char **program; /* with its arguments */
};

/* run_options_parse reads the command line and sets the environment variables that the library
 * reads. It ends the process after --help, --version, or a line on stderr that says what is wrong.
 */
void run_options_parse(struct run_options *options, int argc, char **argv);

#endif
