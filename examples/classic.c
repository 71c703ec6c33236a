/* SPDX-License-Identifier: BSD-3-Clause */
/* classic GROUP PORT [COUNT]: the receiver that everybody has. It knows nothing of mcring. Prints
 * what arrives, and from whom, until it has COUNT datagrams. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct sockaddr_in bound = {.sin_family = AF_INET}, from;
	struct ip_mreqn group = {.imr_ifindex = 0};
	long left = argc > 3 ? atol(argv[3]) : 0;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
	char buf[65536];

	if (argc < 3 || inet_pton(AF_INET, argv[1], &group.imr_multiaddr) != 1)
		return 2;
	bound.sin_port = htons((in_port_t)atoi(argv[2]));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) < 0 ||
	    bind(fd, (struct sockaddr *)&bound, sizeof(bound)) < 0) {
		perror("classic");
		return 1;
	}
	do {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);

		if (n < 0) {
			perror("classic");
			return 1;
		}
		printf("%s:%u %.*s\n", inet_ntoa(from.sin_addr), ntohs(from.sin_port), (int)n, buf);
	} while (--left != 0);
	return 0;
}
