/* SPDX-License-Identifier: BSD-3-Clause */
/* The frames of a relayed packet, octet by octet, and the buffers that they are made of. */
#include "relay_rig.h"

#define ALL ((1u << OUTPUTS) - 1)

static struct input in;
static struct octets expected;

/* What nobody may change in a buffer that somebody else holds. */
struct seen {
	uint8_t octets[FRAME_MAX];
	struct rte_mbuf is[64];
	unsigned n;
};

static void see(struct seen *s, const struct rte_mbuf *m)
{
	uint32_t at = 0;

	for (s->n = 0; m; m = m->next) {
		assert_true(s->n < RTE_DIM(s->is));
		s->is[s->n++] = *m;
		memcpy(s->octets + at, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
		at += m->data_len;
	}
}

static void assert_as_seen(const struct seen *s, const struct rte_mbuf *m)
{
	uint32_t at = 0;

	for (unsigned i = 0; i < s->n; i++, m = m->next) {
		const struct rte_mbuf *was = &s->is[i];

		assert_non_null(m);
		assert_ptr_equal(m->next, was->next);
		assert_int_equal(m->data_off, was->data_off);
		assert_int_equal(m->data_len, was->data_len);
		assert_int_equal(m->pkt_len, was->pkt_len);
		assert_int_equal(m->nb_segs, was->nb_segs);
		assert_int_equal(m->ol_flags, was->ol_flags);
		assert_int_equal(m->vlan_tci, was->vlan_tci);
		assert_int_equal(m->hash.usr, was->hash.usr);
		assert_memory_equal(rte_pktmbuf_mtod(m, const uint8_t *), s->octets + at,
				    m->data_len);
		at += m->data_len;
	}
	assert_null(m);
}

/* Each output gets what the model says, and no more; then all buffers are back. */
static void expect(struct rte_mbuf *m, uint64_t outputs, int is_held)
{
	struct mcr_relay_counts before[OUTPUTS];
	struct seen seen;

	for (unsigned i = 0; i < OUTPUTS; i++)
		before[i] = counts_of(relay, i);
	if (is_held) {
		rte_pktmbuf_refcnt_update(m, 1);
		see(&seen, m);
	}
	send_to(m, outputs);
	mcr_relay_flush(relay);
	for (unsigned i = 0; i < OUTPUTS; i++) {
		struct rte_mbuf *frame = take_out(i);
		struct mcr_relay_counts now = counts_of(relay, i);

		assert_int_equal(now.offered - before[i].offered, outputs >> i & 1);
		assert_int_equal(now.tx - before[i].tx, outputs >> i & 1);
		assert_int_equal(frame != NULL, outputs >> i & 1);
		assert_null(take_out(i));
		if (!frame)
			continue;
		model(&expected, &in, &view.outputs[i]);
		assert_frame(frame, &expected);
		assert_true(view.outputs[i].takes_chains || frame->nb_segs == 1);
		rte_pktmbuf_free(frame);
	}
	if (is_held) {
		assert_as_seen(&seen, m);
		rte_pktmbuf_free(m);
	}
	assert_all_buffers_are_back();
}

/* Outputs with and without a tag, and with drivers that take chains and that do not. */
static void set_outputs(unsigned kind)
{
	for (unsigned i = 0; i < OUTPUTS; i++) {
		view.outputs[i].vlan = kind & 1 ? (uint16_t)(i % 2 * (0xabc + i)) : 0;
		view.outputs[i].takes_chains = kind & 2 ? i % 3 != 0 : kind >> 2 & 1;
	}
}

/* In one piece, in two behind the headers, in parts; held by somebody else or not. */
static void expect_in_all_ways(uint64_t outputs)
{
	const uint32_t header = in.octets[in.ip] >> 4 == 6 ? 40 : (in.octets[in.ip] & 15u) * 4;
	const uint32_t parts[] = {0, in.ip + header, in.ip + header + 1, in.len / 2 + 40};

	for (unsigned p = 0; p < RTE_DIM(parts); p++) {
		if (parts[p] > 0 && in.len / parts[p] > 60)
			continue;
		for (int is_held = 0; is_held < 2; is_held++)
			expect(receive(&in, parts[p]), outputs, is_held);
	}
}

/* F-2, F-20, F-22, F-23, F-33, F-34, F-44 */
static void each_output_gets_the_packet_in_a_frame_of_its_own(void **state)
{
	static const uint32_t payloads[] = {0,   1,   5,   17,  18,  19,  100,
					    450, 483, 484, 485, 600, 1400};
	static const uint64_t sets[] = {1, 2, 3, 6, 0x15, 0xff};

	for (unsigned kind = 0; kind < 8; kind++) {
		set_outputs(kind);
		for (unsigned p = 0; p < RTE_DIM(payloads); p++)
			for (unsigned form = 0; form < 6; form++) {
				make_input(&in, form % 2, payloads[p], form / 2 == 1 ? 0x123 : 0);
				in.stripped = form / 2 == 2 ? 0xe123 : 0;
				for (unsigned s = 0; s < RTE_DIM(sets); s++)
					expect_in_all_ways(sets[s]);
			}
	}
}

/* F-22 */
static void ethernet_padding_stays_behind(void **state)
{
	static const uint32_t payloads[] = {0, 4, 600};

	for (unsigned kind = 0; kind < 8; kind++) {
		set_outputs(kind);
		for (unsigned p = 0; p < RTE_DIM(payloads); p++) {
			make_input(&in, 0, payloads[p], 0);
			memset(in.octets + in.len, 0xa5, 64);
			in.len += 64; /* so that some parts hold nothing else */
			for (uint32_t part = 42; part < 700; part += 51)
				if (in.len / part < 6)
					expect(receive(&in, part), 7, part & 1);
			expect(receive(&in, 0), 1, 0);
			expect(receive(&in, 0), 7, 0);
		}
	}
}

/* F-19, F-43 */
static void options_stay_as_they_are(void **state)
{
	for (unsigned kind = 0; kind < 8; kind++) {
		set_outputs(kind);
		for (uint32_t payload = 4; payload < 1200; payload += 595) {
			uint8_t *ip = in.octets + 14;

			make_input(&in, 0, payload, 0);
			memmove(ip + 60, ip + 20, in.len - 34);
			memset(ip + 20, 1, 39); /* no operation */
			ip[59] = 0;
			ip[0] = 0x4f;
			ip[2] = (uint8_t)((68 + payload) >> 8);
			ip[3] = (uint8_t)(68 + payload);
			put_checksum(ip);
			in.len += 40;
			expect_in_all_ways(1);
			expect_in_all_ways(0x15);
		}
	}
}

/* F-33 */
static void a_jumbo_frame_is_relayed_whole(void **state)
{
	for (unsigned tag = 0; tag < 2; tag++) {
		set_outputs(tag + 4);
		make_input(&in, 0, 8900, (uint16_t)(tag * 7));
		expect(receive(&in, 2048), 1, 0);
		expect(receive(&in, 2048), ALL, 0);
		expect(receive(&in, 2048), 1, 1);
		expect(receive(&in, 2048), ALL, 1);
	}
}

static void what_fits_into_no_buffer_is_counted(void **state)
{
	struct rte_mbuf *m;

	set_outputs(0);
	make_input(&in, 0, 8900, 0);
	send_to(receive(&in, 2048), 3);
	view.outputs[1].takes_chains = 1;
	send_to(receive(&in, 2048), 3);
	mcr_relay_flush(relay);
	assert_int_equal(counts_of(relay, 0).tx_no_buffer, 2);
	assert_int_equal(counts_of(relay, 1).tx_no_buffer, 1);
	assert_int_equal(counts_of(relay, 1).tx, 1);
	model(&expected, &in, &view.outputs[1]);
	m = take_out(1);
	assert_frame(m, &expected);
	rte_pktmbuf_free(m);
	assert_all_buffers_are_back();
}

/* An input without headroom, as some drivers give it, or one without room behind its frame. */
static void a_buffer_without_room_is_not_sent_itself(void **state)
{
	for (unsigned kind = 0; kind < 8; kind++) {
		set_outputs(kind);
		for (unsigned at = 0; at < 2; at++)
			for (uint32_t payload = 4; payload < 1000; payload += 900) {
				struct rte_mbuf *m;
				uint32_t off;

				make_input(&in, 0, payload, 0);
				m = receive(&in, 0);
				off = at ? m->buf_len - in.len : 0;
				memmove((uint8_t *)m->buf_addr + off,
					rte_pktmbuf_mtod(m, uint8_t *), in.len);
				m->data_off = (uint16_t)off;
				expect(m, kind & 1 ? 2 : 7, 0);
			}
	}
}

/* ---- what stands in the way of one output ---- */

/* F-4, F-5 */
static void an_output_takes_what_came_with_a_ttl_above_its_threshold(void **state)
{
	for (unsigned ipv6 = 0; ipv6 < 2; ipv6++) {
		for (unsigned ttl = 0; ttl < 13; ttl++) {
			const uint64_t takes = (ttl > 1 ? 1u : 0) | (ttl > 10 ? 2u : 0);

			make_input(&in, (int)ipv6, 30, 0);
			in.octets[in.ip + (ipv6 ? 7 : 8)] = (uint8_t)ttl;
			if (!ipv6)
				put_checksum(in.octets + in.ip);
			view.outputs[0].ttl_threshold = 1;
			view.outputs[1].ttl_threshold = 10;
			send_to(receive(&in, 0), 3);
			mcr_relay_flush(relay);
			for (unsigned i = 0; i < 2; i++) {
				struct rte_mbuf *m = take_out(i);

				assert_int_equal(m != NULL, takes >> i & 1);
				model(&expected, &in, &view.outputs[i]);
				if (m)
					assert_frame(m, &expected);
				rte_pktmbuf_free(m);
			}
			assert_all_buffers_are_back();
		}
	}
	assert_int_equal(counts_of(relay, 0).tx_ttl, 2 * 2);
	assert_int_equal(counts_of(relay, 1).tx_ttl, 2 * 11);
}

/* F-24, F-39 */
static void a_small_mtu_or_a_link_that_is_down_keeps_one_output_out(void **state)
{
	view.outputs[1].mtu = 1000;
	view.outputs[2].is_up = 0;
	for (uint32_t payload = 971; payload < 974; payload++) {
		make_input(&in, 0, payload, 0);
		send_to(receive(&in, 0), 7);
		mcr_relay_flush(relay);
		for (unsigned i = 0; i < 3; i++) {
			struct rte_mbuf *m = take_out(i);

			assert_int_equal(m != NULL, i == 0 || (i == 1 && payload + 28 <= 1000));
			rte_pktmbuf_free(m);
		}
		assert_all_buffers_are_back();
	}
	assert_int_equal(counts_of(relay, 0).tx, 3);
	assert_int_equal(counts_of(relay, 1).tx, 2);
	assert_int_equal(counts_of(relay, 1).tx_mtu, 1);
	assert_int_equal(counts_of(relay, 2).tx_down, 3);
}

/* F-32: those that get a buffer send, the others count, whatever the form. */
static void outputs_without_a_buffer_are_counted(void **state)
{
	static struct rte_mbuf *held[POOL];

	for (unsigned left = 0; left < OUTPUTS; left++) {
		for (unsigned form = 0; form < 4; form++) {
			const unsigned n = POOL - left;
			unsigned sent = 0, no_buffer = 0;

			make_input(&in, 0, form & 1 ? 1400 : 20, 0);
			assert_int_equal(rte_pktmbuf_alloc_bulk(copies, held, n), 0);
			for (unsigned i = 0; i < OUTPUTS; i++)
				no_buffer -= (unsigned)counts_of(relay, i).tx_no_buffer;
			send_to(receive(&in, form & 2 ? 700 : 0), ALL);
			mcr_relay_flush(relay);
			for (unsigned i = 0; i < OUTPUTS; i++) {
				struct rte_mbuf *m = take_out(i);

				no_buffer += (unsigned)counts_of(relay, i).tx_no_buffer;
				sent += m != NULL;
				model(&expected, &in, &view.outputs[i]);
				if (m)
					assert_frame(m, &expected);
				rte_pktmbuf_free(m);
			}
			assert_int_equal(sent + no_buffer, OUTPUTS);
			assert_true(sent == left || sent == left + 1);
			rte_pktmbuf_free_bulk(held, n);
			assert_all_buffers_are_back();
		}
	}
}

/* Some of what was taken out of the pool for a burst may not be needed. */
static void buffers_that_a_burst_does_not_need_go_back(void **state)
{
	set_outputs(0);
	for (unsigned left = 0; left < 2; left++) {
		make_input(&in, 0, left ? 1400 : 20, 0);
		relay->wanted = OUTPUTS + 3;
		send_to(receive(&in, 0), ALL);
		assert_int_equal(relay->n_spare, 4);
		send_to(receive(&in, 0), 3);
		assert_int_equal(relay->n_spare, 3);
		mcr_relay_copy_done(relay);
		assert_int_equal(relay->wanted, 0);
		mcr_relay_flush(relay);
		empty_all();
		assert_all_buffers_are_back();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(each_output_gets_the_packet_in_a_frame_of_its_own,
					    begin, end),
	    cmocka_unit_test_setup_teardown(ethernet_padding_stays_behind, begin, end),
	    cmocka_unit_test_setup_teardown(options_stay_as_they_are, begin, end),
	    cmocka_unit_test_setup_teardown(a_jumbo_frame_is_relayed_whole, begin, end),
	    cmocka_unit_test_setup_teardown(what_fits_into_no_buffer_is_counted, begin, end),
	    cmocka_unit_test_setup_teardown(a_buffer_without_room_is_not_sent_itself, begin, end),
	    cmocka_unit_test_setup_teardown(
		an_output_takes_what_came_with_a_ttl_above_its_threshold, begin, end),
	    cmocka_unit_test_setup_teardown(a_small_mtu_or_a_link_that_is_down_keeps_one_output_out,
					    begin, end),
	    cmocka_unit_test_setup_teardown(outputs_without_a_buffer_are_counted, begin, end),
	    cmocka_unit_test_setup_teardown(buffers_that_a_burst_does_not_need_go_back, begin, end),
	};

	return cmocka_run_group_tests(tests, make_all, rig_eal_cleanup);
}
