/* SPDX-License-Identifier: BSD-3-Clause */
/* A declaration's text: what it may say, what it means for a packet, and what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/feed/declaration.h"
#include "packet_text.h"

static void parse(struct mcr_feed_declaration *d, const char *text)
{
	struct mcr_error err = {""};

	if (mcr_feed_declaration_parse(d, text, &err) != 0)
		fail_msg("%s", err.text);
}

static struct mcr_feed_packet read_packet(const char *text, const char *packet)
{
	struct mcr_feed_declaration d;
	struct mcr_feed_packet p;
	uint8_t data[256];

	parse(&d, text);
	mcr_feed_packet_read(&d, data, packet_of_text(data, sizeof(data), packet), &p);
	return p;
}

static void assert_canonical(const char *text, const char *expected)
{
	struct mcr_feed_declaration d, again;
	char out[MCR_FEED_DECLARATION_TEXT_MAX], out2[MCR_FEED_DECLARATION_TEXT_MAX];

	parse(&d, text);
	assert_true(mcr_feed_declaration_format(&d, out, sizeof(out)) < sizeof(out));
	if (expected)
		assert_string_equal(out, expected);
	parse(&again, out);
	mcr_feed_declaration_format(&again, out2, sizeof(out2));
	assert_string_equal(out, out2);
	assert_memory_equal(&d, &again, sizeof(d));
}

static void all_presets_are_read_and_written_back(void **state)
{
	const char *name;
	size_t n = 0;

	(void)state;
	for (; (name = mcr_feed_declaration_preset(n)) != NULL; n++)
		assert_canonical(name, NULL);
	assert_int_equal(n, 24);
}

static void equal_declarations_have_equal_texts(void **state)
{
	const char *const pitch =
	    "seq=4:4:le wrap=1 counts=messages count=2:1 key=unit:3:1 epoch=none scope=feed "
	    "skip=count=0+seq=0 heartbeat=count=0:next unsequenced=seq=0 heartbeat_interval=1s";

	(void)state;
	assert_canonical("pitch", pitch);
	assert_canonical(" cboe,", pitch);
	assert_canonical("unsequenced=seq=0x0 heartbeat_interval=1000ms,heartbeat=count=0:next\n"
			 "key=unit:3:1\tcount=2:1 skip=count=0+seq=0 wrap=1 seq=4:4:le",
			 pitch);
	assert_canonical("seq=0:1:le",
			 "seq=0:1 wrap=0 counts=packets key=none epoch=none scope=group");
	assert_canonical("seq=0:8:be", "seq=0:8:be counts=packets key=none epoch=none scope=group");
	assert_canonical("seq=0:8:be wrap=none",
			 "seq=0:8:be counts=packets key=none epoch=none scope=group");
	assert_canonical("seq=0:4:be wrap=none",
			 "seq=0:4:be wrap=none counts=packets key=none epoch=none scope=group");
	assert_canonical("seq=0:2:be loop=yes scope=group+source skip=4:1/0x3f='!' skip=4:1=1..3",
			 "seq=0:2:be wrap=0 counts=packets key=none epoch=none scope=group+source "
			 "loop=yes skip=4:1/0x3f=33 skip=4:1=1..3");
}

static void changes_replace_what_the_preset_says_of_the_same(void **state)
{
	(void)state;
	assert_canonical("pitch,heartbeat_interval=0,heartbeat=none,key=none,loop=yes",
			 "seq=4:4:le wrap=1 counts=messages count=2:1 key=none epoch=none "
			 "scope=feed loop=yes skip=count=0+seq=0 unsequenced=seq=0");
	/* All skips of xdp, which are three, by two. */
	assert_canonical("xdp skip=2:1=13 skip=2:1=15 counts=packets",
			 "seq=4:4:le wrap=0 counts=packets count=3:1 key=none epoch=none "
			 "scope=group skip=2:1=13 skip=2:1=15 reset=2:1=10..12+18:2:le=1:data "
			 "heartbeat=2:1=1:next heartbeat_interval=1s");
}

static void assert_refused(const char *text, const char *part)
{
	struct mcr_feed_declaration d;
	struct mcr_error err = {""};

	assert_int_equal(mcr_feed_declaration_parse(&d, text, &err), -EINVAL);
	if (!strstr(err.text, part) || !strstr(err.text, "expected"))
		fail_msg("\"%s\": \"%s\" has no \"%s\"", text, err.text, part);
	assert_int_equal(mcr_feed_declaration_parse(&d, text, NULL), -EINVAL);
}

static void a_bad_text_is_refused_with_its_column(void **state)
{
	static const char *const bad[][2] = {
	    {"", "does not say where the number is"},
	    {"moldup64", "column 1: \"moldup64\" is not a preset (did you mean moldudp64?)"},
	    {"counts=packets", "does not say where the number is"},
	    {"seq=", "has no value"},
	    {"seq=4", "\"4\" is not a field"},
	    {"seq=4:4", "column 5: \"4:4\" does not say the order of its octets"},
	    {"seq=4:0", "\"0\" is not a width: expected 1 to 19"},
	    {"seq=4:9:be", "\"9\" is not a width of a number: expected 1 to 8"},
	    {"seq=4:20:ascii", "\"20\" is not a width"},
	    {"seq=1025:4:be", "is not a field"},
	    {"seq=4:4:be/0xff", "\"/0xff\" does not belong to a field"},
	    {"seq=4:4:xe", "\"xe\" is not a form of this field: expected be, le or ascii"},
	    {"seq=4:4:be seq=4:4:be", "column 12: \"seq=4:4:be\" is there twice"},
	    {"seq=4:4:be sqe=1", "\"sqe=1\" is not known (did you mean seq?)"},
	    {"seq=4:4:be pitch", "\"pitch\" is not known"},
	    {"seq=4:4:be counts=octets", "expected messages or packets"},
	    {"seq=4:4:be counts=messages", "without a count"},
	    {"seq=4:4:be count=8:5:be", "too wide for a count"},
	    {"seq=4:4:be wrap=2", "expected 0, 1 or none"},
	    {"seq=4:8:be wrap=1", "does not wrap"},
	    {"seq=4:4:ascii wrap=1", "does not wrap"},
	    {"seq=4:8:be high=0:1", "more than 64 bits"},
	    {"seq=4:4:be high=0:1/0x5", "a mask with a hole"},
	    {"seq=4:4:be high=0:1/0", "is not a mask: expected 1 to 0xff"},
	    {"seq=4:4:be key=unit", "has no name"},
	    {"seq=4:4:be key=:3:1", "has no name"},
	    {"seq=4:4:be key=Unit:3:1", "\"Unit\" is not a name"},
	    {"seq=4:4:be key=a:0:1+b:1:1+c:2:1+d:3:1+e:4:1", "one field more than 4"},
	    {"seq=4:4:be key=a:0:8:hex+b:8:9:hex", "makes 17 octets"},
	    {"seq=4:4:be key=a:0:13:hex scope=group", "more than 12 octets"},
	    {"seq=4:4:be key=a:0:8:hex+b:8:5:hex scope=source", "more than 12 octets"},
	    {"seq=4:4:be key=a:0:4:hex/0xff", "is a mask of text"},
	    {"seq=4:4:be key=a:0:9:be", "is not a width of a number"},
	    {"seq=4:4:be scope=world", "expected feed, group, source or group+source"},
	    {"seq=4:4:be loop=maybe", "expected yes or no"},
	    {"seq=4:4:be heartbeat_interval=1", "is not an interval: expected a number and ns"},
	    {"seq=4:4:be heartbeat=0:1", "\"0:1\" is not a test"},
	    {"seq=4:4:be heartbeat=0:1=1", "expected :next or :last"},
	    {"seq=4:4:be heartbeat=0:1=x:next", "\"x\" is not a value"},
	    {"seq=4:4:be heartbeat=0:1=9..3:next", "\"9..3\" is not a range"},
	    {"seq=4:4:be heartbeat=0:1=256:next", "tests for 256"},
	    {"seq=4:4:be heartbeat=0:1/0x0f=16:next", "at most 15"},
	    {"seq=4:4:be heartbeat=count=0:next", "count or seq that is not a number in a field"},
	    {"seq=4:4:ascii skip=seq=0", "count or seq that is not a number in a field"},
	    {"seq=4:4:be heartbeat=0:1=1:data", "expected :next or :last behind the tests"},
	    {"seq=4:4:be reset=0:1=1:first", "expected :next, :last or :data"},
	    {"seq=4:4:be reset=0:1=1:data:8:4:be", "expected the packet's own number"},
	    {"seq=4:4:be reset=0:1=1:next:8:4", "does not say the order of its octets"},
	    {"seq=4:4:be skip=0:1=1:next", "expected no more than the tests"},
	    {"seq=4:4:be skip=0:1=1+1:1=1+2:1=1+3:1=1", "one test more than 3"},
	    {"seq=4:4:be skip=length=65536", "tests for 65536"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(bad[i][0], bad[i][1]);
}

static void there_is_room_for_sixteen_rules_and_a_text_of_1023_octets(void **state)
{
	char text[2048] = "seq=4:4:be", rule[128];
	struct mcr_feed_declaration d;

	(void)state;
	for (int i = 0; i < MCR_FEED_RULES_MAX; i++)
		strcat(text, " skip=0:1=1");
	parse(&d, text);
	strcat(text, " skip=0:1=1");
	assert_refused(text, "one rule more than 16");

	strcpy(text, "seq=4:4:be");
	for (int i = 0; i < MCR_FEED_RULES_MAX; i++) {
		snprintf(rule, sizeof(rule),
			 " skip=10%02d:8:be/0x7fffffff=0..0x7ffffff+1000:8:be/0x7fffffff=%d", i, i);
		strcat(text, rule);
	}
	assert_refused(text, "is longer than 1023 octets");
}

static void a_doubt_belongs_to_a_preset(void **state)
{
	(void)state;
	assert_null(mcr_feed_declaration_doubt("moldudp64"));
	assert_null(mcr_feed_declaration_doubt("seq=4:4:be"));
	assert_null(mcr_feed_declaration_doubt(""));
	assert_non_null(strstr(mcr_feed_declaration_doubt("cme"), "AdminHeartbeat"));
	assert_non_null(strstr(mcr_feed_declaration_doubt(" lse,reorder=3"), "capture"));
	assert_ptr_equal(mcr_feed_declaration_doubt("hkex key=none"),
			 mcr_feed_declaration_doubt("omd"));
}

static void the_arbiter_learns_width_and_wrap(void **state)
{
	struct mcr_feed_declaration d;

	(void)state;
	parse(&d, "pitch");
	assert_true(d.bits == 32 && d.wraps_to_one && d.has_count && !d.is_loop);
	assert_true(!d.scope_is_group && !d.scope_is_source && d.heartbeat_ns == 1000000000);
	parse(&d, "rtp,loop=yes,scope=source");
	assert_true(d.bits == 16 && !d.wraps_to_one && !d.has_count && d.is_loop);
	assert_true(!d.scope_is_group && d.scope_is_source && d.heartbeat_ns == 0);
	parse(&d, "moldudp64");
	assert_true(d.bits == 64 && d.scope_is_group);
	parse(&d, "optiq");
	assert_int_equal(d.bits, 35);
	parse(&d, "sola");
	assert_int_equal(d.bits, 64);
	parse(&d, "cme wrap=none");
	assert_int_equal(d.bits, 64);
	parse(&d, "seq=0:3:be");
	assert_int_equal(d.bits, 24);
}

static void the_key_is_its_octets_side_by_side(void **state)
{
	const char *const text = "seq=0:1 key=a:1:2:be+b:3:4:le+c:7:1/0xf0+d:8:9:ascii";
	const struct mcr_feed_packet p =
	    read_packet(text, "x:07 x:0102 x:03040506 x:ab t:abcdefghi");
	const uint8_t octets[16] = {1,   2,   3,   4,   5,   6,   0xa0, 'a',
				    'b', 'c', 'd', 'e', 'f', 'g', 'h',  'i'};
	struct mcr_feed_declaration d;
	char key[80];

	(void)state;
	assert_int_equal(p.kind, MCR_FEED_PACKET_DATA);
	assert_memory_equal(p.scope, octets, 16);
	assert_true(p.epoch[0] == 0 && p.epoch[1] == 0);
	parse(&d, text);
	mcr_feed_key_text(&d, p.scope, p.epoch, key, sizeof(key));
	assert_string_equal(key, "a=258 b=100992003 c=10 d=abcdefghi");
	mcr_feed_key_text(&d, p.scope, p.epoch, key, 10);
	assert_string_equal(key, "a=258 b=1");
}

static void text_in_a_key_is_shown_without_its_padding(void **state)
{
	const char *const text = "seq=0:1 epoch=a:1:4:ascii+b:5:4:ascii+c:9:2:hex scope=group";
	struct mcr_feed_declaration d;
	struct mcr_feed_packet p;
	char key[80];

	(void)state;
	parse(&d, text);
	p = read_packet(text, "x:07 x:41202020 x:42010000 x:0a0b");
	mcr_feed_key_text(&d, p.scope, p.epoch, key, sizeof(key));
	assert_string_equal(key, "a=A b=B? c=0a0b flow=0");
	p.scope[1] = UINT64_C(9) << 32;
	mcr_feed_key_text(&d, p.scope, p.epoch, key, sizeof(key));
	assert_string_equal(key, "a=A b=B? c=0a0b flow=9");
}

/* A field of which the mask lies in two words. */
static void a_masked_field_may_stand_in_both_words_of_a_key(void **state)
{
	const uint8_t be[16] = {1, 2, 3, 4, 5, 6, 0x0f, 0, 0xf0, 0x34};
	const uint8_t le[16] = {1, 2, 3, 4, 5, 6, 0xf0, 0x34, 0, 0x0f};
	struct mcr_feed_packet p;

	(void)state;
	p = read_packet("seq=10:1 key=a:0:6:hex+b:6:4:be/0x0f00f034",
			"x:010203040506ffffffff x:07");
	assert_memory_equal(p.scope, be, 16);
	p = read_packet("seq=10:1 key=a:0:6:hex+b:6:4:le/0x0f0034f0",
			"x:010203040506ffffffff x:07");
	assert_memory_equal(p.scope, le, 16);
}

/* A number that ends the payload, and one in a payload shorter than a word. */
static void a_field_may_be_all_of_a_packet(void **state)
{
	(void)state;
	assert_true(read_packet("seq=0:2:be", "be2:0x1234").seq == 0x1234);
	assert_true(read_packet("seq=1:3:le", "x:ff le3:0x123456").seq == 0x123456);
	assert_true(read_packet("seq=1:3:be count=0:1", "x:02 be3:0x123456").seq == 0x123456);
	assert_true(read_packet("seq=6:5:be", "z:6 be5:0x123456789a").seq == 0x123456789a);
	assert_int_equal(read_packet("seq=6:5:be", "z:6 be4:0x12345678").kind,
			 MCR_FEED_PACKET_MALFORMED);
}

static void a_count_of_half_the_numbers_makes_no_sense(void **state)
{
	(void)state;
	assert_int_equal(read_packet("seq=0:2:be count=2:2:be", "be2:1 be2:0x7fff").count, 0x7fff);
	assert_int_equal(read_packet("seq=0:2:be count=2:2:be", "be2:1 be2:0x8000").kind,
			 MCR_FEED_PACKET_MALFORMED);
	/* None, and no rule says what that means. */
	assert_int_equal(read_packet("seq=0:2:be count=2:2:be", "be2:1 be2:0").kind,
			 MCR_FEED_PACKET_NOT_TRACKED);
}

static void the_number_behind_the_highest_is_that_of_the_wrap(void **state)
{
	(void)state;
	assert_true(read_packet("seq=0:2:be heartbeat=2:1=1:last", "be2:65535 x:01").seq == 0);
	assert_true(read_packet("seq=0:2:be wrap=1 heartbeat=2:1=1:last", "be2:65535 x:01").seq ==
		    1);
	assert_true(
	    read_packet("seq=0:2:be wrap=none heartbeat=2:1=1:last", "be2:65535 x:01").seq ==
	    65536);
}

/* Nothing is read behind a packet: what is loaded from whole ones, eight octets at a time, is in
 * them. */
static void assert_loads_are_in(const char *text)
{
	struct mcr_feed_declaration d;
	const struct mcr_feed_reading *r = &d.reading;

	parse(&d, text);
	assert_true(r->need >= r->whole);
	assert_true(r->seq.at + 8u <= r->whole && r->high.at + 8u <= r->whole);
	assert_true(r->count.at + 8u <= r->whole);
	for (unsigned i = 0; i < r->n_words; i++)
		assert_true(r->words[i].at + 8u <= r->whole);
	for (unsigned i = 0; i < r->n_more; i++)
		assert_true(r->more[i].at + 8u <= r->whole);
	for (unsigned i = 0; i < MCR_FEED_SELECTS; i++)
		assert_true(r->select[i] < r->whole);
	for (unsigned i = 0; i < d.n_rules; i++) {
		assert_true(d.rules[i].seq.at + 8u <= r->whole);
		for (unsigned t = 0; t < d.rules[i].n_tests; t++)
			assert_true(d.rules[i].tests[t].load.at + 8u <= r->whole);
	}
}

static void whole_packets_hold_all_that_is_loaded(void **state)
{
	const char *name;

	(void)state;
	for (size_t i = 0; (name = mcr_feed_declaration_preset(i)) != NULL; i++)
		assert_loads_are_in(name);
	assert_loads_are_in("seq=0:1");
	assert_loads_are_in("seq=0:2:be");
	assert_loads_are_in("seq=30:1:be count=0:2:le");
	assert_loads_are_in("seq=0:1 count=40:4:be,counts=messages");
	assert_loads_are_in("seq=0:2:be key=a:50:1 epoch=b:60:9:hex");
	assert_loads_are_in("seq=0:2:be key=a:1:7:hex+b:70:9:hex");
	assert_loads_are_in("seq=0:2:be skip=80:1=3");
	assert_loads_are_in("seq=0:2:be heartbeat=2:1=3:last:90:3:be");
	assert_loads_are_in("seq=0:2:be high=99:1/0x10");
	assert_loads_are_in("seq=1000:19:ascii");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_presets_are_read_and_written_back),
	    cmocka_unit_test(equal_declarations_have_equal_texts),
	    cmocka_unit_test(changes_replace_what_the_preset_says_of_the_same),
	    cmocka_unit_test(a_bad_text_is_refused_with_its_column),
	    cmocka_unit_test(there_is_room_for_sixteen_rules_and_a_text_of_1023_octets),
	    cmocka_unit_test(a_doubt_belongs_to_a_preset),
	    cmocka_unit_test(the_arbiter_learns_width_and_wrap),
	    cmocka_unit_test(the_key_is_its_octets_side_by_side),
	    cmocka_unit_test(text_in_a_key_is_shown_without_its_padding),
	    cmocka_unit_test(a_masked_field_may_stand_in_both_words_of_a_key),
	    cmocka_unit_test(a_field_may_be_all_of_a_packet),
	    cmocka_unit_test(whole_packets_hold_all_that_is_loaded),
	    cmocka_unit_test(a_count_of_half_the_numbers_makes_no_sense),
	    cmocka_unit_test(the_number_behind_the_highest_is_that_of_the_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
