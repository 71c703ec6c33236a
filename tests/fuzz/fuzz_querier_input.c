/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as packets of IGMP or MLD that a querier hears. The first octet chooses the protocol
 * and whether headers and checksums are made right first, the second the configuration; then come
 * packets, each behind its length. Checked: no crash; each packet ends in exactly one counter, and
 * one that is malformed changes nothing but for the whole records of a report; `changed` is called
 * when the filter is another; and when all is silent, the table runs empty. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/address.h"
#include "core/querier/querier.h"
#include "fix_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECOND 1000000000ull

struct bench {
	struct mcr_querier *q;
	uint64_t now, changes;
	int is_mld;
};

static int on_send(void *ctx, const uint8_t *packet, size_t len)
{
	const struct bench *b = ctx;

	CHECK(len >= (b->is_mld ? 72u : 32u) && len <= 1500);
	CHECK(packet[0] == (b->is_mld ? 0x60 : 0x46));
	return 0;
}

static void on_changed(void *ctx, struct mcr_address group)
{
	struct bench *b = ctx;
	struct mcr_source_filter f;

	CHECK(mcr_group_fault(group, MCR_FILTER_INCLUDE) != MCR_GROUP_NOT_MULTICAST);
	mcr_querier_filter(b->q, group, &f);
	CHECK(f.mode == MCR_FILTER_INCLUDE || f.mode == MCR_FILTER_EXCLUDE);
	b->changes++;
}

static void run_until(struct bench *b, uint64_t until)
{
	for (unsigned polls = 0;; polls++) {
		uint64_t next = mcr_querier_poll(b->q, b->now, on_send, b);

		CHECK(next > b->now && polls < 100000);
		if (next > until)
			break;
		b->now = next;
	}
	b->now = until;
}

static uint64_t packets(const struct mcr_querier_state *s, unsigned from)
{
	uint64_t n = 0;

	for (unsigned i = from; i < MCR_QUERIER_RX_COUNT; i++)
		n += s->rx[i];
	return n;
}

static void check_table(struct bench *b, const struct mcr_querier_state *s)
{
	struct mcr_querier_source sources[4];
	struct mcr_querier_group g;
	size_t i, all = 0;

	for (i = 0; mcr_querier_get_group(b->q, i, &g) == 0; i++) {
		CHECK(mcr_group_fault(g.group, MCR_FILTER_INCLUDE) != MCR_GROUP_NOT_MULTICAST);
		CHECK(mcr_querier_get_sources(b->q, i, sources, 4) == (int)g.n_sources);
		CHECK(g.mode == MCR_FILTER_EXCLUDE || g.n_sources > 0);
		CHECK(g.n_sources <= s->sources_max);
		all += g.n_sources;
	}
	CHECK(i == s->groups && all == s->sources && i <= s->groups_max);
	CHECK(mcr_querier_get_sources(b->q, i, sources, 4) == -ENOENT);
}

static void hear(struct bench *b, const uint8_t *data, size_t size, int fix,
		 enum mcr_querier_from from)
{
	struct mcr_querier_state before, after;
	uint8_t *packet = malloc(size + 1);
	uint64_t changes = b->changes;

	CHECK(packet);
	memcpy(packet, data, size);
	if (fix)
		(b->is_mld ? fix_ipv6 : fix_ipv4)(packet, size);
	mcr_querier_get_state(b->q, &before);
	int rc = mcr_querier_input(b->q, packet, size, from, b->now);

	free(packet); /* nothing of it is borrowed */
	mcr_querier_get_state(b->q, &after);
	CHECK(rc == 0 || rc == -EBADMSG);
	CHECK(packets(&after, 0) == packets(&before, 0) + 1);
	CHECK(packets(&after, MCR_QUERIER_RX_MALFORMED) ==
	      packets(&before, MCR_QUERIER_RX_MALFORMED) + (rc != 0));
	CHECK(after.changes - before.changes == b->changes - changes);
	if (rc && after.rx[MCR_QUERIER_RX_BAD_RECORDS] == before.rx[MCR_QUERIER_RX_BAD_RECORDS])
		CHECK(after.groups == before.groups && after.sources == before.sources &&
		      after.role == before.role && after.version == before.version &&
		      mcr_address_is_equal(after.querier, before.querier));
	check_table(b, &after);
}

static void start(struct bench *b, unsigned how)
{
	struct mcr_querier_config cfg = {.family = b->is_mld ? MCR_GMP_MLD : MCR_GMP_IGMP,
					 .prefix_len = how & 1 ? 24 : 0,
					 .is_auto = how >> 1 & 1,
					 .strict_rx = !b->is_mld && how & 4,
					 .fast_leave = how >> 3 & 1,
					 .sources_max = how & 16 ? 3 : 0,
					 .groups_max = how & 32 ? 2 : 0,
					 .changed = on_changed,
					 .changed_ctx = b};

	cfg.version = (uint8_t)((how >> 6 & 3) % (b->is_mld ? 3 : 4));
	cfg.address = mcr_address_from_ipv4(htobe32(0x0a000009));
	if (b->is_mld)
		cfg.address = (struct mcr_address){{0xfe, 0x80, [15] = 9}};
	CHECK(mcr_querier_create(&b->q, &cfg, b->now) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench b = {.now = SECOND};
	struct mcr_querier_state s;

	if (size < 2)
		return 0;
	unsigned how = data[0];

	b.is_mld = how & 1;
	start(&b, data[1]);
	for (data += 2, size -= 2; size >= 2;) {
		size_t n = (size_t)(data[0] << 8 | data[1]);

		n = n % 2048 < size - 2 ? n % 2048 : size - 2;
		hear(&b, data + 2, n, how & 2,
		     how & 4 ? MCR_QUERIER_FROM_HOST : MCR_QUERIER_FROM_WIRE);
		run_until(&b, b.now + SECOND / 3);
		data += 2 + n;
		size -= 2 + n;
	}
	run_until(&b, b.now + 50000 * SECOND); /* beyond the times of any other querier */
	mcr_querier_get_state(b.q, &s);
	CHECK(s.groups == 0 && s.sources == 0);
	CHECK(s.role == MCR_QUERIER_US && s.older_until_ns == 0);
	mcr_querier_destroy(b.q);
	return 0;
}
