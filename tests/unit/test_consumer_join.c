/* SPDX-License-Identifier: BSD-3-Clause */
#include "joiner_rig.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "client/state.h"

static void a_join_is_the_engines_until_it_was_left_as_often(void **state)
{
	struct small_engine e;
	static struct joined joined;
	struct mcr_error err;

	engine_create(&e, &joined, geteuid());
	struct mcr_consumer *a = consumer(&e), *b = consumer(&e);

	assert_int_equal(mcr_consumer_join(a, "239.1.1.1:5000,id=7", &err), 0);
	assert_int_equal(count(&e, &joined), 1);
	assert_string_equal(joined.joins[0].channel, "md");
	assert_int_equal(joined.joins[0].id, 7);
	assert_int_equal(joined.joins[0].port, 5000);
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

static void the_longest_join_that_its_text_allows_reaches_the_engine(void **state)
{
	struct small_engine e;
	static struct joined joined;
	char text[4096];
	size_t n;

	engine_create(&e, &joined, geteuid());
	struct mcr_consumer *c = consumer(&e);

	n = (size_t)snprintf(text, sizeof(text), "[ff15:1111:2222:3333:4444:5555:6666:7777]:65535");
	for (unsigned i = 1; i <= MCR_JOIN_SOURCES_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "@![2001:1111:2222:3333:4444:5555:6666:%x]", 0x1000 + i);
	assert_int_equal(mcr_consumer_join(c, text, NULL), 0);
	assert_int_equal(count(&e, &joined), 1);
	assert_int_equal(joined.joins[0].n_sources, MCR_JOIN_SOURCES_MAX);
	mcr_consumer_close(c);
	engine_destroy(&e, &joined);
}

static void what_a_consumer_joined_is_left_when_it_ends(void **state)
{
	struct small_engine e;
	static struct joined joined;

	engine_create(&e, &joined, geteuid());
	struct mcr_consumer *c = consumer(&e), *stays = consumer(&e);

	assert_int_equal(mcr_consumer_join(c, "239.1.1.1", NULL), 0);
	assert_int_equal(mcr_consumer_join(c, "239.1.1.2", NULL), 0);
	assert_int_equal(mcr_consumer_join(stays, "239.1.1.1", NULL), 0);
	pthread_mutex_lock(&e.lock);
	joined.refusal = -ENOMEM; /* then again, a poll later */
	pthread_mutex_unlock(&e.lock);
	mcr_consumer_close(c);
	small_engine_await(&e, 1);
	for (int i = 0; i < 10000 && count(&e, &joined) > 1; i++)
		sleep_ms(1);
	assert_int_equal(count(&e, &joined), 1);
	assert_int_equal(mcr_address_ipv4_be(joined.joins[0].group), htonl(0xef010101));
	mcr_consumer_close(stays);
	small_engine_await(&e, 0);
	for (int i = 0; i < 10000 && count(&e, &joined) > 0; i++)
		sleep_ms(1);
	assert_int_equal(count(&e, &joined), 0);
	engine_destroy(&e, &joined);
}

/* Each change costs time that grows with all joins. */
static void consumers_that_end_together_are_one_change(void **state)
{
	struct mcr_consumer *consumers[20];
	struct small_engine e;
	static struct joined joined;

	engine_create(&e, &joined, geteuid());
	for (unsigned i = 0; i < 20; i++) {
		consumers[i] = consumer(&e);
		assert_int_equal(mcr_consumer_join(consumers[i], "239.1.1.1", NULL), 0);
	}
	pthread_mutex_lock(&e.lock); /* while it is held the server sees nothing */
	for (unsigned i = 0; i < 20; i++)
		mcr_consumer_close(consumers[i]);
	joined.changes = 0;
	mcr_attach_server_poll(e.server, monotonic_ns());
	assert_int_equal(joined.changes, 1);
	assert_int_equal(joined.n, 0);
	pthread_mutex_unlock(&e.lock);
	engine_destroy(&e, &joined);
}

static void ask(struct mcr_consumer *c, const char *join)
{
	struct mcr_request request = {.kind = MCR_REQUEST_JOIN, .serial = 1};

	strcpy(request.text, join);
	assert_int_equal(send(c->attachment.socket, &request, sizeof(request), 0), sizeof(request));
}

static void a_poll_takes_one_request_and_consumers_take_turns(void **state)
{
	struct small_engine e;
	static struct joined joined;

	engine_create(&e, &joined, geteuid());
	struct mcr_consumer *greedy = consumer(&e), *modest = consumer(&e);

	pthread_mutex_lock(&e.lock);
	for (int i = 0; i < 5; i++)
		ask(greedy, "239.1.1.1");
	ask(modest, "239.1.1.2");
	for (unsigned i = 1; i <= 2; i++) {
		mcr_attach_server_poll(e.server, monotonic_ns());
		assert_int_equal(joined.changes, i);
	}
	assert_false(mcr_address_is_equal(joined.joins[0].group, joined.joins[1].group));
	pthread_mutex_unlock(&e.lock);
	mcr_consumer_close(greedy);
	mcr_consumer_close(modest);
	small_engine_await(&e, 0);
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
	};
	struct small_engine e;
	static struct joined joined;
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
	assert_int_equal(count(&e, &joined), 0);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	engine_destroy(&e, &joined);
}

static void nobody_joins_who_is_not_listed(void **state)
{
	struct small_engine e;
	static struct joined joined;
	struct mcr_consumer *c;
	struct mcr_error err;

	engine_create(&e, &joined, geteuid() + 1);
	c = consumer(&e);
	assert_int_equal(mcr_consumer_join(c, "239.1.1.1", &err), -EACCES);
	assert_non_null(strstr(err.text, "joiners"));
	mcr_consumer_close(c);
	engine_destroy(&e, &joined);

	small_engine_create(&e, 1, 4096); /* nobody is listed */
	pthread_mutex_lock(&e.lock);
	mcr_attach_server_joins(e.server, &joining, &joined, 0);
	pthread_mutex_unlock(&e.lock);
	c = consumer(&e);
	assert_int_equal(mcr_consumer_join(c, "239.1.1.1", &err), -EACCES);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

/* The answer that comes late is not taken for that of the next one. */
static void an_answer_that_is_late_is_no_answer(void **state)
{
	struct small_engine e;
	static struct joined joined;
	struct mcr_error err;
	uint64_t start;

	engine_create(&e, &joined, geteuid());
	struct mcr_consumer *c = consumer(&e);

	c->opts.answer_ns = 1;       /* for what was opened in time */
	pthread_mutex_lock(&e.lock); /* the engine does nothing */
	start = monotonic_ns();
	assert_int_equal(mcr_consumer_join(c, "not a join", &err), -ETIMEDOUT);
	assert_true(monotonic_ns() - start < UINT64_C(4900000000)); /* the default is longer */
	pthread_mutex_unlock(&e.lock);
	c->opts.answer_ns = UINT64_C(30000000000);
	assert_int_equal(mcr_consumer_join(c, "239.1.1.1", &err), 0);
	mcr_consumer_close(c);
	small_engine_destroy(&e);
}

static void words_that_wake_do_not_disturb_an_answer(void **state)
{
	struct small_engine e;
	static struct joined joined;
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
	static struct joined joined;

	engine_create(&e, &joined, geteuid());
	memset(requests[2].text, 'x', sizeof(requests[2].text));
	for (size_t i = 0; i < 4; i++) {
		struct mcr_consumer *bad = consumer(&e), *good = consumer(&e);
		size_t len = i < 3 ? sizeof(requests[0]) : sizeof(requests[0]) - 1;

		assert_int_equal(send(bad->attachment.socket, &requests[i % 3], len, 0), len);
		small_engine_await(&e, 1);
		assert_int_equal(mcr_consumer_join(bad, "239.1.1.1", NULL), -EPIPE);
		assert_int_equal(mcr_consumer_join(good, "239.1.1.1", NULL), 0);
		mcr_consumer_close(bad);
		mcr_consumer_close(good);
		small_engine_await(&e, 0);
	}
	engine_destroy(&e, &joined);
}

/* ---- the engine's interfaces ---- */

static int describe(void *ctx, uint32_t index, struct mcr_wire_interface *out)
{
	if (index > 1)
		return -ENOENT;
	*out = (struct mcr_wire_interface){.dpdk_port = (uint16_t)(3 + index),
					   .vlan = (uint16_t)(index * 12),
					   .prefix_len = 24,
					   .name = "feed_a",
					   .port = "net_af_packet0",
					   .netdev = "eth1"};
	out->name[5] = (char)('a' + index);
	if (index == 0)
		out->address = mcr_address_from_ipv4(htonl(0x0a000002));
	else
		memset(out->kernel, 0x80, sizeof(out->kernel)); /* a hostile engine's */
	return 0;
}

static void every_reader_may_ask_for_the_interfaces(void **state)
{
	struct mcr_consumer_interface it = {.size = sizeof(it)};
	struct small_engine e;
	char text[MCR_ADDRESS_TEXT];
	struct mcr_error err;
	struct mcr_msg msg;

	small_engine_create(&e, 1, 4096); /* nobody may join */
	struct mcr_consumer *c = consumer(&e);

	assert_int_equal(mcr_consumer_interface_info(c, 0, &it, &err), -ENOENT);
	pthread_mutex_lock(&e.lock);
	mcr_attach_server_interfaces(e.server, describe, NULL);
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(mcr_consumer_arm(c), 0);
	small_engine_publish_seqs(&e, 0, 1); /* its notice is no answer */
	assert_int_equal(mcr_consumer_interface_info(c, 0, &it, &err), 0);
	assert_int_equal(it.size, sizeof(it));
	assert_int_equal(it.index, 0);
	assert_string_equal(it.name, "feed_a");
	assert_string_equal(mcr_address_format(text, it.address), "10.0.0.2");
	assert_int_equal(it.prefix_len, 24);
	assert_int_equal(it.vlan, 0);
	assert_int_equal(it.dpdk_port, 3);
	assert_string_equal(it.port, "net_af_packet0");
	assert_string_equal(it.netdev, "eth1");
	assert_string_equal(it.kernel, "");
	assert_int_equal(mcr_consumer_interface_info(c, 1, &it, &err), 0);
	assert_int_equal(it.index, 1);
	assert_string_equal(it.name, "feed_b");
	assert_true(mcr_address_is_none(it.address));
	assert_int_equal(it.vlan, 12);
	assert_int_equal(it.dpdk_port, 4);
	assert_string_equal(it.kernel, "???????????????");
	assert_int_equal(mcr_consumer_interface_info(c, 2, &it, &err), -ENOENT);
	assert_string_equal(err.text, "the engine has no interface 2");
	it.size = 4;
	assert_int_equal(mcr_consumer_interface_info(c, 0, &it, &err), -EINVAL);
	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	small_engine_kill(&e);
	it.size = sizeof(it);
	assert_int_equal(mcr_consumer_interface_info(c, 0, &it, &err), -EPIPE);
	mcr_consumer_close(c);
	assert_int_equal(rmdir(e.dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_join_is_the_engines_until_it_was_left_as_often),
	    cmocka_unit_test(the_longest_join_that_its_text_allows_reaches_the_engine),
	    cmocka_unit_test(what_a_consumer_joined_is_left_when_it_ends),
	    cmocka_unit_test(consumers_that_end_together_are_one_change),
	    cmocka_unit_test(a_poll_takes_one_request_and_consumers_take_turns),
	    cmocka_unit_test(errors_come_back_in_words_and_change_nothing),
	    cmocka_unit_test(nobody_joins_who_is_not_listed),
	    cmocka_unit_test(an_answer_that_is_late_is_no_answer),
	    cmocka_unit_test(words_that_wake_do_not_disturb_an_answer),
	    cmocka_unit_test(a_request_that_is_none_ends_the_attachment),
	    cmocka_unit_test(every_reader_may_ask_for_the_interfaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
