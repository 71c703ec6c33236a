/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed in the rx lcore of an engine: two ports play line A and line B. */
#include "rig.h"

#include <endian.h>

#include <mcring/feed_inline.h>

#define MESSAGES 300

static const char config[] = "feed test\ndeclaration moldudp64\n"
			     "line A channel=md\njoin 239.1.1.1:5000,interface=a\n"
			     "line B channel=md\njoin 239.1.1.2:5000,interface=b\n";

static struct rig_capture captures[2];

/* What came; its one writer is the rx lcore. */
static struct {
	struct mcr_feed *feed;
	unsigned times[MESSAGES + 1]; /* each number */
	unsigned packets, wrong;
} seen;

static int is_lost(int line, unsigned seq)
{
	return seq % 10 == (line == 0 ? 3 : 7);
}

static void write_line(const char *path, int line)
{
	FILE *f = rig_pcap_open(path);

	for (unsigned seq = 1; seq <= MESSAGES; seq++) {
		uint8_t payload[30] = "0000012345", frame[128];
		uint64_t seq_be = htobe64(seq);

		if (is_lost(line, seq))
			continue;
		memcpy(payload + 10, &seq_be, 8);
		payload[19] = 1; /* message */
		payload[21] = 8; /* octets */
		memcpy(payload + 22, &seq_be, 8);
		rig_pcap_add(f, frame,
			     rig_udp(frame, line == 0 ? "239.1.1.1" : "239.1.1.2", 5000, payload,
				     sizeof(payload)));
	}
	fclose(f);
}

static void write_a(const char *path)
{
	write_line(path, 0);
}

static void write_b(const char *path)
{
	write_line(path, 1);
}

static void on_item(void *ctx, const struct mcr_feed_msg *m)
{
	uint64_t seq_be;

	(void)ctx;
	if (m->kind != MCR_FEED_DATA)
		return;
	memcpy(&seq_be, m->msg->data + 22, sizeof(seq_be));
	seen.wrong += m->seq != be64toh(seq_be) || m->seq > MESSAGES || m->msg->len != 30;
	if (!(m->flags & MCR_FEED_FLAG_DUPLICATE) && m->seq <= MESSAGES)
		seen.times[m->seq]++;
}

static void on_burst(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring)
{
	seen.wrong += mcr_feed_inline_put(seen.feed, msgs, n, ring, on_item, ctx) != 0;
	__atomic_store_n(&seen.packets, seen.packets + n, __ATOMIC_RELEASE);
}

static struct mcr_feed *open_feed(void)
{
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct mcr_error err = {""};
	struct mcr_feed *f = NULL;

	opts.config = config;
	opts.order = MCR_FEED_AS_THEY_COME;
	if (mcr_feed_inline_open(&f, &opts, &err) != 0)
		fail_msg("%s", err.text);
	return f;
}

/* The lcores that poll line A, and line B. */
static struct mcr_engine *engine_on(uint16_t a, uint16_t b)
{
	static const unsigned all[] = {1, 2};
	struct mcr_interface_config interfaces[2] = {rig_interface("net_pcap0"),
						     rig_interface("net_pcap1")};
	struct mcr_engine_config cfg;
	struct mcr_engine *e = NULL;
	struct mcr_error err = {""};

	strcpy(interfaces[1].name, "b");
	interfaces[1].address = rig_address("10.0.1.1");
	interfaces[0].n_lcores = 1;
	interfaces[0].lcores[0] = a;
	interfaces[1].n_lcores = 1;
	interfaces[1].lcores[0] = b;
	for (int i = 0; i < 2; i++)
		assert_int_equal(rte_eal_hotplug_add("vdev", interfaces[i].port, captures[i].args),
				 0);
	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = interfaces;
	cfg.n_interfaces = 2;
	cfg.lcores = all;
	cfg.n_lcores = 2;
	cfg.log = rig_silent;
	cfg.keep_memberships = 1;
	if (mcr_engine_create(&e, &cfg, &err) != 0)
		fail_msg("%s", err.text);
	return e;
}

static void end(struct mcr_engine *e)
{
	mcr_engine_destroy(e);
	assert_int_equal(rte_eal_hotplug_remove("vdev", "net_pcap0"), 0);
	assert_int_equal(rte_eal_hotplug_remove("vdev", "net_pcap1"), 0);
}

static void lines_on_one_lcore_give_each_message_once(void **state)
{
	const struct mcr_channel_config channel = {.size = sizeof(channel),
						   .name = "md",
						   .bytes = 65536,
						   .handler = on_burst,
						   .handler_only = 1};
	struct mcr_engine *e = engine_on(2, 2);
	struct mcr_feed_line line = {.size = sizeof(line)};
	struct mcr_error err = {""};
	uint64_t start = monotonic_ns();

	seen.feed = open_feed();
	if (mcr_feed_inline_check(seen.feed, e, &err) != 0)
		fail_msg("%s", err.text);
	if (mcr_engine_channel_add(e, &channel, &err) != 0)
		fail_msg("%s", err.text);
	for (int i = 0; i < 2; i++) {
		struct mcr_join join = rig_join(i == 0 ? "239.1.1.1" : "239.1.1.2", 5000);

		strcpy(join.channel, "md");
		strcpy(join.interface, i == 0 ? "a" : "b");
		assert_int_equal(mcr_engine_join(e, &join, &err), 0);
	}
	assert_int_equal(mcr_engine_start(e, &err), 0);
	while (__atomic_load_n(&seen.packets, __ATOMIC_ACQUIRE) < 2 * MESSAGES * 9 / 10)
		assert_true(monotonic_ns() - start < RIG_DEADLINE_NS);
	mcr_engine_stop(e);
	assert_int_equal(seen.wrong, 0);
	for (unsigned seq = 1; seq <= MESSAGES; seq++)
		assert_int_equal(seen.times[seq], 1);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(mcr_feed_line_info(seen.feed, i, &line), 0);
		assert_int_equal(line.packets, MESSAGES * 9 / 10);
	}
	mcr_feed_close(seen.feed);
	end(e);
}

static void lines_on_two_lcores_are_refused_by_name(void **state)
{
	struct mcr_engine *e = engine_on(1, 2);
	struct mcr_feed *f = open_feed();
	struct mcr_error err = {""};

	assert_int_equal(mcr_feed_inline_check(f, e, &err), -EXDEV);
	if (!strstr(err.text, "interface b is polled by another lcore") ||
	    !strstr(err.text, "lcores="))
		fail_msg("%s", err.text);
	mcr_feed_close(f);
	end(e);
}

static int begin(void **state)
{
	rig_eal_init(NULL, 0);
	return rig_capture_begin(&captures[0], write_a) | rig_capture_begin(&captures[1], write_b);
}

static int finish(void **state)
{
	for (int i = 0; i < 2; i++)
		rig_capture_end(&captures[i]);
	return rig_eal_cleanup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_on_one_lcore_give_each_message_once),
	    cmocka_unit_test(lines_on_two_lcores_are_refused_by_name),
	};

	return cmocka_run_group_tests(tests, begin, finish);
}
