/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets of the feeds that have presets, made up from their specifications. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/feed/declaration.h"
#include "core/feed/feed_plain.h"
#include "packet_text.h"

#define DATA        MCR_FEED_PACKET_DATA
#define HEARTBEAT   MCR_FEED_PACKET_HEARTBEAT
#define END         MCR_FEED_PACKET_END
#define RESET       MCR_FEED_PACKET_RESET
#define UNSEQUENCED MCR_FEED_PACKET_UNSEQUENCED
#define NOT_TRACKED MCR_FEED_PACKET_NOT_TRACKED
#define MALFORMED   MCR_FEED_PACKET_MALFORMED

#define MAX32 UINT64_C(0xffffffff)

static const struct row {
	const char *preset, *packet;
	enum mcr_feed_packet_kind kind;
	uint64_t seq;
	uint32_t count, resets;
	const char *key; /* NULL: not looked at */
} rows[] = {
    {"moldudp64", "t:SESSION001 be8:7 be2:3 be2:1 t:A be2:1 t:B be2:1 t:C", DATA, 7, 3, 0,
     "session=SESSION001 flow=0"},
    {"moldudp64", "t:0000000001 be8:7 be2:0", HEARTBEAT, 7, 0, 0, "session=0000000001 flow=0"},
    {"moldudp64", "t:0000000001 be8:7 be2:0xffff", END, 7, 0, 0, NULL},
    {"moldudp64", "t:0000000001 be8:7 be2:0xfffe", DATA, 7, 0xfffe, 0, NULL},
    {"moldudp64", "t:0000000001 be8:7 be1:0", MALFORMED, 0, 0, 0, NULL},
    {"moldudp64", "t:0000000001 x:ffffffffffffffff be2:2", MALFORMED, 0, 0, 0, NULL},
    {"moldudp64", "t:0000000001 x:fffffffffffffffe be2:1", DATA, UINT64_MAX - 1, 1, 0, NULL},
    {"iqx", "t:000019360 t:P le8:7 le2:258", DATA, 7, 258, 0, "market_day=000019360 feed=P"},
    {"iqx", "t:000019360 t:P le8:7 le2:0", HEARTBEAT, 7, 0, 0, NULL},
    {"cme", "le4:0x01020304 z:8", DATA, 0x01020304, 1, 0, "flow=0"},
    {"cme", "le4:9", DATA, 9, 1, 0, NULL},
    {"cme", "le3:9", MALFORMED, 0, 0, 0, NULL},
    {"pitch", "le2:32 be1:2 be1:15 le4:47690 z:24", DATA, 47690, 2, 0, "unit=15"},
    {"pitch", "le2:8 be1:0 be1:15 le4:47690", HEARTBEAT, 47690, 0, 0, "unit=15"},
    {"pitch", "le2:8 be1:0 be1:0 le4:0", NOT_TRACKED, 0, 0, 0, NULL},
    {"pitch", "le2:16 be1:1 be1:15 le4:0 z:8", UNSEQUENCED, 0, 0, 0, NULL},
    {"pitch", "le2:16 be1:1 be1:15 le4:256 z:8", DATA, 256, 1, 0, NULL},
    {"pitch", "le2:8 be1:1 be1:15 le3:7", MALFORMED, 0, 0, 0, NULL},
    {"csm", "be1:1 be2:46 be8:9 be1:2 be4:35792412 z:30", DATA, 35792412, 2, 0, "flow=0"},
    {"iex", "z:4 le4:1 le4:77 le2:9 le2:3 le8:0 le8:50122 le8:0 z:9", DATA, 50122, 3, 0,
     "session=77 channel=1"},
    {"iex", "z:4 le4:1 le4:77 le2:0 le2:0 le8:0 le8:50122 le8:0", HEARTBEAT, 50122, 0, 0, NULL},
    {"xdp", "le2:20 be1:11 be1:2 le4:5 z:8 le2:4 le2:100", DATA, 5, 2, 0, "flow=0"},
    {"xdp", "le2:16 be1:1 be1:0 le4:5 z:8", HEARTBEAT, 5, 0, 0, NULL},
    {"xdp", "le2:30 be1:12 be1:1 le4:1 z:8 le2:14 le2:1 z:10", DATA, 1, 1, 1, NULL},
    {"xdp", "le2:30 be1:10 be1:1 le4:1 z:8 le2:14 le2:1 z:10", DATA, 1, 1, 1, NULL},
    {"xdp", "le2:20 be1:10 be1:2 le4:5 z:8 le2:4 le2:100", DATA, 5, 2, 0, NULL},
    {"xdp", "le2:30 be1:13 be1:1 le4:1 z:8 le2:14 le2:1 z:10", NOT_TRACKED, 0, 0, 0, NULL},
    {"xdp", "le2:20 be1:15 be1:2 le4:5 z:8 le2:4 le2:100", NOT_TRACKED, 0, 0, 0, NULL},
    {"xdp", "le2:20 be1:17 be1:2 le4:5 z:8 le2:4 le2:100", NOT_TRACKED, 0, 0, 0, NULL},
    {"xdp", "le2:20 be1:21 be1:2 le4:5 z:8 le2:4 le2:100", NOT_TRACKED, 0, 0, 0, NULL},
    {"openbook", "be2:40 be2:231 be4:7 be4:0 be1:12 be1:1 be1:3 be1:0 z:26", DATA, 7, 1, 0,
     "product=12 flow=0"},
    {"openbook", "be2:14 be2:2 be4:7 be4:0 be1:12 be1:1 be1:0 be1:0", HEARTBEAT, 7, 0, 0, NULL},
    {"openbook", "be2:14 be2:2 be4:0 be4:0 be1:12 be1:1 be1:0 be1:0", NOT_TRACKED, 0, 0, 0, NULL},
    {"openbook", "be2:18 be2:1 be4:1 be4:0 be1:12 be1:1 be1:1 be1:0 be4:2", DATA, 1, 1, 1, NULL},
    {"openbook", "be2:40 be2:231 be4:7 be4:0 be1:12 be1:2 be1:3 be1:0 z:26", NOT_TRACKED, 0, 0, 0,
     NULL},
    {"cta", "be1:2 be2:92 t:TO be4:3874 be1:19 z:10 be2:72 t:LT z:68", DATA, 3874, 19, 0,
     "feed=T flow=0"},
    {"cta", "be1:2 be2:92 t:TV be4:3874 be1:19 z:10 be2:72 t:LT z:68", NOT_TRACKED, 0, 0, 0, NULL},
    {"cta", "be1:2 be2:46 t:TO be4:3874 be1:1 z:10 be2:26 t:CT z:22", HEARTBEAT, 3875, 0, 0, NULL},
    {"cta", "be1:2 be2:46 t:TO x:ffffffff be1:1 z:10 be2:26 t:CT z:22", HEARTBEAT, 1, 0, 0, NULL},
    {"cta", "be1:2 be2:46 t:TO be4:0 be1:1 z:10 be2:26 t:CT z:22", HEARTBEAT, 1, 0, 0, NULL},
    {"cta", "be1:2 be2:46 t:TO be4:0 be1:1 z:10 be2:26 t:CA z:22", RESET, 1, 0, 0, NULL},
    {"cta", "be1:2 be2:46 t:TO be4:900 be1:1 z:10 be2:26 t:CL z:22", DATA, 900, 1, 1, NULL},
    {"cta", "be1:2 be2:46 t:TO be4:900 be1:1 z:10 be2:26 t:CZ z:22", DATA, 900, 1, 0, NULL},
    {"cta", "be1:2 be2:46 t:TO be4:0 be1:1 z:10 be2:26 t:CO z:22", UNSEQUENCED, 0, 0, 0, NULL},
    {"opra", "be1:6 be2:60 t:O x:20 be1:1 be4:9 be1:2 z:10 t:NqIx z:35", DATA, 9, 2, 0,
     "feed=O flow=0"},
    {"opra", "be1:6 be2:60 t:O x:20 t:X be4:9 be1:1 z:10 t:OHNx z:9", HEARTBEAT, 10, 0, 0, NULL},
    {"opra", "be1:6 be2:60 t:O x:20 t:X be4:800 be1:1 z:10 t:OHKx z:9", DATA, 800, 1, 1, NULL},
    {"opra", "be1:6 be2:60 t:O x:20 t:X be4:0 be1:1 z:10 t:OHCx z:9", RESET, 1, 0, 0, NULL},
    {"opra", "be1:6 be2:60 t:O t:V be1:1 be4:9 be1:2 z:10 t:NqIx z:35", NOT_TRACKED, 0, 0, 0, NULL},
    {"eobi", "le2:32 le2:13002 le4:0 le4:7 le4:3 be1:1 be1:1 be1:0 z:13", DATA, 7, 1, 0, "flow=0"},
    {"eobi", "le2:32 le2:13002 le4:0 le4:1 le4:3 be1:1 be1:1 be1:1 z:13", DATA, 1, 1, 1, NULL},
    {"optiq", "le8:0 le4:7 le2:0x0223 le2:41 z:8", DATA, (UINT64_C(2) << 32) + 7, 1, 0,
     "restarts=1 channel=41"},
    {"mitch", "le2:20 be1:2 t:R le4:7 z:12", DATA, 7, 2, 0, "flow=0"},
    {"mitch", "le2:8 be1:0 t:R le4:7", HEARTBEAT, 7, 0, 0, NULL},
    {"mitch", "le2:20 be1:1 t:R le4:0 z:12", UNSEQUENCED, 0, 0, 0, NULL},
    {"omd", "le2:24 be1:2 be1:0 le4:7 le8:0 le2:8 le2:20 le4:5", DATA, 7, 2, 0, "flow=0"},
    {"omd", "le2:16 be1:0 be1:0 le4:7 le8:0", HEARTBEAT, 8, 0, 0, NULL},
    {"omd", "le2:24 be1:1 be1:0 le4:9 le8:0 le2:8 le2:100 le4:1", RESET, 1, 0, 0, NULL},
    {"omd", "le2:24 be1:1 be1:0 le4:9 le8:0 le2:9 le2:100 le4:1", DATA, 9, 1, 0, NULL},
    {"flex", "be1:52 be1:1 be4:10030501 z:19 be1:20 z:9", DATA, 10030501, 1, 0, "reboots=1 flow=0"},
    {"flex", "be1:52 be1:0 be4:0 z:19 be1:20 z:9", UNSEQUENCED, 0, 0, 0, NULL},
    {"flex", "x:20", NOT_TRACKED, 0, 0, 0, NULL},
    {"umdf", "be1:50 be1:0 le2:1333 le4:7 le8:0 le2:60 x:50eb le2:48 le2:50 z:52", DATA, 7, 1, 0,
     "version=1333 channel=50 flow=0"},
    {"umdf", "be1:50 be1:1 le2:1333 le4:0 le8:0 le2:16 x:50eb le2:4 le2:2 le2:2 le2:9 le4:77124",
     HEARTBEAT, 77124, 0, 0, NULL},
    {"umdf", "be1:50 be1:1 le2:1333 le4:0 le8:0 le2:12 x:50eb le2:0 le2:1 le2:2 le2:9", RESET, 1, 0,
     0, "version=1333 channel=50 flow=0"},
    {"umdf", "be1:50 be1:1 le2:1333 le4:0 le8:0 le2:16 x:50eb le2:4 le2:2 le2:2 le2:9 le3:1",
     MALFORMED, 0, 0, 0, NULL},
    {"memoir", "be1:2 be1:18 be8:6 be8:7 be2:2 be2:1 t:A be2:1 t:B", DATA, 7, 2, 0,
     "session=6 flow=0"},
    {"memoir", "be1:0 be1:18 be8:6 be8:7", HEARTBEAT, 8, 0, 0, "session=6 flow=0"},
    {"memoir", "be1:0 be1:18 be8:6 be8:0", HEARTBEAT, 1, 0, 0, NULL},
    {"memoir", "be1:0 be1:18 be8:6 x:ffffffffffffffff", MALFORMED, 0, 0, 0, NULL},
    {"memoir", "be1:1 be1:18 be8:6 be8:7", END, 8, 0, 0, NULL},
    {"memoir", "be1:2 be1:18 be8:6 be8:7", MALFORMED, 0, 0, 0, NULL},
    {"memoir", "t:000010059B be8:7 be2:2 be2:1 t:A be2:1 t:B", MALFORMED, 0, 0, 0, NULL},
    {"mach", "le8:7 le2:20 be1:3 be1:1 t:ABCDEFGH", DATA, 7, 1, 0, "session=1 flow=0"},
    {"mach", "le8:7 le2:13 be1:3 be1:1 t:A le8:8 le2:14 be1:3 be1:1 t:BB le8:9 le2:12 be1:3 be1:1",
     DATA, 7, 3, 0, NULL},
    {"mach", "le8:7 le2:13 be1:3 be1:1 t:A le8:8 le2:14 be1:3 be1:1 t:B", MALFORMED, 0, 0, 0, NULL},
    {"mach", "le8:7 le2:0 be1:3 be1:1", MALFORMED, 0, 0, 0, NULL},
    {"mach", "le8:7 le2:12 be1:0 be1:1", HEARTBEAT, 8, 0, 0, NULL},
    {"mach", "le8:7 le2:12 be1:2 be1:1", END, 8, 0, 0, NULL},
    {"mach", "le8:0 le2:12 be1:1 be1:1", NOT_TRACKED, 0, 0, 0, NULL},
    {"mach", "le8:0 le2:12 be1:0 be1:0", NOT_TRACKED, 0, 0, 0, NULL},
    {"ice", "be2:7971 be4:4262 be2:5 be8:0 z:20", DATA, 4262, 5, 0, "session=7971 flow=0"},
    {"ice", "be2:7971 be4:4262 be2:0 be8:0", HEARTBEAT, 4262, 0, 0, NULL},
    {"otc", "be2:90 be4:5840 be1:0 be1:7 be4:0 z:78", DATA, 5840, 1, 0, "flow=0"},
    {"otc", "be2:90 be4:5840 be1:0x80 be1:7 be4:0 z:78", DATA, 5840, 1, 0, NULL},
    {"otc", "be2:12 be4:5840 be1:1 be1:0 be4:0", HEARTBEAT, 5840, 0, 0, NULL},
    {"otc", "be2:12 be4:1 be1:2 be1:0 be4:0", RESET, 1, 0, 0, NULL},
    {"otc", "be2:90 be4:5840 be1:0x40 be1:7 be4:0 z:78", NOT_TRACKED, 0, 0, 0, NULL},
    {"coinbase", "le8:0 le8:7 le2:44849 be1:1 be1:2 le4:0 z:56", DATA, 7, 2, 0, "channel=44849"},
    {"coinbase", "le8:0 le8:7 le2:44849 be1:1 be1:0 le4:0", HEARTBEAT, 7, 0, 0, NULL},
    {"coinbase", "le8:0 le8:7 le2:44849 be1:2 be1:6 le4:45 z:64", NOT_TRACKED, 0, 0, 0, NULL},
    {"coinbase", "le8:0 le8:7 le2:44849 be1:5 be1:6 le4:45 z:64", NOT_TRACKED, 0, 0, 0, NULL},
    {"sola", "x:02 t:0000674046 t:H x:20 t:BODY x:03", DATA, 674046, 1, 0, "flow=0"},
    {"sola", "x:02 t:0000674046 t:V x:20 t:093000 x:03", HEARTBEAT, 674047, 0, 0, NULL},
    {"sola", "x:02 t:00006740x6 t:H x:20 t:BODY x:03", MALFORMED, 0, 0, 0, NULL},
    {"sola", "x:03 t:0000674046 t:H x:20 t:BODY x:03", MALFORMED, 0, 0, 0, NULL},
    {"box", "x:02 t:094989750 t:F x:20 t:BODY x:03", DATA, 94989750, 1, 0, NULL},
    {"box", "x:02 t:094989750 t:V x:20 t:093000 x:03", HEARTBEAT, 94989751, 0, 0, NULL},
    {"rtp", "be1:0x80 be1:8 be2:65535 be4:160 be4:0xdeadbeef z:20", DATA, 65535, 1, 0,
     "ssrc=deadbeef flow=0"},
    {"rtp", "be1:0x80 be1:0x88 be2:7 be4:160 be4:0xdeadbeef z:20", DATA, 7, 1, 0, NULL},
    {"rtp", "be1:0x80 be1:200 be2:7 be4:160 be4:0xdeadbeef z:20", NOT_TRACKED, 0, 0, 0, NULL},
    {"rtp", "be1:0x40 be1:8 be2:7 be4:160 be4:0xdeadbeef z:20", MALFORMED, 0, 0, 0, NULL},
    {"rtp", "be1:0x80 be1:8 be2:7 be4:160 be3:1", MALFORMED, 0, 0, 0, NULL},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void parse(struct mcr_feed_declaration *d, const char *text)
{
	struct mcr_error err = {""};

	if (mcr_feed_declaration_parse(d, text, &err) != 0)
		fail_msg("%s", err.text);
}

static void a_packet_is_what_its_feed_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		struct mcr_feed_declaration d;
		struct mcr_feed_packet p = {.resets = 1};
		uint8_t data[512];
		char key[64];

		parse(&d, row->preset);
		mcr_feed_packet_read(&d, data, packet_of_text(data, sizeof(data), row->packet), &p);
		mcr_feed_key_text(&d, p.scope, p.epoch, key, sizeof(key));
		if (p.kind != row->kind || p.seq != row->seq || p.count != row->count ||
		    p.resets != row->resets || (row->key && strcmp(key, row->key) != 0))
			fail_msg("%s, %s: kind %u, seq %llu, count %u, resets %u, key %s",
				 row->preset, row->packet, p.kind, (unsigned long long)p.seq,
				 p.count, p.resets, key);
	}
}

static void every_preset_has_a_packet_here(void **state)
{
	const char *name;
	size_t at = 0;

	(void)state;
	for (size_t i = 0; (name = mcr_feed_declaration_preset(i)) != NULL; i++) {
		while (at < ROWS && strcmp(rows[at].preset, name) != 0)
			at++;
		if (at == ROWS)
			fail_msg("%s has none, or stands in another order", name);
	}
}

/* Cut off anywhere, a packet is malformed, or what it still is: never data with another number. */
static void a_packet_that_is_cut_off_has_no_other_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		struct mcr_feed_declaration d;
		uint8_t data[512];
		const size_t len = packet_of_text(data, sizeof(data), row->packet);

		parse(&d, row->preset);
		for (size_t n = 0; n < len; n++) {
			struct mcr_feed_packet p;
			uint8_t *exact = malloc(n ? n : 1); /* so that ASan sees a read behind it */

			assert_non_null(exact);
			memcpy(exact, data, n);
			mcr_feed_packet_read(&d, exact, n, &p);
			if (p.kind == MALFORMED)
				assert_true(p.seq == 0 && p.count == 0 && p.scope[0] == 0);
			else if (p.kind != NOT_TRACKED && row->kind == DATA && !row->resets)
				assert_true(p.kind == DATA && p.seq == row->seq &&
					    p.count <= row->count);
			free(exact);
		}
	}
}

/* What is read in place is what is read of any packet, whatever stands there. */
static void plain_data_are_read_in_place(void **state)
{
	unsigned in_place = 0;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct mcr_feed_declaration d;
		uint8_t data[512];
		const size_t len = packet_of_text(data, sizeof(data), rows[i].packet);

		parse(&d, rows[i].preset);
		for (size_t at = 0; at < len; at++) {
			struct mcr_feed_packet before, quick = {.hash = 0}, p = quick;
			uint64_t differs = 0;

			mcr_feed_packet_read(&d, data, len, &before);
			before.scope[1] |= UINT64_C(7) << 32;
			data[at] = (uint8_t)(data[at] + 1 + at % 3);
			mcr_feed_packet_read(&d, data, len, &p);
			if (!mcr_feed_plain_read(&d.reading, data, len, UINT64_C(7) << 32, &before,
						 &differs, &quick))
				continue;
			in_place++;
			p.scope[1] |= UINT64_C(7) << 32;
			assert_memory_equal(&quick, &p, sizeof(p));
			assert_int_equal(differs == 0,
					 memcmp(p.scope, before.scope, sizeof(p.scope)) == 0 &&
					     memcmp(p.epoch, before.epoch, sizeof(p.epoch)) == 0);
		}
	}
	assert_true(in_place > ROWS);
}

/* Then no rule is looked at, which would take time: the first packet of each preset here. */
static void plain_data_are_told_by_three_octets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct mcr_feed_reading *r;
		struct mcr_feed_declaration d;
		unsigned may = UINT16_MAX;
		uint8_t data[512];

		if (i > 0 && strcmp(rows[i].preset, rows[i - 1].preset) == 0)
			continue;
		parse(&d, rows[i].preset);
		r = &d.reading;
		if (packet_of_text(data, sizeof(data), rows[i].packet) < r->whole)
			fail_msg("%s: it is shorter than %u octets", rows[i].preset, r->whole);
		for (unsigned k = 0; k < MCR_FEED_SELECTS; k++)
			may &= r->may[k][data[r->select[k]]];
		if (may != 0)
			fail_msg("%s: rules %x", rows[i].preset, may);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_packet_is_what_its_feed_says),
	    cmocka_unit_test(every_preset_has_a_packet_here),
	    cmocka_unit_test(plain_data_are_read_in_place),
	    cmocka_unit_test(plain_data_are_told_by_three_octets),
	    cmocka_unit_test(a_packet_that_is_cut_off_has_no_other_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
