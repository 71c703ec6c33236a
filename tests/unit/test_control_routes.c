/* SPDX-License-Identifier: BSD-3-Clause */
/* What the control socket says of the relay. */
#include "control_rig.h"

static void an_interface_of_the_relay_says_what_became_of_the_copies(void **state)
{
	static const char *const counts[] = {"tx_down", "tx_no_buffer", "tx_ttl",
					     "tx_mtu",  "tx_full",      "tx"};
	struct fixture *f = *state;
	json_t *reply, *list, *lan, *lcores, *lcore;

	f->engine.n_relay = 2;
	f->engine.n_routes = 3;
	reply = ask(f, "{\"command\":\"stats\"}");
	list = json_object_get(reply, "relay");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(text_of(json_array_get(list, 0), "role"), "upstream");
	assert_string_equal(text_of(json_array_get(list, 0), "forward_when"), "always");
	assert_true(json_is_null(json_object_get(json_array_get(list, 0), "why")));
	lan = json_array_get(list, 1);
	assert_string_equal(text_of(lan, "interface"), "lan1");
	assert_string_equal(text_of(lan, "role"), "downstream");
	assert_string_equal(text_of(lan, "forward_when"), "querier");
	assert_int_equal(integer(lan, "ttl_threshold"), 2);
	assert_true(json_is_true(json_object_get(lan, "forwards_ipv4")));
	assert_true(json_is_false(json_object_get(lan, "forwards_ipv6")));
	assert_string_equal(text_of(lan, "why"), "IPv6: fe80::1 is the querier");
	assert_int_equal(integer(lan, "wrong_interface"), 5);
	assert_int_equal(integer(lan, "looped"), 6);
	assert_int_equal(integer(lan, "flows"), 3);
	assert_int_equal(integer(lan, "flows_evicted"), 9);
	assert_int_equal(integer(lan, "tx_queues"), 2);
	assert_int_equal(integer(lan, "tx_shared"), 1);
	lcores = json_object_get(lan, "lcores");
	assert_int_equal(json_array_size(lcores), 1);
	lcore = json_array_get(lcores, 0);
	assert_int_equal(integer(lcore, "lcore"), 1);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(integer(lan, counts[i]), i + 1);
		assert_int_equal(integer(lcore, counts[i]), i + 1);
	}
	assert_int_equal(integer(lan, "offered"), 21);
	assert_int_equal(integer(lcore, "offered"), 21);
	json_decref(reply);
	reply = ask(f, "{\"command\":\"status\"}");
	assert_int_equal(json_array_size(json_object_get(reply, "relay")), 2);
	json_decref(reply);
}

static void each_route_has_its_outputs(void **state)
{
	struct fixture *f = *state;
	json_t *reply, *routes, *first, *last, *output;

	f->engine.n_relay = 3;
	f->engine.n_routes = 100; /* more than one call of mcr_control_reply_more writes */
	reply = ask(f, "{\"command\":\"routes\"}");
	assert_int_equal(f->engine.collected, 1); /* what follows is of one instant */
	assert_int_equal(json_array_size(json_object_get(reply, "relay")), 3);
	routes = json_object_get(reply, "routes");
	assert_int_equal(json_array_size(routes), 100);
	first = json_array_get(routes, 0);
	assert_true(json_is_null(json_object_get(first, "source")));
	assert_true(json_is_null(json_object_get(first, "last_ns")));
	assert_string_equal(text_of(first, "group"), "239.2.0.0");
	last = json_array_get(routes, 99);
	assert_string_equal(text_of(last, "source"), "10.0.0.99");
	assert_string_equal(text_of(last, "group"), "239.2.0.99");
	assert_string_equal(text_of(last, "interface"), "up");
	assert_int_equal(integer(last, "packets"), 9900);
	assert_int_equal(integer(last, "bytes"), 990000);
	assert_int_equal(integer(last, "wrong_interface"), 99);
	assert_int_equal(integer(last, "first_ns"), 1700000000000000000);
	assert_int_equal(integer(last, "last_ns"), 1700000001000000000);
	assert_int_equal(json_array_size(json_object_get(last, "outputs")), 2);
	output = json_array_get(json_object_get(last, "outputs"), 1);
	assert_string_equal(text_of(output, "interface"), "lan2");
	assert_int_equal(integer(output, "packets"), 9801);
	assert_int_equal(integer(output, "ttl_threshold"), 2);
	assert_true(json_is_false(json_object_get(output, "forwarded")));
	json_decref(reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CONTROL_TEST(an_interface_of_the_relay_says_what_became_of_the_copies),
	    CONTROL_TEST(each_route_has_its_outputs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
