/* SPDX-License-Identifier: BSD-3-Clause */
/* A client of the sockets of an engine that runs: docs/control.md. Thread: any. */
#ifndef MCR_ENGINE_ASK_H
#define MCR_ENGINE_ASK_H

/* mcr_dial connects to the socket of this name in a run directory, without a limit of time. Returns
 * a descriptor, -ENOENT where no engine is, or -errno. */
int mcr_dial(const char *run_dir, const char *name);

/* mcr_ask sends a request, one line without its end, and waits for the answer, 2 s in all. Returns
 * 0 with *answer, one line without its end, to be freed; or -ENOENT (no engine is there),
 * -ETIMEDOUT, -ECONNRESET (it hung up), -EMSGSIZE (more than 16 MiB), -ENOMEM or -errno. */
int mcr_ask(const char *run_dir, const char *name, const char *request, char **answer);

#endif
