/* SPDX-License-Identifier: BSD-3-Clause */
/* What takes long goes on beside control: mcr_engine_run and channels that are prepared. */
#include "rig.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

#define PORTS 4 /* an engine's end closes its port: each test has one of its own */

static int set_up(void **state)
{
	rig_eal_init_rings(PORTS);
	return 0;
}

struct work {
	struct mcr_engine *e;
	struct mcr_channel_config config;
	struct mcr_channel *channel;
	struct mcr_error err;
	pthread_t ran_on;
	sem_t go;
	int ret, is_done;
};

static void wait_for_go(void *ctx)
{
	struct work *w = ctx;

	sem_wait(&w->go);
	w->ran_on = pthread_self();
}

static void prepare(void *ctx)
{
	struct work *w = ctx;

	w->ret = mcr_engine_channel_prepare(w->e, &w->config, &w->channel, &w->err);
}

static void done(void *ctx)
{
	struct work *w = ctx;

	w->is_done++;
}

static void run(struct work *w, void (*work)(void *ctx))
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	assert_int_equal(mcr_engine_run(w->e, work, done, w), 0);
	while (!w->is_done && monotonic_ns() < end_ns)
		mcr_engine_poll(w->e, 1000000);
	assert_int_equal(w->is_done, 1);
}

static void control_goes_on_while_work_waits(void **state)
{
	struct work w = {.e = rig_start("net_ring0")};
	struct mcr_control_info before = {.size = sizeof(before)}, after = before;
	struct mcr_join join = rig_join("239.1.1.1", 5000);

	sem_init(&w.go, 0, 0);
	assert_int_equal(mcr_engine_run(w.e, wait_for_go, done, &w), 0);
	mcr_engine_control_info(w.e, &before);
	assert_int_equal(mcr_engine_join(w.e, &join, NULL), 0);
	for (int i = 0; i < 50; i++)
		mcr_engine_poll(w.e, 1000000);
	mcr_engine_control_info(w.e, &after);
	assert_true(after.rounds >= before.rounds + 50);
	assert_int_equal(w.is_done, 0);
	sem_post(&w.go);
	while (!w.is_done)
		mcr_engine_poll(w.e, 1000000);
	assert_false(pthread_equal(w.ran_on, pthread_self()));
	mcr_engine_destroy(w.e);
	sem_destroy(&w.go);
}

static void a_prepared_channel_can_be_joined_and_attached_to_once_it_is_put(void **state)
{
	struct work w = {.e = rig_start("net_ring1"),
			 .config = {.size = sizeof(struct mcr_channel_config),
				    .name = "big",
				    .bytes = 64 << 20}};
	struct mcr_join join = rig_join("239.1.1.1", 5000);
	struct mcr_channel_info info = {.size = sizeof(info)};
	int fd;

	run(&w, prepare);
	assert_int_equal(w.ret, 0);
	assert_int_equal(mcr_engine_attach(w.e, "big", "test", NULL), -ENOENT);
	assert_int_equal(mcr_engine_channel_put(w.e, w.channel, NULL), 0);
	strcpy(join.channel, "big");
	assert_int_equal(mcr_engine_join(w.e, &join, NULL), 0);
	fd = mcr_engine_attach(w.e, "big", "test", NULL);
	assert_true(fd >= 0);
	close(fd);
	while (mcr_engine_channel_info(w.e, 0, &info) == 0 && strcmp(info.name, "big") != 0)
		assert_int_equal(mcr_engine_channel_remove(w.e, info.name, NULL), 0);
	assert_int_equal(info.bytes, 64 << 20);
	assert_int_equal(mcr_engine_channel_remove(w.e, "big", NULL), 0);
	for (int i = 0; i < 20; i++)
		mcr_engine_poll(w.e, 1000000); /* its memory goes, beside control */
	mcr_engine_destroy(w.e);
}

static void a_channel_that_cannot_be_put_stays_the_callers(void **state)
{
	struct work w = {.e = rig_start("net_ring2"),
			 .config = {.size = sizeof(struct mcr_channel_config), .name = "default"}};
	struct work bad = {
	    .e = w.e,
	    .config = {.size = sizeof(struct mcr_channel_config), .name = "x", .bytes = 3}};

	run(&bad, prepare);
	assert_int_equal(bad.ret, -EINVAL);
	run(&w, prepare);
	assert_int_equal(w.ret, 0);
	assert_int_equal(mcr_engine_channel_put(w.e, w.channel, &w.err), -EEXIST);
	mcr_engine_channel_discard(w.e, w.channel);
	mcr_engine_channel_discard(w.e, NULL);
	mcr_engine_destroy(w.e);
}

static void an_engine_that_ends_gives_up_filling(void **state)
{
	struct work w = {.e = rig_start("net_ring3"),
			 .config = {.size = sizeof(struct mcr_channel_config),
				    .name = "big",
				    .bytes = 512 << 20}};

	assert_int_equal(mcr_engine_run(w.e, prepare, done, &w), 0);
	mcr_engine_stop(w.e);
	assert_int_equal(w.is_done, 1);
	assert_int_equal(w.ret, -ECANCELED);
	assert_string_equal(w.err.text, "channel \"big\": the engine ends");
	mcr_engine_destroy(w.e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(control_goes_on_while_work_waits),
	    cmocka_unit_test(a_prepared_channel_can_be_joined_and_attached_to_once_it_is_put),
	    cmocka_unit_test(a_channel_that_cannot_be_put_stays_the_callers),
	    cmocka_unit_test(an_engine_that_ends_gives_up_filling),
	};
	return cmocka_run_group_tests(tests, set_up, rig_eal_cleanup);
}
