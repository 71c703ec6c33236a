/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay in the rx loop: what each packet counts as, what the rings get beside it, and that no
 * buffer stays behind. Runs with both families. */
#include "proxy_rig.h"

#include <rte_mempool.h>

#define PORT   5000 /* that the rings want, of GROUP_1 */
#define HEADER (ipv6 ? 40 : 20)
#define MANY   100000 /* a million: test_relay_tx.c */

/* A packet that arrives on UP. */
struct arrival {
	const char *group, *source; /* NULL: GROUP_2, which only LAN wants; a host's of UP */
	const char *to, *from;      /* MAC addresses; NULL: the group's, a host's */
	uint16_t port, len;         /* 0: PORT; octets of payload, 4 at least */
	uint8_t ttl;                /* 0: 5 */
	uint8_t protocol;           /* 0: UDP */
	uint8_t is_fragment, is_chained;
};

static const struct arrival usual = {.group = GROUP_1}, beside = {.group = GROUP_2};

static void put_checksums(uint8_t *packet)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)packet;

	if (ipv6) {
		if (packet[6] == IPPROTO_UDP)
			rig_checksum_ipv6(packet + 40);
		return;
	}
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

static struct rte_mbuf *in_two(struct rte_mbuf *m)
{
	struct rte_mbuf *rest = rte_pktmbuf_alloc(pool);
	const uint16_t first = (uint16_t)(14 + HEADER + 8), n = (uint16_t)(m->data_len - first);

	assert_non_null(rest);
	memcpy(rte_pktmbuf_append(rest, n), rte_pktmbuf_mtod_offset(m, uint8_t *, first), n);
	rte_pktmbuf_trim(m, n);
	assert_int_equal(rte_pktmbuf_chain(m, rest), 0);
	return m;
}

/* With its number at the payload's begin. */
static struct rte_mbuf *made(const struct arrival *a, uint32_t number)
{
	static uint8_t payload[1400];
	const struct mcr_address source = twin(a->source ? a->source : "10.0.0.9");
	char text[MCR_ADDRESS_TEXT];
	uint8_t frame[1500], *packet = frame + 14;
	struct rte_mbuf *m;
	size_t len;

	memcpy(payload, &number, sizeof(number));
	len = rig_udp(frame, mcr_address_format(text, twin(a->group ? a->group : GROUP_2)),
		      a->port ? a->port : PORT, payload, a->len ? a->len : 40u);
	packet[ipv6 ? 7 : 8] = a->ttl ? a->ttl : 5;
	if (a->protocol)
		packet[ipv6 ? 6 : 9] = a->protocol;
	if (ipv6)
		memcpy(packet + 8, source.octets, 16);
	else
		((struct rte_ipv4_hdr *)packet)->src_addr = mcr_address_ipv4_be(source);
	if (a->is_fragment && !ipv6)
		packet[6] = 0x20;
	put_checksums(packet);
	if (a->is_fragment && ipv6) { /* RFC 8200 §4.5: the first, of more */
		packet[6] = 44;
		memcpy(packet + 40, (uint8_t[]){IPPROTO_UDP, 0, 0, 1, 0, 0, 0, 1}, 8);
	}
	m = frame_of(packet, len - 14);
	if (a->to)
		memcpy(rte_pktmbuf_mtod(m, uint8_t *), a->to, 6);
	if (a->from)
		memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, 6), a->from, 6);
	return a->is_chained ? in_two(m) : m;
}

/* LAN wants both groups, the rings PORT of GROUP_1. */
static struct mcr_engine *begin_relay(int has_relay, int has_guard)
{
	struct mcr_interface_config configs[LANS];
	struct mcr_join join = {.port = PORT, .interface = "up"};
	struct mcr_engine *e;

	configure(configs);
	for (unsigned l = 0; l < LANS; l++) {
		configs[l].querier = configs[l].mld_querier = MCR_QUERIER_OFF;
		configs[l].fast_leave = 0;
		if (!has_relay)
			configs[l].role = MCR_RELAY_NONE;
		else if (l != UP)
			configs[l].forward_when = MCR_FORWARD_ALWAYS;
	}
	if (has_relay) {
		configs[UP].loop_guard = (uint8_t)has_guard;
		configs[LAN].n_static_groups = 2;
		configs[LAN].static_groups[0].group = twin(GROUP_1);
		configs[LAN].static_groups[1].group = twin(GROUP_2);
	}
	e = begin_with(configs, 1);
	join.group = twin(GROUP_1);
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	return e;
}

/* ---- what a packet counts as ---- */

static struct mcr_relay_info relay_of(const struct mcr_engine *e, size_t i)
{
	struct mcr_relay_info info = {.size = sizeof(info)};

	assert_int_equal(mcr_engine_relay_info(e, i, &info), 0);
	assert_int_equal(info.out.offered, info.out.tx + info.out.tx_full + info.out.tx_mtu +
					       info.out.tx_ttl + info.out.tx_no_buffer +
					       info.out.tx_down);
	return info;
}

struct outcome {
	unsigned delivered, relayed_only, relayed, wrong_interface, forwarded;
	enum mcr_drop reason; /* MCR_DROP_COUNT: it is no drop */
};

static const struct outcome to_both = {1, 0, 1, 0, 1, MCR_DROP_COUNT},
			    to_lan = {0, 1, 1, 0, 1, MCR_DROP_COUNT},
			    to_rings = {1, 0, 0, 1, 0, MCR_DROP_COUNT};

static void expect(struct mcr_engine *e, const struct arrival *arrival, const struct outcome *is)
{
	struct mcr_account before = rig_account(e), after;
	const uint64_t wrong = relay_of(e, UP).wrong_interface;

	hear();
	lans[LAN].forwarded = 0;
	put(UP, made(arrival, 1));
	after = rig_receive(e, before.received + 1);
	hear();
	assert_int_equal(after.delivered - before.delivered, is->delivered);
	assert_int_equal(after.relayed_only - before.relayed_only, is->relayed_only);
	assert_int_equal(after.relayed - before.relayed, is->relayed);
	assert_int_equal(relay_of(e, UP).wrong_interface - wrong, is->wrong_interface);
	assert_int_equal(lans[LAN].forwarded, is->forwarded);
	for (unsigned r = 0; r < MCR_DROP_COUNT; r++)
		assert_int_equal(after.drops[r] - before.drops[r], r == is->reason);
}

static void expect_reason(struct mcr_engine *e, const struct arrival *arrival, enum mcr_drop reason)
{
	const struct outcome is = {.reason = reason,
				   .wrong_interface = reason == MCR_DROP_WRONG_INTERFACE};

	expect(e, arrival, &is);
}

/* F-8, F-9, F-31, F-33, F-41 */
static void what_an_output_is_for_is_no_drop(void **state)
{
	const struct arrival fragment = {.group = GROUP_1, .is_fragment = 1},
			     chained = {.group = GROUP_1, .is_chained = 1, .len = 1300},
			     other_port = {.group = GROUP_1, .port = 6000},
			     other_protocol = {.group = GROUP_1, .protocol = 132};
	struct outcome unheard = to_lan; /* it is forwarded, but no datagram */
	struct mcr_engine *e = begin_relay(1, 0);

	unheard.forwarded = 0;
	expect(e, &usual, &to_both);
	expect(e, &beside, &to_lan);
	expect(e, &chained, &to_both);
	expect(e, &other_port, &to_lan);
	expect(e, &other_protocol, &unheard);
	expect(e, &fragment, ipv6 ? &unheard : &to_lan);
	assert_int_equal(relay_of(e, LAN).out.tx, 6);
}

/* F-4: TTL 1 goes nowhere; it is counted at the output. */
static void what_ends_here_is_delivered_and_goes_nowhere(void **state)
{
	const struct arrival last = {.group = GROUP_1, .ttl = 1}, alone = {.ttl = 1};
	struct outcome is = to_both, only = to_lan;
	struct mcr_engine *e = begin_relay(1, 0);

	is.forwarded = only.forwarded = 0;
	expect(e, &last, &is);
	expect(e, &alone, &only);
	assert_int_equal(relay_of(e, LAN).out.tx_ttl, 2);
}

/* F-12, F-13, F-21, F-37, F-41 */
static void what_is_not_relayed_has_its_reason(void **state)
{
	const struct arrival foreign = {.source = "10.1.0.9"}, ours = {.source = "10.0.0.5"},
			     of_lan = {.from = "\x02\x00\x00\x00\x01\x01"},
			     of_up = {.from = "\x02\x00\x00\x00\x00\x01"},
			     broadcast = {.source = "10.0.0.255"},
			     unwanted = {.group = "239.1.1.9"},
			     unicast = {.to = "\x02\x00\x00\x00\x09\x09"},
			     to_me = {.to = "\x02\x00\x00\x00\x00\x01"},
			     fragment = {.source = "10.1.0.9", .is_fragment = 1},
			     wanted = {.group = GROUP_1, .source = "10.1.0.9"};
	struct mcr_engine *e = begin_relay(1, 0);

	expect_reason(e, &foreign, MCR_DROP_WRONG_INTERFACE);
	expect_reason(e, &fragment, MCR_DROP_WRONG_INTERFACE);
	expect_reason(e, &ours, MCR_DROP_WRONG_INTERFACE);
	expect_reason(e, &of_lan, MCR_DROP_WRONG_INTERFACE);
	expect_reason(e, &of_up, MCR_DROP_OWN_FRAME);
	expect_reason(e, &unwanted, MCR_DROP_UNKNOWN_GROUP);
	expect_reason(e, &unicast, MCR_DROP_NOT_MULTICAST);
	expect_reason(e, &to_me, MCR_DROP_UNKNOWN_GROUP);
	expect(e, &wanted, &to_rings); /* reverse paths concern the relay alone */
	if (!ipv6) {
		const struct outcome is = {.wrong_interface = 1, .reason = MCR_DROP_BAD_SOURCE};

		expect(e, &broadcast, &is);
	}
	assert_int_equal(relay_of(e, LAN).out.offered, 0);
}

/* What is known of a flow from UP is not true of its packets that come in by LAN. */
static void expect_refusal_on_lan(struct mcr_engine *e, const struct arrival *arrival)
{
	const struct mcr_account before = rig_account(e);
	const uint64_t wrong = relay_of(e, LAN).wrong_interface;
	struct mcr_account after;

	put(LAN, made(arrival, 1));
	after = rig_receive(e, before.received + 1);
	assert_int_equal(after.relayed, before.relayed);
	assert_int_equal(after.drops[MCR_DROP_WRONG_INTERFACE],
			 before.drops[MCR_DROP_WRONG_INTERFACE] + 1);
	assert_int_equal(relay_of(e, LAN).wrong_interface, wrong + 1);
}

/* An answer holds for its own source, interface and sender only. */
static void reverse_paths_are_looked_up_for_each_sender(void **state)
{
	const struct arrival foreign = {.source = "10.1.0.9"},
			     of_lan = {.from = "\x02\x00\x00\x00\x01\x01"};
	struct mcr_engine *e = begin_relay(1, 0);

	for (unsigned i = 0; i < 3; i++) {
		expect(e, &beside, &to_lan);
		expect(e, &beside, &to_lan);
		expect_reason(e, &foreign, MCR_DROP_WRONG_INTERFACE);
		expect_reason(e, &foreign, MCR_DROP_WRONG_INTERFACE);
		expect(e, &beside, &to_lan);
		expect_reason(e, &of_lan, MCR_DROP_WRONG_INTERFACE);
		expect(e, &beside, &to_lan);
		expect_refusal_on_lan(e, &beside);
	}
}

/* All that came in together are of new flows; then of known ones. */
static void each_packet_of_a_burst_is_forwarded_and_counted(void **state)
{
	enum {
		BURST = 32,
		ROUNDS = 3
	};
	struct mcr_engine *e = begin_relay(1, 0);
	struct mcr_route_info route = {.size = sizeof(route)};
	const uint64_t before = rig_account(e).received;
	unsigned flows = 0;

	for (unsigned round = 1; round <= ROUNDS; round++) {
		struct rte_mbuf *burst[BURST];
		struct mcr_account a;

		for (unsigned i = 0; i < BURST; i++) {
			char source[32];

			snprintf(source, sizeof(source), "10.0.0.%u", 10 + i);
			burst[i] = made(
			    &(struct arrival){.group = i % 3 ? GROUP_1 : GROUP_2, .source = source},
			    i);
		}
		hear();
		lans[LAN].forwarded = 0;
		assert_int_equal(rte_ring_enqueue_bulk(lans[UP].to, (void **)burst, BURST, NULL),
				 BURST);
		a = rig_receive(e, before + round * BURST);
		hear();
		assert_int_equal(lans[LAN].forwarded, BURST);
		assert_int_equal(a.relayed, round * BURST);
		assert_int_equal(a.relayed_only, round * 11);
	}
	for (size_t i = 0; mcr_engine_route_info(e, i, &route) == 0; i++) {
		if (route.packets == 0)
			continue;
		assert_int_equal(route.packets, ROUNDS);
		flows++;
	}
	assert_int_equal(flows, BURST);
}

static void what_is_known_of_a_flow_ends_with_the_view(void **state)
{
	const struct mcr_join join = {.group = twin(GROUP_1), .port = PORT, .interface = "up"};
	struct mcr_engine *e = begin_relay(1, 0);

	for (unsigned i = 0; i < 3; i++) {
		expect(e, &usual, &to_both);
		expect(e, &usual, &to_both);
		assert_int_equal(mcr_engine_leave(e, &join, NULL), 0);
		expect(e, &usual, &to_lan);
		expect(e, &usual, &to_lan);
		assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	}
}

/* F-16 */
static void what_comes_back_in_a_loop_is_dropped(void **state)
{
	const struct arrival back = {.ttl = 4}, back_here = {.group = GROUP_1, .ttl = 4};
	struct mcr_engine *e = begin_relay(1, 1);
	struct outcome again = to_rings;

	again.wrong_interface = 0;
	expect(e, &beside, &to_lan);
	expect_reason(e, &back, MCR_DROP_LOOPED);
	expect(e, &usual, &to_both);
	expect(e, &back_here, &again);
	expect_reason(e, &back, MCR_DROP_LOOPED);
	assert_int_equal(relay_of(e, UP).looped, 3);
}

/* ---- the rings ---- */

#define KINDS 8

struct heard {
	uint8_t data[1400];
	struct mcr_msg is;
};

static void send_all_kinds(struct mcr_engine *e)
{
	static const struct arrival kinds[KINDS] = {
	    {.group = GROUP_1},
	    {.group = GROUP_1, .ttl = 1},
	    {.group = GROUP_1, .len = 1300, .is_chained = 1},
	    {.group = GROUP_2},
	    {.group = GROUP_1, .source = "10.1.0.9"},
	    {.group = GROUP_1, .is_fragment = 1},
	    {.group = GROUP_1, .len = 900},
	    {.group = GROUP_1, .port = 6000},
	};
	const uint64_t before = rig_account(e).received;

	for (uint32_t i = 0; i < 256; i++)
		put(UP, made(&kinds[i * 7 / 3 % KINDS], i)); /* runs of different lengths */
	rig_receive(e, before + 256);
}

static unsigned hear_messages(struct mcr_consumer *c, struct heard *heard, unsigned max)
{
	struct mcr_msg m;
	unsigned n = 0;

	while (n < max && mcr_consumer_poll(c, &m, 1) == 1) {
		if (m.kind != MCR_DATA)
			continue;
		heard[n].is = m;
		memcpy(heard[n++].data, m.data, m.len);
	}
	return n;
}

static void assert_same(const struct heard *a, const struct heard *b)
{
	assert_int_equal(a->is.len, b->is.len);
	assert_memory_equal(a->data, b->data, a->is.len);
	assert_true(mcr_address_is_equal(a->is.group, b->is.group));
	assert_true(mcr_address_is_equal(a->is.source, b->is.source));
	assert_int_equal(a->is.dst_port, b->is.dst_port);
	assert_int_equal(a->is.src_port, b->is.src_port);
	assert_int_equal(a->is.ttl, b->is.ttl);
	assert_int_equal(a->is.traffic_class, b->is.traffic_class);
	assert_int_equal(a->is.interface, b->is.interface);
}

/* F-36 */
static void the_rings_get_the_same_with_and_without_a_relay(void **state)
{
	static struct heard heard[2][256];
	unsigned n[2];

	for (int has_relay = 0; has_relay < 2; has_relay++) {
		struct mcr_engine *e = begin_relay(has_relay, 0);
		struct mcr_consumer *c = rig_consumer(e);

		send_all_kinds(e);
		n[has_relay] = hear_messages(c, heard[has_relay], 256);
		assert_int_equal(n[has_relay], rig_account(e).delivered);
		assert_true(rig_account(e).relayed >= (has_relay ? 100 : 0));
		mcr_consumer_close(c);
		if (!has_relay)
			end(state);
	}
	assert_true(n[0] > 100);
	assert_int_equal(n[0], n[1]);
	for (unsigned i = 0; i < n[0]; i++)
		assert_same(&heard[0][i], &heard[1][i]);
}

/* ---- many ---- */

static void add_used(struct rte_mempool *p, void *sum)
{
	*(uint64_t *)sum += rte_mempool_in_use_count(p);
}

static uint64_t buffers_used(void)
{
	uint64_t sum = 0;

	rte_mempool_walk(add_used, &sum);
	return sum;
}

/* Of what LAN gets, the next number is larger than the last: some go nowhere. Returns the last. */
static int64_t hear_in_order(int64_t last)
{
	struct rte_mbuf *m;

	while (rte_ring_dequeue(lans[LAN].from[0], (void **)&m) == 0) {
		uint32_t number;

		if (is_datagram(rte_pktmbuf_mtod_offset(m, const uint8_t *, 14))) {
			memcpy(&number,
			       rte_pktmbuf_mtod_offset(m, const uint8_t *, 14 + HEADER + 8),
			       sizeof(number));
			assert_true(number > last);
			last = number;
		}
		rte_pktmbuf_free(m);
	}
	return last;
}

/* F-28, F-30, F-31, F-32: the accounts hold in every reading. */
static void many_packets_leave_no_buffer_behind(void **state)
{
	static const struct arrival kinds[] = {{.group = GROUP_1},
					       {.group = GROUP_2},
					       {.group = "239.1.1.9"},
					       {.group = GROUP_1, .len = 1300}};
	struct mcr_engine *e = begin_relay(1, 0);
	const uint64_t used = buffers_used(), before = rig_account(e).received;
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	struct mcr_account a;
	int64_t last = -1;
	uint32_t sent = 0;

	while (sent < MANY) {
		a = rig_account(e);
		assert_true(a.relayed >= a.relayed_only);
		relay_of(e, LAN);
		for (unsigned i = 0; i < 64 && sent < MANY && rte_mempool_avail_count(pool) > 64;
		     i++, sent++)
			put(UP, made(&kinds[sent % RTE_DIM(kinds)], sent));
		last = hear_in_order(last);
	}
	a = rig_receive(e, before + MANY);
	last = hear_in_order(last);
	assert_int_equal(last, MANY - 1);
	assert_int_equal(a.relayed, MANY / 4 * 3);
	assert_int_equal(a.relayed_only, MANY / 4);
	assert_int_equal(relay_of(e, LAN).out.tx, MANY / 4 * 3);
	while (buffers_used() != used && monotonic_ns() < end_ns)
		poll_engine(e);
	assert_int_equal(buffers_used(), used);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_an_output_is_for_is_no_drop),
	    TEST(what_ends_here_is_delivered_and_goes_nowhere),
	    TEST(what_is_not_relayed_has_its_reason),
	    TEST(reverse_paths_are_looked_up_for_each_sender),
	    TEST(each_packet_of_a_burst_is_forwarded_and_counted),
	    TEST(what_is_known_of_a_flow_ends_with_the_view),
	    TEST(what_comes_back_in_a_loop_is_dropped),
	    TEST(the_rings_get_the_same_with_and_without_a_relay),
	    TEST(many_packets_leave_no_buffer_behind),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
