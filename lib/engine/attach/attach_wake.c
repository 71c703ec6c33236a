/* SPDX-License-Identifier: BSD-3-Clause */
/* A wake-up is a message on the attach socket, not an eventfd: O_NONBLOCK belongs to the open file,
 * which both sides would share, so a consumer could clear it, fill the counter, and make the
 * control thread block in its write. MSG_DONTWAIT belongs to the call. */
#include <errno.h>
#include <sys/socket.h>

#include "engine/attach/attach_slots.h"

/* Sent per call: consumers that always want more must not keep control busy. */
#define WAKES_MAX 64

/* Returns 1 when what the consumer waits for is there. It may have written anything: if it waits
 * for a seq that never comes, it is not woken. */
static int due(const struct mcr_attach_slot *slot)
{
	for (unsigned i = 0; i < slot->channel->n_rings; i++) {
		const struct mcr_ring_reader *ring = &slot->channel->readers[i];
		uint64_t seq = __atomic_load_n(&slot->page->rings[i].armed, __ATOMIC_RELAXED);

		if (seq != 0 &&
		    (mcr_ring_reader_published(ring) >= seq || mcr_ring_reader_stopped(ring)))
			return 1;
	}
	return 0;
}

/* Returns 0 when the kernel had no memory for the word: the next tick sends it. Without room in the
 * socket earlier ones lie there unread, and the descriptor is readable already. */
static int wake(struct mcr_attach_slot *slot)
{
	const struct mcr_notice notice = {.kind = MCR_NOTICE_WAKE};

	mcr_attach_slot_settle(slot);
	return send(slot->fd, &notice, sizeof(notice), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
	       (errno != ENOBUFS && errno != ENOMEM);
}

int mcr_attach_server_wake(struct mcr_attach_server *s)
{
	unsigned left = s->attached, sent = 0, asleep = 0, at = s->wake_turn;

	for (unsigned i = 0; i < MCR_ATTACH_SLOTS && left > 0; i++) {
		struct mcr_attach_slot *slot = &s->slots[at];
		uint64_t number;

		at = at + 1 < MCR_ATTACH_SLOTS ? at + 1 : 0;
		if (slot->state != MCR_SLOT_ATTACHED)
			continue;
		left--;
		/* Acquire: the positions that are read next belong to this number or a later one.
		 * Pairs with the release of mcr_consumer_arm. */
		number = __atomic_load_n(&slot->page->armed, __ATOMIC_ACQUIRE);
		if (number == 0 || number == slot->woken)
			continue;
		if (!due(slot)) {
			asleep = 1;
			continue;
		}
		if (wake(slot))
			slot->woken = number;
		else
			asleep = 1;
		if (++sent == WAKES_MAX) {
			s->wake_turn = at;
			return 1;
		}
	}
	return (int)asleep;
}
