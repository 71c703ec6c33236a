/* SPDX-License-Identifier: BSD-3-Clause */
/* socket_handler GROUP PORT receive|close: a receiver whose handler of SIGALRM, which comes all the
 * time, receives as well; or closes the socket under the sleeping recv. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int fd;
static volatile sig_atomic_t by_handler, is_ended;

static void count(const char *buf, ssize_t n)
{
	if (n == 3 && memcmp(buf, "end", 3) == 0)
		is_ended = 1;
}

static void on_alarm_receive(int sig)
{
	char buf[64];
	int saved = errno;
	ssize_t n;

	(void)sig;
	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) >= 0) {
		by_handler++;
		count(buf, n);
	}
	errno = saved;
}

static void on_alarm_close(int sig)
{
	int saved = errno;

	(void)sig;
	close(fd);
	errno = saved;
}

static int join(const char *group, const char *port)
{
	struct sockaddr_in bound = {.sin_family = AF_INET};
	struct ip_mreqn mreq = {.imr_ifindex = 0};
	int one = 1;

	sscanf(port, "%hu", &bound.sin_port);
	bound.sin_port = htons(bound.sin_port);
	inet_pton(AF_INET, group, &mreq.imr_multiaddr);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return bind(fd, (struct sockaddr *)&bound, sizeof(bound)) < 0 ||
	       setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq)) < 0;
}

int main(int argc, char **argv)
{
	int is_close = argc > 3 && strcmp(argv[3], "close") == 0;
	struct sigaction action = {.sa_flags = SA_RESTART};
	struct itimerval each = {.it_value = {.tv_usec = is_close ? 200000 : 2000}};
	long by_main = 0;
	char buf[64];
	ssize_t n;

	if (argc != 4 || join(argv[1], argv[2]))
		return 2;
	action.sa_handler = is_close ? on_alarm_close : on_alarm_receive;
	each.it_interval.tv_usec = is_close ? 0 : 2000;
	sigaction(SIGALRM, &action, NULL);
	puts("ready");
	fflush(stdout);
	setitimer(ITIMER_REAL, &each, NULL);
	while (!is_ended && (n = recv(fd, buf, sizeof(buf), is_close ? 0 : MSG_DONTWAIT),
			     n >= 0 || errno == EAGAIN)) {
		by_main += n >= 0;
		count(buf, n);
	}
	if (is_close)
		printf("closed %s\n", strerror(errno));
	else
		printf("got %ld\n", by_main + by_handler);
	return 0;
}
