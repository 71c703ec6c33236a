/* SPDX-License-Identifier: BSD-3-Clause */
/* test_embedded EMBEDDED INLINE_HANDLER: the examples on a file of frames. */
#include "rig.h"

#include <stdlib.h>

static const char *embedded, *inline_handler;

/* Runs a program on 100 datagrams of 239.1.1.1 among others. Returns how many of its lines are of
 * that group; line is the last one. */
static int run_on_frames(const char *program, char *line, int cap)
{
	char dir[] = "/tmp/mcring-embedded-XXXXXX", path[96], command[1024];
	uint8_t buf[128];
	int messages = 0;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/frames", dir);
	f = rig_pcap_open(path);
	for (int i = 0; i < 100; i++) {
		rig_pcap_add(f, buf, rig_udp(buf, "239.1.1.1", 5000, "0123456789", 10));
		rig_pcap_add(f, buf, rig_udp(buf, "239.1.1.2", 5000, "other", 5));
	}
	fclose(f);
	snprintf(command, sizeof(command),
		 "timeout 60 %s --lcores 0,1@1 --no-huge -m %s --no-pci --no-telemetry "
		 "--log-level=3 --file-prefix mcring_embedded_%d "
		 "--vdev=net_pcap0,rx_pcap=%s,tx_pcap=%s/sent "
		 "-- net_pcap0 239.1.1.1:5000 100",
		 program, RIG_MEMORY, (int)getpid(), path, dir);
	f = popen(command, "r");
	assert_non_null(f);
	while (fgets(line, cap, f))
		messages += strstr(line, "239.1.1.1:5000 seq") == line &&
			    strstr(line, ": 10 octets, \"0123456789\"\n");
	assert_int_equal(pclose(f), 0);
	unlink(path);
	snprintf(path, sizeof(path), "%s/sent", dir);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
	return messages;
}

static void a_consumer_gets_each_message_in_the_engines_own_process(void **state)
{
	char line[128] = "";

	assert_int_equal(run_on_frames(embedded, line, sizeof(line)), 100);
	assert_string_equal(line, "100 messages, 1000 octets, 0 lost\n");
}

static void a_handler_gets_each_message_in_the_rx_lcore(void **state)
{
	char line[128] = "";

	run_on_frames(inline_handler, line, sizeof(line));
	assert_int_equal(strncmp(line, "100 messages, 1000 octets; ", 27), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_consumer_gets_each_message_in_the_engines_own_process),
	    cmocka_unit_test(a_handler_gets_each_message_in_the_rx_lcore),
	};

	if (argc != 3)
		return 2;
	embedded = argv[1];
	inline_handler = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
