/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a received IGMP or MLD packet. The first octet chooses the protocol, the
 * configuration and whether the checksums are made right first: otherwise hardly any input would
 * get past them. Checked: no crash; malformed input changes nothing; the machine stays able to send
 * and to end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/gmp/gmp.h"
#include "core/gmp/gmp_spare.h"
#include "fix_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECOND 1000000000ull

static int count(void *ctx, const uint8_t *packet, size_t len)
{
	if (len < 32 || len > 1500 || (packet[0] != 0x46 && (packet[0] != 0x60 || len < 56)))
		abort();
	++*(unsigned *)ctx;
	return 0;
}

static struct mcr_address address(const char *text)
{
	struct mcr_address a;

	if (mcr_address_parse(&a, text, strlen(text)))
		abort();
	return a;
}

/* Any sources, and some of one. */
static void join(struct mcr_gmp *gmp, const char *any, const char *some, const char *source)
{
	const struct mcr_address first = address(source);
	const struct mcr_address sources[] = {first, mcr_address_plus(first, 1),
					      mcr_address_plus(first, 500)};

	if (mcr_gmp_set_filter(gmp, address(any), MCR_FILTER_EXCLUDE, sources, 1, SECOND) ||
	    mcr_gmp_set_filter(gmp, address(some), MCR_FILTER_INCLUDE, sources, 3, SECOND))
		abort();
}

static void run(struct mcr_gmp *gmp, uint64_t now, uint64_t until, unsigned *sent)
{
	for (unsigned polls = 0; now <= until; polls++) {
		uint64_t next = mcr_gmp_poll(gmp, now, count, sent);

		if (next <= now || polls > 1000)
			abort();
		now = next;
	}
}

static void wants(void *gmp, struct mcr_address group, struct mcr_source_filter *out)
{
	mcr_gmp_wants(gmp, group, out);
}

static void defend(void *gmp, struct mcr_address group)
{
	mcr_gmp_defend(gmp, group, 30 * SECOND);
}

/* The same bytes as what another stack of this host sends: what is let out takes nothing away. */
static void let_out(struct mcr_gmp *gmp, enum mcr_gmp_family family, uint8_t *packet, size_t size)
{
	const struct mcr_gmp_other us = {.wants = wants, .spared = defend, .ctx = gmp};
	size_t len = size;

	if (mcr_gmp_spare(family, packet, &len, &us) != MCR_GMP_SPARED)
		return;
	if (len > size || mcr_gmp_spare(family, packet, &len, &us) != MCR_GMP_HARMLESS)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 9000)
		return 0;
	int is_mld = data[0] >> 4 & 1;
	struct mcr_gmp_config cfg = {.address = address(is_mld ? "fe80::2" : "10.0.0.2"),
				     .family = is_mld ? MCR_GMP_MLD : MCR_GMP_IGMP,
				     .repeat_s = MCR_GMP_NO_REPEAT};
	struct mcr_gmp_info before, after;
	struct mcr_gmp *gmp = NULL;
	unsigned sent = 0;
	uint8_t *packet = malloc(size);

	cfg.version = (uint8_t)((data[0] >> 1 & 3) % (is_mld ? 3 : 4));
	cfg.strict_rx = data[0] >> 3 & 1;
	if (!packet || mcr_gmp_create(&gmp, &cfg, SECOND))
		abort();
	memcpy(packet, data + 1, size - 1);
	if (data[0] & 1)
		(is_mld ? fix_ipv6 : fix_ipv4)(packet, size - 1);
	if (is_mld)
		join(gmp, "ff15::1234", "ff35::1234", "2001:db8::1");
	else
		join(gmp, "239.1.2.3", "232.1.2.3", "10.0.0.1");
	run(gmp, SECOND, 30 * SECOND, &sent);
	mcr_gmp_get_info(gmp, 30 * SECOND, &before);
	int rc = mcr_gmp_input(gmp, packet, size - 1, 30 * SECOND);

	mcr_gmp_get_info(gmp, 30 * SECOND, &after);
	if (rc && (after.version != before.version || after.pending != before.pending ||
		   after.robustness != before.robustness ||
		   !mcr_address_is_equal(after.querier, before.querier)))
		abort();
	let_out(gmp, (enum mcr_gmp_family)cfg.family, packet, size - 1);
	run(gmp, 30 * SECOND, 10000 * SECOND, &sent);
	mcr_gmp_leave_all(gmp, 10000 * SECOND);
	run(gmp, 10000 * SECOND, 20000 * SECOND, &sent);
	mcr_gmp_get_info(gmp, 20000 * SECOND, &after);
	if (after.groups || after.leaving || after.pending)
		abort();
	mcr_gmp_destroy(gmp);
	free(packet);
	return 0;
}
