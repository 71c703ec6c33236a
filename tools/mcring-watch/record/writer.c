/* SPDX-License-Identifier: BSD-3-Clause */
#include "writer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"

#include "../../common/clock.h"

#include "leftover.h"

#define SECOND   UINT64_C(1000000000)
#define LOOK_NS  (SECOND / 5) /* what came is written after so long */
#define RETRY_NS SECOND       /* after a failure */
#define GRANT    ((uint64_t)1 << 20)
#define SPAN_DIV 4 /* of the store may be held back to put it in order */
#define NICE     10

/* ---- what it is told ---- */

uint64_t writer_state(const struct writer *w)
{
	return __atomic_load_n(&w->end, __ATOMIC_ACQUIRE); /* pairs with set_state, or is our own */
}

static void set_state(struct writer *w, uint64_t end)
{
	__atomic_store_n(&w->end, end, __ATOMIC_RELEASE); /* pairs with writer_state */
}

void writer_begin(struct writer *w)
{
	store_pin(w->store, w->from);
	set_state(w, WRITER_OPEN);
	sem_post(&w->wake);
}

int writer_end(struct writer *w, uint64_t position)
{
	uint64_t open = WRITER_OPEN;

	/* The writer may end the file by itself at the same time. */
	if (!__atomic_compare_exchange_n(&w->end, &open, position, 0, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return 0;
	sem_post(&w->wake);
	return 1;
}

void writer_wake(struct writer *w)
{
	sem_post(&w->wake);
}

/* ---- what it tells ---- */

static void tell(struct writer *w)
{
	const uint64_t before = w->mine.written;

	w->mine.dir_files = w->folder.files;
	w->mine.dir_octets = w->folder.octets;
	if (w->is_open)
		w->mine.written += w->output.pcapng.packets;
	pthread_mutex_lock(&w->lock);
	w->stats = w->mine;
	pthread_mutex_unlock(&w->lock);
	w->mine.written = before;
}

static void copy_path(struct writer *w, char *out, size_t cap, const char *name)
{
	snprintf(out, cap, "%s%s%s", name[0] ? w->config->dir : "", name[0] ? "/" : "", name);
}

static void stop(struct writer *w, int code)
{
	snprintf(w->mine.error, sizeof(w->mine.error), "%.100s: %s", w->config->dir,
		 code == -EDQUOT ? "the limit of all files is reached" : strerror(-code));
	w->retry_ns = monotonic_ns() + RETRY_NS;
	__atomic_store_n(&w->is_stopped, 1, __ATOMIC_RELEASE); /* pairs with the recorder's load */
}

/* ---- a file's beginning and end ---- */

static uint64_t size_limit(const struct recorder_config *c)
{
	const uint64_t file = c->file_octets_max > 0 ? c->file_octets_max : UINT64_MAX;

	return c->all_octets_max > 0 && c->all_octets_max < file ? c->all_octets_max : file;
}

static uint32_t count_interfaces(const struct writer *w)
{
	return __atomic_load_n(w->n_interfaces,
			       __ATOMIC_ACQUIRE); /* pairs with recorder_interface */
}

static int open_file(struct writer *w)
{
	int ret;

	if (w->is_open)
		return 0;
	if (w->config->is_continuous)
		w->cause.ns = w->until_ns > w->from_ns ? w->until_ns : w->from_ns;
	ret = output_open(&w->output, &w->folder, &w->cause, w->from_ns, size_limit(w->config),
			  count_interfaces(w));
	w->is_open = ret == 0;
	w->granted = w->taken = 0;
	if (w->config->is_continuous && ret == 0)
		snprintf(w->cause.text, sizeof(w->cause.text), "all that comes"); /* of the next */
	return ret;
}

/* Ends the file, for whatever reason. Returns 0, or why recording has to stop. */
static int close_file(struct writer *w, int code, char name[FOLDER_NAME_MAX])
{
	int ret;

	name[0] = '\0';
	if (!w->is_open) {
		w->mine.given_up += code < 0;
		return code;
	}
	ret = output_close(&w->output, &w->folder, code == -EFBIG ? w->output.last_ns : w->until_ns,
			   code, name);
	w->is_open = 0;
	w->mine.written += w->output.pcapng.packets;
	w->mine.written_octets += name[0] ? w->output.pcapng.written : 0;
	w->from_ns = w->output.last_ns;
	if (ret == 0) {
		w->mine.whole++;
		copy_path(w, w->mine.file, sizeof(w->mine.file), name);
		return folder_rotate(&w->folder, 0);
	}
	name[0] = '\0';
	w->mine.given_up++;
	if (w->config->is_continuous)
		w->mine.unwritten += w->taken - w->output.pcapng.packets;
	return ret;
}

static int is_leaving(const struct writer *w)
{
	return __atomic_load_n(&w->is_leaving, __ATOMIC_ACQUIRE); /* pairs with writer_destroy */
}

/* What was read and is in no file. */
static void count_unwritten(struct writer *w)
{
	for (uint32_t i = 0; i < w->n_pending; i++)
		w->mine.unwritten += w->pending[i].record->kind == STORE_PACKET;
}

/* Ends what the recorder wanted: the file is closed, or could not be made. */
static void finish(struct writer *w, int code)
{
	const int is_continuous = w->config->is_continuous;
	const int was_asked = !is_continuous || writer_state(w) != WRITER_OPEN;
	const int is_over =
	    !is_continuous || (is_leaving(w) && w->position >= store_head(w->store));
	char name[FOLDER_NAME_MAX];
	int ret;

	if (code < 0 && is_continuous)
		count_unwritten(w);
	if (!is_continuous)
		store_pin(w->store, STORE_NOWHERE); /* before it waits for the disk */
	ret = close_file(w, code, name);
	if (was_asked) {
		copy_path(w, w->mine.answer, sizeof(w->mine.answer), name);
		w->mine.answered++;
	}
	if (ret < 0)
		stop(w, ret);
	tell(w);
	w->is_busy = ret == 0 && !is_over;
	if (!w->is_busy)
		store_pin(w->store, STORE_NOWHERE);
	set_state(w, w->is_busy ? WRITER_OPEN : WRITER_IDLE);
}

/* ---- records ---- */

static int by_time(const void *a, const void *b)
{
	const struct writer_entry *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return x->position < y->position ? -1 : x->position > y->position;
}

static void sort(struct writer *w)
{
	for (uint32_t i = 1; i < w->n_pending; i++)
		if (by_time(&w->pending[i - 1], &w->pending[i]) > 0) {
			qsort(w->pending, w->n_pending, sizeof(w->pending[0]), by_time);
			return;
		}
}

/* Makes room in the directory for more of the file, in steps. */
static int grant(struct writer *w)
{
	const uint64_t limit = size_limit(w->config);

	if (w->config->all_octets_max == 0 || output_size(&w->output) + GRANT / 2 <= w->granted ||
	    w->granted == limit)
		return 0;
	w->granted =
	    output_size(&w->output) + GRANT < limit ? output_size(&w->output) + GRANT : limit;
	return folder_rotate(&w->folder, w->granted);
}

static int write_record(struct writer *w, const struct store_record *record)
{
	int ret = open_file(w);

	if (ret == 0)
		ret = grant(w);
	if (ret == 0)
		ret = output_put(&w->output, record, count_interfaces(w));
	if (ret == 0)
		w->taken += record->kind == STORE_PACKET;
	return ret;
}

/* Writes what is pending up to a time. Returns 0, -EFBIG, or what failed. */
static int emit(struct writer *w, uint64_t until_ns)
{
	uint32_t done = 0;
	char name[FOLDER_NAME_MAX];
	int ret = 0;

	sort(w);
	while (done < w->n_pending && w->pending[done].ns <= until_ns) {
		ret = write_record(w, w->pending[done].record);
		if (ret == -EFBIG && w->config->is_continuous)
			ret = close_file(w, -EFBIG, name);
		else if (ret == 0)
			done++;
		if (ret < 0)
			break;
	}
	w->n_pending -= done;
	memmove(w->pending, w->pending + done, w->n_pending * sizeof(w->pending[0]));
	w->lowest = STORE_NOWHERE;
	for (uint32_t i = 0; i < w->n_pending; i++)
		if (w->pending[i].position < w->lowest)
			w->lowest = w->pending[i].position;
	store_pin(w->store, w->lowest < w->position ? w->lowest : w->position);
	return ret;
}

static int take(struct writer *w, const struct store_record *record, uint64_t position)
{
	const uint64_t span = ((uint64_t)w->store->n << w->store->shift) / SPAN_DIV;

	if (record->kind == STORE_UNTIL) {
		w->until_ns = record->ns;
		return emit(w, record->ns);
	}
	w->packets += record->kind == STORE_PACKET;
	w->pending[w->n_pending++] = (struct writer_entry){record->ns, position, record};
	if (w->lowest > position)
		w->lowest = position;
	if (w->n_pending == WRITER_PENDING || position - w->lowest > span)
		return emit(w, UINT64_MAX);
	return 0;
}

/* The next record of the file. An end that is named later lies behind the head of before. */
static const struct store_record *next_record(struct writer *w)
{
	const uint64_t head = store_head(w->store), end = writer_state(w);

	return store_next(w->store, &w->position, head < end ? head : end);
}

/* Reads what there is. Returns 1 when that is all that the file is to have, else 0 or -errno. */
static int read_on(struct writer *w)
{
	const struct store_record *record;
	uint64_t position = w->position;
	int ret = 0;

	while (ret == 0 && (record = next_record(w))) {
		ret = take(w, record, position);
		position = w->position;
	}
	if (ret == 0 && w->position >= writer_state(w)) {
		ret = emit(w, UINT64_MAX);
		return ret < 0 ? ret : 1;
	}
	return ret == 0 && w->is_open ? output_flush(&w->output) : ret;
}

/* Begins with what the recorder wants. A position that is not where it stopped is the beginning of
 * a segment. */
static int begin(struct writer *w)
{
	const struct store_segment *segment = store_segment(w->store, w->from);

	if (w->from != w->position) {
		w->packets = segment->before;
		w->from_ns = segment->since_ns;
	}
	w->position = w->from;
	w->until_ns = w->from_ns;
	w->n_pending = 0;
	w->lowest = STORE_NOWHERE;
	w->is_busy = 1;
	return w->config->is_continuous ? 0 : open_file(w);
}

static void work(struct writer *w)
{
	int ret = 0;

	if (writer_state(w) == WRITER_IDLE)
		return;
	if (!w->is_busy)
		ret = begin(w);
	if (ret == 0)
		ret = read_on(w);
	if (ret == 1)
		finish(w,
		       is_leaving(w) ? 0 : open_file(w)); /* an operator gets an empty one, too */
	else if (ret < 0)
		finish(w, ret);
	else
		tell(w);
}

/* ---- the thread ---- */

/* After a failure: the directory may be another one by now, or have room. */
static void retry(struct writer *w)
{
	struct mcr_error err;

	if (!w->is_stopped || monotonic_ns() < w->retry_ns)
		return;
	w->retry_ns = monotonic_ns() + RETRY_NS;
	folder_close(&w->folder);
	if (folder_open(&w->folder, w->config, &err) < 0 || !folder_has_room(&w->folder))
		return;
	w->mine.error[0] = '\0';
	tell(w);
	__atomic_store_n(&w->is_stopped, 0, __ATOMIC_RELEASE); /* pairs with the recorder's load */
}

static void wait_for_more(struct writer *w)
{
	const uint64_t ns = w->is_stopped ? RETRY_NS : LOOK_NS;
	struct timespec until;

	if (is_leaving(w))
		return;
	if (!w->is_stopped && writer_state(w) == WRITER_IDLE) {
		sem_wait(&w->wake);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)(ns % SECOND);
	until.tv_sec += (time_t)(ns / SECOND) + until.tv_nsec / (long)SECOND;
	until.tv_nsec %= (long)SECOND;
	sem_clockwait(&w->wake, CLOCK_MONOTONIC, &until);
}

static void finish_leftovers(struct writer *w)
{
	struct folder_file file;

	while (folder_leftover(&w->folder, &file) == 1 && leftover_finish(&w->folder, &file) == 0)
		w->mine.leftovers++;
	if (folder_rotate(&w->folder, 0) < 0)
		tell(w); /* what cannot be removed stops the next file */
}

static void *run(void *arg)
{
	struct writer *w = arg;

	setpriority(PRIO_PROCESS, 0, NICE); /* of this thread alone */
	finish_leftovers(w);
	tell(w);
	do {
		wait_for_more(w);
		if (is_leaving(w))
			writer_end(w, store_head(w->store));
		retry(w);
		work(w);
	} while (!is_leaving(w) || writer_state(w) != WRITER_IDLE);
	return NULL;
}

int writer_create(struct writer *w, struct mcr_error *err)
{
	sigset_t all, before;
	int ret = folder_open(&w->folder, w->config, err);

	if (ret < 0)
		return ret;
	w->output.config = w->config;
	w->output.interfaces = w->interfaces;
	w->mine.dir_files = w->folder.files;
	sem_init(&w->wake, 0, 0);
	pthread_mutex_init(&w->lock, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the program's */
	ret = -pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ret == 0)
		return 0;
	folder_close(&w->folder);
	return mcr_error_set(err, ret, "recording %s: no thread: %s", w->config->name,
			     strerror(-ret));
}

void writer_destroy(struct writer *w)
{
	__atomic_store_n(&w->is_leaving, 1, __ATOMIC_RELEASE); /* pairs with is_leaving */
	sem_post(&w->wake);
	pthread_join(w->thread, NULL);
	folder_close(&w->folder);
	pthread_mutex_destroy(&w->lock);
	sem_destroy(&w->wake);
}
