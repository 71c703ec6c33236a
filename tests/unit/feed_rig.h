/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed of two lines on two small engines, and what publishes its packets. Line i is the group
 * 239.1.1.(i + 1), port 5000. Packets are MoldUDP64's. */
#ifndef FEED_RIG_H
#define FEED_RIG_H

#include "small_engine.h"

#include <endian.h>

#include <mcring/feed.h>

#define RIG_ITEMS_MAX 65536
#define RIG_SESSION   "0000012345"
#define RIG_MESSAGE   20 /* octets of a message, its length included */

/* What poll gave, with the payload as it was read then. */
struct rig_item {
	struct mcr_feed_msg m;
	uint64_t first_word; /* of the packet's first message */
	int64_t read;
};

struct feed_rig {
	struct small_engine e[2];
	struct mcr_feed *f;
	char text[1024];
	struct rig_item *items;
	size_t n;
};

static inline uint64_t rig_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The text of the feed; more: further lines of its head. */
static inline void rig_text(struct feed_rig *rig, const char *more)
{
	snprintf(rig->text, sizeof(rig->text),
		 "feed test\ndeclaration moldudp64,heartbeat_interval=0\n%s"
		 "line A engine=%s channel=md\njoin 239.1.1.1:5000\n"
		 "line B engine=%s channel=md\njoin 239.1.1.2:5000\n",
		 more, strrchr(rig->e[0].dir, '/') + 1, strrchr(rig->e[1].dir, '/') + 1);
}

static inline void rig_create(struct feed_rig *rig, uint64_t bytes)
{
	memset(rig, 0, sizeof(*rig));
	for (int i = 0; i < 2; i++)
		small_engine_create(&rig->e[i], 1, bytes);
	rig->items = calloc(RIG_ITEMS_MAX, sizeof(*rig->items));
	assert_non_null(rig->items);
	rig_text(rig, "");
}

static inline int rig_try(struct feed_rig *rig, struct mcr_feed_opts opts, struct mcr_error *err)
{
	opts.config = rig->text;
	opts.run_dir = rig->e[0].dir;
	return mcr_feed_open(&rig->f, &opts, err);
}

static inline void rig_open_as(struct feed_rig *rig, struct mcr_feed_opts opts)
{
	struct mcr_error err = {""};
	int ret = rig_try(rig, opts, &err);

	if (ret != 0)
		print_message("%s\n", err.text);
	assert_int_equal(ret, 0);
}

static inline void rig_open(struct feed_rig *rig)
{
	rig_open_as(rig, (struct mcr_feed_opts)MCR_FEED_OPTS_INIT);
}

static inline void rig_destroy(struct feed_rig *rig)
{
	mcr_feed_close(rig->f);
	for (int i = 0; i < 2; i++)
		small_engine_destroy(&rig->e[i]);
	free(rig->items);
}

/* The first octets of message `seq`, by which it is known again. */
static inline uint64_t rig_word(uint64_t seq)
{
	return (seq + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

/* A packet of count messages from seq on; count 0 is a heartbeat. Returns its length. */
static inline uint32_t rig_packet(uint8_t *out, uint64_t seq, uint16_t count)
{
	uint64_t seq_be = htobe64(seq);
	uint16_t count_be = htobe16(count), len_be = htobe16(RIG_MESSAGE - 2);
	uint32_t len = 20;

	memcpy(out, RIG_SESSION, 10);
	memcpy(out + 10, &seq_be, 8);
	memcpy(out + 18, &count_be, 2);
	for (uint16_t i = 0; i < count && count != 0xffff; i++, len += RIG_MESSAGE) {
		uint64_t word = rig_word(seq + i);

		memset(out + len, (int)(seq + i), RIG_MESSAGE);
		memcpy(out + len, &len_be, 2);
		memcpy(out + len + 2, &word, 8);
	}
	return len;
}

static inline void rig_put_at(struct small_engine *e, unsigned ring, int line, uint64_t rx_ns,
			      uint64_t seq, uint16_t count)
{
	struct mcr_record record = small_engine_record(&e->writers[ring]);
	uint8_t packet[2048];
	uint32_t len = rig_packet(packet, seq, count);

	record.rx_ns = rx_ns;
	record.flags = 0;
	record.hw_delta = 0;
	record.group_be = htobe32(0xef010101u + (uint32_t)line);
	small_engine_put(e, ring, record, packet, len);
}

static inline void rig_put(struct feed_rig *rig, int line, uint64_t rx_ns, uint64_t seq,
			   uint16_t count)
{
	rig_put_at(&rig->e[line], 0, line, rx_ns, seq, count);
}

/* Everything that arrives on a line before this is published. */
static inline void rig_polled(struct feed_rig *rig, int line, uint64_t ns)
{
	mcr_ring_set_polled(&rig->e[line].writers[0], ns);
}

/* Polls until nothing is due, n items at a time. Returns the last result. */
static inline int rig_poll_by(struct feed_rig *rig, int n)
{
	struct mcr_feed_msg msgs[64];
	uint8_t payload[2048];
	int got;

	while ((got = mcr_feed_poll(rig->f, msgs, n)) > 0) {
		for (int i = 0; i < got; i++) {
			struct rig_item *item = &rig->items[rig->n++];

			assert_true(rig->n < RIG_ITEMS_MAX);
			item->m = msgs[i];
			if (msgs[i].kind != MCR_FEED_DATA)
				continue;
			assert_int_equal(mcr_feed_intact(rig->f, &msgs[i]), 1);
			item->read = mcr_feed_read(rig->f, &msgs[i], payload, sizeof(payload));
			memcpy(&item->first_word, payload + 22, 8);
		}
		mcr_feed_release(rig->f);
	}
	return got;
}

static inline void rig_poll(struct feed_rig *rig)
{
	assert_int_equal(rig_poll_by(rig, 32), 0);
}

/* The next item of a kind from *at on, which moves behind it; NULL = there is none. */
static inline const struct mcr_feed_msg *rig_next(const struct feed_rig *rig, size_t *at,
						  enum mcr_feed_kind kind)
{
	while (*at < rig->n)
		if (rig->items[(*at)++].m.kind == kind)
			return &rig->items[*at - 1].m;
	return NULL;
}

static inline size_t rig_count(const struct feed_rig *rig, enum mcr_feed_kind kind)
{
	size_t at = 0, n = 0;

	while (rig_next(rig, &at, kind))
		n++;
	return n;
}

/* The data that were handed out are the numbers first to last, in order, once, whole. */
static inline void rig_expect_data(const struct feed_rig *rig, uint64_t first, uint64_t last)
{
	uint64_t next = first;

	for (size_t i = 0; i < rig->n; i++) {
		const struct rig_item *item = &rig->items[i];

		if (item->m.kind == MCR_FEED_GAP)
			next = item->m.gap.last + 1;
		if (item->m.kind != MCR_FEED_DATA)
			continue;
		assert_int_equal(item->m.seq, next);
		assert_true(item->read > 20);
		assert_int_equal(item->first_word, rig_word(item->m.seq - item->m.skip));
		next += item->m.count;
	}
	assert_int_equal(next, last + 1);
}

#endif
