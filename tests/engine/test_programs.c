/* SPDX-License-Identifier: BSD-3-Clause */
/* A channel with per_program: each program that attaches has one of its own. The programs are
 * threads of this process, while the test polls the engine. */
#include "rig.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

#define FRAMES 400
#define PORTS  6

static struct rig_capture capture;
static char run_dir[64];

static void write_frames(const char *path)
{
	FILE *f = rig_pcap_open(path);
	uint8_t buf[200];
	uint32_t i;

	for (i = 0; i < FRAMES; i++)
		rig_pcap_add(f, buf,
			     rig_udp(buf, i % 2 ? "239.1.0.2" : "239.1.0.1", 5000, &i, sizeof(i)));
	fclose(f);
}

static int set_up(void **state)
{
	static char names[PORTS][200];
	char *vdevs[PORTS];

	strcpy(run_dir, "/tmp/mcring-programs-XXXXXX");
	if (rig_capture_begin(&capture, write_frames) < 0 || !mkdtemp(run_dir))
		return -1;
	for (int i = 0; i < PORTS; i++) {
		snprintf(names[i], sizeof(names[i]), "--vdev=net_ring%d", i);
		vdevs[i] = names[i];
	}
	snprintf(names[0], sizeof(names[0]), "--vdev=net_pcap0,%s", capture.args);
	rig_eal_init(vdevs, PORTS);
	return 0;
}

static int tear_down(void **state)
{
	rig_capture_end(&capture);
	rmdir(run_dir);
	return rte_eal_cleanup();
}

static struct mcr_engine *create(const char *port, uint64_t bytes, uint16_t programs_max)
{
	static const unsigned lcore = 1;
	const struct mcr_interface_config interface = rig_interface(port);
	struct mcr_channel_config channel = {.size = sizeof(channel),
					     .name = "sockets",
					     .bytes = bytes,
					     .per_program = 1,
					     .programs_max = programs_max};
	struct mcr_engine_config cfg;
	struct mcr_engine *e = NULL;
	struct mcr_error err = {""};

	channel.joiners.uids[channel.joiners.n_uids++] = geteuid();
	mcr_engine_config_init(&cfg, sizeof(cfg));
	snprintf(cfg.run_dir, sizeof(cfg.run_dir), "%s", run_dir);
	cfg.interfaces = &interface;
	cfg.n_interfaces = 1;
	cfg.channels = &channel;
	cfg.n_channels = 1;
	cfg.lcores = &lcore;
	cfg.n_lcores = 1;
	cfg.log = rig_silent;
	cfg.keep_memberships = 1;
	if (mcr_engine_create(&e, &cfg, &err) != 0)
		fail_msg("%s", err.text);
	return e;
}

/* ---- a program ---- */

struct program {
	pthread_t thread;
	const char *join; /* NULL = none */
	struct mcr_consumer *c;
	struct mcr_error err;
	int ret;
	int is_done; /* atomic */
};

static void *run_program(void *arg)
{
	struct program *p = arg;
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

	opts.run_dir = run_dir;
	opts.channel = "sockets";
	opts.label = "program";
	opts.start = MCR_START_OLDEST;
	p->ret = mcr_consumer_open(&p->c, &opts, &p->err);
	if (p->ret == 0 && p->join)
		p->ret = mcr_consumer_join(p->c, p->join, &p->err);
	__atomic_store_n(&p->is_done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void begin(struct program *p, const char *join)
{
	memset(p, 0, sizeof(*p));
	p->join = join;
	assert_int_equal(pthread_create(&p->thread, NULL, run_program, p), 0);
}

/* Polls until the program is attached and has joined, or was refused. Returns what it got. */
static int await(struct mcr_engine *e, struct program *p)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	while (!__atomic_load_n(&p->is_done, __ATOMIC_ACQUIRE) && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	assert_int_equal(pthread_join(p->thread, NULL), 0);
	return p->ret;
}

static int attach(struct mcr_engine *e, struct program *p, const char *join)
{
	begin(p, join);
	return await(e, p);
}

static size_t n_channels(const struct mcr_engine *e)
{
	struct mcr_channel_info info = {.size = sizeof(info)};
	size_t n = 0;

	while (mcr_engine_channel_info(e, n, &info) == 0)
		n++;
	return n;
}

static size_t n_joins(const struct mcr_engine *e)
{
	struct mcr_join join;
	size_t n = 0;

	while (mcr_engine_join_info(e, n, &join) == 0)
		n++;
	return n;
}

static size_t n_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void await_descriptors(struct mcr_engine *e, size_t n)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	while (n_descriptors() != n && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	assert_int_equal(n_descriptors(), n);
}

static void await_channels(struct mcr_engine *e, size_t n)
{
	uint64_t end_ns = monotonic_ns() + RIG_DEADLINE_NS;

	while (n_channels(e) != n && monotonic_ns() < end_ns)
		mcr_engine_poll(e, 1000000);
	assert_int_equal(n_channels(e), n);
}

/* ---- tests ---- */

/* Takes each second frame, from the first one on. */
static void takes_every_other(struct program *p, uint32_t first)
{
	struct mcr_msg msgs[64];
	uint32_t number, next = first;
	int n;

	while ((n = mcr_consumer_poll(p->c, msgs, 64)) > 0)
		for (int i = 0; i < n; i++) {
			assert_int_equal(msgs[i].kind, MCR_DATA);
			assert_int_equal(mcr_consumer_read(p->c, &msgs[i], &number, sizeof(number)),
					 4);
			assert_int_equal(number, next);
			next += 2;
		}
	assert_int_equal(next, FRAMES + first);
}

static void each_program_gets_what_it_joined_itself(void **state)
{
	struct mcr_engine *e = create("net_pcap0", 65536, 0);
	struct program a, b;

	assert_int_equal(attach(e, &a, "239.1.0.1"), 0);
	assert_int_equal(attach(e, &b, "239.1.0.2,channel=sockets"), 0);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	assert_int_equal(rig_receive(e, FRAMES).delivered, FRAMES);
	takes_every_other(&a, 0);
	takes_every_other(&b, 1);
	mcr_consumer_close(a.c);
	mcr_consumer_close(b.c);
	mcr_engine_destroy(e);
}

static void the_end_of_a_program_takes_its_channel_and_joins_away(void **state)
{
	struct mcr_engine *e = create("net_ring1", 1 << 20, 0);
	struct mcr_channel_info info = {.size = sizeof(info)};
	struct program a, b;
	struct mcr_msg msg;
	char name[64];
	size_t before;

	assert_int_equal(mcr_engine_start(e, NULL), 0);
	before = n_descriptors();
	assert_int_equal(mcr_engine_channel_info(e, 0, &info), 0);
	assert_int_equal(info.programs_max, MCR_PROGRAMS);
	assert_int_equal(info.n_rings, 0);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(attach(e, &a, "239.1.0.0/24"), 0);
		assert_int_equal(attach(e, &b, "239.1.0.0/31"), 0);
		assert_int_equal(n_channels(e), 3);
		assert_int_equal(n_joins(e), 258);
		snprintf(name, sizeof(name), "sockets/%d", (int)getpid());
		assert_int_equal(mcr_engine_channel_info(e, 1, &info), 0);
		assert_string_equal(info.name, name);
		assert_int_equal(info.bytes, 1 << 20);
		assert_int_equal(info.n_rings, 1);
		assert_int_equal(info.joins, 256);
		assert_int_equal(info.programs_max, 0);
		assert_int_equal(mcr_engine_channel_info(e, 0, &info), 0);
		assert_int_equal(info.consumers, 2);
		mcr_consumer_close(a.c);
		await_channels(e, 2);
		assert_int_equal(n_joins(e), 2);
		assert_int_equal(mcr_consumer_poll(b.c, &msg, 1), 0);
		mcr_consumer_close(b.c);
		await_channels(e, 1);
		assert_int_equal(n_joins(e), 0);
		await_descriptors(e, before); /* of the rings, too */
	}
	mcr_engine_destroy(e);
}

static void nobody_joins_into_the_template(void **state)
{
	struct mcr_engine *e = create("net_ring2", 65536, 1);
	struct mcr_join join = rig_join("239.1.1.1", 5000);
	struct mcr_error err;
	struct program a, b;
	struct mcr_msg msg;

	assert_int_equal(mcr_engine_start(e, NULL), 0);
	strcpy(join.channel, "sockets");
	assert_int_equal(mcr_engine_join(e, &join, &err), -ENOENT);
	assert_int_equal(mcr_engine_attach(e, "sockets", "x", &err), -EOPNOTSUPP);
	assert_int_equal(attach(e, &a, NULL), 0);
	assert_int_equal(attach(e, &b, NULL), -EBUSY);
	assert_non_null(strstr(b.err.text, "has 1 programs"));
	/* The attached one outlives the template. */
	assert_int_equal(mcr_engine_channel_remove(e, "sockets", NULL), 0);
	assert_int_equal(attach(e, &b, NULL), -ENOENT);
	assert_int_equal(mcr_consumer_poll(a.c, &msg, 1), 0);
	assert_int_equal(n_channels(e), 1);
	mcr_consumer_close(a.c);
	await_channels(e, 0);
	mcr_engine_destroy(e);
}

static void rings_that_do_not_fit_are_refused_in_words(void **state)
{
	struct mcr_engine *e = create("net_ring3", UINT64_C(1) << 36, 0);
	struct program p;

	assert_int_equal(mcr_engine_start(e, NULL), 0);
	assert_int_equal(attach(e, &p, NULL), -ENOMEM);
	assert_non_null(strstr(p.err.text, "rings need"));
	assert_int_equal(n_channels(e), 1);
	mcr_engine_destroy(e);
}

struct work {
	struct mcr_engine *e;
	struct mcr_channel *channel;
	sem_t go;
	int is_done;
};

static void prepare(void *ctx)
{
	const struct mcr_channel_config big = {
	    .size = sizeof(big), .name = "big", .bytes = 1 << 27};
	struct work *w = ctx;

	mcr_engine_channel_prepare(w->e, &big, &w->channel, NULL);
}

static void wait_for_go(void *ctx)
{
	struct work *w = ctx;

	sem_wait(&w->go);
}

static void done(void *ctx)
{
	struct work *w = ctx;

	w->is_done = 1;
}

/* Else it would compare what it needs with memory that another is about to fill. */
static void a_program_waits_until_another_channel_is_filled(void **state)
{
	struct mcr_engine *e = create("net_ring5", 65536, 0);
	struct work w = {.e = e};
	struct program p;

	assert_int_equal(mcr_engine_start(e, NULL), 0);
	begin(&p, NULL);
	assert_int_equal(mcr_engine_run(e, prepare, done, &w), 0);
	assert_int_equal(await(e, &p), 0);
	assert_int_equal(w.is_done, 1);
	mcr_engine_channel_discard(e, w.channel);
	mcr_consumer_close(p.c);
	mcr_engine_destroy(e);
}

static void control_goes_on_while_a_program_waits(void **state)
{
	struct mcr_engine *e = create("net_ring4", 65536, 0);
	struct mcr_control_info before = {.size = sizeof(before)}, after = before;
	struct work w = {.is_done = 0};
	struct program p;

	assert_int_equal(mcr_engine_start(e, NULL), 0);
	sem_init(&w.go, 0, 0);
	assert_int_equal(mcr_engine_run(e, wait_for_go, done, &w), 0);
	begin(&p, "239.1.1.1");
	mcr_engine_control_info(e, &before);
	for (int i = 0; i < 50; i++)
		mcr_engine_poll(e, 1000000);
	mcr_engine_control_info(e, &after);
	assert_true(after.rounds >= before.rounds + 50);
	assert_false(__atomic_load_n(&p.is_done, __ATOMIC_ACQUIRE));
	sem_post(&w.go);
	assert_int_equal(await(e, &p), 0);
	assert_int_equal(w.is_done, 1);
	mcr_consumer_close(p.c);

	/* An engine that ends while one waits refuses it. */
	w.is_done = 0;
	assert_int_equal(mcr_engine_run(e, wait_for_go, done, &w), 0);
	begin(&p, NULL);
	for (int i = 0; i < 50; i++)
		mcr_engine_poll(e, 1000000);
	sem_post(&w.go);
	mcr_engine_destroy(e);
	assert_int_equal(pthread_join(p.thread, NULL), 0);
	assert_int_not_equal(p.ret, 0);
	sem_destroy(&w.go);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_program_gets_what_it_joined_itself),
	    cmocka_unit_test(the_end_of_a_program_takes_its_channel_and_joins_away),
	    cmocka_unit_test(nobody_joins_into_the_template),
	    cmocka_unit_test(rings_that_do_not_fit_are_refused_in_words),
	    cmocka_unit_test(a_program_waits_until_another_channel_is_filled),
	    cmocka_unit_test(control_goes_on_while_a_program_waits),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
