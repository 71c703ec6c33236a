/* SPDX-License-Identifier: BSD-3-Clause */
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/os/device_thread.h"

#define N 1000

struct job {
	struct mcr_job job;
	unsigned number;
	pthread_t ran_on;
	sem_t *wait; /* run() waits for it */
	struct mcr_device_thread *again;
};

struct order {
	unsigned n, wrong;
};

static void run(struct mcr_job *base)
{
	struct job *job = (struct job *)base;

	if (job->wait)
		sem_wait(job->wait);
	job->ran_on = pthread_self();
}

static void done(struct mcr_job *base, void *ctx)
{
	struct job *job = (struct job *)base;
	struct order *order = ctx;

	order->wrong += job->number != order->n++;
	if (job->again) {
		struct mcr_device_thread *t = job->again;

		job->again = NULL;
		job->number = order->n;
		mcr_device_thread_submit(t, base);
	}
}

/* A job of many steps, which gives way after each. */
struct long_job {
	struct mcr_job job;
	struct mcr_device_thread *thread;
	sem_t *step;
	unsigned steps, given_way;
};

static void run_long(struct mcr_job *base)
{
	struct long_job *job = (struct long_job *)base;

	for (unsigned i = 0; i < job->steps; i++) {
		sem_wait(job->step);
		mcr_device_thread_give_way(job->thread);
		job->given_way++;
	}
}

static void done_long(struct mcr_job *base, void *ctx)
{
	struct order *order = ctx;

	(void)base;
	order->n++;
}

static struct mcr_device_thread *create(void)
{
	struct mcr_device_thread *t;

	assert_int_equal(mcr_device_thread_create(&t, NULL), 0);
	return t;
}

static void jobs_run_on_the_thread_and_come_back_in_their_order(void **state)
{
	static struct job jobs[N];
	struct mcr_device_thread *t = create();
	struct order order = {0};

	for (unsigned i = 0; i < N; i++) {
		jobs[i] = (struct job){.job = {.run = run, .done = done}, .number = i};
		mcr_device_thread_submit(t, &jobs[i].job);
		mcr_device_thread_poll(t, &order);
	}
	mcr_device_thread_drain(t, &order);
	assert_int_equal(order.n, N);
	assert_int_equal(order.wrong, 0);
	for (unsigned i = 0; i < N; i++)
		assert_false(pthread_equal(jobs[i].ran_on, pthread_self()));
	mcr_device_thread_destroy(t, &order);
}

static void control_does_not_wait_for_a_job_that_waits(void **state)
{
	struct mcr_device_thread *t = create();
	struct order order = {0};
	struct pollfd p = {.fd = mcr_device_thread_fd(t), .events = POLLIN};
	struct job slow = {.job = {.run = run, .done = done}};
	struct job next = {.job = {.run = run, .done = done}, .number = 1};
	sem_t gate;

	sem_init(&gate, 0, 0);
	slow.wait = &gate;
	mcr_device_thread_submit(t, &slow.job);
	mcr_device_thread_submit(t, &next.job);
	assert_int_equal(mcr_device_thread_poll(t, &order), 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	sem_post(&gate);
	while (order.n < 2) {
		assert_int_equal(poll(&p, 1, 10000), 1);
		mcr_device_thread_poll(t, &order);
	}
	assert_int_equal(order.wrong, 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	mcr_device_thread_destroy(t, &order);
	sem_destroy(&gate);
}

static void done_may_submit_again(void **state)
{
	struct mcr_device_thread *t = create();
	struct order order = {0};
	struct job job = {.job = {.run = run, .done = done}, .again = t};

	mcr_device_thread_submit(t, &job.job);
	mcr_device_thread_drain(t, &order);
	assert_int_equal(order.n, 2);
	assert_int_equal(order.wrong, 0);
	mcr_device_thread_destroy(t, &order);
}

static void destroy_runs_what_was_submitted(void **state)
{
	struct mcr_device_thread *t = create();
	struct order order = {0};
	struct job jobs[10];

	for (unsigned i = 0; i < 10; i++) {
		jobs[i] = (struct job){.job = {.run = run, .done = done}, .number = i};
		mcr_device_thread_submit(t, &jobs[i].job);
	}
	mcr_device_thread_destroy(t, &order);
	assert_int_equal(order.n, 10);
	assert_int_equal(order.wrong, 0);
	mcr_device_thread_destroy(NULL, NULL);
}

static void a_long_job_gives_way_to_those_after_it(void **state)
{
	static struct job jobs[3];
	sem_t step;
	struct mcr_device_thread *t = create();
	struct long_job slow = {
	    .job = {.run = run_long, .done = done_long}, .thread = t, .step = &step, .steps = 2};
	struct pollfd p = {.fd = mcr_device_thread_fd(t), .events = POLLIN};
	struct order order = {0};

	(void)state;
	sem_init(&step, 0, 0);
	mcr_device_thread_submit(t, &slow.job);
	for (unsigned i = 0; i < 3; i++) {
		jobs[i] = (struct job){.job = {.run = run, .done = done}, .number = i};
		mcr_device_thread_submit(t, &jobs[i].job);
	}
	sem_post(&step);
	while (order.n < 3) {
		poll(&p, 1, 5000);
		mcr_device_thread_poll(t, &order);
	}
	assert_int_equal(order.wrong, 0); /* they ended, in their order, and the long one did not */
	sem_post(&step);
	mcr_device_thread_drain(t, &order);
	assert_int_equal(order.n, 4);
	assert_int_equal(slow.given_way, 2);
	mcr_device_thread_destroy(t, &order);
	sem_destroy(&step);
}

static void a_long_work_gives_way_to_no_other_work(void **state)
{
	static struct job jobs[3];
	sem_t step;
	struct mcr_device_thread *t = create();
	struct long_job slow = {.job = {.run = run_long, .done = done_long, .is_work = 1},
				.thread = t,
				.step = &step,
				.steps = 2};
	struct pollfd p = {.fd = mcr_device_thread_fd(t), .events = POLLIN};
	struct order order = {0};

	(void)state;
	sem_init(&step, 0, 0);
	mcr_device_thread_submit(t, &slow.job);
	for (unsigned i = 0; i < 3; i++) { /* two works and, between them, a job of the engine's */
		jobs[i] = (struct job){.job = {.run = run, .done = done, .is_work = i != 1},
				       .number = i == 1 ? 0 : 2 + i / 2};
		mcr_device_thread_submit(t, &jobs[i].job);
	}
	sem_post(&step);
	while (order.n < 1) {
		poll(&p, 1, 5000);
		mcr_device_thread_poll(t, &order);
	}
	assert_int_equal(order.wrong, 0);
	sem_post(&step);
	mcr_device_thread_drain(t, &order); /* the long one, then the other two in their order */
	assert_int_equal(order.n, 4);
	assert_int_equal(order.wrong, 0);
	mcr_device_thread_destroy(t, &order);
	sem_destroy(&step);
}

/* What an application does that stops its engine in a done(). */
static void done_drains(struct mcr_job *base, void *ctx)
{
	struct job *job = (struct job *)base;
	struct mcr_device_thread *t = job->again;

	job->again = NULL; /* it is not submitted again */
	done(base, ctx);
	mcr_device_thread_drain(t, ctx);
}

static void done_may_wait_for_all_that_ended_with_it(void **state)
{
	struct mcr_device_thread *t = create();
	struct pollfd p = {.fd = mcr_device_thread_fd(t), .events = POLLIN};
	struct order order = {0};
	struct job jobs[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		jobs[i] = (struct job){.job = {.run = run, .done = done}, .number = i};
	jobs[0].job.done = done_drains;
	jobs[0].again = t;
	for (unsigned i = 0; i < 3; i++)
		mcr_device_thread_submit(t, &jobs[i].job);
	usleep(20000); /* so that all three ended before the poll */
	assert_int_equal(poll(&p, 1, 5000), 1);
	mcr_device_thread_poll(t, &order);
	assert_int_equal(order.n, 3);
	assert_int_equal(order.wrong, 0);
	mcr_device_thread_destroy(t, &order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(jobs_run_on_the_thread_and_come_back_in_their_order),
	    cmocka_unit_test(control_does_not_wait_for_a_job_that_waits),
	    cmocka_unit_test(done_may_submit_again),
	    cmocka_unit_test(destroy_runs_what_was_submitted),
	    cmocka_unit_test(a_long_job_gives_way_to_those_after_it),
	    cmocka_unit_test(a_long_work_gives_way_to_no_other_work),
	    cmocka_unit_test(done_may_wait_for_all_that_ended_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
