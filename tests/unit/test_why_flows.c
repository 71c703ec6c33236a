/* SPDX-License-Identifier: BSD-3-Clause */
/* The flows that were seen, found by the MAC address of their group. */
#include "why_rig.h"

static unsigned count(const struct mcr_why_flows *flows, const char *group)
{
	const struct mcr_why_flow *f = NULL;
	unsigned n = 0;

	while ((f = mcr_why_flows_next(flows, addr(group), f))) {
		assert_int_equal(mcr_why_group_mac(f->group), mcr_why_group_mac(addr(group)));
		n++;
	}
	return n;
}

static void flows_are_found_by_the_mac_address_of_their_group(void **state)
{
	struct mcr_why_flows flows = {0};
	struct mcr_sighting s = a_flow("239.1.1.1", 5000, 0, MCR_DROP_NONE);

	assert_int_equal(count(&flows, "239.1.1.1"), 0);
	assert_int_equal(mcr_why_flows_length(&flows, addr("239.1.1.1")), 0);
	for (unsigned i = 0; i < 5000; i++) { /* it grows some times */
		char text[20];

		snprintf(text, sizeof(text), "239.%u.%u.%u", i % 2 ? 1 : 129, i / 2 / 250,
			 i / 2 % 250);
		s.group = addr(text);
		assert_int_equal(mcr_why_flows_add(&flows, &s), 0);
	}
	s.group = (struct mcr_address){{0}}; /* an entry that is unused */
	assert_int_equal(mcr_why_flows_add(&flows, &s), 0);
	assert_int_equal(flows.n, 5000);
	assert_int_equal(count(&flows, "239.1.9.249"), 2);
	assert_int_equal(count(&flows, "239.129.0.0"), 2);
	assert_int_equal(count(&flows, "239.1.10.0"), 0);
	assert_int_equal(count(&flows, "ff15::1"), 0);
	assert_true(mcr_why_flows_length(&flows, addr("239.1.9.249")) >= 2);
	mcr_why_flows_clear(&flows);
	assert_int_equal(count(&flows, "239.1.9.249"), 0);
}

/* Or somebody on the LAN could make each group dear to look at. */
static void a_walk_that_is_long_says_so(void **state)
{
	struct mcr_why_flows flows = {0};
	struct mcr_sighting s = a_flow("239.1.1.1", 5000, 0, MCR_DROP_NONE);

	for (unsigned i = 0; i < 4000; i++) {
		s.source_port = (uint16_t)i;
		assert_int_equal(mcr_why_flows_add(&flows, &s), 0);
	}
	assert_int_equal(mcr_why_flows_length(&flows, addr("239.129.1.1")), 4000);
	assert_int_equal(mcr_why_flows_length(&flows, addr("239.1.1.2")), 0);
	mcr_why_flows_clear(&flows);
}

static void a_sample_is_a_flow_unless_that_was_seen(void **state)
{
	const struct mcr_sighting s = a_flow("239.1.1.1", 5000, 0, MCR_DROP_FRAGMENT);
	struct mcr_drop_sample sample = {
	    .time_ns = NOW, .group = s.group, .source = s.source, .port = 5000, .interface = 0};
	struct mcr_why_flows flows = {0};

	assert_int_equal(mcr_why_flows_add(&flows, &s), 0);
	assert_int_equal(mcr_why_flows_add_sample(&flows, MCR_DROP_FRAGMENT, &sample), 0);
	assert_int_equal(flows.n, 1);
	assert_int_equal(mcr_why_flows_add_sample(&flows, MCR_DROP_TRUNCATED, &sample), 0);
	assert_int_equal(flows.n, 2);
	assert_int_equal(flows.items[1].dropped, MCR_DROP_TRUNCATED);
	assert_int_equal(flows.items[1].dropped_ns, NOW);
	sample.port = 5001;
	assert_int_equal(mcr_why_flows_add_sample(&flows, MCR_DROP_FRAGMENT, &sample), 0);
	assert_int_equal(flows.n, 3);
	sample.time_ns = 0; /* there is none */
	sample.port = 5002;
	assert_int_equal(mcr_why_flows_add_sample(&flows, MCR_DROP_FRAGMENT, &sample), 0);
	assert_int_equal(flows.n, 3);
	mcr_why_flows_clear(&flows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flows_are_found_by_the_mac_address_of_their_group),
	    cmocka_unit_test(a_walk_that_is_long_says_so),
	    cmocka_unit_test(a_sample_is_a_flow_unless_that_was_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
