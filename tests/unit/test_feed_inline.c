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

static int put(struct mcr_feed *f, struct taken *taken, int line, uint64_t ns, uint64_t seq,
	       unsigned ring)
{
	uint8_t packet[256];
	const uint32_t len = rig_packet(packet, seq, 1);
	const struct mcr_inline_msg m = {
	    .data = packet,
	    .data_len = len,
	    .len = len,
	    .rx_ns = ns,
	    .group = mcr_address_from_ipv4(htobe32(0xef010101u + (uint32_t)line)),
	    .source = mcr_address_from_ipv4(htobe32(0x0a000001)),
	    .dst_port = 5000,
	    .interface = (uint16_t)line,
	};

	return mcr_feed_inline_put(f, &m, 1, ring, on_item, taken);
}

static unsigned count(const struct taken *taken, enum mcr_feed_kind kind, uint16_t flags)
{
	unsigned n = 0;

	for (unsigned i = 0; i < taken->n; i++)
		n += taken->items[i].kind == kind && (taken->items[i].flags & flags) == flags;
	return n;
}

static struct mcr_feed *open_inline(void)
{
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	const uint16_t lcore = 3;
	struct mcr_feed *f;
	struct mcr_error err = {""};

	opts.config = config;
	opts.order = MCR_FEED_AS_THEY_COME;
	assert_int_equal(mcr_feed_inline_open(&f, &opts, &err), 0);
	assert_int_equal(mcr_feed_inline_interface(f, 0, "a", &lcore, 1, &err), 0);
	assert_int_equal(mcr_feed_inline_interface(f, 1, "b", &lcore, 1, &err), 0);
	return f;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packets_are_given_as_they_come_with_flags),
	    cmocka_unit_test(timers_run_by_the_time_of_packets_and_by_the_callers),
	    cmocka_unit_test(lines_on_several_lcores_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
