/* SPDX-License-Identifier: BSD-3-Clause */
/* Why there is no data, asked of an engine that runs: the evidence is collected for real. The
 * sources are compiled into the test, so they have what any program has of the engine. */
#include "frames.h"

#include "engine/why/why.h"

static struct mcr_engine *start(int is_joined)
{
	struct mcr_interface_config interface = probe();
	struct mcr_engine *e = rig_engine(&interface, 1);
	struct mcr_join join = rig_join(GROUP, 5000);

	if (is_joined)
		assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	return e;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static struct mcr_why *begin(struct mcr_engine *e, const char *query)
{
	struct mcr_why_query q = {0};
	struct mcr_why *why;

	if (query)
		assert_int_equal(mcr_why_query_parse(&q, query, NULL), 0);
	assert_int_equal(mcr_why_create(&why, e, &q, NULL), 0);
	return why;
}

static void finish(struct mcr_why *why)
{
	int ret;

	while ((ret = mcr_why_step(why, now())) == 0)
		;
	assert_int_equal(ret, 1);
}

static int is_found(const struct mcr_why *why, enum mcr_why_code code)
{
	const struct mcr_why_verdict *v = mcr_why_verdict(why);

	for (unsigned i = 0; i < v->n_findings; i++)
		if (v->findings[i].code == code)
			return 1;
	return 0;
}

/* Asks again until this is found: an lcore may be about to say what it has seen. */
static struct mcr_why *ask_until(struct mcr_engine *e, const char *query, enum mcr_why_code code)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	for (;;) {
		struct mcr_why *why = begin(e, query);

		finish(why);
		if (is_found(why, code))
			return why;
		if (monotonic_ns() > end_ns)
			fail_msg("no %s: %s", mcr_why_code_name(code), mcr_why_verdict(why)->first);
		mcr_why_destroy(why);
		mcr_engine_poll(e, 1000000);
	}
}

/* Alone, after a pause in which the rx lcore makes up its mind to look. */
static void send_alone(struct mcr_engine *e, const struct frame *f)
{
	const struct timespec pause = {.tv_nsec = 3000000};
	uint64_t before = rig_account(e).received;
	struct rte_mbuf *m = make(f);

	nanosleep(&pause, NULL);
	assert_int_equal(rte_eth_tx_burst(port, 0, &m, 1), 1);
	rig_receive(e, before + 1);
}

static const char *group_at(uint16_t udp_port)
{
	static char text[64];

	snprintf(text, sizeof(text), ipv6 ? "[%s]:%u" : "%s:%u", GROUP, udp_port);
	return text;
}

static void a_vlan_without_an_interface_is_found_with_its_sender(void **state)
{
	struct mcr_engine *e = start(1);
	const struct mcr_why_finding *f;
	struct mcr_why *why;

	send_alone(e, &(struct frame){.vlan = 5, .host = 77});
	why = ask_until(e, GROUP, MCR_WHY_WRONG_VLAN);
	f = mcr_why_verdict(why)->findings;
	assert_int_equal(mcr_why_verdict(why)->exit, MCR_WHY_CAUSE);
	assert_int_equal(f->code, MCR_WHY_WRONG_VLAN);
	assert_string_equal(f->interface, "a");
	assert_non_null(strstr(f->text, "on VLAN 5"));
	assert_non_null(strstr(f->text, ipv6 ? "2001:db8::77" : "10.0.0.77"));
	mcr_why_destroy(why);
	mcr_engine_destroy(e);
}

static void data_that_flows_needs_a_reader(void **state)
{
	struct mcr_engine *e = start(1);
	struct mcr_consumer *c;
	struct mcr_why *why;

	send_alone(e, &(struct frame){.host = 77});
	why = ask_until(e, group_at(5000), MCR_WHY_NO_READERS);
	assert_int_equal(mcr_why_verdict(why)->exit, MCR_WHY_CAUSE);
	mcr_why_destroy(why);
	c = rig_consumer(e);
	why = begin(e, group_at(5000));
	finish(why);
	if (mcr_why_verdict(why)->exit != MCR_WHY_FLOWS)
		fail_msg("%s", mcr_why_verdict(why)->first);
	mcr_why_destroy(why);
	why = begin(e, NULL);
	finish(why);
	assert_string_equal(mcr_why_verdict(why)->first, "healthy: 1 group flows");
	mcr_why_destroy(why);
	mcr_consumer_close(c);
	mcr_engine_destroy(e);
}

static void a_port_that_was_asked_about_is_not_one_that_flows(void **state)
{
	struct mcr_engine *e = start(1);
	struct mcr_why *why;

	send_alone(e, &(struct frame){.host = 77});
	why = ask_until(e, group_at(5001), MCR_WHY_WRONG_PORT);
	mcr_why_destroy(why);
	mcr_engine_destroy(e);
}

static void what_nobody_has_joined_is_found_where_it_arrives(void **state)
{
	struct mcr_engine *e = start(0);
	struct mcr_why *why;

	send_alone(e, &(struct frame){.host = 77});
	why = ask_until(e, GROUP, MCR_WHY_NOT_JOINED);
	assert_non_null(
	    strstr(mcr_why_verdict(why)->findings[0].todo.line[0], ":5000,interface=a'"));
	mcr_why_destroy(why);
	why = begin(e, ipv6 ? "ff02::1" : "224.0.0.1");
	finish(why);
	if (!ipv6) /* IPv6 is not spoken */
		assert_non_null(strstr(mcr_why_verdict(why)->first, "a member of it by itself"));
	mcr_why_destroy(why);
	mcr_engine_destroy(e);
}

/* Up to the step that sees that nothing has changed. */
static void a_group_that_is_joined_while_it_is_looked_for_is_not_missed(void **state)
{
	struct mcr_join join = rig_join(GROUP, 5000);
	struct mcr_engine *e = start(0);
	struct mcr_why *why = begin(e, GROUP);
	unsigned steps = 1;

	while (mcr_why_step(why, now()) == 0)
		steps++;
	assert_true(is_found(why, MCR_WHY_NOT_JOINED));
	mcr_why_destroy(why);
	for (unsigned at = 0; at < steps - 1; at++) {
		why = begin(e, GROUP);
		for (unsigned i = 0; i < at; i++)
			assert_int_equal(mcr_why_step(why, now()), 0);
		assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
		finish(why);
		if (is_found(why, MCR_WHY_NOT_JOINED))
			fail_msg("joined before step %u of %u: %s", at + 1, steps,
				 mcr_why_verdict(why)->first);
		mcr_why_destroy(why);
		assert_int_equal(mcr_engine_leave(e, &join, NULL), 0);
	}
	mcr_engine_destroy(e);
}

static void a_port_that_was_removed_is_the_root(void **state)
{
	struct mcr_engine *e = start(1);
	struct mcr_port_info info = {.size = sizeof(info)};
	struct mcr_why *why;

	assert_int_equal(mcr_engine_port_info(e, 0, &info), 0);
	assert_int_equal(mcr_engine_port_remove(e, info.name, NULL), 0);
	why = begin(e, GROUP);
	finish(why);
	assert_int_equal(mcr_why_verdict(why)->findings[0].code, MCR_WHY_PORT_REMOVED);
	mcr_why_destroy(why);
	mcr_engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_vlan_without_an_interface_is_found_with_its_sender),
	    cmocka_unit_test(data_that_flows_needs_a_reader),
	    cmocka_unit_test(a_port_that_was_asked_about_is_not_one_that_flows),
	    cmocka_unit_test(what_nobody_has_joined_is_found_where_it_arrives),
	    cmocka_unit_test(a_group_that_is_joined_while_it_is_looked_for_is_not_missed),
	    cmocka_unit_test(a_port_that_was_removed_is_the_root),
	};
	int failed = set_up(NULL);

	for (ipv6 = 0; ipv6 < 2; ipv6++)
		failed += cmocka_run_group_tests_name(ipv6 ? "IPv6" : "IPv4", tests, NULL, NULL);
	return failed + tear_down(NULL);
}
