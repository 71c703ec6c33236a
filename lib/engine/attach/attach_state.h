/* SPDX-License-Identifier: BSD-3-Clause */
/* The state that the files of the attach server share. Who calls whom, lowest first:
 *     declared_feeds   the declarations of feeds
 *     attach_access    who may attach or join
 *     attach_log       what is logged, and how often
 *     attach_reply     what a client is sent
 *     attach_slots     connections, from accept until nothing of them is in flight
 *     attach_channels  the channels that can be attached to
 *     attach_limits    how much one user and all may have
 *     attach_grant     a channel is granted: the page, and the welcome with the descriptors
 *     attach_feeds     who is handed the declaration of a feed
 *     attach_list      what a client may read
 *     attach_program   channels that are made for one program each
 *     attach_kept      what feeds that are declared otherwise keep receiving
 *     attach_join      joins that consumers make themselves
 *     attach_sockets   what programs say of their sockets
 *     attach_request   what an attached consumer asks
 *     attach_session   the protocol: a hello, then requests
 *     attach_info, attach_wake  what consumers say of themselves; waking those that sleep
 *     attach_server    the listening socket and the poll */
#ifndef MCR_ENGINE_ATTACH_STATE_H
#define MCR_ENGINE_ATTACH_STATE_H

#include <stdint.h>

#include "core/attach_wire.h"
#include "core/consumer_page.h"
#include "core/ring_reader.h"
#include "engine/attach/attach_server.h"
#include "engine/os/listener.h"

#define MCR_ATTACH_SLOTS (MCR_CONSUMERS_MAX + MCR_ATTACH_HALF_OPEN_MAX)

struct mcr_attach_channel {
	struct mcr_channel_config config;
	uint64_t epoch;
	unsigned n_rings, consumers;
	uint8_t is_program;                 /* made for one program: nobody else finds it */
	uint8_t has_ended;                  /* its program has: the engine is to remove it */
	struct mcr_attach_channel *made_of; /* the template; NULL = it is another, or is gone */
	int fds[MCR_RINGS_MAX];
	struct mcr_ring_reader readers[MCR_RINGS_MAX]; /* to read positions, not messages */
};

enum mcr_attach_slot_state {
	MCR_SLOT_FREE = 0,
	MCR_SLOT_HALF_OPEN, /* until the hello, or MCR_ATTACH_HELLO_NS after since_ns */
	MCR_SLOT_WAITING,   /* for the channel called `program`; made_of is set, and id */
	MCR_SLOT_ABANDONED, /* it waited, and is gone: free when the engine has answered */
	MCR_SLOT_ATTACHED,  /* channel and page are set */
	MCR_SLOT_FEED,      /* it was handed the declaration of the feed called `program` */
	MCR_SLOT_LINGERING, /* closed, but what it was sent is still in flight */
};

/* Kinds of log lines, each limited in rate by itself. */
enum mcr_attach_warning {
	MCR_ATTACH_WARNING_DESCRIPTORS,
	MCR_ATTACH_WARNING_LIMIT,
	MCR_ATTACH_WARNING_SILENT,
	MCR_ATTACH_WARNINGS,
};

struct mcr_attach_warning_rate {
	uint64_t quiet_until_ns;
	unsigned withheld; /* lines of this kind since the last one */
};

/* A number of the consumer's page. */
struct mcr_attach_rise {
	uint64_t count;   /* as the last look found it */
	uint64_t rose_ns; /* when a look last found more; CLOCK_REALTIME, 0 = never */
};

struct mcr_attach_slot {
	enum mcr_attach_slot_state state;
	int fd;
	int32_t pid; /* SO_PEERCRED */
	uint32_t uid, gid;
	uint32_t oldest, newest; /* versions that it reads, by its hello; 0 = it sent none */
	uint8_t own;             /* 1: the engine's own process, which may do everything */
	uint16_t in_flight; /* descriptors that it was sent, or will be, and has not received */
	uint64_t since_ns;  /* connected or attached */
	struct mcr_attach_channel *channel;
	struct mcr_attach_channel *made_of; /* what it waits for; NULL = the template is gone */
	char program[MCR_NAME_MAX]; /* the channel that it waits for; MCR_SLOT_FEED: the feed */
	const struct mcr_consumer_page *page;
	uint64_t id;           /* of the consumer, or of its wait: no other one ever has it */
	uint64_t headroom_min; /* UINT64_MAX = not looked at yet */
	struct mcr_attach_rise received, lost;
	uint32_t n_joins; /* that it made itself */
	uint64_t woken;   /* page->armed when it was last woken */
	char label[MCR_LABEL_MAX];
	char *sockets;        /* the slot's; NULL = it has reported none */
	uint64_t sockets_ns;  /* of the report */
	uint64_t feed_digest; /* of the declaration that it was handed */
	uint8_t has_old_feed; /* it was told that the feed is declared otherwise now */
};

struct mcr_attach_server {
	struct mcr_attach_config config; /* the defaults filled in */
	int epoll_fd;
	struct mcr_listener listener; /* closed: only mcr_attach_server_open attaches */
	uint64_t settle_due_ns;
	unsigned half_open, waiting, attached, lingering; /* waiting: abandoned ones, too */
	unsigned with_feed;
	uint64_t last_id;
	unsigned wake_turn; /* the slot that the next wake begins with */
	mcr_attach_log log; /* NULL = nothing is logged */
	void *log_ctx;
	struct mcr_attach_warning_rate warnings[MCR_ATTACH_WARNINGS];
	const struct mcr_attach_joining *joining; /* NULL = nobody may join */
	void *joining_ctx;
	uint32_t joins_per_uid;
	mcr_attach_interface describe_interface; /* NULL = there is none */
	void *describe_interface_ctx;
	const struct mcr_attach_programs *programs; /* NULL = none are made */
	void *programs_ctx;
	struct mcr_feeds *feeds;         /* the server's; NULL = none */
	struct mcr_kept_feed *kept;      /* the server's */
	char feeds_engine[MCR_NAME_MAX]; /* what lines of this engine are called */
	uint8_t feeds_changed; /* some were not notified: mcr_attach_notify_feeds is due */
	uint8_t program_ended; /* a channel has_ended */
	uint8_t joiner_ended;  /* one that had joined is gone: mcr_attach_leave_ended is due */
	/* In this poll, which then ends: a change costs time that grows with all joins. */
	uint8_t joins_asked;
	struct mcr_attach_channel *channels[MCR_CHANNELS_MAX];
	struct mcr_attach_slot slots[MCR_ATTACH_SLOTS];
};

#endif
