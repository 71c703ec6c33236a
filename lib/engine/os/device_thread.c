/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/os/device_thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/error.h"

struct mcr_device_thread {
	pthread_t thread;
	struct mcr_job *submitted; /* writers: both; newest first */
	struct mcr_job *ended;     /* writers: both; newest first */
	uint8_t is_ending;         /* writer: control */
	struct mcr_job *queue;     /* the device thread's: taken from submitted, oldest first */
	struct mcr_job *later; /* the device thread's: works put off while another one gives way */
	struct mcr_job *taken; /* control's: taken from ended, oldest first */
	int submitted_fd;      /* eventfd that blocks; control writes */
	int ended_fd;          /* eventfd; the device thread writes */
	unsigned n_pending;    /* control's: submitted, done() not called yet */
};

static void push(struct mcr_job **list, struct mcr_job *job)
{
	job->next = __atomic_load_n(list, __ATOMIC_RELAXED);
	/* Release: pairs with the acquire in take. */
	while (!__atomic_compare_exchange_n(list, &job->next, job, 1, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
}

/* Takes the whole list, oldest first. */
static struct mcr_job *take(struct mcr_job **list)
{
	struct mcr_job *job = __atomic_exchange_n(list, NULL, __ATOMIC_ACQUIRE);
	struct mcr_job *first = NULL;

	while (job) {
		struct mcr_job *next = job->next;

		job->next = first;
		first = job;
		job = next;
	}
	return first;
}

static void signal_fd(int fd)
{
	const uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof(one)); /* when it is full it is readable already */

	(void)n;
}

/* Waits if the descriptor blocks. (A poll() would fail if RLIMIT_NOFILE was lowered to 0.) */
static void clear_fd(int fd)
{
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof(count));

	(void)n;
}

/* Takes the first job of a list, NULL: none. */
static struct mcr_job *pop(struct mcr_job **list)
{
	struct mcr_job *job = *list;

	if (job)
		*list = job->next;
	return job;
}

static struct mcr_job *next_job(struct mcr_device_thread *t)
{
	if (!t->queue)
		t->queue = take(&t->submitted);
	return pop(&t->queue);
}

static void run_job(struct mcr_device_thread *t, struct mcr_job *job)
{
	job->run(job);
	push(&t->ended, job);
	signal_fd(t->ended_fd);
}

static void put_off(struct mcr_device_thread *t, struct mcr_job *job)
{
	struct mcr_job **end = &t->later;

	while (*end)
		end = &(*end)->next;
	job->next = NULL;
	*end = job;
}

void mcr_device_thread_give_way(struct mcr_device_thread *t)
{
	struct mcr_job *job;

	while ((job = next_job(t)))
		if (job->is_work)
			put_off(t, job);
		else
			run_job(t, job);
}

static void *thread_main(void *arg)
{
	struct mcr_device_thread *t = arg;
	struct mcr_job *job;

	for (;;) {
		/* Read before the list, which then has all that was submitted before the end. */
		uint8_t is_ending = __atomic_load_n(&t->is_ending, __ATOMIC_ACQUIRE);

		while ((job = pop(&t->later)) || (job = next_job(t)))
			run_job(t, job);
		if (is_ending)
			return NULL;
		clear_fd(t->submitted_fd);
	}
}

int mcr_device_thread_create(struct mcr_device_thread **out, struct mcr_error *err)
{
	struct mcr_device_thread *t = calloc(1, sizeof(*t));
	int ret;

	if (!t)
		return mcr_error_set(err, -ENOMEM, "no memory for the device thread");
	t->submitted_fd = eventfd(0, EFD_CLOEXEC);
	t->ended_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ret = t->submitted_fd < 0 || t->ended_fd < 0
		  ? -errno
		  : -pthread_create(&t->thread, NULL, thread_main, t);
	if (ret == 0) {
		pthread_setname_np(t->thread, "mcring-device");
		*out = t;
		return 0;
	}
	if (t->submitted_fd >= 0)
		close(t->submitted_fd);
	if (t->ended_fd >= 0)
		close(t->ended_fd);
	free(t);
	return mcr_error_set(err, ret, "cannot start the device thread: %s", strerror(-ret));
}

void mcr_device_thread_destroy(struct mcr_device_thread *t, void *ctx)
{
	if (!t)
		return;
	mcr_device_thread_drain(t, ctx);
	/* Pairs with the load in thread_main. */
	__atomic_store_n(&t->is_ending, 1, __ATOMIC_RELEASE);
	signal_fd(t->submitted_fd);
	pthread_join(t->thread, NULL);
	close(t->submitted_fd);
	close(t->ended_fd);
	free(t);
}

void mcr_device_thread_submit(struct mcr_device_thread *t, struct mcr_job *job)
{
	t->n_pending++;
	job->is_pending = 1;
	push(&t->submitted, job);
	signal_fd(t->submitted_fd);
}

int mcr_device_thread_fd(const struct mcr_device_thread *t)
{
	return t->ended_fd;
}

unsigned mcr_device_thread_poll(struct mcr_device_thread *t, void *ctx)
{
	struct mcr_job *job;
	unsigned n = 0;

	if (!t->taken) {
		/* Before the list is read: what ends later makes it readable again. */
		clear_fd(t->ended_fd);
		t->taken = take(&t->ended);
	}
	for (; (job = pop(&t->taken)); n++) { /* in the object, because done() may poll, too */
		t->n_pending--;
		job->is_pending = 0;
		job->done(job, ctx);
	}
	return n;
}

int mcr_device_thread_is_idle(const struct mcr_device_thread *t)
{
	return t->n_pending == 0;
}

void mcr_device_thread_drain(struct mcr_device_thread *t, void *ctx)
{
	struct pollfd p = {.fd = t->ended_fd, .events = POLLIN};

	while (!mcr_device_thread_is_idle(t))
		if (mcr_device_thread_poll(t, ctx) == 0)
			poll(&p, 1, -1);
}
