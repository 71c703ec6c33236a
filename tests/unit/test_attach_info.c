/* SPDX-License-Identifier: BSD-3-Clause */
/* What the engine reports of its consumers, by the page that each writes. */
#include <sys/mman.h>

#include "client/attach.h"
#include "small_engine.h"

static void a_consumer_is_described_by_its_page(void **state)
{
	struct mcr_consumer_info info;
	struct small_engine e;
	struct mcr_consumer *c;
	struct mcr_msg msgs[64];
	uint64_t seq;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	opts.label = "a\tb";
	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	small_engine_publish_seqs(&e, 0, 100);
	assert_int_equal(mcr_consumer_poll(c, msgs, 41), 41);
	assert_int_equal(msgs[0].kind, MCR_LOST);
	small_engine_publish_seqs(&e, 0, 1);
	assert_int_equal(mcr_consumer_read(c, &msgs[1], &seq, sizeof(seq)), -ESTALE);
	mcr_consumer_release(c);
	sleep_ms(10);
	pthread_mutex_lock(&e.lock);
	assert_int_equal(mcr_attach_server_info(e.server, 0, monotonic_ns(), &info), 0);
	assert_int_equal(mcr_attach_server_info(e.server, 1, monotonic_ns(), &info), -ENOENT);
	pthread_mutex_unlock(&e.lock);
	assert_string_equal(info.channel, "md");
	assert_string_equal(info.label, "a?b");
	assert_int_equal(info.pid, getpid());
	assert_int_equal(info.uid, getuid());
	assert_int_equal(info.attach_newest, MCR_ATTACH_VERSION);
	assert_int_equal(info.attach_oldest, MCR_ATTACH_OLDEST);
	assert_int_equal(info.received, 39);
	assert_int_equal(info.lost, 39);
	assert_int_equal(info.headroom, mcr_consumer_headroom(c));
	assert_int_equal(info.headroom, 39);
	assert_int_equal(info.headroom_min, 0); /* it lost something */
	assert_int_equal(info.cursor, 78);
	assert_int_equal(info.published, 101);
	assert_true(info.heartbeat_age_ns < UINT64_C(60000000000));
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

/* As a look finds it at this time. */
static struct mcr_consumer_info info_at(struct small_engine *e, uint64_t now_ns)
{
	struct mcr_consumer_info info;

	pthread_mutex_lock(&e->lock);
	mcr_attach_server_look(e->server, now_ns);
	assert_int_equal(mcr_attach_server_info(e->server, 0, monotonic_ns(), &info), 0);
	pthread_mutex_unlock(&e->lock);
	return info;
}

static struct mcr_consumer_info info_of(struct small_engine *e)
{
	return info_at(e, 1);
}

static void the_lowest_headroom_is_remembered(void **state)
{
	struct mcr_consumer_info info;
	struct small_engine e;
	struct mcr_consumer *c;
	struct mcr_msg msgs[64];
	uint64_t id;

	small_engine_create(&e, 2, 4096);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	info = info_of(&e);
	id = info.id;
	assert_int_equal(info.headroom, 62);
	assert_int_equal(info.headroom_min, 62);
	small_engine_publish_seqs(&e, 0, 10);
	small_engine_publish_seqs(&e, 1, 50);
	info = info_of(&e);
	assert_int_equal(info.headroom, 12);
	assert_int_equal(info.headroom_min, 12);
	assert_int_equal(info.cursor, 0);
	assert_int_equal(info.published, 60);
	assert_int_equal(mcr_consumer_poll(c, msgs, 64), 60);
	mcr_consumer_release(c);
	info = info_of(&e);
	assert_int_equal(info.headroom, 62);
	assert_int_equal(info.headroom_min, 12);
	assert_int_equal(info.cursor, 60);
	assert_int_equal(info.lost, 0);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	info = info_of(&e);
	assert_int_equal(info.headroom_min, 62); /* another consumer, in the same place */
	assert_int_equal(info.id, id + 1);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

static void what_it_last_received_and_lost_has_a_time(void **state)
{
	struct mcr_consumer_info info;
	struct small_engine e;
	struct mcr_consumer *c;
	struct mcr_msg msgs[64];

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	__atomic_store_n(&e.looking, 0, __ATOMIC_RELEASE);
	info = info_at(&e, 1000);
	assert_int_equal(info.received_last_ns, 0);
	assert_int_equal(info.lost_last_ns, 0);
	small_engine_publish_seqs(&e, 0, 10);
	info = info_at(&e, 2000); /* it has not read them */
	assert_int_equal(info.received_last_ns, 0);
	assert_int_equal(mcr_consumer_poll(c, msgs, 64), 10);
	mcr_consumer_release(c);
	assert_int_equal(info_at(&e, 3000).received_last_ns, 3000);
	info = info_at(&e, 4000);
	assert_int_equal(info.received_last_ns, 3000);
	assert_int_equal(info.lost_last_ns, 0);
	small_engine_publish_seqs(&e, 0, 200);
	assert_int_equal(mcr_consumer_poll(c, msgs, 1), 1);
	assert_int_equal(msgs[0].kind, MCR_LOST);
	mcr_consumer_release(c);
	info = info_at(&e, 5000);
	assert_int_equal(info.received_last_ns, 3000);
	assert_int_equal(info.lost_last_ns, 5000);
	assert_int_equal(info_at(&e, 6000).lost_last_ns, 5000);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	info = info_at(&e, 7000); /* another consumer, in the same place */
	assert_int_equal(info.received_last_ns, 0);
	assert_int_equal(info.lost_last_ns, 0);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

static void ages_are_those_of_the_moment_also_between_two_polls(void **state)
{
	struct mcr_consumer_info info;
	struct small_engine e;
	uint64_t now_ns;
	int fd;

	small_engine_create(&e, 1, 4096);
	pthread_mutex_lock(&e.lock);
	now_ns = monotonic_ns();
	fd = mcr_attach_server_open(e.server, "md", "own", now_ns, NULL);
	assert_true(fd >= 0);
	assert_int_equal(mcr_attach_server_info(e.server, 0, now_ns + 5000000, &info), 0);
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(info.heartbeat_age_ns, 5000000);
	close(fd);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

static void a_page_full_of_garbage_harms_nobody(void **state)
{
	static const unsigned char fills[] = {0x00, 0xff, 0x80, 0x7f, 0x01, 0xa5};
	struct mcr_consumer_info info;
	struct mcr_attach_target target;
	struct mcr_attachment a;
	struct small_engine e;

	small_engine_create(&e, 1, 4096);
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	opts.answer_ns = UINT64_C(5000000000);
	small_engine_publish_seqs(&e, 0, 1000);
	assert_int_equal(mcr_attach_target_init(&target, &opts, NULL), 0);
	assert_int_equal(mcr_attachment_ask(&a, &target, 1, NULL), 0);
	assert_int_equal(mcr_attachment_await(&a, target.answer_ns, NULL), 0);
	for (size_t i = 0; i < sizeof(fills); i++) {
		memset(a.page, fills[i], MCR_CONSUMER_PAGE_BYTES);
		pthread_mutex_lock(&e.lock);
		assert_int_equal(mcr_attach_server_info(e.server, 0, monotonic_ns(), &info), 0);
		pthread_mutex_unlock(&e.lock);
		assert_string_equal(info.label, "unit test");
		assert_int_equal(info.pid, getpid());
		assert_true(info.received <= 1000);
		assert_true(info.lost <= 1000);
		assert_true(info.headroom <= 63);
		assert_true(info.headroom_min <= info.headroom);
		assert_true(info.cursor <= info.published && info.published <= 1000);
	}
	memset(a.page, 0, MCR_CONSUMER_PAGE_BYTES);
	a.page->received = a.page->lost = UINT64_MAX;
	a.page->heartbeat_ns = UINT64_MAX;
	pthread_mutex_lock(&e.lock);
	assert_int_equal(mcr_attach_server_info(e.server, 0, monotonic_ns(), &info), 0);
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(info.received, 1000);
	assert_int_equal(info.lost, 1000);
	assert_int_equal(info.heartbeat_age_ns, 0);
	/* Holes are zeros, not faults. */
	assert_int_equal(madvise(a.page, MCR_CONSUMER_PAGE_BYTES, MADV_REMOVE), 0);
	pthread_mutex_lock(&e.lock);
	assert_int_equal(mcr_attach_server_info(e.server, 0, monotonic_ns(), &info), 0);
	pthread_mutex_unlock(&e.lock);
	mcr_attachment_close(&a);
	small_engine_await(&e, 0);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_consumer_is_described_by_its_page),
	    cmocka_unit_test(the_lowest_headroom_is_remembered),
	    cmocka_unit_test(what_it_last_received_and_lost_has_a_time),
	    cmocka_unit_test(ages_are_those_of_the_moment_also_between_two_polls),
	    cmocka_unit_test(a_page_full_of_garbage_harms_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
