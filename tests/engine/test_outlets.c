/* SPDX-License-Identifier: BSD-3-Clause */
/* Which of several channels get a packet: rings that are too small, handlers, the ids of joins. */
#include "frames.h"

#define GOOD 2 /* id of the join of the usual frames' source; of any other: */
#define ANY  3

struct handled {
	unsigned of_id[ANY + 1], wrong;
};

/* Host 9's, or the other one's where its join wants any source. */
static int is_wanted(const struct mcr_inline_msg *m)
{
	return mcr_address_is_equal(m->source, host(9)) ||
	       (m->id != GOOD && mcr_address_is_equal(m->source, host(8)));
}

static void handler(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring)
{
	struct handled *handled = ctx;

	for (unsigned i = 0; i < n; i++) {
		handled->wrong += msgs[i].id > ANY || msgs[i].len != 1 || msgs[i].data[0] != 'x' ||
				  msgs[i].vlan != 0 || msgs[i].interface != 0 ||
				  msgs[i].dst_port != 5000 || msgs[i].src_port != 99 ||
				  !mcr_address_is_equal(msgs[i].group, rig_address(GROUP)) ||
				  !is_wanted(&msgs[i]);
		handled->of_id[msgs[i].id & ANY]++;
	}
}

static unsigned count_of_id(struct mcr_engine *e, const char *channel, uint32_t id)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct mcr_consumer *c = NULL;
	struct mcr_msg msgs[8];
	unsigned count = 0;

	opts.fd = mcr_engine_attach(e, channel, "test", NULL);
	opts.start = MCR_START_OLDEST;
	assert_int_equal(mcr_consumer_open(&c, &opts, NULL), 0);
	for (int n; (n = mcr_consumer_poll(c, msgs, 8)) > 0; mcr_consumer_release(c))
		for (int i = 0; i < n; i++)
			count += msgs[i].kind == MCR_DATA && msgs[i].id == id;
	mcr_consumer_close(c);
	return count;
}

/* The channel "handled" has a handler. sources: of its join; 0 = any. beside: "default" gets the
 * same group. */
static void a_handler_gets(uint32_t n_sources, int beside)
{
	static struct handled handled;
	const struct mcr_channel_config channel = {.size = sizeof(channel),
						   .name = "handled",
						   .handler = handler,
						   .handler_ctx = &handled};
	const struct mcr_address source = host(9);
	struct mcr_interface_config interface = probe();
	struct mcr_join join = rig_join(GROUP, 5000);
	const unsigned frames = n_sources > 0 ? 2 : 4; /* that it wants */
	struct mcr_engine *e;

	handled = (struct handled){.wrong = 0};
	interface.tx_never = 1;
	e = rig_engine(&interface, 1);
	assert_int_equal(mcr_engine_channel_add(e, &channel, NULL), 0);
	join.id = 1;
	if (beside)
		assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	strcpy(join.channel, "handled");
	join.id = n_sources > 0 ? GOOD : ANY;
	join.mode = n_sources > 0 ? MCR_FILTER_INCLUDE : MCR_FILTER_EXCLUDE;
	join.n_sources = n_sources;
	join.sources = n_sources > 0 ? &source : NULL;
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	if (n_sources > 0 && !beside)
		expect_drop(e, &(struct frame){.host = 8}, MCR_DROP_WRONG_SOURCE);
	else
		expect_delivered(e, &(struct frame){.host = 8});
	assert_int_equal(handled.of_id[join.id], frames);
	assert_int_equal(handled.of_id[0] + handled.of_id[1] + handled.of_id[ANY + GOOD - join.id],
			 0);
	assert_int_equal(handled.wrong, 0);
	assert_int_equal(count_of_id(e, "handled", join.id), frames);
	assert_int_equal(count_of_id(e, "default", 1), beside ? 4 : 0);
	mcr_engine_destroy(e);
}

static void a_handler_gets_what_its_channel_wants_with_the_join_s_id(void **state)
{
	for (uint32_t n_sources = 0; n_sources < 2; n_sources++)
		for (int beside = 0; beside < 2; beside++)
			a_handler_gets(n_sources, beside);
}

/* ---- rings that are too small ---- */

#define SMALL   65536 /* octets of the ring of "small" */
#define LARGEST (SMALL / 4 - 40 - (ipv6 ? 32 : 0))

static void send_payload(struct mcr_engine *e, struct rte_mempool *large, size_t len)
{
	static uint8_t frame[SMALL / 4 + 100], payload[SMALL / 4];
	struct rte_mbuf *m = rte_pktmbuf_alloc(large);
	uint64_t before = rig_account(e).received;

	assert_non_null(m);
	len = rig_udp(frame, GROUP, 5000, payload, len);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	assert_int_equal(rte_eth_tx_burst(port, 0, &m, 1), 1);
	rig_receive(e, before + 1);
}

static struct mcr_channel_info channel_of(const struct mcr_engine *e, const char *name)
{
	struct mcr_channel_info info = {.size = sizeof(info)};

	for (size_t i = 0; mcr_engine_channel_info(e, i, &info) == 0; i++)
		if (strcmp(info.name, name) == 0)
			return info;
	fail();
	return info;
}

static void a_packet_that_one_ring_cannot_hold_goes_to_the_others(void **state)
{
	const struct mcr_channel_config small = {
	    .size = sizeof(small), .name = "small", .bytes = SMALL};
	struct rte_mempool *large = rte_pktmbuf_pool_create("large", 15, 0, 0, SMALL / 3, -1);
	struct mcr_interface_config interface = probe();
	struct mcr_join join = rig_join(GROUP, 5000);
	struct mcr_engine *e;

	assert_non_null(large);
	interface.tx_never = 1;
	e = rig_engine(&interface, 1);
	assert_int_equal(mcr_engine_channel_add(e, &small, NULL), 0);
	strcpy(join.channel, "small");
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	send_payload(e, large, LARGEST);
	assert_int_equal(rig_account(e).delivered, 1);
	send_payload(e, large, LARGEST + 1);
	assert_int_equal(rig_account(e).drops[MCR_DROP_TOO_LARGE], 1);
	join.channel[0] = '\0';
	assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
	for (int i = 0; i < 20; i++) /* until the rx lcore has the new view */
		mcr_engine_poll(e, 1000000);
	send_payload(e, large, LARGEST + 1);
	assert_int_equal(rig_account(e).delivered, 2);
	assert_int_equal(rig_account(e).drops[MCR_DROP_TOO_LARGE], 1);
	assert_int_equal(channel_of(e, "small").published_bytes, LARGEST);
	assert_int_equal(channel_of(e, "small").too_large, 2);
	assert_int_equal(channel_of(e, "default").published_bytes, LARGEST + 1);
	assert_int_equal(channel_of(e, "default").too_large, 0);
	mcr_engine_destroy(e);
	assert_int_equal(rte_mempool_avail_count(large), 15);
	rte_mempool_free(large);
}

int main(void)
{
	const struct CMUnitTest for_both[] = {
	    cmocka_unit_test(a_handler_gets_what_its_channel_wants_with_the_join_s_id),
	    cmocka_unit_test(a_packet_that_one_ring_cannot_hold_goes_to_the_others),
	};

	int failed = set_up(NULL);

	for (ipv6 = 0; ipv6 < 2; ipv6++)
		failed += cmocka_run_group_tests_name(ipv6 ? "IPv6" : "IPv4", for_both, NULL, NULL);
	return failed + tear_down(NULL);
}
