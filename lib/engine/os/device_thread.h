/* SPDX-License-Identifier: BSD-3-Clause */
/* The device thread makes every call that may wait: for a lock of the kernel's (the RTNL lock
 * behind ioctls and ethdev control calls), for memory to be filled, for a file to be read. Control
 * hands it jobs and goes on; it takes their results in a later round. So a slow kernel can delay a
 * filter or a reload, but never the heartbeat, IGMP, MLD or a socket.
 *
 * mcr_engine_create starts the thread, mcr_engine_destroy joins it. It inherits the signal mask and
 * the CPUs of the thread that creates the engine. It uses no DPDK and no lock, but two lists, each
 * of which is taken as a whole. */
#ifndef MCR_ENGINE_DEVICE_THREAD_H
#define MCR_ENGINE_DEVICE_THREAD_H

#include <stdint.h>

#include <mcring/types.h>

struct mcr_device_thread;

/* A job is part of an object of the caller's. From submit until done() is called, the device thread
 * owns it and all that run() touches. */
struct mcr_job {
	void (*run)(struct mcr_job *job);             /* on the device thread; may wait */
	void (*done)(struct mcr_job *job, void *ctx); /* on control: the job is free again */
	struct mcr_job *next;                         /* private */
	uint8_t is_pending; /* control's: submitted, and done() not called yet; 0 at first */
	uint8_t is_work;    /* the application's: never runs while another such job gives way */
};

/* mcr_device_thread_create starts the thread. Errors: -ENOMEM, -EMFILE, -EAGAIN (no threads). */
int mcr_device_thread_create(struct mcr_device_thread **out, struct mcr_error *err);

/* mcr_device_thread_destroy runs all submitted jobs to their end, calls their done() with ctx, and
 * joins the thread. NULL is allowed. Thread: control; waits. */
void mcr_device_thread_destroy(struct mcr_device_thread *t, void *ctx);

/* mcr_device_thread_submit hands over a job that is not submitted already. Jobs run one by one, in
 * this order, so a job that takes seconds should give way to the next ones. Thread: control; never
 * waits. */
void mcr_device_thread_submit(struct mcr_device_thread *t, struct mcr_job *job);

/* mcr_device_thread_give_way runs the jobs that were submitted after the one that calls it, as if
 * that one had ended, but puts off those with is_work. A job of seconds calls it every few
 * milliseconds. Thread: the device thread, in run(). */
void mcr_device_thread_give_way(struct mcr_device_thread *t);

/* mcr_device_thread_fd is readable when a job has ended; owned by the thread's object. */
int mcr_device_thread_fd(const struct mcr_device_thread *t);

/* mcr_device_thread_poll calls done() of the jobs that have ended, in the order in which they
 * ended; done() may submit again. Returns how many. Thread: control; never waits. */
unsigned mcr_device_thread_poll(struct mcr_device_thread *t, void *ctx);

/* mcr_device_thread_is_idle returns 1 when done() of every job was called. Thread: control. */
int mcr_device_thread_is_idle(const struct mcr_device_thread *t);

/* mcr_device_thread_drain polls until the thread is idle: for the engine's start and stop, when
 * nobody depends on control. Thread: control; waits. */
void mcr_device_thread_drain(struct mcr_device_thread *t, void *ctx);

#endif
