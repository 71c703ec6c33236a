/* SPDX-License-Identifier: BSD-3-Clause */
#include "receive_rig.h"

/* ---- on the engine ---- */

static void publish_and_end(struct run *run, const struct mcr_msg *m, const char *payload)
{
	if (m->kind == MCR_RECEIVE_ENGINE) {
		struct mcr_record other = small_engine_record(&run->host->engine.writers[0]);

		other.group_be = htonl(0xef010102);
		small_engine_put(&run->host->engine, 0, other, "not joined", 10);
		publish(run->host, "one");
		publish(run->host, "two");
	}
	if (run->received == 2)
		run->result = 42;
}

static void what_the_engine_takes_comes_from_its_ring(void **state)
{
	static struct host h;
	struct mcr_error err = {"as before"};

	host_create(&h, "yes", 1);
	struct run run = {.host = &h, .step = publish_and_end};

	assert_int_equal(RECEIVE(&run, &err, GROUP ":5000,id=7"), 42);
	assert_string_equal(err.text, "");
	assert_string_equal(run.seen, " engine one two");
	assert_non_null(strstr(run.said, "by the engine"));
	assert_int_equal(run.last.id, 7);
	assert_int_equal(run.last.src_port, 6000);
	assert_int_equal(run.last.flags & MCR_FLAG_KERNEL, 0);
	small_engine_await(&h.engine, 0);
	for (int i = 0; i < 10000 && count(&h.engine, &h.joined) > 0; i++)
		sleep_ms(1);
	assert_int_equal(count(&h.engine, &h.joined), 0);
	host_destroy(&h);
}

static void end_with_the_report(struct run *run, const struct mcr_msg *m, const char *payload)
{
	run->result = 1;
}

static void an_interface_is_known_by_either_sides_name(void **state)
{
	static struct host h;
	struct mcr_error err;

	host_create(&h, "yes", 1);
	for (int i = 0; i < 3; i++) {
		static const char *const texts[] = {GROUP ":5000,interface=lo,id=3",
						    GROUP ":5000,id=3,interface=feed",
						    GROUP ":5000,id=3"};
		struct run run = {.host = &h, .step = end_with_the_report};

		assert_int_equal(RECEIVE(&run, &err, texts[i]), 1);
		assert_string_equal(run.seen, " engine");
	}
	host_destroy(&h);
}

static void keep_the_join(struct run *run, const struct mcr_msg *m, const char *payload)
{
	pthread_mutex_lock(&run->host->engine.lock);
	snprintf(run->said, sizeof(run->said), "%s", run->host->joined.joins[0].interface);
	run->last.id = run->host->joined.joins[0].id;
	pthread_mutex_unlock(&run->host->engine.lock);
	run->result = 1;
}

static void the_engine_gets_its_own_name_of_the_interface(void **state)
{
	static struct host h;
	struct mcr_error err;

	host_create(&h, "yes", 1);
	struct run run = {.host = &h, .step = keep_the_join};

	assert_int_equal(RECEIVE(&run, &err, GROUP ":5000,interface=lo,id=3"), 1);
	assert_string_equal(run.said, "feed");
	assert_int_equal(run.last.id, 3);
	host_destroy(&h);
}

static void overtake(struct run *run, const struct mcr_msg *m, const char *payload)
{
	static char kilobyte[1000];

	if (m->kind == MCR_RECEIVE_ENGINE) {
		for (int i = 0; i < 1000; i++)
			small_engine_publish(&run->host->engine, 0, kilobyte, sizeof(kilobyte));
	}
	if (run->received + run->lost == 1000)
		run->result = 1;
}

static void what_a_ring_overtakes_is_reported(void **state)
{
	static struct host h;
	struct mcr_error err;

	host_create(&h, "yes", 1);
	struct run run = {.host = &h, .step = overtake};

	assert_int_equal(RECEIVE(&run, &err, GROUP ":5000"), 1);
	assert_true(run.lost > 900);
	assert_true(run.received > 10);
	host_destroy(&h);
}

/* ---- on the kernel ---- */

static void send_and_end(struct run *run, const struct mcr_msg *m, const char *payload)
{
	if (m->kind == MCR_RECEIVE_KERNEL) {
		send_from("10.0.0.1", GROUP, 5002, "another port", 12);
		send_from("10.0.0.1", "239.1.1.2", PORT, "another group", 13);
		send_text("one");
		send_from("10.0.0.2", GROUP, 5001, "", 0);
		send_text("two");
	}
	if (run->received == 3)
		run->result = 42;
}

static void without_an_engine_the_kernel_receives(void **state)
{
	static struct host h;
	struct mcr_error err;

	host_create(&h, NULL, 0);
	struct run run = {.host = &h, .step = send_and_end};

	assert_int_equal(RECEIVE(&run, &err, GROUP ":5000-5001,interface=lo,id=9"), 42);
	assert_string_equal(err.text, "");
	assert_int_equal(run.received, 3);
	assert_non_null(strstr(run.said, "by the kernel on lo: no engine at "));
	assert_int_equal(run.last.flags, MCR_FLAG_KERNEL);
	assert_int_equal(run.last.id, 9);
	assert_int_equal(run.last.ttl, 7);
	assert_true(run.last.rx_ns > 0);
	assert_true(run.last.src_port > 0);
	assert_int_equal(run.last.interface, MCR_RECEIVE_NO_INTERFACE);
	host_destroy(&h);
}

static void send_ipv6(struct run *run, const struct mcr_msg *m, const char *payload)
{
	if (m->kind == MCR_RECEIVE_KERNEL) {
		send_from("::1", "ff15::2", PORT, "another", 7);
		send_from("::1", GROUP6, PORT, "six", 3);
	}
	run->result = run->received > 0;
}

static void the_kernel_receives_ipv6(void **state)
{
	static struct host h;
	struct mcr_error err;
	char text[MCR_ADDRESS_TEXT];

	host_create(&h, NULL, 0);
	struct run run = {.host = &h, .step = send_ipv6};

	assert_int_equal(RECEIVE(&run, &err, "[" GROUP6 "]:5000,interface=lo"), 1);
	assert_string_equal(run.seen, " kernel six");
	assert_string_equal(mcr_address_format(text, run.last.group), GROUP6);
	assert_int_equal(run.last.ttl, 7);
	host_destroy(&h);
}

static void send_from_both(struct run *run, const struct mcr_msg *m, const char *payload)
{
	if (m->kind != MCR_RECEIVE_KERNEL)
		run->result = run->received == 3;
	else if (m->id == 1) { /* the second join of two */
		send_from("10.0.0.1", GROUP, PORT, "a", 1);
		send_from("10.0.0.2", GROUP, PORT, "b", 1);
		send_from("10.0.0.1", GROUP, 5001, "c", 1);
		send_from("10.0.0.2", GROUP, 5001, "d", 1);
		send_from("10.0.0.1", GROUP, PORT, "e", 1);
	}
}

static void the_kernel_includes_and_excludes_sources(void **state)
{
	static struct host h;
	struct mcr_error err;

	host_create(&h, NULL, 0);
	struct run run = {.host = &h, .step = send_from_both};

	assert_int_equal(RECEIVE(&run, &err, GROUP ":5000@10.0.0.1,interface=lo",
				 GROUP ":5001@!10.0.0.1,interface=lo"),
			 1);
	assert_int_equal(run.received, 3);
	assert_non_null(strchr(run.seen, 'a'));
	assert_non_null(strchr(run.seen, 'd'));
	assert_null(strstr(run.seen, " b"));
	assert_null(strstr(run.seen, " c"));
	host_destroy(&h);
}

static void tell_ids(struct run *run, const struct mcr_msg *m, const char *payload)
{
	const size_t len = strlen(run->said);

	if (m->kind == MCR_RECEIVE_KERNEL && m->id == 1) {
		send_from("10.0.0.1", GROUP, PORT, "a", 1);
		send_from("10.0.0.2", GROUP, PORT, "b", 1);
		strcpy(run->said, "");
	} else if (m->kind == MCR_DATA) {
		snprintf(run->said + len, sizeof(run->said) - len, " %.1s%u", payload, m->id);
	} else if (m->kind == MCR_RECEIVE_IDLE) {
		run->result = run->received >= 2;
	}
}

static void what_two_joins_take_comes_once_with_the_closer_ones_id(void **state)
{
	static struct host h;
	struct mcr_error err;

	host_create(&h, NULL, 0);
	struct run run = {.host = &h, .step = tell_ids};

	assert_int_equal(RECEIVE(&run, &err, GROUP ":5000,interface=lo,id=1",
				 GROUP ":5000@10.0.0.1,interface=lo,id=2"),
			 1);
	assert_int_equal(run.received, 2);
	assert_non_null(strstr(run.said, " a2"));
	assert_non_null(strstr(run.said, " b1"));
	host_destroy(&h);
}

static void send_to_many(struct run *run, const struct mcr_msg *m, const char *payload)
{
	char group[32];

	for (int i = 0; i < 32 && m->kind == MCR_RECEIVE_KERNEL; i++) {
		snprintf(group, sizeof(group), "239.1.2.%d", i);
		send_from("10.0.0.1", group, PORT, "x", 1);
	}
	run->result = run->received == 32;
}

static void more_groups_than_a_socket_of_the_kernels_takes_are_spread(void **state)
{
	static struct host h;
	struct mcr_error err;

	host_create(&h, NULL, 0);
	struct run run = {.host = &h, .step = send_to_many};

	assert_int_equal(RECEIVE(&run, &err, "239.1.2.0/27:5000,interface=lo"), 1);
	host_destroy(&h);
}

static void more_sources_than_the_kernel_takes_are_spread_or_sorted_out(void **state)
{
	static struct host h;
	struct mcr_error err;
	char include[1024], exclude[1024];

	host_create(&h, NULL, 0);
	struct run run = {.host = &h, .step = send_from_both};

	strcpy(include, GROUP ":5000");
	strcpy(exclude, GROUP ":5001");
	for (int i = 0; i < 30; i++) {
		const size_t a = strlen(include), b = strlen(exclude);

		snprintf(include + a, sizeof(include) - a, "@10.1.0.%d", i + 1);
		snprintf(exclude + b, sizeof(exclude) - b, "@!9.1.0.%d", i + 1);
	}
	strcat(include, "@11.0.0.1@10.0.0.1,interface=lo");
	strcat(exclude, "@!10.0.0.1,interface=lo");
	assert_int_equal(RECEIVE(&run, &err, include, exclude), 1);
	assert_null(strstr(run.seen, " b"));
	assert_null(strstr(run.seen, " c"));
	host_destroy(&h);
}

static void flood(struct run *run, const struct mcr_msg *m, const char *payload)
{
	static char kilobyte[1000];

	for (int i = 0; i < 500 && m->kind == MCR_RECEIVE_KERNEL; i++)
		send_from("10.0.0.1", GROUP, PORT, kilobyte, sizeof(kilobyte));
	run->result = run->received + run->lost == 500;
}

static void what_a_sockets_buffer_loses_is_reported_though_nothing_comes_after_it(void **state)
{
	static struct host h;
	struct mcr_receive_opts opts = MCR_RECEIVE_OPTS_INIT;
	const char *const joins[] = {GROUP ":5000,interface=lo"};
	struct mcr_error err;

	host_create(&h, NULL, 0);
	struct run run = {.host = &h, .step = flood};

	opts.buffer_bytes = 20000;
	assert_int_equal(receive_with(&run, opts, &err, joins, 1), 1);
	assert_true(run.received > 5);
	assert_true(run.lost > 400);
	assert_int_equal(run.last.pos.seq, run.received);
	host_destroy(&h);
}

/* ---- it can end ---- */

static volatile sig_atomic_t signalled;

static void on_alarm(int number)
{
	signalled++;
}

static void end_at_the_first_idle(struct run *run, const struct mcr_msg *m, const char *payload)
{
	run->result = run->idle > 0 && signalled > 0;
}

/* The alarm repeats, because one may go off before it sleeps. */
static void a_signal_wakes_it(void **state)
{
	const struct itimerval often = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};
	const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	static struct host h;

	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	for (int runs = 0; runs < 2; runs++) {
		struct mcr_receive_opts opts = MCR_RECEIVE_OPTS_INIT;
		const char *const joins[] = {GROUP ":5000,interface=lo"};

		host_create(&h, "yes", runs);
		struct run run = {.host = &h, .step = end_at_the_first_idle};

		opts.idle_ns = UINT64_MAX;
		signalled = 0;
		assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
		assert_int_equal(receive_with(&run, opts, NULL, joins, 1), 1);
		assert_int_equal(setitimer(ITIMER_REAL, &off, NULL), 0);
		host_destroy(&h);
	}
}

static void end_when_idle(struct run *run, const struct mcr_msg *m, const char *payload)
{
	run->result = run->idle == 3;
}

static void silence_is_reported_also_while_it_spins(void **state)
{
	static struct host h;

	host_create(&h, "yes", 1);
	for (int spins = 0; spins < 2; spins++) {
		struct mcr_receive_opts opts = MCR_RECEIVE_OPTS_INIT;
		const char *const joins[] = {GROUP ":5000"};
		struct run run = {.host = &h, .step = end_when_idle};

		opts.spin_ns = spins ? UINT64_MAX : 0;
		assert_int_equal(receive_with(&run, opts, NULL, joins, 1), 1);
	}
	host_destroy(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_engine_takes_comes_from_its_ring),
	    cmocka_unit_test(an_interface_is_known_by_either_sides_name),
	    cmocka_unit_test(the_engine_gets_its_own_name_of_the_interface),
	    cmocka_unit_test(what_a_ring_overtakes_is_reported),
	    cmocka_unit_test(without_an_engine_the_kernel_receives),
	    cmocka_unit_test(the_kernel_receives_ipv6),
	    cmocka_unit_test(the_kernel_includes_and_excludes_sources),
	    cmocka_unit_test(what_two_joins_take_comes_once_with_the_closer_ones_id),
	    cmocka_unit_test(more_groups_than_a_socket_of_the_kernels_takes_are_spread),
	    cmocka_unit_test(more_sources_than_the_kernel_takes_are_spread_or_sorted_out),
	    cmocka_unit_test(what_a_sockets_buffer_loses_is_reported_though_nothing_comes_after_it),
	    cmocka_unit_test(a_signal_wakes_it),
	    cmocka_unit_test(silence_is_reported_also_while_it_spins),
	};

	if (make_host() < 0) {
		puts("skipped: no user namespaces here");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
