/* SPDX-License-Identifier: BSD-3-Clause */
/* tools/common/pcapng.h: what stands in a file beside the messages, cut messages, and disks that
 * are full. Whole messages: test_cat_capture.c. */
#include "capture_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "common/pcapng.h"
#include "core/parse.h"
#include "core/rng.h"
#include "pcapng_rig.h"

#define BLOCK_SECTION    0x0a0d0d0au
#define BLOCK_INTERFACE  1
#define BLOCK_STATISTICS 5
#define BLOCK_PACKET     6

static const struct pcapng_comments none;
static char path[64];
static struct pcapng p;

static void open_path(void)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	pcapng_begin(&p, fd, "test 1.0", none);
}

static int begin(void **state)
{
	new_file(path, "", 0);
	open_path();
	return 0;
}

static const struct file *contents(void)
{
	assert_int_equal(pcapng_flush(&p), 0);
	assert_int_equal(pcapng_size(&p), p.written);
	close(p.fd);
	return read_blocks(path);
}

static struct mcr_address address_of(const char *text)
{
	struct mcr_address address;

	assert_int_equal(mcr_address_parse(&address, text, strlen(text)), 0);
	return address;
}

static struct mcr_msg message(uint64_t rx_ns, uint32_t len)
{
	return (struct mcr_msg){.rx_ns = rx_ns,
				.len = len,
				.group = address_of("239.1.1.1"),
				.source = address_of("10.0.0.1"),
				.dst_port = 5000,
				.src_port = 6000,
				.ttl = 3};
}

static uint64_t number(const char *option)
{
	uint64_t value;

	assert_non_null(option);
	memcpy(&value, option, sizeof(value));
	return value;
}

/* ---- beside packets ---- */

static void copies_of_a_packet_have_one_id_and_losses_and_comments_stand_beside_it(void **state)
{
	static const char *const why[] = {"gap 7-9: 3 messages", "", "gap 12: 1 message"};
	const struct pcapng_remarks remarks = {
	    .drops = 5, .id = 0xfedcba9876543210, .comments = {why, 3}};
	const struct pcapng_remarks copy = {.id = 0xfedcba9876543210};
	const struct mcr_msg m = message(1, 2);
	const struct file *f;

	assert_int_equal(pcapng_interface(&p, "itch/A", "", 0), 0);
	assert_int_equal(pcapng_interface(&p, "itch/B", "", 0), 1);
	pcapng_packet(&p, 0, &m, (const uint8_t *)"xx", 2, &remarks);
	pcapng_packet(&p, 1, &m, (const uint8_t *)"xx", 2, &copy);
	pcapng_packet(&p, 1, &m, (const uint8_t *)"xx", 2, NULL);
	f = contents();
	assert_int_equal(number(of_packet(f, 0, 4, 0, 2)), 5);
	assert_int_equal(number(of_packet(f, 0, 5, 0, 2)), remarks.id);
	assert_string_equal(of_packet(f, 0, 1, 0, 2), why[0]);
	assert_string_equal(of_packet(f, 0, 1, 1, 2), why[2]); /* "" says nothing */
	assert_null(of_packet(f, 0, 1, 2, 2));
	assert_int_equal(number(of_packet(f, 1, 5, 0, 2)), remarks.id);
	assert_null(of_packet(f, 1, 4, 0, 2));
	assert_null(of_packet(f, 1, 1, 0, 2));
	assert_null(of_packet(f, 2, 5, 0, 2));
}

static void a_comment_is_cut_between_two_characters(void **state)
{
	char text[2 * PCAPNG_COMMENT_MAX];
	const char *const list[] = {text, text + 1};
	const struct pcapng_remarks remarks = {.comments = {list, 2}};
	const struct mcr_msg m = message(1, 2);
	const struct file *f;

	for (size_t i = 0; i < sizeof(text) - 2; i += 2)
		memcpy(text + i, "\u00e9", 2);
	text[sizeof(text) - 2] = '\0';
	text[0] = 'x', text[1] = 'y';
	pcapng_interface(&p, "a", "", 0);
	pcapng_packet(&p, 0, &m, (const uint8_t *)"xx", 2, &remarks);
	f = contents();
	assert_int_equal(strlen(of_packet(f, 0, 1, 0, 2)), PCAPNG_COMMENT_MAX);
	assert_int_equal(strlen(of_packet(f, 0, 1, 1, 2)), PCAPNG_COMMENT_MAX - 1);
}

static void comments_that_a_block_has_no_room_for_are_left_out(void **state)
{
	static char text[PCAPNG_COMMENT_MAX + 1];
	const char *list[200];
	const struct pcapng_remarks remarks = {.id = 7, .comments = {list, 200}};
	const struct mcr_msg m = message(1, 2);
	unsigned n = 0;
	const struct file *f;

	memset(text, 'x', PCAPNG_COMMENT_MAX);
	for (unsigned i = 0; i < 200; i++)
		list[i] = text;
	pcapng_interface(&p, "a", "", 0);
	pcapng_packet(&p, 0, &m, (const uint8_t *)"xx", 2, &remarks);
	f = contents();
	while (of_packet(f, 0, 1, n, 2))
		n++;
	assert_int_equal(n, (PCAPNG_OPTIONS_MAX - 12) / (4 + PCAPNG_COMMENT_MAX));
	assert_int_equal(number(of_packet(f, 0, 5, 0, 2)), 7);
}

/* ---- cut packets ---- */

/* The checksum is that of the octets that are there, as if no other followed. */
static void a_cut_packet_says_how_long_it_was(void **state)
{
	static const uint8_t own_mac[6] = {2, 0, 0, 0, 0, 1};
	const char *const groups[] = {"239.1.1.1", "ff15::1"}, *const sources[] = {"10.0.0.1",
										   "fd00::1"};
	const char *names[] = {path};
	uint8_t payload[100];
	struct capture *c;

	memset(payload, 0xa5, sizeof(payload));
	pcapng_interface(&p, "a", "", 33);
	for (unsigned i = 0; i < 2; i++) {
		struct mcr_msg m = message(1, 100);

		m.group = address_of(groups[i]);
		m.source = address_of(sources[i]);
		pcapng_packet(&p, 0, &m, payload, 33, NULL);
	}
	assert_int_equal(pcapng_flush(&p), 0);
	close(p.fd);
	c = open_files(names, 1);
	for (unsigned i = 0; i < 2; i++) {
		const struct capture_frame frame = next_frame(c);
		struct mcr_packet packet;
		uint8_t whole[200];

		assert_int_equal(frame.len, (i == 0 ? 42 : 62) + 33);
		assert_int_equal(frame.cut, 67);
		memset(whole, 0, sizeof(whole)); /* zeros add nothing to a sum */
		memcpy(whole, frame.data, frame.len);
		mcr_parse(&packet, whole, frame.len + 67, frame.len + 67, 0, own_mac);
		assert_int_equal(packet.verdict, MCR_PARSED_UDP);
		assert_int_equal(packet.payload_len, 100);
		assert_true(mcr_udp_checksum_ok(&packet, whole));
	}
	no_frame(c);
	capture_close(c);
}

static void more_is_never_kept_than_a_message_has_or_a_block_takes(void **state)
{
	static uint8_t payload[PCAPNG_KEPT_MAX];
	const struct mcr_msg small = message(1, 3), large = message(1, UINT32_MAX - 100);
	const struct file *f;
	uint32_t len;

	pcapng_interface(&p, "a", "", 0);
	pcapng_packet(&p, 0, &small, payload, 1000, NULL);
	for (unsigned i = 0; i < 5; i++) /* more than the buffer holds */
		pcapng_packet(&p, 0, &large, payload, UINT32_MAX, NULL);
	f = contents();
	find_block(f, BLOCK_PACKET, 0, &len);
	assert_int_equal(len, 20 + 42 + 3 + 3);
	for (unsigned i = 1; i <= 5; i++) {
		assert_non_null(find_block(f, BLOCK_PACKET, i, &len));
		assert_int_equal(len, 20 + 42 + PCAPNG_KEPT_MAX + 2);
	}
}

/* ---- the section, interfaces, statistics ---- */

static void the_section_says_what_it_covers_when_that_is_known(void **state)
{
	static const char *const before[] = {"covers ................"},
				 *const longer[] = {"covers .................x"};
	static const char *const after[] = {"covers 09:30:00-09:31:00"};
	const struct mcr_msg m = message(1, 2);
	const struct file *f;
	const uint8_t *body;
	uint32_t len;

	assert_int_equal(pcapng_flush(&p), 0);
	assert_int_equal(lseek(p.fd, 0, SEEK_SET), 0);
	pcapng_begin(&p, p.fd, "test 1.0", (struct pcapng_comments){before, 1});
	pcapng_interface(&p, "a", "", 0);
	pcapng_packet(&p, 0, &m, (const uint8_t *)"xx", 2, NULL);
	assert_int_equal(pcapng_rewrite_begin(&p, "test 1.0", (struct pcapng_comments){longer, 1}),
			 -EINVAL);
	assert_int_equal(pcapng_rewrite_begin(&p, "test 1.0", (struct pcapng_comments){after, 1}),
			 0);
	pcapng_packet(&p, 0, &m, (const uint8_t *)"yy", 2, NULL);
	f = contents();
	body = find_block(f, BLOCK_SECTION, 0, &len);
	assert_string_equal(find_option(body + 16, len - 16, 4, 0), "test 1.0");
	assert_string_equal(find_option(body + 16, len - 16, 1, 0), after[0]);
	assert_null(find_block(f, BLOCK_SECTION, 1, &len));
	assert_non_null(find_block(f, BLOCK_PACKET, 1, &len));
	assert_null(find_block(f, BLOCK_PACKET, 2, &len));
}

static void an_interface_says_what_it_is_and_how_much_of_a_packet_it_keeps(void **state)
{
	const struct file *f;
	const uint8_t *body;
	uint32_t len, limit;

	pcapng_interface(&p, "itch/A", "line A of feed itch", 0);
	pcapng_interface(&p, "itch/B", "", 64);
	f = contents();
	body = find_block(f, BLOCK_INTERFACE, 0, &len);
	memcpy(&limit, body + 4, sizeof(limit));
	assert_int_equal(limit, 0);
	assert_string_equal(find_option(body + 8, len - 8, 2, 0), "itch/A");
	assert_string_equal(find_option(body + 8, len - 8, 3, 0), "line A of feed itch");
	assert_string_equal(find_option(body + 8, len - 8, 9, 0), "\x09");
	body = find_block(f, BLOCK_INTERFACE, 1, &len);
	memcpy(&limit, body + 4, sizeof(limit));
	assert_int_equal(limit, 66 + 64); /* the longest headers: Ethernet, VLAN, IPv6, UDP */
	assert_null(find_option(body + 8, len - 8, 3, 0));
}

static void statistics_say_what_is_known(void **state)
{
	static const char *const blind[] = {"blind from 1 to 2"};
	const uint64_t when = 1700000000123456789;
	struct pcapng_statistics s = {.ns = when,
				      .start_ns = when - 5,
				      .end_ns = when,
				      .received = 10,
				      .dropped = UINT64_MAX,
				      .not_read = 3,
				      .in_the_file = 0};
	const struct file *f;
	const uint8_t *body;
	uint32_t len, words[2];

	pcapng_interface(&p, "a", "", 0);
	pcapng_interface(&p, "b", "", 0);
	pcapng_statistics(&p, 1, &s, (struct pcapng_comments){blind, 1});
	memset(&s, 0xff, sizeof(s));
	pcapng_statistics(&p, 0, &s, none);
	f = contents();
	body = find_block(f, BLOCK_STATISTICS, 0, &len);
	assert_memory_equal(body, ((uint32_t[]){1, (uint32_t)(when >> 32), (uint32_t)when}), 12);
	memcpy(words, find_option(body + 12, len - 12, 2, 0), sizeof(words));
	assert_int_equal((uint64_t)words[0] << 32 | words[1], when - 5);
	memcpy(words, find_option(body + 12, len - 12, 3, 0), sizeof(words));
	assert_int_equal((uint64_t)words[0] << 32 | words[1], when);
	assert_int_equal(number(find_option(body + 12, len - 12, 4, 0)), 10);
	assert_null(find_option(body + 12, len - 12, 5, 0));
	assert_int_equal(number(find_option(body + 12, len - 12, 7, 0)), 3);
	assert_int_equal(number(find_option(body + 12, len - 12, 8, 0)), 0);
	assert_string_equal(find_option(body + 12, len - 12, 1, 0), blind[0]);
	body = find_block(f, BLOCK_STATISTICS, 1, &len);
	assert_memory_equal(body, ((uint32_t[]){0, 0, 0}), 12);
	assert_int_equal(len, 12);
}

/* ---- a disk that is full ---- */

/* As a file system does that has so much room left: the write that does not fit is cut short, the
 * next one fails. */
static void limit_files(rlim_t octets)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = octets;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static unsigned count_packets(const struct file *f)
{
	uint32_t len;
	unsigned n = 0;

	while (find_block(f, BLOCK_PACKET, n, &len))
		n++;
	return n;
}

static void at_any_octet_a_full_disk_leaves_whole_blocks_that_are_counted(void **state)
{
	static const char *const comment[] = {"the disk was full"};
	const struct mcr_msg m = message(1, 2);
	struct pcapng_statistics s;

	memset(&s, 0xff, sizeof(s));
	signal(SIGXFSZ, SIG_IGN);
	close(p.fd);
	unlink(path);
	for (rlim_t room = 0; room < 500; room++) {
		const struct file *f;
		unsigned n;
		uint32_t len;

		new_file(path, "", 0);
		open_path();
		limit_files(room);
		pcapng_interface(&p, "a", "", 0);
		for (unsigned i = 0; i < 20; i++)
			pcapng_packet(&p, 0, &m, (const uint8_t *)"xx", 2, NULL);
		assert_int_equal(pcapng_flush(&p), -EFBIG);
		pcapng_packet(&p, 0, &m, (const uint8_t *)"xx", 2, NULL);
		assert_int_equal(pcapng_flush(&p), -EFBIG); /* and nothing more is written */
		assert_in_range(p.written, room > 76 ? room - 76 : 0, room);
		n = (unsigned)p.packets;
		limit_files(RLIM_INFINITY);
		assert_int_equal(pcapng_cut(&p), 0);
		if (p.written > 0)
			pcapng_statistics(&p, 0, &s, (struct pcapng_comments){comment, 1});
		f = contents();
		assert_int_equal(count_packets(f), n);
		if (n > 0)
			assert_non_null(find_block(f, BLOCK_STATISTICS, 0, &len));
	}
}

static void a_reader_that_went_away_is_an_error_that_stays(void **state)
{
	const struct mcr_msg m = message(1, 2);
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	signal(SIGPIPE, SIG_IGN);
	close(p.fd);
	unlink(path);
	pcapng_begin(&p, fds[1], "test", none);
	assert_int_equal(pcapng_flush(&p), 0);
	close(fds[0]);
	pcapng_interface(&p, "a", "", 0);
	for (unsigned i = 0; i < 2 * PCAPNG_BUFFER / 64; i++)
		pcapng_packet(&p, 0, &m, (const uint8_t *)"xx", 2, NULL);
	assert_int_equal(p.error, -EPIPE); /* known before the flush */
	assert_int_equal(pcapng_flush(&p), -EPIPE);
	assert_int_equal(p.packets, 0);
	close(fds[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(
		copies_of_a_packet_have_one_id_and_losses_and_comments_stand_beside_it, begin),
	    cmocka_unit_test_setup(a_comment_is_cut_between_two_characters, begin),
	    cmocka_unit_test_setup(comments_that_a_block_has_no_room_for_are_left_out, begin),
	    cmocka_unit_test_setup(a_cut_packet_says_how_long_it_was, begin),
	    cmocka_unit_test_setup(more_is_never_kept_than_a_message_has_or_a_block_takes, begin),
	    cmocka_unit_test_setup(the_section_says_what_it_covers_when_that_is_known, begin),
	    cmocka_unit_test_setup(an_interface_says_what_it_is_and_how_much_of_a_packet_it_keeps,
				   begin),
	    cmocka_unit_test_setup(statistics_say_what_is_known, begin),
	    cmocka_unit_test_setup(at_any_octet_a_full_disk_leaves_whole_blocks_that_are_counted,
				   begin),
	    cmocka_unit_test_setup(a_reader_that_went_away_is_an_error_that_stays, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
