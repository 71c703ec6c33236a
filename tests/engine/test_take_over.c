/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine that takes the place of another one: what is there when it is told to, and what is not.
 */
#include <dirent.h>

#include <rte_dev.h>

#include "rig.h"

#define DEVICE "net_null9" /* nobody has probed it */

static char run_dir[64];

static int set_up(void **state)
{
	static char first[] = "--vdev=net_null0";
	char *vdevs[] = {first};

	strcpy(run_dir, "/tmp/mcring-take-over-XXXXXX");
	rig_eal_init(vdevs, 1);
	return mkdtemp(run_dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	rmdir(run_dir);
	return rte_eal_cleanup();
}

struct before {
	struct mcr_engine *engine; /* that has the run directory */
	int answer;
	unsigned calls, rings; /* rings of the channel "next", when it was called */
};

static unsigned count_rings(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *one;
	unsigned n = 0;
	char to[64];

	while ((one = readdir(dir))) {
		ssize_t len = readlinkat(dirfd(dir), one->d_name, to, sizeof(to) - 1);

		to[len > 0 ? len : 0] = '\0';
		n += strstr(to, "memfd:mcring-next-") != NULL;
	}
	closedir(dir);
	return n;
}

static int take_over(void *ctx, struct mcr_error *err)
{
	struct before *b = ctx;

	b->calls++;
	b->rings = count_rings();
	mcr_consumer_close(rig_consumer(b->engine)); /* it still serves */
	if (b->answer < 0) {
		strcpy(err->text, "not now");
		return b->answer;
	}
	mcr_engine_destroy(b->engine);
	b->engine = NULL;
	return rte_dev_probe(DEVICE);
}

static int create(struct mcr_engine **e, const char *port, const char *channel, unsigned lcore,
		  struct before *before, struct mcr_error *err)
{
	const struct mcr_interface_config interface = rig_interface(port);
	struct mcr_channel_config channels = {.size = sizeof(channels)};
	struct mcr_engine_config cfg;

	strcpy(channels.name, channel);
	mcr_engine_config_init(&cfg, sizeof(cfg));
	strcpy(cfg.run_dir, run_dir);
	cfg.interfaces = &interface;
	cfg.n_interfaces = 1;
	cfg.channels = &channels;
	cfg.n_channels = 1;
	cfg.lcores = &lcore;
	cfg.n_lcores = 1;
	cfg.keep_memberships = 1;
	cfg.log = rig_silent;
	cfg.take_over = before ? take_over : NULL;
	cfg.ctx = before;
	return mcr_engine_create(e, &cfg, err);
}

static void rings_are_filled_before_the_other_one_ends_and_ports_opened_after(void **state)
{
	struct before before = {.answer = -EAGAIN};
	struct mcr_engine *e = NULL;
	struct mcr_error err = {""};

	if (create(&before.engine, "net_null0", "default", 1, NULL, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(mcr_engine_start(before.engine, &err), 0);
	assert_int_equal(create(&e, DEVICE, "next", 2, NULL, &err), -EBUSY);

	assert_int_equal(create(&e, DEVICE, "next", 2, &before, &err), -EAGAIN);
	assert_string_equal(err.text, "not now");
	assert_null(e);
	assert_int_equal(before.calls, 1);
	assert_int_equal(before.rings, 1);
	assert_int_equal(count_rings(), 0);
	mcr_consumer_close(rig_consumer(before.engine));

	before.answer = 0;
	if (create(&e, DEVICE, "next", 2, &before, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(before.calls, 2);
	assert_int_equal(before.rings, 1);
	assert_int_equal(count_rings(), 1);
	assert_int_equal(mcr_engine_start(e, &err), 0);
	rig_receive(e, 1);
	mcr_engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rings_are_filled_before_the_other_one_ends_and_ports_opened_after),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
