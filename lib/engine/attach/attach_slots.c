/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/attach/attach_slots.h"

#define SETTLE_NS  UINT64_C(10000000)
#define UNREAD_MAX 1024 /* messages: net.unix.max_dgram_qlen is 512 */

/* ---- what is in flight ---- */

/* While something is in flight, only the welcome was sent: whatever sends more settles first. */
void mcr_attach_slot_settle(struct mcr_attach_slot *slot)
{
	int unread = 0;

	if (slot->in_flight != 0 && slot->state != MCR_SLOT_WAITING &&
	    ioctl(slot->fd, SIOCOUTQ, &unread) == 0 && unread == 0)
		slot->in_flight = 0;
}

/* Nobody reads any more what the other side sent, and its own end of the socket may be in there,
 * which would then never be closed. It can send no more. An empty message looks like the end, hence
 * the count. */
static void discard_unread(int fd)
{
	char byte;

	for (unsigned n = 0; n < UNREAD_MAX && recv(fd, &byte, 1, MSG_DONTWAIT) >= 0; n++)
		;
}

/* Hangs up on a client that has not received its welcome, and keeps what counts for its user. */
static void linger(struct mcr_attach_server *s, struct mcr_attach_slot *slot)
{
	const struct mcr_attach_slot kept = {.state = MCR_SLOT_LINGERING,
					     .fd = slot->fd,
					     .uid = slot->uid,
					     .own = slot->own,
					     .in_flight = slot->in_flight};

	epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, slot->fd, NULL);
	shutdown(slot->fd, SHUT_RDWR);
	discard_unread(slot->fd);
	*slot = kept;
	s->lingering++;
}

void mcr_attach_slots_settle_now(struct mcr_attach_server *s, uint64_t now_ns)
{
	s->settle_due_ns = now_ns + SETTLE_NS;
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++) {
		struct mcr_attach_slot *slot = &s->slots[i];

		mcr_attach_slot_settle(slot);
		if (slot->state == MCR_SLOT_LINGERING && slot->in_flight == 0) {
			close(slot->fd);
			memset(slot, 0, sizeof(*slot));
			s->lingering--;
		}
	}
}

void mcr_attach_slots_settle(struct mcr_attach_server *s, uint64_t now_ns)
{
	if (now_ns >= s->settle_due_ns)
		mcr_attach_slots_settle_now(s, now_ns);
}

/* ---- connections ---- */

int mcr_attach_slot_take(struct mcr_attach_server *s, struct mcr_attach_slot **out, int fd,
			 uint64_t now_ns)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct ucred peer;
	socklen_t len = sizeof(peer);

	for (uint32_t i = 0; i < MCR_ATTACH_SLOTS; i++) {
		struct mcr_attach_slot *slot = &s->slots[i];

		if (slot->state != MCR_SLOT_FREE)
			continue;
		event.data.u64 = i;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
		    epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
			return -errno;
		memset(slot, 0, sizeof(*slot));
		slot->state = MCR_SLOT_HALF_OPEN;
		slot->fd = fd;
		slot->pid = peer.pid;
		slot->uid = peer.uid;
		slot->gid = peer.gid;
		slot->since_ns = now_ns;
		s->half_open++;
		*out = slot;
		return 0;
	}
	return -EBUSY;
}

static void set_label(struct mcr_attach_slot *slot, const char *label)
{
	snprintf(slot->label, sizeof(slot->label), "%s", label);
	mcr_text_clean(slot->label, sizeof(slot->label));
}

void mcr_attach_slot_wait(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			  struct mcr_attach_channel *template, uint64_t id, const char *program,
			  const char *label, uint64_t now_ns)
{
	s->half_open--;
	s->waiting++;
	slot->state = MCR_SLOT_WAITING;
	slot->in_flight = (uint16_t)(template->n_rings + 1);
	slot->since_ns = now_ns;
	slot->made_of = template;
	slot->id = id;
	snprintf(slot->program, sizeof(slot->program), "%s", program);
	set_label(slot, label);
}

void mcr_attach_slot_resume(struct mcr_attach_server *s, struct mcr_attach_slot *slot)
{
	s->waiting--;
	s->half_open++;
	slot->state = MCR_SLOT_HALF_OPEN;
	slot->in_flight = 0;
	slot->made_of = NULL;
}

void mcr_attach_slot_abandon(struct mcr_attach_server *s, struct mcr_attach_slot *slot)
{
	epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, slot->fd, NULL);
	shutdown(slot->fd, SHUT_RDWR);
	close(slot->fd);
	slot->fd = -1;
	slot->state = MCR_SLOT_ABANDONED;
	slot->in_flight = 0;
	s->programs->cancel(s->programs_ctx, slot->id);
}

void mcr_attach_slot_forget(struct mcr_attach_server *s, struct mcr_attach_slot *slot)
{
	s->waiting--;
	memset(slot, 0, sizeof(*slot));
}

void mcr_attach_slot_attach(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			    struct mcr_attach_channel *channel,
			    const struct mcr_consumer_page *page, const char *label,
			    uint64_t now_ns)
{
	s->half_open--;
	s->attached++;
	channel->consumers++;
	slot->state = MCR_SLOT_ATTACHED;
	slot->in_flight = (uint16_t)(channel->n_rings + 1);
	slot->since_ns = now_ns;
	slot->channel = channel;
	slot->page = page;
	slot->id = ++s->last_id;
	slot->headroom_min = UINT64_MAX;
	set_label(slot, label);
}

void mcr_attach_slot_hand_feed(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			       const char *name, uint64_t digest, const char *label,
			       uint64_t now_ns)
{
	s->half_open--;
	s->with_feed++;
	slot->state = MCR_SLOT_FEED;
	slot->in_flight = 1;
	slot->since_ns = now_ns;
	slot->feed_digest = digest;
	snprintf(slot->program, sizeof(slot->program), "%s", name);
	set_label(slot, label);
}

void mcr_attach_slot_release(struct mcr_attach_server *s, struct mcr_attach_slot *slot)
{
	if (slot->state == MCR_SLOT_HALF_OPEN) {
		s->half_open--;
	} else if (slot->state == MCR_SLOT_FEED) {
		s->with_feed--;
		s->joiner_ended |= s->kept != NULL;
	} else {
		s->attached--;
		slot->channel->consumers--;
		if (slot->channel->is_program)
			slot->channel->has_ended = s->program_ended = 1;
		s->joiner_ended |= slot->n_joins > 0;
		munmap((void *)(uintptr_t)slot->page, MCR_CONSUMER_PAGE_BYTES);
		free(slot->sockets);
	}
	mcr_attach_slot_settle(slot);
	if (slot->in_flight != 0) {
		linger(s, slot);
		return;
	}
	/* A forked child may have a copy of fd, and the client must see the end all the same. */
	epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, slot->fd, NULL);
	shutdown(slot->fd, SHUT_RDWR);
	close(slot->fd);
	memset(slot, 0, sizeof(*slot));
}
