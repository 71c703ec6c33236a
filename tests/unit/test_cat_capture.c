/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-cat --format pcapng: what it writes is read as mcring-replay and an rx lcore read it. */
#include "capture_rig.h"

#include <fcntl.h>

#include "core/parse.h"
#include "core/rng.h"
#include "mcring-cat/capture.h"
#include "pcapng_rig.h"

#define ROUNDS 2000

/* How the engine calls its interfaces, in this order; NULL = it does not answer. */
static const char *const *engine_names;
static unsigned n_names, asked;

int mcr_consumer_interface_info(struct mcr_consumer *c, uint32_t i,
				struct mcr_consumer_interface *out, struct mcr_error *err)
{
	asked++;
	assert_int_equal(out->size, sizeof(*out));
	if (!engine_names || i >= n_names)
		return engine_names ? -2 : -32;
	out->index = i;
	snprintf(out->name, sizeof(out->name), "%s", engine_names[i]);
	snprintf(out->netdev, sizeof(out->netdev), "eth%u", i);
	return 0;
}

static char path[64];
static struct cat_capture p;
static int fd;

static int begin(void **state)
{
	static const char *const names[] = {"feed-a", "feed-b", "feed-c"};

	new_file(path, "", 0);
	memset(&p, 0, sizeof(p));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_in_range(fd, 0, 1023);
	engine_names = names;
	n_names = 3;
	asked = 0;
	cat_capture_begin(&p, fd, NULL);
	assert_int_equal(asked, 4);
	return 0;
}

static struct capture *end(void)
{
	const char *names[] = {path};

	cat_capture_end(&p);
	assert_int_equal(p.file.error, 0);
	close(fd);
	return open_files(names, 1);
}

static struct mcr_address address_of(const char *text)
{
	struct mcr_address address;

	assert_int_equal(mcr_address_parse(&address, text, strlen(text)), 0);
	return address;
}

static struct mcr_msg message(uint64_t rx_ns, uint16_t interface, uint32_t len)
{
	return (struct mcr_msg){.kind = MCR_DATA,
				.rx_ns = rx_ns,
				.len = len,
				.interface = interface,
				.group = address_of("239.1.1.1"),
				.source = address_of("10.0.0.1"),
				.dst_port = 5000,
				.src_port = 6000,
				.ttl = 3};
}

static struct mcr_msg random_message(struct mcr_rng *rng, uint64_t rx_ns)
{
	const int is_ipv4 = (mcr_rng_next(rng) & 1) != 0;
	const uint32_t len =
	    (uint32_t)(mcr_rng_next(rng) % (mcr_rng_next(rng) % 8 == 0 ? 9000 : 90));
	struct mcr_msg m = message(rx_ns, (uint16_t)(mcr_rng_next(rng) % 3), len);

	if (is_ipv4) {
		m.group.octets[15] = (uint8_t)mcr_rng_next(rng);
		m.source.octets[15] = (uint8_t)mcr_rng_next(rng);
	} else {
		m.group = address_of("ff15::1234:5678:9abc");
		m.source = address_of("2001:db8::7");
		m.group.octets[7] = (uint8_t)mcr_rng_next(rng);
	}
	m.dst_port = (uint16_t)mcr_rng_next(rng);
	m.src_port = (uint16_t)mcr_rng_next(rng);
	m.ttl = (uint8_t)mcr_rng_next(rng);
	m.traffic_class = (uint8_t)mcr_rng_next(rng);
	m.vlan = mcr_rng_next(rng) % 3 == 0 ? (uint16_t)(mcr_rng_next(rng) % 4094 + 1) : 0;
	return m;
}

static void is_message(const struct capture_frame *frame, const struct mcr_msg *m,
		       const uint8_t *payload)
{
	static const uint8_t own_mac[6] = {2, 0, 0, 0, 0, 1};
	struct mcr_packet packet;

	mcr_parse(&packet, frame->data, frame->len, frame->len, 0, own_mac);
	assert_int_equal(packet.verdict, MCR_PARSED_UDP);
	assert_true(mcr_udp_checksum_ok(&packet, frame->data));
	assert_int_not_equal(frame->data[packet.payload_offset - 2] << 8 |
				 frame->data[packet.payload_offset - 1],
			     0); /* there is one */
	assert_true(mcr_address_is_equal(mcr_packet_group(&packet, frame->data), m->group));
	assert_true(
	    mcr_address_is_equal(mcr_packet_source_address(&packet, frame->data), m->source));
	assert_int_equal(packet.port, m->dst_port);
	assert_int_equal(packet.source_port, m->src_port);
	assert_int_equal(packet.vlan, m->vlan);
	assert_int_equal(packet.ttl, m->ttl);
	assert_int_equal(packet.traffic_class, m->traffic_class);
	assert_int_equal(packet.payload_len, m->len);
	assert_memory_equal(frame->data + packet.payload_offset, payload, m->len);
	assert_int_equal(packet.payload_offset + m->len, frame->len);
	assert_int_equal(frame->time_ns, m->rx_ns);
	assert_int_equal(frame->cut, 0);
}

static void a_message_is_a_frame_that_says_the_same_with_good_checksums(void **state)
{
	static struct mcr_msg messages[ROUNDS];
	static uint8_t noise[2 * ROUNDS + 9000];
	struct mcr_rng rng;
	struct capture *c;

	mcr_rng_seed(&rng, 1);
	for (unsigned i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)mcr_rng_next(&rng);
	for (unsigned i = 0; i < ROUNDS; i++) {
		messages[i] = random_message(&rng, 1700000000 * SECOND_NS + i * 12345678901);
		cat_capture_packet(&p, &messages[i], noise + i);
	}
	c = end();
	for (unsigned i = 0; i < ROUNDS; i++) {
		const struct capture_frame frame = next_frame(c);
		const char *name = capture_interface(c, frame.interface).name;

		is_message(&frame, &messages[i], noise + i);
		assert_string_equal(name, engine_names[messages[i].interface]);
	}
	no_frame(c);
	assert_int_equal(asked, 4); /* once for each, at the beginning */
	assert_int_equal(counts_of(c).n_cut, 0);
	assert_int_equal(counts_of(c).other_blocks, 0);
	capture_close(c);
}

/* RFC 768: a checksum of 0 would say that there is none. */
static void a_checksum_that_comes_out_as_0_is_written_as_its_complement(void **state)
{
	struct mcr_msg m = message(1, 0, 2);
	unsigned n_ffff = 0;
	struct capture *c;

	for (unsigned value = 0; value < 65536; value++) {
		const uint8_t payload[] = {(uint8_t)(value >> 8), (uint8_t)value};

		cat_capture_packet(&p, &m, payload);
	}
	c = end();
	for (unsigned value = 0; value < 65536; value++) {
		const uint8_t payload[] = {(uint8_t)(value >> 8), (uint8_t)value};
		const struct capture_frame frame = next_frame(c);

		is_message(&frame, &m, payload);
		n_ffff += frame.data[40] == 0xff && frame.data[41] == 0xff;
	}
	assert_in_range(n_ffff, 1, 2);
	capture_close(c);
}

static void interfaces_of_the_next_engine_are_found_again_by_their_names(void **state)
{
	static const char *const next[] = {"feed-x", "feed-c", "feed-a"};
	static const char *const expected[] = {"feed-a", "feed-c", "feed-a", "feed-c", "feed-x"};
	const uint16_t numbers[] = {0, 2, 2, 1, 0};
	struct capture *c;

	for (unsigned i = 0; i < 5; i++) {
		const struct mcr_msg m = message(1 + i, numbers[i], 0);

		if (i == 2) {
			cat_capture_restart(&p);
			engine_names = next;
		}
		cat_capture_packet(&p, &m, NULL);
	}
	c = end();
	assert_int_equal(capture_interfaces(c), 3);
	for (unsigned i = 0; i < 5; i++)
		assert_string_equal(capture_interface(c, next_frame(c).interface).name,
				    expected[i]);
	assert_int_equal(capture_interfaces(c), 4);
	capture_close(c);
}

static void an_interface_that_the_engine_does_not_name_any_more_has_its_number(void **state)
{
	const struct mcr_msg m = message(1, 3, 0);
	struct capture *c;

	engine_names = NULL;
	cat_capture_packet(&p, &m, NULL);
	c = end();
	assert_string_equal(capture_interface(c, next_frame(c).interface).name, "interface-3");
	capture_close(c);
}

/* ---- remarks: the reader does not look at them ---- */

static const struct file *contents(void)
{
	cat_capture_end(&p);
	assert_int_equal(p.file.error, 0);
	close(fd);
	return read_blocks(path);
}

static void losses_and_events_stand_beside_the_next_packet_and_nowhere_else(void **state)
{
	const struct mcr_msg m = message(1, 0, 1);
	const struct file *f;
	uint64_t lost;

	cat_capture_packet(&p, &m, (const uint8_t *)"x");
	cat_capture_lost(&p, 3);
	cat_capture_comment(&p, "lost 3 from seq 2 of ring 0");
	cat_capture_lost(&p, 4);
	cat_capture_comment(&p, "link of port 0 down");
	cat_capture_packet(&p, &m, (const uint8_t *)"y");
	cat_capture_packet(&p, &m, (const uint8_t *)"z");
	f = contents();
	assert_null(of_packet(f, 0, 4, 0, 1));
	assert_null(of_packet(f, 0, 1, 0, 1));
	memcpy(&lost, of_packet(f, 1, 4, 0, 1), sizeof(lost));
	assert_int_equal(lost, 7);
	assert_string_equal(of_packet(f, 1, 1, 0, 1), "lost 3 from seq 2 of ring 0");
	assert_string_equal(of_packet(f, 1, 1, 1, 1), "link of port 0 down");
	assert_null(of_packet(f, 2, 4, 0, 1));
	assert_null(of_packet(f, 2, 1, 0, 1));
}

static void what_no_packet_follows_stands_in_the_statistics_at_the_end(void **state)
{
	const struct mcr_msg m = message(1, 0, 1);
	const struct file *f;
	const uint8_t *body;
	uint64_t lost;
	uint32_t len;

	cat_capture_packet(&p, &m, (const uint8_t *)"x");
	cat_capture_lost(&p, 5);
	cat_capture_comment(&p, "lost 5 from seq 2 of ring 0");
	f = contents();
	body = find_block(f, 5, 0, &len);
	assert_non_null(body);
	memcpy(&lost, find_option(body + 12, len - 12, 7, 0), sizeof(lost));
	assert_int_equal(lost, 5);
	assert_string_equal(find_option(body + 12, len - 12, 1, 0), "lost 5 from seq 2 of ring 0");
	assert_null(find_block(f, 5, 1, &len));
}

static void comments_without_number_or_end_are_cut(void **state)
{
	const struct mcr_msg m = message(1, 0, 1);
	char text[1000];
	const struct file *f;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i < 1000; i++)
		cat_capture_comment(&p, text);
	cat_capture_packet(&p, &m, (const uint8_t *)"x");
	f = contents();
	for (unsigned i = 0; i < CAT_COMMENTS_MAX; i++)
		assert_int_equal(strlen(of_packet(f, 0, 1, i, 1)), CAT_COMMENT_LEN - 1);
	assert_null(of_packet(f, 0, 1, CAT_COMMENTS_MAX, 1));
}

static void the_file_says_who_wrote_it_and_what_the_interface_is(void **state)
{
	const struct mcr_msg m = message(1, 1, 1);
	const struct file *f;
	const uint8_t *body;
	uint32_t len;

	cat_capture_packet(&p, &m, (const uint8_t *)"x");
	f = contents();
	body = find_block(f, 0x0a0d0d0a, 0, &len);
	assert_memory_equal(find_option(body + 16, len - 16, 4, 0), "mcring-cat ", 11);
	body = find_block(f, 1, 1, &len);
	assert_string_equal(find_option(body + 8, len - 8, 2, 0), "feed-b");
	assert_string_equal(find_option(body + 8, len - 8, 3, 0), "eth1");
	assert_string_equal(find_option(body + 8, len - 8, 9, 0), "\x09");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(a_message_is_a_frame_that_says_the_same_with_good_checksums,
				   begin),
	    cmocka_unit_test_setup(a_checksum_that_comes_out_as_0_is_written_as_its_complement,
				   begin),
	    cmocka_unit_test_setup(interfaces_of_the_next_engine_are_found_again_by_their_names,
				   begin),
	    cmocka_unit_test_setup(
		an_interface_that_the_engine_does_not_name_any_more_has_its_number, begin),
	    cmocka_unit_test_setup(losses_and_events_stand_beside_the_next_packet_and_nowhere_else,
				   begin),
	    cmocka_unit_test_setup(what_no_packet_follows_stands_in_the_statistics_at_the_end,
				   begin),
	    cmocka_unit_test_setup(comments_without_number_or_end_are_cut, begin),
	    cmocka_unit_test_setup(the_file_says_who_wrote_it_and_what_the_interface_is, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
