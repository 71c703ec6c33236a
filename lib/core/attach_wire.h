/* SPDX-License-Identifier: BSD-3-Clause */
/* The attach protocol, one exchange over a SOCK_SEQPACKET Unix socket, host byte order:
 *
 *     client -> engine   struct mcr_hello
 *     engine -> client   struct mcr_welcome; with status 0 and SCM_RIGHTS: n_rings ring memfds in
 *                        the order of their index, then the consumer's page
 *
 * Then the connection stays open. Closing it is the detach, and the end of either process closes
 * it. The engine sends a struct mcr_notice over it to wake a consumer that sleeps. A consumer may
 * send a struct mcr_request to join or leave groups or to ask for an interface, and gets a struct
 * mcr_reply. It may report its sockets, and gets none. A socket from mcr_engine_attach carries the
 * welcome alone.
 *
 * A hello may ask for a feed's declaration instead (MCR_HELLO_FEED). With status 0 the welcome then
 * has no rings, and its one descriptor is a sealed memfd with the feed's text
 * (core/feed/feed_config.h), which all that ask for it share: use pread or mmap. It stays open,
 * too: a notice says once that the engine has another declaration of the feed, or none, and that
 * this one stays what it was. The client sends nothing more.
 *
 * Or it may ask for a list of what it may read (MCR_HELLO_LIST). With status 0 the welcome then has
 * neither rings nor descriptors, and its message goes on with any number of struct mcr_listed. That
 * is all: the engine closes the connection. */
#ifndef MCR_CORE_ATTACH_WIRE_H
#define MCR_CORE_ATTACH_WIRE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <mcring/address.h>
#include <mcring/config.h>
#include <mcring/types.h>

#define MCR_HELLO_MAGIC   UINT64_C(0x006f6c6c6548434d) /* "MCHello" on little endian */
#define MCR_WELCOME_MAGIC UINT64_C(0x006d636c6557434d) /* "MCWelcm" */
#define MCR_ATTACH_SOCKET "attach"                     /* in the run directory */
#define MCR_RINGS_MAX     32 /* of a channel: one for each lcore; SCM_RIGHTS takes 253 */

/* Versions of this exchange: what an engine speaks, and the oldest that a client reads. From
 * version 2 on that is the one before, as with the region (MCR_RING_ABI_OLDEST). All versions have
 * the hello up to `label` and the welcome up to `status` in common, and its text where it is now.
 */
#ifndef MCR_ATTACH_VERSION /* tests/abi makes up the next one */
#define MCR_ATTACH_VERSION 2
#endif
#define MCR_ATTACH_OLDEST (MCR_ATTACH_VERSION > 2 ? MCR_ATTACH_VERSION - 1 : 2)

enum mcr_hello_what {
	MCR_HELLO_CHANNEL = 0,
	MCR_HELLO_FEED = 1, /* `channel` is the feed's name; "" = the only one */
	MCR_HELLO_LIST = 2, /* `channel` is "" */
};

struct mcr_hello {
	uint64_t magic;
	uint32_t version; /* the newest that the client reads */
	uint32_t oldest;  /* the oldest; 0 in version 1 */
	char channel[MCR_NAME_MAX];
	char label[MCR_LABEL_MAX];
	uint8_t what;         /* enum mcr_hello_what; what an engine does not know it takes for 0 */
	uint8_t reserved[47]; /* 0 */
};

/* Of flags: what is answered, also with a refusal. */
#define MCR_WELCOME_FEED 1u /* MCR_HELLO_FEED */
#define MCR_WELCOME_LIST 2u /* MCR_HELLO_LIST */

struct mcr_welcome {
	uint64_t magic;
	uint32_t version; /* the engine's, also in a refusal */
	int32_t status;   /* 0 or -errno: then text says why and no descriptor comes */
	uint32_t n_rings;
	uint32_t flags; /* MCR_WELCOME_... */
	uint64_t epoch; /* the channel's; of a feed: the digest of its text */
	char text[480];
};

enum mcr_listed_kind {
	MCR_LISTED_CHANNEL = 1, /* not one with per_program, nor one that was made of it */
	MCR_LISTED_FEED = 2,    /* all channels of it that are this engine's can be read */
};

/* A channel or feed that the client may read. */
struct mcr_listed {
	uint32_t kind; /* enum mcr_listed_kind; a client ignores others */
	char name[MCR_NAME_MAX];
	uint32_t n_uids, n_gids, pad; /* of a channel, who may read it; none at all: everybody */
	uint32_t uids[MCR_ACCESS_IDS_MAX], gids[MCR_ACCESS_IDS_MAX]; /* ascending, each once */
	uint64_t epoch; /* the channel's; of a feed: the digest of its text */
};

#define MCR_LISTED_MAX (MCR_CHANNELS_MAX + MCR_FEEDS_MAX)

enum mcr_notice_kind {
	MCR_NOTICE_WAKE = 1,  /* look at the rings */
	MCR_NOTICE_REPLY = 2, /* a struct mcr_reply */
	MCR_NOTICE_FEED = 3,  /* the feed is declared otherwise now, or no longer */
};

struct mcr_notice {
	uint32_t kind; /* enum mcr_notice_kind */
	uint32_t pad;  /* 0 */
};

enum mcr_request_kind {
	MCR_REQUEST_JOIN = 1,
	MCR_REQUEST_LEAVE = 2,
	MCR_REQUEST_INTERFACE = 3,
	MCR_REQUEST_SOCKETS = 4, /* no reply */
};

/* A report of a program that was written for sockets: a line for each, `key=value` separated by one
 * space. Keys: fd, bound, engine and kernel (groups with commas between them: those that the engine
 * receives for it, and those left to the kernel), why (these are), received, lost; others are
 * ignored. The last report counts. More lines, and what is longer, are cut off. */
#define MCR_SOCKETS_LINES_MAX 32
#define MCR_SOCKETS_LINE_MAX  240 /* octets, without the line's end */

struct mcr_request {
	uint32_t kind;   /* enum mcr_request_kind */
	uint32_t serial; /* comes back in the reply */
	union {
		char text[4088]; /* a join, as mcr_join_parse reads it: 64 IPv6 sources fit; or
				  * a report of sockets */
		uint32_t index;  /* MCR_REQUEST_INTERFACE: of the interface, from 0 */
	};
};

/* As struct mcr_consumer_interface says. */
struct mcr_wire_interface {
	struct mcr_address address;
	uint16_t dpdk_port, vlan;
	uint8_t prefix_len, pad[3]; /* 0 */
	char name[MCR_NAME_MAX];
	char port[64];
	char netdev[16], kernel[16];
};

struct mcr_reply {
	uint32_t kind; /* MCR_NOTICE_REPLY */
	uint32_t serial;
	int32_t status; /* 0 or -errno: then text says why */
	uint32_t pad;   /* 0 */
	union {
		char text[496];
		struct mcr_wire_interface interface;
	};
};

_Static_assert(sizeof(struct mcr_request) == 4096, "wire layout");
_Static_assert(sizeof(struct mcr_reply) == 512, "wire layout");
_Static_assert(sizeof(struct mcr_wire_interface) == 152, "wire layout");
_Static_assert(sizeof(struct mcr_listed) == 312, "wire layout");
_Static_assert(sizeof(struct mcr_hello) == 128, "wire layout");
_Static_assert(offsetof(struct mcr_hello, version) == 8, "wire layout");
_Static_assert(offsetof(struct mcr_hello, channel) == 16, "wire layout");
_Static_assert(offsetof(struct mcr_hello, label) == 48, "wire layout");
_Static_assert(offsetof(struct mcr_hello, what) == 80, "wire layout");
_Static_assert(sizeof(struct mcr_welcome) == 512, "wire layout");
_Static_assert(offsetof(struct mcr_welcome, status) == 12, "wire layout");
_Static_assert(offsetof(struct mcr_welcome, epoch) == 24, "wire layout");
_Static_assert(offsetof(struct mcr_welcome, text) == 32, "wire layout");

/* mcr_text_clean reduces untrusted octets to printable ASCII, with the NUL within cap. */
static inline void mcr_text_clean(char *text, size_t cap)
{
	size_t i;

	for (i = 0; i + 1 < cap && text[i] != '\0'; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			text[i] = '?';
	text[i] = '\0';
}

/* mcr_attach_mismatch writes what each side speaks when they have no version in common, and what to
 * do. */
static inline void mcr_attach_mismatch(char *text, size_t cap, uint32_t engine,
				       uint32_t client_oldest, uint32_t client)
{
	char also[32] = "";

	if (client_oldest < client)
		snprintf(also, sizeof(also), "%u to ", client_oldest);
	snprintf(text, cap, "the engine speaks attach version %u, the client library %s%u: %s",
		 engine, also, client,
		 engine > client ? "build the program with the engine's libmcring-client"
				 : "upgrade the engine to the library's version");
}

/* mcr_hello_parse checks a first message of len octets (its true length, also when buf holds
 * less). Returns 0 with *out copied and its texts clean; -EPROTO for a client that does not read
 * this version, which gets an answer; -EBADMSG for what no client of ours sends. */
static inline int mcr_hello_parse(struct mcr_hello *out, const void *buf, size_t len)
{
	if (len < offsetof(struct mcr_hello, channel) || len > 4096)
		return -EBADMSG;
	memset(out, 0, sizeof(*out));
	memcpy(out, buf, len < sizeof(*out) ? len : sizeof(*out));
	if (out->magic != MCR_HELLO_MAGIC)
		return -EBADMSG;
	if (out->oldest == 0)
		out->oldest = out->version;
	if (out->version < MCR_ATTACH_VERSION || out->oldest > MCR_ATTACH_VERSION)
		return -EPROTO;
	if (len < sizeof(*out)) /* a later version's may be longer */
		return -EBADMSG;
	mcr_text_clean(out->channel, sizeof(out->channel));
	mcr_text_clean(out->label, sizeof(out->label));
	return 0;
}

/* What all answers have in common. */
static inline int mcr_welcome_read(struct mcr_welcome *out, const void *buf, size_t len)
{
	if (len != sizeof(*out))
		return -EPROTO;
	memcpy(out, buf, sizeof(*out));
	mcr_text_clean(out->text, sizeof(out->text));
	if (out->magic != MCR_WELCOME_MAGIC || out->status > 0 || out->status < -4095)
		return -EPROTO;
	if (out->version < MCR_ATTACH_OLDEST || out->version > MCR_ATTACH_VERSION)
		return -EPROTONOSUPPORT;
	return 0;
}

/* mcr_welcome_parse checks an answer that came with n_fds descriptors. Returns 0 with *out copied
 * and its text clean, where out->status is the engine's answer; -EPROTONOSUPPORT for a version that
 * this client does not read (out->version); -EPROTO when it is no welcome. */
static inline int mcr_welcome_parse(struct mcr_welcome *out, const void *buf, size_t len,
				    size_t n_fds)
{
	int ret = mcr_welcome_read(out, buf, len);

	if (ret < 0)
		return ret;
	if (out->status != 0)
		return n_fds == 0 ? 0 : -EPROTO;
	if (out->n_rings == 0 || out->n_rings > MCR_RINGS_MAX || n_fds != (size_t)out->n_rings + 1)
		return -EPROTO;
	return 0;
}

/* mcr_feed_welcome_parse is the same for the answer to MCR_HELLO_FEED. -EOPNOTSUPP: the engine is
 * older than feeds, and looked for a channel of this name. */
static inline int mcr_feed_welcome_parse(struct mcr_welcome *out, const void *buf, size_t len,
					 size_t n_fds)
{
	int ret = mcr_welcome_read(out, buf, len);

	if (ret < 0)
		return ret;
	if (!(out->flags & MCR_WELCOME_FEED))
		return -EOPNOTSUPP;
	return out->n_rings == 0 && n_fds == (out->status == 0 ? 1u : 0u) ? 0 : -EPROTO;
}

/* mcr_list_welcome_parse is the same for the answer to MCR_HELLO_LIST, which came without
 * descriptors. Returns how many items follow, which mcr_listed_parse reads. -EOPNOTSUPP: the engine
 * is older than lists. */
static inline int mcr_list_welcome_parse(struct mcr_welcome *out, const void *buf, size_t len)
{
	const size_t items = len > sizeof(*out) ? len - sizeof(*out) : 0;
	int ret = mcr_welcome_read(out, buf, len - items);

	if (ret < 0)
		return ret;
	if (!(out->flags & MCR_WELCOME_LIST))
		return -EOPNOTSUPP;
	if (out->n_rings != 0 || items % sizeof(struct mcr_listed) != 0 ||
	    items / sizeof(struct mcr_listed) > MCR_LISTED_MAX || (out->status != 0 && items != 0))
		return -EPROTO;
	return (int)(items / sizeof(struct mcr_listed));
}

/* mcr_listed_parse reads item i of such an answer. Returns 0 with *out copied and its name clean;
 * -ENOENT for an item of an unknown kind; -EPROTO. */
static inline int mcr_listed_parse(struct mcr_listed *out, const void *buf, size_t i)
{
	memcpy(out, (const char *)buf + sizeof(struct mcr_welcome) + i * sizeof(*out),
	       sizeof(*out));
	if (out->kind != MCR_LISTED_CHANNEL && out->kind != MCR_LISTED_FEED)
		return -ENOENT;
	if (out->name[0] == '\0' || out->n_uids > MCR_ACCESS_IDS_MAX ||
	    out->n_gids > MCR_ACCESS_IDS_MAX)
		return -EPROTO;
	mcr_text_clean(out->name, sizeof(out->name));
	return 0;
}

#endif
