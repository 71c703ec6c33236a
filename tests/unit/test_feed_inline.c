/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed that is given its packets by a handler in the rx lcore. */
#include "feed_rig.h"

#include <mcring/feed_inline.h>

static const char config[] = "feed test\ndeclaration moldudp64\n"
			     "line A\njoin 239.1.1.1:5000,interface=a\n"
			     "line B\njoin 239.1.1.2:5000,interface=b\n";

struct taken {
	struct mcr_feed_msg items[1000];
	unsigned n;
	uint64_t words; /* sum of the first words of what was no duplicate */
};

static void on_item(void *ctx, const struct mcr_feed_msg *m)
{
	struct taken *taken = ctx;
	uint64_t word;

	assert_true(taken->n < 1000);
	taken->items[taken->n++] = *m;
	if (m->kind != MCR_FEED_DATA)
		return;
	assert_int_equal(m->msg->len, 20 + RIG_MESSAGE);
	memcpy(&word, m->msg->data + 22, sizeof(word));
	if ((m->flags & MCR_FEED_FLAG_DUPLICATE) == 0)
		taken->words += word;
}

static int put_of(struct mcr_feed *f, struct taken *taken, int line, uint64_t ns,
		  const uint8_t *packet, uint32_t len, uint32_t source, unsigned ring)
{
	const struct mcr_inline_msg m = {
	    .data = packet,
	    .data_len = len,
	    .len = len,
	    .rx_ns = ns,
	    .group = mcr_address_from_ipv4(htobe32(0xef010101u + (uint32_t)line)),
	    .source = mcr_address_from_ipv4(htobe32(source)),
	    .dst_port = 5000,
	    .interface = (uint16_t)line,
	};

	return mcr_feed_inline_put(f, &m, 1, ring, on_item, taken);
}

static int put(struct mcr_feed *f, struct taken *taken, int line, uint64_t ns, uint64_t seq,
	       unsigned ring)
{
	uint8_t packet[256];
	const uint32_t len = rig_packet(packet, seq, 1);

	return put_of(f, taken, line, ns, packet, len, 0x0a000001, ring);
}

static unsigned count(const struct taken *taken, enum mcr_feed_kind kind, uint16_t flags)
{
	unsigned n = 0;

	for (unsigned i = 0; i < taken->n; i++)
		n += taken->items[i].kind == kind && (taken->items[i].flags & flags) == flags;
	return n;
}

static struct mcr_feed *open_as(const char *text, struct mcr_feed_opts opts)
{
	const uint16_t lcore = 3;
	struct mcr_feed *f;
	struct mcr_error err = {""};

	opts.config = text;
	opts.order = MCR_FEED_AS_THEY_COME;
	if (mcr_feed_inline_open(&f, &opts, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(mcr_feed_inline_interface(f, 0, "a", &lcore, 1, &err), 0);
	assert_int_equal(mcr_feed_inline_interface(f, 1, "b", &lcore, 1, &err), 0);
	return f;
}

static struct mcr_feed *open_inline(void)
{
	return open_as(config, (struct mcr_feed_opts)MCR_FEED_OPTS_INIT);
}

static void packets_are_given_as_they_come_with_flags(void **state)
{
	struct mcr_feed *f = open_inline();
	static struct taken taken;
	struct mcr_feed_line line = {.size = sizeof(line)};
	uint64_t words = 0;

	for (uint64_t seq = 1; seq <= 100; seq++) {
		words += seq == 50 ? 0 : rig_word(seq);
		if (seq % 10 != 0)
			assert_int_equal(put(f, &taken, 0, seq * 1000, seq, 2), 0);
		if (seq != 50)
			assert_int_equal(put(f, &taken, 1, seq * 1000 + 5, seq, 2), 0);
	}
	assert_int_equal(taken.words, words);
	assert_int_equal(count(&taken, MCR_FEED_DATA, 0), 189);
	assert_int_equal(count(&taken, MCR_FEED_DATA, MCR_FEED_FLAG_DUPLICATE), 90);
	assert_int_equal(count(&taken, MCR_FEED_GAP, 0), 1);
	assert_int_equal(mcr_feed_line_info(f, 1, &line), 0);
	assert_int_equal(line.packets, 99);
	mcr_feed_close(f);
}

static void timers_run_by_the_time_of_packets_and_by_the_callers(void **state)
{
	struct mcr_feed *f = open_inline();
	static struct taken taken;

	put(f, &taken, 0, 1000000, 1, 0);
	put(f, &taken, 0, 1000000, 3, 0);
	mcr_feed_inline_time(f, 1999999, on_item, &taken);
	assert_int_equal(count(&taken, MCR_FEED_GAP, 0), 0);
	mcr_feed_inline_time(f, 2000000, on_item, &taken);
	assert_int_equal(count(&taken, MCR_FEED_GAP, 0), 1);
	put(f, &taken, 0, 2000000, 5, 0);
	put(f, &taken, 0, 4000000, 6, 0);
	assert_int_equal(count(&taken, MCR_FEED_GAP, 0), 2);
	mcr_feed_close(f);
}

static void lines_on_several_lcores_are_refused(void **state)
{
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	const uint16_t lcores[] = {3, 4};
	struct mcr_feed *f;
	static struct taken taken;
	struct mcr_error err = {""};

	assert_int_equal(mcr_feed_inline_open(&f, &opts, &err), -EINVAL);
	opts.config = config;
	assert_int_equal(mcr_feed_inline_open(&f, &opts, &err), -EINVAL);
	assert_non_null(strstr(err.text, "AS_THEY_COME"));
	opts.order = MCR_FEED_AS_THEY_COME;
	assert_int_equal(mcr_feed_inline_open(&f, &opts, &err), 0);
	assert_int_equal(mcr_feed_inline_interface(f, 2, "other", lcores, 2, &err), 0);
	assert_int_equal(mcr_feed_inline_interface(f, 0, "a", lcores, 2, &err), -EXDEV);
	assert_non_null(strstr(err.text, "several"));
	assert_int_equal(mcr_feed_inline_interface(f, 0, "a", lcores, 1, &err), 0);
	assert_int_equal(mcr_feed_inline_interface(f, 1, "b", lcores + 1, 1, &err), -EXDEV);
	assert_int_equal(mcr_feed_inline_interface(f, 1, "b", lcores, 1, &err), 0);
	assert_int_equal(mcr_feed_inline_interface(f, 64, "b", lcores, 1, &err), -EINVAL);
	/* And what an engine does all the same. */
	assert_int_equal(put(f, &taken, 0, 1000, 1, 7), 0);
	assert_int_equal(put(f, &taken, 0, 1000, 2, 8), -EXDEV);
	assert_int_equal(put(f, &taken, 0, 1000, 2, 7), 0);
	assert_int_equal(count(&taken, MCR_FEED_DATA, 0), 2);
	mcr_feed_close(f);
}

static void payloads_are_compared_if_it_is_wanted(void **state)
{
	for (unsigned compare = 0; compare < 2; compare++) {
		struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
		static struct taken taken;
		struct mcr_feed *f;
		uint8_t packet[256];
		uint32_t len;

		opts.compare = compare;
		f = open_as(config, opts);
		taken.n = 0;
		for (uint64_t seq = 1; seq <= 2; seq++)
			for (int line = 0; line < 2; line++) {
				len = rig_packet(packet, seq, 1);
				packet[len - 1] ^= seq == 2 && line == 1;
				put_of(f, &taken, line, seq * 1000, packet, len, 1, 0);
			}
		assert_int_equal(count(&taken, MCR_FEED_MISMATCH, 0), compare);
		mcr_feed_close(f);
	}
}

/* Streams of a field and of the sender: there is room for four senders a stream. */
static void publishers_are_told_apart_until_there_are_too_many(void **state)
{
	static const char text[] =
	    "feed test\ndeclaration moldudp64,key=s:0:8:be+t:8:2:be,scope=source\n"
	    "line A\njoin 239.1.1.1:5000,interface=a\n";
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct mcr_feed_stats stats = {.size = sizeof(stats)};
	struct mcr_feed_key keys[4];
	static struct taken taken;
	struct mcr_feed *f;
	uint8_t packet[256];

	opts.keys_max = 4;
	f = open_as(text, opts);
	for (uint32_t source = 1; source <= 20; source++)
		put_of(f, &taken, 0, 1000, packet, rig_packet(packet, 1, 1),
		       source <= 4 ? source : source - 4, 0);
	assert_int_equal(mcr_feed_stats_info(f, &stats), 0);
	assert_int_equal(stats.keys, 4);
	assert_int_equal(stats.keys_refused, 12);
	for (uint32_t i = 0; i < 4; i++) {
		keys[i].size = sizeof(keys[i]);
		assert_int_equal(mcr_feed_key_info(f, i, &keys[i]), 0);
		assert_memory_equal(keys[i].scope, RIG_SESSION, 10);
		for (uint32_t k = 0; k < i; k++)
			assert_memory_not_equal(keys[i].scope, keys[k].scope, 16);
	}
	for (uint32_t source = 17; source <= 18; source++) /* one more than there is room for */
		put_of(f, &taken, 0, 1000, packet, rig_packet(packet, 1, 1), source, 0);
	assert_int_equal(mcr_feed_stats_info(f, &stats), 0);
	assert_int_equal(stats.keys_refused, 14);
	mcr_feed_close(f);
}

static void silence_counts_in_the_hours_of_the_feed(void **state)
{
	static const char text[] = "feed test\ndeclaration moldudp64\nsilence 3s\n"
				   "hours daily 10:00-11:00\n"
				   "line A\njoin 239.1.1.1:5000,interface=a\n";
	const uint64_t second = UINT64_C(1000000000), ten = 20000 * 86400 * second + 36000 * second;
	struct mcr_feed *f = open_as(text, (struct mcr_feed_opts)MCR_FEED_OPTS_INIT);
	static struct taken taken;

	put(f, &taken, 0, ten - 60 * second, 1, 0);
	mcr_feed_inline_time(f, ten + 2 * second, on_item, &taken);
	assert_int_equal(count(&taken, MCR_FEED_LINE_DOWN, 0), 0);
	mcr_feed_inline_time(f, ten + 4 * second, on_item, &taken);
	assert_int_equal(count(&taken, MCR_FEED_LINE_DOWN, 0), 1);
	/* What comes says what time it is, too. */
	put(f, &taken, 0, ten + 3590 * second, 2, 0);
	put(f, &taken, 0, ten + 7200 * second, 3, 0);
	assert_int_equal(count(&taken, MCR_FEED_LINE_DOWN, 0), 2);
	put(f, &taken, 0, ten + 7300 * second, 4, 0);
	assert_int_equal(count(&taken, MCR_FEED_LINE_DOWN, 0), 2);
	/* In one step: it is silent on the next day. */
	mcr_feed_inline_time(f, ten + (86400 + 7300) * second, on_item, &taken);
	assert_int_equal(count(&taken, MCR_FEED_LINE_DOWN, 0), 3);
	mcr_feed_close(f);
}

static void on_read(void *ctx, const struct mcr_feed_msg *m)
{
	struct mcr_feed *f = ctx;
	uint8_t buf[64];

	if (m->kind != MCR_FEED_DATA)
		return;
	assert_int_equal(mcr_feed_read(f, m, buf, sizeof(buf)), -ESTALE);
	assert_int_equal(mcr_feed_intact(f, m), 0);
}

/* It is read where it is, in the call. */
static void there_is_no_ring_to_read_of(void **state)
{
	struct mcr_feed *f = open_inline();
	uint8_t packet[256];
	const struct mcr_inline_msg m = {
	    .data = packet,
	    .data_len = rig_packet(packet, 1, 1),
	    .len = 20 + RIG_MESSAGE,
	    .group = mcr_address_from_ipv4(htobe32(0xef010101u)),
	    .dst_port = 5000,
	};

	assert_int_equal(mcr_feed_inline_put(f, &m, 1, 0, on_read, f), 0);
	mcr_feed_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packets_are_given_as_they_come_with_flags),
	    cmocka_unit_test(timers_run_by_the_time_of_packets_and_by_the_callers),
	    cmocka_unit_test(lines_on_several_lcores_are_refused),
	    cmocka_unit_test(payloads_are_compared_if_it_is_wanted),
	    cmocka_unit_test(publishers_are_told_apart_until_there_are_too_many),
	    cmocka_unit_test(silence_counts_in_the_hours_of_the_feed),
	    cmocka_unit_test(there_is_no_ring_to_read_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
