/* SPDX-License-Identifier: BSD-3-Clause */
/* Preloaded into mcring: a port that lies. MCR_LIE=list: it takes a multicast list, and lets in
 * what it did before. MCR_LIE=loss: what it lost it does not count. */
#include <dlfcn.h>
#include <linux/if_packet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define EXPORT __attribute__((visibility("default")))

static int lies(const char *what)
{
	const char *lie = getenv("MCR_LIE");

	return lie && strstr(lie, what);
}

struct rte_ether_addr; /* DPDK's, without its headers */
EXPORT int rte_eth_dev_set_mc_addr_list(uint16_t port, struct rte_ether_addr *list, uint32_t n);

EXPORT int rte_eth_dev_set_mc_addr_list(uint16_t port, struct rte_ether_addr *list, uint32_t n)
{
	int (*real)(uint16_t, struct rte_ether_addr *, uint32_t);

	if (lies("list"))
		return 0;
	*(void **)&real = dlsym(RTLD_NEXT, "rte_eth_dev_set_mc_addr_list");
	return real(port, list, n);
}

EXPORT int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int (*real)(int, int, int, void *, socklen_t *);
	int result;

	*(void **)&real = dlsym(RTLD_NEXT, "getsockopt");
	result = real(fd, level, name, value, len);
	if (result == 0 && level == SOL_PACKET && name == PACKET_STATISTICS && lies("loss"))
		memset(value, 0, *len);
	return result;
}
