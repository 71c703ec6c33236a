/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a received IGMP packet. The first octet chooses the configuration and whether the
 * checksums are made right first: otherwise hardly any input would get past them.
 * Checked: no crash; malformed input changes nothing; the machine stays able to send and to end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "../unit/octets.h"
#include "core/gmp/gmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECOND 1000000000ull

static void put_sum(uint8_t *field, const uint8_t *p, size_t n)
{
	put16(field, 0);
	put16(field, checksum16(p, n));
}

static void fix_checksums(uint8_t *p, size_t n)
{
	if (n < 20)
		return;
	p[0] = (uint8_t)(0x40 | (p[0] & 15));
	p[9] = 2;
	p[6] &= 0x40;
	p[7] = 0;
	size_t header = (p[0] & 15u) * 4u, total = (size_t)(p[2] << 8 | p[3]);

	if (total > n || total < header) {
		total = n & 0xffff;
		p[2] = (uint8_t)(total >> 8);
		p[3] = (uint8_t)total;
	}
	if (header < 20 || header > total)
		return;
	put_sum(p + 10, p, header);
	if (total - header >= 4)
		put_sum(p + header + 2, p + header, total - header);
}

static int count(void *ctx, const uint8_t *packet, size_t len)
{
	if (len < 32 || len > 1500 || packet[0] != 0x46)
		abort();
	++*(unsigned *)ctx;
	return 0;
}

static struct mcr_address address(uint32_t ipv4)
{
	return mcr_address_from_ipv4(htonl(ipv4));
}

static void join(struct mcr_gmp *igmp)
{
	const struct mcr_address sources[] = {address(0x0a000001), address(0x0a000002),
					      address(0xc0000201)};

	if (mcr_gmp_set_filter(igmp, address(0xef010203), MCR_FILTER_EXCLUDE, sources, 1, SECOND) ||
	    mcr_gmp_set_filter(igmp, address(0xe8010203), MCR_FILTER_INCLUDE, sources, 3, SECOND))
		abort();
}

static void run(struct mcr_gmp *igmp, uint64_t now, uint64_t until, unsigned *sent)
{
	for (unsigned polls = 0; now <= until; polls++) {
		uint64_t next = mcr_gmp_poll(igmp, now, count, sent);

		if (next <= now || polls > 1000)
			abort();
		now = next;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 9000)
		return 0;
	struct mcr_gmp_config cfg = {.address = address(0x0a000002), .repeat_s = MCR_GMP_NO_REPEAT};
	struct mcr_gmp_info before, after;
	struct mcr_gmp *igmp = NULL;
	unsigned sent = 0;
	uint8_t *packet = malloc(size);

	cfg.version = data[0] >> 1 & 3;
	cfg.strict_rx = data[0] >> 3 & 1;
	if (!packet || mcr_gmp_create(&igmp, &cfg, SECOND))
		abort();
	memcpy(packet, data + 1, size - 1);
	if (data[0] & 1)
		fix_checksums(packet, size - 1);
	join(igmp);
	run(igmp, SECOND, 30 * SECOND, &sent);
	mcr_gmp_get_info(igmp, 30 * SECOND, &before);
	int rc = mcr_gmp_input(igmp, packet, size - 1, 30 * SECOND);

	mcr_gmp_get_info(igmp, 30 * SECOND, &after);
	if (rc && (after.version != before.version || after.pending != before.pending ||
		   after.robustness != before.robustness ||
		   !mcr_address_is_equal(after.querier, before.querier)))
		abort();
	run(igmp, 30 * SECOND, 10000 * SECOND, &sent);
	mcr_gmp_leave_all(igmp, 10000 * SECOND);
	run(igmp, 10000 * SECOND, 20000 * SECOND, &sent);
	mcr_gmp_get_info(igmp, 20000 * SECOND, &after);
	if (after.groups || after.leaving || after.pending)
		abort();
	mcr_gmp_destroy(igmp);
	free(packet);
	return 0;
}
