/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket `stats` of an engine. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "rig.h"

static char run_dir[32], path[48];

static int set_up(void **state)
{
	(void)state;
	strcpy(run_dir, "/tmp/mcring-stats-XXXXXX");
	if (!mkdtemp(run_dir))
		return -1;
	snprintf(path, sizeof(path), "%s/stats", run_dir);
	rig_eal_init_rings(4);
	return 0;
}

static int tear_down(void **state)
{
	char file[64];

	snprintf(file, sizeof(file), "%s/interfaces", run_dir);
	unlink(file);
	rmdir(run_dir);
	return rig_eal_cleanup(state);
}

static const unsigned rx_lcore = 1;
static struct mcr_interface_config interface;

static void fill(struct mcr_engine_config *cfg, const char *port)
{
	interface = rig_interface(port);
	mcr_engine_config_init(cfg, sizeof(*cfg));
	strcpy(cfg->run_dir, run_dir);
	cfg->interfaces = &interface;
	cfg->n_interfaces = 1;
	cfg->lcores = &rx_lcore;
	cfg->n_lcores = 1;
	cfg->log = rig_silent;
	cfg->keep_memberships = 1;
}

static struct mcr_engine *create(const struct mcr_engine_config *cfg)
{
	struct mcr_engine *e = NULL;
	struct mcr_error err = {""};

	if (mcr_engine_create(&e, cfg, &err) < 0)
		fail_msg("%s", err.text);
	return e;
}

static void expect_socket(unsigned mode, unsigned gid)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, mode);
	assert_int_equal(st.st_gid, gid);
}

static void it_has_the_mode_of_the_configuration_and_ends_with_the_engine(void **state)
{
	struct mcr_engine_config cfg;
	struct mcr_engine *e;

	(void)state;
	fill(&cfg, "net_ring0");
	cfg.stats.mode = 0606;
	cfg.stats.gid = getegid();
	e = create(&cfg);
	expect_socket(0606, getegid());
	mcr_engine_destroy(e);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void the_engine_of_an_older_program_has_it_too(void **state)
{
	struct mcr_engine_config cfg;
	struct mcr_engine *e;

	(void)state;
	fill(&cfg, "net_ring1");
	memset(&cfg.reserved, 0xee, sizeof(cfg) - offsetof(struct mcr_engine_config, reserved));
	cfg.size = offsetof(struct mcr_engine_config, stats); /* with the padding of then */
	e = create(&cfg);
	expect_socket(0660, getegid());
	mcr_engine_destroy(e);
}

/* ---- with clients ---- */

static struct mcr_engine *start(const char *port)
{
	struct mcr_join_list joins = {0};
	struct mcr_engine_config cfg;
	struct mcr_engine *e;

	fill(&cfg, port);
	e = create(&cfg);
	assert_int_equal(mcr_join_parse(&joins, "239.1.0.0/20:5000", NULL), 0);
	assert_int_equal(
	    mcr_engine_update_as(e, MCR_JOINED_BY_OPERATOR, NULL, 0, joins.items, joins.n, NULL),
	    0);
	assert_int_equal(mcr_engine_update_as(e, MCR_JOINED_BY_CONFIGURATION, NULL, 0,
					      &joins.items[77], 1, NULL),
			 0);
	mcr_join_list_clear(&joins);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	return e;
}

static void groups_of_the_configuration_are_shown_first(void **state)
{
	struct mcr_engine *e = start("net_ring2");
	size_t shown[3] = {0};

	(void)state;
	assert_int_equal(mcr_engine_groups_to_show(e, shown, 1), 1);
	assert_int_equal(shown[0], 77);
	assert_int_equal(mcr_engine_groups_to_show(e, shown, 3), 3);
	assert_int_equal(shown[0], 0);
	assert_int_equal(shown[1], 1);
	assert_int_equal(shown[2], 77);
	mcr_engine_destroy(e);
}

static int dial(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Reads what has come of an answer and asks again when it is whole. Returns whether anything came.
 */
static int hear(int fd)
{
	static const char ask[] = "{\"command\":\"groups\"}\n";
	static char text[1 << 20];
	ssize_t n = recv(fd, text, sizeof(text), 0);

	if (n > 0 && text[n - 1] == '\n')
		assert_int_equal(send(fd, ask, sizeof(ask) - 1, 0), sizeof(ask) - 1);
	return n > 0;
}

/* After a piece of an answer control does as long something else. */
static void who_asks_without_end_does_not_get_all_of_the_time(void **state)
{
	struct mcr_engine *e = start("net_ring3");
	const uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;
	unsigned pieces = 0, at_once = 0;
	int fd = dial();

	(void)state;
	assert_int_equal(send(fd, "{}\n", 3, 0), 3); /* its answer ends, too */
	while (pieces < 500 && monotonic_ns() < end_ns) {
		mcr_engine_poll(e, 0);
		if (!hear(fd))
			continue;
		pieces++;
		mcr_engine_poll(e, 0);
		at_once += hear(fd) != 0;
	}
	assert_int_equal(pieces, 500);
	assert_true(at_once < 250);
	close(fd);
	mcr_engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_has_the_mode_of_the_configuration_and_ends_with_the_engine),
	    cmocka_unit_test(the_engine_of_an_older_program_has_it_too),
	    cmocka_unit_test(groups_of_the_configuration_are_shown_first),
	    cmocka_unit_test(who_asks_without_end_does_not_get_all_of_the_time),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
