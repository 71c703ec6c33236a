/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines and the links of their ports. One engine has both lines: A on interfaces `a` and `b`, and
 * on `far`, which has no port that could be down, B on `c`. Its ports are what the test says. */
#include "feed_rig.h"

#include "core/attach_wire.h"
#include "feed/state.h"

static const char *const names[] = {"other", "a", "b", "c", "far"};

static int describe(void *ctx, uint32_t index, struct mcr_wire_interface *out)
{
	const uint16_t *ports = ctx;

	if (index >= 5)
		return -ENOENT;
	*out = (struct mcr_wire_interface){.dpdk_port = ports[index]};
	snprintf(out->name, sizeof(out->name), "%s", names[index]);
	return 0;
}

static void have_ports(struct small_engine *e, uint16_t *ports)
{
	pthread_mutex_lock(&e->lock);
	mcr_attach_server_interfaces(e->server, describe, ports);
	pthread_mutex_unlock(&e->lock);
}

static void create(struct feed_rig *rig, uint16_t *ports)
{
	rig_create(rig, 65536);
	have_ports(&rig->e[0], ports);
	snprintf(rig->text, sizeof(rig->text),
		 "feed test\ndeclaration moldudp64,heartbeat_interval=0\n"
		 "line A channel=md\njoin 239.1.1.1:5000,interface=a\n"
		 "join 239.1.1.3:5000,interface=b\njoin 239.1.1.5:5000,interface=far\n"
		 "line B channel=md\njoin 239.1.1.2:5000,interface=c\n"
		 "join 239.1.1.4:5000,interface=c\njoin 239.1.1.6:5000,interface=c\n");
	rig_open(rig);
}

/* A packet on a line, by the interface of this number. */
static void put(struct feed_rig *rig, int line, uint8_t interface, uint64_t seq)
{
	struct mcr_record record = small_engine_record(&rig->e[0].writers[0]);
	uint8_t packet[256];
	uint32_t len = rig_packet(packet, seq, 1);

	record.group_be = htobe32(0xef010101u + (uint32_t)line);
	record.interface_form = interface;
	small_engine_put(&rig->e[0], 0, record, packet, len);
}

static void put_link(struct feed_rig *rig, uint16_t port, uint8_t flags)
{
	struct mcr_record record = small_engine_record(&rig->e[0].writers[0]);

	record.vlan_kind = 4095 | MCR_LINK << MCR_KIND_SHIFT;
	record.id = port;
	record.flags = flags;
	small_engine_put(&rig->e[0], 0, record, NULL, 0);
	rig_poll(rig);
}

/* How often each line went down, and why at last. */
static void expect_downs(const struct feed_rig *rig, size_t of_a, size_t of_b)
{
	const struct mcr_feed_msg *m;
	size_t at = 0, n[2] = {0, 0};

	while ((m = rig_next(rig, &at, MCR_FEED_LINE_DOWN))) {
		assert_int_equal(m->down.why, MCR_FEED_DOWN_LINK);
		n[m->line]++;
	}
	assert_int_equal(n[0], of_a);
	assert_int_equal(n[1], of_b);
}

static void a_line_is_down_when_all_of_its_links_are(void **state)
{
	uint16_t ports[] = {9, 3, 4, 0, 64};
	struct feed_rig rig;

	create(&rig, ports);
	put(&rig, 0, 1, 1);
	put(&rig, 1, 3, 1);
	put_link(&rig, 9, 0);  /* of no line */
	put_link(&rig, 64, 0); /* of no port that an engine has */
	put_link(&rig, 3, 0);
	expect_downs(&rig, 0, 0);
	put_link(&rig, 4, 0);
	expect_downs(&rig, 1, 0);
	put_link(&rig, 3, MCR_FLAG_LINK_UP);
	put(&rig, 0, 1, 2);
	put_link(&rig, 4, 0); /* again: 3 is up */
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_UP), 1);
	expect_downs(&rig, 1, 0);
	put_link(&rig, 3, 0);
	expect_downs(&rig, 2, 0);
	put_link(&rig, 0, 0);
	expect_downs(&rig, 2, 1);
	rig_expect_data(&rig, 1, 2);
	rig_destroy(&rig);
}

static void start_with(struct small_engine *e, uint16_t *ports)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	const struct mcr_channel_config channel = {.name = "md", .bytes = 65536};

	small_engine_start(e, &attach, &channel, 1, 4712);
	have_ports(e, ports);
	mcr_ring_set_started(&e->writers[0], rig_now_ns());
}

static void restart(struct feed_rig *rig, uint16_t *ports)
{
	const uint64_t start = monotonic_ns();

	small_engine_kill(&rig->e[0]);
	while (rig_poll_by(rig, 32) != -EPIPE)
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
	start_with(&rig->e[0], ports);
	while (mcr_feed_reattach(rig->f, NULL) < 0) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		assert_true(mcr_feed_wait(rig->f, UINT64_C(1000000000)) >= 0);
	}
	rig_poll(rig);
	rig->n = 0;
}

/* Ports that were down, and which interface is on which, and its number, are of one life. */
static void the_next_engine_has_ports_of_its_own(void **state)
{
	uint16_t ports[] = {9, 3, 4, 5, 64}, next[] = {3, 7, 8, 4, 64};
	struct feed_rig rig;

	create(&rig, ports);
	put(&rig, 0, 1, 1);
	put(&rig, 1, 3, 1);
	put_link(&rig, 4, 0);
	expect_downs(&rig, 0, 0);
	restart(&rig, next);
	put(&rig, 0, 1, 2);
	put(&rig, 1, 3, 2);
	put_link(&rig, 3, 0);
	put_link(&rig, 8, 0);
	expect_downs(&rig, 0, 0);
	put_link(&rig, 7, 0);
	expect_downs(&rig, 1, 0);
	put_link(&rig, 4, 0);
	expect_downs(&rig, 1, 1);
	rig_destroy(&rig);
}

/* One that came and went before it was attached counts for nothing, but that numbers may be
 * missing of it is not the wire's fault. */
static void an_engine_that_ends_while_it_is_asked_leaves_nothing_behind(void **state)
{
	uint16_t ports[] = {9, 3, 4, 5, 64}, other[] = {1, 1, 1, 1, 1}, next[] = {9, 7, 8, 4, 64};
	const uint64_t start = monotonic_ns();
	const struct mcr_feed_msg *gap;
	struct feed_rig rig;
	struct mcr_feed_source *s;
	struct mcr_error err;
	size_t at = 0;

	create(&rig, ports);
	put(&rig, 0, 1, 1);
	put(&rig, 1, 3, 1);
	s = rig.f->sources;
	small_engine_kill(&rig.e[0]);
	while (rig_poll_by(&rig, 32) != -EPIPE)
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
	start_with(&rig.e[0], other);
	while (s->asked < 3) {
		assert_true(monotonic_ns() - start < UINT64_C(20000000000));
		mcr_feed_source_step(s, &err);
	}
	restart(&rig, next);
	put(&rig, 0, 1, 3);
	put(&rig, 1, 3, 3);
	put_link(&rig, 1, 0);
	expect_downs(&rig, 0, 0);
	gap = rig_next(&rig, &at, MCR_FEED_GAP);
	assert_non_null(gap);
	assert_int_equal(gap->gap.whose, MCR_FEED_RING);
	put_link(&rig, 7, 0);
	put_link(&rig, 8, 0);
	expect_downs(&rig, 1, 0);
	rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_is_down_when_all_of_its_links_are),
	    cmocka_unit_test(the_next_engine_has_ports_of_its_own),
	    cmocka_unit_test(an_engine_that_ends_while_it_is_asked_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
