/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the engine lives, as a consumer sees it. */
#include <linux/capability.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "held_clock.h"

static struct mcr_consumer *patient(struct small_engine *e, uint64_t stall_ns)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

	opts.stall_ns = stall_ns;
	return small_engine_consumer(e, opts);
}

/* The next message, or an error, after so long at the least and a second more at the most, on the
 * clock that the test holds. */
static int await_one(struct small_engine *e, struct mcr_consumer *c, struct mcr_msg *msg,
		     uint64_t ns)
{
	const uint64_t start = monotonic_ns();
	int n;

	while ((n = mcr_consumer_poll(c, msg, 1)) == 0) {
		assert_true(monotonic_ns() - start < ns + UINT64_C(1000000000));
		pass_time(e, e != NULL, HELD_STEP_NS);
	}
	assert_true(monotonic_ns() - start >= ns);
	mcr_consumer_release(c);
	return n;
}

static void await_stall(struct small_engine *e, struct mcr_consumer *c, int flags, uint64_t ns)
{
	struct mcr_msg msg;

	assert_int_equal(await_one(e, c, &msg, ns), 1);
	assert_int_equal(msg.kind, MCR_ENGINE_STALL);
	assert_int_equal(msg.flags, flags);
	assert_int_equal(msg.len, 0);
	assert_true(msg.rx_ns - msg.since_ns >= UINT64_C(1000000000));
	assert_true(msg.rx_ns - msg.since_ns < UINT64_C(2000000000));
}

static void an_engine_that_stalls_is_reported_and_goes_on(void **state)
{
	struct small_engine e;
	struct mcr_msg msg;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_round(&e);
	for (int round = 0; round < 2; round++) {
		small_engine_stop_beating(&e);
		await_stall(&e, c, 0, UINT64_C(1000000000));
		small_engine_publish_seqs(&e, 0, 1); /* by an rx lcore, which does not stall */
		assert_int_equal(await_one(&e, c, &msg, 0), 1);
		assert_int_equal(msg.kind, MCR_DATA);
		__atomic_store_n(&e.beating, 1, __ATOMIC_RELEASE);
		await_stall(&e, c, MCR_FLAG_STALL_OVER, 0);
		small_engine_publish_seqs(&e, 0, 1);
		assert_int_equal(await_one(&e, c, &msg, 0), 1);
		assert_int_equal(msg.kind, MCR_DATA);
		assert_int_equal(msg.pos.seq, 2 * round + 2);
	}
	assert_int_equal(small_engine_count(&e), 1);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void a_stall_ends_in_epipe_when_the_consumer_has_waited_enough(void **state)
{
	struct small_engine e;
	struct mcr_msg msgs[16];
	uint64_t start;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = patient(&e, UINT64_C(1500000000));

	small_engine_round(&e); /* it has begun to beat */
	small_engine_stop_beating(&e);
	start = monotonic_ns();
	await_stall(&e, c, 0, UINT64_C(1000000000));
	small_engine_publish_seqs(&e, 0, 3); /* and not before all of it */
	assert_int_equal(mcr_consumer_poll(c, msgs, 16), 3);
	assert_int_equal(await_one(&e, c, msgs, start + UINT64_C(1500000000) - monotonic_ns()),
			 -EPIPE);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* Its sockets end with it, whoever forked has copies of them. Its last heartbeat is never old. */
static void an_engine_that_is_gone_is_noticed_by_its_socket(void **state)
{
	for (int is_forked = 0; is_forked <= 1; is_forked++) {
		struct small_engine e;
		struct mcr_msg msg;
		pid_t child = 0;

		small_engine_create(&e, 1, 4096);
		struct mcr_consumer *c = patient(&e, UINT64_MAX);

		small_engine_round(&e);
		if (is_forked)
			child = fork();
		if (is_forked && child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		small_engine_kill(&e);
		assert_int_equal(await_one(NULL, c, &msg, 0), -EPIPE);
		mcr_consumer_close(c);
		assert_int_equal(rmdir(e.dir), 0);
		if (is_forked) {
			assert_int_equal(kill(child, SIGKILL), 0);
			assert_int_equal(waitpid(child, NULL, 0), child);
		}
	}
}

static void one_look_that_finds_an_old_heartbeat_is_not_believed(void **state)
{
	struct small_engine e;
	struct mcr_msg msg;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_stop_beating(&e);
	for (int round = 0; round < 3; round++) {
		mcr_ring_set_heartbeat(e.regions[0].mem, monotonic_ns() - UINT64_C(5000000000));
		for (int looks = 0; looks < 4; looks++) {
			assert_int_equal(mcr_consumer_poll(c, &msg, 1), 0);
			pass_time(&e, 1, HELD_STEP_NS);
		}
		mcr_ring_set_heartbeat(e.regions[0].mem, monotonic_ns());
		assert_int_equal(mcr_consumer_poll(c, &msg, 1), 0);
	}
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void an_engine_that_has_not_begun_to_beat_is_not_dead(void **state)
{
	struct small_engine e;
	struct mcr_msg msg;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer *c = small_engine_open(&e, MCR_START_NEWEST);

	small_engine_stop_beating(&e);
	mcr_ring_set_heartbeat(e.regions[0].mem, 0);
	for (int i = 0; i < 2000; i++)
		assert_int_equal(mcr_consumer_poll(c, &msg, 1), 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* The child polls through being stopped: it must not take the living engine for dead, and its loss
 * must be exact. */
static int poll_in_child(struct small_engine *e, int ready)
{
	struct mcr_consumer *c = small_engine_open(e, MCR_START_OLDEST);
	uint64_t received = 0, lost = 0;
	struct mcr_msg msgs[32];
	int n;

	if (write(ready, "x", 1) != 1)
		return 2;
	while ((n = mcr_consumer_poll(c, msgs, 32)) >= 0) {
		for (int i = 0; i < n; i++) {
			if (msgs[i].kind == MCR_LOST)
				lost += msgs[i].lost;
			else
				received++;
			if (msgs[i].kind == MCR_DATA && received + lost != msgs[i].pos.seq)
				return 3;
		}
		mcr_consumer_release(c);
	}
	mcr_consumer_close(c);
	return n == -EPIPE && lost > 0 && received + lost == 5000 ? 0 : 4;
}

static void a_stopped_consumer_neither_misjudges_the_engine_nor_the_loss(void **state)
{
	struct small_engine e;
	int pipe_fds[2], status;
	char byte;
	pid_t pid;

	small_engine_create(&e, 1, 4096);
	assert_int_equal(pipe(pipe_fds), 0);
	pid = fork();
	if (pid == 0)
		_exit(poll_in_child(&e, pipe_fds[1]));
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	small_engine_publish_seqs(&e, 0, 10);
	sleep_ms(20);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	small_engine_publish_seqs(&e, 0, 4980);
	pass_time(&e, 1, UINT64_C(1500000000));
	assert_int_equal(kill(pid, SIGCONT), 0);
	for (int i = 0; i < 12; i++)
		pass_time(&e, 1, HELD_STEP_NS);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0); /* it lives on */
	small_engine_publish_seqs(&e, 0, 10);
	mcr_ring_set_state(e.regions[0].mem, MCR_RING_STOPPED);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	small_engine_destroy(&e);
}

/* Takes from this thread, or gives back to it, the right to lock memory without a limit. Returns
 * whether it had the right. */
static int lock_without_limit(int may)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	int did;

	assert_int_equal(syscall(SYS_capget, &header, data), 0);
	did = (data[0].effective >> CAP_IPC_LOCK & 1) != 0;
	data[0].effective &= ~(UINT32_C(1) << CAP_IPC_LOCK);
	data[0].effective |= (uint32_t)may << CAP_IPC_LOCK;
	assert_int_equal(syscall(SYS_capset, &header, data), 0);
	return did;
}

/* A program that locks all of its memory (mlockall) has a limit. */
static void a_limit_of_locked_memory_is_not_an_engine_without_an_answer(void **state)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct rlimit before, limit;
	struct mcr_consumer *c;
	struct small_engine e;
	struct mcr_error err;
	int ret, could;

	small_engine_create(&e, 1, 1 << 22);
	opts.run_dir = e.dir;
	opts.channel = "md";
	could = lock_without_limit(0);
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	limit = before;
	limit.rlim_cur = 3 << 20; /* enough for all but the ring */
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	/* Not by mlockall, which sanitizers make do nothing. */
	assert_int_equal(syscall(SYS_mlockall, MCL_FUTURE), 0);
	ret = mcr_consumer_open(&c, &opts, &err);
	syscall(SYS_munlockall);
	setrlimit(RLIMIT_MEMLOCK, &before);
	lock_without_limit(could);
	assert_int_equal(ret, -ENOMEM);
	assert_non_null(strstr(err.text, "ring 0 cannot be mapped"));
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_engine_that_stalls_is_reported_and_goes_on),
	    cmocka_unit_test(a_stall_ends_in_epipe_when_the_consumer_has_waited_enough),
	    cmocka_unit_test(an_engine_that_is_gone_is_noticed_by_its_socket),
	    cmocka_unit_test(one_look_that_finds_an_old_heartbeat_is_not_believed),
	    cmocka_unit_test(an_engine_that_has_not_begun_to_beat_is_not_dead),
	    cmocka_unit_test(a_stopped_consumer_neither_misjudges_the_engine_nor_the_loss),
	    cmocka_unit_test(a_limit_of_locked_memory_is_not_an_engine_without_an_answer),
	};

	return cmocka_run_group_tests(tests, hold_clock, NULL);
}
