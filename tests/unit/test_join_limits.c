/* SPDX-License-Identifier: BSD-3-Clause */
/* How many joins a consumer, and the consumers of one user, may have. */
#include "joiner_rig.h"

#include <sys/wait.h>

#define ALICE 12001

static void a_refused_join_names_the_limit(struct mcr_consumer *c, const char *join,
					   const char *limit, const char *value)
{
	struct mcr_error err = {""};

	assert_int_equal(mcr_consumer_join(c, join, &err), -ENOSPC);
	assert_non_null(strstr(err.text, limit));
	assert_non_null(strstr(err.text, value));
}

static void a_consumer_has_as_many_joins_as_its_channel_says(void **state)
{
	struct small_engine e;
	static struct joined joined;

	engine_create(&e, &joined, geteuid());
	struct mcr_consumer *c = consumer(&e);

	a_refused_join_names_the_limit(c, "239.0.0.0/19", "`joins`", "4096");
	assert_int_equal(mcr_consumer_join(c, "239.0.0.0/20", NULL), 0);
	a_refused_join_names_the_limit(c, "239.1.1.1", "`joins`", "4096");
	assert_int_equal(count(&e, &joined), 4096);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	engine_destroy(&e, &joined);

	engine_create_with(&e, &joined, geteuid(), 2, 0);
	c = consumer(&e);
	a_refused_join_names_the_limit(c, "239.0.0.0/30", "`joins`", "at most 2 ");
	assert_int_equal(mcr_consumer_join(c, "239.0.0.0/31", NULL), 0);
	/* A bound that a reload lowers takes nothing away, and what is left can be left. */
	pthread_mutex_lock(&e.lock);
	struct mcr_channel_config lower = {.name = "md", .joins_max = 1};

	lower.joiners.uids[0] = geteuid();
	lower.joiners.n_uids = 1;
	assert_int_equal(mcr_attach_server_set_access(e.server, &lower), 0);
	pthread_mutex_unlock(&e.lock);
	a_refused_join_names_the_limit(c, "239.1.1.1", "`joins`", "at most 1 ");
	assert_int_equal(mcr_consumer_leave(c, "239.0.0.0/31", NULL), 0);
	assert_int_equal(mcr_consumer_join(c, "239.1.1.1", NULL), 0);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	engine_destroy(&e, &joined);
}

static void consumers_of_a_user_share_its_joins(void **state)
{
	struct small_engine e;
	static struct joined joined;

	engine_create_with(&e, &joined, geteuid(), 4, 6);
	struct mcr_consumer *a = consumer(&e), *b = consumer(&e);

	assert_int_equal(mcr_consumer_join(a, "239.0.0.0/30", NULL), 0);
	a_refused_join_names_the_limit(b, "239.0.0.0/30", "`joins_per_user`", "at most 6 ");
	assert_int_equal(mcr_consumer_join(b, "239.0.0.0/31", NULL), 0);
	a_refused_join_names_the_limit(b, "239.1.1.1", "`joins_per_user`", "they have 6");
	assert_int_equal(mcr_consumer_leave(a, "239.0.0.1", NULL), 0);
	assert_int_equal(mcr_consumer_join(b, "239.1.1.1", NULL), 0);
	mcr_consumer_close(a);
	small_engine_await(&e, 1); /* what it had is the user's again */
	assert_int_equal(mcr_consumer_join(b, "239.1.1.2", NULL), 0);
	assert_int_equal(count(&e, &joined), 4);
	mcr_consumer_close(b);
	small_engine_await(&e, 0);
	engine_destroy(&e, &joined);
}

static void let_join(struct small_engine *e, uint32_t uid, uint32_t other)
{
	struct mcr_channel_config config = {.name = "md"};

	config.joiners.uids[0] = uid;
	config.joiners.uids[1] = other;
	config.joiners.n_uids = 2;
	pthread_mutex_lock(&e->lock);
	assert_int_equal(mcr_attach_server_set_access(e->server, &config), 0);
	pthread_mutex_unlock(&e->lock);
}

/* Joins in a process of that user, which then ends. Returns 0 or -errno. */
static int join_as(struct small_engine *e, uint32_t uid, const char *join)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct mcr_consumer_opts opts = opts_for(e, "md");
		struct mcr_consumer *c;

		if (setresuid(uid, uid, uid) < 0 || mcr_consumer_open(&c, &opts, NULL) < 0)
			_exit(255);
		_exit(-mcr_consumer_join(c, join, NULL));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static void one_user_does_not_use_up_what_another_may_join(void **state)
{
	struct small_engine e;
	static struct joined joined;
	struct mcr_consumer *own;

	if (geteuid() != 0)
		skip();
	engine_create_with(&e, &joined, 0, 0, 2);
	let_join(&e, 0, ALICE);
	struct mcr_consumer *c = consumer(&e);

	assert_int_equal(mcr_consumer_join(c, "239.0.0.0/31", NULL), 0);
	assert_int_equal(join_as(&e, ALICE, "239.0.0.0/31"), 0);
	assert_int_equal(join_as(&e, ALICE, "239.0.0.0/30"), -ENOSPC);
	small_engine_await(&e, 1);

	/* The engine's own process is under no such limit, and does not use up its user's. */
	struct mcr_consumer_opts opts = opts_for(&e, "md");

	pthread_mutex_lock(&e.lock);
	opts.fd = mcr_attach_server_open(e.server, "md", "own", monotonic_ns(), NULL);
	pthread_mutex_unlock(&e.lock);
	assert_int_equal(mcr_consumer_open(&own, &opts, NULL), 0);
	assert_int_equal(mcr_consumer_join(own, "239.2.0.0/24", NULL), 0);
	assert_int_equal(mcr_consumer_leave(c, "239.0.0.0/31", NULL), 0);
	assert_int_equal(mcr_consumer_join(c, "239.0.0.0/31", NULL), 0);
	mcr_consumer_close(own);
	mcr_consumer_close(c);
	small_engine_await(&e, 0);
	engine_destroy(&e, &joined);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_consumer_has_as_many_joins_as_its_channel_says),
	    cmocka_unit_test(consumers_of_a_user_share_its_joins),
	    cmocka_unit_test(one_user_does_not_use_up_what_another_may_join),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
