/* SPDX-License-Identifier: BSD-3-Clause */
#include "small_engine.h"

#include <sys/socket.h>

#include "client/state.h"

/* What the engine has joined, and what it says to the next change. */
struct joined {
	struct mcr_join_list list;
	int refusal;
};

static void take_out(struct mcr_join_list *list, const struct mcr_join *join)
{
	for (size_t i = 0; i < list->n; i++) {
		if (mcr_join_equal(&list->items[i], join)) {
			list->items[i] = list->items[--list->n];
			return;
		}
	}
	fail();
}

static int update(void *ctx, const struct mcr_join *remove, size_t n_remove,
		  const struct mcr_join *add, size_t n_add, struct mcr_error *err)
{
	struct joined *joined = ctx;
	int refusal = joined->refusal;

	joined->refusal = 0;
	if (refusal != 0) {
		if (err != NULL)
			strcpy(err->text, "unknown interface \"x\"");
		return refusal;
	}
	for (size_t i = 0; i < n_remove; i++)
		take_out(&joined->list, &remove[i]);
	for (size_t i = 0; i < n_add; i++)
		mcr_join_list_add(&joined->list, &add[i]);
	return 0;
}

static void engine_create(struct small_engine *e, struct joined *joined, uint32_t uid)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	struct mcr_channel_config channel = {.name = "md", .depth = 64, .bytes = 65536};

	memset(joined, 0, sizeof(*joined));
	channel.joiners.uids[0] = uid;
	channel.joiners.n_uids = 1;
	small_engine_create_as(e, &attach, &channel, 1);
	pthread_mutex_lock(&e->lock);
	mcr_attach_server_joins(e->server, update, joined);
	pthread_mutex_unlock(&e->lock);
}

static void engine_destroy(struct small_engine *e, struct joined *joined)
{
	small_engine_destroy(e);
	mcr_join_list_clear(&joined->list);
}

static struct mcr_consumer *consumer(struct small_engine *e)
{
	const struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

	return small_engine_consumer(e, opts);
}

static size_t count(struct small_engine *e, const struct joined *joined)
{
	size_t n;

	pthread_mutex_lock(&e->lock);
	n = joined->list.n;
	pthread_mutex_unlock(&e->lock);
	return n;
}

static void a_join_is_the_engines_until_it_was_left_as_often(void **state)
{
	struct small_engine e;
	struct joined joined;
	struct mcr_error err;

	engine_create(&e, &joined, geteuid());
	struct mcr_consumer *a = consumer(&e), *b = consumer(&e);

	assert_int_equal(mcr_consumer_join(a, "239.1.1.1:5000,id=7", &err), 0);
	assert_int_equal(count(&e, &joined), 1);
	assert_string_equal(joined.list.items[0].channel, "md");
	assert_int_equal(joined.list.items[0].id, 7);
	assert_int_equal(joined.list.items[0].port, 5000);
	assert_int_equal(mcr_consumer_join(a, "239.1.1.1:5000,id=7", &err), 0);
	assert_int_equal(mcr_consumer_join(b, "239.1.1.1:5000,channel=md,id=7", &err), 0);
	assert_int_equal(mcr_consumer_join(b, "239.1.2.0/30:1-2", &err), 0);
	assert_int_equal(count(&e, &joined), 11);
	assert_int_equal(mcr_consumer_leave(a, "239.1.1.1:5000,id=7", &err), 0);
	assert_int_equal(mcr_consumer_leave(a, "239.1.1.1:5000,id=7", &err), 0);
	assert_int_equal(count(&e, &joined), 9);
	/* The third is another consumer's. */
	assert_int_equal(mcr_consumer_leave(a, "239.1.1.1:5000,id=7", &err), -ENOENT);
	assert_int_equal(mcr_consumer_leave(b, "239.1.2.0/31:1", &err), 0);
	assert_int_equal(count(&e, &joined), 7);
	mcr_consumer_close(a);
	mcr_consumer_close(b);
	small_engine_await(&e, 0);
	assert_int_equal(count(&e, &joined), 0);
	engine_destroy(&e, &joined);
}

static void what_a_consumer_joined_is_left_when_it_ends(void **state)
{
	struct small_engine e;
	struct joined joined;

	engine_create(&e, &joined, geteuid());
	struct mcr_consumer *c = consumer(&e);

	assert_int_equal(mcr_consumer_join(c, "239.1.1.1", NULL), 0);
	assert_int_equal(mcr_consumer_join(c, "239.1.1.2", NULL), 0);
	pthread_mutex_lock(&e.lock);
	joined.refusal = -ENOMEM; /* together; then one by one, and one of them only later */
	pthread_mutex_unlock(&e.lock);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	for (int i = 0; i < 10000 && count(&e, &joined) > 0; i++)
		sleep_ms(1);
	assert_int_equal(count(&e, &joined), 0);
	engine_destroy(&e, &joined);
}

static void errors_come_back_in_words_and_change_nothing(void **state)
{
	static const struct {
		const char *join;
		int ret;
		const char *word;
	} cases[] = {
	    {"10.0.0.1", -EINVAL, "multicast"},
	    {"nonsense", -EINVAL, "nonsense"},
	    {"", -EINVAL, ""},
	    {"239.1.1.1,channel=other", -EACCES, "md"},
	    {"239.0.0.0/20", -ENOSPC, "256"},
	};
	struct small_engine e;
	struct joined joined;
	struct mcr_error err;
	char text[4000];

	engine_create(&e, &joined, geteuid());
	struct mcr_consumer *c = consumer(&e);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(mcr_consumer_join(c, cases[i].join, &err), cases[i].ret);
		assert_non_null(strstr(err.text, cases[i].word));
	}
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(mcr_consumer_join(c, text, &err), -EINVAL);
	pthread_mutex_lock(&e.lock);
	joined.refusal = -ENOENT;
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(mcr_consumer_join(c, "239.1.1.1,interface=x", &err), -ENOENT);
	assert_non_null(strstr(err.text, "interface"));
	assert_int_equal(mcr_consumer_leave(c, "239.1.1.1,interface=x", &err), -ENOENT);
	assert_int_equal(mcr_consumer_join(c, "239.0.0.0/24", &err), 0);
	assert_int_equal(mcr_consumer_join(c, "239.1.1.1", &err), -ENOSPC);
	assert_int_equal(count(&e, &joined), 256);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	engine_destroy(&e, &joined);
}

static void nobody_joins_who_is_not_listed(void **state)
{
	struct small_engine e;
	struct joined joined;
	struct mcr_consumer *c;
	struct mcr_error err;

	engine_create(&e, &joined, geteuid() + 1);
	c = consumer(&e);
	assert_int_equal(mcr_consumer_join(c, "239.1.1.1", &err), -EACCES);
	assert_non_null(strstr(err.text, "joiners"));
	mcr_consumer_close(c);
	engine_destroy(&e, &joined);

	small_engine_create(&e, 1, 64, 65536); /* nobody is listed */
	pthread_mutex_lock(&e.lock);
	mcr_attach_server_joins(e.server, update, &joined);
	pthread_mutex_unlock(&e.lock);
	c = consumer(&e);
	assert_int_equal(mcr_consumer_join(c, "239.1.1.1", &err), -EACCES);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void words_that_wake_do_not_disturb_an_answer(void **state)
{
	struct small_engine e;
	struct joined joined;
	struct mcr_msg msg;

	engine_create(&e, &joined, geteuid());
	struct mcr_consumer *c = consumer(&e);

	for (int i = 0; i < 50; i++) {
		assert_int_equal(mcr_consumer_arm(c), 0);
		small_engine_publish_seqs(&e, 0, 1);
		sleep_ms(i % 3);
		assert_int_equal(mcr_consumer_join(c, "239.1.1.1", NULL), 0);
		assert_int_equal(mcr_consumer_leave(c, "239.1.1.1", NULL), 0);
		assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	}
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	engine_destroy(&e, &joined);
}

static void a_request_that_is_none_ends_the_attachment(void **state)
{
	struct mcr_request requests[3] = {{.kind = 9}, {.kind = 0}, {.kind = MCR_REQUEST_JOIN}};
	struct small_engine e;
	struct joined joined;

	engine_create(&e, &joined, geteuid());
	memset(requests[2].text, 'x', sizeof(requests[2].text));
	for (size_t i = 0; i < 4; i++) {
		struct mcr_consumer *bad = consumer(&e), *good = consumer(&e);
		size_t len = i < 3 ? sizeof(requests[0]) : sizeof(requests[0]) - 1;

		assert_int_equal(send(mcr_consumer_fd(bad), &requests[i % 3], len, 0), len);
		small_engine_await(&e, 1);
		assert_int_equal(mcr_consumer_join(bad, "239.1.1.1", NULL), -EPIPE);
		assert_int_equal(mcr_consumer_join(good, "239.1.1.1", NULL), 0);
		mcr_consumer_close(bad);
		mcr_consumer_close(good);
		small_engine_await(&e, 0);
	}
	engine_destroy(&e, &joined);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_join_is_the_engines_until_it_was_left_as_often),
	    cmocka_unit_test(what_a_consumer_joined_is_left_when_it_ends),
	    cmocka_unit_test(errors_come_back_in_words_and_change_nothing),
	    cmocka_unit_test(nobody_joins_who_is_not_listed),
	    cmocka_unit_test(words_that_wake_do_not_disturb_an_answer),
	    cmocka_unit_test(a_request_that_is_none_ends_the_attachment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
