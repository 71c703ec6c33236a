/* SPDX-License-Identifier: BSD-3-Clause */
/* What consumers say of themselves in their pages, clamped to what their rings allow. */
#include <errno.h>
#include <stdio.h>

#include "engine/attach/attach_kept.h"

/* Each number is loaded once: the consumer may write anything at any time. */
static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

struct position {
	uint64_t cursor, published; /* of the rings that it reads */
	uint64_t all;               /* published in all rings of the channel */
	uint64_t headroom;          /* UINT64_MAX: it has not written where it is */
};

static struct position position_of(const struct mcr_attach_slot *slot)
{
	const struct mcr_attach_channel *channel = slot->channel;
	struct position p = {.headroom = UINT64_MAX};

	for (unsigned i = 0; i < channel->n_rings; i++) {
		const struct mcr_ring_reader *ring = &channel->readers[i];
		uint64_t next_seq = load(&slot->page->rings[i].next_seq);
		uint64_t offset = load(&slot->page->rings[i].next_offset);
		uint64_t published = mcr_ring_reader_published(ring);

		p.all += published;
		if (next_seq == 0)
			continue;
		p.cursor += min(next_seq - 1, published);
		p.published += published;
		p.headroom = min(
		    p.headroom,
		    mcr_ring_reader_headroom(ring, (struct mcr_ring_mark){next_seq - 1, offset}));
	}
	return p;
}

static uint64_t behind(const struct mcr_attach_slot *slot)
{
	uint64_t most = 0, unknown = UINT64_MAX;

	for (unsigned i = 0; i < slot->channel->n_rings; i++) {
		const struct mcr_ring_reader *ring = &slot->channel->readers[i];
		const uint64_t offset = load(&slot->page->rings[i].next_offset);
		struct mcr_ring_published newest;

		if (load(&slot->page->rings[i].next_seq) == 0)
			continue;
		if (!mcr_ring_reader_newest(ring, &newest))
			return UINT64_MAX;
		unknown = 0;
		if (newest.end > offset && newest.end - offset > most)
			most = newest.end - offset;
	}
	return most | unknown;
}

uint64_t mcr_attach_server_behind(const struct mcr_attach_server *s, const char *channel)
{
	uint64_t most = 0;

	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++) {
		const struct mcr_attach_slot *slot = &s->slots[i];
		uint64_t by;

		if (slot->state != MCR_SLOT_ATTACHED ||
		    strcmp(slot->channel->config.name, channel) != 0)
			continue;
		by = behind(slot);
		most = by > most ? by : most;
	}
	return most;
}

struct counts {
	uint64_t received, skipped, lost;
};

static struct counts counts_of(const struct mcr_consumer_page *page, const struct position *p)
{
	struct counts c = {.received = min(load(&page->received), p->all),
			   .skipped = min(load(&page->skipped), p->all)};
	const uint64_t stale = min(load(&page->stale), c.received);

	c.received -= stale;
	c.lost = min(min(load(&page->lost), p->all) + stale, p->all);
	return c;
}

static void note_rise(struct mcr_attach_rise *rise, uint64_t count, uint64_t now_ns)
{
	if (count > rise->count)
		rise->rose_ns = now_ns;
	rise->count = count;
}

static void look(struct mcr_attach_slot *slot, uint64_t now_ns)
{
	const struct position p = position_of(slot);
	const struct counts c = counts_of(slot->page, &p);

	slot->headroom_min = min(slot->headroom_min, p.headroom);
	note_rise(&slot->received, c.received, now_ns);
	note_rise(&slot->lost, c.lost, now_ns);
}

void mcr_attach_server_look(struct mcr_attach_server *s, uint64_t now_ns)
{
	unsigned left = s->attached;

	for (size_t i = 0; i < MCR_ATTACH_SLOTS && left > 0; i++) {
		struct mcr_attach_slot *slot = &s->slots[i];

		if (slot->state != MCR_SLOT_ATTACHED)
			continue;
		left--;
		look(slot, now_ns);
	}
}

static void describe(const struct mcr_attach_slot *slot, uint64_t now_ns,
		     struct mcr_consumer_info *out)
{
	const struct mcr_consumer_page *page = slot->page;
	const struct position p = position_of(slot);
	const struct counts c = counts_of(page, &p);
	uint64_t heartbeat;

	memset(out, 0, sizeof(*out));
	out->id = slot->id;
	strcpy(out->channel, slot->channel->config.name);
	strcpy(out->label, slot->label);
	out->pid = slot->pid;
	out->uid = slot->uid;
	out->attach_oldest = slot->oldest;
	out->attach_newest = slot->newest;
	out->received = c.received;
	out->skipped = c.skipped;
	out->lost = c.lost;
	out->received_last_ns = slot->received.rose_ns;
	out->lost_last_ns = slot->lost.rose_ns;
	out->cursor = p.cursor;
	out->published = p.published;
	out->headroom = p.headroom == UINT64_MAX ? 0 : p.headroom;
	/* A consumer that lost something had none left, whether we looked then or not. */
	out->headroom_min = out->lost > 0 ? 0 : min(slot->headroom_min, out->headroom);
	heartbeat = load(&page->heartbeat_ns);
	if (heartbeat == 0)
		heartbeat = slot->since_ns;
	out->heartbeat_age_ns = heartbeat < now_ns ? now_ns - heartbeat : 0;
}

void mcr_attach_server_describe(const struct mcr_attach_server *s, uint64_t id, char *text,
				size_t cap)
{
	text[0] = '\0';
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++)
		if (s->slots[i].state == MCR_SLOT_ATTACHED && s->slots[i].id == id)
			snprintf(text, cap, "\"%s\" (pid %d)", s->slots[i].label,
				 (int)s->slots[i].pid);
	for (const struct mcr_kept_feed *kept = s->kept; kept; kept = kept->next)
		if (kept->id == id)
			snprintf(text, cap, "readers of feed \"%s\" as it was", kept->name);
}

int mcr_attach_server_info(const struct mcr_attach_server *s, size_t i, uint64_t now_ns,
			   struct mcr_consumer_info *out)
{
	for (size_t at = 0; at < MCR_ATTACH_SLOTS; at++) {
		if (s->slots[at].state == MCR_SLOT_ATTACHED && i-- == 0) {
			describe(&s->slots[at], now_ns, out);
			return 0;
		}
	}
	return -ENOENT;
}
