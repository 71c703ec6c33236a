/* SPDX-License-Identifier: BSD-3-Clause */
/* What a sink writes, and mcring/sink.h reads: headers, and records of packs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../tools/mcring-sink/wire.h"

#define DATA "v=1 channel=md pos=1a2b.3.77 n=1 rx=1700000000000000001 src=10.0.0.7,5000"
#define FEED "v=1 feed=itch scope=00 epoch=3030 number=5 n=2 rx=9"

static struct mcr_sink_header parsed(const char *text)
{
	struct mcr_sink_header h;
	const int ret = mcr_sink_header_parse(&h, text, strlen(text));

	if (ret != 0)
		print_message("%s: %d\n", text, ret);
	assert_int_equal(ret, 0);
	return h;
}

static int refusal(const char *text)
{
	struct mcr_sink_header h;
	const size_t len = strlen(text);
	char *exact = malloc(len + 1); /* a sanitizer sees what is read beyond it */
	int ret;

	memcpy(exact, text, len);
	ret = mcr_sink_header_parse(&h, exact, len);
	free(exact);
	return ret;
}

static void a_channels_header_says_where_and_when(void **state)
{
	struct mcr_sink_header h = parsed(DATA " hw=18 vlan=42 id=7");

	assert_int_equal(h.kind, MCR_SINK_DATA);
	assert_int_equal(h.is_feed, 0);
	assert_int_equal(h.is_pack, 0);
	assert_string_equal(h.name, "md");
	assert_string_equal(h.epoch, "1a2b");
	assert_int_equal(h.ring, 3);
	assert_int_equal(h.number, 77);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.rx_ns, UINT64_C(1700000000000000001));
	assert_int_equal(h.hw_ns, 18);
	assert_int_equal(h.vlan, 42);
	assert_int_equal(h.id, 7);
	assert_memory_equal(h.source, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x07", 16);
	assert_int_equal(h.source_port, 5000);
	h = parsed("v=1 channel=md pos=1.0.0 n=1 src=2001:db8::7,65535");
	assert_memory_equal(h.source, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07", 16);
	assert_int_equal(h.source_port, 65535);
}

static void a_feeds_header_says_which_stream_and_number(void **state)
{
	struct mcr_sink_header h = parsed(
	    "v=1 feed=itch key=unit%3d15%20b scope=0f epoch=303030 gen=99 "
	    "number=18446744073709551614 n=2 line=A skip=3 rx=1 flags=late+new+after-gap pack");

	assert_int_equal(h.is_feed, 1);
	assert_int_equal(h.is_pack, 1);
	assert_string_equal(h.name, "itch");
	assert_string_equal(h.key, "unit=15 b");
	assert_string_equal(h.scope, "0f");
	assert_string_equal(h.epoch, "303030");
	assert_int_equal(h.generation, 99);
	assert_int_equal(h.number, UINT64_MAX - 1);
	assert_int_equal(h.count, 2);
	assert_string_equal(h.line, "A");
	assert_int_equal(h.skip, 3);
	assert_int_equal(h.flags, MCR_SINK_LATE | MCR_SINK_AFTER_GAP);
	assert_int_equal(parsed(FEED " flags=after-gap").flags, MCR_SINK_AFTER_GAP);
}

static void what_is_missing_is_a_kind_of_its_own(void **state)
{
	struct mcr_sink_header h = parsed("v=1 channel=md pos=1.0.5 lost=12");

	assert_int_equal(h.kind, MCR_SINK_LOST);
	assert_int_equal(h.number, 5);
	assert_int_equal(h.count, 12);
	h = parsed("v=1 feed=itch scope=00 epoch=00 number=5 gap=3");
	assert_int_equal(h.kind, MCR_SINK_GAP);
	assert_int_equal(h.count, 3);
	h = parsed("v=1 channel=md pos=2.0.1 restart since=100 until=200");
	assert_int_equal(h.kind, MCR_SINK_RESTART);
	assert_int_equal(h.since_ns, 100);
	assert_int_equal(h.until_ns, 200);
	h = parsed("v=1 feed=itch scope=00 epoch=00 number=5 restart since=0 until=7");
	assert_int_equal(h.kind, MCR_SINK_RESTART);
	assert_int_equal(h.number, 5);
}

static void a_word_of_a_later_version_is_passed_over(void **state)
{
	assert_int_equal(parsed("  " DATA "  colour=red urgent ").number, 77);
	assert_int_equal(refusal("v=2 channel=md"), -EPROTO);
}

static void what_is_no_header_is_refused(void **state)
{
	static const char *const bad[] = {
	    "",
	    "v=1",
	    "channel=md pos=1.0.1 n=1", /* no version */
	    "v=1 channel=md n=1",       /* no position */
	    "v=1 channel=md pos=1.0.1", /* of what? */
	    "v=1 channel=md pos=1.0.1 n=0",
	    "v=1 channel=md pos=1.0.1 n=1 lost=1",
	    "v=1 channel=md pos=1.0.1 lost=1 pack",
	    "v=1 channel=md pos=1.0.1 gap=1", /* a channel has none */
	    "v=1 channel=md feed=md pos=1.0.1 n=1",
	    "v=1 channel=md pos=1.0 n=1",
	    "v=1 channel=md pos=1..1 n=1",
	    "v=1 channel=md pos=G.0.1 n=1",
	    "v=1 channel=md pos=.0.1 n=1",
	    "v=1 channel=md pos=1.4294967296.1 n=1",
	    "v=1 channel=md pos=1.0.18446744073709551616 n=1",
	    "v=1 channel=md pos=000000000000000000000000000000001.0.1 n=1",
	    "v=1 channel= pos=1.0.1 n=1",
	    "v=1 channel=md%00 pos=1.0.1 n=1",
	    "v=1 channel=md%2 pos=1.0.1 n=1",
	    "v=1 channel=md%4g pos=1.0.1 n=1",
	    "v=1 channel=1234567890123456789012345678901x pos=1.0.1 n=1",
	    "v=1 channel=md pos=1.0.1 n=4294967296",
	    "v=1 channel=md pos=1.0.18446744073709551615 n=2",
	    DATA " n=1",
	    DATA " v=1",
	    DATA " pack=1",
	    DATA " vlan",
	    DATA " id=-1",
	    "v=1 channel=md pos=1.0.1 n=1 src=10.0.0.7",
	    "v=1 channel=md pos=1.0.1 n=1 src=,5000",
	    "v=1 channel=md pos=1.0.1 n=1 src=10.0.0,5000",
	    "v=1 channel=md pos=1.0.1 n=1 src=10.0.0.7,65536",
	    "v=1 channel=md pos=1.0.1 n=1 src=2001:0db8:0000:0000:0000:0000:0000:0000:0000:0,1",
	    "v=1 feed=itch epoch=00 number=1 n=1",
	    "v=1 feed=itch scope=00 number=1 n=1",
	    "v=1 feed=itch scope=00 epoch=00 n=1",
	    "v=1 feed=itch scope=0G epoch=00 number=1 n=1",
	    "v=1 feed=itch scope=00 epoch=00 number= n=1",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (refusal(bad[i]) != -EBADMSG)
			print_message("not refused: %s\n", bad[i]);
		assert_int_equal(refusal(bad[i]), -EBADMSG);
	}
}

static void any_text_is_a_value(void **state)
{
	char text[32], line[160], *end;

	for (int first = 1; first < 256; first += 31) {
		struct mcr_sink_header h;
		int n = 0;

		for (int c = first; c < first + 31 && c < 256; c++)
			text[n++] = (char)c;
		text[n] = '\0';
		end = wire_value(line + sprintf(line, "v=1 channel="), text);
		assert_int_equal(*end, 0);
		strcpy(end, " pos=1.0.1 n=1");
		h = parsed(line);
		assert_string_equal(h.name, text);
	}
}

/* A body of records, whose payload i has i octets of i. */
struct pack {
	uint8_t octets[8192];
	size_t len;
	uint32_t n;
};

static void pack_add(struct pack *p, struct mcr_sink_record r, int with_source)
{
	p->len += wire_record(p->octets + p->len, &r, with_source);
	memset(p->octets + p->len, (int)r.len, r.len);
	p->len += r.len;
	p->n += r.count;
}

static struct mcr_sink_header header_of(const struct pack *p)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "v=1 feed=f scope=00 epoch=00 number=1 n=%u src=10.0.0.1,77 pack", p->n);
	return parsed(text);
}

static struct pack some_pack(void)
{
	struct pack p = {.len = 0};

	pack_add(&p, (struct mcr_sink_record){.number = 1, .count = 1, .rx_ns = 10, .len = 5}, 0);
	pack_add(&p,
		 (struct mcr_sink_record){.number = 2,
					  .count = 3,
					  .rx_ns = UINT64_MAX,
					  .hw_ns = 7,
					  .skip = 9,
					  .flags = MCR_SINK_AFTER_GAP,
					  .source = {[0] = 0x20, [15] = 0x99},
					  .source_port = 65535,
					  .len = 100},
		 1);
	pack_add(&p, (struct mcr_sink_record){.number = 5, .count = 1, .flags = MCR_SINK_LATE}, 0);
	return p;
}

static void a_pack_is_read_as_it_was_written(void **state)
{
	struct pack p = some_pack();
	struct mcr_sink_header h = header_of(&p);
	struct mcr_sink_body b;
	struct mcr_sink_record r;

	mcr_sink_body_open(&b, &h, p.octets, p.len);
	assert_int_equal(mcr_sink_body_next(&b, &r), 1);
	assert_int_equal(r.number, 1);
	assert_int_equal(r.rx_ns, 10);
	assert_int_equal(r.hw_ns, 0);
	assert_int_equal(r.len, 5);
	assert_memory_equal(r.data, "\5\5\5\5\5", 5);
	assert_memory_equal(r.source, h.source, 16);
	assert_int_equal(r.source_port, 77);
	assert_int_equal(mcr_sink_body_next(&b, &r), 1);
	assert_int_equal(r.number, 2);
	assert_int_equal(r.count, 3);
	assert_int_equal(r.rx_ns, UINT64_MAX);
	assert_int_equal(r.hw_ns, 7);
	assert_int_equal(r.skip, 9);
	assert_int_equal(r.flags, MCR_SINK_AFTER_GAP);
	assert_int_equal(r.len, 100);
	assert_int_equal(r.source[15], 0x99);
	assert_int_equal(r.source_port, 65535);
	assert_int_equal(mcr_sink_body_next(&b, &r), 1);
	assert_int_equal(r.number, 5);
	assert_int_equal(r.skip, 0);
	assert_int_equal(r.hw_ns, 0);
	assert_int_equal(r.flags, MCR_SINK_LATE);
	assert_int_equal(r.len, 0);
	assert_int_equal(r.source[15], 0x99); /* as before */
	assert_int_equal(mcr_sink_body_next(&b, &r), 0);
	assert_int_equal(mcr_sink_body_next(&b, &r), 0);
}

static void a_body_that_is_no_pack_is_one_message(void **state)
{
	struct mcr_sink_header h = parsed(FEED " skip=4 hw=3 flags=late src=10.0.0.9,1");
	struct mcr_sink_body b;
	struct mcr_sink_record r;

	mcr_sink_body_open(&b, &h, "payload", 7);
	assert_int_equal(mcr_sink_body_next(&b, &r), 1);
	assert_int_equal(r.number, 5);
	assert_int_equal(r.count, 2);
	assert_int_equal(r.skip, 4);
	assert_int_equal(r.rx_ns, 9);
	assert_int_equal(r.hw_ns, 3);
	assert_int_equal(r.flags, MCR_SINK_LATE);
	assert_int_equal(r.source[15], 9);
	assert_int_equal(r.len, 7);
	assert_memory_equal(r.data, "payload", 7);
	assert_int_equal(mcr_sink_body_next(&b, &r), 0);
	mcr_sink_body_open(&b, &h, NULL, 0); /* an empty datagram is one, too */
	assert_int_equal(mcr_sink_body_next(&b, &r), 1);
	assert_int_equal(r.len, 0);
	assert_int_equal(mcr_sink_body_next(&b, &r), 0);
}

static int last_of(const struct mcr_sink_header *h, const uint8_t *octets, size_t len)
{
	uint8_t *exact = malloc(len + 1);
	struct mcr_sink_body b;
	struct mcr_sink_record r;
	uint64_t n = 0;
	int ret;

	memcpy(exact, octets, len);
	mcr_sink_body_open(&b, h, exact, len);
	while ((ret = mcr_sink_body_next(&b, &r)) > 0) {
		n += r.count;
		assert_true(n <= h->count);
	}
	assert_int_equal(mcr_sink_body_next(&b, &r), ret);
	free(exact);
	return ret;
}

static void a_pack_that_is_cut_off_is_bad_wherever_it_is(void **state)
{
	struct pack p = some_pack();
	struct mcr_sink_header h = header_of(&p);

	assert_int_equal(last_of(&h, p.octets, p.len), 0);
	for (size_t len = 0; len < p.len; len++)
		assert_int_equal(last_of(&h, p.octets, len), -EBADMSG);
	p.octets[p.len] = 0; /* or there is more than the header says */
	assert_int_equal(last_of(&h, p.octets, p.len + 1), -EBADMSG);
	h.count++;
	assert_int_equal(last_of(&h, p.octets, p.len), -EBADMSG);
	h.count -= 2;
	assert_int_equal(last_of(&h, p.octets, p.len), -EBADMSG);
}

static void a_record_that_makes_no_sense_is_bad(void **state)
{
	struct pack p = some_pack();
	struct mcr_sink_header h = header_of(&p);

	p.octets[2] = MCR_SINK_FIXED - 1; /* less than what it has */
	assert_int_equal(last_of(&h, p.octets, p.len), -EBADMSG);
	p = some_pack();
	p.octets[3] = MCR_SINK_HAS_HW;
	assert_int_equal(last_of(&h, p.octets, p.len), -EBADMSG);
	p = some_pack();
	p.octets[4] = 0; /* no messages */
	assert_int_equal(last_of(&h, p.octets, p.len), -EBADMSG);
	p = some_pack();
	p.octets[4] = 2;
	memset(p.octets + 8, 0xff, 8); /* numbers beyond the last */
	assert_int_equal(last_of(&h, p.octets, p.len), -EBADMSG);
}

static void what_a_later_version_adds_to_a_record_is_passed_over(void **state)
{
	struct pack p = {.len = 0};
	struct mcr_sink_record r = {.number = 1, .count = 1, .hw_ns = 6};
	struct mcr_sink_header h;
	struct mcr_sink_body b;

	p.len = wire_record(p.octets, &r, 0);
	p.octets[0] = 2;
	p.octets[2] += 3;
	p.octets[3] |= 1 << 3; /* a field that is not known here */
	memcpy(p.octets + p.len, "newab", 5);
	p.len += 5;
	p.n = 1;
	h = header_of(&p);
	mcr_sink_body_open(&b, &h, p.octets, p.len);
	assert_int_equal(mcr_sink_body_next(&b, &r), 1);
	assert_int_equal(r.hw_ns, 6);
	assert_int_equal(r.len, 2);
	assert_memory_equal(r.data, "ab", 2);
	assert_int_equal(mcr_sink_body_next(&b, &r), 0);
}

static void the_longest_head_is_as_long_as_it_says(void **state)
{
	struct mcr_sink_record r = {.hw_ns = 1, .skip = 1};
	uint8_t out[MCR_SINK_HEAD_MAX];

	assert_int_equal(wire_record(out, &r, 1), MCR_SINK_HEAD_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_channels_header_says_where_and_when),
	    cmocka_unit_test(a_feeds_header_says_which_stream_and_number),
	    cmocka_unit_test(what_is_missing_is_a_kind_of_its_own),
	    cmocka_unit_test(a_word_of_a_later_version_is_passed_over),
	    cmocka_unit_test(what_is_no_header_is_refused),
	    cmocka_unit_test(any_text_is_a_value),
	    cmocka_unit_test(a_pack_is_read_as_it_was_written),
	    cmocka_unit_test(a_body_that_is_no_pack_is_one_message),
	    cmocka_unit_test(a_pack_that_is_cut_off_is_bad_wherever_it_is),
	    cmocka_unit_test(a_record_that_makes_no_sense_is_bad),
	    cmocka_unit_test(what_a_later_version_adds_to_a_record_is_passed_over),
	    cmocka_unit_test(the_longest_head_is_as_long_as_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
