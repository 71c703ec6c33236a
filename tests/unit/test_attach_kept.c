/* SPDX-License-Identifier: BSD-3-Clause */
/* What a feed keeps receiving that is declared otherwise while somebody has it open. */
#include "feeds_rig.h"

/* What was joined for whom, and who lives. */
struct joined {
	int fails;
	uint64_t consumer;
	unsigned updates, ends;
	size_t n_living;
	uint64_t living;
	char texts[2][96];
};

static int note_update(void *ctx, uint64_t consumer, const struct mcr_join *remove, size_t n_remove,
		       const struct mcr_join *add, size_t n_add, struct mcr_error *err)
{
	struct joined *joined = ctx;

	assert_int_equal(n_remove, 0);
	if (joined->fails)
		return -ENOSPC;
	joined->updates++;
	joined->consumer = consumer;
	assert_int_equal(n_add, 2);
	for (size_t i = 0; i < n_add; i++)
		mcr_join_format(joined->texts[i], sizeof(joined->texts[i]), &add[i]);
	return 0;
}

static int note_end(void *ctx, const uint64_t *living, size_t n)
{
	struct joined *joined = ctx;

	joined->n_living = n;
	joined->living = n > 0 ? living[0] : 0;
	__atomic_fetch_add(&joined->ends, 1, __ATOMIC_RELEASE);
	return 0;
}

static const struct mcr_attach_joining joining = {.update = note_update, .ended = note_end};

static int keep(struct small_engine *e, const char *const *texts, size_t n)
{
	struct mcr_feeds *feeds;
	int ret;

	assert_int_equal(mcr_feeds_create(&feeds, texts, n, NULL), 0);
	pthread_mutex_lock(&e->lock);
	ret = mcr_attach_server_keep_feeds(e->server, feeds, NULL);
	pthread_mutex_unlock(&e->lock);
	mcr_feeds_destroy(feeds);
	return ret;
}

static void await_ends(const struct joined *joined, unsigned n)
{
	for (int i = 0; i < 1000 && __atomic_load_n(&joined->ends, __ATOMIC_ACQUIRE) < n; i++)
		sleep_ms(2);
	assert_int_equal(joined->ends, n);
}

static void what_is_open_goes_on_receiving_what_it_has(void **state)
{
	static const char itch[] = "feed itch\ndeclaration moldudp64\n"
				   "line A channel=md\njoin 239.1.1.1:5000@10.0.0.7,interface=a\n"
				   "line B channel=open\njoin 239.1.1.2\n";
	const char *const before[] = {itch, OPEN}, *const after[] = {ITCH_LATER};
	struct joined joined = {.updates = 0};
	struct mcr_feed_config c;
	struct mcr_welcome welcome;
	struct small_engine e;
	char who[64];
	int fds[2], later;

	engine_create(&e, &TO_ALL);
	mcr_attach_server_joins(e.server, &joining, &joined, 0);
	put(&e, "md", before, 2);
	assert_int_equal(keep(&e, after, 1), 0); /* nobody has them */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(open_feed(&e, "itch", &c, &welcome, &fds[i]), 0);
		mcr_feed_config_clear(&c);
	}
	assert_int_equal(keep(&e, before, 2), 0); /* nothing changes */
	assert_int_equal(joined.updates, 0);
	joined.fails = 1;
	assert_int_equal(keep(&e, after, 1), -ENOSPC);
	joined.fails = 0;
	assert_int_equal(keep(&e, after, 1), 0); /* once for both of them */
	assert_int_equal(keep(&e, after, 1), 0); /* and again, after a reload that failed then */
	assert_int_equal(joined.updates, 1);
	assert_string_equal(joined.texts[0], "239.1.1.1:5000@10.0.0.7,interface=a,channel=md");
	assert_string_equal(joined.texts[1], "239.1.1.2,channel=open");
	mcr_attach_server_describe(e.server, joined.consumer, who, sizeof(who));
	assert_string_equal(who, "readers of feed \"itch\" as it was");
	put(&e, "md", after, 1);
	assert_int_equal(open_feed(&e, "itch", &c, &welcome, &later), 0);
	mcr_feed_config_clear(&c);
	assert_int_equal(keep(&e, NULL, 0), 0);
	assert_int_equal(joined.updates, 2); /* of the later one */
	close(later);
	await_ends(&joined, 1);
	assert_int_equal(joined.n_living, 1);
	close(fds[0]);
	await_ends(&joined, 2);
	assert_int_equal(joined.n_living, 1);
	assert_int_equal(joined.living, joined.consumer - 1); /* of the earlier one */
	close(fds[1]);
	await_ends(&joined, 3);
	assert_int_equal(joined.n_living, 0);
	small_engine_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_open_goes_on_receiving_what_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
