/* SPDX-License-Identifier: BSD-3-Clause */
/* Feeds whose numbers begin anew, and sinks that start again before, at and behind that: each
 * message once, with an id that no other has. */
#include "sink_feed_rig.h"

#include "../../tools/mcring-sink/feed_resume.h"

/* A packet of another session. */
static void send_session(struct sink_rig *r, char session, uint64_t seq)
{
	struct mcr_record record = small_engine_record(&r->feed.e[0].writers[0]);
	uint8_t packet[2048];
	const uint32_t len = rig_packet(packet, seq, 1);

	packet[9] = (uint8_t)session;
	r->ns += 1000;
	record.rx_ns = r->ns;
	record.flags = 0;
	record.hw_delta = 0;
	record.group_be = htobe32(0xef010101u);
	small_engine_put(&r->feed.e[0], 0, record, packet, len);
}

static void no_id_is_there_twice(const struct sink_rig *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(r->kept[i].id, r->kept[k].id);
}

/* Sends with `send`, and reads all of it by a sink that is started again behind `at` messages.
 * Returns with n messages read, and no loss told. */
static void read_in_two_lives(void (*send)(struct sink_rig *r), const char *more, size_t at,
			      size_t n, void (*check)(const struct sink_rig *r))
{
	struct sink_rig r;
	json_t *json;

	rig_sink(&r, 1 << 20, more);
	start(&r, NULL);
	send(&r);
	r.room = 0;
	await(&r, r.n == at || (r.room = 1, 0));
	r.room = -1;
	json = position(&r);
	stop(&r);
	start(&r, json);
	await(&r, r.n >= n);
	read_once(&r);
	assert_int_equal(r.n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(r.kept[i].is_loss, 0);
	no_id_is_there_twice(&r);
	check(&r);
	rig_sink_destroy(&r);
}

static void send_sessions(struct sink_rig *r)
{
	for (char session = '1'; session <= '3'; session++)
		for (uint64_t i = 1; i <= 5; i++)
			send_session(r, session, i);
}

static void check_sessions(const struct sink_rig *r)
{
	for (size_t i = 0; i < r->n; i++) {
		assert_int_equal(r->kept[i].h.number, i % 5 + 1);
		assert_int_equal(r->kept[i].h.generation, 0);
		assert_int_equal(r->kept[i].h.epoch[19], '1' + (int)(i / 5));
		assert_non_null(strstr(r->kept[i].h.key, "session=000001234"));
		assert_string_equal(r->kept[i].subject, r->kept[0].subject);
	}
}

static void a_session_is_another_epoch_wherever_the_sink_starts_again(void **state)
{
	for (size_t at = 0; at <= 15; at++)
		read_in_two_lives(send_sessions, "", at, 15, check_sessions);
}

/* Numbers begin anew at 1, without a word, twice. */
static void send_resets(struct sink_rig *r)
{
	for (int turn = 0; turn < 3; turn++)
		for (uint64_t i = 1; i <= 40; i++)
			send_on(r, -1, i, 1);
}

static void check_resets(const struct sink_rig *r)
{
	for (size_t i = 0; i < r->n; i++) {
		assert_int_equal(r->kept[i].h.number, i % 40 + 1);
		assert_true((r->kept[i].h.generation != 0) == (i >= 40));
		if (i % 40 != 0)
			assert_int_equal(r->kept[i].h.generation, r->kept[i - 1].h.generation);
	}
	assert_true(r->kept[119].h.generation > r->kept[79].h.generation);
}

static void a_reset_is_another_generation_wherever_the_sink_starts_again(void **state)
{
	for (size_t at = 0; at <= 120; at += at < 36 || (at > 48 && at < 74) ? 6 : 1)
		read_in_two_lives(send_resets, "reset_back 20\nreset_run 3\n", at, 120,
				  check_resets);
}

/* ---- unseen ---- */

static void numbers_that_began_anew_while_nobody_read_are_another_generation(void **state)
{
	struct sink_rig r;
	json_t *json;

	rig_sink(&r, 65536, "");
	start(&r, NULL);
	for (uint64_t i = 1000; i < 1010; i++)
		send_on(&r, -1, i, 1);
	await(&r, has_read(&r, 1009));
	json = position(&r);
	stop(&r);
	r.ns += UINT64_C(10000000000);
	for (uint64_t i = 1; i <= 990; i++)
		send_on(&r, -1, i, 1);
	start(&r, json);
	await(&r, has_read(&r, 990));
	assert_int_equal(r.kept[10].is_loss, 1);
	assert_int_equal(r.kept[10].kind, LOSS_RESTART);
	assert_true(r.kept[10].h.since_ns < r.kept[10].h.until_ns);
	assert_true(r.kept[10].h.number > 1);
	for (size_t i = 11; i < r.n; i++) {
		assert_int_equal(r.kept[i].is_loss, 0);
		assert_int_equal(r.kept[i].h.generation, r.kept[10].h.until_ns);
		assert_int_equal(r.kept[i].h.number, r.kept[10].h.number + i - 11);
	}
	rig_sink_destroy(&r);
}

static void a_session_that_began_while_nobody_read_is_told(void **state)
{
	struct sink_rig r;
	json_t *json;

	rig_sink(&r, 65536, "");
	start(&r, NULL);
	for (uint64_t i = 1; i <= 10; i++)
		send_session(&r, '1', i);
	await(&r, has_read(&r, 10));
	json = position(&r);
	stop(&r);
	for (uint64_t i = 1; i <= 3000; i++)
		send_session(&r, '2', i);
	start(&r, json);
	await(&r, has_read(&r, 3000));
	assert_int_equal(r.kept[10].kind, LOSS_RESTART);
	assert_int_equal(r.kept[10].h.epoch[19], '2');
	assert_int_equal(r.kept[10].h.number, r.kept[11].h.number);
	assert_int_equal(count_losses(&r, LOSS_LAPPED), 0);
	rig_sink_destroy(&r);
}

/* ---- many streams ---- */

/* A message of a publisher, each of which has numbers of his own. */
static void send_of(struct sink_rig *r, uint32_t publisher, uint64_t seq)
{
	struct mcr_record record = small_engine_record(&r->feed.e[0].writers[0]);
	uint8_t packet[2048];
	const uint32_t len = rig_packet(packet, seq, 1);

	r->ns += 1000;
	record.rx_ns = r->ns;
	record.flags = 0;
	record.hw_delta = 0;
	record.group_be = htobe32(0xef010101u);
	record.source_be = htobe32(0x0a000000u + publisher);
	small_engine_put(&r->feed.e[0], 0, record, packet, len);
}

static void publishers_keep_their_streams_in_whatever_order_they_come(void **state)
{
	enum {
		PUBLISHERS = 300
	};
	struct sink_rig r;
	json_t *json;

	rig_sink(&r, 1 << 20, "");
	snprintf(r.feed.text, sizeof(r.feed.text),
		 "feed test\ndeclaration moldudp64,scope=source\nline A engine=%s channel=md\n"
		 "join 239.1.1.1:5000\n",
		 strrchr(r.feed.e[0].dir, '/') + 1);
	declare(&r, r.feed.text);
	start(&r, NULL);
	for (uint32_t i = 1; i <= PUBLISHERS; i++)
		send_of(&r, i, 1);
	await(&r, r.n == PUBLISHERS);
	no_id_is_there_twice(&r);
	assert_non_null(strstr(r.kept[6].h.key, "source=10.0.0.7"));
	assert_string_equal(r.kept[6].subject, "mcring.test.source-10-0-0-7");
	json = position(&r);
	stop(&r);
	small_engine_kill(&r.feed.e[0]); /* so that they are counted otherwise */
	revive(&r, 0, 1 << 20);
	for (uint32_t i = PUBLISHERS; i >= 1; i--)
		send_of(&r, i, 2);
	start(&r, json);
	await(&r, r.n == 2 * PUBLISHERS);
	for (uint32_t i = 0; i < PUBLISHERS; i++) {
		const struct kept *k = &r.kept[2 * PUBLISHERS - 1 - i];

		assert_int_equal(k->is_loss, 0);
		assert_int_equal(k->h.number, 2);
		assert_string_equal(k->h.scope, r.kept[i].h.scope);
	}
	no_id_is_there_twice(&r);
	rig_sink_destroy(&r);
}

/* ---- the verdicts ---- */

#define S UINT64_C(1000000000)

static void numbers_that_wrap_are_the_nearest(void **state)
{
	struct resume_known k = {.place = {.next = 3 * 65536 + 10}, .last_ns = 100 * S};
	struct resume_seen seen = {.number = 65536 + 5, .ns = 100 * S};
	uint64_t shift = 0;

	k.turn = 65536;
	assert_int_equal(resume_start(&k, &seen, &shift), RESUME_SAME);
	assert_int_equal(seen.number + shift, 3 * 65536 + 5);
	seen.number = 2 * 65536 - 6;
	assert_int_equal(resume_start(&k, &seen, &shift), RESUME_SAME);
	assert_int_equal(seen.number + shift, 3 * 65536 - 6);
	seen.ns = 102 * S; /* who knows how often they have wrapped since */
	assert_int_equal(resume_start(&k, &seen, &shift), RESUME_ANEW);
	k.place.next = 10; /* and the other way round */
	seen = (struct resume_seen){.number = 5 * 65536 + 5, .ns = 100 * S};
	assert_int_equal(resume_start(&k, &seen, &shift), RESUME_SAME);
	assert_int_equal(seen.number + shift, 5);
	k.turn = UINT64_C(1) << 32;
	k.place.next = (UINT64_C(3) << 32) + 10;
	seen = (struct resume_seen){.number = (UINT64_C(1) << 32) + 50, .ns = 500 * S};
	assert_int_equal(resume_start(&k, &seen, &shift), RESUME_SAME);
	assert_int_equal(seen.number + shift, (UINT64_C(3) << 32) + 50);
}

static void the_same_reset_is_known_by_its_time(void **state)
{
	const struct resume_known k = {.place = {.generation = 50 * S, .next = 10},
				       .last_ns = 60 * S};
	struct resume_seen seen = {.number = 1, .ns = 49 * S};
	uint64_t shift = 7;

	assert_int_equal(resume_start(&k, &seen, &shift), RESUME_OLDER);
	assert_int_equal(resume_reset(&k, &seen, &shift), RESUME_OLDER);
	seen.ns = 50 * S;
	assert_int_equal(resume_reset(&k, &seen, &shift), RESUME_SAME);
	assert_int_equal(shift, 0);
	seen.ns = 50 * S + S / 2; /* by the slower line */
	assert_int_equal(resume_reset(&k, &seen, &shift), RESUME_SAME);
	seen.ns = 52 * S;
	assert_int_equal(resume_reset(&k, &seen, &shift), RESUME_ANEW);
	assert_int_equal(resume_data(&k, &seen, &shift), RESUME_SAME);
	seen.ns = 50 * S;
	assert_int_equal(resume_data(&k, &seen, &shift), RESUME_OLDER);
}

static void a_generation_is_never_one_that_was(void **state)
{
	struct sink_place place = {.epoch = {1}, .generation = 10, .next = 5};
	const struct resume_seen same = {.epoch = {1}, .number = 1, .ns = 10};
	const struct resume_seen other = {.epoch = {2}, .number = 1, .ns = 12};

	resume_anew(&place, &same);
	assert_int_equal(place.generation, 11);
	assert_int_equal(place.next, 1);
	resume_anew(&place, &other);
	assert_int_equal(place.generation, 0);
	assert_int_equal(place.epoch[0], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_session_is_another_epoch_wherever_the_sink_starts_again),
	    cmocka_unit_test(a_reset_is_another_generation_wherever_the_sink_starts_again),
	    cmocka_unit_test(numbers_that_began_anew_while_nobody_read_are_another_generation),
	    cmocka_unit_test(a_session_that_began_while_nobody_read_is_told),
	    cmocka_unit_test(publishers_keep_their_streams_in_whatever_order_they_come),
	    cmocka_unit_test(numbers_that_wrap_are_the_nearest),
	    cmocka_unit_test(the_same_reset_is_known_by_its_time),
	    cmocka_unit_test(a_generation_is_never_one_that_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
