/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs that were compiled with an older or a newer mcring/engine.h than the library. */
#include "rig.h"

#define MORE 24 /* octets that a newer program has at the end of each structure */

static int set_up(void **state)
{
	(void)state;
	rig_eal_init_rings(5);
	return 0;
}

struct newer_interface {
	struct mcr_interface_config known;
	uint8_t more[MORE];
};

struct newer_channel {
	struct mcr_channel_config known;
	uint8_t more[MORE];
};

/* What a newer program hands in: two interfaces, two channels. */
struct newer {
	struct {
		struct mcr_engine_config known;
		uint8_t more[MORE];
	} config;
	struct newer_interface interfaces[2];
	struct newer_channel channels[2];
};

static const unsigned rx_lcore = 1;

static void fill(struct newer *n)
{
	static const char *const ports[] = {"net_ring0", "net_ring1"}, *const names[] = {"a", "b"};

	memset(n, 0, sizeof(*n));
	mcr_engine_config_init(&n->config.known, sizeof(n->config));
	for (int i = 0; i < 2; i++) {
		n->interfaces[i].known = rig_interface(ports[i]);
		strcpy(n->interfaces[i].known.name, names[i]);
		n->interfaces[i].known.size = sizeof(n->interfaces[i]);
		strcpy(n->channels[i].known.name, names[i]);
		n->channels[i].known.bytes = 65536;
		n->channels[i].known.size = sizeof(n->channels[i]);
	}
	n->config.known.interfaces = &n->interfaces[0].known;
	n->config.known.n_interfaces = 2;
	n->config.known.channels = &n->channels[0].known;
	n->config.known.n_channels = 2;
	n->config.known.lcores = &rx_lcore;
	n->config.known.n_lcores = 1;
	n->config.known.log = rig_silent;
}

static void expect_refused(const struct newer *n, const char *text)
{
	struct mcr_engine *e = NULL;
	struct mcr_error err = {""};

	assert_int_equal(mcr_engine_create(&e, &n->config.known, &err), -EINVAL);
	assert_null(e);
	if (!strstr(err.text, text))
		fail_msg("\"%s\" has no \"%s\"", err.text, text);
}

static void what_a_newer_program_sets_is_refused_and_named(void **state)
{
	static struct newer n;

	(void)state;
	fill(&n);
	n.config.more[0] = 1;
	expect_refused(&n, "struct mcr_engine_config says");
	fill(&n);
	n.interfaces[1].more[MORE - 1] = 1;
	expect_refused(&n, "struct mcr_interface_config says");
	fill(&n);
	n.channels[0].more[0] = 1;
	expect_refused(&n, "struct mcr_channel_config says");
	fill(&n);
	n.interfaces[0].known.size = 0;
	expect_refused(&n, "struct mcr_interface_config says that it has 0 octets");
	fill(&n);
	n.interfaces[1].known.size = 0;
	expect_refused(&n, "number 1 says that it has 0 octets");
	fill(&n);
	n.config.known.size = 0;
	expect_refused(&n, "struct mcr_engine_config says that it has 0 octets");
}

static void a_newer_program_that_sets_nothing_new_is_served(void **state)
{
	struct {
		struct mcr_interface_info known;
		uint8_t more[MORE];
	} info;
	static const uint8_t zero[MORE];
	struct mcr_interface_config config = {.size = sizeof(config)};
	static struct newer n;
	struct mcr_engine *e;
	struct mcr_error err = {""};

	(void)state;
	fill(&n);
	if (mcr_engine_create(&e, &n.config.known, &err) < 0)
		fail_msg("%s", err.text);
	memset(&info, 0xee, sizeof(info));
	info.known.size = sizeof(info);
	assert_int_equal(mcr_engine_interface_info(e, 1, &info.known), 0);
	assert_string_equal(info.known.name, "b");
	assert_memory_equal(info.more, zero, MORE);
	assert_int_equal(info.known.size, sizeof(info));
	assert_int_equal(mcr_engine_interface_config(e, 1, &config), 0);
	assert_string_equal(config.port, "net_ring1");
	mcr_engine_destroy(e);
}

/* Its interfaces are as long as they were before the relay. */
static void an_older_program_has_no_relay(void **state)
{
	struct mcr_interface_config config = {.size = sizeof(config)};
	const uint32_t room = offsetof(struct mcr_interface_config, role);
	static union {
		struct mcr_interface_config first; /* for its alignment */
		uint8_t octets[2 * sizeof(struct mcr_interface_config)];
	} old;
	static struct newer n;
	struct mcr_engine *e;
	struct mcr_error err = {""};

	(void)state;
	fill(&n);
	memset(&old, 0xee, sizeof(old));
	for (unsigned i = 0; i < 2; i++) {
		snprintf(n.interfaces[i].known.port, sizeof(n.interfaces[i].known.port),
			 "net_ring%u", 3 + i);
		n.interfaces[i].known.size = room;
		memcpy(&old.octets[i * room], &n.interfaces[i].known, room);
	}
	n.config.known.interfaces = &old.first;
	if (mcr_engine_create(&e, &n.config.known, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(mcr_engine_interface_config(e, 1, &config), 0);
	assert_string_equal(config.name, "b");
	assert_int_equal(config.role, MCR_RELAY_NONE);
	assert_int_equal(config.n_static_groups, 0);
	mcr_engine_destroy(e);
}

static void an_older_program_gets_what_it_has_room_for(void **state)
{
	const uint32_t room = offsetof(struct mcr_port_info, kernel_name);
	struct mcr_port_info info;
	struct mcr_engine *e = rig_start("net_ring2");

	(void)state;
	memset(&info, 0xee, sizeof(info));
	info.size = room;
	assert_int_equal(mcr_engine_port_info(e, 0, &info), 0);
	assert_string_equal(info.name, "net_ring2");
	assert_int_equal(info.size, room);
	for (size_t i = room; i < sizeof(info); i++)
		assert_int_equal(((const uint8_t *)&info)[i], 0xee);
	info.size = 0;
	assert_int_equal(mcr_engine_port_info(e, 0, &info), -EINVAL);
	info.size = UINT32_MAX;
	assert_int_equal(mcr_engine_port_info(e, 0, &info), -EINVAL);
	assert_int_equal(mcr_engine_port_info(e, 1, &info), -ENOENT);
	mcr_engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_newer_program_sets_is_refused_and_named),
	    cmocka_unit_test(a_newer_program_that_sets_nothing_new_is_served),
	    cmocka_unit_test(an_older_program_has_no_relay),
	    cmocka_unit_test(an_older_program_gets_what_it_has_room_for),
	};

	return cmocka_run_group_tests(tests, set_up, rig_eal_cleanup);
}
