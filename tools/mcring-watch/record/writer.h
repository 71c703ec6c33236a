/* SPDX-License-Identifier: BSD-3-Clause */
/* The thread of a recorder, which makes files of what is in its store. The recorder's thread says
 * where a file begins, and later where it ends; the writer reads up to there, puts packets in the
 * order of time, and moves the pin of the store on behind it. */
#ifndef MCR_WATCH_WRITER_H
#define MCR_WATCH_WRITER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>

#include "output.h"
#include "store.h"

#define WRITER_PENDING 16384 /* records that are put in order at a time */

/* Where the file ends. */
#define WRITER_IDLE 0 /* there is none */
#define WRITER_OPEN UINT64_MAX

struct writer_entry {
	uint64_t ns, position;
	const struct store_record *record;
};

/* Of recorder_stats. */
struct writer_stats {
	uint64_t whole, given_up, answered, unwritten, written, written_octets;
	uint64_t dir_files, dir_octets, leftovers;
	char file[RECORDER_DIR_MAX + 128], answer[RECORDER_DIR_MAX + 128], error[160];
};

struct writer {
	const struct recorder_config *config;
	struct store *store;
	const struct recorder_interface *interfaces;
	const uint32_t *n_interfaces; /* the recorder's: release; the writer: acquire */

	sem_t wake;
	pthread_t thread;
	int is_leaving; /* the recorder's: release; the writer: acquire */
	int is_stopped; /* the writer's: release; the recorder: acquire */

	/* The recorder's while it is WRITER_IDLE, or to name an end in the place of WRITER_OPEN;
	 * then the writer's. Release, acquire; both ways. */
	uint64_t end;
	uint64_t from;             /* the recorder's before it begins: the position to begin at */
	struct output_cause cause; /* likewise */

	/* The writer's; the recorder may read `packets` and `position` while it is WRITER_IDLE. */
	int is_busy;       /* with what the recorder wants */
	int is_open;       /* there is a file */
	uint64_t position; /* up to which the store was read */
	uint64_t packets;  /* of the store, before that */
	uint64_t taken;    /* of them, since the file was opened */
	uint64_t lowest;   /* position of what is pending; STORE_NOWHERE = nothing is */
	uint64_t granted;  /* octets of the file for which there is room in the directory */
	uint64_t from_ns, until_ns, retry_ns;
	uint32_t n_pending;
	struct writer_entry pending[WRITER_PENDING];
	struct folder folder;
	struct output output;

	pthread_mutex_t lock; /* of stats: held only to copy them */
	struct writer_stats stats, mine;
};

/* writer_create opens the directory and starts the thread. writer_destroy ends it when the file is
 * written whose end was named. */
int writer_create(struct writer *w, struct mcr_error *err);
void writer_destroy(struct writer *w);

/* writer_begin: a file for w->cause, from w->from on, which is pinned. The writer was idle. */
void writer_begin(struct writer *w);

/* writer_end: the file ends at this position. Returns 0 if there is none any more, or its end was
 * named before. */
int writer_end(struct writer *w, uint64_t position);

uint64_t writer_state(const struct writer *w);

/* writer_wake has it look at once. */
void writer_wake(struct writer *w);

#endif
