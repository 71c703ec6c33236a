/* SPDX-License-Identifier: BSD-3-Clause */
/* What one user can take from the others, and its bounds: consumers, connections that say nothing,
 * descriptors in flight. A welcome that is not received keeps its descriptors in flight, also after
 * the engine has hung up; the kernel counts them (unix(7), ETOOMANYREFS) against the engine's user,
 * and lets go of them when the other side receives or closes. So who was given one is held to
 * account until then. */
#include <errno.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/attach/attach_state.h"

#define SETTLE_NS  UINT64_C(10000000)
#define UNREAD_MAX 1024                  /* messages: net.unix.max_dgram_qlen is 512 */
#define QUIET_NS   UINT64_C(10000000000) /* between two lines about the same */

/* ---- the log ---- */

void mcr_attach_server_log(struct mcr_attach_server *s, mcr_attach_log log, void *ctx)
{
	s->log = log;
	s->log_ctx = ctx;
}

static int may_complain(struct mcr_attach_server *s, enum mcr_attach_complaint kind)
{
	if (s->log && s->now_ns >= s->complaints[kind].quiet_until_ns)
		return 1;
	s->complaints[kind].withheld++;
	return 0;
}

void mcr_attach_complain(struct mcr_attach_server *s, enum mcr_attach_complaint kind,
			 const char *format, ...)
{
	struct mcr_attach_complaints *of_kind = &s->complaints[kind];
	char line[400];
	size_t len;
	va_list ap;

	if (!may_complain(s, kind))
		return;
	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	len = strlen(line);
	if (of_kind->withheld > 0)
		snprintf(line + len, sizeof(line) - len, " (%u more like it before)",
			 of_kind->withheld);
	s->log(s->log_ctx, line);
	of_kind->quiet_until_ns = s->now_ns + QUIET_NS;
	of_kind->withheld = 0;
}

/* ---- what is in flight ---- */

/* The welcome is all that was sent until it is found to be received: words and replies settle
 * before they go out. */
void mcr_attach_settle(struct mcr_attach_slot *slot)
{
	int unread = 0;

	if (slot->in_flight != 0 && ioctl(slot->fd, SIOCOUTQ, &unread) == 0 && unread == 0)
		slot->in_flight = 0;
}

/* What the other side sent is read no more, and let go here: its own end of the socket may be in
 * it, which would then never be closed. It can send no more. A message of no octets looks like the
 * end, hence the count. */
static void discard_unread(int fd)
{
	char byte;

	for (unsigned n = 0; n < UNREAD_MAX && recv(fd, &byte, 1, MSG_DONTWAIT) >= 0; n++)
		;
}

void mcr_attach_linger(struct mcr_attach_server *s, struct mcr_attach_slot *slot)
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

static void settle_now(struct mcr_attach_server *s)
{
	s->settle_due_ns = s->now_ns + SETTLE_NS;
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++) {
		struct mcr_attach_slot *slot = &s->slots[i];

		mcr_attach_settle(slot);
		if (slot->state == MCR_SLOT_LINGERING && slot->in_flight == 0) {
			close(slot->fd);
			memset(slot, 0, sizeof(*slot));
			s->lingering--;
		}
	}
}

void mcr_attach_settle_all(struct mcr_attach_server *s)
{
	if (s->now_ns >= s->settle_due_ns)
		settle_now(s);
}

/* ---- what a user has ---- */

struct share {
	unsigned attached, lingering, half_open;
	unsigned in_flight, in_flight_of_others;
};

static struct share share_of(const struct mcr_attach_server *s, uint32_t uid)
{
	struct share share = {0};

	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++) {
		const struct mcr_attach_slot *slot = &s->slots[i];

		if (slot->own || slot->uid != uid) {
			share.in_flight_of_others += slot->in_flight;
			continue;
		}
		share.in_flight += slot->in_flight;
		share.attached += slot->state == MCR_SLOT_ATTACHED;
		share.lingering += slot->state == MCR_SLOT_LINGERING;
		share.half_open += slot->state == MCR_SLOT_HALF_OPEN;
	}
	return share;
}

/* Half of what the others leave: then there is always something left for one more user. */
static int has_flight(const struct share *share, unsigned n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return 1;
	return share->in_flight_of_others < limit.rlim_cur &&
	       share->in_flight + n <= (limit.rlim_cur - share->in_flight_of_others) / 2;
}

/* " and 3 hung up on ..." or nothing. */
static const char *lingering_text(char *text, size_t cap, unsigned n)
{
	text[0] = '\0';
	if (n > 0)
		snprintf(text, cap,
			 " and %u closed connections whose answer it has neither received nor "
			 "thrown away",
			 n);
	return text;
}

static int of_engine(const struct mcr_attach_server *s, struct mcr_welcome *welcome)
{
	char lingering[128];

	if (s->attached + s->lingering < s->config.consumers_max)
		return 0;
	return mcr_attach_set_refusal(
	    welcome, -EBUSY, "the engine has %u consumers%s, the most it takes", s->attached,
	    lingering_text(lingering, sizeof(lingering), s->lingering));
}

static int of_uid(const struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
		  unsigned n_fds, struct mcr_welcome *welcome)
{
	const struct share share = share_of(s, slot->uid);
	uint32_t most = s->config.consumers_per_uid;
	char lingering[128];

	if (most != 0 && share.attached + share.lingering >= most)
		return mcr_attach_set_refusal(
		    welcome, -EBUSY,
		    "user %u has %u consumers%s, the most that this engine takes of one", slot->uid,
		    share.attached, lingering_text(lingering, sizeof(lingering), share.lingering));
	if (!has_flight(&share, n_fds))
		return mcr_attach_set_refusal(
		    welcome, -EBUSY,
		    "user %u has not received %u descriptors that the engine sent it: receive "
		    "them, or close those connections",
		    slot->uid, share.in_flight);
	return 0;
}

static int check_limits(const struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
			const struct mcr_attach_channel *channel, struct mcr_welcome *welcome)
{
	uint32_t of_channel = channel->config.consumers_max;
	int ret = of_engine(s, welcome);

	if (ret == 0 && of_channel != 0 && channel->consumers >= of_channel)
		ret = mcr_attach_set_refusal(welcome, -EBUSY,
					     "channel \"%s\" has %u consumers, the most it takes",
					     channel->config.name, channel->consumers);
	if (ret == 0 && !slot->own)
		ret = of_uid(s, slot, channel->n_rings + 1, welcome);
	return ret;
}

int mcr_attach_check_limits(struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
			    const struct mcr_attach_channel *channel, struct mcr_welcome *welcome)
{
	int ret = check_limits(s, slot, channel, welcome);

	if (ret == 0)
		return 0;
	settle_now(
	    s); /* many come at once: what they have received since the last look is theirs */
	*welcome = (struct mcr_welcome){.magic = welcome->magic, .version = welcome->version};
	ret = check_limits(s, slot, channel, welcome);
	if (ret < 0)
		mcr_attach_complain(s, MCR_COMPLAINT_LIMIT, "a consumer of user %u was refused: %s",
				    slot->uid, welcome->text);
	return ret;
}

void mcr_attach_complain_descriptors(struct mcr_attach_server *s, int code, const char *what)
{
	unsigned most = 0;
	uint32_t uid = 0;

	if (!may_complain(s, MCR_COMPLAINT_DESCRIPTORS))
		return;
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++) {
		const struct mcr_attach_slot *slot = &s->slots[i];
		unsigned n = 0;

		if (slot->state == MCR_SLOT_FREE || slot->own || (most > 0 && slot->uid == uid))
			continue;
		for (size_t k = i; k < MCR_ATTACH_SLOTS; k++)
			n += s->slots[k].state != MCR_SLOT_FREE && s->slots[k].uid == slot->uid;
		if (n > most) {
			most = n;
			uid = slot->uid;
		}
	}
	mcr_attach_complain(s, MCR_COMPLAINT_DESCRIPTORS,
			    "%s: %s; user %u has the most connections, %u: raise the limit of open "
			    "files (LimitNOFILE= of systemd, ulimit -n), or set consumers_per_user",
			    what, strerror(code), uid, most);
}

/* ---- connections that say nothing ---- */

struct mcr_attach_slot *mcr_attach_find_excess(struct mcr_attach_server *s, uint32_t uid)
{
	struct mcr_attach_slot *oldest = NULL;

	if (share_of(s, uid).half_open <= MCR_ATTACH_HALF_OPEN_PER_UID)
		return NULL;
	for (size_t i = 0; i < MCR_ATTACH_SLOTS; i++) {
		struct mcr_attach_slot *slot = &s->slots[i];

		if (slot->state == MCR_SLOT_HALF_OPEN && slot->uid == uid &&
		    (!oldest || slot->since_ns < oldest->since_ns))
			oldest = slot;
	}
	return oldest;
}
