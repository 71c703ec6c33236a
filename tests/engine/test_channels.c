/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that several channels want, in bursts of frames of different kinds. */
#include "rig.h"

#include <stdlib.h>

#define FRAMES   1000
#define CHANNELS 3

static const char *const names[CHANNELS] = {"one", "two", "three"};
static const char *const groups[CHANNELS] = {"239.1.0.1", "239.1.0.2", "239.1.0.3"};
static char dir[64];

/* Which group frame i is of, and whether it has a priority tag: the engine takes those another way.
 */
static unsigned group_of(unsigned i)
{
	return i * 7 % 5 % CHANNELS;
}

static int is_tagged(unsigned i)
{
	return i % 11 == 3 || i % 13 == 0;
}

/* Group g is joined by the channels 0 to g. */
static int wants(unsigned channel, unsigned group)
{
	return channel <= group;
}

static void write_frames(const char *path)
{
	static const uint8_t tag[4] = {0x81, 0, 0, 0};
	FILE *f = rig_pcap_open(path);
	uint8_t buf[512], payload[300] = {0};

	for (uint32_t i = 0; i < FRAMES; i++) {
		size_t len;

		memcpy(payload, &i, sizeof(i));
		len = rig_udp(buf, groups[group_of(i)], 5000, payload, 4 + i % 290);
		if (is_tagged(i)) {
			memmove(buf + 16, buf + 12, len - 12);
			memcpy(buf + 12, tag, sizeof(tag));
			len += sizeof(tag);
		}
		rig_pcap_add(f, buf, len);
	}
	fclose(f);
}

static int set_up(void **state)
{
	static char path[80], vdev[256];
	char *vdevs[] = {vdev};

	snprintf(dir, sizeof(dir), "/tmp/mcring-channels-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/frames", dir);
	write_frames(path);
	snprintf(vdev, sizeof(vdev), "--vdev=net_pcap0,rx_pcap=%s,tx_pcap=%s/sent", path, dir);
	rig_eal_init(vdevs, 1);
	return 0;
}

static int tear_down(void **state)
{
	char path[80];

	rte_eal_cleanup();
	snprintf(path, sizeof(path), "%s/frames", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/sent", dir);
	unlink(path);
	return rmdir(dir);
}

static struct mcr_engine *create(void)
{
	static const unsigned lcore = 1;
	struct mcr_channel_config channels[CHANNELS] = {{.name = ""}};
	struct mcr_interface_config interface = rig_interface("net_pcap0");
	struct mcr_engine_config cfg;
	struct mcr_engine *e = NULL;
	struct mcr_error err = {""};

	for (unsigned c = 0; c < CHANNELS; c++) {
		channels[c].size = sizeof(channels[c]);
		snprintf(channels[c].name, sizeof(channels[c].name), "%s", names[c]);
	}
	mcr_engine_config_init(&cfg, sizeof(cfg));
	cfg.interfaces = &interface;
	cfg.n_interfaces = 1;
	cfg.channels = channels;
	cfg.n_channels = CHANNELS;
	cfg.lcores = &lcore;
	cfg.n_lcores = 1;
	cfg.log = rig_silent;
	if (mcr_engine_create(&e, &cfg, &err) != 0)
		fail_msg("%s", err.text);
	return e;
}

static void join_all(struct mcr_engine *e)
{
	for (unsigned c = 0; c < CHANNELS; c++) {
		for (unsigned g = 0; g < CHANNELS; g++) {
			struct mcr_join join = rig_join(groups[g], 5000);

			snprintf(join.channel, sizeof(join.channel), "%s", names[c]);
			join.id = 100 * c + g;
			if (wants(c, g))
				assert_int_equal(mcr_engine_join(e, &join, NULL), 0);
		}
	}
}

static void check_message(struct mcr_consumer *c, const struct mcr_msg *m, unsigned channel,
			  unsigned i)
{
	uint8_t payload[300];
	uint32_t number;

	assert_int_equal(m->kind, MCR_DATA);
	assert_int_equal(mcr_consumer_read(c, m, payload, sizeof(payload)), 4 + i % 290);
	memcpy(&number, payload, sizeof(number));
	assert_int_equal(number, i);
	assert_int_equal(mcr_address_ipv4_be(m->group), rig_ip(groups[group_of(i)]));
	assert_int_equal(m->dst_port, 5000);
	assert_int_equal(m->id, 100 * channel + group_of(i));
	assert_true(m->ttl > 0);
}

static void each_channel_gets_what_it_wants_in_order_with_its_own_ids(void **state)
{
	struct mcr_engine *e = create();
	struct mcr_consumer *consumers[CHANNELS];
	struct mcr_msg msgs[64];

	for (unsigned c = 0; c < CHANNELS; c++) {
		struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

		opts.fd = mcr_engine_attach(e, names[c], "test", NULL);
		assert_true(opts.fd >= 0);
		assert_int_equal(mcr_consumer_open(&consumers[c], &opts, NULL), 0);
	}
	join_all(e);
	assert_int_equal(mcr_engine_start(e, NULL), 0);
	assert_int_equal(rig_receive(e, FRAMES).delivered, FRAMES);
	for (unsigned c = 0; c < CHANNELS; c++) {
		unsigned i = 0;
		int n;

		while ((n = mcr_consumer_poll(consumers[c], msgs, 64)) > 0) {
			for (int k = 0; k < n; k++) {
				while (i < FRAMES && !wants(c, group_of(i)))
					i++;
				assert_true(i < FRAMES);
				check_message(consumers[c], &msgs[k], c, i++);
			}
		}
		while (i < FRAMES && !wants(c, group_of(i)))
			i++;
		assert_int_equal(i, FRAMES);
		mcr_consumer_close(consumers[c]);
	}
	mcr_engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_channel_gets_what_it_wants_in_order_with_its_own_ids),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
