/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed that is heard at some hours only, in a zone that is made up. */
#include "feed_rig.h"

#define SECOND_NS UINT64_C(1000000000)
#define MINUTE_NS (60 * SECOND_NS)
#define SATURDAY  UINT64_C(1772841600000000000) /* 2026-03-07 00:00 UTC */

/* A zone whose summer begins on Sunday, 2026-03-08, at 02:00 of its clock, which is UTC before. */
static void make_zone(const char *dir)
{
	static const uint8_t block[] = {0, 0, 0, 0, 0, 0, 'T', 'S', 'T', 0};
	static const char rule[] = "\nTST0TDT,M3.2.0/2,M11.1.0/2\n";
	uint8_t header[44] = "TZif2";
	char path[96];
	FILE *f;

	header[39] = 1; /* type */
	header[43] = 4; /* characters */
	snprintf(path, sizeof(path), "%s/Up", dir);
	f = fopen(path, "wb");
	assert_non_null(f);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fwrite(header, sizeof(header), 1, f), 1);
		assert_int_equal(fwrite(block, sizeof(block), 1, f), 1);
	}
	assert_int_equal(fwrite(rule, sizeof(rule) - 1, 1, f), 1);
	fclose(f);
}

/* Both rings are read up to ns. */
static void go_to(struct feed_rig *rig, uint64_t ns)
{
	for (int i = 0; i < 2; i++)
		rig_polled(rig, i, ns);
	for (int i = 0; i < 4; i++) /* it stops where the hours begin and end */
		rig_poll(rig);
}

static void silence_is_judged_inside_the_hours_of_the_zone(void **state)
{
	struct feed_rig rig;
	const uint64_t ten = SATURDAY + 600 * MINUTE_NS, sunday = SATURDAY + 1440 * MINUTE_NS;
	char dir[] = "/tmp/mcring-test-XXXXXX", path[96];

	assert_non_null(mkdtemp(dir));
	make_zone(dir);
	setenv("TZDIR", dir, 1);
	rig_create(&rig, 65536);
	rig_text(&rig, "silence 3s\nhours daily 10:00-11:00\nzone Up\n");
	rig_open(&rig);
	for (int i = 0; i < 2; i++)
		rig_put(&rig, i, ten - MINUTE_NS, 1, 1);
	go_to(&rig, ten - 1);
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 0);
	go_to(&rig, ten + 2000000000);
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 0);
	go_to(&rig, ten + 4000000000);
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 2);
	assert_int_equal(rig_count(&rig, MCR_FEED_SILENCE), 1);
	for (int i = 0; i < 2; i++)
		rig_put(&rig, i, ten + 59 * MINUTE_NS + (50 + 8 * (uint64_t)i) * SECOND_NS, 2, 1);
	/* Line A is silent again before the end, line B is not. */
	go_to(&rig, ten + 65 * MINUTE_NS);
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_UP), 2);
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 3);
	for (int i = 0; i < 2; i++)
		rig_put(&rig, i, ten + 66 * MINUTE_NS, 3, 1);
	go_to(&rig, sunday + 540 * MINUTE_NS - 1);
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 3);
	/* At 09:00 UTC it is 10:00 there now. */
	go_to(&rig, sunday + 540 * MINUTE_NS + 2 * SECOND_NS);
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 3);
	go_to(&rig, sunday + 540 * MINUTE_NS + 4 * SECOND_NS);
	assert_int_equal(rig_count(&rig, MCR_FEED_LINE_DOWN), 5);
	assert_int_equal(rig_count(&rig, MCR_FEED_SILENCE), 3);
	rig_destroy(&rig);
	unsetenv("TZDIR");
	snprintf(path, sizeof(path), "%s/Up", dir);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(silence_is_judged_inside_the_hours_of_the_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
