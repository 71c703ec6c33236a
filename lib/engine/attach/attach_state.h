/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the attach server share: attach_server.c (sockets, slots), attach_access.c
 * (who may), attach_limits.c (how much), attach_session.c (the protocol), attach_channels.c
 * (channels), attach_info.c (what is known of consumers). */
#ifndef MCR_ENGINE_ATTACH_STATE_H
#define MCR_ENGINE_ATTACH_STATE_H

#include <stdint.h>

#include "core/attach_wire.h"
#include "core/consumer_page.h"
#include "core/ring_reader.h"
#include "engine/attach/attach_server.h"
#include "engine/os/acceptor.h"
#include "engine/os/socket_file.h"

#define MCR_ATTACH_SLOTS (MCR_CONSUMERS_MAX + MCR_ATTACH_HALF_OPEN_MAX)

struct mcr_attach_channel {
	struct mcr_channel_config config;
	uint64_t epoch;
	unsigned n_rings, consumers;
	int fds[MCR_RINGS_MAX];
	struct mcr_ring_reader readers[MCR_RINGS_MAX]; /* for their numbers only */
};

enum mcr_attach_slot_state {
	MCR_SLOT_FREE = 0,
	MCR_SLOT_HALF_OPEN, /* MCR_ATTACH_HELLO_NS run from since_ns */
	MCR_SLOT_ATTACHED,  /* channel and page are set */
	MCR_SLOT_LINGERING, /* hung up on, but what it was sent is in flight still */
};

/* Kinds of log lines, each of which has its own rate. */
enum mcr_attach_complaint {
	MCR_COMPLAINT_DESCRIPTORS,
	MCR_COMPLAINT_LIMIT,
	MCR_COMPLAINT_SILENT,
	MCR_COMPLAINTS,
};

struct mcr_attach_complaints {
	uint64_t quiet_until_ns;
	unsigned withheld;
};

struct mcr_attach_slot {
	enum mcr_attach_slot_state state;
	int fd;
	int32_t pid; /* SO_PEERCRED */
	uint32_t uid, gid;
	uint8_t own;        /* 1: made by the engine's own process, which may do everything */
	uint16_t in_flight; /* descriptors that it was sent and has not received */
	uint64_t since_ns;  /* connected or attached */
	struct mcr_attach_channel *channel;
	const struct mcr_consumer_page *page;
	uint64_t id;           /* of the attachment */
	uint64_t headroom_min; /* UINT64_MAX = not looked at yet */
	uint32_t n_joins;      /* that it made itself */
	uint64_t woken;        /* the number under which it slept when it was woken last */
	char label[MCR_LABEL_MAX];
};

struct mcr_attach_server {
	struct mcr_attach_config config; /* the defaults filled in */
	int epoll_fd;
	struct mcr_acceptor acceptor;
	uint64_t now_ns, settle_due_ns;
	unsigned half_open, attached, lingering;
	uint64_t last_id;
	unsigned wake_turn; /* the slot that the next wake begins with */
	struct mcr_socket_file file;
	mcr_attach_log log; /* NULL = nothing is logged */
	void *log_ctx;
	struct mcr_attach_complaints complaints[MCR_COMPLAINTS];
	const struct mcr_attach_joining *joining; /* NULL = nobody may join */
	void *joining_ctx;
	uint8_t joiner_ended; /* a consumer that had joined is gone: its joins are to be left */
	uint8_t joins_asked;  /* in this poll: a change costs time that grows with all joins */
	struct mcr_attach_channel *channels[MCR_CHANNELS_MAX];
	struct mcr_attach_slot slots[MCR_ATTACH_SLOTS];
};

/* mcr_attach_slot_take makes a half-open connection of fd, which the slot owns from then on. NULL
 * with errno set (EBUSY: no slot is free); fd is then still the caller's. */
struct mcr_attach_slot *mcr_attach_slot_take(struct mcr_attach_server *s, int fd);

/* mcr_attach_slot_release closes a connection and forgets it, as soon as nothing of it is in
 * flight. */
void mcr_attach_slot_release(struct mcr_attach_server *s, struct mcr_attach_slot *slot);

/* mcr_attach_may: 1 when the process behind a connection is one of access's, else 0; -errno when
 * that cannot be told now. */
int mcr_attach_may(const struct mcr_attach_slot *slot, const struct mcr_access *access);

/* mcr_attach_may_join: the same for access's joiners, where none listed is nobody. */
int mcr_attach_may_join(const struct mcr_attach_slot *slot, const struct mcr_access *joiners);

/* attach_limits.c: mcr_attach_check_limits returns 0, or the status of the refusal in *welcome:
 * there are too many consumers, or the user has not received too much. */
int mcr_attach_check_limits(struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
			    const struct mcr_attach_channel *channel, struct mcr_welcome *welcome);

/* mcr_attach_settle looks whether the welcome was received; call it before anything else is sent.
 * mcr_attach_settle_all does so for everybody, not too often. */
void mcr_attach_settle(struct mcr_attach_slot *slot);
void mcr_attach_settle_all(struct mcr_attach_server *s);

/* mcr_attach_linger hangs up on a consumer that is no longer one, and holds its user to account for
 * what is in flight. */
void mcr_attach_linger(struct mcr_attach_server *s, struct mcr_attach_slot *slot);

/* mcr_attach_find_excess: the half-open connection that a user with too many loses; NULL = it has
 * not too many. */
struct mcr_attach_slot *mcr_attach_find_excess(struct mcr_attach_server *s, uint32_t uid);

/* mcr_attach_complain logs a line, unless one of its kind was logged a short while ago.
 * mcr_attach_complain_descriptors: the process or the system has none left, code is errno. */
__attribute__((format(printf, 3, 4))) void mcr_attach_complain(struct mcr_attach_server *s,
							       enum mcr_attach_complaint kind,
							       const char *format, ...);
void mcr_attach_complain_descriptors(struct mcr_attach_server *s, int code, const char *what);

/* attach_session.c: mcr_attach_set_refusal writes a refusal into a welcome. Returns status, -errno.
 */
__attribute__((format(printf, 3, 4))) int
mcr_attach_set_refusal(struct mcr_welcome *welcome, int status, const char *format, ...);

/* attach_join.c: answers a request of an attached consumer. Returns 0, or -EBADMSG: cut it off. */
int mcr_attach_on_request(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			  const struct mcr_request *request);

/* mcr_attach_leave_ended leaves what consumers joined that are gone, all as one change. */
void mcr_attach_leave_ended(struct mcr_attach_server *s);

/* mcr_attach_refuse tells a half-open connection why it is being cut off; status is -errno. */
__attribute__((format(printf, 3, 4))) void mcr_attach_refuse(const struct mcr_attach_slot *slot,
							     int status, const char *format, ...);

/* Something arrived on a connection, or it ended. The slot may be free afterwards. */
void mcr_attach_on_hello(struct mcr_attach_server *s, struct mcr_attach_slot *slot);
void mcr_attach_on_attached(struct mcr_attach_server *s, struct mcr_attach_slot *slot);

/* mcr_attach_find_channel: NULL when there is none of that name. */
struct mcr_attach_channel *mcr_attach_find_channel(const struct mcr_attach_server *s,
						   const char *name);

#endif
