/* SPDX-License-Identifier: BSD-3-Clause */
/* All stats sockets: `stats` and `*.stats` in the run directories. Each directory below /run/mcring
 * is one of an engine, and is to have its socket: an engine leaves the directory when it ends. */
#ifndef MCR_EXPORTER_SOURCES_H
#define MCR_EXPORTER_SOURCES_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"

#define SOURCES_MAX  64
#define RUN_DIRS_MAX 64
#define RUN_DIRS     "/run/mcring" /* the directory of run directories */

struct sources {
	const char *const *run_dirs; /* n_run_dirs of them; 0: all below RUN_DIRS */
	size_t n_run_dirs;
	unsigned groups;

	struct source *list[SOURCES_MAX]; /* sorted by path */
	size_t n;
	uint64_t looked_ns;
	uint64_t changes; /* counts up when anything here is new */
	size_t left_out;  /* sockets beyond SOURCES_MAX */
};

/* sources_ask looks for sockets, at most once a second, and begins the questions that are due. */
void sources_ask(struct sources *s, uint64_t now_ns);

/* sources_poll fills in at most SOURCES_MAX entries. Returns how many. *deadline_ns is lowered to
 * when sources_go_on is to be called at the latest. */
size_t sources_poll(const struct sources *s, struct pollfd *fds, uint64_t *deadline_ns);

/* sources_go_on receives; fds: as sources_poll filled them in, after poll. */
void sources_go_on(struct sources *s, const struct pollfd *fds, size_t n, uint64_t now_ns);

/* sources_are_settled says whether no answer is to be waited for. */
int sources_are_settled(const struct sources *s);

void sources_clear(struct sources *s);

#endif
