/* SPDX-License-Identifier: BSD-3-Clause */
/* churn: joins and leaves groups 239.200.0.0 and up in random order through the control socket,
 * each second one an IPv6 group, one change a request, until SIGTERM; then leaves what is joined
 * and prints how many changes it made. A program instead of mcring-ctl in a loop because a guest
 * without an accelerator takes a tenth of a second to start one. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define GROUPS_MAX 1024

static volatile sig_atomic_t stop;

static void on_signal(int signo)
{
	(void)signo;
	stop = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "churn: %s\n", what);
	exit(1);
}

static FILE *dial(const char *run_dir)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	FILE *stream;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", run_dir);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("no engine there");
	stream = fdopen(fd, "r+");
	if (!stream)
		die("fdopen");
	setbuf(stream, NULL);
	return stream;
}

static void change(FILE *engine, const char *command, unsigned group)
{
	char line[4096];

	fprintf(engine,
		group % 2 ? "{\"command\":\"%s\",\"joins\":[\"[ff15::c8:%x%02x]:5000\"]}\n"
			  : "{\"command\":\"%s\",\"joins\":[\"239.200.%u.%u:5000\"]}\n",
		command, group >> 8, group & 255);
	if (!fgets(line, sizeof(line), engine))
		die("the engine does not answer");
	if (!strstr(line, "\"ok\":true"))
		die(line);
}

int main(int argc, char **argv)
{
	unsigned n = argc == 3 ? (unsigned)atoi(argv[2]) : 0;
	static uint8_t joined[GROUPS_MAX];
	uint32_t random = 2463534242u; /* xorshift: the same order in every run */
	unsigned long changes = 0;
	FILE *engine;

	if (n == 0 || n > GROUPS_MAX) {
		fprintf(stderr, "usage: churn RUN_DIR GROUPS\n");
		return 1;
	}
	signal(SIGTERM, on_signal);
	engine = dial(argv[1]);
	while (!stop) {
		unsigned group;

		random ^= random << 13;
		random ^= random >> 17;
		random ^= random << 5;
		group = random % n;
		change(engine, joined[group] ? "leave" : "join", group);
		joined[group] ^= 1;
		changes++;
	}
	for (unsigned group = 0; group < n; group++)
		if (joined[group])
			change(engine, "leave", group);
	printf("%lu\n", changes);
	return 0;
}
