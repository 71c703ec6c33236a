/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the log says that no querier is heard, and where that is no news. The engine is real; the
 * interface is looked at in time that the test makes. When silence begins and ends is core's:
 * tests/unit/test_gmp_silence.c. */
#include "rig.h"

#include "engine/state/state.h"

#define SECOND  UINT64_C(1000000000)
#define PATIENT (256 * SECOND) /* longer than any querier with RFC 9776's intervals is silent */

static struct mcr_engine *e;
static struct mcr_interface *interface;
static uint64_t now_ns;
static char said[512]; /* the last line on queriers; "" = none since `pass` was called */

static int set_up(void **state)
{
	rig_eal_init(NULL, 0);
	return 0;
}

/* On a port of its own: the engine takes its ports away when it ends. */
static struct mcr_interface_config interface_config(void)
{
	static unsigned n;
	char port[32];

	snprintf(port, sizeof(port), "net_ring%u", n++);
	assert_int_equal(rte_eal_hotplug_add("vdev", port, ""), 0);
	return rig_interface(port);
}

static void join(const char *group)
{
	const struct mcr_join join = rig_join(group, 5000);

	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
}

/* A member of a group, if it is not NULL. */
static void start(const struct mcr_interface_config *config, const char *group)
{
	e = rig_engine(config, 1);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	if (group)
		join(group);
	interface = &e->interfaces[0];
	now_ns = monotonic_ns();
}

static int end(void **state)
{
	mcr_engine_destroy(e);
	e = NULL;
	return 0;
}

static void look(void)
{
	enum mcr_log_level level;
	char line[384];

	while (mcr_interface_watch(interface, now_ns, &level, line, sizeof(line)))
		if (strstr(line, " querier was heard "))
			strcpy(said, line);
}

/* Looks now, and again when so much time has passed. Returns what the log says then. */
static const char *pass(uint64_t ns)
{
	said[0] = '\0';
	look();
	now_ns += ns;
	look();
	return said;
}

static void a_member_that_hears_no_querier_says_so(void **state)
{
	const struct mcr_interface_config config = interface_config();

	start(&config, "239.1.1.1");
	assert_string_equal(pass(PATIENT / 2), "");
	assert_non_null(strstr(pass(PATIENT), "interface a: no IGMP querier was heard for "));
	assert_non_null(strstr(said, "give this interface querier=auto"));
	assert_string_equal(pass(PATIENT), ""); /* once */
}

static void a_member_of_ipv6_groups_that_hears_no_querier_says_so(void **state)
{
	const struct mcr_interface_config config = interface_config();

	start(&config, "ff15::1");
	assert_non_null(strstr(pass(PATIENT), "interface a: no MLD querier was heard for "));
	assert_non_null(strstr(said, "give this interface mld_querier=auto"));
}

/* It is no member of ff02::1 before, to which queries go. */
static void mld_queries_are_waited_for_since_ipv6_is_spoken(void **state)
{
	const struct mcr_interface_config config = interface_config();

	start(&config, NULL);
	assert_string_equal(pass(PATIENT), "");
	join("ff15::1");
	assert_string_equal(pass(PATIENT / 2), "");
	assert_non_null(strstr(pass(PATIENT / 2), "no MLD querier"));
}

static void no_other_querier_is_missed_where_we_have_one(void **state)
{
	struct mcr_interface_config config = interface_config();

	config.querier = MCR_QUERIER_AUTO;
	start(&config, "239.1.1.1");
	assert_string_equal(pass(PATIENT), "");
	end(state);
	config = interface_config();
	config.mld_querier = MCR_QUERIER_AUTO;
	start(&config, "ff15::1");
	assert_string_equal(pass(PATIENT), "");
}

/* A querier of one protocol asks nobody of the other. */
static void a_querier_of_the_other_protocol_is_none(void **state)
{
	struct mcr_interface_config config = interface_config();

	config.mld_querier = MCR_QUERIER_AUTO;
	start(&config, "239.1.1.1");
	assert_non_null(strstr(pass(PATIENT), "no IGMP querier"));
}

static void an_interface_that_never_sends_misses_no_querier(void **state)
{
	struct mcr_interface_config config = interface_config();

	config.tx_never = 1;
	start(&config, "239.1.1.1");
	assert_string_equal(pass(PATIENT), "");
}

/* What was missed while the link was down counts for nothing. */
static void nobody_is_heard_while_the_link_is_down(void **state)
{
	const struct mcr_interface_config config = interface_config();

	start(&config, "239.1.1.1");
	assert_string_equal(pass(PATIENT / 2), "");
	interface->port->link_up = 0;
	assert_string_equal(pass(PATIENT), "");
	interface->port->link_up = 1;
	assert_string_equal(pass(PATIENT / 2), "");
	assert_non_null(strstr(pass(PATIENT / 2), "no IGMP querier"));
}

static void who_leaves_misses_no_querier(void **state)
{
	const struct mcr_interface_config config = interface_config();

	start(&config, "239.1.1.1");
	interface->is_leaving = 1; /* the groups themselves are gone only when that was sent */
	assert_string_equal(pass(PATIENT), "");
}

#define TEST(f) cmocka_unit_test_teardown(f, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_member_that_hears_no_querier_says_so),
	    TEST(a_member_of_ipv6_groups_that_hears_no_querier_says_so),
	    TEST(mld_queries_are_waited_for_since_ipv6_is_spoken),
	    TEST(no_other_querier_is_missed_where_we_have_one),
	    TEST(a_querier_of_the_other_protocol_is_none),
	    TEST(an_interface_that_never_sends_misses_no_querier),
	    TEST(nobody_is_heard_while_the_link_is_down),
	    TEST(who_leaves_misses_no_querier),
	};

	return cmocka_run_group_tests(tests, set_up, rig_eal_cleanup);
}
