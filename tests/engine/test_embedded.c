/* SPDX-License-Identifier: BSD-3-Clause */
/* test_embedded PROGRAM: examples/embedded.c on a file of frames. */
#include "rig.h"

#include <stdlib.h>

static const char *program;

static void the_handler_gets_each_message_of_its_group_in_the_engines_own_process(void **state)
{
	char dir[] = "/tmp/mcring-embedded-XXXXXX", path[96], command[1024], line[128] = "";
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
	while (fgets(line, sizeof(line), f) != NULL)
		messages += strstr(line, "239.1.1.1:5000 seq") == line &&
			    strstr(line, ": 10 octets, \"0123456789\"\n") != NULL;
	assert_int_equal(pclose(f), 0);
	assert_int_equal(messages, 100);
	assert_string_equal(line, "100 messages, 1000 octets, 0 lost\n");
	unlink(path);
	snprintf(path, sizeof(path), "%s/sent", dir);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_handler_gets_each_message_of_its_group_in_the_engines_own_process),
	};

	if (argc != 2)
		return 2;
	program = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
