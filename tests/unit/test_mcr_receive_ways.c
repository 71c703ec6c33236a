/* SPDX-License-Identifier: BSD-3-Clause */
/* Who receives a join: the engine, the kernel, nobody; at the start, and when that changes. */
#include "receive_rig.h"

static void end_with_the_first(struct run *run, const struct mcr_msg *m, const char *payload)
{
	run->result = 1;
}

/* What a run comes to with one join: 1 = it begins. */
static int start(struct host *h, uint32_t fallback, const char *join, struct run *run,
		 struct mcr_error *err)
{
	struct mcr_receive_opts opts = MCR_RECEIVE_OPTS_INIT;
	const char *const joins[] = {join};

	*run = (struct run){.host = h, .step = end_with_the_first};
	opts.fallback = fallback;
	return receive_with(run, opts, err, joins, 1);
}

/* ---- the start ---- */

static void a_refusal_of_the_engine_is_the_kernels_only_where_that_can_receive(void **state)
{
	static const struct {
		const char *shared;
		uint32_t fallback;
		int result;
	} cases[] = {
	    {"yes", MCR_RECEIVE_AUTO, 1},      {"no", MCR_RECEIVE_AUTO, -EACCES},
	    {NULL, MCR_RECEIVE_AUTO, -EACCES}, {"yes", MCR_RECEIVE_NEVER, -EACCES},
	    {"no", MCR_RECEIVE_ALWAYS, 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct host h;
		struct mcr_error err = {""};
		struct run run;

		host_create(&h, cases[i].shared, 0);
		h.joiner = geteuid() + 1;
		engine_comes(&h);
		assert_int_equal(start(&h, cases[i].fallback, GROUP ":5000", &run, &err),
				 cases[i].result);
		assert_string_equal(run.seen, cases[i].result == 1 ? " kernel" : "");
		assert_non_null(strstr(cases[i].result == 1 ? run.said : err.text, "joiners"));
		host_destroy(&h);
	}
}

static void an_absent_engines_own_port_is_an_error(void **state)
{
	static const struct {
		const char *shared, *join;
		uint32_t fallback;
		int result;
	} cases[] = {
	    {"yes", GROUP ":5000", MCR_RECEIVE_AUTO, 1},
	    {"yes", GROUP ":5000", MCR_RECEIVE_NEVER, -ENOENT},
	    {"no", GROUP ":5000", MCR_RECEIVE_AUTO, -ENETDOWN},
	    {"no", GROUP ":5000,interface=lo", MCR_RECEIVE_AUTO, -ENETDOWN},
	    {"no", GROUP ":5000,interface=feed", MCR_RECEIVE_AUTO, -ENETDOWN},
	    {"no", GROUP ":5000", MCR_RECEIVE_ALWAYS, 1},
	    {"yes", GROUP ":5000,interface=nosuch", MCR_RECEIVE_AUTO, -ENODEV},
	    {NULL, GROUP ":5000,interface=lo", MCR_RECEIVE_AUTO, 1},
	    {NULL, GROUP ":5000", MCR_RECEIVE_AUTO, -ENODEV}, /* lo is no route to a group */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct host h;
		struct mcr_error err = {""};
		struct run run;

		host_create(&h, cases[i].shared, 0);
		assert_int_equal(start(&h, cases[i].fallback, cases[i].join, &run, &err),
				 cases[i].result);
		assert_string_equal(run.seen, cases[i].result == 1 ? " kernel" : "");
		assert_int_equal(err.text[0] == '\0', cases[i].result == 1);
		host_destroy(&h);
	}
}

static void a_join_for_any_port_needs_an_engine(void **state)
{
	static struct host h;
	struct mcr_error err;
	struct run run;

	host_create(&h, "yes", 0);
	assert_int_equal(start(&h, MCR_RECEIVE_AUTO, GROUP, &run, &err), -EINVAL);
	assert_non_null(strstr(err.text, "any port"));
	engine_comes(&h);
	assert_int_equal(start(&h, MCR_RECEIVE_AUTO, GROUP, &run, &err), 1);
	assert_string_equal(run.seen, " engine");
	host_destroy(&h);
}

static void what_is_no_join_is_an_error_on_either_side(void **state)
{
	static struct host h;
	struct mcr_error err;
	struct run run;

	for (int runs = 0; runs < 2; runs++) {
		host_create(&h, "yes", runs);
		assert_int_equal(start(&h, 0, "10.0.0.1:5000", &run, &err), -EINVAL);
		assert_int_equal(start(&h, 0, GROUP ":5000,channel=md", &run, &err), -EINVAL);
		assert_int_equal(start(&h, 9, GROUP ":5000", &run, &err), -EINVAL);
		assert_int_equal(receive_with(&run, (struct mcr_receive_opts)MCR_RECEIVE_OPTS_INIT,
					      &err, NULL, 0),
				 -EINVAL);
		host_destroy(&h);
	}
}

static void options_that_nobody_initialised_are_refused(void **state)
{
	struct mcr_receive_opts opts = MCR_RECEIVE_OPTS_INIT;
	struct mcr_error err;

	assert_int_equal(mcr_receive(NULL, on_message, NULL, &err), -EINVAL);
	opts.msg_size = 64;
	assert_int_equal(mcr_receive(&opts, on_message, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.text, "compile it"));
	opts.size = 0;
	assert_int_equal(mcr_receive(&opts, on_message, NULL, &err), -EINVAL);
}

static void a_limit_of_descriptors_is_an_error_and_leaves_none(void **state)
{
	const struct rlimit few = {40, 1024}, many = {1024, 1024};
	static struct host h;
	struct mcr_error err;
	struct run run;
	size_t before = fd_count();

	host_create(&h, "yes", 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(start(&h, 0, GROUP ":5000-5099", &run, &err), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &many), 0);
	assert_non_null(strstr(err.text, "ulimit"));
	assert_int_equal(fd_count(), before);
	host_destroy(&h);
}

/* ---- changes ---- */

static void end_and_return(struct run *run, const struct mcr_msg *m, const char *payload)
{
	struct host *h = run->host;

	if (m->kind == MCR_RECEIVE_ENGINE) {
		publish(h, h->lives == 1 ? "one" : "three");
	} else if (m->kind == MCR_RECEIVE_KERNEL) {
		assert_true(m->rx_ns > 0);
		send_text("two");
	} else if (m->kind == MCR_DATA && strncmp(payload, "one", 3) == 0) {
		engine_goes(h);
	} else if (m->kind == MCR_DATA && strncmp(payload, "two", 3) == 0) {
		engine_comes(h);
	} else if (m->kind == MCR_DATA) {
		run->result = 1;
	}
}

static void when_the_engine_ends_the_kernel_receives_until_the_next(void **state)
{
	static struct host h;
	struct mcr_error err;

	host_create(&h, "yes", 1);
	struct run run = {.host = &h, .step = end_and_return};

	assert_int_equal(RECEIVE(&run, &err, GROUP ":5000"), 1);
	assert_string_equal(run.seen, " engine one kernel two engine three");
	host_destroy(&h);
}

static void end_and_return_alone(struct run *run, const struct mcr_msg *m, const char *payload)
{
	struct host *h = run->host;

	if (m->kind == MCR_RECEIVE_ENGINE) {
		publish(h, h->lives == 1 ? "one" : "two");
	} else if (m->kind == MCR_RECEIVE_NOWHERE) {
		run->idle = 0;
		assert_non_null(strstr(payload, "the engine has ended"));
	} else if (m->kind == MCR_DATA && strncmp(payload, "one", 3) == 0) {
		engine_goes(h);
	} else if (m->kind == MCR_RECEIVE_IDLE && !h->runs && run->idle == 3) {
		engine_comes(h);
	} else if (m->kind == MCR_DATA) {
		run->result = 1;
	}
}

static void where_the_kernel_cannot_the_next_engine_is_waited_for(void **state)
{
	static struct host h;
	struct mcr_error err;

	host_create(&h, "no", 1);
	struct run run = {.host = &h, .step = end_and_return_alone};

	assert_int_equal(RECEIVE(&run, &err, GROUP ":5000"), 1);
	assert_string_equal(run.seen, " engine one nowhere engine restart two");
	host_destroy(&h);
}

static void come_late(struct run *run, const struct mcr_msg *m, const char *payload)
{
	struct host *h = run->host;

	if (m->kind == MCR_RECEIVE_KERNEL)
		send_text("one");
	else if (m->kind == MCR_DATA && strncmp(payload, "one", 3) == 0)
		engine_comes(h);
	else if (m->kind == MCR_RECEIVE_ENGINE)
		publish(h, "two");
	else if (m->kind == MCR_DATA)
		run->result = 1;
}

static void an_engine_that_comes_late_takes_over(void **state)
{
	static struct host h;
	struct mcr_error err;

	host_create(&h, "yes", 0);
	struct run run = {.host = &h, .step = come_late};

	assert_int_equal(RECEIVE(&run, &err, GROUP ":5000"), 1);
	assert_string_equal(run.seen, " kernel one engine two");
	host_destroy(&h);
}

static void take_both(struct run *run, const struct mcr_msg *m, const char *payload)
{
	struct host *h = run->host;

	if (m->kind == MCR_RECEIVE_KERNEL) {
		/* What the engine has of it, too, comes once. */
		small_engine_publish(&h->engine, 0, "engine", 6);
		send_text("kernel");
		pthread_mutex_lock(&h->engine.lock);
		h->joined.refusal = -ENOSPC; /* once more */
		pthread_mutex_unlock(&h->engine.lock);
	} else if (m->kind == MCR_RECEIVE_ENGINE) {
		publish(h, "moved");
	}
	run->result = strstr(run->seen, "moved") != NULL;
}

/* The channel has the group for another consumer: what this one was refused is not taken from it.
 */
static void a_join_that_was_refused_is_tried_again(void **state)
{
	static struct host h;
	struct mcr_error err;

	host_create(&h, "yes", 1);
	struct run run = {.host = &h, .step = take_both};

	h.joined.refusal = -ENOSPC;
	assert_int_equal(RECEIVE(&run, &err, GROUP ":5000"), 1);
	assert_string_equal(run.seen, " kernel kernel engine moved");
	host_destroy(&h);
}

static void keep_what_the_socket_had(struct run *run, const struct mcr_msg *m, const char *payload)
{
	struct host *h = run->host;

	if (m->kind == MCR_RECEIVE_KERNEL) {
		send_text("a");
	} else if (m->kind == MCR_DATA && payload[0] == 'a') {
		engine_comes(h);
		for (char c = 'b'; c < 'z'; c++)
			send_from("10.0.0.1", GROUP, PORT, &c, 1);
	} else if (m->kind == MCR_RECEIVE_ENGINE) {
		run->result = 1;
	}
}

static void what_the_kernel_had_received_comes_before_the_change(void **state)
{
	static struct host h;
	struct mcr_error err;

	host_create(&h, "yes", 0);
	struct run run = {.host = &h, .step = keep_what_the_socket_had};

	assert_int_equal(RECEIVE(&run, &err, GROUP ":5000"), 1);
	assert_int_equal(run.received, 25);
	assert_string_equal(run.seen + strlen(run.seen) - strlen(" y engine"), " y engine");
	host_destroy(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_refusal_of_the_engine_is_the_kernels_only_where_that_can_receive),
	    cmocka_unit_test(an_absent_engines_own_port_is_an_error),
	    cmocka_unit_test(a_join_for_any_port_needs_an_engine),
	    cmocka_unit_test(what_is_no_join_is_an_error_on_either_side),
	    cmocka_unit_test(options_that_nobody_initialised_are_refused),
	    cmocka_unit_test(a_limit_of_descriptors_is_an_error_and_leaves_none),
	    cmocka_unit_test(when_the_engine_ends_the_kernel_receives_until_the_next),
	    cmocka_unit_test(where_the_kernel_cannot_the_next_engine_is_waited_for),
	    cmocka_unit_test(an_engine_that_comes_late_takes_over),
	    cmocka_unit_test(a_join_that_was_refused_is_tried_again),
	    cmocka_unit_test(what_the_kernel_had_received_comes_before_the_change),
	};

	if (make_host() < 0) {
		puts("skipped: no user namespaces here");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
