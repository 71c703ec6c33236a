/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-exporter: what the engines of a host say, over HTTP. One thread, which waits for nothing
 * but poll: no client and no engine holds up another. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/fail.h"
#include "http.h"
#include "listen.h"
#include "options.h"
#include "sources.h"

/* Returns a descriptor that is readable after SIGTERM or SIGINT, or -1 after a line on stderr. */
static int catch_signals(void)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? fail("signalfd: %s", strerror(errno)) : fd;
}

static int ms_until(uint64_t deadline_ns, uint64_t now_ns)
{
	if (deadline_ns == UINT64_MAX)
		return -1;
	return deadline_ns <= now_ns ? 0 : (int)((deadline_ns - now_ns + 999999) / 1000000);
}

static int serve(struct http *http, struct sources *sources, int signal_fd)
{
	struct pollfd fds[SOURCES_MAX + 2] = {{.fd = signal_fd, .events = POLLIN}};

	while (!fds[0].revents) {
		uint64_t now_ns = monotonic_ns(), deadline_ns = UINT64_MAX;
		size_t n = 2;

		fds[1] =
		    (struct pollfd){.fd = http_fd(http, &deadline_ns, now_ns), .events = POLLIN};
		n += sources_poll(sources, fds + 2, &deadline_ns);
		if (poll(fds, n, ms_until(deadline_ns, now_ns)) < 0 && errno != EINTR)
			return fail("poll: %s", strerror(errno));
		now_ns = monotonic_ns();
		sources_go_on(sources, fds + 2, n - 2, now_ns);
		http_go_on(http, now_ns);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct options options;
	struct sources sources = {0};
	struct http *http;
	int signal_fd, listen_fd, ret;

	if (options_parse(&options, argc, argv) < 0)
		return EXIT_FAILURE;
	sources.run_dirs = options.run_dirs;
	sources.n_run_dirs = options.n_run_dirs;
	sources.groups = options.groups;
	signal_fd = catch_signals();
	listen_fd = signal_fd < 0 ? -1 : listen_at(options.listen);
	if (listen_fd < 0)
		return EXIT_FAILURE;
	ret = http_create(&http, listen_fd, &sources, options.series);
	if (ret < 0) {
		fail("%s: cannot serve HTTP: %s", options.listen, strerror(-ret));
		return EXIT_FAILURE;
	}
	fprintf(stderr, "mcring-exporter: serves http://%s/, /metrics, /health and /data.json\n",
		options.listen);
	ret = serve(http, &sources, signal_fd);
	http_destroy(http);
	sources_clear(&sources);
	close(signal_fd);
	return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
