/* SPDX-License-Identifier: BSD-3-Clause */
/* A queue that is behind, received in pieces. net_pcap is behind from its first burst on, and each
 * frame bears its place in the file. */
#include "rig.h"

#define FRAMES 250 /* the last poll finds an end within a piece */
#define BURST  32
#define PIECE  8
#define JUMBO  6000

/* Places of frames that are no small datagrams to the group. The first four are in one poll, but
 * in other pieces each. */
#define UNKNOWN_EARLIER 35
#define IS_ARP          42
#define IS_JUMBO        50
#define UNKNOWN_LATER   60
#define NO_MULTICAST    100

#define DELIVERED (FRAMES - 4)

static struct rig_capture capture;

/* The datagrams as they come, each checked. Its one writer is the rx lcore, or the test. */
struct seen {
	uint32_t next; /* place of the next one; the loop releases it */
	unsigned in_pieces, calls, largest_call;
	uint64_t rx_ns[FRAMES]; /* by place */
	const char *wrong;      /* what was, first */
	uint8_t copy[JUMBO];
};

static int is_of_the_group(uint32_t place)
{
	return place != UNKNOWN_EARLIER && place != IS_ARP && place != UNKNOWN_LATER &&
	       place != NO_MULTICAST;
}

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + 3);
}

static size_t write_frame(uint8_t *frame, uint32_t place)
{
	static uint8_t payload[JUMBO];
	size_t len;

	for (size_t i = 0; i < JUMBO; i++)
		payload[i] = pattern(i);
	memcpy(payload, &place, sizeof(place));
	if (place == IS_ARP)
		return rig_arp(frame, "10.0.0.77");
	if (place == UNKNOWN_EARLIER || place == UNKNOWN_LATER)
		return rig_udp(frame, place == UNKNOWN_LATER ? "239.9.9.2" : "239.9.9.1", 5000,
			       payload, sizeof(place));
	len = rig_udp(frame, "239.1.1.1", 5000, payload, place == IS_JUMBO ? JUMBO : sizeof(place));
	if (place == NO_MULTICAST)
		memcpy(frame, "\x02\x00\x00\x00\x00\x77", 6);
	return len;
}

static void write_frames(const char *path)
{
	static uint8_t frame[JUMBO + 60];
	FILE *f = rig_pcap_open(path);

	for (uint32_t place = 0; place < FRAMES; place++)
		rig_pcap_add(f, frame, write_frame(frame, place));
	fclose(f);
}

/* ---- what came ---- */

/* Where frames begin that came together with the one at place. */
static uint32_t together_from(const struct seen *seen, uint32_t place)
{
	return place / BURST * BURST +
	       (seen->in_pieces && place >= BURST ? place % BURST / PIECE * PIECE : 0);
}

/* Those that came together have one time, and the next ones a later one. */
static int is_in_time(const struct seen *seen, uint32_t place)
{
	uint32_t from = together_from(seen, place);

	for (uint32_t before = 0; before < place; before++)
		if (is_of_the_group(before) &&
		    (before < from ? seen->rx_ns[before] >= seen->rx_ns[place]
				   : seen->rx_ns[before] != seen->rx_ns[place]))
			return 0;
	return 1;
}

static const char *look(struct seen *seen, const uint8_t *data, size_t len, uint64_t rx_ns)
{
	uint32_t place = seen->next;

	while (!is_of_the_group(place))
		place++;
	seen->next = place + 1;
	if (place >= FRAMES)
		return "more than were sent";
	if (len != (place == IS_JUMBO ? JUMBO : sizeof(place)) ||
	    memcmp(data, &place, sizeof(place)) != 0)
		return "not the next datagram";
	for (size_t i = sizeof(place); i < len; i++)
		if (data[i] != pattern(i))
			return "not its payload";
	seen->rx_ns[place] = rx_ns;
	return is_in_time(seen, place) ? NULL : "the wrong time";
}

static void handler(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring)
{
	struct seen *seen = ctx;

	seen->calls++;
	if (seen->next >= BURST && n > seen->largest_call)
		seen->largest_call = n;
	for (unsigned i = 0; i < n; i++) {
		size_t len = mcr_inline_copy(&msgs[i], seen->copy, JUMBO);
		const char *wrong = look(seen, seen->copy, len, msgs[i].rx_ns);

		if (!seen->wrong)
			seen->wrong = wrong;
	}
}

static void consume(struct mcr_consumer *c, struct seen *seen)
{
	struct mcr_msg msgs[BURST];

	for (int n; (n = mcr_consumer_poll(c, msgs, BURST)) > 0;)
		for (int i = 0; i < n; i++) {
			int len;

			if (msgs[i].kind != MCR_DATA)
				continue;
			len = mcr_consumer_read(c, &msgs[i], seen->copy, JUMBO);
			assert_true(len >= 0);
			seen->wrong = look(seen, seen->copy, (size_t)len, msgs[i].rx_ns);
			if (seen->wrong)
				fail_msg("before frame %u: %s", seen->next, seen->wrong);
		}
}

/* ---- the engine ---- */

static struct mcr_engine *engine_with(uint8_t pieces, const struct mcr_channel_config *channel)
{
	struct mcr_interface_config interface = rig_interface("net_pcap0");
	struct mcr_join join = rig_join("239.1.1.1", 5000);
	struct mcr_error err = {""};
	struct mcr_engine *e;

	interface.pieces = pieces;
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_pcap0", capture.args), 0);
	e = rig_engine(&interface, 1);
	strcpy(join.channel, channel->name);
	if (mcr_engine_channel_add(e, channel, &err) < 0 || mcr_engine_join(e, &join, &err) < 0)
		fail_msg("%s", err.text);
	return e;
}

static void end(struct mcr_engine *e)
{
	mcr_engine_destroy(e);
	assert_int_equal(rte_eal_hotplug_remove("vdev", "net_pcap0"), 0);
}

/* Each frame is in the account once. */
static void run(struct mcr_engine *e)
{
	struct mcr_port_info port = {.size = sizeof(port)};
	struct mcr_account a;

	assert_int_equal(mcr_engine_start(e, NULL), 0);
	a = rig_receive(e, FRAMES);
	assert_int_equal(a.received, FRAMES);
	assert_int_equal(mcr_engine_port_info(e, 0, &port), 0);
	assert_int_equal(port.rx_frame_max, 65535); /* a snapshot of libpcap's */
	assert_int_equal(a.delivered, DELIVERED);
	assert_int_equal(a.punted, 1);
	assert_int_equal(a.drops[MCR_DROP_UNKNOWN_GROUP], 2);
	assert_int_equal(a.drops[MCR_DROP_NOT_MULTICAST], 1);
}

/* Whether the group was seen, and dropped for the reason. */
static int is_seen(const struct mcr_engine *e, const char *group, uint8_t dropped)
{
	struct mcr_sighting s = {.size = sizeof(s)};

	for (size_t i = 0; mcr_engine_sighting(e, i, &s) == 0; i++)
		if (mcr_address_is_equal(s.group, rig_address(group)) && s.dropped == dropped)
			return 1;
	return 0;
}

static void a_consumer_gets(uint8_t pieces, unsigned in_pieces)
{
	const struct mcr_channel_config config = {.size = sizeof(config), .name = "md"};
	struct mcr_engine *e = engine_with(pieces, &config);
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	static struct seen seen;
	struct mcr_consumer *c;
	struct mcr_drop_sample drop = {.size = sizeof(drop)};

	seen = (struct seen){.in_pieces = in_pieces};
	opts.fd = mcr_engine_attach(e, "md", "test", NULL);
	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	run(e);
	consume(c, &seen);
	assert_int_equal(seen.next, FRAMES);
	mcr_engine_drop_sample(e, MCR_DROP_UNKNOWN_GROUP, &drop);
	assert_int_equal(mcr_address_ipv4_be(drop.group), rig_ip("239.9.9.2"));
	assert_int_equal(drop.time_ns, seen.rx_ns[UNKNOWN_LATER + 1]);
	mcr_engine_drop_sample(e, MCR_DROP_NOT_MULTICAST, &drop);
	assert_memory_equal(drop.destination_mac, "\x02\x00\x00\x00\x00\x77", 6);
	assert_int_equal(drop.time_ns, seen.rx_ns[NO_MULTICAST + 1]);
	assert_true(is_seen(e, "239.9.9.2", MCR_DROP_UNKNOWN_GROUP));
	if (in_pieces) /* each has a last one */
		assert_true(is_seen(e, "239.9.9.1", MCR_DROP_UNKNOWN_GROUP));
	/* All of the first burst, and later one that came in a unicast frame. */
	assert_true(is_seen(e, "239.1.1.1", MCR_DROP_NOT_MULTICAST));
	mcr_consumer_close(c);
	end(e);
}

static void each_piece_has_its_own_time_and_each_packet_comes_once(void **state)
{
	a_consumer_gets(MCR_PIECES_ON, 1);
}

static void without_pieces_a_burst_has_one_time(void **state)
{
	a_consumer_gets(MCR_PIECES_OFF, 0);
	a_consumer_gets(MCR_PIECES_AUTO, 0);
}

static void handler_sees_all(uint8_t only)
{
	static struct seen seen;
	const struct mcr_channel_config config = {.size = sizeof(config),
						  .name = "md",
						  .handler = handler,
						  .handler_ctx = &seen,
						  .handler_slow_ns = UINT32_MAX,
						  .handler_only = only};
	struct mcr_engine *e;

	seen = (struct seen){.in_pieces = 1};
	e = engine_with(MCR_PIECES_ON, &config);
	run(e);
	if (seen.wrong)
		fail_msg("%s", seen.wrong);
	assert_int_equal(seen.next, FRAMES);
	assert_int_equal(seen.largest_call, PIECE);
	assert_int_equal(seen.calls, 3 + (FRAMES - BURST + PIECE - 1) / PIECE);
	end(e);
}

static void a_handler_sees_each_piece_while_its_buffers_are_there(void **state)
{
	handler_sees_all(0);
	handler_sees_all(1);
}

/* As two consumers of the same messages: what the handler has seen is in the ring, too. */
static void what_a_handler_saw_is_published(void **state)
{
	static struct seen seen, read;
	const struct mcr_channel_config config = {.size = sizeof(config),
						  .name = "md",
						  .handler = handler,
						  .handler_ctx = &seen,
						  .handler_slow_ns = UINT32_MAX};
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *c;
	struct mcr_engine *e;

	seen = read = (struct seen){.in_pieces = 1};
	e = engine_with(MCR_PIECES_ON, &config);
	opts.fd = mcr_engine_attach(e, "md", "test", NULL);
	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	run(e);
	consume(c, &read);
	assert_int_equal(read.next, FRAMES);
	assert_memory_equal(read.rx_ns, seen.rx_ns, sizeof(read.rx_ns));
	mcr_consumer_close(c);
	end(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_piece_has_its_own_time_and_each_packet_comes_once),
	    cmocka_unit_test(without_pieces_a_burst_has_one_time),
	    cmocka_unit_test(a_handler_sees_each_piece_while_its_buffers_are_there),
	    cmocka_unit_test(what_a_handler_saw_is_published),
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
