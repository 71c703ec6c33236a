/* SPDX-License-Identifier: BSD-3-Clause */
/* The inline consumer: a handler that the rx lcore calls. */
#include "rig.h"

#define SMALL      300
#define ALL        (SMALL + 1)
#define JUMBO      (RING_BYTES / 4 - 40) /* the largest that a ring takes */
#define RING_BYTES 65536                 /* the smallest ring */
#define BURST      32                    /* that net_pcap delivers as long as it can */

#define CALLS_MAX 64
#define HW        (MCR_FLAG_HW_TIME | MCR_FLAG_HW_TIME_SYNCED)

#define CAPTURED_US UINT64_C(1234567890123456) /* of the first frame; 1 us each */

static struct rig_capture capture;

/* What the handler saw; its one writer is the rx lcore. */
struct seen {
	uint64_t messages, wrong, in_segments;
	unsigned calls, sizes[CALLS_MAX]; /* messages of each call */
	uint32_t nap_ns;
	uint16_t hw_flags; /* that messages are to have */
	uint8_t copy[JUMBO];
};

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + 3);
}

static void add_frame(FILE *f, const uint8_t *frame, size_t len, uint64_t *time_us)
{
	rig_pcap_add_at(f, frame, len, (*time_us)++);
}

/* SMALL datagrams with their number, and between them a jumbo one and one of another group. */
static void write_frames(const char *path)
{
	static uint8_t buf[JUMBO + 60], large[JUMBO];
	FILE *f = rig_pcap_open(path);
	uint64_t time_us = CAPTURED_US;

	for (size_t i = 0; i < JUMBO; i++)
		large[i] = pattern(i);
	for (uint32_t i = 0; i < SMALL; i++) {
		add_frame(f, buf, rig_udp(buf, "239.1.1.1", 5000, &i, sizeof(i)), &time_us);
		if (i == SMALL / 2)
			add_frame(f, buf, rig_udp(buf, "239.1.1.1", 5000, large, JUMBO), &time_us);
	}
	rig_pcap_add(f, buf, rig_udp(buf, "239.9.9.9", 5000, "other", 5));
	fclose(f);
}

static int is_as_sent(const struct mcr_inline_msg *m, uint32_t number)
{
	return m->len == sizeof(number) && m->data_len == m->len &&
	       memcmp(m->data, &number, sizeof(number)) == 0 &&
	       mcr_address_ipv4_be(m->group) == rig_ip("239.1.1.1") &&
	       mcr_address_ipv4_be(m->source) == rig_ip("10.0.0.9") && m->dst_port == 5000 &&
	       m->src_port == 99 && m->id == 7 && m->ttl == 5 && m->traffic_class == 0xb8 &&
	       m->interface == 1 && m->vlan == 0 && m->rx_ns > UINT64_C(1500000000000000000);
}

static int is_the_jumbo(struct seen *seen, const struct mcr_inline_msg *m)
{
	if (m->len != JUMBO || mcr_inline_copy(m, seen->copy, JUMBO) != JUMBO ||
	    mcr_inline_copy(m, seen->copy, 10) != 10)
		return 0;
	for (size_t i = 0; i < JUMBO; i++)
		if (seen->copy[i] != pattern(i))
			return 0;
	return memcmp(m->data, seen->copy, m->data_len) == 0;
}

static int has_hw_time(uint64_t hw_ns, uint16_t flags, uint16_t wanted, uint64_t number)
{
	return hw_ns == (wanted != 0 ? (CAPTURED_US + number) * 1000 : 0) && (flags & HW) == wanted;
}

static void handler(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring)
{
	struct seen *seen = ctx;
	uint32_t number = (uint32_t)seen->messages;

	for (unsigned i = 0; i < n; i++, number++) {
		uint32_t at = number > SMALL / 2 + 1 ? number - 1 : number;
		int ok = number == SMALL / 2 + 1 ? is_the_jumbo(seen, &msgs[i])
						 : is_as_sent(&msgs[i], at);

		ok = ok && has_hw_time(msgs[i].hw_ns, msgs[i].flags, seen->hw_flags, number);
		seen->wrong += !ok || ring != 0;
		seen->in_segments += msgs[i].data_len < msgs[i].len;
	}
	if (seen->calls < CALLS_MAX)
		seen->sizes[seen->calls++] = n;
	if (seen->nap_ns > 0) { /* what no real handler may do */
		const struct timespec ts = {.tv_nsec = seen->nap_ns};

		nanosleep(&ts, NULL);
	}
	__atomic_store_n(&seen->messages, number, __ATOMIC_RELEASE);
}

static struct mcr_engine *engine_with_times(const struct mcr_channel_config *channel,
					    uint8_t hw_time)
{
	struct mcr_interface_config interfaces[2] = {rig_interface("net_pcap0"),
						     rig_interface("net_pcap0")};
	struct mcr_join join = rig_join("239.1.1.1", 5000);
	struct mcr_engine *e;
	struct mcr_error err = {""};

	strcpy(interfaces[0].name, "other");
	interfaces[0].vlan = 5;
	interfaces[0].hw_time = interfaces[1].hw_time = hw_time;
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_pcap0", capture.args), 0);
	e = rig_engine(interfaces, 2);
	join.id = 7;
	strcpy(join.interface, "a");
	strcpy(join.channel, channel->name);
	if (mcr_engine_channel_add(e, channel, &err) < 0 || mcr_engine_join(e, &join, &err) < 0)
		fail_msg("%s", err.text);
	return e;
}

static struct mcr_engine *engine_with(const struct mcr_channel_config *channel)
{
	return engine_with_times(channel, MCR_HW_TIME_OFF);
}

static void end(struct mcr_engine *e)
{
	mcr_engine_destroy(e);
	assert_int_equal(rte_eal_hotplug_remove("vdev", "net_pcap0"), 0);
}

static struct mcr_channel_info info_of(const struct mcr_engine *e, const char *name)
{
	struct mcr_channel_info info = {.size = sizeof(info)};

	for (size_t i = 0; mcr_engine_channel_info(e, i, &info) == 0; i++)
		if (strcmp(info.name, name) == 0)
			return info;
	fail();
	return info;
}

static struct mcr_channel_info run(struct mcr_engine *e, const char *name)
{
	struct mcr_account account;

	assert_int_equal(mcr_engine_start(e, NULL), 0);
	account = rig_receive(e, ALL + 1);
	assert_int_equal(account.delivered, ALL);
	assert_int_equal(account.drops[MCR_DROP_UNKNOWN_GROUP], 1);
	return info_of(e, name);
}

static void a_handler_sees_each_message_before_the_consumers(void **state)
{
	static struct seen seen;
	const struct mcr_channel_config config = {.size = sizeof(config),
						  .name = "md",
						  .handler = handler,
						  .handler_ctx = &seen,
						  .handler_slow_ns = UINT32_MAX};
	struct mcr_engine *e = engine_with(&config);
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_channel_info info = {.size = sizeof(info)};
	struct mcr_consumer *c;
	struct mcr_msg msgs[32];
	uint64_t received = 0;

	opts.fd = mcr_engine_attach(e, "md", "test", NULL);
	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	info = run(e, "md");
	assert_int_equal(__atomic_load_n(&seen.messages, __ATOMIC_ACQUIRE), ALL);
	assert_int_equal(seen.wrong, 0);
	assert_int_equal(seen.in_segments, 1);
	for (int n; (n = mcr_consumer_poll(c, msgs, 32)) > 0;)
		for (int i = 0; i < n; i++)
			received += msgs[i].kind == MCR_DATA;
	assert_int_equal(received, ALL);
	assert_int_equal(info.has_handler, 1);
	assert_int_equal(info.handler_messages, ALL);
	assert_in_range(info.handler_calls, ALL / 32, ALL - 1);
	assert_int_equal(info.handler_slow, 0);
	assert_true(info.handler_longest_ns > 0);
	assert_int_equal(info_of(e, "default").has_handler, 0);
	mcr_consumer_close(c);
	end(e);
}

/* A handler is called once a chunk, and a ring published. */
static void chunks_grow_in_a_burst_and_are_whole_ones_when_the_loop_is_behind(void **state)
{
	static struct seen seen;
	const struct mcr_channel_config config = {.size = sizeof(config),
						  .name = "md",
						  .handler = handler,
						  .handler_ctx = &seen,
						  .handler_slow_ns = UINT32_MAX};
	struct mcr_engine *e = engine_with(&config);
	unsigned k = 0;

	run(e, "md");
	end(e);
	assert_int_equal(seen.sizes[k++], 1);
	assert_int_equal(seen.sizes[k++], 8);
	assert_int_equal(seen.sizes[k++], BURST - 9);
	for (unsigned got = BURST; got + BURST <= ALL; got += BURST)
		assert_int_equal(seen.sizes[k++], BURST);
	assert_int_equal(seen.sizes[k++], ALL % BURST);
	assert_int_equal(seen.calls, k);
}

/* The capture is far from now: the ring has no room for the time of the jumbo message. */
static void times_come_to_handler_and_consumer(uint8_t hw_time, uint16_t flags)
{
	struct seen seen = {.hw_flags = flags};
	const struct mcr_channel_config config = {.size = sizeof(config),
						  .name = "md",
						  .bytes = RING_BYTES,
						  .handler = handler,
						  .handler_ctx = &seen,
						  .handler_slow_ns = UINT32_MAX};
	struct mcr_engine *e = engine_with_times(&config, hw_time);
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *c;
	struct mcr_msg msgs[32];
	uint64_t received = 0;

	opts.fd = mcr_engine_attach(e, "md", "test", NULL);
	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	run(e, "md");
	assert_int_equal(__atomic_load_n(&seen.messages, __ATOMIC_ACQUIRE), ALL);
	assert_int_equal(seen.wrong, 0);
	for (int n; (n = mcr_consumer_poll(c, msgs, 32)) > 0;)
		for (int i = 0; i < n; i++)
			if (msgs[i].kind == MCR_DATA)
				assert_true(has_hw_time(msgs[i].hw_ns, msgs[i].flags,
							msgs[i].len == JUMBO ? 0 : flags,
							received++));
	assert_int_equal(received, ALL);
	mcr_consumer_close(c);
	end(e);
}

static void without_hw_time_no_message_has_one(void **state)
{
	times_come_to_handler_and_consumer(MCR_HW_TIME_OFF, 0);
}

static void with_hw_time_each_message_has_its_own(void **state)
{
	times_come_to_handler_and_consumer(MCR_HW_TIME_ON, MCR_FLAG_HW_TIME);
}

static void it_is_synchronised_only_if_the_operator_says_so(void **state)
{
	times_come_to_handler_and_consumer(MCR_HW_TIME_SYNCED, HW);
}

static void a_handler_may_take_the_place_of_the_ring(void **state)
{
	static struct seen seen;
	const struct mcr_channel_config config = {.size = sizeof(config),
						  .name = "md",
						  .handler = handler,
						  .handler_ctx = &seen,
						  .handler_only = 1};
	struct mcr_engine *e = engine_with(&config);
	struct mcr_channel_info info = {.size = sizeof(info)};
	struct mcr_error err;

	assert_int_equal(mcr_engine_attach(e, "md", "test", &err), -ENOENT);
	info = run(e, "md");
	assert_int_equal(__atomic_load_n(&seen.messages, __ATOMIC_ACQUIRE), ALL);
	assert_int_equal(seen.wrong, 0);
	assert_int_equal(info.handler_messages, ALL);
	assert_int_equal(info.published_bytes, 0);
	assert_int_equal(info.too_large, 0); /* not even the jumbo one */
	assert_int_equal(info.bytes, RING_BYTES);
	assert_int_equal(mcr_engine_channel_remove(e, "md", &err), 0);
	end(e);
}

static void a_handler_that_takes_too_long_is_counted(void **state)
{
	static struct seen seen = {.nap_ns = 1000000};
	const struct mcr_channel_config config = {.size = sizeof(config),
						  .name = "md",
						  .handler = handler,
						  .handler_ctx = &seen,
						  .handler_only = 1};
	struct mcr_engine *e = engine_with(&config);
	struct mcr_channel_info info = run(e, "md");

	assert_true(info.handler_longest_ns >= 1000000);
	assert_int_equal(info.handler_slow, info.handler_calls);
	end(e);
}

static void only_a_handler_without_a_handler_is_an_error(void **state)
{
	const struct mcr_channel_config none = {.size = sizeof(none), .name = "none"};
	const struct mcr_channel_config bad = {
	    .size = sizeof(bad), .name = "bad", .handler_only = 1};
	struct mcr_engine *e = engine_with(&none);
	struct mcr_error err;

	assert_int_equal(mcr_engine_channel_add(e, &bad, &err), -EINVAL);
	assert_non_null(strstr(err.text, "handler_only without a handler"));
	end(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_handler_sees_each_message_before_the_consumers),
	    cmocka_unit_test(chunks_grow_in_a_burst_and_are_whole_ones_when_the_loop_is_behind),
	    cmocka_unit_test(without_hw_time_no_message_has_one),
	    cmocka_unit_test(with_hw_time_each_message_has_its_own),
	    cmocka_unit_test(it_is_synchronised_only_if_the_operator_says_so),
	    cmocka_unit_test(a_handler_may_take_the_place_of_the_ring),
	    cmocka_unit_test(a_handler_that_takes_too_long_is_counted),
	    cmocka_unit_test(only_a_handler_without_a_handler_is_an_error),
	};
	int ret;

	if (rig_capture_begin(&capture, write_frames) < 0)
		return 1;
	rig_eal_init(NULL, 0);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	rte_eal_cleanup();
	rig_capture_end(&capture);
	return ret;
}
